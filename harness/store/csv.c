#include "harness/store/csv.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "harness/store/state.h"

void vx_csv_cell(const char *text, FILE *to) {
  if (!text[strcspn(text, ",\"\n\r")]) {
    fputs(text, to);
    return;
  }
  putc('"', to);
  for (; *text; text++) {
    if (*text == '"') putc('"', to);
    putc(*text, to);
  }
  putc('"', to);
}

static void print_value(sqlite3_stmt *row, int column, FILE *to) {
  char text[VX_REAL_TEXT];
  switch (sqlite3_column_type(row, column)) {
  case SQLITE_FLOAT:
    vx_real_text(sqlite3_column_double(row, column), text, sizeof text);
    fputs(text, to);
    break;
  case SQLITE_NULL:
    break;
  default:
    vx_csv_cell(vx_sql_text(row, column), to);
  }
}

static bool wanted(const char *id, const char *const *ids, int count) {
  if (!ids) return true;
  for (int i = 0; i < count; i++)
    if (strcmp(ids[i], id) == 0) return true;
  return false;
}

static bool print_rows(vx_store *store, const char *sql, int64_t run, const char *const *ids, int id_count, FILE *to,
                       vx_error *error) {
  sqlite3_stmt *read = vx_sql_prepare(store, error, sql, "l", run);
  int row = read ? 1 : -1, columns = sqlite3_column_count(read);
  for (int i = 0; row > 0 && i < columns; i++) {
    if (i) putc(',', to);
    vx_csv_cell(sqlite3_column_name(read, i), to);
  }
  if (row > 0) putc('\n', to);
  while (row > 0 && (row = vx_sql_row(store, read, error)) > 0) {
    if (!wanted(vx_sql_text(read, 0), ids, id_count)) continue;
    for (int i = 0; i < columns; i++) {
      if (i) putc(',', to);
      print_value(read, i, to);
    }
    putc('\n', to);
  }
  sqlite3_finalize(read);
  return row == 0;
}

static const char predictions[] =
    "SELECT i.image_id AS image, i.position, p.label, l.name AS label_name, p.probability, p.passed, p.correct,"
    " c.name AS main_class, i.size, i.object_share, i.width, i.height FROM images i"
    " LEFT JOIN predictions p ON p.image = i.id LEFT JOIN labels l ON l.run = i.run AND l.label = p.label"
    " LEFT JOIN classes c ON c.run = i.run AND c.class = i.main_class WHERE i.run = ?1 ORDER BY i.position";

/* The query of scores: each further measure is a column. To be freed with sqlite3_free; NULL when memory is out. */
static char *scores_query(int64_t scoring, const vx_method_row *methods, int count, const char *const *metrics,
                          int metric_count) {
  sqlite3_str *sql = sqlite3_str_new(NULL);
  sqlite3_str_appendall(sql, "SELECT i.image_id AS image, m.name AS method, m.family, e.status, e.target, e.threshold,"
                             " e.iou, e.f1, e.pixel_accuracy, e.tp, e.fp, e.fn, e.tn, e.void, e.milliseconds");
  for (int i = 0; i < metric_count; i++)
    sqlite3_str_appendf(sql,
                        ", (SELECT value FROM scores s WHERE s.scoring = e.scoring AND s.method = e.method AND"
                        " s.image = e.image AND s.metric = %Q) AS \"%w\"",
                        metrics[i], metrics[i]);
  sqlite3_str_appendf(sql,
                      " FROM evaluations e JOIN images i ON i.id = e.image JOIN run_methods m ON m.id = e.method"
                      " WHERE i.run = ?1 AND e.scoring = %lld AND m.id IN (",
                      (long long)scoring);
  for (int i = 0; i < count; i++) sqlite3_str_appendf(sql, "%s%lld", i ? "," : "", (long long)methods[i].id);
  sqlite3_str_appendall(sql, ") ORDER BY i.position, m.place");
  return sqlite3_str_finish(sql);
}

bool vx_csv_print(vx_store *store, vx_csv_what what, const vx_run_row *run, int64_t scoring,
                  const vx_method_row *methods, int count, const char *const *ids, int id_count, FILE *to,
                  vx_error *error) {
  if (what == VX_CSV_PREDICTIONS) return print_rows(store, predictions, run->id, ids, id_count, to, error);
  vx_arena *arena = vx_arena_new();
  const char **metrics;
  int metric_count;
  bool good = arena ? vx_query_metrics(store, scoring, arena, &metrics, &metric_count, error)
                    : vx_fail(error, vx_store_path(store), "out of memory");
  char *sql = good ? scores_query(scoring, methods, count, metrics, metric_count) : NULL;
  if (good && !sql) good = vx_fail(error, vx_store_path(store), "out of memory");
  good = good && print_rows(store, sql, run->id, ids, id_count, to, error);
  sqlite3_free(sql);
  vx_arena_free(arena);
  return good;
}
