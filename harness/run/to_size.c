#include "harness/run/to_size.h"

#include <math.h>
#include <stdlib.h>

static bool take_room(vx_sized *s, int rows, int columns, const char *name, vx_error *error) {
  if (rows < 1 || columns < 1) return vx_fail(error, name, "a map of %d x %d, expected at least 1 x 1", columns, rows);
  size_t cells = (size_t)rows * (size_t)columns;
  s->rows = rows;
  s->columns = columns;
  if (cells <= s->room) return true;
  free(s->rounded);
  free(s->value);
  s->rounded = malloc(cells * sizeof *s->rounded);
  s->value = malloc(cells * sizeof *s->value);
  s->room = s->rounded && s->value ? cells : 0;
  return s->room || vx_fail(error, name, "out of memory for a map of %d x %d", columns, rows);
}

static bool raise(vx_sized *s, const double *value, bool is_mask, int height, int width, vx_error *error) {
  return is_mask ? vx_heat_from_mask(&s->heat, value, s->rows, s->columns, height, width, error)
                 : vx_heat_from_map(&s->heat, value, s->rows, s->columns, height, width, error);
}

bool vx_to_size(vx_sized *s, const vx_heatmap *map, const char *name, int height, int width, vx_error *error) {
  if (!take_room(s, map->rows, map->columns, name, error)) return false;
  s->as_bytes = map->as_bytes;
  size_t cells = (size_t)map->rows * (size_t)map->columns;
  for (size_t i = 0; i < cells; i++) {
    s->rounded[i] = (float)map->value[i];
    s->value[i] = map->as_bytes ? map->value[i] : (double)s->rounded[i];
    if (!isfinite(s->value[i]))
      return vx_fail(error, name, "value %zu of the map is %g, %s", i, map->value[i],
                     isfinite(map->value[i]) ? "beyond single precision" : "expected a finite number");
  }
  return raise(s, s->value, map->is_mask, height, width, error);
}

bool vx_to_size_stored(vx_sized *s, const vx_map *map, bool is_mask, const char *name, int height, int width,
                       vx_error *error) {
  if (map->kind == VX_MAP_PIXEL && !is_mask && map->height == height && map->width == width)
    return vx_heat_from_bytes(&s->heat, map->levels, height, width, error);
  if (!take_room(s, map->height, map->width, name, error)) return false;
  size_t cells = (size_t)map->width * (size_t)map->height;
  for (size_t i = 0; i < cells; i++)
    s->value[i] = map->kind == VX_MAP_PATCH ? (double)map->heat[i] : map->levels[i] / 255.0;
  return raise(s, s->value, is_mask, height, width, error);
}

bool vx_sized_keep(const vx_sized *s, vx_result *result, vx_evaluation *evaluation) {
  if (s->as_bytes) return vx_result_keep_pixel_map(result, evaluation, s->heat.u, s->heat.width, s->heat.height);
  return vx_result_keep_patch_map(result, evaluation, s->rounded, s->columns, s->rows);
}

void vx_sized_free(vx_sized *s) {
  vx_heat_free(&s->heat);
  free(s->rounded);
  free(s->value);
  *s = (vx_sized){0};
}
