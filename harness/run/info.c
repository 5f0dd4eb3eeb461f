/* What the store keeps of a run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "harness/run/run.h"

static const char *input_text(vx_run *run) {
  char text[600];
  vx_input_print(&run->input, text, sizeof text);
  return vx_arena_text(run->arena, text);
}

/* How masks are read, where it is not as they themselves say. */
static void digest_reading(vx_digest *digest, const vx_mask_reading *reading) {
  char text[60];
  if (reading->encoding == VX_MASK_AUTO && !reading->voc && !reading->other_given && !reading->count) return;
  snprintf(text, sizeof text, "masks %d %d %d", (int)reading->encoding, reading->voc,
           reading->other_given ? reading->other : -1);
  vx_digest_text(digest, text);
  for (size_t i = 0; i < reading->count; i++) {
    const vx_mask_label *l = &reading->label[i];
    snprintf(text, sizeof text, "%d %u %d", l->colour, (unsigned)l->from, l->label);
    vx_digest_text(digest, text);
  }
}

/* Over what decides which images there are and what their labels mean. */
static const char *data_digest(vx_run *run) {
  vx_digest digest;
  char text[VX_DIGEST_SIZE];
  vx_digest_start(&digest);
  for (size_t i = 0; i < run->voc.count; i++) vx_digest_text(&digest, run->voc.entry[i].id);
  for (int i = 0; i < run->voc.classes.count; i++) vx_digest_text(&digest, run->voc.classes.name[i]);
  digest_reading(&digest, &run->voc.reading);
  if (run->config->exif == VX_EXIF_APPLY) vx_digest_text(&digest, "exif apply");
  vx_digest_print(&digest, text);
  return vx_arena_text(run->arena, text);
}

static const char *host_name(vx_run *run) {
  char name[256] = "";
  if (gethostname(name, sizeof name - 1) != 0) snprintf(name, sizeof name, "unknown");
  return vx_arena_text(run->arena, name);
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
  vx_text text = {0};
  for (int p = 0; p < method->part_count; p++)
    vx_text_add(&text, "%s%s", p ? "+" : "", run->config->methods[method->parts[p]].name);
  return vx_text_keep(run->arena, &text);
}

/* A mix is told apart by its parts with all their parameters, not by their names. */
static const char *parameters_text(vx_run *run, const vx_method *method) {
  vx_text text = {0};
  vx_args_print(&method->explainer->params, &method->args, &text);
  for (int p = 0; p < method->part_count; p++) {
    const vx_method *part = &run->config->methods[method->parts[p]];
    vx_text_add(&text, "%s%s(", p ? "+" : " of=", part->explainer->id);
    vx_args_print(&part->explainer->params, &part->args, &text);
    vx_text_add(&text, ")");
  }
  return vx_text_keep(run->arena, &text);
}

static bool fill_methods(vx_run *run) {
  const vx_config *config = run->config;
  vx_method_row *methods = VX_TAKE(run->arena, config->method_count + 1, vx_method_row);
  run->stored = VX_TAKE(run->arena, config->method_count + 1, int);
  if (!methods || !run->stored) return false;
  int count = 0;
  for (int i = 0; i < config->method_count; i++) {
    const vx_method *method = &config->methods[i];
    const vx_explainer *explainer = method->explainer;
    run->stored[i] = method->hidden ? -1 : count;
    if (method->hidden) continue;
    vx_method_row *to = &methods[count++];
    to->name = method->name;
    to->explainer = explainer->id;
    to->title = explainer->title;
    to->family = vx_family_name(explainer->family);
    to->source = explainer->source;
    to->class_specific = explainer->class_specific;
    for (int p = 0; p < method->part_count; p++)
      to->class_specific |= config->methods[method->parts[p]].explainer->class_specific;
    to->trivial = explainer->family == VX_FAMILY_TRIVIAL;
    to->is_mask = explainer->is_mask;
    to->pixel_map = explainer->grid == VX_GRID_PIXEL;
    to->parameters = parameters_text(run, method);
    to->parts = parts_text(run, method);
    if (!to->parameters || !to->parts) return false;
  }
  run->info.methods = methods;
  run->info.method_count = count;
  return true;
}

bool vx_run_add_imported(vx_run *run, vx_store *store, int64_t id, vx_error *error) {
  vx_method_row *there;
  int count, all = run->info.method_count;
  if (!vx_query_methods(store, id, run->arena, &there, &count, error)) return false;
  vx_method_row *rows = VX_TAKE(run->arena, all + count + 1, vx_method_row);
  if (!rows) return vx_fail(error, run->config->path, "out of memory");
  if (all) memcpy(rows, run->info.methods, (size_t)all * sizeof *rows);
  for (int i = 0; i < count; i++)
    if (vx_is_imported(&there[i])) rows[all++] = there[i];
  run->info.methods = rows;
  run->info.method_count = all;
  return true;
}

/* ---- measures --------------------------------------------------------------------------------------------------- */

static bool fill_metric(vx_run *run, int index, vx_metric_row *to) {
  const vx_metric *metric = &run->config->metrics[index];
  const vx_measure *measure = metric->measure;
  vx_text parameters = {0}, columns = {0};
  bool good = true;
  vx_args_print(&measure->params, &metric->args, &parameters);
  for (int c = 0; c < measure->column_count && measure != &vx_measure_overlap; c++) {
    vx_text name = {0};
    vx_measure_column_name(measure, metric->name, c, &name);
    run->columns[index][c] = vx_text_keep(run->arena, &name);
    good = good && run->columns[index][c];
    if (good) vx_text_add(&columns, "%s%s", c ? "," : "", run->columns[index][c]);
  }
  *to = (vx_metric_row){.name = metric->name,
                        .measure = measure->id,
                        .kind = vx_measure_kind_name(measure->kind),
                        .parameters = vx_text_keep(run->arena, &parameters),
                        .columns = vx_text_keep(run->arena, &columns)};
  return good && to->parameters && to->columns;
}

bool vx_run_fill_metrics(vx_run *run) {
  int count = run->config->metric_count;
  vx_metric_row *rows = VX_TAKE(run->arena, count + 1, vx_metric_row);
  run->columns = vx_arena_take(run->arena, (size_t)count + 1, sizeof *run->columns);
  bool good = rows && run->columns;
  for (int i = 0; good && i < count; i++) good = fill_metric(run, i, &rows[i]);
  run->info.metrics = rows;
  run->info.metric_count = count;
  return good;
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

static bool fill(vx_run *run) {
  const vx_config *config = run->config;
  vx_run_row *info = &run->info;
  vx_text data = {0}, program = {0};
  char *text = vx_config_print(config);
  info->config = text ? vx_arena_text(run->arena, text) : NULL;
  free(text);
  vx_text_add(&data, "%s %s", config->root, config->split);
  vx_text_add(&program, "vitx %s (%s)", VITX_VERSION, compiler_text());
  info->name = config->name;
  info->model = config->model;
  info->model_digest = vx_model_digest(run->model);
  info->data = vx_text_keep(run->arena, &data);
  info->data_digest = data_digest(run);
  info->input = input_text(run);
  info->min_confidence = config->min_confidence;
  info->target = config->target;
  info->output = vx_config_word("output", config->output, run->arena);
  info->precision = vx_config_word("precision", config->precision, run->arena);
  info->seed = (uint64_t)config->seed;
  info->class_map = config->classes;
  info->compare_with = config->compare_with;
  info->protocol = config->rules ? config->rules->name : NULL;
  info->protocol_digest = config->rules ? config->rules->digest : NULL;
  info->scoring = vx_setting_words(&config->score);
  info->scoring.name = "main";
  info->input_side = run->shape->image;
  info->grid = run->shape->grid;
  info->image_count = (int)run->voc.count;
  info->program = vx_text_keep(run->arena, &program);
  info->openblas = vx_blas_version();
  info->kernel = vx_blas_kernel();
  info->host = host_name(run);
  return info->config && info->data && info->data_digest && info->input && info->output && info->precision &&
         info->program && info->host && fill_classes(run) && fill_methods(run) && vx_run_fill_metrics(run);
}

bool vx_run_fill_info(vx_run *run, vx_error *error) {
  if (run->voc.count > 10000000) return vx_fail(error, run->voc.list, "holds more than ten million images");
  return fill(run) || vx_fail(error, run->config->path, "out of memory");
}
