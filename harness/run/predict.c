#include "harness/run/predict.h"

#include <math.h>

#include "harness/run/target.h"

void vx_probabilities(const double *logits, int classes, vx_problem problem, double *probability) {
  if (problem == VX_EACH_CLASS) {
    for (int c = 0; c < classes; c++) probability[c] = 1 / (1 + exp(-logits[c]));
    return;
  }
  double largest = logits[0], sum = 0;
  for (int c = 1; c < classes; c++) largest = fmax(largest, logits[c]);
  for (int c = 0; c < classes; c++) {
    probability[c] = exp(logits[c] - largest);
    sum += probability[c];
  }
  for (int c = 0; c < classes; c++) probability[c] /= sum;
}

void vx_most_probable(const double *probability, int classes, int count, vx_top *top) {
  for (int k = 0; k < count; k++) {
    int best = -1;
    for (int c = 0; c < classes; c++) {
      bool taken = false;
      for (int j = 0; j < k; j++) taken |= top[j].label == c;
      if (!taken && (best < 0 || probability[c] > probability[best])) best = c;
    }
    top[k] = (vx_top){best, probability[best]};
  }
}

/* Right: the top class means the main object's. Unknown: no main object, or one that the model has no class for. */
static vx_answer is_correct(const vx_run *run, const vx_result *result, int top) {
  if (result->main_class <= 0 || vx_class_map_count(&run->map, result->main_class) == 0) return VX_UNKNOWN;
  return run->map.label[top] == result->main_class ? VX_YES : VX_NO;
}

void vx_predict(const vx_run *run, const double *probability, vx_result *result) {
  int classes = run->shape->classes;
  vx_prediction *prediction = &result->prediction;
  prediction->known = true;
  prediction->top_count = classes < VX_TOP ? classes : VX_TOP;
  vx_most_probable(probability, classes, prediction->top_count, prediction->top);
  prediction->passed = prediction->top[0].probability > run->config->min_confidence;
  prediction->correct = is_correct(run, result, prediction->top[0].label);
}

static bool truth_target(const vx_run *run, const double *probability, const vx_result *result, int *target,
                         vx_error *error) {
  if (result->main_class <= 0)
    return vx_fail(error, result->id, "has no main object to explain (target: ground-truth)");
  int best = -1;
  for (int c = 0; c < run->shape->classes; c++)
    if (run->map.label[c] == result->main_class && (best < 0 || probability[c] > probability[best])) best = c;
  *target = best;
  if (best >= 0) return true;
  return vx_fail(error, result->id, "no class of the model maps to its main object, '%s' (target: ground-truth)",
                 run->voc.classes.name[result->main_class]);
}

bool vx_choose_target(const vx_run *run, const double *probability, const vx_result *result, int *target,
                      vx_error *error) {
  if (run->target == VX_TARGET_TRUTH) return truth_target(run, probability, result, target, error);
  *target = run->target == VX_TARGET_TOP      ? result->prediction.top[0].label
            : run->target == VX_TARGET_SECOND ? result->prediction.top[1].label
                                              : run->target;
  return true;
}
