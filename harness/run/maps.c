#include "harness/run/maps.h"

#include <string.h>

size_t vx_maps_size(const vx_maps *maps, int index) {
  size_t side = (size_t)vx_explainer_side(maps->methods[index].explainer, maps->shape);
  return side * side;
}

vx_maps *vx_maps_new(const vx_method *methods, int count, const vx_shape *shape, vx_arena *arena) {
  vx_maps *maps = VX_TAKE(arena, 1, vx_maps);
  if (!maps) return NULL;
  *maps = (vx_maps){.methods = methods, .count = count, .shape = shape};
  maps->map = VX_TAKE(arena, count + 1, double *);
  maps->made = VX_TAKE(arena, count + 1, bool);
  if (!maps->map || !maps->made) return NULL;
  for (int i = 0; i < count; i++) {
    maps->map[i] = VX_TAKE(arena, vx_maps_size(maps, i), double);
    if (!maps->map[i]) return NULL;
  }
  vx_maps_clear(maps);
  return maps;
}

void vx_maps_clear(vx_maps *maps) {
  memset(maps->made, 0, (size_t)maps->count * sizeof *maps->made);
}

/* The parts of a mix into the view; false when one of them could not be made. */
static bool give_parts(vx_maps *maps, const vx_method *method, vx_view *view, vx_error *error) {
  for (int p = 0; p < method->part_count; p++) {
    int part = method->parts[p];
    const vx_method *from = &maps->methods[part];
    if (!maps->made[part]) return vx_fail(error, method->name, "its part '%s' could not be made", from->name);
    maps->parts[p] = (vx_part){maps->map[part], vx_explainer_side(from->explainer, maps->shape)};
  }
  view->parts = maps->parts;
  view->part_count = method->part_count;
  return true;
}

bool vx_maps_make(vx_maps *maps, int index, vx_view *view, vx_error *error) {
  const vx_method *method = &maps->methods[index];
  maps->made[index] = give_parts(maps, method, view, error) &&
                      vx_explainer_run(method->explainer, view, &method->args, maps->map[index], error);
  return maps->made[index];
}

vx_heatmap vx_maps_at(const vx_maps *maps, int index) {
  const vx_explainer *explainer = maps->methods[index].explainer;
  int side = vx_explainer_side(explainer, maps->shape);
  return (vx_heatmap){side, side, explainer->is_mask, explainer->grid == VX_GRID_PIXEL, maps->map[index]};
}
