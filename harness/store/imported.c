#include "harness/store/imported.h"

#include <string.h>

#include "harness/store/list.h"

static bool next_place(vx_store *store, int64_t run, vx_method_row *method, bool *there, vx_error *error) {
  static const char sql[] = "SELECT count(*) FILTER (WHERE name = ?2), ifnull(max(place), -1) + 1, max(place) FILTER"
                            " (WHERE name = ?2) FROM run_methods WHERE run = ?1";
  sqlite3_stmt *read = vx_sql_prepare(store, error, sql, "lt", run, method->name);
  bool good = vx_sql_row(store, read, error) > 0;
  if (good) {
    *there = sqlite3_column_int(read, 0) > 0;
    method->place = sqlite3_column_int(read, *there ? 2 : 1);
  }
  sqlite3_finalize(read);
  return good;
}

int64_t vx_imported_begin(vx_store *store, int64_t run, vx_method_row *method, bool *there, vx_error *error) {
  if (!vx_sql_exec(store, "BEGIN IMMEDIATE", error)) return 0;
  int64_t id = next_place(store, run, method, there, error) ? vx_store_put_method(store, run, method, error) : 0;
  return vx_imported_batch_end(store, id != 0, error) ? id : 0;
}

bool vx_imported_has(vx_store *store, int64_t scoring, int64_t method, const vx_image_set *set, bool *has,
                     vx_error *error) {
  static const char sql[] = "SELECT image FROM evaluations WHERE scoring = ? AND method = ? ORDER BY image";
  sqlite3_stmt *read = vx_sql_prepare(store, error, sql, "ll", scoring, method);
  int row = vx_sql_row(store, read, error);
  for (int i = 0; row >= 0 && i < set->count; i++) { /* both by ascending id */
    while (row > 0 && sqlite3_column_int64(read, 0) < set->by_id[i].id) row = vx_sql_row(store, read, error);
    has[set->by_id[i].place] = row > 0 && sqlite3_column_int64(read, 0) == set->by_id[i].id;
  }
  sqlite3_finalize(read);
  return row >= 0;
}

bool vx_imported_batch(vx_store *store, vx_error *error) {
  return vx_sql_exec(store, "BEGIN IMMEDIATE", error);
}

bool vx_imported_batch_end(vx_store *store, bool keep, vx_error *error) {
  if (keep && vx_sql_exec(store, "COMMIT", error)) return true;
  sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
  return false;
}

bool vx_imported_write(vx_store *store, int64_t scoring, int64_t method, int64_t image, const vx_result *result,
                       vx_error *error) {
  return vx_store_put_map(store, scoring, method, image, result, error);
}
