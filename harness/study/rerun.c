#include "harness/study/rerun.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "harness/run/evaluate.h"
#include "harness/run/origin.h"
#include "harness/store/stored.h"

/* Model, data and kernel have to be those of the run: otherwise other bits are no news. */
bool vx_rerun_same(vx_store *store, const vx_run_row *row, const struct vx_run *run, const char *done,
                   vx_error *error) {
  const struct {
    const char *what, *then, *now;
  } pairs[] = {{"the model", row->model_digest, run->info.model_digest},
               {"the list of images", row->data_digest, run->info.data_digest},
               {"the input", row->input, run->info.input}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    if (strcmp(pairs[i].then, pairs[i].now) != 0) {
      return vx_fail(error, vx_store_path(store), "run %" PRId64 " cannot be %s: %s was %s, is now %s", row->id, done,
                     pairs[i].what, pairs[i].then, pairs[i].now);
    }
  }
  if (strcmp(row->kernel, run->info.kernel) != 0) {
    return vx_fail(error, vx_store_path(store),
                   "run %" PRId64 " was made with OpenBLAS' kernel %s, this is %s: set OPENBLAS_CORETYPE=%s", row->id,
                   row->kernel, run->info.kernel, row->kernel);
  }
  return true;
}

/* Draws `count` different images of the set into chosen (a partial shuffle). */
static int choose_images(const vx_image_set *set, int count, uint64_t seed, int *chosen) {
  uint64_t stream = vx_random_stream(seed, 0);
  for (int i = 0; i < set->count; i++) chosen[i] = i;
  if (count > set->count) count = set->count;
  for (int i = 0; i < count; i++) {
    int other = i + (int)vx_random_below(vx_random_bits(stream, (uint64_t)i), (uint32_t)(set->count - i));
    int swap = chosen[i];
    chosen[i] = chosen[other];
    chosen[other] = swap;
  }
  return count;
}

static void differs(vx_rerun_report *report, const char *id, const char *method, const char *what) {
  if (!report->wrong++) snprintf(report->first, sizeof report->first, "%s, %s: %s", id, method, what);
}

static bool same_real(double a, double b) {
  return (isnan(a) && isnan(b)) || a == b;
}

const char *vx_evaluation_difference(const vx_evaluation *a, const vx_evaluation *b) {
  if (a->status != b->status) return "another status";
  if (a->target != b->target) return "another target";
  if (!same_real(a->threshold, b->threshold)) return "another threshold";
  if (a->tp != b->tp || a->fp != b->fp || a->fn != b->fn || a->tn != b->tn || a->void_pixels != b->void_pixels) {
    return "other counts";
  }
  if (!same_real(a->iou, b->iou) || !same_real(a->f1, b->f1) || !same_real(a->pixel_accuracy, b->pixel_accuracy)) {
    return "other scores";
  }
  if (a->map.kind != b->map.kind || a->map.width != b->map.width || a->map.height != b->map.height) {
    return "a map of another size";
  }
  size_t cells = (size_t)a->map.width * (size_t)a->map.height;
  if (a->map.kind == VX_MAP_PATCH && memcmp(a->map.heat, b->map.heat, cells * sizeof *a->map.heat) != 0) {
    return "another map";
  }
  if (a->map.kind == VX_MAP_PIXEL && memcmp(a->map.levels, b->map.levels, cells) != 0) return "another map";
  for (int i = 0; i < a->score_count; i++) { /* the newest command need not have all measures of the file */
    int k = 0;
    while (k < b->score_count && strcmp(a->scores[i].metric, b->scores[k].metric) != 0) k++;
    if (k < b->score_count && !same_real(a->scores[i].value, b->scores[k].value)) return "other further measures";
  }
  return NULL;
}

static const vx_evaluation *find_evaluation(const vx_result *result, int method) {
  for (int i = 0; i < result->evaluation_count; i++) {
    if (result->evaluations[i].method == method) return &result->evaluations[i];
  }
  return NULL;
}

static void compare_image(const vx_run *run, const vx_result *then, const vx_result *now, vx_rerun_report *report) {
  const vx_prediction *a = &then->prediction, *b = &now->prediction;
  bool same = a->top_count == b->top_count && a->passed == b->passed && a->correct == b->correct;
  for (int i = 0; same && i < a->top_count; i++) {
    same = a->top[i].label == b->top[i].label && a->top[i].probability == b->top[i].probability;
  }
  if (!same) differs(report, then->id, "prediction", "another one");
  for (int m = 0; m < run->info.method_count; m++) {
    const vx_evaluation *old = find_evaluation(then, m), *new = find_evaluation(now, m);
    if (!old) continue; /* not made in the run */
    report->compared++;
    const char *what = new ? vx_evaluation_difference(old, new) : "nothing came of it";
    if (what) differs(report, then->id, run->info.methods[m].name, what);
  }
}

static bool rerun_images(vx_store *store, const vx_run_row *row, const vx_run *run, const vx_rerun_options *options,
                         vx_arena *arena, vx_rerun_report *report, vx_error *error) {
  vx_image_set set;
  int64_t *ids;
  if (!vx_query_images(store, row, NAN, arena, &set, error)) return false;
  if (options->any && !vx_query_image_ids(store, row->id, arena, &ids, &set.count, error)) return false;
  int *chosen = VX_TAKE(arena, set.count + 1, int);
  vx_result *then = vx_result_new(), *now = vx_result_new();
  vx_evaluator *evaluator = vx_evaluator_new(run, NULL, true, error);
  bool ok = evaluator && ((chosen && then && now) || vx_fail(error, vx_store_path(store), "out of memory"));
  if (ok) report->images = choose_images(&set, options->images, options->seed, chosen);
  report->methods = run->info.method_count;
  for (int i = 0; ok && i < report->images; i++) {
    int64_t image = options->any ? ids[chosen[i]] : set.rows[chosen[i]].id;
    ok = vx_result_read(store, image, run->info.methods, run->info.method_count, then, error) &&
         vx_evaluate(evaluator, then->position, NULL, now, error);
    if (ok) compare_image(run, then, now, report);
  }
  vx_evaluator_free(evaluator);
  vx_result_free(then);
  vx_result_free(now);
  return ok;
}

bool vx_rerun(vx_store *store, const vx_run_row *row, const vx_rerun_options *options, vx_rerun_report *report,
              vx_error *error) {
  memset(report, 0, sizeof *report);
  vx_config *config = vx_origin_config(row, options->set, options->set_count, error);
  if (!config) return false;
  vx_blas_threads(1); /* as in the run */
  vx_run *run = vx_run_open(config, NULL, 0, error);
  vx_arena *arena = vx_arena_new();
  bool ok = run && (arena || vx_fail(error, vx_store_path(store), "out of memory")) &&
            vx_rerun_same(store, row, run, "repeated", error) && vx_run_make_prior(run, error) &&
            rerun_images(store, row, run, options, arena, report, error);
  vx_arena_free(arena);
  vx_run_close(run);
  vx_config_free(config);
  return ok;
}
