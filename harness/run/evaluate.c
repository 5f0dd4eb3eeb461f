/* One image, from its files to its rows. The line is vx_evaluate() at the end of the file. */
#include "harness/run/evaluate.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "harness/data/annotation.h"
#include "harness/run/perturbed.h"
#include "harness/run/predict.h"
#include "harness/run/remake.h"
#include "harness/run/score.h"
#include "harness/run/subject.h"

struct vx_evaluator {
  const vx_run *run;
  vx_plan plan;
  vx_subject *subject; /* NULL: nothing has asked the model yet */
  vx_scorer *scorer;
  vx_remaker *remaker;
  float *prior; /* [S][S] */
  uint64_t asking, shared,
      remade;       /* of the run's metrics: ask the model, only what no map decides, make methods again */
  vx_answers *told; /* what the file has of the picture, where the model is not asked */
  vx_view telling;
  vx_arena *scratch;
};

/* What an image takes: the model at all; the passes for the class explained; methods made again. */
typedef struct taking {
  bool model, ask, again;
} taking;

/* ---- life -------------------------------------------------------------------------------------------------------- */

/* The run's plan, or what of it is needed; into *again what may be made again. */
static bool plan(const vx_run *run, const bool *make, bool model, vx_plan *plan, vx_plan *again, vx_error *error) {
  const vx_config *config = run->config;
  *plan = run->plan;
  plan->needs = (vx_needs){0};
  for (int i = 0; i < plan->count; i++) {
    bool needed = run->stored[i] >= 0 && (!make || make[run->stored[i]]);
    if (needed && !vx_plan_method(plan, i, run->shape, error)) return false;
  }
  *again = *plan;
  if (!make) *plan = run->plan;
  return !make || !model || vx_plan_metrics(plan, config->metrics, config->metric_count, run->shape, error);
}

static void sort_metrics(vx_evaluator *e) {
  const vx_config *config = e->run->config;
  e->remade = vx_remake_metrics(e->run, false);
  for (int i = 0; i < config->metric_count; i++) {
    const vx_measure *measure = config->metrics[i].measure;
    uint64_t bit = UINT64_C(1) << i;
    if (measure->kind == VX_MAP_AND_MODEL) *(measure->shared ? &e->shared : &e->asking) |= bit;
  }
}

vx_evaluator *vx_evaluator_new(const vx_run *run, const bool *make, bool model, vx_error *error) {
  vx_evaluator *e = calloc(1, sizeof *e);
  size_t pixels = (size_t)run->shape->image * (size_t)run->shape->image;
  vx_plan again;
  if (e) *e = (vx_evaluator){.run = run, .prior = malloc(pixels * sizeof *e->prior), .scratch = vx_arena_new()};
  bool good = (e && e->prior && e->scratch) || vx_fail(error, "worker", "out of memory");
  good = good && (e->scorer = vx_scorer_new(run, error)) && plan(run, make, model, &e->plan, &again, error) &&
         (e->remaker = vx_remaker_new(run, &again, error)) &&
         (e->told = vx_answers_new(run->shape, (double[3]){0}, error));
  if (good) {
    sort_metrics(e);
    return e;
  }
  vx_evaluator_free(e);
  return NULL;
}

static bool open_subject(vx_evaluator *e, vx_error *error) {
  const vx_run *run = e->run;
  if (!e->subject)
    e->subject = vx_subject_new(run->model, &e->plan, &run->input, (vx_precision)run->config->precision, error);
  return e->subject != NULL;
}

void vx_evaluator_free(vx_evaluator *e) {
  if (!e) return;
  vx_subject_free(e->subject);
  vx_remaker_free(e->remaker);
  vx_scorer_free(e->scorer);
  vx_answers_free(e->told);
  vx_arena_free(e->scratch);
  free(e->prior);
  free(e);
}

/* ---- the image's files ------------------------------------------------------------------------------------------- */

static bool add_objects(const vx_run *run, const vx_annotation *annotation, vx_result *result) {
  for (size_t i = 0; i < annotation->count; i++) {
    const vx_object *from = &annotation->object[i];
    vx_stored_object *to = vx_result_add_object(result);
    if (!to) return false;
    to->name = vx_arena_text(result->arena, from->name);
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

/* Digest of a file of the image, by which a run that goes on knows it again; without the file none. False when memory
   is out. */
static bool keep_digest(const char *path, const char **digest, vx_result *result) {
  char text[VX_DIGEST_SIZE];
  if (vx_file_digest(path, VX_PICTURE_BYTES, text, NULL)) return (*digest = vx_arena_text(result->arena, text)) != NULL;
  *digest = NULL;
  return true;
}

/* A broken or missing annotation, or field of one, is a warning: nothing that is scored depends on it. */
static bool read_annotation(const vx_run *run, const vx_voc_entry *entry, vx_result *result) {
  vx_annotation annotation;
  vx_error error;
  if (!vx_annotation_read(entry->annotation, &annotation, &error))
    return vx_result_add_failure(result, VX_WARNING, -1, "annotation", error.where, "%s", error.why);
  bool good = add_objects(run, &annotation, result);
  const vx_error *t = &annotation.trouble;
  if (annotation.bad)
    good = good &&
           vx_result_add_failure(result, VX_WARNING, -1, "annotation", t->where, "%s; %d field%s taken as not said",
                                 t->why, annotation.bad, annotation.bad == 1 ? " is" : "s are");
  vx_annotation_free(&annotation);
  return good;
}

/* One look at the truth: what nothing can be scored against is a failure, what was guessed a warning. */
static bool judge_mask(const vx_run *run, const char *path, const vx_mask *mask, vx_result *result) {
  vx_error error;
  result->truth = vx_truth_name(mask->status);
  if (!vx_mask_check(mask, run->voc.reading.class_count, path, &error))
    return vx_result_add_failure(result, VX_FAILURE, -1, "truth", error.where, "%s", error.why);
  return mask->status == VX_TRUTH_OK ||
         vx_result_add_failure(result, VX_WARNING, -1, "truth", path, "is %s", vx_truth_words(mask->status));
}

static bool describe_mask(const vx_mask *mask, vx_result *result) {
  size_t count[VX_LABELS];
  char text[VX_DIGEST_SIZE];
  vx_mask_count(mask, count);
  size_t pixels = (size_t)mask->width * (size_t)mask->height;
  result->void_pixels = (int64_t)count[VX_LABEL_VOID];
  result->object_pixels = (int64_t)(pixels - count[VX_LABEL_BACKGROUND] - count[VX_LABEL_VOID]);
  int main_class = vx_mask_main_class(mask);
  if (main_class > 0 && !mask->nameless) result->main_class = main_class;
  vx_mask_digest(mask, text);
  result->mask_digest = vx_arena_text(result->arena, text);
  return result->mask_digest != NULL;
}

/* A picture that is not shown as it is stored: said once an image, and once at the end of the run. */
static bool tell_turned(const vx_run *run, const vx_voc_entry *entry, const vx_picture *picture, vx_result *result) {
  if (run->config->exif != VX_EXIF_WARN || picture->orientation < 2) return true;
  return vx_result_add_failure(
      result, VX_WARNING, -1, "picture", entry->image,
      "is stored turned (EXIF orientation %d), which is ignored: where masks lie on the upright "
      "picture, say input.exif: apply; else input.exif: ignore",
      picture->orientation);
}

/* Why a mask's sides may be the picture's, the other way round. */
static const char *fits_turned(const vx_run *run, const vx_mask *mask, const vx_picture *picture) {
  if (mask->width != picture->height || mask->height != picture->width) return "";
  if (picture->orientation >= 5) return ": it fits the picture as EXIF says to turn it, which input.exif: apply does";
  return run->config->exif == VX_EXIF_APPLY
             ? ": it fits the picture as it is stored, which input.exif: ignore leaves it"
             : ": it fits only when turned";
}

/* Reads the mask; without one, `mask` stays empty and the image has a failure. */
static bool read_mask(const vx_run *run, const vx_voc_entry *entry, const vx_picture *picture, vx_mask *mask,
                      vx_result *result) {
  vx_error error;
  memset(mask, 0, sizeof *mask);
  result->main_class = main_class_of_boxes(result);
  if (access(entry->mask, F_OK) != 0)
    return vx_result_add_failure(result, VX_FAILURE, -1, "mask", entry->mask, "no such file: nothing to score against");
  if (!vx_voc_mask(&run->voc, entry, mask, &error))
    return vx_result_add_failure(result, VX_FAILURE, -1, "mask", error.where, "%s", error.why);
  if (mask->width != picture->width || mask->height != picture->height) {
    bool good = vx_result_add_failure(result, VX_FAILURE, -1, "mask", entry->mask,
                                      "is %d x %d, expected the picture's %d x %d%s", mask->width, mask->height,
                                      picture->width, picture->height, fits_turned(run, mask, picture));
    vx_mask_free(mask);
    memset(mask, 0, sizeof *mask);
    return good;
  }
  return describe_mask(mask, result) && judge_mask(run, entry->mask, mask, result);
}

/* ---- the methods ------------------------------------------------------------------------------------------------- */

/* What came of a map that was to be scored; false only when memory is out. */
static bool settle(vx_score_outcome outcome, const char *stage, vx_result *result, vx_evaluation *evaluation,
                   const vx_error *error) {
  if (outcome != VX_SCORE_FAILED) return outcome == VX_SCORE_DONE;
  evaluation->status = VX_STATUS_FAILED;
  return vx_result_add_failure(result, VX_FAILURE, evaluation->method, stage, error->where, "%s", error->why);
}

/* One method: its map, its scores, its rows. */
static bool evaluate_method(vx_evaluator *e, int index, const vx_view *view, uint64_t metrics, vx_result *result) {
  const vx_run *run = e->run;
  int stored = run->stored[index];
  vx_error error;
  vx_heatmap map;
  vx_evaluation *evaluation = vx_result_add_evaluation(result, stored);
  if (!evaluation) return false;
  evaluation->target = run->info.methods[stored].class_specific ? view->target : -1;
  bool made = vx_subject_map(e->subject, index, &map, &error);
  evaluation->milliseconds = vx_subject_milliseconds(e->subject, index);
  if (!made) return settle(VX_SCORE_FAILED, "method", result, evaluation, &error);
  vx_score_outcome outcome =
      vx_scorer_score(e->scorer, &run->config->methods[index], &map, view, metrics, result, evaluation, &error);
  return settle(outcome, "score", result, evaluation, &error);
}

/* Further measures of a map that the store has, of the run's method of this number. */
static bool measure_stored(vx_evaluator *e, int method, const vx_view *view, const vx_todo *todo, vx_result *result) {
  int k = 0;
  while (k < todo->stored->evaluation_count && todo->stored->evaluations[k].method != method) k++;
  if (k == todo->stored->evaluation_count) return true;
  vx_error error;
  vx_evaluation *evaluation = vx_result_add_evaluation(result, method);
  if (!evaluation) return false;
  vx_score_outcome outcome = vx_scorer_measure(e->scorer, &e->run->info.methods[method], &todo->stored->evaluations[k],
                                               view, todo->metrics[method], result, evaluation, &error);
  return settle(outcome, "score", result, evaluation, &error);
}

/* What is asked of the picture. False: a row says why it cannot be, or memory is out (*good). */
static bool question_of(vx_evaluator *e, const vx_mask *mask, vx_result *result, vx_question *question, bool *good) {
  const vx_run *run = e->run;
  vx_error error;
  *question = (vx_question){.output = (vx_output)run->config->output,
                            .seed = vx_subject_seed((uint64_t)run->config->seed, result->id)};
  const char *stage = "target";
  if (vx_choose_target(run, vx_subject_probability(e->subject), result, &question->target, &error)) {
    stage = "mask";
    if (vx_prior_give(run->prior, mask, e->prior, &question->prior, &error)) return true;
  }
  *good = vx_result_add_failure(result, VX_FAILURE, -1, stage, error.where, "%s", error.why);
  return false;
}

/* The passes for the class explained, with what the file has of the picture's variants. NULL: likewise. */
static const vx_view *ask(vx_evaluator *e, const vx_question *question, const vx_result *stored, vx_result *result,
                          bool *good) {
  vx_error error;
  const vx_view *view = vx_subject_ask(e->subject, question, &error);
  if (view && (!stored || vx_perturbed_give(stored, view, &error))) return view;
  *good = vx_result_add_failure(result, VX_FAILURE, -1, "model", error.where, "%s", error.why);
  return NULL;
}

/* What the file has of the picture's variants, without the model. NULL: likewise. */
static const vx_view *tell(vx_evaluator *e, const vx_result *stored, vx_result *result, bool *good) {
  const vx_run *run = e->run;
  vx_error error;
  e->telling = (vx_view){.shape = run->shape,
                         .target = stored->perturbation_count ? stored->perturbations[0].target : 0,
                         .answers = e->told,
                         .seed = vx_subject_seed((uint64_t)run->config->seed, result->id),
                         .scratch = e->scratch};
  vx_answers_start(e->told, e->telling.target);
  if (vx_perturbed_give(stored, &e->telling, &error)) return &e->telling;
  *good = vx_result_add_failure(result, VX_FAILURE, -1, "model", error.where, "%s", error.why);
  return NULL;
}

/* Whether the file has what these measures ask. */
static bool told(const vx_evaluator *e, const vx_result *stored, uint64_t metrics) {
  const vx_config *config = e->run->config;
  bool all = stored != NULL;
  for (int i = 0; all && i < config->metric_count; i++) {
    vx_shared_key key = {0};
    if (!(metrics >> i & 1)) continue;
    int count = config->metrics[i].measure->shared(e->run->shape, &config->metrics[i].args, &key);
    all = vx_perturbed_has(stored, &key, count);
  }
  return all;
}

static taking takes(const vx_evaluator *e, const vx_todo *todo) {
  taking t = {.ask = !todo, .again = !todo && e->remade};
  for (int m = 0; todo && m < e->run->info.method_count; m++) {
    uint64_t bits = todo->metrics[m];
    t.ask = t.ask || todo->make[m] || (bits & e->asking) || !told(e, todo->stored, bits & e->shared);
    t.again |= (bits & e->remade) != 0;
  }
  t.model = t.ask || t.again;
  return t;
}

/* Those of the methods that the run stores; parts of mixes are made with them. */
static bool evaluate_methods(vx_evaluator *e, const vx_view *view, const vx_todo *todo, vx_result *result) {
  const vx_run *run = e->run;
  bool good = true;
  for (int i = 0; good && i < run->plan.count; i++) {
    int stored = run->stored[i];
    if (stored < 0) continue;
    uint64_t metrics = todo ? todo->metrics[stored] : UINT64_MAX;
    if (!todo || todo->make[stored])
      good = evaluate_method(e, i, view, metrics, result);
    else if (metrics)
      good = measure_stored(e, stored, view, todo, result);
  }
  for (int m = 0; good && todo && m < run->info.method_count; m++) /* maps of other programs: no method makes them */
    if (vx_is_imported(&run->info.methods[m]) && todo->metrics[m]) good = measure_stored(e, m, view, todo, result);
  return good;
}

/* ---- the line ---------------------------------------------------------------------------------------------------- */

/* From the picture to the prediction. *go_on: the image passed the gate and is to be explained. */
static bool predict(vx_evaluator *e, const vx_picture *picture, vx_result *result, bool *go_on) {
  vx_error error;
  *go_on = false;
  if (!vx_subject_show(e->subject, picture, &error))
    return vx_result_add_failure(result, VX_FAILURE, -1, "picture", error.where, "%s", error.why);
  if (!vx_subject_predict(e->subject, &error))
    return vx_result_add_failure(result, VX_FAILURE, -1, "model", error.where, "%s", error.why);
  vx_predict(e->run, vx_subject_probability(e->subject), result);
  *go_on = result->prediction.passed;
  return true;
}

static bool evaluate_picture(vx_evaluator *e, const vx_picture *picture, const vx_mask *mask, const vx_todo *todo,
                             taking takes, vx_result *result) {
  vx_error error;
  bool good = true, go_on = true;
  const vx_result *stored = todo ? todo->stored : NULL;
  const vx_view *view = NULL;
  vx_question question;
  if (!takes.model) /* the stored prediction is what there is */
    result->prediction = stored->prediction;
  else if (!predict(e, picture, result, &go_on))
    return false;
  if (!go_on || !mask->label) return true; /* without a mask the prediction is all there is to keep */
  if (takes.model && !question_of(e, mask, result, &question, &good)) return good;
  if (takes.ask || stored) {
    view = takes.ask ? ask(e, &question, stored, result, &good) : tell(e, stored, result, &good);
    if (!view) return good;
  }
  if (!vx_scorer_truth(e->scorer, mask, picture->width, picture->height, result, &error) &&
      !vx_result_add_failure(result, VX_FAILURE, -1, "mask", error.where, "%s", error.why))
    return false;
  return evaluate_methods(e, view, todo, result) && (!takes.ask || vx_perturbed_keep(view, result)) &&
         (!takes.again || vx_remaker_measure(e->remaker, e->subject, e->scorer, &question, todo, result));
}

/* Stored maps are measured against the picture and mask that the run saw, or not at all. */
static bool check_same(const vx_voc_entry *entry, const vx_result *then, const vx_result *now, vx_error *error) {
  for (int i = 0; i < now->failure_count; i++) {
    const vx_stored_failure *f = &now->failures[i];
    if (f->severity == VX_FAILURE && f->method < 0) return vx_fail(error, f->where, "%s", f->why);
  }
  if (then->mask_digest && now->mask_digest && strcmp(then->mask_digest, now->mask_digest) == 0) return true;
  return vx_fail(error, entry->mask, "is not the mask that the run saw (digest %s, now %s)",
                 then->mask_digest ? then->mask_digest : "none", now->mask_digest ? now->mask_digest : "none");
}

bool vx_evaluate(vx_evaluator *e, int position, const vx_todo *todo, vx_result *result, vx_error *error) {
  const vx_run *run = e->run;
  const vx_voc_entry *entry = &run->voc.entry[position];
  vx_picture picture;
  vx_mask mask = {0};
  vx_error reason;
  taking need = takes(e, todo);
  if (need.model && !open_subject(e, error)) return false;
  bool good = vx_result_reset(result, position, entry->id) &&
              keep_digest(entry->annotation, &result->annotation_digest, result) &&
              keep_digest(entry->image, &result->picture_digest, result) && read_annotation(run, entry, result);
  if (good && !vx_picture_read_as(entry->image, (vx_exif)run->config->exif, &picture, &reason)) {
    good = vx_result_add_failure(result, VX_FAILURE, -1, "picture", reason.where, "%s", reason.why);
  } else if (good) {
    result->width = picture.width;
    result->height = picture.height;
    good = tell_turned(run, entry, &picture, result) && read_mask(run, entry, &picture, &mask, result) &&
           evaluate_picture(e, &picture, &mask, todo, need, result);
    vx_picture_free(&picture);
    vx_mask_free(&mask);
  }
  if (!good) return vx_fail(error, entry->id, "out of memory");
  return !todo || !todo->stored || check_same(entry, todo->stored, result, error);
}
