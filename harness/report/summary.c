/* What a report knows of its run: everything but pictures and scores. */
#include <math.h>
#include <string.h>

#include "harness/draw/colour.h"
#include "harness/report/parts.h"
#include "harness/run/cost.h"

enum { FAILURES_SHOWN = 500, PUBLISHED_MAX = 64 };

static void put_text(vx_report *report, json_t *into, const char *key, const char *text) {
  vx_report_put(report, into, key, vx_embed_text(text ? text : ""));
}

static void put_texts(vx_report *report, json_t *into, const char *const texts[][2], size_t count) {
  for (size_t i = 0; i < count; i++) put_text(report, into, texts[i][0], texts[i][1]);
}

static void put_number(vx_report *report, json_t *into, const char *key, double value) {
  vx_report_put(report, into, key, vx_embed_number(value, 9));
}

static void add_run(vx_report *report, json_t *summary) {
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
  const vx_report_options *o = report->options;
  const struct {
    const char *key;
    double value;
  } numbers[] = {{"id", (double)r->id},
                 {"min_confidence", isnan(o->min_confidence) ? r->min_confidence : o->min_confidence},
                 {"seed", (double)r->seed},
                 {"side", r->input_side},
                 {"grid", r->grid},
                 {"resamples", o->resamples},
                 {"resample_seed", (double)o->seed}};
  json_t *run = vx_report_put_object(report, summary, "run");
  put_texts(report, run, texts, sizeof texts / sizeof *texts);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    put_number(report, run, numbers[i].key, numbers[i].value);
}

/* What the run's tables have at their head: [what it is about, what was understood]. */
static void add_heading(vx_report *report, json_t *summary) {
  json_t *list = vx_report_put_list(report, summary, "heading");
  for (int i = 0; i < VX_HEADING_LINES; i++) {
    const vx_heading_line *line = &report->heading.line[i];
    vx_report_push(report, list, json_pack("[o, o]", vx_embed_text(line->about), vx_embed_text(line->text)));
  }
}

static bool add_counts(vx_report *report, json_t *summary, vx_error *error) {
  vx_store_counts c;
  int64_t index_sum = 0;
  if (!vx_store_count(report->store, report->run.id, &c, error)) return false;
  for (int i = 0; i < report->images.count; i++) index_sum += report->images.rows[i].position;
  vx_report_put(report, summary, "counts",
                json_pack("{s:i, s:i, s:i, s:I, s:i, s:i}", "images", c.images, "done", c.done, "passed",
                          report->images.count, "index_sum", (json_int_t)index_sum, "failed", c.failed, "warnings",
                          c.warnings));
  return true;
}

static void add_names(vx_report *report, json_t *summary) {
  json_t *classes = vx_report_put_object(report, summary, "classes");
  json_t *labels = vx_report_put_object(report, summary, "labels");
  char key[16];
  for (int i = 0; i < report->class_count; i++) {
    snprintf(key, sizeof key, "%d", report->classes[i].index);
    put_text(report, classes, key, report->classes[i].name);
  }
  for (int i = 0; i < report->label_count; i++) {
    snprintf(key, sizeof key, "%d", report->labels[i].label);
    vx_report_put(report, labels, key,
                  json_pack("[o, i]", vx_embed_text(report->labels[i].name), report->labels[i].data_class));
  }
}

static void add_methods(vx_report *report, json_t *summary) {
  json_t *list = vx_report_put_list(report, summary, "methods");
  for (int i = 0; i < report->method_count; i++) {
    const vx_method_row *m = &report->methods[i];
    const char *const texts[][2] = {{"name", m->name},     {"explainer", m->explainer}, {"title", m->title},
                                    {"family", m->family}, {"source", m->source},       {"parameters", m->parameters},
                                    {"parts", m->parts}};
    json_t *method = json_pack("{s:b, s:b, s:b, s:b}", "class_specific", m->class_specific, "trivial", m->trivial,
                               "is_mask", m->is_mask, "pixel_map", m->pixel_map);
    put_texts(report, method, texts, sizeof texts / sizeof *texts);
    vx_report_push(report, list, method);
  }
}

/* Passes of each method if it stood alone, in forward passes; null, with a note, where the run's configuration is not
   of today's. */
static void add_passes(vx_report *report, json_t *summary) {
  vx_error reason = {.where = "", .why = ""};
  vx_config *config = vx_origin_config(&report->run, NULL, 0, &reason);
  if (!config && !*report->made->note)
    snprintf(report->made->note, sizeof report->made->note, "no passes of methods: %s: %s", reason.where, reason.why);
  json_t *list = vx_report_put_list(report, summary, "passes");
  for (int i = 0; i < report->method_count; i++) {
    int at = config ? vx_config_find_method(config, report->methods[i].name) : -1;
    double cost = at < 0 ? NAN : vx_cost_of_method(config, &config->methods[at], &vx_cost_shape);
    vx_report_push(report, list, vx_embed_number(cost, 4));
  }
  vx_config_free(config);
}

/* Colour tables as bytes R, G, B of 256 steps. */
static void add_colours(vx_report *report, json_t *summary) {
  json_t *tables = vx_report_put_object(report, summary, "colours");
  const vx_colours *colours;
  for (int i = 0; (colours = vx_colours_at(i)) != NULL; i++) {
    if (colours->signed_values) continue;
    uint8_t bytes[768];
    for (int k = 0; k < 768; k++) bytes[k] = (uint8_t)(colours->rgb[k / 3] >> (16 - 8 * (k % 3)) & 255);
    vx_report_put(report, tables, colours->id, vx_embed_bytes(bytes, sizeof bytes));
  }
  json_t *kinds = vx_report_put_list(report, summary, "kinds");
  for (int i = 0; i < 7; i++) {
    char hex[16];
    snprintf(hex, sizeof hex, "#%06x", (unsigned)(vx_colour_kind(i) & 0xFFFFFF));
    vx_report_push(report, kinds, json_string(hex));
  }
}

/* ---- columns over the images ------------------------------------------------------------------------------------ */

static void add_images(vx_report *report, json_t *summary) {
  static const char *const keys[] = {"ids",     "position", "main",    "label", "probability",
                                     "correct", "size",     "dispute", "shown"};
  enum { KEYS = sizeof keys / sizeof *keys };
  json_t *images = vx_report_put_object(report, summary, "images"), *columns[KEYS];
  for (int k = 0; k < KEYS; k++) columns[k] = vx_report_put_list(report, images, keys[k]);
  for (int i = 0; i < report->images.count; i++) {
    const vx_image_row *row = &report->images.rows[i];
    const vx_image_sum *sum = &report->sums[i];
    json_t *values[KEYS] = {
        vx_embed_text(row->image_id), json_integer(row->position),          json_integer(row->main_class),
        json_integer(row->label),     vx_embed_number(row->probability, 6), json_integer(row->correct),
        vx_embed_text(row->size),     vx_embed_number(sum->dispute, 5),     json_integer(sum->shown)};
    for (int k = 0; k < KEYS; k++) vx_report_push(report, columns[k], values[k]);
  }
}

/* Shares in thousandths, [method][image x 4], null where there is none; the area's alike. */
static void add_shares(vx_report *report, json_t *summary) {
  size_t width = (size_t)report->images.count * VX_REPORT_SHARES;
  json_t *shares = vx_report_put_list(report, summary, "shares"), *area = vx_report_put_list(report, summary, "area");
  for (int m = 0; m < report->method_count; m++) {
    json_t *list = json_array();
    for (size_t i = 0; i < width; i++)
      vx_report_push(report, list, vx_embed_number(round(1000 * (double)report->shares[(size_t)m * width + i]), 4));
    vx_report_push(report, shares, list);
  }
  for (int i = 0; i < report->images.count; i++)
    for (int r = 0; r < VX_REPORT_SHARES; r++)
      vx_report_push(report, area, vx_embed_number(round(1000 * report->sums[i].area[r]), 4));
}

static bool add_milliseconds(vx_report *report, json_t *summary, vx_error *error) {
  int images = report->images.count;
  double *values = VX_TAKE(report->arena, images + 1, double);
  json_t *all = vx_report_put_list(report, summary, "milliseconds");
  if (!values) return vx_fail(error, "report", "out of memory");
  for (int m = 0; m < report->method_count; m++) {
    if (!vx_query_values(report->store, report->scoring.id, report->methods[m].id, &report->images, "milliseconds",
                         values, error))
      return false;
    json_t *list = json_array();
    for (int i = 0; i < images; i++) vx_report_push(report, list, vx_embed_number(values[i], 4));
    vx_report_push(report, all, list);
  }
  return true;
}

/* Which images a method's map is flat for. */
static bool add_flat(vx_report *report, json_t *summary, vx_error *error) {
  vx_score_columns c;
  json_t *all = vx_report_put_list(report, summary, "flat");
  if (!vx_score_columns_take(&c, report->images.count, report->arena)) return vx_fail(error, "report", "out of memory");
  for (int m = 0; m < report->method_count; m++) {
    if (!vx_query_evaluations(report->store, report->scoring.id, report->methods[m].id, &report->images, &c, error))
      return false;
    json_t *list = json_array();
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
  json_t *list = vx_report_put_list(report, summary, "published");
  if (!*id || strcmp(id, "none") == 0) return true;
  if (!vx_published_read(report->options->published, report->arena, &published, error)) return false;
  int count = vx_published_find(&published, id, rows, PUBLISHED_MAX, error);
  if (!count) return false;
  for (int i = 0; i < count; i++) {
    const vx_published_row *r = rows[i];
    const char *const texts[][2] = {
        {"id", r->id}, {"label", r->label}, {"method", r->method}, {"title", r->title}, {"source", r->source}};
    json_t *row = json_pack("{s:i, s:I}", "images", r->images, "index_sum", (json_int_t)r->index_sum);
    put_texts(report, row, texts, sizeof texts / sizeof *texts);
    json_t *scores = vx_report_put_object(report, row, "scores");
    for (int k = 0; k < r->score_count; k++) put_number(report, scores, r->scores[k].metric, r->scores[k].value);
    vx_report_push(report, list, row);
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
  json_t *list = vx_report_put_list(report, summary, "failures");
  put_number(report, summary, "failure_count", (double)all);
  for (int i = 0; i < count; i++) {
    const vx_failure_row *f = &rows[i];
    const char *const texts[][2] = {
        {"image", f->image_id},      {"method", f->method},       {"severity", vx_severity_name(f->failure.severity)},
        {"stage", f->failure.stage}, {"place", f->failure.where}, {"reason", f->failure.why}};
    json_t *row = json_object();
    put_texts(report, row, texts, sizeof texts / sizeof *texts);
    vx_report_push(report, list, row);
  }
  return true;
}

bool vx_report_write_summary(vx_report *report, vx_error *error) {
  json_t *summary = json_object();
  add_run(report, summary);
  add_heading(report, summary);
  add_names(report, summary);
  add_methods(report, summary);
  add_colours(report, summary);
  add_images(report, summary);
  add_shares(report, summary);
  put_text(report, summary, "note", report->made->note);
  add_passes(report, summary);
  vx_report_add_curves(report, summary);
  if (add_counts(report, summary, error) && add_milliseconds(report, summary, error) &&
      add_flat(report, summary, error) && add_published(report, summary, error) &&
      add_failures(report, summary, error) && vx_report_add_tables(report, summary, error))
    return vx_report_embed(report, "summary", summary, error);
  json_decref(summary);
  return false;
}
