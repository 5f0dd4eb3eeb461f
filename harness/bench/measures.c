/* Measures that ask the model: what one map's curves and one picture's single deletions cost, in forward passes. */
#include "base/random.h"
#include "harness/bench/parts.h"
#include "metrics/answers.h"
#include "metrics/measure.h"

typedef struct asking {
  const char *id, *title;
  const char *measures[2]; /* after each other, on the same answers; NULL: none */
  const char *remove;
} asking;

/* One picture's answers from nothing. */
static bool once(vx_bench_job *job, const asking *a, const vx_map *map, vx_worker *worker, vx_answers *answers,
                 vx_series *series, vx_error *error) {
  vx_view *view = vx_bench_view(job, worker, error);
  if (!view) return false;
  view->answers = answers;
  vx_answers_start(answers, view->target);
  vx_case of = {.map = map, .view = view};
  vx_moment start = vx_moment_now();
  for (int i = 0; i < 2 && a->measures[i]; i++) {
    const vx_measure *measure = vx_measure_find(a->measures[i]);
    vx_args args;
    double columns[VX_MEASURE_COLUMNS];
    vx_args_default(&measure->params, &args);
    bool good = vx_args_set(&measure->params, measure->id, &args, "remove", a->remove, error) &&
                measure->measure(&of, &args, columns, error);
    vx_arena_reset(view->scratch);
    if (!good) return false;
  }
  vx_series_add(series, start, 1);
  return true;
}

static bool measure(vx_bench_job *job, const asking *a, const vx_map *map, vx_worker *worker, vx_answers *answers,
                    vx_error *error) {
  vx_series single = {0}, series = {0};
  for (int i = 0; i < job->options->repeats; i++)
    if (!vx_bench_forward(job, &single, error) || !once(job, a, map, worker, answers, &series, error) ||
        !vx_bench_forward_after(job, &single, error))
      return false;
  job->bench->total[job->bench->totals++] =
      (vx_bench_total){a->id, a->title, vx_series_time(&series, NULL), vx_series_ratio(&series, &single)};
  return true;
}

bool vx_bench_measures(vx_bench_job *job, vx_error *error) {
  static const asking all[] = {
      {"curves-drop", "deletion + insertion, drop", {"deletion", "insertion"}, "drop"},
      {"curves-black", "deletion + insertion, black", {"deletion", "insertion"}, "black"},
      {"single-drop", "single deletions of a picture", {"single-deletion", NULL}, "drop"},
  };
  enum { COUNT = sizeof all / sizeof *all };
  const vx_needs needs = {.answer_count = 1, .shared_count = 1};
  int grid = job->shape->grid;
  vx_arena *arena = vx_arena_new();
  float *heat = arena ? VX_TAKE(arena, grid * grid, float) : NULL;
  vx_map map = {.kind = VX_MAP_PATCH, .width = grid, .height = grid, .heat = heat};
  vx_worker *worker = vx_worker_new(job->model, &needs, VX_MIXED, error);
  vx_answers *answers = vx_answers_new(job->shape, (double[3]){-1, -1, -1}, error);
  bool good = (heat || vx_fail(error, "bench", "out of memory")) && worker && answers &&
              vx_worker_forward(worker, job->x, error);
  for (int i = 0; good && i < grid * grid; i++) heat[i] = (float)vx_random_uniform(vx_random_bits(9, (uint64_t)i));
  for (int i = 0; good && i < (job->options->quick ? 1 : COUNT); i++)
    good = measure(job, &all[i], &map, worker, answers, error);
  vx_answers_free(answers);
  vx_worker_free(worker);
  vx_arena_free(arena);
  return good;
}
