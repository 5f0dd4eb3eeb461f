/* One image, from its files to its rows. The line is vx_evaluate() at the end of the file. */
#include "harness/run/evaluate.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "harness/data/annotation.h"
#include "harness/run/predict.h"
#include "harness/run/score.h"
#include "harness/run/subject.h"

struct vx_evaluator {
  const vx_run *run;
  vx_subject *subject;
  vx_scorer *scorer;
  float *prior; /* [S][S] */
};

/* ---- life -------------------------------------------------------------------------------------------------------- */

vx_evaluator *vx_evaluator_new(const vx_run *run, vx_error *error) {
  vx_evaluator *e = calloc(1, sizeof *e);
  size_t pixels = (size_t)run->shape->image * (size_t)run->shape->image;
  if (e) *e = (vx_evaluator){.run = run, .prior = malloc(pixels * sizeof *e->prior)};
  bool good = (e && e->prior) || vx_fail(error, "worker", "out of memory");
  good = good && (e->scorer = vx_scorer_new(run, error));
  if (good &&
      (e->subject = vx_subject_new(run->model, &run->plan, &run->input, (vx_precision)run->config->precision, error)))
    return e;
  vx_evaluator_free(e);
  return NULL;
}

void vx_evaluator_free(vx_evaluator *e) {
  if (!e) return;
  vx_subject_free(e->subject);
  vx_scorer_free(e->scorer);
  free(e->prior);
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
    return vx_result_add_failure(result, VX_WARNING, -1, VX_STAGE_ANNOTATION, error.where, "%s", error.why);
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
    return vx_result_add_failure(result, VX_FAILURE, -1, VX_STAGE_MASK, entry->mask,
                                 "no such file: nothing to score against");
  if (!vx_mask_read(entry->mask, mask, &error))
    return vx_result_add_failure(result, VX_FAILURE, -1, VX_STAGE_MASK, error.where, "%s", error.why);
  if (mask->width != picture->width || mask->height != picture->height) {
    bool good = vx_result_add_failure(result, VX_FAILURE, -1, VX_STAGE_MASK, entry->mask,
                                      "is %d x %d, expected the picture's %d x %d", mask->width, mask->height,
                                      picture->width, picture->height);
    vx_mask_free(mask);
    memset(mask, 0, sizeof *mask);
    return good;
  }
  return describe_mask(mask, result);
}

/* ---- the methods ------------------------------------------------------------------------------------------------- */

/* One method: its map, its scores, its rows. False only when memory is out. */
static bool evaluate_method(vx_evaluator *e, int index, int target, vx_result *result) {
  const vx_run *run = e->run;
  int stored = run->stored[index];
  vx_error error;
  vx_heatmap map;
  vx_evaluation *evaluation = vx_result_add_evaluation(result, stored);
  if (!evaluation) return false;
  evaluation->target = run->info.methods[stored].class_specific ? target : -1;
  bool made = vx_subject_map(e->subject, index, &map, &error);
  evaluation->milliseconds = vx_subject_milliseconds(e->subject, index);
  if (made) {
    vx_score_outcome outcome =
        vx_scorer_score(e->scorer, &run->config->methods[index], &map, result, evaluation, &error);
    if (outcome == VX_SCORE_NO_MEMORY) return false;
    if (outcome == VX_SCORE_DONE) return true;
  }
  evaluation->status = VX_STATUS_FAILED;
  return vx_result_add_failure(result, VX_FAILURE, stored, made ? VX_STAGE_SCORE : VX_STAGE_METHOD, error.where, "%s",
                               error.why);
}

/* Those of the wanted methods that the run stores; parts of mixes are made with them. */
static bool evaluate_methods(vx_evaluator *e, int target, const vx_mask *mask, const bool *wanted, vx_result *result) {
  const vx_run *run = e->run;
  vx_question question = {.target = target,
                          .output = (vx_output)run->config->output,
                          .seed = vx_subject_seed((uint64_t)run->config->seed, result->id)};
  vx_error error;
  if (!vx_prior_give(run->prior, mask, e->prior, &question.prior, &error))
    return vx_result_add_failure(result, VX_FAILURE, -1, VX_STAGE_MASK, error.where, "%s", error.why);
  if (!vx_subject_ask(e->subject, &question, &error))
    return vx_result_add_failure(result, VX_FAILURE, -1, VX_STAGE_MODEL, error.where, "%s", error.why);
  for (int i = 0; i < run->plan.count; i++) {
    int stored = run->stored[i];
    if (stored >= 0 && (!wanted || wanted[stored]) && !evaluate_method(e, i, target, result)) return false;
  }
  return true;
}

/* ---- the line ---------------------------------------------------------------------------------------------------- */

/* From the picture to the prediction. *go_on: the image passed the gate and is to be explained. */
static bool predict(vx_evaluator *e, const vx_picture *picture, vx_result *result, bool *go_on) {
  vx_error error;
  *go_on = false;
  if (!vx_subject_show(e->subject, picture, &error))
    return vx_result_add_failure(result, VX_FAILURE, -1, VX_STAGE_PICTURE, error.where, "%s", error.why);
  if (!vx_subject_predict(e->subject, &error))
    return vx_result_add_failure(result, VX_FAILURE, -1, VX_STAGE_MODEL, error.where, "%s", error.why);
  vx_predict(e->run, vx_subject_probability(e->subject), result);
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
  if (!vx_choose_target(e->run, vx_subject_probability(e->subject), result, &target, &error))
    return vx_result_add_failure(result, VX_FAILURE, -1, VX_STAGE_TARGET, error.where, "%s", error.why);
  if (!vx_scorer_truth(e->scorer, mask, picture->width, picture->height, result, &error) &&
      !vx_result_add_failure(result, VX_FAILURE, -1, VX_STAGE_MASK, error.where, "%s", error.why))
    return false;
  return evaluate_methods(e, target, mask, wanted, result);
}

bool vx_evaluate(vx_evaluator *e, int position, const bool *wanted, vx_result *result, vx_error *error) {
  const vx_run *run = e->run;
  const vx_voc_entry *entry = &run->voc.entry[position];
  vx_picture picture;
  vx_mask mask = {0};
  vx_error reason;
  bool good = vx_result_reset(result, position, entry->id) && read_annotation(run, entry, result);
  if (good && !vx_picture_read(entry->image, &picture, &reason)) {
    good = vx_result_add_failure(result, VX_FAILURE, -1, VX_STAGE_PICTURE, reason.where, "%s", reason.why);
  } else if (good) {
    result->width = picture.width;
    result->height = picture.height;
    good = read_mask(entry, &picture, &mask, result) && evaluate_picture(e, &picture, &mask, wanted, result);
    vx_picture_free(&picture);
    vx_mask_free(&mask);
  }
  return good || vx_fail(error, entry->id, "out of memory");
}
