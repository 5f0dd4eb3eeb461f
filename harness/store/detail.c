#include "harness/store/detail.h"

#include <stdio.h>
#include <string.h>

#include "harness/store/list.h"

static int int_or(sqlite3_stmt *row, int column, int missing) {
  return sqlite3_column_type(row, column) == SQLITE_NULL ? missing : sqlite3_column_int(row, column);
}

static bool take_label(vx_arena *arena, sqlite3_stmt *row, void *element) {
  vx_label_row *label = element;
  label->label = sqlite3_column_int(row, 0);
  label->data_class = int_or(row, 2, -1);
  return (label->name = vx_query_text(arena, row, 1)) != NULL;
}

bool vx_query_labels(vx_store *store, int64_t run, vx_arena *arena, vx_label_row **rows, int *count, vx_error *error) {
  void *list = NULL;
  bool ok = vx_query_list(store, "SELECT label, name, class FROM labels WHERE run = ? ORDER BY label", run, arena,
                          take_label, sizeof **rows, &list, count, error);
  *rows = list;
  return ok;
}

static bool take_name(vx_arena *arena, sqlite3_stmt *row, void *element) {
  const char **name = element;
  return (*name = vx_query_text(arena, row, 0)) != NULL;
}

bool vx_query_metric_names(vx_store *store, int64_t scoring, vx_arena *arena, const char ***names, int *count,
                           vx_error *error) {
  void *list = NULL;
  bool ok = vx_query_list(store, "SELECT DISTINCT metric FROM scores WHERE scoring = ? ORDER BY metric", scoring, arena,
                          take_name, sizeof **names, &list, count, error);
  *names = list;
  return ok;
}

static bool take_failure(vx_arena *arena, sqlite3_stmt *row, void *element) {
  vx_failure_row *f = element;
  const char **const texts[] = {&f->image_id, &f->method, &f->severity, &f->stage, &f->place, &f->reason};
  f->position = sqlite3_column_int(row, 0);
  for (int i = 0; i < 6; i++) {
    if (!(*texts[i] = vx_query_text(arena, row, i + 1))) return false;
  }
  return true;
}

bool vx_query_failures(vx_store *store, int64_t run, int limit, vx_arena *arena, vx_failure_row **rows, int *count,
                       int64_t *all, vx_error *error) {
  void *list = NULL;
  sqlite3_stmt *counting = vx_sql_prepare(store, "SELECT count(*) FROM missing WHERE run = ?", error);
  int found = counting && vx_sql_bind(store, counting, error, "l", run) ? vx_sql_row(store, counting, error) : -1;
  *all = found > 0 ? sqlite3_column_int64(counting, 0) : 0;
  sqlite3_finalize(counting);
  if (found < 0) return false;
  char sql[200];
  snprintf(sql, sizeof sql,
           "SELECT position, image_id, method, severity, stage, place, reason FROM missing WHERE run = ?"
           " ORDER BY position LIMIT %d",
           limit);
  bool ok = vx_query_list(store, sql, run, arena, take_failure, sizeof **rows, &list, count, error);
  *rows = list;
  return ok;
}

/* ---- one image -------------------------------------------------------------------------------------------------- */

static bool take_top(vx_arena *arena, sqlite3_stmt *row, void *element) {
  (void)arena;
  *(vx_top *)element = (vx_top){sqlite3_column_int(row, 0), sqlite3_column_double(row, 1)};
  return true;
}

static bool take_object(vx_arena *arena, sqlite3_stmt *row, void *element) {
  vx_stored_object *o = element;
  double *const box[] = {&o->x_min, &o->y_min, &o->x_max, &o->y_max};
  o->data_class = int_or(row, 1, -1);
  for (int i = 0; i < 4; i++) *box[i] = vx_sql_real(row, i + 2);
  o->difficult = (vx_answer)int_or(row, 6, -1);
  o->truncated = (vx_answer)int_or(row, 7, -1);
  o->occluded = (vx_answer)int_or(row, 8, -1);
  o->pixels = int_or(row, 9, -1);
  return (o->name = vx_query_text(arena, row, 0)) != NULL;
}

static bool take_size(vx_arena *arena, sqlite3_stmt *row, void *element) {
  (void)arena;
  vx_image_detail *detail = element;
  detail->width = int_or(row, 0, -1);
  detail->height = int_or(row, 1, -1);
  return true;
}

bool vx_query_image_detail(vx_store *store, int64_t image, vx_arena *arena, vx_image_detail *detail, vx_error *error) {
  void *size = NULL, *top = NULL, *objects = NULL;
  int sizes, tops, object_count;
  if (!vx_query_list(store, "SELECT width, height FROM images WHERE id = ?", image, arena, take_size, sizeof *detail,
                     &size, &sizes, error) ||
      !vx_query_list(store, "SELECT label, probability FROM top5 WHERE image = ? ORDER BY rank", image, arena, take_top,
                     sizeof(vx_top), &top, &tops, error) ||
      !vx_query_list(store,
                     "SELECT name, class, x_min, y_min, x_max, y_max, difficult, truncated, occluded, pixels"
                     " FROM objects WHERE image = ? ORDER BY number",
                     image, arena, take_object, sizeof(vx_stored_object), &objects, &object_count, error)) {
    return false;
  }
  *detail = sizes ? *(vx_image_detail *)size : (vx_image_detail){.width = -1, .height = -1};
  detail->top = top;
  detail->top_count = tops;
  detail->objects = objects;
  detail->object_count = object_count;
  return true;
}

/* A map whose bytes do not fit its sides is taken as none; vx_query_maps makes that an error. */
static bool take_map(vx_arena *arena, sqlite3_stmt *row, void *element) {
  vx_map_row *m = element;
  bool patch = strcmp(vx_sql_text(row, 1), "patch") == 0;
  int64_t width = sqlite3_column_int64(row, 2), height = sqlite3_column_int64(row, 3);
  size_t size = (size_t)sqlite3_column_bytes(row, 4), each = patch ? sizeof(float) : 1;
  m->method = sqlite3_column_int64(row, 0);
  if (width < 1 || height < 1 || width > 65536 || height > 65536 || (size_t)width * (size_t)height * each != size) {
    return true;
  }
  void *bytes = vx_arena_take(arena, size, 1);
  if (!bytes) return false;
  memcpy(bytes, sqlite3_column_blob(row, 4), size);
  m->map = (vx_map){.kind = patch ? VX_MAP_PATCH : VX_MAP_PIXEL, .width = (int)width, .height = (int)height};
  if (patch)
    m->map.heat = bytes;
  else
    m->map.levels = bytes;
  return true;
}

bool vx_query_maps(vx_store *store, int64_t image, vx_arena *arena, vx_map_row **rows, int *count, vx_error *error) {
  void *list = NULL;
  bool ok = vx_query_list(store, "SELECT method, kind, width, height, bytes FROM maps WHERE image = ? ORDER BY method",
                          image, arena, take_map, sizeof **rows, &list, count, error);
  *rows = list;
  for (int i = 0; ok && i < *count; i++) {
    if ((*rows)[i].map.kind == VX_MAP_NONE) {
      return vx_fail(error, vx_store_path(store),
                     "the map of image %lld by method %lld has not as many bytes as its sides say", (long long)image,
                     (long long)(*rows)[i].method);
    }
  }
  return ok;
}
