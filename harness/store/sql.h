/* SQLite with this project's errors: the file, the statement and what SQLite says. Private to harness/store. */
#ifndef VX_STORE_SQL_H
#define VX_STORE_SQL_H

#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "harness/store/store.h"

/* SQLite's last complaint as an error of the store's file; returns false. */
bool vx_sql_fail(vx_store *store, vx_error *error);

/* Runs one or more statements without results. */
bool vx_sql_exec(vx_store *store, const char *sql, vx_error *error);

/* A statement with its arguments bound in order, by `types`: i int, l int64_t (as a number), r double (NaN is NULL),
   t text (NULL is NULL; must stay until the statement is done with), T text of which "" is NULL too, n int or L int64_t
   of which negative ones are NULL, b bytes (const void *) and their number (size_t). NULL on failure. Free with
   sqlite3_finalize. */
sqlite3_stmt *vx_sql_prepare(vx_store *store, vx_error *error, const char *sql, const char *types, ...);

/* The same for a statement that is there. */
bool vx_sql_bind(vx_store *store, sqlite3_stmt *statement, vx_error *error, const char *types, va_list arguments);

/* Prepares, binds and runs a statement that gives no rows. */
bool vx_sql_do(vx_store *store, vx_error *error, const char *sql, const char *types, ...);

/* Steps a query: 1 a row, 0 the end, -1 failure; also of NULL, where vx_sql_prepare has failed and said so. */
int vx_sql_row(vx_store *store, sqlite3_stmt *statement, vx_error *error);

/* The first column of the first row; false on failure; `fallback` when there is no row or it is NULL. */
bool vx_sql_number(vx_store *store, const char *sql, int64_t fallback, int64_t *value, vx_error *error);

/* Column as a double: NULL is NaN. As a number, of which none is negative: NULL is -1. As a text: NULL is "". */
double vx_sql_real(sqlite3_stmt *statement, int column);
int64_t vx_sql_whole(sqlite3_stmt *statement, int column);
const char *vx_sql_text(sqlite3_stmt *statement, int column);

#endif
