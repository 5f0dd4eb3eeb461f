#include "harness/tables/run_summary.h"

#include <stdio.h>

#include "harness/store/query.h"

static bool print_kinds(vx_store *store, vx_arena *arena, FILE *to, vx_run_summary *summary, vx_error *error) {
  vx_trouble_row *kinds;
  int count;
  if (!vx_query_troubles(store, vx_store_run(store), arena, &kinds, &count, error)) return false;
  for (const vx_trouble_row *k = kinds; k < kinds + count; k++) {
    if (k->severity[0] == 'f') {
      if (!summary->failures) snprintf(summary->first, sizeof summary->first, "%s", k->first);
      summary->failures += k->rows;
    }
    fprintf(to, "  %-9s %-12s %d image%s, %d row%s; first: %s\n", k->severity, k->stage, k->images,
            k->images == 1 ? "" : "s", k->rows, k->rows == 1 ? "" : "s", k->first);
  }
  return true;
}

bool vx_run_summary_print(vx_store *store, double min_confidence, FILE *to, vx_run_summary *summary, vx_error *error) {
  *summary = (vx_run_summary){0};
  vx_store_counts *counts = &summary->counts;
  if (!vx_store_count(store, vx_store_run(store), counts, error) ||
      !vx_query_evaluated(store, vx_store_run(store), &summary->evaluated, error))
    return false;
  fprintf(to, "%d of %d images done, %d through the gate (top probability > %g), %d evaluated, %d with failures\n",
          counts->done, counts->images, counts->passed, min_confidence, summary->evaluated, counts->failed);
  vx_arena *arena = vx_arena_new();
  bool good =
      arena ? print_kinds(store, arena, to, summary, error) : vx_fail(error, vx_store_path(store), "out of memory");
  vx_arena_free(arena);
  return good;
}
