#include "harness/store/all_maps.h"

#include <inttypes.h>

#include "harness/store/list.h"

static const char maps_sql[] = "SELECT i.id, p.kind, p.width, p.height, p.bytes FROM images i JOIN maps p"
                               " ON p.image = i.id AND p.method = ?2 WHERE i.run = ?1 ORDER BY i.position";

bool vx_all_maps_lack(vx_store *store, int method, const char *score, bool *lack, vx_error *error) {
  sqlite3_stmt *find = vx_sql_prepare(store, error,
                                      "SELECT 1 FROM evaluations e JOIN maps p ON p.image = e.image AND p.method = "
                                      "e.method WHERE e.scoring = ? AND e.method = ? AND NOT EXISTS (SELECT 1 FROM"
                                      " scores s WHERE s.scoring = e.scoring AND s.method = e.method AND s.image ="
                                      " e.image AND s.metric = ?) LIMIT 1",
                                      "llt", store->scoring, store->methods[method], score);
  int row = vx_sql_row(store, find, error);
  *lack = row > 0;
  sqlite3_finalize(find);
  return row >= 0;
}

bool vx_all_maps_missing(vx_store *store, int64_t run, int64_t *count, vx_error *error) {
  sqlite3_stmt *find = vx_sql_prepare(store, error,
                                      "SELECT count(*) FROM scorings s JOIN evaluations e ON e.scoring = s.id LEFT JOIN"
                                      " maps p ON p.image = e.image AND p.method = e.method WHERE s.run = ? AND s.name"
                                      " = 'main' AND e.status <> 'failed' AND p.id IS NULL",
                                      "l", run);
  int row = vx_sql_row(store, find, error);
  if (row > 0) *count = sqlite3_column_int64(find, 0);
  sqlite3_finalize(find);
  return row > 0;
}

static bool put_all(vx_store *store, int64_t method, int64_t image, const char *const *scores, int count,
                    const double *values, vx_error *error) {
  bool ok = true;
  for (int i = 0; ok && i < count; i++)
    ok = vx_sql_do(store, error,
                   "INSERT INTO scores (scoring, method, image, metric, value) VALUES (?,?,?,?,?)"
                   " ON CONFLICT DO UPDATE SET value = excluded.value",
                   "llltr", store->scoring, method, image, scores[i], values[i]);
  return ok;
}

static bool each(vx_store *store, int method, const char *const *scores, int count, vx_all_maps_see *see, void *user,
                 vx_error *error) {
  int64_t id = store->methods[method];
  vx_arena *arena = vx_arena_new(), *room = vx_arena_new();
  double *values = arena && room ? VX_TAKE(arena, count + 1, double) : NULL;
  bool ok = values || vx_fail(error, store->path, "out of memory");
  sqlite3_stmt *read = ok ? vx_sql_prepare(store, error, maps_sql, "ll", store->run, id) : NULL;
  int row = -1;
  while (ok && (row = vx_sql_row(store, read, error)) > 0) {
    vx_map map;
    int64_t image = sqlite3_column_int64(read, 0);
    vx_arena_reset(room);
    ok = vx_take_map(room, read, 1, &map) || vx_fail(error, store->path, "out of memory");
    if (ok && map.width < 0)
      ok = vx_fail(error, store->path, "the map of image %" PRId64 " by method %" PRId64 " is damaged", image, id);
    ok = ok && see(user, &map, values, error) && put_all(store, id, image, scores, count, values, error);
  }
  sqlite3_finalize(read);
  vx_arena_free(arena);
  vx_arena_free(room);
  return ok && row == 0;
}

bool vx_all_maps_read(vx_store *store, int method, vx_all_maps_see *see, void *user, vx_error *error) {
  return each(store, method, NULL, 0, see, user, error);
}

bool vx_all_maps_score(vx_store *store, int method, const char *const *scores, int count, vx_all_maps_see *see,
                       void *user, vx_error *error) {
  if (!vx_sql_exec(store, "BEGIN IMMEDIATE", error)) return false;
  bool ok = each(store, method, scores, count, see, user, error);
  if (ok && vx_sql_exec(store, "COMMIT", error)) return true;
  sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
  return false;
}
