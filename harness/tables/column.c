#include "harness/tables/column.h"

#include <string.h>

#include "base/nearest.h"
#include "base/text.h"

/* What the registry says of column `k` of a measure (NULL: nothing). */
static vx_column describe(const char *name, const vx_measure *measure, int k) {
  vx_column c = {.name = name, .title = name, .meaning = "", .of = "", .parameters = "", .scale = 1, .higher = true};
  if (!measure) return c;
  c.measure = measure;
  c.about = &measure->columns[k];
  if (strcmp(name, c.about->name) == 0) c.title = c.about->title;
  c.meaning = c.about->meaning;
  c.scale = c.about->percent ? 100 : 1;
  c.higher = c.about->higher_is_better;
  return c;
}

static bool is_among(const char *name, const char **names, int count) {
  for (int i = 0; i < count; i++)
    if (strcmp(names[i], name) == 0) return true;
  return false;
}

static bool has(const vx_column *columns, int count, const char *name) {
  for (int i = 0; i < count; i++)
    if (strcmp(columns[i].name, name) == 0) return true;
  return false;
}

/* A measure's columns that have numbers. */
static bool add_measure(const vx_metric_row *row, const char **there, int there_count, vx_arena *arena,
                        vx_column *columns, int *count) {
  const char **names;
  int name_count;
  if (!*row->columns) return true;
  if (!vx_split(arena, row->columns, ',', &names, &name_count)) return false;
  const vx_measure *measure = vx_measure_find(row->measure);
  for (int k = 0; k < name_count; k++) {
    if (!is_among(names[k], there, there_count) || has(columns, *count, names[k])) continue;
    vx_column c = describe(names[k], measure && k < measure->column_count ? measure : NULL, k);
    c.of = row->name;
    c.parameters = row->parameters;
    columns[(*count)++] = c;
  }
  return true;
}

bool vx_columns_read(vx_store *store, int64_t run, int64_t scoring, vx_arena *arena, vx_column **columns, int *count,
                     vx_error *error) {
  const char **there;
  int there_count, row_count;
  vx_metric_row *rows;
  if (!vx_query_metrics(store, scoring, arena, &there, &there_count, error) ||
      !vx_query_run_metrics(store, run, arena, &rows, &row_count, error))
    return false;
  *columns = VX_TAKE(arena, VX_COLUMNS_OWN + there_count + 1, vx_column);
  if (!*columns) return vx_fail(error, vx_store_path(store), "out of memory");
  for (int k = 0; k < VX_COLUMNS_OWN; k++) {
    (*columns)[k] = describe(vx_measure_overlap.columns[k].name, &vx_measure_overlap, k);
    (*columns)[k].of = vx_measure_overlap.id;
  }
  *count = VX_COLUMNS_OWN;
  for (int i = 0; i < row_count; i++)
    if (!add_measure(&rows[i], there, there_count, arena, *columns, count))
      return vx_fail(error, vx_store_path(store), "out of memory");
  return true;
}

bool vx_column_is_faithful(const vx_column *column) {
  return column->measure && (column->measure->kind == VX_MAP_AND_MODEL || column->measure->kind == VX_METHOD_AND_MODEL);
}

bool vx_columns_choose(const vx_column *columns, int count, const char *list, const char *where, vx_arena *arena,
                       bool *chosen, vx_error *error) {
  const char **words;
  int word_count;
  if (!vx_split(arena, list, ',', &words, &word_count)) return vx_fail(error, where, "out of memory");
  for (int i = 0; i < count; i++) chosen[i] = false;
  for (int w = 0; w < word_count; w++) {
    bool found = false, all = strcmp(words[w], "all") == 0;
    for (int i = 0; i < count; i++) {
      if (!all && strcmp(columns[i].name, words[w]) != 0 && strcmp(columns[i].of, words[w]) != 0) continue;
      chosen[i] = found = true;
    }
    if (found) continue;
    const char **names = VX_TAKE(arena, count + 1, const char *);
    if (!names) return vx_fail(error, where, "out of memory");
    for (int i = 0; i < count; i++) names[i] = columns[i].name;
    return vx_fail(error, where, "the run has no numbers of '%.60s'%s", words[w],
                   vx_meant(words[w], VX_WORD_ARRAY(names, count), "`vitx measure` adds a measure").text);
  }
  return true;
}

/* The value of a parameter in "name=value name=value", with its length; NULL: none. */
static const char *value_of(const char *parameters, const char *name, size_t *length) {
  size_t size = strlen(name);
  for (const char *at = parameters; *at; at += strspn(at, " ")) {
    size_t word = strcspn(at, " ");
    if (word > size && strncmp(at, name, size) == 0 && at[size] == '=') {
      *length = word - size - 1;
      return at + size + 1;
    }
    at += word;
  }
  return NULL;
}

bool vx_column_is_with(const vx_column *column, const char *parameter, const char *value) {
  size_t length;
  const char *own = value_of(column->parameters, parameter, &length);
  return own && length == strlen(value) && strncmp(own, value, length) == 0;
}

bool vx_column_has_ceiling(const vx_column *column, const vx_method_row *method) {
  if (!column->measure || strcmp(column->measure->id, "single-deletion") != 0) return false;
  size_t own = 0, other = 0;
  const char *a = value_of(column->parameters, "remove", &own), *b = value_of(method->parameters, "remove", &other);
  return strcmp(method->explainer, "occlusion") == 0 && a && b && own == other && strncmp(a, b, own) == 0 &&
         vx_column_is_with(column, "cells", "1");
}
