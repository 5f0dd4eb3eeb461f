#include "harness/store/detail.h"

#include <string.h>

#include "harness/store/list.h"

static bool take_label(vx_arena *arena, sqlite3_stmt *row, void *element) {
  vx_label_row *label = element;
  label->label = sqlite3_column_int(row, 0);
  label->data_class = (int)vx_sql_whole(row, 2);
  return (label->name = vx_query_text(arena, row, 1)) != NULL;
}

bool vx_query_labels(vx_store *store, int64_t run, vx_arena *arena, vx_label_row **rows, int *count, vx_error *error) {
  return vx_query_list(store, "SELECT label, name, class FROM labels WHERE run = ? ORDER BY label", run, 0, arena,
                       take_label, sizeof **rows, rows, count, error);
}

#define FAILURE_COLUMNS "i.position, i.image_id, m.name, f.stage, f.place, f.reason, f.severity"
#define FAILURES "failures f JOIN images i ON i.id = f.image LEFT JOIN run_methods m ON m.id = f.method"

static bool take_failure(vx_arena *arena, sqlite3_stmt *row, void *element) {
  vx_failure_row *f = element;
  const char **const texts[] = {&f->image_id, &f->method, &f->failure.stage, &f->failure.where, &f->failure.why};
  f->position = sqlite3_column_int(row, 0);
  f->failure.method = -1;
  f->failure.severity = strcmp(vx_sql_text(row, 6), "failure") == 0 ? VX_FAILURE : VX_WARNING;
  return vx_query_texts(arena, row, 1, texts, 5);
}

bool vx_query_failures(vx_store *store, int64_t run, int limit, vx_arena *arena, vx_failure_row **rows, int *count,
                       int64_t *all, vx_error *error) {
  int64_t *counted;
  int one;
  bool ok =
      vx_query_list(store, "SELECT count(*) FROM missing WHERE run = ?", run, 0, arena, vx_take_id, sizeof *counted,
                    &counted, &one, error) &&
      vx_query_list(store, "SELECT " FAILURE_COLUMNS " FROM " FAILURES " WHERE i.run = ? ORDER BY i.position LIMIT ?",
                    run, limit, arena, take_failure, sizeof **rows, rows, count, error);
  *all = ok && one ? *counted : 0;
  return ok;
}

bool vx_query_image_failures(vx_store *store, int64_t image, vx_arena *arena, vx_failure_row **rows, int *count,
                             vx_error *error) {
  return vx_query_list(store, "SELECT " FAILURE_COLUMNS " FROM " FAILURES " WHERE f.image = ? ORDER BY f.id", image, 0,
                       arena, take_failure, sizeof **rows, rows, count, error);
}
