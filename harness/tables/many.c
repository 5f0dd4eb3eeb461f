#include "harness/tables/many.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "harness/config/config.h"
#include "harness/store/choose.h"
#include "harness/tables/heading.h"
#include "harness/tables/scores.h"
#include "metrics/measure.h"

static bool out_of_memory(const vx_many_run *run, vx_error *error) {
  return vx_fail(error, vx_store_path(run->store), "out of memory");
}

/* A formatted text in the arena; NULL when memory is out. */
static const char *say(vx_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

static const char *say(vx_arena *arena, const char *format, ...) {
  va_list arguments;
  char *text = NULL;
  va_start(arguments, format);
  int length = vasprintf(&text, format, arguments);
  va_end(arguments);
  if (length < 0) return NULL;
  const char *kept = vx_arena_text(arena, text);
  free(text);
  return kept;
}

/* ---- what tells them apart --------------------------------------------------------------------------------------- */

enum { KEYS = 128 };

typedef struct key_value {
  const char *key, *value;
} key_value;

typedef struct keys {
  vx_arena *arena;
  key_value list[KEYS];
  int count;
  bool full; /* memory is out */
} keys;

static void add_key(void *user, const char *key, const char *value) {
  keys *k = user;
  if (k->count == KEYS) return;
  key_value *to = &k->list[k->count++];
  *to = (key_value){vx_arena_text(k->arena, key), vx_arena_text(k->arena, value)};
  k->full = k->full || !to->key || !to->value;
}

static const char *last_part(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash && slash[1] ? slash + 1 : path;
}

static bool read_keys(const vx_many_run *run, keys *k, vx_error *error) {
  vx_run_row row;
  if (!vx_query_run(run->store, run->run, k->arena, &row, error)) return false;
  add_key(k, "model", last_part(row.model));
  add_key(k, "data", row.data);
  add_key(k, "classes", row.class_map);
  return vx_config_each(row.config, row.name, add_key, k, error) && (!k->full || out_of_memory(run, error));
}

static const char *value_of(const keys *k, const char *key) {
  for (int i = 0; i < k->count; i++)
    if (strcmp(k->list[i].key, key) == 0) return k->list[i].value;
  return "default";
}

static bool differs(const keys *all, int count, const char *key) {
  for (int i = 1; i < count; i++)
    if (strcmp(value_of(&all[i], key), value_of(&all[0], key)) != 0) return true;
  return false;
}

static bool seen_before(const keys *all, int run, const char *key) {
  for (int i = 0; i < run; i++)
    for (int k = 0; k < all[i].count; k++)
      if (strcmp(all[i].list[k].key, key) == 0) return true;
  return false;
}

/* Every label gets what differs of this key. */
static bool add_differing(const keys *all, int count, const char *key, vx_arena *arena, const char **labels) {
  bool good = true;
  for (int i = 0; good && i < count; i++)
    good = (labels[i] = say(arena, "%s%s%s=%s", labels[i], *labels[i] ? ", " : "", key, value_of(&all[i], key)));
  return good;
}

static bool is_told(const char **labels, int count, int run) {
  for (int i = 0; i < count; i++)
    if (i != run && strcmp(labels[i], labels[run]) == 0) return false;
  return *labels[run] != '\0';
}

static bool name_files(const vx_many_run *runs, int count, vx_arena *arena, const char **labels) {
  const char **named = VX_TAKE(arena, count, const char *);
  bool good = named != NULL;
  for (int i = 0; good && i < count; i++) {
    const char *file = last_part(vx_store_path(runs[i].store));
    named[i] = labels[i];
    if (is_told(labels, count, i)) continue;
    named[i] = runs[i].run ? say(arena, "%s%s%s:%" PRId64, labels[i], *labels[i] ? ", " : "", file, runs[i].run)
                           : say(arena, "%s%s%s", labels[i], *labels[i] ? ", " : "", file);
    good = named[i] != NULL;
  }
  for (int i = 0; good && i < count; i++) labels[i] = named[i];
  return good;
}

bool vx_many_labels(const vx_many_run *runs, int count, vx_arena *arena, const char **labels, vx_error *error) {
  keys *all = VX_TAKE(arena, count, keys);
  if (!all) return out_of_memory(runs, error);
  for (int i = 0; i < count; i++) {
    labels[i] = "";
    all[i].arena = arena;
    all[i].count = 0;
    if (!read_keys(&runs[i], &all[i], error)) return false;
  }
  bool good = true;
  for (int i = 0; good && i < count; i++)
    for (int k = 0; good && k < all[i].count; k++) {
      const char *key = all[i].list[k].key;
      if (!seen_before(all, i, key) && differs(all, count, key)) good = add_differing(all, count, key, arena, labels);
    }
  return (good && name_files(runs, count, arena, labels)) || out_of_memory(runs, error);
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

enum { METHOD, FAMILY, FIRST, VALUE = 0, LOW, HIGH, N, EACH };

/* One run's numbers. */
typedef struct column {
  vx_run_row run;
  vx_scoring_row scoring;
  vx_method_row *methods;
  int method_count;
  vx_image_set images;
  vx_heading heading;
  vx_score_row *rows; /* [method_count] */
} column;

/* The place of the number among a row's own, or -1: it is a further one. */
static int own_measure(const char *metric) {
  return vx_choice_find("iou|f1|pixel_accuracy", metric);
}

static bool read_column(const vx_many_run *run, const vx_table_options *o, const char *const *metric, column *c,
                        vx_arena *arena, vx_error *error) {
  vx_score_request request = {.run = &c->run,
                              .scoring = &c->scoring,
                              .images = &c->images,
                              .whole = isnan(o->min_confidence),
                              .resamples = o->resamples,
                              .seed = o->seed,
                              .more = metric,
                              .more_count = own_measure(*metric) < 0};
  if (!vx_query_run(run->store, run->run, arena, &c->run, error) ||
      !vx_query_scoring(run->store, c->run.id, o->scoring, arena, &c->scoring, error) ||
      !vx_query_check_metric(run->store, c->scoring.id, *metric, error) ||
      !vx_query_methods(run->store, c->run.id, arena, &c->methods, &c->method_count, error) ||
      !vx_query_images(run->store, &c->run, o->min_confidence, arena, &c->images, error) ||
      !vx_aggregate_parse(o->aggregate ? o->aggregate : c->scoring.aggregate, &request.aggregate, error) ||
      !vx_heading_read(run->store, &c->run, &c->scoring, &c->images, o->min_confidence, arena, &c->heading, error))
    return false;
  request.methods = c->methods;
  request.method_count = c->method_count;
  return vx_scores_summarise(run->store, &request, arena, &c->rows, error);
}

static void put_value(vx_sheet *sheet, int at, const vx_score_row *row, int own, double scale) {
  const vx_score_value *v = own < 0 ? &row->more[0] : &row->of[own];
  vx_sheet_real(sheet, at + VALUE, scale * v->estimate);
  vx_sheet_real(sheet, at + LOW, scale * v->low);
  vx_sheet_real(sheet, at + HIGH, scale * v->high);
  vx_sheet_int(sheet, at + N, row->n);
}

/* Methods in the order of the first run that has each. */
static void put_rows(const column *columns, int count, int own, double scale, vx_sheet *sheet) {
  for (int c = 0; c < count; c++) {
    for (int m = 0; m < columns[c].method_count; m++) {
      const vx_method_row *method = &columns[c].methods[m];
      bool before = false;
      for (int k = 0; k < c; k++)
        before = before || vx_method_row_find(columns[k].methods, columns[k].method_count, method->name);
      if (before) continue;
      vx_sheet_row(sheet);
      vx_sheet_text(sheet, METHOD, "%s", method->name);
      if (method->trivial) vx_sheet_show(sheet, METHOD, "%s *", method->name);
      vx_sheet_text(sheet, FAMILY, "%s", method->family);
      for (int k = c; k < count; k++) {
        const vx_method_row *its = vx_method_row_find(columns[k].methods, columns[k].method_count, method->name);
        if (its) put_value(sheet, FIRST + EACH * k, &columns[k].rows[its - columns[k].methods], own, scale);
      }
    }
  }
}

static vx_sheet *make_sheet(int count, const char *const *labels, const char *metric, vx_arena *arena) {
  static const char *const ends[EACH] = {"", "_low", "_high", "_n"};
  vx_sheet_column *all = VX_TAKE(arena, FIRST + EACH * count, vx_sheet_column);
  if (!all) return NULL;
  all[METHOD] = (vx_sheet_column){"method", "method", 0, true};
  all[FAMILY] = (vx_sheet_column){"family", "family", 0, true};
  for (int i = 0; i < EACH * count; i++) {
    int part = i % EACH;
    const char *key = say(arena, "%s%s: %s", metric, ends[part], labels[i / EACH]);
    if (!key) return NULL;
    all[FIRST + i] = (vx_sheet_column){key, part == VALUE ? labels[i / EACH] : NULL, part == N ? 0 : 2, false};
  }
  return vx_sheet_new(all, FIRST + EACH * count);
}

static void put_notes(const column *columns, int count, const vx_table_options *o, vx_sheet *sheet) {
  bool trivial = false;
  for (int c = 0; c < count; c++)
    for (int m = 0; m < columns[c].method_count; m++) trivial = trivial || columns[c].methods[m].trivial;
  if (o->resamples > 0)
    vx_sheet_note(sheet,
                  "CSV and JSON have the 95 %% intervals: bootstrap over images, %d resamples, seed %" PRIu64 ".",
                  o->resamples, o->seed);
  vx_sheet_note(sheet, "Each over the images of its own run: `vitx compare` pairs those that runs have in common.");
  if (trivial) vx_sheet_note(sheet, "* never looks at the model.");
}

vx_sheet *vx_many_table(const vx_many_run *runs, int count, const vx_table_options *options, vx_arena *arena,
                        vx_error *error) {
  const char *metric = options->metrics ? options->metrics : "iou", **labels = VX_TAKE(arena, count, const char *);
  column *columns = VX_TAKE(arena, count, column);
  int at, own = own_measure(metric);
  const vx_measure *measure = vx_measure_with_column(metric, &at);
  double scale = measure && measure->columns[at].percent ? 100 : 1;
  bool good = (labels && columns) || out_of_memory(runs, error);
  good = good && vx_many_labels(runs, count, arena, labels, error);
  for (int i = 0; good && i < count; i++) good = read_column(&runs[i], options, &metric, &columns[i], arena, error);
  vx_sheet *sheet = good ? make_sheet(count, labels, metric, arena) : NULL;
  if (good && !sheet) out_of_memory(runs, error);
  if (!sheet) return NULL;
  vx_sheet_title(sheet, "%s%s: %d runs", measure ? measure->columns[at].title : metric,
                 scale == 100 ? ", in percent" : "", count);
  for (int i = 0; i < count; i++) {
    const char *line = say(arena, "%s; %s", columns[i].heading.title, columns[i].heading.line[5].text);
    if (line) vx_sheet_line(sheet, labels[i], line);
  }
  put_rows(columns, count, own, scale, sheet);
  put_notes(columns, count, options, sheet);
  return sheet;
}
