#include "harness/run/run.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/run/target.h"

/* ---- from config to options ------------------------------------------------------------------------------------ */

bool vx_run_input(const vx_config *config, int image_size, vx_input_options *input, vx_error *error) {
  if (!vx_input_from_checkpoint(config->model, image_size, input, error)) return false;
  if (config->resize != VX_AS_CHECKPOINT) {
    input->resize = (vx_resize)config->resize;
    input->scaled_width = input->scaled_height = image_size;
  }
  if (config->filter != VX_FILTER_AS_CHECKPOINT) input->filter = (vx_filter)config->filter;
  if (config->crop_pct > 0) input->shorter_side = vx_input_shorter_side(image_size, config->crop_pct);
  input->arithmetic = (vx_arithmetic)config->arithmetic;
  if (config->normalize == VX_CFG_NORMALIZE_NONE) input->normalize = false;
  if (config->normalize == VX_CFG_NORMALIZE_OWN) {
    input->normalize = true;
    memcpy(input->mean, config->mean.value, sizeof input->mean);
    memcpy(input->std, config->std.value, sizeof input->std);
  }
  if (config->score.size == VX_SIZE_IMAGE && vx_input_cuts(input))
    return vx_fail(error, vx_where(error, "%s: score.size", config->path),
                   "is image, but the checkpoint's processor shows the model a part of the picture; expected input or "
                   "a number, or input.resize: squash");
  return vx_input_check(input, vx_where(error, "%s: input", config->path), error);
}

/* ---- model, data, target ---------------------------------------------------------------------------------------- */

vx_model *vx_run_open_model(const vx_config *config, vx_error *error) {
  vx_model *model = vx_model_open(config->model, error);
  if (!model || config->head_classes < 1 ||
      vx_model_randomise_head(model, config->head_classes, (uint64_t)config->head_seed, error))
    return model;
  vx_model_close(model);
  return NULL;
}

static bool open_model(vx_run *run, vx_error *error) {
  run->model = vx_run_open_model(run->config, error);
  if (run->model) run->shape = vx_model_shape(run->model);
  return run->model != NULL;
}

/* A protocol is about one list of images. */
static bool check_list(const vx_run *run, vx_error *error) {
  const vx_voc *voc = &run->voc;
  if (!run->config->rules) return true;
  const char **ids = calloc(voc->count + 1, sizeof *ids);
  if (!ids) return vx_fail(error, voc->root, "out of memory");
  for (size_t i = 0; i < voc->count; i++) ids[i] = voc->entry[i].id;
  bool good =
      vx_protocol_check_list(run->config->rules, ids, (int)voc->count, voc->list ? voc->list : voc->root, error);
  free(ids);
  return good;
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
  const char *where = vx_where(error, "%s: target", run->config->path);
  if (!vx_target_read(run->config->target, run->model, true, where, &run->target, error)) return false;
  bool by_map = run->target == VX_TARGET_TRUTH || run->config->score.truth.foreground == VX_FOREGROUND_PREDICTED;
  if (by_map && !maps_anything(&run->map))
    return vx_fail(error, vx_where(error, "%s: classes", run->config->path),
                   "no class of the model maps to one of the data set, but %s needs it; name a map (classes: FILE)",
                   run->target == VX_TARGET_TRUTH ? "target: ground-truth" : "score.foreground: predicted");
  return true;
}

/* ---- the model permuted ---------------------------------------------------------------------------------------- */

struct vx_permuted {
  pthread_mutex_t lock;
  vx_model *model;
};

static bool open_permuted(vx_run *run, vx_error *error) {
  run->permuted = calloc(1, sizeof *run->permuted);
  return (run->permuted && pthread_mutex_init(&run->permuted->lock, NULL) == 0) ||
         vx_fail(error, run->config->path, "out of memory");
}

static void close_permuted(vx_run *run) {
  if (!run->permuted) return;
  vx_model_close(run->permuted->model);
  pthread_mutex_destroy(&run->permuted->lock);
  free(run->permuted);
}

const vx_model *vx_run_permuted(const vx_run *run, vx_error *error) {
  struct vx_permuted *p = run->permuted;
  pthread_mutex_lock(&p->lock);
  if (!p->model) p->model = vx_model_permuted(run->model, (uint64_t)run->config->seed, error);
  pthread_mutex_unlock(&p->lock);
  return p->model;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static bool open_all(vx_run *run, char *advice, size_t advice_size, vx_error *error) {
  const vx_config *config = run->config;
  run->arena = vx_arena_new();
  if (!run->arena) return vx_fail(error, config->path, "out of memory");
  return vx_voc_open(config->root, config->split, &config->labels, &run->voc, error) && check_list(run, error) &&
         open_model(run, error) && open_map(run, error) && set_target(run, error) &&
         vx_run_input(config, run->shape->image, &run->input, error) &&
         vx_plan_fit(config, run->shape, run->arena, &run->fitted, error) && (run->config = &run->fitted) &&
         vx_plan_make(run->config->methods, run->config->method_count, run->shape, &run->plan, error) &&
         vx_plan_metrics(&run->plan, config->metrics, config->metric_count, run->shape, error) &&
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
  if (open_permuted(run, error) && open_all(run, advice, advice_size, error)) return run;
  vx_run_close(run);
  return NULL;
}

void vx_run_close(vx_run *run) {
  if (!run) return;
  close_permuted(run);
  vx_prior_free(run->prior);
  vx_class_map_free(&run->map);
  vx_voc_close(&run->voc);
  vx_model_close(run->model);
  vx_arena_free(run->arena);
  free(run);
}

bool vx_run_make_prior(vx_run *run, vx_error *error) {
  if (run->prior || !(run->plan.needs.data & VX_NEED_PRIOR)) return true;
  run->prior = vx_prior_make(&run->voc, &run->input, run->config->score.truth.resize, error);
  return run->prior != NULL;
}
