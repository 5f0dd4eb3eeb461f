/* One image, from its files to its rows. The line is vx_evaluate() at the end of the file. */
#include "harness/run/evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "harness/data/annotation.h"
#include "harness/run/maps.h"
#include "harness/run/predict.h"
#include "harness/run/score.h"

struct vx_evaluator {
  const vx_run *run;
  vx_worker *worker;
  float *x;            /* [3][S][S] */
  uint8_t *rgb;        /* [S][S][3] */
  double *probability; /* [C] */
  float *prior;        /* [S][S] */
  vx_maps *maps;
  bool *needed, *wanted; /* [methods] of the config, of the store */
  vx_scorer *scorer;
  vx_arena *arena;
};

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static bool take_memory(vx_evaluator *e) {
  const vx_shape *shape = e->run->shape;
  size_t pixels = (size_t)shape->image * (size_t)shape->image;
  int methods = e->run->config->method_count;
  e->arena = vx_arena_new();
  if (!e->arena) return false;
  e->x = VX_TAKE(e->arena, 3 * pixels, float);
  e->rgb = VX_TAKE(e->arena, 3 * pixels, uint8_t);
  e->prior = VX_TAKE(e->arena, pixels, float);
  e->probability = VX_TAKE(e->arena, shape->classes, double);
  e->maps = vx_maps_new(e->run->config->methods, methods, shape, e->arena);
  e->needed = VX_TAKE(e->arena, methods + 1, bool);
  e->wanted = VX_TAKE(e->arena, methods + 1, bool);
  return e->x && e->rgb && e->prior && e->probability && e->maps && e->needed && e->wanted;
}

vx_evaluator *vx_evaluator_new(const vx_run *run, vx_error *error) {
  vx_evaluator *e = calloc(1, sizeof *e);
  if (e) e->run = run;
  if (!e || !take_memory(e)) {
    vx_fail(error, "worker", "out of memory");
    vx_evaluator_free(e);
    return NULL;
  }
  e->scorer = vx_scorer_new(run, error);
  e->worker =
      e->scorer ? vx_worker_new(run->model, &run->plan.needs, (vx_precision)run->config->precision, error) : NULL;
  if (e->worker) return e;
  vx_evaluator_free(e);
  return NULL;
}

void vx_evaluator_free(vx_evaluator *e) {
  if (!e) return;
  vx_worker_free(e->worker);
  vx_scorer_free(e->scorer);
  vx_arena_free(e->arena);
  free(e);
}

/* ---- the image's files ------------------------------------------------------------------------------------------- */

static bool add_objects(const vx_run *run, const vx_annotation *annotation, vx_result *result) {
  for (size_t i = 0; i < annotation->count; i++) {
    const vx_object *from = &annotation->object[i];
    vx_stored_object *to = vx_result_add_object(result);
    if (!to) return false;
    to->name = vx_result_text(result, from->name);
    if (!to->name) return false;
    to->data_class = vx_classes_find(&run->voc.classes, from->name);
    to->x_min = from->x_min;
    to->y_min = from->y_min;
    to->x_max = from->x_max;
    to->y_max = from->y_max;
    to->difficult = (vx_answer)from->difficult;
    to->truncated = (vx_answer)from->truncated;
    to->occluded = (vx_answer)from->occluded;
  }
  return true;
}

/* The class whose boxes cover most, for images without mask; -1: none. */
static int main_class_of_boxes(const vx_result *result) {
  double area[VX_LABELS] = {0};
  int best = -1;
  for (int i = 0; i < result->object_count; i++) {
    const vx_stored_object *object = &result->objects[i];
    double size = (object->x_max - object->x_min) * (object->y_max - object->y_min);
    if (object->data_class <= 0 || object->data_class >= VX_LABELS || !(size > 0)) continue;
    area[object->data_class] += size;
  }
  for (int label = 1; label < VX_LABELS; label++)
    if (area[label] > 0 && (best < 0 || area[label] > area[best])) best = label;
  return best;
}

/* A broken or missing annotation is a warning: nothing that is scored depends on it. */
static bool read_annotation(const vx_run *run, const vx_voc_entry *entry, vx_result *result) {
  vx_annotation annotation;
  vx_error error;
  if (!vx_annotation_read(entry->annotation, &annotation, &error))
    return vx_result_add_failure(result, VX_WARNING, -1, "annotation", error.where, "%s", error.why);
  bool good = add_objects(run, &annotation, result);
  vx_annotation_free(&annotation);
  return good;
}

static bool describe_mask(const vx_mask *mask, vx_result *result) {
  size_t count[VX_LABELS];
  vx_digest digest;
  char text[VX_DIGEST_SIZE];
  vx_mask_count(mask, count);
  size_t pixels = (size_t)mask->width * (size_t)mask->height;
  result->void_pixels = (int64_t)count[VX_LABEL_VOID];
  result->object_pixels = (int64_t)(pixels - count[VX_LABEL_BACKGROUND] - count[VX_LABEL_VOID]);
  int main_class = vx_mask_main_class(mask);
  if (main_class > 0) result->main_class = main_class;
  vx_digest_start(&digest);
  vx_digest_bytes(&digest, mask->label, pixels);
  vx_digest_print(&digest, text);
  result->mask_digest = vx_result_text(result, text);
  return result->mask_digest != NULL;
}

/* Reads the mask; without one, `mask` stays empty and the image has a failure. */
static bool read_mask(const vx_voc_entry *entry, const vx_picture *picture, vx_mask *mask, vx_result *result) {
  vx_error error;
  memset(mask, 0, sizeof *mask);
  result->main_class = main_class_of_boxes(result);
  if (access(entry->mask, F_OK) != 0)
    return vx_result_add_failure(result, VX_FAILURE, -1, "mask", entry->mask, "no such file: nothing to score against");
  if (!vx_mask_read(entry->mask, mask, &error))
    return vx_result_add_failure(result, VX_FAILURE, -1, "mask", error.where, "%s", error.why);
  if (mask->width != picture->width || mask->height != picture->height) {
    bool good =
        vx_result_add_failure(result, VX_FAILURE, -1, "mask", entry->mask, "is %d x %d, expected the picture's %d x %d",
                              mask->width, mask->height, picture->width, picture->height);
    vx_mask_free(mask);
    memset(mask, 0, sizeof *mask);
    return good;
  }
  return describe_mask(mask, result);
}

/* ---- the methods ------------------------------------------------------------------------------------------------- */

/* One method: its map, its scores, its rows. False only when memory is out. */
static bool evaluate_method(vx_evaluator *e, int index, vx_view *view, vx_result *result) {
  const vx_run *run = e->run;
  int stored = run->stored[index];
  vx_error error;
  double start = now_ms();
  bool made = vx_maps_make(e->maps, index, view, &error);
  double milliseconds = now_ms() - start;
  if (stored < 0 || !e->wanted[stored]) return true;
  vx_evaluation *evaluation = vx_result_add_evaluation(result, stored);
  if (!evaluation) return false;
  evaluation->target = run->info.methods[stored].class_specific ? view->target : -1;
  evaluation->milliseconds = milliseconds;
  const char *stage = "method";
  if (made) {
    vx_heatmap map = vx_maps_at(e->maps, index);
    vx_score_outcome outcome =
        vx_scorer_score(e->scorer, &run->config->methods[index], &map, result, evaluation, &error);
    if (outcome == VX_SCORE_NO_MEMORY) return false;
    if (outcome == VX_SCORE_DONE) return true;
    stage = "score";
  }
  evaluation->status = VX_STATUS_FAILED;
  return vx_result_add_failure(result, VX_FAILURE, stored, stage, error.where, "%s", error.why);
}

/* What has to be made for the wanted methods, hidden parts included. */
static void mark_needed(vx_evaluator *e, const bool *wanted) {
  const vx_run *run = e->run;
  int count = run->config->method_count;
  vx_maps_clear(e->maps);
  bool asked[VX_METHODS_MAX];
  for (int i = 0; i < run->info.method_count; i++) e->wanted[i] = !wanted || wanted[i];
  for (int i = 0; i < count; i++) asked[i] = run->stored[i] >= 0 && e->wanted[run->stored[i]];
  vx_plan_needed(run->config->methods, count, asked, e->needed);
}

static bool evaluate_methods(vx_evaluator *e, int target, const vx_mask *mask, vx_result *result) {
  const vx_run *run = e->run;
  vx_error error;
  vx_view *view = vx_worker_explain(e->worker, target, (vx_output)run->config->output, &error);
  if (!view) return vx_result_add_failure(result, VX_FAILURE, -1, "model", error.where, "%s", error.why);
  view->picture = e->rgb;
  view->seed = vx_run_seed(run->config, result->id);
  view->prior = NULL;
  if (run->prior && mask->label && vx_mask_main_class(mask) > 0) {
    if (!vx_prior_without(run->prior, mask, e->prior, &error))
      return vx_result_add_failure(result, VX_FAILURE, -1, "mask", error.where, "%s", error.why);
    view->prior = e->prior;
  }
  for (int i = 0; i < run->plan.count; i++) {
    int index = run->plan.order[i];
    if (e->needed[index] && !evaluate_method(e, index, view, result)) return false;
  }
  return true;
}

/* ---- the line ---------------------------------------------------------------------------------------------------- */

/* From the picture to the prediction. *go_on: the image passed the gate and is to be explained. */
static bool predict(vx_evaluator *e, const vx_picture *picture, vx_result *result, bool *go_on) {
  const vx_run *run = e->run;
  vx_error error;
  *go_on = false;
  if (!vx_input_make(picture, &run->input, e->x, e->rgb, &error))
    return vx_result_add_failure(result, VX_FAILURE, -1, "picture", error.where, "%s", error.why);
  if (!vx_worker_forward(e->worker, e->x, &error))
    return vx_result_add_failure(result, VX_FAILURE, -1, "model", error.where, "%s", error.why);
  vx_softmax(vx_worker_logits(e->worker), run->shape->classes, e->probability);
  vx_predict(run, e->probability, result);
  *go_on = result->prediction.passed;
  return true;
}

static bool evaluate_picture(vx_evaluator *e, const vx_picture *picture, const vx_mask *mask, const bool *wanted,
                             vx_result *result) {
  vx_error error;
  bool go_on;
  if (!predict(e, picture, result, &go_on)) return false;
  if (!go_on || !mask->label) return true; /* without a mask the prediction is all there is to keep */
  int target;
  if (!vx_choose_target(e->run, e->probability, result, &target, &error))
    return vx_result_add_failure(result, VX_FAILURE, -1, "target", error.where, "%s", error.why);
  if (!vx_scorer_truth(e->scorer, mask, picture->width, picture->height, result, &error) &&
      !vx_result_add_failure(result, VX_FAILURE, -1, "mask", error.where, "%s", error.why))
    return false;
  mark_needed(e, wanted);
  return evaluate_methods(e, target, mask, result);
}

bool vx_evaluate(vx_evaluator *e, int position, const bool *wanted, vx_result *result, vx_error *error) {
  const vx_run *run = e->run;
  const vx_voc_entry *entry = &run->voc.entry[position];
  vx_picture picture;
  vx_mask mask = {0};
  vx_error reason;
  bool good = vx_result_reset(result, position, entry->id) && read_annotation(run, entry, result);
  if (good && !vx_picture_read(entry->image, &picture, &reason)) {
    good = vx_result_add_failure(result, VX_FAILURE, -1, "picture", reason.where, "%s", reason.why);
  } else if (good) {
    result->width = picture.width;
    result->height = picture.height;
    good = read_mask(entry, &picture, &mask, result) && evaluate_picture(e, &picture, &mask, wanted, result);
    vx_picture_free(&picture);
    vx_mask_free(&mask);
  }
  return good || vx_fail(error, entry->id, "out of memory");
}
