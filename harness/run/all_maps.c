#include "harness/run/all_maps.h"

#include <math.h>

#include "harness/store/all_maps.h"

typedef struct summing {
  const vx_run *run;
  const vx_metric *metric;
  vx_view view; /* the shape, and scratch */
  int cells, count;
  double *own, *sum, *others; /* [cells] */
} summing;

/* The map's cells, scaled to [0,1]; a flat map's are 0. False: its sides do not fit the grid. */
static bool scale(const summing *s, const vx_map *map) {
  double low = INFINITY, high = -INFINITY;
  if (!vx_map_cells(map, s->view.shape->grid, s->own)) return false;
  for (int i = 0; i < s->cells; i++) {
    low = fmin(low, s->own[i]);
    high = fmax(high, s->own[i]);
  }
  for (int i = 0; i < s->cells; i++) s->own[i] = high > low ? (s->own[i] - low) / (high - low) : 0;
  return true;
}

static bool add(void *user, const vx_map *map, double *values, vx_error *error) {
  summing *s = user;
  (void)values, (void)error;
  if (!scale(s, map)) return true;
  for (int i = 0; i < s->cells; i++) s->sum[i] += s->own[i];
  s->count++;
  return true;
}

/* A map that does not fit the grid has no number. */
static bool measure(void *user, const vx_map *map, double *values, vx_error *error) {
  summing *s = user;
  const vx_measure *of = s->metric->measure;
  for (int c = 0; c < of->column_count; c++) values[c] = (double)NAN;
  if (!scale(s, map)) return true;
  for (int i = 0; i < s->cells; i++) s->others[i] = (s->sum[i] - s->own[i]) / (s->count - 1);
  vx_case one = {.map = map, .view = &s->view, .others = s->count > 1 ? s->others : NULL};
  bool good = of->measure(&one, &s->metric->args, values, error);
  vx_arena_reset(s->view.scratch);
  return good;
}

static bool one_method(summing *s, vx_store *store, int metric, int method, vx_error *error) {
  const char *const *columns = s->run->columns[metric];
  bool lack;
  if (!vx_all_maps_lack(store, method, columns[0], &lack, error)) return false;
  if (!lack) return true;
  s->count = 0;
  for (int i = 0; i < s->cells; i++) s->sum[i] = 0;
  return vx_all_maps_read(store, method, add, s, error) &&
         vx_all_maps_score(store, method, columns, s->metric->measure->column_count, measure, s, error);
}

static bool one_metric(const vx_run *run, vx_store *store, int metric, vx_arena *arena, vx_arena *scratch,
                       vx_error *error) {
  int cells = run->shape->grid * run->shape->grid;
  summing s = {.run = run,
               .metric = &run->config->metrics[metric],
               .view = {.shape = run->shape, .scratch = scratch},
               .cells = cells,
               .own = VX_TAKE(arena, cells, double),
               .sum = VX_TAKE(arena, cells, double),
               .others = VX_TAKE(arena, cells, double)};
  bool good = (s.own && s.sum && s.others) || vx_fail(error, s.metric->name, "out of memory");
  for (int m = 0; good && m < run->info.method_count; m++) good = one_method(&s, store, metric, m, error);
  return good;
}

bool vx_all_maps_measure(const vx_run *run, vx_store *store, uint64_t metrics, vx_error *error) {
  vx_arena *arena = vx_arena_new(), *scratch = vx_arena_new();
  bool good = (arena && scratch) || vx_fail(error, "worker", "out of memory");
  for (int i = 0; good && i < run->config->metric_count; i++)
    if ((metrics >> i & 1) && run->config->metrics[i].measure->kind == VX_MAPS_OF_METHOD)
      good = one_metric(run, store, i, arena, scratch, error);
  vx_arena_free(arena);
  vx_arena_free(scratch);
  return good;
}
