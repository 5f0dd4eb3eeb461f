/* What a report knows of its run: everything but pictures and scores. */
#include <math.h>
#include <string.h>

#include "harness/draw/colour.h"
#include "harness/report/parts.h"
#include "harness/run/cost.h"

enum { FAILURES_SHOWN = 500, PUBLISHED_MAX = 64 };

static bool put_text(json_t *into, const char *key, const char *text) {
  return json_object_set_new(into, key, vx_embed_text(text ? text : "")) == 0;
}

static bool put_number(json_t *into, const char *key, double value) {
  return json_object_set_new(into, key, vx_embed_number(value, 9)) == 0;
}

static bool add_run(const vx_report *report, json_t *summary) {
  const vx_run_row *r = &report->run;
  const vx_scoring_row *s = &report->scoring;
  const char *const texts[][2] = {
      {"name", r->name},
      {"title", report->heading.title},
      {"model", r->model},
      {"model_digest", r->model_digest},
      {"data", r->data},
      {"data_digest", r->data_digest},
      {"input", r->input},
      {"target", r->target},
      {"output", r->output},
      {"precision", r->precision},
      {"program", r->program},
      {"kernel", r->kernel},
      {"started", r->started},
      {"finished", r->finished},
      {"config", r->config},
      {"compare_with", r->compare_with},
      {"scoring", s->name},
      {"size", s->size},
      {"threshold", s->threshold},
      {"foreground", s->foreground},
      {"void", s->void_pixels},
      {"mask_resize", s->mask_resize},
      {"pixel_accuracy", s->pixel_accuracy},
      {"aggregate", s->aggregate},
      {"scoring_note", s->note},
  };
  json_t *run = json_object();
  bool ok = run && json_object_set_new(summary, "run", run) == 0;
  for (size_t i = 0; ok && i < sizeof texts / sizeof *texts; i++) ok = put_text(run, texts[i][0], texts[i][1]);
  double gate = isnan(report->options->min_confidence) ? r->min_confidence : report->options->min_confidence;
  return ok && put_number(run, "id", (double)r->id) && put_number(run, "min_confidence", gate) &&
         put_number(run, "seed", (double)r->seed) && put_number(run, "side", r->input_side) &&
         put_number(run, "grid", r->grid) && put_number(run, "resamples", report->options->resamples) &&
         put_number(run, "resample_seed", (double)report->options->seed);
}

/* What the run's tables have at their head: [what it is about, what was understood]. */
static bool add_heading(vx_report *report, json_t *summary) {
  json_t *list = json_array();
  for (int i = 0; list && i < VX_HEADING_LINES; i++) {
    const vx_heading_line *line = &report->heading.line[i];
    vx_report_push(report, list, json_pack("[o, o]", vx_embed_text(line->about), vx_embed_text(line->text)));
  }
  return json_object_set_new(summary, "heading", list) == 0;
}

static bool add_counts(vx_report *report, json_t *summary, vx_error *error) {
  vx_store_counts c;
  int64_t index_sum = 0;
  if (!vx_store_count(report->store, report->run.id, &c, error)) return false;
  for (int i = 0; i < report->images.count; i++) index_sum += report->images.rows[i].position;
  json_t *counts =
      json_pack("{s:i, s:i, s:i, s:I, s:i, s:i}", "images", c.images, "done", c.done, "passed", report->images.count,
                "index_sum", (json_int_t)index_sum, "failed", c.failed, "warnings", c.warnings);
  return json_object_set_new(summary, "counts", counts) == 0 || vx_fail(error, "report", "out of memory");
}

static bool add_names(const vx_report *report, json_t *summary) {
  json_t *classes = json_object(), *labels = json_object();
  bool ok =
      json_object_set_new(summary, "classes", classes) == 0 && json_object_set_new(summary, "labels", labels) == 0;
  for (int i = 0; ok && i < report->class_count; i++) {
    char key[16];
    snprintf(key, sizeof key, "%d", report->classes[i].index);
    ok = put_text(classes, key, report->classes[i].name);
  }
  for (int i = 0; ok && i < report->label_count; i++) {
    char key[16];
    snprintf(key, sizeof key, "%d", report->labels[i].label);
    json_t *label = json_pack("[o, i]", vx_embed_text(report->labels[i].name), report->labels[i].data_class);
    ok = json_object_set_new(labels, key, label) == 0;
  }
  return ok;
}

static bool add_methods(const vx_report *report, json_t *summary) {
  json_t *list = json_array();
  bool ok = json_object_set_new(summary, "methods", list) == 0;
  for (int i = 0; ok && i < report->method_count; i++) {
    const vx_method_row *m = &report->methods[i];
    json_t *method = json_pack("{s:b, s:b, s:b, s:b}", "class_specific", m->class_specific, "trivial", m->trivial,
                               "is_mask", m->is_mask, "pixel_map", m->pixel_map);
    ok = method && put_text(method, "name", m->name) && put_text(method, "explainer", m->explainer) &&
         put_text(method, "title", m->title) && put_text(method, "family", m->family) &&
         put_text(method, "source", m->source) && put_text(method, "parameters", m->parameters) &&
         put_text(method, "parts", m->parts) && json_array_append_new(list, method) == 0;
  }
  return ok;
}

/* Passes of each method if it stood alone, in forward passes; null, with a note, where the run's configuration is not
   of today's. */
static bool add_passes(vx_report *report, json_t *summary, vx_error *error) {
  vx_error reason = {.where = "", .why = ""};
  vx_config *config = vx_config_parse(report->run.config, strlen(report->run.config), "run", NULL, 0, &reason);
  if (!config && !*report->made->note)
    snprintf(report->made->note, sizeof report->made->note, "no passes of methods: %s: %s", reason.where, reason.why);
  json_t *list = json_array();
  for (int i = 0; list && i < report->method_count; i++) {
    int at = config ? vx_config_find_method(config, report->methods[i].name) : -1;
    double cost = at < 0 ? NAN : vx_cost_of_method(config, &config->methods[at], &vx_cost_shape);
    vx_report_push(report, list, vx_embed_number(cost, 4));
  }
  vx_config_free(config);
  return json_object_set_new(summary, "passes", list) == 0 || vx_fail(error, "report", "out of memory");
}

/* Colour tables as bytes R, G, B of 256 steps. */
static bool add_colours(vx_report *report, json_t *summary) {
  json_t *tables = json_object();
  bool ok = json_object_set_new(summary, "colours", tables) == 0;
  const vx_colours *colours;
  for (int i = 0; ok && (colours = vx_colours_at(i)) != NULL; i++) {
    if (colours->signed_values) continue;
    uint8_t bytes[768];
    for (int k = 0; k < 256; k++) {
      bytes[3 * k] = (uint8_t)(colours->rgb[k] >> 16);
      bytes[3 * k + 1] = (uint8_t)(colours->rgb[k] >> 8 & 255);
      bytes[3 * k + 2] = (uint8_t)(colours->rgb[k] & 255);
    }
    ok = json_object_set_new(tables, colours->id, vx_embed_bytes(bytes, sizeof bytes)) == 0;
  }
  json_t *kinds = json_array();
  for (int i = 0; i < 7; i++) {
    char hex[16];
    snprintf(hex, sizeof hex, "#%06x", (unsigned)(vx_colour_kind(i) & 0xFFFFFF));
    vx_report_push(report, kinds, json_string(hex));
  }
  return ok && json_object_set_new(summary, "kinds", kinds) == 0;
}

/* ---- columns over the images ------------------------------------------------------------------------------------ */

static bool add_images(const vx_report *report, json_t *summary) {
  static const char *const keys[] = {"ids",     "position", "main",    "label", "probability",
                                     "correct", "size",     "dispute", "shown"};
  enum { KEYS = sizeof keys / sizeof *keys };
  json_t *images = json_object(), *columns[KEYS];
  bool ok = json_object_set_new(summary, "images", images) == 0;
  for (int k = 0; ok && k < KEYS; k++) ok = json_object_set_new(images, keys[k], columns[k] = json_array()) == 0;
  for (int i = 0; ok && i < report->images.count; i++) {
    const vx_image_row *row = &report->images.rows[i];
    const vx_image_sum *sum = &report->sums[i];
    json_t *values[KEYS] = {
        vx_embed_text(row->image_id), json_integer(row->position),          json_integer(row->main_class),
        json_integer(row->label),     vx_embed_number(row->probability, 6), json_integer(row->correct),
        vx_embed_text(row->size),     vx_embed_number(sum->dispute, 5),     json_integer(sum->shown)};
    for (int k = 0; k < KEYS; k++) ok = json_array_append_new(columns[k], values[k]) == 0 && ok;
  }
  return ok;
}

/* Shares in thousandths, [method][image x 4], null where there is none; the area's alike. */
static bool add_shares(vx_report *report, json_t *summary) {
  size_t width = (size_t)report->images.count * VX_REPORT_SHARES;
  json_t *shares = json_array(), *area = json_array();
  bool ok = json_object_set_new(summary, "shares", shares) == 0 && json_object_set_new(summary, "area", area) == 0;
  for (int m = 0; ok && m < report->method_count; m++) {
    json_t *list = json_array();
    for (size_t i = 0; i < width; i++)
      vx_report_push(report, list, vx_embed_number(round(1000 * (double)report->shares[(size_t)m * width + i]), 4));
    ok = json_array_append_new(shares, list) == 0;
  }
  for (int i = 0; ok && i < report->images.count; i++)
    for (int r = 0; r < VX_REPORT_SHARES; r++)
      vx_report_push(report, area, vx_embed_number(round(1000 * report->sums[i].area[r]), 4));
  return ok;
}

static bool add_columns(vx_report *report, json_t *summary, const char *key, const char *metric, vx_error *error) {
  int images = report->images.count;
  double *values = VX_TAKE(report->arena, images + 1, double);
  json_t *all = json_array();
  if (!values || json_object_set_new(summary, key, all) != 0) return vx_fail(error, "report", "out of memory");
  for (int m = 0; m < report->method_count; m++) {
    json_t *list = json_array();
    if (!vx_query_values(report->store, report->scoring.id, report->methods[m].id, &report->images, metric, values,
                         error)) {
      json_decref(list);
      return false;
    }
    for (int i = 0; i < images; i++) vx_report_push(report, list, vx_embed_number(values[i], 4));
    vx_report_push(report, all, list);
  }
  return true;
}

/* Which images a method's map is flat for. */
static bool add_flat(vx_report *report, json_t *summary, vx_error *error) {
  vx_score_columns c;
  json_t *all = json_array();
  if (json_object_set_new(summary, "flat", all) != 0 ||
      !vx_score_columns_take(&c, report->images.count, report->arena)) {
    return vx_fail(error, "report", "out of memory");
  }
  for (int m = 0; m < report->method_count; m++) {
    json_t *list = json_array();
    if (!vx_query_evaluations(report->store, report->scoring.id, report->methods[m].id, &report->images, &c, error)) {
      json_decref(list);
      return false;
    }
    for (int i = 0; i < report->images.count; i++)
      if (c.flat[i]) vx_report_push(report, list, json_integer(i));
    vx_report_push(report, all, list);
  }
  return true;
}

/* ---- others' numbers, and what went wrong ----------------------------------------------------------------------- */

static bool add_published(vx_report *report, json_t *summary, vx_error *error) {
  const char *id = report->options->compare_with ? report->options->compare_with : report->run.compare_with;
  vx_published published;
  const vx_published_row *rows[PUBLISHED_MAX];
  json_t *list = json_array();
  if (json_object_set_new(summary, "published", list) != 0) return vx_fail(error, "report", "out of memory");
  if (!*id || strcmp(id, "none") == 0) return true;
  if (!vx_published_read(report->options->published, report->arena, &published, error)) return false;
  int count = vx_published_find(&published, id, rows, PUBLISHED_MAX, error);
  if (!count) return false;
  for (int i = 0; i < count; i++) {
    const vx_published_row *r = rows[i];
    json_t *row = json_pack("{s:i, s:I}", "images", r->images, "index_sum", (json_int_t)r->index_sum);
    json_t *scores = json_object();
    for (int k = 0; k < r->score_count; k++)
      vx_report_put(report, scores, r->scores[k].metric, vx_embed_number(r->scores[k].value, 9));
    bool ok = row && put_text(row, "id", r->id) && put_text(row, "label", r->label) &&
              put_text(row, "method", r->method) && put_text(row, "title", r->title) &&
              put_text(row, "source", r->source) && json_object_set_new(row, "scores", scores) == 0 &&
              json_array_append_new(list, row) == 0;
    if (!ok) return vx_fail(error, "report", "out of memory");
  }
  return true;
}

static bool add_failures(vx_report *report, json_t *summary, vx_error *error) {
  vx_failure_row *rows;
  int count;
  int64_t all;
  if (!vx_query_failures(report->store, report->run.id, FAILURES_SHOWN, report->arena, &rows, &count, &all, error)) {
    return false;
  }
  json_t *list = json_array();
  bool ok = json_object_set_new(summary, "failures", list) == 0 && put_number(summary, "failure_count", (double)all);
  for (int i = 0; ok && i < count; i++) {
    const vx_failure_row *f = &rows[i];
    json_t *row = json_object();
    ok = row && put_text(row, "image", f->image_id) && put_text(row, "method", f->method) &&
         put_text(row, "severity", vx_severity_name(f->failure.severity)) && put_text(row, "stage", f->failure.stage) &&
         put_text(row, "place", f->failure.where) && put_text(row, "reason", f->failure.why) &&
         json_array_append_new(list, row) == 0;
  }
  return ok || vx_fail(error, "report", "out of memory");
}

json_t *vx_report_summary(vx_report *report, vx_error *error) {
  json_t *summary = json_object();
  bool ok = summary && add_run(report, summary) && add_heading(report, summary) && add_names(report, summary) &&
            add_methods(report, summary) && add_colours(report, summary) && add_images(report, summary) &&
            add_shares(report, summary) && put_text(summary, "note", report->made->note);
  if (!ok) {
    vx_fail(error, "report", "out of memory");
    json_decref(summary);
    return NULL;
  }
  ok = add_passes(report, summary, error) && add_counts(report, summary, error) &&
       add_columns(report, summary, "milliseconds", "milliseconds", error) && add_flat(report, summary, error) &&
       add_published(report, summary, error) && add_failures(report, summary, error) &&
       vx_report_add_tables(report, summary, error) && vx_report_add_curves(report, summary, error);
  if (ok) return summary;
  json_decref(summary);
  return NULL;
}
