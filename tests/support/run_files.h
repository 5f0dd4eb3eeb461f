/* What tests of runs share: a run from a text into a file, its dump, numbers out of the file. */
#ifndef VX_RUN_FILES_H
#define VX_RUN_FILES_H

#include <math.h>
#include <sqlite3.h>

#include "harness/run/begin.h"
#include "harness/run/workers.h"
#include "harness/store/dump.h"
#include "harness/store/store.h"
#include "tests/support/files.h"

typedef struct run_request {
  const char *yaml; /* the whole configuration */
  const char *out;
  int jobs, limit;
  const atomic_bool *stop;
} run_request;

static inline vx_config *config_of(const char *yaml) {
  vx_error error;
  vx_yaml *root = vx_yaml_parse(yaml, strlen(yaml), "test.yaml", &error);
  ck_assert_msg(root != NULL, "%s: %s", error.where, error.why);
  vx_config *config = vx_config_from(root, "test.yaml", NULL, 0, &error);
  ck_assert_msg(config != NULL, "%s: %s", error.where, error.why);
  vx_yaml_free(root);
  return config;
}

/* The run of a configuration; it has to succeed. */
static inline vx_worked run_it(run_request request) {
  vx_error error;
  vx_config *config = config_of(request.yaml);
  vx_blas_threads(1);
  vx_run *run = vx_run_open(config, NULL, 0, &error);
  ck_assert_msg(run != NULL, "%s: %s", error.where, error.why);
  vx_store *store = vx_store_open(request.out, VX_STORE_WRITE, &error);
  ck_assert_msg(store != NULL, "%s: %s", error.where, error.why);
  ck_assert_msg(vx_run_begin(run, store, 2, NULL, &error), "%s: %s", error.where, error.why);
  ck_assert(vx_run_make_prior(run, &error));
  vx_work work = {.run = run,
                  .store = store,
                  .jobs = request.jobs ? request.jobs : 1,
                  .limit = request.limit,
                  .stop = request.stop};
  vx_worked worked;
  ck_assert_msg(vx_work_all(&work, &worked, &error), "%s: %s", error.where, error.why);
  if (!worked.stopped) ck_assert_msg(vx_store_finish(store, &error), "%s: %s", error.where, error.why);
  vx_store_close(store);
  vx_run_close(run);
  vx_config_free(config);
  return worked;
}

/* The dump of a file, to be freed. */
static inline char *dump_of(const char *path) {
  vx_error error;
  char *text = NULL;
  size_t size;
  vx_store *store = vx_store_open(path, VX_STORE_READ, &error);
  ck_assert_msg(store != NULL, "%s: %s", error.where, error.why);
  FILE *to = open_memstream(&text, &size);
  ck_assert(vx_store_dump(store, 0, to, &error));
  fclose(to);
  vx_store_close(store);
  return text;
}

static inline void same_dump(const char *a, const char *b) {
  char *one = dump_of(a), *two = dump_of(b);
  if (strcmp(one, two) != 0) ck_abort_msg("%s and %s differ", a, b);
  free(one);
  free(two);
}

/* The first column of a query's first row: NaN for NULL or no row. */
static inline double number_of(const char *path, const char *sql) {
  sqlite3 *db;
  sqlite3_stmt *read;
  ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
  if (sqlite3_prepare_v2(db, sql, -1, &read, NULL) != SQLITE_OK) ck_abort_msg("%s: %s", sql, sqlite3_errmsg(db));
  double value = NAN;
  if (sqlite3_step(read) == SQLITE_ROW && sqlite3_column_type(read, 0) != SQLITE_NULL)
    value = sqlite3_column_double(read, 0);
  sqlite3_finalize(read);
  sqlite3_close(db);
  return value;
}

/* The same as a text, to be freed. */
static inline char *whole_text_of(const char *path, const char *sql) {
  sqlite3 *db;
  sqlite3_stmt *read;
  ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
  if (sqlite3_prepare_v2(db, sql, -1, &read, NULL) != SQLITE_OK) ck_abort_msg("%s: %s", sql, sqlite3_errmsg(db));
  const char *text = sqlite3_step(read) == SQLITE_ROW ? (const char *)sqlite3_column_text(read, 0) : NULL;
  char *copy = strdup(text ? text : "");
  sqlite3_finalize(read);
  sqlite3_close(db);
  return copy;
}

/* The beginning of it, in a buffer of the caller. */
static inline const char *text_of(const char *path, const char *sql, char text[600]) {
  char *whole = whole_text_of(path, sql);
  snprintf(text, 600, "%s", whole);
  free(whole);
  return text;
}

#endif
