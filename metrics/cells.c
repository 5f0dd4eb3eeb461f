#include "metrics/cells.h"

#include <math.h>
#include <string.h>

/* value [S²] of a patch map, upsampled, or of a pixel map's bytes. */
static bool at_input(const vx_map *map, const vx_shape *s, vx_arena *scratch, double *value, vx_error *error) {
  int side = s->image;
  if (map->kind == VX_MAP_PIXEL) {
    if (map->width != side || map->height != side)
      return vx_fail(error, "map",
                     "of %d x %d pixels: this measure wants it at the input's %d x %d (score.size: input)", map->width,
                     map->height, side, side);
    for (int i = 0; i < side * side; i++) value[i] = (double)map->levels[i] / 255.0;
    return true;
  }
  size_t cells = (size_t)map->width * (size_t)map->height;
  double *heat = VX_TAKE(scratch, cells, double);
  if (!heat || map->kind != VX_MAP_PATCH) return vx_fail(error, "map", heat ? "is none" : "out of memory");
  for (size_t i = 0; i < cells; i++) heat[i] = (double)map->heat[i];
  return vx_upsample(heat, map->height, map->width, value, side, side, error);
}

bool vx_cells_of(const vx_case *of, vx_unit unit, bool ordered, vx_cells *cells, vx_error *error) {
  const vx_shape *s = of->view->shape;
  vx_arena *scratch = of->view->scratch;
  int side = unit == VX_UNIT_PATCH ? s->grid : s->image;
  *cells = (vx_cells){.unit = unit, .count = side * side, .value = VX_TAKE(scratch, side * side, double)};
  if (ordered) {
    cells->order = VX_TAKE(scratch, cells->count, int);
    cells->gone = VX_TAKE(scratch, cells->count, uint8_t);
  }
  if (!cells->value || (ordered && (!cells->order || !cells->gone))) return vx_fail(error, "map", "out of memory");
  if (unit == VX_UNIT_PIXEL) {
    if (!at_input(of->map, s, scratch, cells->value, error)) return false;
  } else if (!vx_map_cells(of->map, s->grid, cells->value)) {
    return vx_fail(error, "map", "of %d x %d does not fit a grid of %d x %d patches", of->map->width, of->map->height,
                   s->grid, s->grid);
  }
  cells->constant = true;
  for (int i = 1; i < cells->count; i++)
    cells->constant &= !(cells->value[i] < cells->value[0] || cells->value[i] > cells->value[0]);
  if (ordered) vx_map_order(cells->value, cells->count, cells->order);
  return true;
}

bool vx_cells_without(const vx_case *of, const vx_cells *cells, vx_remove remove, int first, int last, vx_reply *reply,
                      vx_error *error) {
  memset(cells->gone, 0, (size_t)cells->count);
  for (int i = first; i < last; i++) cells->gone[cells->order[i]] = 1;
  return vx_answers_ask(of->view, &(vx_removal){.remove = remove, .unit = cells->unit, .gone = cells->gone}, reply,
                        error);
}

double vx_trapezoids(const double *curve, int count) {
  double sum = 0;
  for (int k = 0; k < count; k++) sum += (curve[k] + curve[k + 1]) / 2;
  return sum / count;
}

bool vx_remove_check(vx_remove remove, vx_unit unit, vx_error *error) {
  return remove != VX_REMOVE_DROP || unit == VX_UNIT_PATCH ||
         vx_fail(error, "remove", "drop leaves out patches: with pixels say black, mean, own-mean, blur or impute");
}

double vx_pearson(const double *x, const double *y, int n) {
  double mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
  bool moves_x = false, moves_y = false;
  for (int i = 0; i < n; i++) {
    mean_x += x[i] / n;
    mean_y += y[i] / n;
    moves_x |= x[i] < x[0] || x[i] > x[0];
    moves_y |= y[i] < y[0] || y[i] > y[0];
  }
  if (!moves_x || !moves_y) return 0; /* rounding of the mean is no variance */
  for (int i = 0; i < n; i++) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  double both = sqrt(xx) * sqrt(yy);
  return both > 0 ? fmax(-1, fmin(1, xy / both)) : 0;
}
