#include "harness/store/stored.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "harness/store/state.h"

static vx_answer answer(sqlite3_stmt *row, int column) {
  if (sqlite3_column_type(row, column) == SQLITE_NULL) return VX_UNKNOWN;
  return sqlite3_column_int(row, column) ? VX_YES : VX_NO;
}

static int64_t whole(sqlite3_stmt *row, int column) {
  return sqlite3_column_type(row, column) == SQLITE_NULL ? -1 : sqlite3_column_int64(row, column);
}

static bool read_image(vx_store *store, int64_t image, vx_result *result, vx_error *error) {
  sqlite3_stmt *read =
      vx_sql_prepare(store,
                     "SELECT position, image_id, width, height, object_pixels, void_pixels, main_class,"
                     " mask_digest FROM images WHERE id = ?",
                     error);
  if (!read) return false;
  int row = vx_sql_bind(store, read, error, "l", image) ? vx_sql_row(store, read, error) : -1;
  bool ok = row > 0;
  if (ok && !vx_result_reset(result, sqlite3_column_int(read, 0), vx_sql_text(read, 1))) {
    ok = vx_fail(error, vx_store_path(store), "out of memory");
  }
  if (ok) {
    result->width = (int)whole(read, 2);
    result->height = (int)whole(read, 3);
    result->object_pixels = whole(read, 4);
    result->void_pixels = whole(read, 5);
    result->main_class = sqlite3_column_int(read, 6);
    if (sqlite3_column_type(read, 7) != SQLITE_NULL) {
      result->mask_digest = vx_result_text(result, vx_sql_text(read, 7));
      if (!result->mask_digest) ok = vx_fail(error, vx_store_path(store), "out of memory");
    }
  }
  sqlite3_finalize(read);
  if (row == 0) return vx_fail(error, vx_store_path(store), "has no image %" PRId64, image);
  return ok;
}

static bool read_prediction(vx_store *store, int64_t image, vx_result *result, vx_error *error) {
  vx_prediction *p = &result->prediction;
  sqlite3_stmt *read = vx_sql_prepare(store,
                                      "SELECT t.label, t.probability, p.passed, p.correct FROM top5 t"
                                      " JOIN predictions p ON p.image = t.image WHERE t.image = ? ORDER BY t.rank",
                                      error);
  if (!read) return false;
  int row = vx_sql_bind(store, read, error, "l", image) ? 1 : -1;
  while (row > 0 && (row = vx_sql_row(store, read, error)) > 0 && p->top_count < VX_TOP) {
    p->known = true;
    p->top[p->top_count++] = (vx_top){sqlite3_column_int(read, 0), vx_sql_real(read, 1)};
    p->passed = sqlite3_column_int(read, 2) != 0;
    p->correct = answer(read, 3);
  }
  sqlite3_finalize(read);
  return row >= 0;
}

static vx_status status_of(const char *name) {
  vx_status status = VX_STATUS_OK;
  while (status < VX_STATUS_UNSCORED && strcmp(vx_status_name(status), name) != 0) status++;
  return status;
}

static void take_evaluation(sqlite3_stmt *read, vx_evaluation *e) {
  e->target = (int)whole(read, 2);
  e->status = status_of(vx_sql_text(read, 3));
  e->threshold = vx_sql_real(read, 4);
  e->tp = whole(read, 5);
  e->fp = whole(read, 6);
  e->fn = whole(read, 7);
  e->tn = whole(read, 8);
  e->void_pixels = whole(read, 9);
  e->iou = vx_sql_real(read, 10);
  e->f1 = vx_sql_real(read, 11);
  e->pixel_accuracy = vx_sql_real(read, 12);
  e->milliseconds = vx_sql_real(read, 13);
}

bool vx_stored_map(vx_store *store, int64_t image, int64_t method, vx_result *result, vx_map *map, vx_error *error) {
  *map = (vx_map){.kind = VX_MAP_NONE};
  sqlite3_stmt *read =
      vx_sql_prepare(store, "SELECT kind, width, height, bytes FROM maps WHERE image = ? AND method = ?", error);
  if (!read) return false;
  int row = vx_sql_bind(store, read, error, "ll", image, method) ? vx_sql_row(store, read, error) : -1;
  bool ok = row >= 0;
  if (row > 0) {
    bool patch = strcmp(vx_sql_text(read, 0), "patch") == 0;
    int width = sqlite3_column_int(read, 1), height = sqlite3_column_int(read, 2);
    size_t size = patch ? sizeof(float) : 1, bytes = (size_t)sqlite3_column_bytes(read, 3);
    if (width <= 0 || height <= 0 || bytes / size / (size_t)width != (size_t)height ||
        bytes != size * (size_t)width * (size_t)height) {
      ok = vx_fail(error, vx_store_path(store), "table maps, image %" PRId64 ": %zu bytes for %d x %d", image, bytes,
                   width, height);
    } else {
      void *copy = vx_arena_take(result->arena, bytes, 1);
      ok = copy || vx_fail(error, vx_store_path(store), "out of memory");
      if (ok) memcpy(copy, sqlite3_column_blob(read, 3), bytes);
      *map = (vx_map){.kind = patch ? VX_MAP_PATCH : VX_MAP_PIXEL, .width = width, .height = height};
      if (patch)
        map->heat = copy;
      else
        map->levels = copy;
    }
  }
  sqlite3_finalize(read);
  return ok;
}

static bool read_scores(vx_store *store, int64_t scoring, int64_t method, int64_t image, vx_result *result,
                        vx_evaluation *evaluation, vx_error *error) {
  sqlite3_stmt *read = vx_sql_prepare(
      store, "SELECT metric, value FROM scores WHERE scoring = ? AND method = ? AND image = ? ORDER BY metric", error);
  if (!read) return false;
  int row = vx_sql_bind(store, read, error, "lll", scoring, method, image) ? 1 : -1;
  while (row > 0 && (row = vx_sql_row(store, read, error)) > 0) {
    if (!vx_result_add_score(result, evaluation, vx_sql_text(read, 0), vx_sql_real(read, 1))) break;
  }
  sqlite3_finalize(read);
  if (row > 0) vx_fail(error, vx_store_path(store), "out of memory");
  return row == 0;
}

static int find_method(const vx_run_method *methods, int count, const char *name) {
  for (int i = 0; i < count; i++) {
    if (strcmp(methods[i].name, name) == 0) return i;
  }
  return -1;
}

bool vx_stored_result(vx_store *store, int64_t run, int64_t image, const vx_run_method *methods, int count,
                      vx_result *result, vx_error *error) {
  if (!read_image(store, image, result, error) || !read_prediction(store, image, result, error)) return false;
  sqlite3_stmt *read = vx_sql_prepare(store,
                                      "SELECT m.id, m.name, target, status, e.threshold, tp, fp, fn, tn, e.void, iou,"
                                      " f1, e.pixel_accuracy, milliseconds, s.id FROM evaluations e"
                                      " JOIN scorings s ON s.id = e.scoring AND s.run = ? AND s.name = 'main'"
                                      " JOIN run_methods m ON m.id = e.method WHERE e.image = ? ORDER BY m.place",
                                      error);
  if (!read) return false;
  int row = vx_sql_bind(store, read, error, "ll", run, image) ? 1 : -1;
  bool ok = row > 0;
  while (ok && (row = vx_sql_row(store, read, error)) > 0) {
    int index = find_method(methods, count, vx_sql_text(read, 1));
    if (index < 0) continue;
    vx_evaluation *e = vx_result_add_evaluation(result, index);
    int64_t method = sqlite3_column_int64(read, 0);
    ok = e || vx_fail(error, vx_store_path(store), "out of memory");
    if (!ok) break;
    take_evaluation(read, e);
    ok = vx_stored_map(store, image, method, result, &e->map, error) &&
         read_scores(store, sqlite3_column_int64(read, 14), method, image, result, e, error);
  }
  sqlite3_finalize(read);
  return ok && row == 0;
}
