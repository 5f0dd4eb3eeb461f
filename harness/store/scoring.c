#include "harness/store/scoring.h"

#include <string.h>

#include "harness/store/state.h"

/* Id of the run's scoring of that name, 0: none, -1: failure. */
static int64_t find(vx_store *store, int64_t run, const char *name, vx_error *error) {
  sqlite3_stmt *read =
      vx_sql_prepare(store, error, "SELECT id FROM scorings WHERE run = ? AND name = ?", "lt", run, name);
  int row = vx_sql_row(store, read, error);
  int64_t id = row > 0 ? sqlite3_column_int64(read, 0) : row;
  sqlite3_finalize(read);
  return id;
}

static bool make_room(vx_store *store, int64_t run, const vx_scoring_row *info, bool replace, vx_error *error) {
  if (strcmp(info->name, "main") == 0) {
    return vx_fail(error, "--as", "main is the run's own scoring; give this one another name");
  }
  int64_t old = find(store, run, info->name, error);
  if (old <= 0) return old == 0;
  if (!replace) {
    return vx_fail(error, vx_store_path(store), "run %lld has a scoring %s already (--replace writes it anew)",
                   (long long)run, info->name);
  }
  return vx_sql_do(store, error, "DELETE FROM scorings WHERE id = ?", "l", old);
}

int64_t vx_scoring_begin(vx_store *store, int64_t run, const vx_scoring_row *info, bool replace, vx_error *error) {
  if (!vx_sql_exec(store, "BEGIN IMMEDIATE", error)) return 0;
  int64_t id = make_room(store, run, info, replace, error) ? vx_store_put_scoring(store, run, info, error) : 0;
  if (!id) sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
  return id;
}

bool vx_scoring_end(vx_store *store, bool keep, vx_error *error) {
  if (keep && vx_sql_exec(store, "COMMIT", error)) {
    sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return true;
  }
  sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
  return !keep;
}
