#include "harness/store/result.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

vx_result *vx_result_new(void) {
  vx_result *result = calloc(1, sizeof *result);
  if (!result) return NULL;
  result->arena = vx_arena_new();
  if (!result->arena || !vx_result_reset(result, 0, "")) {
    vx_result_free(result);
    return NULL;
  }
  return result;
}

void vx_result_free(vx_result *result) {
  if (!result) return;
  vx_arena_free(result->arena);
  free(result);
}

bool vx_result_reset(vx_result *result, int position, const char *id) {
  vx_arena *arena = result->arena;
  vx_arena_reset(arena);
  *result = (vx_result){.position = position,
                        .width = -1,
                        .height = -1,
                        .object_pixels = -1,
                        .void_pixels = -1,
                        .main_class = -1,
                        .prediction.correct = VX_UNKNOWN,
                        .arena = arena};
  result->id = vx_arena_text(arena, id);
  return result->id != NULL;
}

vx_stored_object *vx_result_add_object(vx_result *result) {
  vx_stored_object *object =
      vx_arena_add(result->arena, &result->objects, &result->object_count, &result->object_room, sizeof *object);
  if (object)
    *object = (vx_stored_object){.name = "",
                                 .data_class = -1,
                                 .x_min = NAN,
                                 .y_min = NAN,
                                 .x_max = NAN,
                                 .y_max = NAN,
                                 .difficult = VX_UNKNOWN,
                                 .truncated = VX_UNKNOWN,
                                 .occluded = VX_UNKNOWN,
                                 .pixels = -1};
  return object;
}

const vx_evaluation vx_evaluation_unknown = {.method = -1,
                                             .target = -1,
                                             .status = VX_STATUS_UNSCORED,
                                             .threshold = NAN,
                                             .tp = -1,
                                             .fp = -1,
                                             .fn = -1,
                                             .tn = -1,
                                             .void_pixels = -1,
                                             .iou = NAN,
                                             .f1 = NAN,
                                             .pixel_accuracy = NAN,
                                             .milliseconds = NAN};

vx_evaluation *vx_result_add_evaluation(vx_result *result, int method) {
  vx_evaluation *evaluation = vx_arena_add(result->arena, &result->evaluations, &result->evaluation_count,
                                           &result->evaluation_room, sizeof *evaluation);
  if (!evaluation) return NULL;
  *evaluation = vx_evaluation_unknown;
  evaluation->method = method;
  return evaluation;
}

bool vx_result_add_failure(vx_result *result, vx_severity severity, int method, const char *stage, const char *where,
                           const char *why, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, why);
  vsnprintf(text, sizeof text, why, arguments);
  va_end(arguments);
  vx_stored_failure failure = {.severity = severity,
                               .method = method,
                               .stage = vx_arena_text(result->arena, stage),
                               .where = vx_arena_text(result->arena, where),
                               .why = vx_arena_text(result->arena, text)};
  if (!failure.stage || !failure.where || !failure.why) return false;
  vx_stored_failure *to =
      vx_arena_add(result->arena, &result->failures, &result->failure_count, &result->failure_room, sizeof *to);
  if (to) *to = failure;
  return to != NULL;
}

bool vx_result_add_score(vx_result *result, vx_evaluation *evaluation, const char *metric, double value) {
  vx_named_score score = {.metric = vx_arena_text(result->arena, metric), .value = value}, *to = NULL;
  if (score.metric)
    to =
        vx_arena_add(result->arena, &evaluation->scores, &evaluation->score_count, &evaluation->score_room, sizeof *to);
  if (to) *to = score;
  return to != NULL;
}

bool vx_result_add_curve(vx_result *result, vx_evaluation *evaluation, const char *metric, const char *name,
                         const float *value, int count) {
  float *copy = vx_arena_take(result->arena, (size_t)count + 1, sizeof *copy);
  vx_curve curve = {vx_arena_text(result->arena, metric), vx_arena_text(result->arena, name), count, copy}, *to = NULL;
  if (curve.metric && curve.name && copy)
    to =
        vx_arena_add(result->arena, &evaluation->curves, &evaluation->curve_count, &evaluation->curve_room, sizeof *to);
  if (!to) return false;
  memcpy(copy, value, (size_t)count * sizeof *copy);
  *to = curve;
  return true;
}

bool vx_result_add_perturbation(vx_result *result, const vx_perturbation *perturbation) {
  vx_perturbation p = *perturbation, *to = NULL;
  p.kind = vx_arena_text(result->arena, p.kind);
  p.remove = vx_arena_text(result->arena, p.remove);
  p.removed = vx_arena_text(result->arena, p.removed);
  if (p.kind && p.remove && p.removed)
    to = vx_arena_add(result->arena, &result->perturbations, &result->perturbation_count, &result->perturbation_room,
                      sizeof *to);
  if (to) *to = p;
  return to != NULL;
}

/* Copies width * height elements; NULL when a side is not positive, the product overflows or memory is out. */
static void *keep(vx_result *result, const void *from, int width, int height, size_t size) {
  if (width <= 0 || height <= 0) return NULL;
  size_t count = (size_t)width * (size_t)height; /* two positive ints: fits 62 bits */
  void *copy = vx_arena_take(result->arena, count, size);
  if (copy) memcpy(copy, from, count * size);
  return copy;
}

bool vx_result_keep_patch_map(vx_result *result, vx_evaluation *evaluation, const float *heat, int width, int height) {
  const float *copy = keep(result, heat, width, height, sizeof *heat);
  if (!copy) return false;
  evaluation->map = (vx_map){.kind = VX_MAP_PATCH, .width = width, .height = height, .heat = copy};
  return true;
}

bool vx_result_keep_pixel_map(vx_result *result, vx_evaluation *evaluation, const uint8_t *levels, int width,
                              int height) {
  const uint8_t *copy = keep(result, levels, width, height, sizeof *levels);
  if (!copy) return false;
  evaluation->map = (vx_map){.kind = VX_MAP_PIXEL, .width = width, .height = height, .levels = copy};
  return true;
}

const char *vx_status_name(vx_status status) {
  static const char *const names[] = {"ok", "flat", "failed", "unscored"};
  return names[status];
}

vx_status vx_status_of(const char *name) {
  vx_status status = VX_STATUS_OK;
  while (status < VX_STATUS_UNSCORED && strcmp(vx_status_name(status), name) != 0) status++;
  return status;
}

const char *vx_severity_name(vx_severity severity) {
  return severity == VX_FAILURE ? "failure" : "warning";
}
