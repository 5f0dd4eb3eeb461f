#include "harness/store/list.h"
#include "harness/store/query.h"

static const char by_kind[] =
    "SELECT f.severity, f.stage, count(*), count(DISTINCT f.image), min(f.place || ': ' || f.reason)"
    " FROM failures f JOIN images i ON i.id = f.image WHERE i.run = ?1"
    " GROUP BY f.severity, f.stage ORDER BY f.severity, count(*) DESC, f.stage";

static const char evaluated[] = "SELECT count(*) FROM images i WHERE i.run = ?1 AND EXISTS"
                                " (SELECT 1 FROM evaluations e WHERE e.image = i.id AND e.iou IS NOT NULL)";

static bool take_trouble(vx_arena *arena, sqlite3_stmt *row, void *element) {
  vx_trouble_row *t = element;
  t->rows = sqlite3_column_int(row, 2);
  t->images = sqlite3_column_int(row, 3);
  return (t->severity = vx_query_text(arena, row, 0)) != NULL && (t->stage = vx_query_text(arena, row, 1)) != NULL &&
         (t->first = vx_query_text(arena, row, 4)) != NULL;
}

bool vx_query_troubles(vx_store *store, int64_t run, vx_arena *arena, vx_trouble_row **rows, int *count,
                       vx_error *error) {
  return vx_query_list(store, by_kind, run, 0, arena, take_trouble, sizeof **rows, rows, count, error);
}

static bool take_truth(vx_arena *arena, sqlite3_stmt *row, void *element) {
  vx_truth_row *t = element;
  t->images = sqlite3_column_int(row, 1);
  return (t->truth = vx_query_text(arena, row, 0)) != NULL;
}

bool vx_query_truths(vx_store *store, int64_t run, vx_arena *arena, vx_truth_row **rows, int *count, vx_error *error) {
  return vx_query_list(store,
                       "SELECT ifnull(i.truth, ''), count(*) FROM images i JOIN predictions p ON p.image = i.id"
                       " AND p.passed = 1 WHERE i.run = ?1 GROUP BY 1 ORDER BY 2 DESC, 1",
                       run, 0, arena, take_truth, sizeof **rows, rows, count, error);
}

bool vx_query_evaluated(vx_store *store, int64_t run, int *count, vx_error *error) {
  sqlite3_stmt *query = vx_sql_prepare(store, error, evaluated, "l", run);
  bool good = vx_sql_row(store, query, error) == 1;
  if (good) *count = sqlite3_column_int(query, 0);
  sqlite3_finalize(query);
  return good;
}
