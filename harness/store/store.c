#include "harness/store/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "harness/store/open.h"
#include "harness/store/state.h"

/* Another process' transaction is over in milliseconds; a reader may keep the log from being folded in for as long as
   it likes, and a log beside the file harms nobody. */
#define PATIENCE 30.0
#define PATIENCE_TO_FINISH 5.0
#define SAY_AFTER 1.0

/* SQLite's busy handler: 1 to try again. */
static int wait_on(void *user, int times) {
  vx_store *store = user;
  double now = vx_seconds();
  if (times == 0) store->waiting_since = now, store->said = false;
  double waited = now - store->waiting_since;
  if (waited >= store->patience) return 0;
  if (waited >= SAY_AFTER && !store->said) {
    store->said = true;
    if (store->say) store->say(store->say_to, store->path);
  }
  sqlite3_sleep(times < 10 ? 1 : 20);
  return 1;
}

void vx_store_on_wait(vx_store *store, void (*say)(void *user, const char *path), void *user) {
  store->say = say;
  store->say_to = user;
}

vx_store *vx_store_open(const char *path, vx_store_mode mode, vx_error *error) {
  sqlite3 *db = vx_store_open_db(path, mode, error);
  if (!db) return NULL;
  vx_store *store = calloc(1, sizeof *store);
  char *copy = strdup(path);
  if (!store || !copy) {
    vx_fail(error, path, "out of memory");
    free(store);
    free(copy);
    sqlite3_close(db);
    return NULL;
  }
  store->db = db;
  store->path = copy;
  store->patience = PATIENCE;
  sqlite3_busy_handler(db, wait_on, store);
  return store;
}

void vx_store_close(vx_store *store) {
  if (!store) return;
  for (int i = 0; i < VX_STATEMENTS; i++) sqlite3_finalize(store->statements[i]);
  sqlite3_close(store->db);
  vx_store_forget_done(store);
  free(store->path);
  free(store);
}

const char *vx_store_path(const vx_store *store) {
  return store->path;
}

int64_t vx_store_run(const vx_store *store) {
  return store->run;
}

bool vx_store_continues(const vx_store *store) {
  return store->continues;
}

bool vx_store_finish(vx_store *store, vx_error *error) {
  bool ok = vx_sql_do(store, error, "UPDATE runs SET finished = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') WHERE id = ?",
                      "l", store->run);
  /* A reader may hold the log open; then it stays beside the file, which is no failure. */
  store->patience = PATIENCE_TO_FINISH;
  if (ok) sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  store->patience = PATIENCE;
  return ok;
}

bool vx_store_count(vx_store *store, int64_t run, vx_store_counts *counts, vx_error *error) {
  memset(counts, 0, sizeof *counts);
  sqlite3_stmt *statement =
      vx_sql_prepare(store, error,
                     "SELECT g.images, g.done, g.passed, g.passed_index_sum,"
                     " (SELECT count(DISTINCT f.image) FROM failures f JOIN images i ON i.id = f.image"
                     "  WHERE i.run = g.run AND f.severity = 'failure'),"
                     " (SELECT count(*) FROM failures f JOIN images i ON i.id = f.image"
                     "  WHERE i.run = g.run AND f.severity = 'warning'),"
                     " (SELECT ifnull(sum(n), 0) FROM totals t JOIN scorings s ON s.id = t.scoring"
                     "  WHERE s.run = g.run AND s.name = 'main')"
                     " FROM gate g WHERE g.run = ?",
                     "l", run);
  int row = vx_sql_row(store, statement, error);
  if (row > 0) {
    counts->images = sqlite3_column_int(statement, 0);
    counts->done = sqlite3_column_int(statement, 1);
    counts->passed = sqlite3_column_int(statement, 2);
    counts->passed_index_sum = sqlite3_column_int64(statement, 3);
    counts->failed = sqlite3_column_int(statement, 4);
    counts->warnings = sqlite3_column_int(statement, 5);
    counts->evaluations = sqlite3_column_int(statement, 6);
  }
  sqlite3_finalize(statement);
  if (row == 0) return vx_fail(error, store->path, "has no run %lld", (long long)run);
  return row > 0;
}
