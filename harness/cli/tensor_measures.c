#include "harness/cli/tensor_measures.h"

#include <stdio.h>
#include <string.h>

#include "harness/run/to_size.h"

/* ---- maps -------------------------------------------------------------------------------------------------------- */

/* A map at input resolution as bytes. */
static bool keep_pixels(const double *value, int side, const char *name, vx_arena *arena, vx_map *map,
                        vx_error *error) {
  vx_sized sized = {0};
  size_t pixels = (size_t)side * (size_t)side;
  uint8_t *levels = VX_TAKE(arena, pixels, uint8_t);
  vx_heatmap heat = {.rows = side, .columns = side, .as_bytes = true, .value = value};
  bool good = levels || vx_fail(error, name, "out of memory");
  good = good && vx_to_size(&sized, &heat, name, side, side, error);
  if (good) memcpy(levels, sized.heat.u, pixels);
  vx_sized_free(&sized);
  *map = (vx_map){.kind = VX_MAP_PIXEL, .width = side, .height = side, .levels = levels};
  return good;
}

static bool read_map(const vx_tensor *tensor, const vx_shape *shape, vx_arena *arena, vx_given_map *given,
                     vx_error *error) {
  size_t grid = (size_t)shape->grid, side = (size_t)shape->image, rows = tensor->rank == 2 ? tensor->shape[0] : 0;
  bool square = rows && tensor->shape[1] == rows;
  const char *name = given->name = vx_arena_text(arena, tensor->name + sizeof "map." - 1);
  if (!name) return vx_fail(error, "maps", "out of memory");
  if (!square || (rows != grid && rows != side))
    return vx_fail(error, tensor->name, "is no [%zu,%zu] and no [%zu,%zu]", grid, grid, side, side);
  double *value = VX_TAKE(arena, rows * rows, double);
  float *heat = VX_TAKE(arena, rows * rows, float);
  if (!value || !heat) return vx_fail(error, name, "out of memory");
  if (!vx_tensor_to_double(tensor, value) || !vx_tensor_to_float(tensor, heat))
    return vx_fail(error, tensor->name, "is of type %s, expected numbers", vx_dtype_name(tensor->dtype));
  if (rows != grid) return keep_pixels(value, (int)side, name, arena, &given->map, error);
  given->map = (vx_map){.kind = VX_MAP_PATCH, .width = (int)grid, .height = (int)grid, .heat = heat};
  return true;
}

bool vx_given_maps_read(const char *path, const vx_shape *shape, vx_arena *arena, vx_given_maps *maps,
                        vx_error *error) {
  vx_tensors *file = vx_tensors_open(path, error);
  if (!file) return false;
  bool good = (maps->map = VX_TAKE(arena, vx_tensors_count(file) + 1, vx_given_map)) != NULL ||
              vx_fail(error, path, "out of memory");
  for (int i = 0; i < vx_tensors_count(file) && good; i++) {
    const vx_tensor *tensor = vx_tensors_at(file, i);
    if (strncmp(tensor->name, "map.", 4) == 0) good = read_map(tensor, shape, arena, &maps->map[maps->count++], error);
  }
  vx_tensors_close(file);
  return good && (maps->count > 0 || vx_fail(error, path, "has no tensor 'map.NAME'"));
}

/* ---- measures ---------------------------------------------------------------------------------------------------- */

bool vx_given_maps_check(const vx_config *list, vx_error *error) {
  for (int i = 0; i < list->metric_count; i++) {
    const vx_measure *measure = list->metrics[i].measure;
    if (measure->kind != VX_MAP_ALONE && measure->kind != VX_MAP_AND_MODEL)
      return vx_fail(error, "--measures", "'%s' is no measure of a single map and the model (kind: %s)", measure->id,
                     vx_measure_kind_name(measure->kind));
  }
  return true;
}

int vx_given_tensors(const vx_config *list, const vx_given_maps *maps) {
  return list->metric_count * maps->count * (VX_MEASURE_COLUMNS + 1);
}

/* All curves of one measure and map, one after the other. */
typedef struct curves {
  vx_arena *arena;
  double *value;
  size_t count;
} curves;

static bool keep_curve(void *user, const char *name, const double *values, int count) {
  curves *to = user;
  (void)name;
  double *more = VX_TAKE(to->arena, to->count + (size_t)count, double);
  if (!more) return false;
  if (to->count) memcpy(more, to->value, to->count * sizeof *more);
  memcpy(more + to->count, values, (size_t)count * sizeof *more);
  to->value = more;
  to->count += (size_t)count;
  return true;
}

static bool add(vx_arena *arena, vx_tensor *tensor, const char *a, const char *b, const char *c, const double *data,
                size_t count) {
  size_t size = strlen(a) + strlen(b) + strlen(c) + 3;
  char *name = VX_TAKE(arena, size, char);
  if (!name) return false;
  snprintf(name, size, "%s.%s.%s", a, b, c);
  *tensor = (vx_tensor){.name = name, .dtype = VX_F64, .rank = 1, .shape = {count}, .data = data};
  return true;
}

/* How a column is called: as its measure where that has one, else by its own name without the measure's. */
static const char *column_name(const vx_measure *measure, int column) {
  const char *name = measure->columns[column].name;
  size_t length = strlen(measure->id);
  if (measure->column_count == 1) return measure->id;
  return strncmp(name, measure->id, length) == 0 && name[length] == '_' ? name + length + 1 : name;
}

static bool measure_one(const vx_metric *metric, const vx_given_map *map, const vx_view *view, vx_arena *arena,
                        vx_tensor *tensor, int *count, vx_error *error) {
  const vx_measure *measure = metric->measure;
  curves curve = {.arena = arena};
  vx_case of = {.map = &map->map, .view = view, .keep_curve = keep_curve, .user = &curve};
  double *column = VX_TAKE(arena, VX_MEASURE_COLUMNS, double);
  if (!column) return vx_fail(error, metric->name, "out of memory");
  bool good = measure->measure(&of, &metric->args, column, error);
  vx_arena_reset(view->scratch);
  if (!good) return false;
  for (int c = 0; c < measure->column_count && good; c++)
    good = add(arena, &tensor[(*count)++], metric->name, column_name(measure, c), map->name, &column[c], 1);
  if (good && curve.count)
    good = add(arena, &tensor[(*count)++], "curve", metric->name, map->name, curve.value, curve.count);
  return good || vx_fail(error, metric->name, "out of memory");
}

bool vx_given_measure(const vx_config *list, const vx_given_maps *maps, const vx_view *view, vx_arena *arena,
                      vx_tensor *tensor, int *count, vx_error *error) {
  for (int i = 0; i < list->metric_count; i++)
    for (int m = 0; m < maps->count; m++)
      if (!measure_one(&list->metrics[i], &maps->map[m], view, arena, tensor, count, error)) return false;
  return true;
}
