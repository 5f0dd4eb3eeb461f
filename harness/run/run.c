#include "harness/run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

/* ---- from config to options ------------------------------------------------------------------------------------ */

bool vx_run_input(const vx_config *config, int image_size, vx_input_options *input, vx_error *error) {
  if (!vx_input_from_checkpoint(config->model, image_size, input, error)) return false;
  if (config->resize == VX_CFG_SQUASH) {
    input->resize = VX_RESIZE_SQUASH;
    input->scaled_width = input->scaled_height = image_size;
  }
  if (config->resize == VX_CFG_CROP) input->resize = VX_RESIZE_CROP;
  if (config->filter != VX_CFG_FILTER_CHECKPOINT) input->filter = (vx_filter)(config->filter - 1);
  if (config->crop_pct > 0) input->shorter_side = vx_input_shorter_side(image_size, config->crop_pct);
  input->arithmetic = (vx_arithmetic)config->arithmetic;
  if (config->normalize == VX_CFG_NORMALIZE_NONE) input->normalize = false;
  if (config->normalize == VX_CFG_NORMALIZE_OWN) {
    input->normalize = true;
    memcpy(input->mean, config->mean.value, sizeof input->mean);
    memcpy(input->std, config->std.value, sizeof input->std);
  }
  if (config->size == VX_CFG_SIZE_IMAGE && vx_input_cuts(input))
    return vx_fail(error, vx_where(error, "%s: score.size", config->path),
                   "is image, but the checkpoint's processor shows the model a part of the picture; expected input or "
                   "a number, or input.resize: squash");
  return vx_input_check(input, vx_where(error, "%s: input", config->path), error);
}

static void set_truth(vx_run *run) {
  const vx_config *config = run->config;
  static const vx_foreground_kind kinds[] = {VX_FOREGROUND_ANY, VX_FOREGROUND_MAIN, VX_FOREGROUND_PREDICTED,
                                             VX_FOREGROUND_CLASS};
  static const vx_void_kind voids[] = {VX_VOID_IGNORE, VX_VOID_BACKGROUND, VX_VOID_FOREGROUND};
  run->truth.foreground = kinds[config->foreground];
  run->truth.label = config->foreground_class;
  run->truth.void_kind = voids[config->void_pixels];
  run->truth.resize = config->mask_resize == VX_CFG_MASK_OPENCV ? VX_MASK_OPENCV : VX_MASK_PILLOW;
}

static bool set_scoring(vx_run *run, vx_error *error) {
  const vx_config *config = run->config;
  run->scoring.accuracy_is_recall = config->accuracy_is_recall == 1;
  for (int i = 0; i < config->metric_count; i++) {
    const vx_metric *metric = vx_metric_find(config->metrics[i]);
    if (metric) run->metrics[run->metric_count++] = metric;
  }
  return vx_threshold_parse(config->threshold, &run->scoring.threshold, "score.threshold", error);
}

/* ---- model, data, target ---------------------------------------------------------------------------------------- */

static bool open_model(vx_run *run, vx_error *error) {
  const vx_config *config = run->config;
  run->model = vx_model_open(config->model, error);
  if (!run->model) return false;
  if (config->head_classes > 0 &&
      !vx_model_randomise_head(run->model, config->head_classes, (uint64_t)config->head_seed, error))
    return false;
  run->shape = vx_model_shape(run->model);
  return true;
}

static bool open_map(vx_run *run, vx_error *error) {
  int count = run->shape->classes;
  const char **names = calloc((size_t)count, sizeof *names);
  if (!names) return vx_fail(error, "class map", "out of memory");
  for (int i = 0; i < count; i++) names[i] = vx_model_label(run->model, i);
  vx_labels labels = {count, names};
  const char *path = run->config->classes;
  bool good = path ? vx_class_map_read(path, &labels, &run->voc.classes, &run->map, error)
                   : vx_class_map_identity(&labels, &run->voc.classes, &run->map, error);
  free(names);
  return good;
}

/* True when at least one of the model's classes maps to one of the data set's. */
static bool maps_anything(const vx_class_map *map) {
  for (int i = 0; i < map->count; i++)
    if (map->label[i] > 0) return true;
  return false;
}

static bool set_target(vx_run *run, vx_error *error) {
  const char *target = run->config->target;
  const char *where = vx_where(error, "%s: target", run->config->path);
  char *end;
  long index = strtol(target, &end, 10);
  run->target_kind = VX_TARGET_FIXED;
  if (strcmp(target, "top") == 0)
    run->target_kind = VX_TARGET_TOP;
  else if (strcmp(target, "second") == 0)
    run->target_kind = VX_TARGET_SECOND;
  else if (strcmp(target, "ground-truth") == 0)
    run->target_kind = VX_TARGET_TRUTH;
  else if (!*end) {
    if (index < 0 || index >= run->shape->classes)
      return vx_fail(error, where, "is %ld, the model has classes 0 to %d", index, run->shape->classes - 1);
    run->target = (int)index;
  } else {
    run->target = vx_model_find_label(run->model, target);
    if (run->target < 0)
      return vx_fail(error, where, "is '%.80s': neither top, second, ground-truth nor a label of the model", target);
  }
  if (run->target_kind == VX_TARGET_SECOND && run->shape->classes < 2)
    return vx_fail(error, where, "is second, but the model has one class");
  bool by_map = run->target_kind == VX_TARGET_TRUTH || run->truth.foreground == VX_FOREGROUND_PREDICTED;
  if (by_map && !maps_anything(&run->map))
    return vx_fail(error, vx_where(error, "%s: classes", run->config->path),
                   "no class of the model maps to one of the data set, but %s needs it; name a map (classes: FILE)",
                   run->target_kind == VX_TARGET_TRUTH ? "target: ground-truth" : "score.foreground: predicted");
  return true;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static bool open_all(vx_run *run, char *advice, size_t advice_size, vx_error *error) {
  const vx_config *config = run->config;
  set_truth(run);
  return set_scoring(run, error) && vx_voc_open(config->root, config->split, &run->voc, error) &&
         open_model(run, error) && open_map(run, error) && set_target(run, error) &&
         vx_run_input(config, run->shape->image, &run->input, error) &&
         vx_plan_make(config->methods, config->method_count, run->shape, &run->plan, error) &&
         vx_blas_check(run->shape, advice, advice_size, error) && vx_run_fill_info(run, error);
}

vx_run *vx_run_open(const vx_config *config, char *advice, size_t advice_size, vx_error *error) {
  if (advice && advice_size) *advice = '\0';
  vx_run *run = calloc(1, sizeof *run);
  if (!run) {
    vx_fail(error, config->path, "out of memory");
    return NULL;
  }
  run->config = config;
  if (open_all(run, advice, advice_size, error)) return run;
  vx_run_close(run);
  return NULL;
}

void vx_run_close(vx_run *run) {
  if (!run) return;
  vx_prior_free(run->prior);
  vx_plan_free(&run->plan);
  vx_class_map_free(&run->map);
  vx_voc_close(&run->voc);
  vx_model_close(run->model);
  vx_arena_free(run->arena);
  free(run);
}

bool vx_run_make_prior(vx_run *run, vx_error *error) {
  if (run->prior || !(run->plan.passes.set & VX_NEED_PRIOR)) return true;
  run->prior = vx_prior_make(&run->voc, &run->input, run->truth.resize, error);
  return run->prior != NULL;
}

uint64_t vx_run_seed(const vx_config *config, const char *id) {
  vx_digest digest;
  vx_digest_start(&digest);
  vx_digest_text(&digest, id);
  return digest.state ^ ((uint64_t)config->seed * UINT64_C(0x9E3779B97F4A7C15));
}
