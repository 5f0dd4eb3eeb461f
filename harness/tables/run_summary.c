#include "harness/tables/run_summary.h"

#include "harness/store/sql.h"

static const char by_kind[] =
    "SELECT f.severity, f.stage, count(*), count(DISTINCT f.image), min(f.place || ': ' || f.reason)"
    " FROM failures f JOIN images i ON i.id = f.image WHERE i.run = ?1"
    " GROUP BY f.severity, f.stage ORDER BY f.severity, count(*) DESC, f.stage";

static const char evaluated[] = "SELECT count(*) FROM images i WHERE i.run = ?1 AND EXISTS"
                                " (SELECT 1 FROM evaluations e WHERE e.image = i.id AND e.iou IS NOT NULL)";

static bool print_kinds(vx_store *store, FILE *to, vx_summary *summary, vx_error *error) {
  sqlite3_stmt *query = vx_sql_prepare(store, by_kind, error);
  bool good = query && vx_sql_bind(store, query, error, "l", vx_store_run(store));
  int more = good ? 1 : -1;
  while (good && (more = vx_sql_row(store, query, error)) == 1) {
    int rows = sqlite3_column_int(query, 2), images = sqlite3_column_int(query, 3);
    bool failure = vx_sql_text(query, 0)[0] == 'f';
    if (failure) summary->failures += rows;
    fprintf(to, "  %-9s %-12s %d image%s, %d row%s; first: %s\n", vx_sql_text(query, 0), vx_sql_text(query, 1), images,
            images == 1 ? "" : "s", rows, rows == 1 ? "" : "s", vx_sql_text(query, 4));
  }
  sqlite3_finalize(query);
  return more == 0;
}

static bool count_evaluated(vx_store *store, vx_summary *summary, vx_error *error) {
  sqlite3_stmt *query = vx_sql_prepare(store, evaluated, error);
  bool good =
      query && vx_sql_bind(store, query, error, "l", vx_store_run(store)) && vx_sql_row(store, query, error) == 1;
  if (good) summary->evaluated = sqlite3_column_int(query, 0);
  sqlite3_finalize(query);
  return good;
}

bool vx_summary_print(vx_store *store, double min_confidence, FILE *to, vx_summary *summary, vx_error *error) {
  *summary = (vx_summary){0};
  vx_store_counts *counts = &summary->counts;
  if (!vx_store_count(store, vx_store_run(store), counts, error) || !count_evaluated(store, summary, error))
    return false;
  fprintf(to, "%d of %d images done, %d through the gate (top probability > %g), %d evaluated, %d with failures\n",
          counts->done, counts->images, counts->passed, min_confidence, summary->evaluated, counts->failed);
  return print_kinds(store, to, summary, error);
}
