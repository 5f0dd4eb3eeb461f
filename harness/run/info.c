/* What the store keeps of a run. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "harness/run/run.h"

/* A formatted text in the run's arena; NULL when memory is out. */
static const char *say(vx_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

static const char *say(vx_run *run, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  char *text = length < 0 ? NULL : VX_TAKE(run->arena, length + 1, char);
  if (!text) return NULL;
  va_start(arguments, format);
  vsnprintf(text, (size_t)length + 1, format, arguments);
  va_end(arguments);
  return text;
}

static const char *input_text(vx_run *run) {
  char text[600];
  vx_input_print(&run->input, text, sizeof text);
  return say(run, "%s", text);
}

/* Over what decides which images there are and what their labels mean. */
static const char *data_digest(vx_run *run) {
  vx_digest digest;
  char text[VX_DIGEST_SIZE];
  vx_digest_start(&digest);
  for (size_t i = 0; i < run->voc.count; i++) vx_digest_text(&digest, run->voc.entry[i].id);
  for (int i = 0; i < run->voc.classes.count; i++) vx_digest_text(&digest, run->voc.classes.name[i]);
  vx_digest_print(&digest, text);
  return say(run, "%s", text);
}

static const char *metrics_text(vx_run *run) {
  const char *text = "";
  for (int i = 0; i < run->metric_count && text; i++)
    text = say(run, "%s%s%s", text, i ? " " : "", run->metrics[i]->id);
  return text;
}

static const char *host_name(vx_run *run) {
  char name[256] = "";
  if (gethostname(name, sizeof name - 1) != 0) snprintf(name, sizeof name, "unknown");
  return say(run, "%s", name);
}

static const char *compiler_text(void) {
#if defined(__clang__)
  return __VERSION__;
#else
  return "gcc " __VERSION__;
#endif
}

/* ---- methods ---------------------------------------------------------------------------------------------------- */

static const char *parts_text(vx_run *run, const vx_method *method) {
  const char *text = NULL;
  for (int p = 0; p < method->part_count; p++) {
    const char *name = run->config->methods[method->parts[p]].name;
    text = p ? say(run, "%s+%s", text, name) : name;
    if (!text) return NULL;
  }
  return text;
}

/* A mix is told apart by its parts with all their parameters, not by their names. */
static const char *parameters_text(vx_run *run, const vx_method *method) {
  char args[500];
  vx_args_print(method->explainer, &method->args, args, sizeof args);
  const char *text = say(run, "%s", args);
  for (int p = 0; p < method->part_count && text; p++) {
    const vx_method *part = &run->config->methods[method->parts[p]];
    vx_args_print(part->explainer, &part->args, args, sizeof args);
    text = say(run, "%s%s%s(%s)", text, p ? "+" : " of=", part->explainer->id, args);
  }
  return text;
}

static bool fill_methods(vx_run *run) {
  const vx_config *config = run->config;
  vx_run_method *methods = VX_TAKE(run->arena, config->method_count + 1, vx_run_method);
  run->stored = VX_TAKE(run->arena, config->method_count + 1, int);
  if (!methods || !run->stored) return false;
  int count = 0;
  for (int i = 0; i < config->method_count; i++) {
    const vx_method *method = &config->methods[i];
    const vx_explainer *explainer = method->explainer;
    run->stored[i] = method->hidden ? -1 : count;
    if (method->hidden) continue;
    vx_run_method *to = &methods[count++];
    to->name = method->name;
    to->explainer = explainer->id;
    to->title = explainer->title;
    to->family = vx_family_name(explainer->family);
    to->source = explainer->source;
    to->class_specific = explainer->class_specific;
    for (int p = 0; p < method->part_count; p++)
      to->class_specific |= config->methods[method->parts[p]].explainer->class_specific;
    to->trivial = explainer->family == VX_TRIVIAL;
    to->is_mask = explainer->is_mask;
    to->pixel_map = explainer->grid == VX_GRID_PIXEL;
    to->parameters = parameters_text(run, method);
    to->parts = parts_text(run, method);
    if (!to->parameters || (method->part_count > 0 && !to->parts)) return false;
  }
  run->info.methods = methods;
  run->info.method_count = count;
  return true;
}

/* ---- classes ---------------------------------------------------------------------------------------------------- */

static bool fill_classes(vx_run *run) {
  int count = run->shape->classes;
  const char **labels = VX_TAKE(run->arena, count, const char *);
  if (!labels) return false;
  for (int i = 0; i < count; i++) labels[i] = vx_model_label(run->model, i);
  run->info.labels = labels;
  run->info.label_class = run->map.label;
  run->info.label_count = count;
  run->info.data_classes = (const char *const *)run->voc.classes.name;
  run->info.data_class_count = run->voc.classes.count;
  return true;
}

static bool fill_scoring(vx_run *run) {
  const vx_config *config = run->config;
  char size[32], foreground[32];
  vx_scoring_info *scoring = &run->info.scoring;
  scoring->name = "main";
  scoring->size = say(run, "%s", vx_config_size_text(config, size, sizeof size));
  scoring->threshold = config->threshold;
  scoring->foreground = say(run, "%s", vx_config_foreground_text(config, foreground, sizeof foreground));
  scoring->void_pixels = vx_config_word("score.void", config->void_pixels);
  scoring->mask_resize = vx_config_word("score.mask_resize", config->mask_resize);
  scoring->pixel_accuracy = vx_config_word("score.pixel_accuracy", config->accuracy_is_recall);
  scoring->aggregate = vx_config_word("score.aggregate", config->aggregate);
  return scoring->size && scoring->foreground;
}

static bool fill(vx_run *run) {
  const vx_config *config = run->config;
  vx_run_info *info = &run->info;
  char *text = vx_config_print(config);
  info->config = text ? say(run, "%s", text) : NULL;
  free(text);
  info->name = config->name;
  info->model = config->model;
  info->model_digest = vx_model_digest(run->model);
  info->data = say(run, "%s %s", config->root, config->split);
  info->data_digest = data_digest(run);
  info->input = input_text(run);
  info->min_confidence = config->min_confidence;
  info->target = config->target;
  info->output = vx_config_word("output", config->output);
  info->precision = vx_config_word("precision", config->precision);
  info->metrics = metrics_text(run);
  info->seed = (uint64_t)config->seed;
  info->class_map = config->classes;
  info->compare_with = config->compare_with;
  info->input_side = run->shape->image;
  info->grid = run->shape->grid;
  info->image_count = (int)run->voc.count;
  info->program = say(run, "vitx %s (%s)", VITX_VERSION, compiler_text());
  info->openblas = vx_blas_version();
  info->kernel = vx_blas_kernel();
  info->host = host_name(run);
  return info->config && info->data && info->data_digest && info->input && info->metrics && info->program &&
         info->host && fill_scoring(run) && fill_classes(run) && fill_methods(run);
}

bool vx_run_fill_info(vx_run *run, vx_error *error) {
  if (run->voc.count > 10000000) return vx_fail(error, run->voc.list, "holds more than ten million images");
  run->arena = vx_arena_new();
  return (run->arena && fill(run)) || vx_fail(error, run->config->path, "out of memory");
}
