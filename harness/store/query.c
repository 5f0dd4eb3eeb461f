#include "harness/store/query.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/store/list.h"

const char *vx_query_text(vx_arena *arena, sqlite3_stmt *row, int column) {
  return vx_arena_text(arena, vx_sql_text(row, column));
}

bool vx_query_texts(vx_arena *arena, sqlite3_stmt *row, int first, const char **const *into, int count) {
  for (int i = 0; i < count; i++) {
    if (!(*into[i] = vx_query_text(arena, row, first + i))) return false;
  }
  return true;
}

bool vx_take_text(vx_arena *arena, sqlite3_stmt *row, void *element) {
  return (*(const char **)element = vx_query_text(arena, row, 0)) != NULL;
}

bool vx_take_id(vx_arena *arena, sqlite3_stmt *row, void *element) {
  (void)arena;
  *(int64_t *)element = sqlite3_column_int64(row, 0);
  return true;
}

bool vx_query_list(vx_store *store, const char *sql, int64_t first, int64_t second, vx_arena *arena, vx_take_row *take,
                   size_t size, void *list, int *count, vx_error *error) {
  sqlite3_stmt *read = vx_sql_prepare(store, error, sql, "");
  sqlite3_bind_int64(read, 1, first);
  sqlite3_bind_int64(read, 2, second);
  int room = 0, row;
  char *none = NULL;
  memcpy(list, &none, sizeof none);
  *count = 0;
  while ((row = vx_sql_row(store, read, error)) > 0) {
    void *element = vx_arena_add(arena, list, count, &room, size);
    if (!element || !take(arena, read, element)) break;
  }
  sqlite3_finalize(read);
  if (row > 0) vx_fail(error, vx_store_path(store), "out of memory");
  return row == 0;
}

static bool take_run(vx_arena *arena, sqlite3_stmt *row, void *element) {
  vx_run_row *r = element;
  const char **const texts[] = {
      &r->name,     &r->digest, &r->config, &r->model,     &r->model_digest, &r->data,         &r->data_digest,
      &r->input,    &r->target, &r->output, &r->precision, &r->class_map,    &r->compare_with, &r->program,
      &r->openblas, &r->kernel, &r->host,   &r->started,   &r->finished,     &r->protocol,     &r->protocol_digest};
  int count = (int)(sizeof texts / sizeof *texts);
  r->id = sqlite3_column_int64(row, 0);
  r->min_confidence = sqlite3_column_double(row, count + 1);
  r->seed = (uint64_t)sqlite3_column_int64(row, count + 2);
  r->input_side = sqlite3_column_int(row, count + 3);
  r->grid = sqlite3_column_int(row, count + 4);
  r->image_count = sqlite3_column_int(row, count + 5);
  return vx_query_texts(arena, row, 1, texts, count);
}

#define RUN_COLUMNS                                                                                                    \
  "id, name, digest, config, model, model_digest, data, data_digest, input, target, output, precision,"                \
  " class_map, compare_with, program, openblas, kernel, host, started, finished, protocol, protocol_digest, "          \
  "min_confidence, seed, input_side,"                                                                                  \
  " grid_side, image_count FROM runs"

bool vx_query_runs(vx_store *store, vx_arena *arena, vx_run_row **rows, int *count, vx_error *error) {
  return vx_query_list(store, "SELECT " RUN_COLUMNS " ORDER BY id", 0, 0, arena, take_run, sizeof **rows, rows, count,
                       error);
}

bool vx_query_run(vx_store *store, int64_t id, vx_arena *arena, vx_run_row *row, vx_error *error) {
  vx_run_row *list;
  int count;
  const char *newest = "SELECT " RUN_COLUMNS " ORDER BY id DESC LIMIT 1", *one = "SELECT " RUN_COLUMNS " WHERE id = ?";
  if (!vx_query_list(store, id ? one : newest, id, 0, arena, take_run, sizeof *row, &list, &count, error)) return false;
  if (!count && !id) return vx_fail(error, vx_store_path(store), "holds no run");
  if (!count) return vx_fail(error, vx_store_path(store), "has no run %" PRId64 "; `vitx ls runs` lists them", id);
  *row = *list;
  return true;
}

static bool take_scoring(vx_arena *arena, sqlite3_stmt *row, void *element) {
  vx_scoring_row *s = element;
  const char **const texts[] = {&s->name,        &s->size,           &s->threshold, &s->foreground, &s->void_pixels,
                                &s->mask_resize, &s->pixel_accuracy, &s->aggregate, &s->note};
  s->id = sqlite3_column_int64(row, 0);
  return vx_query_texts(arena, row, 1, texts, (int)(sizeof texts / sizeof *texts));
}

bool vx_query_scorings(vx_store *store, int64_t run, vx_arena *arena, vx_scoring_row **rows, int *count,
                       vx_error *error) {
  return vx_query_list(store,
                       "SELECT id, name, size, threshold, foreground, void, mask_resize, pixel_accuracy, aggregate,"
                       " note FROM scorings WHERE run = ? ORDER BY id",
                       run, 0, arena, take_scoring, sizeof **rows, rows, count, error);
}

bool vx_query_scoring(vx_store *store, int64_t run, const char *name, vx_arena *arena, vx_scoring_row *row,
                      vx_error *error) {
  vx_scoring_row *rows;
  int count;
  char known[400] = "";
  if (!name) name = "main";
  if (!vx_query_scorings(store, run, arena, &rows, &count, error)) return false;
  for (int i = 0; i < count; i++) {
    if (strcmp(rows[i].name, name) == 0) {
      *row = rows[i];
      return true;
    }
    size_t used = strlen(known);
    snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", rows[i].name);
  }
  return vx_fail(error, vx_store_path(store), "run %" PRId64 " has no scoring %s; there are: %s", run, name, known);
}

static bool take_method(vx_arena *arena, sqlite3_stmt *row, void *element) {
  vx_method_row *m = element;
  const char **const texts[] = {&m->name,       &m->explainer, &m->title,         &m->family, &m->source,
                                &m->parameters, &m->parts,     &m->imported_from, &m->cite};
  m->id = sqlite3_column_int64(row, 0);
  m->place = sqlite3_column_int(row, 10);
  m->class_specific = sqlite3_column_int(row, 11) != 0;
  m->trivial = sqlite3_column_int(row, 12) != 0;
  m->is_mask = sqlite3_column_int(row, 13) != 0;
  m->pixel_map = sqlite3_column_int(row, 14) != 0;
  return vx_query_texts(arena, row, 1, texts, (int)(sizeof texts / sizeof *texts));
}

bool vx_query_methods(vx_store *store, int64_t run, vx_arena *arena, vx_method_row **rows, int *count,
                      vx_error *error) {
  return vx_query_list(
      store,
      "SELECT id, name, explainer, title, family, source, parameters, parts, imported_from, cite,"
      " place, class_specific, trivial, is_mask, pixel_map FROM run_methods WHERE run = ? ORDER BY place, id",
      run, 0, arena, take_method, sizeof **rows, rows, count, error);
}

static bool take_class(vx_arena *arena, sqlite3_stmt *row, void *element) {
  vx_class_row *c = element;
  c->index = sqlite3_column_int(row, 0);
  return (c->name = vx_query_text(arena, row, 1)) != NULL;
}

bool vx_query_classes(vx_store *store, int64_t run, vx_arena *arena, vx_class_row **rows, int *count, vx_error *error) {
  return vx_query_list(store, "SELECT class, name FROM classes WHERE run = ? ORDER BY class", run, 0, arena, take_class,
                       sizeof **rows, rows, count, error);
}

static bool take_label(vx_arena *arena, sqlite3_stmt *row, void *element) {
  (void)arena;
  *(int *)element = (int)vx_sql_whole(row, 0);
  return true;
}

bool vx_query_label_classes(vx_store *store, int64_t run, vx_arena *arena, const int **classes, int *count,
                            vx_error *error) {
  return vx_query_list(store, "SELECT class FROM labels WHERE run = ? ORDER BY label", run, 0, arena, take_label,
                       sizeof(int), classes, count, error);
}

static bool take_image(vx_arena *arena, sqlite3_stmt *row, void *element) {
  vx_image_row *i = element;
  const char **const texts[] = {&i->image_id, &i->size};
  i->id = sqlite3_column_int64(row, 0);
  i->position = sqlite3_column_int(row, 3);
  i->main_class = sqlite3_column_int(row, 4);
  i->label = sqlite3_column_int(row, 5);
  i->correct = sqlite3_column_type(row, 6) == SQLITE_NULL ? VX_UNKNOWN : sqlite3_column_int(row, 6) ? VX_YES : VX_NO;
  i->probability = sqlite3_column_double(row, 7);
  return vx_query_texts(arena, row, 1, texts, 2);
}

static int ascending(const void *a, const void *b) {
  int64_t x = ((const vx_image_place *)a)->id, y = ((const vx_image_place *)b)->id;
  return (x > y) - (x < y);
}

static bool index_images(vx_image_set *set, vx_arena *arena) {
  set->by_id = VX_TAKE(arena, set->count + 1, vx_image_place);
  if (!set->by_id) return false;
  for (int i = 0; i < set->count; i++) set->by_id[i] = (vx_image_place){set->rows[i].id, i};
  qsort(set->by_id, (size_t)set->count, sizeof *set->by_id, ascending);
  return true;
}

bool vx_query_image_ids(vx_store *store, int64_t run, vx_arena *arena, int64_t **ids, int *count, vx_error *error) {
  return vx_query_list(store, "SELECT id FROM images WHERE run = ? ORDER BY position", run, 0, arena, vx_take_id,
                       sizeof **ids, ids, count, error);
}

bool vx_query_images(vx_store *store, const vx_run_row *run, double min_confidence, vx_arena *arena, vx_image_set *set,
                     vx_error *error) {
  bool own = isnan(min_confidence);
  if (!own && min_confidence < run->min_confidence) {
    return vx_fail(error, vx_store_path(store),
                   "run %" PRId64 " evaluated images above %g only: a gate of %g would need a new run", run->id,
                   run->min_confidence, min_confidence);
  }
  memset(set, 0, sizeof *set);
  if (!vx_query_list(store,
                     "SELECT i.id, i.image_id, i.size, i.position, i.main_class, p.label, p.correct, p.probability"
                     " FROM images i JOIN predictions p ON p.image = i.id AND p.passed = 1 WHERE i.run = ?"
                     " ORDER BY i.position",
                     run->id, 0, arena, take_image, sizeof *set->rows, &set->rows, &set->count, error)) {
    return false;
  }
  int kept = 0;
  for (int i = 0; i < set->count; i++) {
    if (own || set->rows[i].probability > min_confidence) set->rows[kept++] = set->rows[i];
  }
  set->count = kept;
  return index_images(set, arena) || vx_fail(error, vx_store_path(store), "out of memory");
}

/* Place of an image id in the set, -1: not in it. Ids of one run mostly follow one another: looked for first where it
   would be then. */
static int find_image(const vx_image_set *set, int64_t image) {
  uint64_t guess = set->count ? (uint64_t)image - (uint64_t)set->by_id[0].id : 0;
  if (guess < (uint64_t)set->count && set->by_id[guess].id == image) return set->by_id[guess].place;
  vx_image_place key = {.id = image};
  const vx_image_place *found =
      set->count ? bsearch(&key, set->by_id, (size_t)set->count, sizeof key, ascending) : NULL;
  return found ? found->place : -1;
}

bool vx_score_columns_take(vx_score_columns *columns, int count, vx_arena *arena) {
  double **const arrays[] = {&columns->iou, &columns->f1, &columns->pixel_accuracy, &columns->tp, &columns->fp,
                             &columns->fn,  &columns->tn};
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
    if (!(*arrays[i] = VX_TAKE(arena, count + 1, double))) return false;
  }
  return (columns->flat = VX_TAKE(arena, count + 1, bool)) != NULL;
}

static void clear_columns(vx_score_columns *columns, int count) {
  double *const arrays[] = {columns->iou, columns->f1, columns->pixel_accuracy, columns->tp, columns->fp,
                            columns->fn,  columns->tn};
  for (size_t a = 0; a < sizeof arrays / sizeof *arrays; a++) {
    for (int i = 0; i < count; i++) arrays[a][i] = NAN;
  }
  memset(columns->flat, 0, (size_t)count * sizeof *columns->flat);
  columns->scored = columns->flats = columns->failed = columns->unscored = 0;
}

static void take_evaluation(sqlite3_stmt *row, int i, vx_score_columns *columns) {
  const char *status = vx_sql_text(row, 1);
  columns->iou[i] = vx_sql_real(row, 2);
  columns->f1[i] = vx_sql_real(row, 3);
  columns->pixel_accuracy[i] = vx_sql_real(row, 4);
  columns->tp[i] = vx_sql_real(row, 5);
  columns->fp[i] = vx_sql_real(row, 6);
  columns->fn[i] = vx_sql_real(row, 7);
  columns->tn[i] = vx_sql_real(row, 8);
  columns->flat[i] = strcmp(status, "flat") == 0;
  columns->scored += !isnan(columns->iou[i]);
  columns->flats += columns->flat[i];
  columns->failed += strcmp(status, "failed") == 0;
  columns->unscored += strcmp(status, "unscored") == 0;
}

bool vx_query_evaluations(vx_store *store, int64_t scoring, int64_t method, const vx_image_set *set,
                          vx_score_columns *columns, vx_error *error) {
  clear_columns(columns, set->count);
  sqlite3_stmt *read = vx_sql_prepare(store, error,
                                      "SELECT image, status, iou, f1, pixel_accuracy, tp, fp, fn, tn FROM evaluations"
                                      " WHERE scoring = ? AND method = ?",
                                      "ll", scoring, method);
  int row;
  while ((row = vx_sql_row(store, read, error)) > 0) {
    int i = find_image(set, sqlite3_column_int64(read, 0));
    if (i >= 0) take_evaluation(read, i, columns);
  }
  sqlite3_finalize(read);
  return row == 0;
}

/* Metrics that are columns of evaluations; the others stand in scores. */
static const char *const own_metrics[] = {"iou", "f1", "pixel_accuracy", "threshold", "milliseconds"};

static bool is_own(const char *metric) {
  for (size_t i = 0; i < sizeof own_metrics / sizeof *own_metrics; i++) {
    if (strcmp(own_metrics[i], metric) == 0) return true;
  }
  return false;
}

bool vx_query_values(vx_store *store, int64_t scoring, int64_t method, const vx_image_set *set, const char *metric,
                     double *values, vx_error *error) {
  char sql[160];
  if (is_own(metric)) {
    snprintf(sql, sizeof sql, "SELECT image, %s FROM evaluations WHERE scoring = ? AND method = ?", metric);
  } else {
    snprintf(sql, sizeof sql, "SELECT image, value FROM scores WHERE scoring = ? AND method = ? AND metric = ?");
  }
  for (int i = 0; i < set->count; i++) values[i] = NAN;
  sqlite3_stmt *read = vx_sql_prepare(store, error, sql, is_own(metric) ? "ll" : "llt", scoring, method, metric);
  int row;
  while ((row = vx_sql_row(store, read, error)) > 0) {
    int i = find_image(set, sqlite3_column_int64(read, 0));
    if (i >= 0) values[i] = vx_sql_real(read, 1);
  }
  sqlite3_finalize(read);
  return row == 0;
}

bool vx_query_check_metric(vx_store *store, int64_t scoring, const char *metric, vx_error *error) {
  if (is_own(metric)) return true;
  char known[600] = "iou, f1, pixel_accuracy, threshold, milliseconds";
  sqlite3_stmt *read = vx_sql_prepare(
      store, error, "SELECT DISTINCT metric FROM scores WHERE scoring = ? ORDER BY metric", "l", scoring);
  int row = 0;
  bool found = false;
  while (!found && (row = vx_sql_row(store, read, error)) > 0) {
    size_t used = strlen(known);
    found = strcmp(vx_sql_text(read, 0), metric) == 0;
    snprintf(known + used, sizeof known - used, ", %s", vx_sql_text(read, 0));
  }
  sqlite3_finalize(read);
  if (row < 0) return false;
  return found || vx_fail(error, vx_store_path(store), "has no metric %s; there are: %s", metric, known);
}

bool vx_query_total(vx_store *store, int64_t scoring, int64_t method, const char *condition, vx_total *total,
                    vx_error *error) {
  char sql[400];
  memset(total, 0, sizeof *total);
  snprintf(sql, sizeof sql,
           "SELECT sum(n), sum(flat), sum(iou), sum(f1), sum(pixel_accuracy), sum(iou2), sum(f1_2),"
           " sum(pixel_accuracy2) FROM totals WHERE scoring = ? AND method = ? AND (%s)",
           condition ? condition : "1");
  sqlite3_stmt *read = vx_sql_prepare(store, error, sql, "ll", scoring, method);
  int row = vx_sql_row(store, read, error);
  if (row > 0) {
    total->n = sqlite3_column_int64(read, 0);
    total->flat = sqlite3_column_int64(read, 1);
    double *const sums[] = {&total->iou,  &total->f1,   &total->pixel_accuracy,
                            &total->iou2, &total->f1_2, &total->pixel_accuracy2};
    for (int i = 0; i < 6; i++) *sums[i] = sqlite3_column_double(read, 2 + i);
  }
  sqlite3_finalize(read);
  return row >= 0;
}

static bool take_metric(vx_arena *arena, sqlite3_stmt *row, void *element) {
  vx_metric_row *m = element;
  const char **const texts[] = {&m->name, &m->measure, &m->kind, &m->parameters, &m->columns};
  return vx_query_texts(arena, row, 0, texts, (int)(sizeof texts / sizeof *texts));
}

bool vx_query_run_metrics(vx_store *store, int64_t run, vx_arena *arena, vx_metric_row **rows, int *count,
                          vx_error *error) {
  return vx_query_list(store,
                       "SELECT name, measure, kind, parameters, columns FROM run_metrics WHERE run = ?"
                       " ORDER BY place, name",
                       run, 0, arena, take_metric, sizeof **rows, rows, count, error);
}

bool vx_query_metrics(vx_store *store, int64_t scoring, vx_arena *arena, const char ***names, int *count,
                      vx_error *error) {
  /* Of each column of the run's measures: has any evaluation of the scoring it? The primary key leads to the first. */
  return vx_query_list(
      store,
      "WITH RECURSIVE part (name, rest) AS ("
      " SELECT '', m.columns || ',' FROM scorings s JOIN run_metrics m ON m.run = s.run WHERE s.id = ?1 UNION ALL"
      " SELECT substr(rest, 1, instr(rest, ',') - 1), substr(rest, instr(rest, ',') + 1) FROM part WHERE rest <> '')"
      " SELECT DISTINCT name FROM part WHERE name <> '' AND EXISTS (SELECT 1 FROM scorings c CROSS JOIN run_methods m"
      " ON m.run = c.run CROSS JOIN scores s ON s.scoring = c.id AND s.method = m.id AND s.metric = part.name"
      " WHERE c.id = ?1) ORDER BY name",
      scoring, 0, arena, vx_take_text, sizeof **names, names, count, error);
}
