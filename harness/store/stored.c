#include "harness/store/stored.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "harness/store/detail.h"
#include "harness/store/list.h"

/* ---- the run ----------------------------------------------------------------------------------------------------- */

enum { CLASSES_MAX = 65536 }; /* masks have bytes; a broken file must not ask for all memory */

/* Names by class; classes that the run does not name are NULL. */
static bool read_classes(vx_store *store, vx_arena *arena, vx_run_row *run, vx_error *error) {
  vx_class_row *rows;
  int count;
  if (!vx_query_classes(store, run->id, arena, &rows, &count, error)) return false;
  int last = count ? rows[count - 1].index : -1;
  if (count && (rows[0].index < 0 || last >= CLASSES_MAX))
    return vx_fail(error, vx_store_path(store), "table classes: class %d", rows[0].index < 0 ? rows[0].index : last);
  const char **names = VX_TAKE(arena, last + 2, const char *);
  if (!names) return vx_fail(error, vx_store_path(store), "out of memory");
  memset(names, 0, (size_t)(last + 2) * sizeof *names);
  for (int i = 0; i < count; i++) names[rows[i].index] = rows[i].name;
  run->data_classes = names;
  run->data_class_count = last + 1;
  return true;
}

static bool read_labels(vx_store *store, vx_arena *arena, vx_run_row *run, vx_error *error) {
  vx_label_row *rows;
  if (!vx_query_labels(store, run->id, arena, &rows, &run->label_count, error)) return false;
  const char **names = VX_TAKE(arena, run->label_count + 1, const char *);
  int *classes = VX_TAKE(arena, run->label_count + 1, int);
  if (!names || !classes) return vx_fail(error, vx_store_path(store), "out of memory");
  for (int i = 0; i < run->label_count; i++) {
    if (rows[i].label != i) return vx_fail(error, vx_store_path(store), "table labels: label %d is missing", i);
    names[i] = rows[i].name;
    classes[i] = rows[i].data_class;
  }
  run->labels = names;
  run->label_class = classes;
  return true;
}

bool vx_run_read(vx_store *store, int64_t id, vx_arena *arena, vx_run_row *run, vx_error *error) {
  vx_method_row *methods;
  vx_metric_row *metrics;
  if (!vx_query_run(store, id, arena, run, error) ||
      !vx_query_scoring(store, run->id, NULL, arena, &run->scoring, error) ||
      !vx_query_methods(store, run->id, arena, &methods, &run->method_count, error) ||
      !vx_query_run_metrics(store, run->id, arena, &metrics, &run->metric_count, error))
    return false;
  run->methods = methods;
  run->metrics = metrics;
  return read_classes(store, arena, run, error) && read_labels(store, arena, run, error);
}

/* ---- one image --------------------------------------------------------------------------------------------------- */

static bool take_image(vx_arena *arena, sqlite3_stmt *row, void *element) {
  vx_result *r = element;
  const char **const texts[] = {&r->id, &r->mask_digest, &r->truth, &r->picture_digest, &r->annotation_digest};
  r->arena = arena;
  r->position = sqlite3_column_int(row, 5);
  r->width = (int)vx_sql_whole(row, 6);
  r->height = (int)vx_sql_whole(row, 7);
  r->object_pixels = vx_sql_whole(row, 8);
  r->void_pixels = vx_sql_whole(row, 9);
  r->main_class = sqlite3_column_int(row, 10);
  r->prediction.known = sqlite3_column_type(row, 11) != SQLITE_NULL;
  r->prediction.passed = sqlite3_column_int(row, 11) != 0;
  r->prediction.correct = (vx_answer)vx_sql_whole(row, 12);
  bool ok = vx_query_texts(arena, row, 0, texts, 5);
  for (int i = 1; i < 5; i++)
    if (sqlite3_column_type(row, i) == SQLITE_NULL) *texts[i] = NULL;
  return ok;
}

static bool take_top(vx_arena *arena, sqlite3_stmt *row, void *element) {
  (void)arena;
  *(vx_top *)element = (vx_top){sqlite3_column_int(row, 0), sqlite3_column_double(row, 1)};
  return true;
}

static bool take_object(vx_arena *arena, sqlite3_stmt *row, void *element) {
  vx_stored_object *o = element;
  double *const box[] = {&o->x_min, &o->y_min, &o->x_max, &o->y_max};
  vx_answer *const answers[] = {&o->difficult, &o->truncated, &o->occluded};
  o->data_class = (int)vx_sql_whole(row, 1);
  for (int i = 0; i < 4; i++) *box[i] = vx_sql_real(row, i + 2);
  for (int i = 0; i < 3; i++) *answers[i] = (vx_answer)vx_sql_whole(row, i + 6);
  o->pixels = vx_sql_whole(row, 9);
  return (o->name = vx_query_text(arena, row, 0)) != NULL;
}

bool vx_image_read(vx_store *store, int64_t image, vx_arena *arena, vx_result *result, vx_error *error) {
  vx_result *rows;
  vx_top *top;
  int count, tops;
  if (!vx_query_list(store,
                     "SELECT image_id, mask_digest, truth, picture_digest, annotation_digest, position, width, height, "
                     "object_pixels, void_pixels, main_class,"
                     " p.passed, p.correct FROM images i LEFT JOIN predictions p ON p.image = i.id WHERE i.id = ?",
                     image, 0, arena, take_image, sizeof *rows, &rows, &count, error))
    return false;
  if (!count) return vx_fail(error, vx_store_path(store), "has no image %" PRId64, image);
  *result = *rows;
  if (!vx_query_list(store, "SELECT label, probability FROM top5 WHERE image = ? ORDER BY rank", image, 0, arena,
                     take_top, sizeof *top, &top, &tops, error) ||
      !vx_query_list(store,
                     "SELECT name, class, x_min, y_min, x_max, y_max, difficult, truncated, occluded, pixels"
                     " FROM objects WHERE image = ? ORDER BY number",
                     image, 0, arena, take_object, sizeof *result->objects, &result->objects, &result->object_count,
                     error))
    return false;
  result->object_room = result->object_count;
  result->prediction.top_count = tops < VX_TOP ? tops : VX_TOP;
  if (tops) memcpy(result->prediction.top, top, (size_t)result->prediction.top_count * sizeof *top);
  return true;
}

/* ---- maps -------------------------------------------------------------------------------------------------------- */

/* Of the columns kind, width, height, bytes, from `first` on. A map whose bytes are not as many as its sides say gets
   the width -1. */
static bool take_map(vx_arena *arena, sqlite3_stmt *row, int first, vx_map *map) {
  bool patch = strcmp(vx_sql_text(row, first), "patch") == 0;
  int64_t width = sqlite3_column_int64(row, first + 1), height = sqlite3_column_int64(row, first + 2);
  size_t size = (size_t)sqlite3_column_bytes(row, first + 3), each = patch ? sizeof *map->heat : sizeof *map->levels;
  bool fits =
      width > 0 && height > 0 && width <= 65536 && height <= 65536 && (size_t)width * (size_t)height * each == size;
  *map = (vx_map){.width = -1};
  if (!fits) return true;
  void *bytes = vx_arena_take(arena, size, 1);
  if (!bytes) return false;
  memcpy(bytes, sqlite3_column_blob(row, first + 3), size);
  *map = (vx_map){.kind = patch ? VX_MAP_PATCH : VX_MAP_PIXEL, .width = (int)width, .height = (int)height};
  if (patch)
    map->heat = bytes;
  else
    map->levels = bytes;
  return true;
}

static bool check_map(vx_store *store, const vx_map *map, int64_t image, int64_t method, vx_error *error) {
  return map->width >= 0 ||
         vx_fail(error, vx_store_path(store),
                 "the map of image %" PRId64 " by method %" PRId64 " has not as many bytes as its sides say", image,
                 method);
}

static bool take_map_row(vx_arena *arena, sqlite3_stmt *row, void *element) {
  vx_map_row *m = element;
  m->method = sqlite3_column_int64(row, 0);
  return take_map(arena, row, 1, &m->map);
}

bool vx_query_maps(vx_store *store, int64_t image, vx_arena *arena, vx_map_row **rows, int *count, vx_error *error) {
  bool ok = vx_query_list(store, "SELECT method, kind, width, height, bytes FROM maps WHERE image = ? ORDER BY method",
                          image, 0, arena, take_map_row, sizeof **rows, rows, count, error);
  for (int i = 0; ok && i < *count; i++) ok = check_map(store, &(*rows)[i].map, image, (*rows)[i].method, error);
  return ok;
}

bool vx_query_map(vx_store *store, int64_t scoring, int64_t method, int64_t image, vx_arena *arena, vx_made_row *row,
                  vx_error *error) {
  *row = (vx_made_row){.target = -1, .threshold = NAN};
  sqlite3_stmt *read = vx_sql_prepare(
      store, error,
      "SELECT p.kind, p.width, p.height, p.bytes, e.target, e.threshold FROM maps p LEFT JOIN evaluations e ON"
      " e.scoring = ?1 AND e.method = p.method AND e.image = p.image WHERE p.method = ?2 AND p.image = ?3",
      "lll", scoring, method, image);
  int got = vx_sql_row(store, read, error);
  bool good = got >= 0;
  if (got > 0) {
    row->target = (int)vx_sql_whole(read, 4);
    row->threshold = vx_sql_real(read, 5);
    good = take_map(arena, read, 0, &row->map) || vx_fail(error, vx_store_path(store), "out of memory");
  }
  sqlite3_finalize(read);
  return good && check_map(store, &row->map, image, method, error);
}

/* ---- evaluations ------------------------------------------------------------------------------------------------- */

typedef struct stored_evaluation {
  int64_t id; /* of the method */
  const char *method;
  vx_evaluation evaluation;
} stored_evaluation;

typedef struct stored_score {
  int64_t method;
  vx_named_score score;
} stored_score;

static bool take_evaluation(vx_arena *arena, sqlite3_stmt *row, void *element) {
  stored_evaluation *s = element;
  vx_evaluation *e = &s->evaluation;
  int64_t *const counts[] = {&e->tp, &e->fp, &e->fn, &e->tn, &e->void_pixels};
  double *const scores[] = {&e->iou, &e->f1, &e->pixel_accuracy, &e->milliseconds};
  s->id = sqlite3_column_int64(row, 0);
  e->target = (int)vx_sql_whole(row, 2);
  e->status = vx_status_of(vx_sql_text(row, 3));
  e->threshold = vx_sql_real(row, 4);
  for (int i = 0; i < 5; i++) *counts[i] = vx_sql_whole(row, 5 + i);
  for (int i = 0; i < 4; i++) *scores[i] = vx_sql_real(row, 10 + i);
  bool has_map = sqlite3_column_type(row, 14) != SQLITE_NULL;
  return (s->method = vx_query_text(arena, row, 1)) != NULL && (!has_map || take_map(arena, row, 14, &e->map));
}

static bool take_score(vx_arena *arena, sqlite3_stmt *row, void *element) {
  stored_score *s = element;
  s->method = sqlite3_column_int64(row, 0);
  s->score.value = vx_sql_real(row, 2);
  return (s->score.metric = vx_query_text(arena, row, 1)) != NULL;
}

static bool take_curve(vx_arena *arena, sqlite3_stmt *row, void *element) {
  vx_curve_row *s = element;
  const char **const texts[] = {&s->curve.metric, &s->curve.name};
  size_t size = (size_t)sqlite3_column_bytes(row, 3), count = size / sizeof *s->curve.value;
  float *value = vx_arena_take(arena, count + 1, sizeof *value);
  if (!value) return false;
  if (count) memcpy(value, sqlite3_column_blob(row, 3), count * sizeof *value);
  s->method = sqlite3_column_int64(row, 0);
  s->curve.count = (int)count;
  s->curve.value = value;
  return vx_query_texts(arena, row, 1, texts, 2);
}

/* The scoring ?2, or the image's main one where that is 0. */
#define SCORING                                                                                                        \
  "coalesce(nullif(?2, 0), (SELECT s.id FROM images i JOIN scorings s ON s.run = i.run AND s.name = 'main'"            \
  " WHERE i.id = ?1))"

static const char evaluations_sql[] =
    "SELECT m.id, m.name, e.target, e.status, e.threshold, tp, fp, fn, tn, e.void, iou, f1, e.pixel_accuracy,"
    " milliseconds, p.kind, p.width, p.height, p.bytes FROM evaluations e JOIN run_methods m ON m.id = e.method"
    " LEFT JOIN maps p ON ?2 = 0 AND p.image = e.image AND p.method = e.method"
    " WHERE e.image = ?1 AND e.scoring = " SCORING " ORDER BY m.place, m.id";

static const char scores_sql[] =
    "SELECT s.method, s.metric, s.value FROM evaluations e CROSS JOIN scores s ON s.scoring = e.scoring AND"
    " s.method = e.method AND s.image = e.image WHERE e.image = ?1 AND e.scoring = " SCORING
    " ORDER BY s.method, s.metric";

static const char curves_sql[] =
    "SELECT s.method, s.metric, s.name, s.bytes FROM evaluations e CROSS JOIN curves s ON s.scoring = e.scoring AND"
    " s.method = e.method AND s.image = e.image WHERE e.image = ?1 AND e.scoring = " SCORING
    " ORDER BY s.method, s.metric, s.name";

bool vx_query_curves(vx_store *store, int64_t scoring, int64_t image, vx_arena *arena, vx_curve_row **rows, int *count,
                     vx_error *error) {
  return vx_query_list(store, curves_sql, image, scoring, arena, take_curve, sizeof **rows, rows, count, error);
}

static int find_method(const vx_method_row *methods, int count, const char *name) {
  for (int i = 0; i < count; i++)
    if (strcmp(methods[i].name, name) == 0) return i;
  return -1;
}

bool vx_evaluations_read(vx_store *store, int64_t scoring, int64_t image, const vx_method_row *methods, int count,
                         vx_result *result, vx_error *error) {
  stored_evaluation *rows;
  stored_score *scores;
  vx_curve_row *curves;
  int row_count, score_count, curve_count;
  if (!vx_query_list(store, evaluations_sql, image, scoring, result->arena, take_evaluation, sizeof *rows, &rows,
                     &row_count, error) ||
      !vx_query_list(store, scores_sql, image, scoring, result->arena, take_score, sizeof *scores, &scores,
                     &score_count, error) ||
      !vx_query_curves(store, scoring, image, result->arena, &curves, &curve_count, error))
    return false;
  for (int i = 0; i < row_count; i++) {
    int method = find_method(methods, count, rows[i].method);
    if (!check_map(store, &rows[i].evaluation.map, image, rows[i].id, error)) return false;
    if (method < 0) continue;
    vx_evaluation *e = vx_result_add_evaluation(result, method);
    bool good = e != NULL;
    if (good) *e = rows[i].evaluation;
    if (good) e->method = method;
    for (int k = 0; good && k < score_count; k++)
      if (scores[k].method == rows[i].id)
        good = vx_result_add_score(result, e, scores[k].score.metric, scores[k].score.value);
    for (int k = 0; good && k < curve_count; k++) {
      const vx_curve *c = &curves[k].curve;
      if (curves[k].method == rows[i].id) good = vx_result_add_curve(result, e, c->metric, c->name, c->value, c->count);
    }
    if (!good) return vx_fail(error, vx_store_path(store), "out of memory");
  }
  return true;
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static bool read_failures(vx_store *store, int64_t image, const vx_method_row *methods, int count, vx_result *result,
                          vx_error *error) {
  vx_failure_row *rows;
  int row_count;
  if (!vx_query_image_failures(store, image, result->arena, &rows, &row_count, error)) return false;
  result->failures = VX_TAKE(result->arena, row_count + 1, vx_stored_failure);
  if (!result->failures) return vx_fail(error, vx_store_path(store), "out of memory");
  result->failure_room = row_count + 1;
  for (int i = 0; i < row_count; i++) {
    vx_stored_failure failure = rows[i].failure;
    failure.method = find_method(methods, count, rows[i].method);
    if (failure.method >= 0 || !*rows[i].method) result->failures[result->failure_count++] = failure;
  }
  return true;
}

bool vx_result_read(vx_store *store, int64_t image, const vx_method_row *methods, int count, vx_result *result,
                    vx_error *error) {
  vx_arena_reset(result->arena);
  return vx_image_read(store, image, result->arena, result, error) &&
         read_failures(store, image, methods, count, result, error) &&
         vx_evaluations_read(store, 0, image, methods, count, result, error);
}
