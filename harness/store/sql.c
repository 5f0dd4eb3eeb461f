#include <math.h>
#include <stdarg.h>

#include "harness/store/state.h"

bool vx_sql_fail(vx_store *store, vx_error *error) {
  int code = sqlite3_errcode(store->db);
  const char *says = sqlite3_errmsg(store->db);
  if (code == SQLITE_BUSY) return vx_fail(error, store->path, "another process keeps it locked: %s", says);
  if (code == SQLITE_FULL) return vx_fail(error, store->path, "cannot be written: the disk is full");
  if (code == SQLITE_CORRUPT) return vx_fail(error, store->path, "is damaged: %s", says);
  return vx_fail(error, store->path, "SQLite says: %s", says);
}

bool vx_sql_exec(vx_store *store, const char *sql, vx_error *error) {
  if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK) return true;
  return vx_sql_fail(store, error);
}

bool vx_sql_bind(vx_store *store, sqlite3_stmt *statement, vx_error *error, const char *types, va_list arguments) {
  int code = SQLITE_OK;
  for (int i = 1; types[i - 1] && code == SQLITE_OK; i++) {
    int64_t number;
    const char *text;
    const void *bytes;
    switch (types[i - 1]) {
    case 'i':
      code = sqlite3_bind_int(statement, i, va_arg(arguments, int));
      break;
    case 'n':
      number = va_arg(arguments, int);
      code = number < 0 ? sqlite3_bind_null(statement, i) : sqlite3_bind_int64(statement, i, number);
      break;
    case 'l':
      code = sqlite3_bind_int64(statement, i, va_arg(arguments, int64_t));
      break;
    case 'L':
      number = va_arg(arguments, int64_t);
      code = number < 0 ? sqlite3_bind_null(statement, i) : sqlite3_bind_int64(statement, i, number);
      break;
    case 'r':
      code = sqlite3_bind_double(statement, i, va_arg(arguments, double)); /* SQLite stores NaN as NULL */
      break;
    case 'b':
      bytes = va_arg(arguments, const void *);
      code = sqlite3_bind_blob64(statement, i, bytes, va_arg(arguments, size_t), SQLITE_STATIC);
      break;
    case 'T':
      text = va_arg(arguments, const char *);
      code = sqlite3_bind_text(statement, i, text && *text ? text : NULL, -1, SQLITE_STATIC);
      break;
    default:
      code = sqlite3_bind_text(statement, i, va_arg(arguments, const char *), -1, SQLITE_STATIC);
    }
  }
  return code == SQLITE_OK || vx_sql_fail(store, error);
}

static sqlite3_stmt *prepare(vx_store *store, vx_error *error, const char *sql, const char *types, va_list arguments) {
  sqlite3_stmt *statement = NULL;
  if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK) vx_sql_fail(store, error);
  if (!statement || vx_sql_bind(store, statement, error, types, arguments)) return statement;
  sqlite3_finalize(statement);
  return NULL;
}

sqlite3_stmt *vx_sql_prepare(vx_store *store, vx_error *error, const char *sql, const char *types, ...) {
  va_list arguments;
  va_start(arguments, types);
  sqlite3_stmt *statement = prepare(store, error, sql, types, arguments);
  va_end(arguments);
  return statement;
}

bool vx_sql_do(vx_store *store, vx_error *error, const char *sql, const char *types, ...) {
  va_list arguments;
  va_start(arguments, types);
  sqlite3_stmt *statement = prepare(store, error, sql, types, arguments);
  va_end(arguments);
  bool ok = vx_sql_row(store, statement, error) == 0;
  sqlite3_finalize(statement);
  return ok;
}

int vx_sql_row(vx_store *store, sqlite3_stmt *statement, vx_error *error) {
  if (!statement) return -1;
  int code = sqlite3_step(statement);
  if (code == SQLITE_ROW) return 1;
  if (code == SQLITE_DONE) return 0;
  vx_sql_fail(store, error);
  return -1;
}

bool vx_sql_number(vx_store *store, const char *sql, int64_t fallback, int64_t *value, vx_error *error) {
  *value = fallback;
  sqlite3_stmt *statement = vx_sql_prepare(store, error, sql, "");
  int row = vx_sql_row(store, statement, error);
  if (row > 0 && sqlite3_column_type(statement, 0) != SQLITE_NULL) *value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return row >= 0;
}

double vx_sql_real(sqlite3_stmt *statement, int column) {
  return sqlite3_column_type(statement, column) == SQLITE_NULL ? NAN : sqlite3_column_double(statement, column);
}

int64_t vx_sql_whole(sqlite3_stmt *statement, int column) {
  return sqlite3_column_type(statement, column) == SQLITE_NULL ? -1 : sqlite3_column_int64(statement, column);
}

const char *vx_sql_text(sqlite3_stmt *statement, int column) {
  const unsigned char *text = sqlite3_column_text(statement, column);
  return text ? (const char *)text : "";
}
