#include "harness/store/maps.h"

#include <inttypes.h>

#include "harness/store/list.h"

static const char maps_sql[] = "SELECT i.id, p.kind, p.width, p.height, p.bytes FROM images i JOIN maps p"
                               " ON p.image = i.id AND p.method = ?2 WHERE i.run = ?1 ORDER BY i.position";

bool vx_maps_lack(vx_store *store, int method, const char *score, bool *lack, vx_error *error) {
  sqlite3_stmt *find = vx_sql_prepare(store,
                                      "SELECT 1 FROM evaluations e JOIN maps p ON p.image = e.image AND p.method = "
                                      "e.method WHERE e.scoring = ? AND e.method = ? AND NOT EXISTS (SELECT 1 FROM"
                                      " scores s WHERE s.scoring = e.scoring AND s.method = e.method AND s.image ="
                                      " e.image AND s.metric = ?) LIMIT 1",
                                      error);
  if (!find) return false;
  int row = vx_sql_bind(store, find, error, "llt", store->scoring, store->methods[method], score)
                ? vx_sql_row(store, find, error)
                : -1;
  *lack = row > 0;
  sqlite3_finalize(find);
  return row >= 0;
}

static bool put_all(vx_store *store, sqlite3_stmt *put, int64_t method, int64_t image, const char *const *scores,
                    int count, const double *values, vx_error *error) {
  bool ok = true;
  for (int i = 0; ok && i < count; i++)
    ok = vx_sql_bind(store, put, error, "llltr", store->scoring, method, image, scores[i], values[i]) &&
         vx_sql_run(store, put, error);
  return ok;
}

/* `put` may be NULL: nothing is written. */
static bool each(vx_store *store, int method, sqlite3_stmt *put, const char *const *scores, int count, vx_maps_see *see,
                 void *user, vx_error *error) {
  int64_t id = store->methods[method];
  sqlite3_stmt *read = vx_sql_prepare(store, maps_sql, error);
  vx_arena *arena = vx_arena_new();
  double *values = arena ? VX_TAKE(arena, count + 1, double) : NULL;
  bool ok = read && (values || vx_fail(error, store->path, "out of memory")) &&
            vx_sql_bind(store, read, error, "ll", store->run, id);
  vx_arena *room = ok ? vx_arena_new() : NULL;
  int row = room ? 1 : -1;
  while (ok && row > 0 && (row = vx_sql_row(store, read, error)) > 0) {
    vx_map map;
    int64_t image = sqlite3_column_int64(read, 0);
    vx_arena_reset(room);
    ok = vx_take_map(room, read, 1, &map) || vx_fail(error, store->path, "out of memory");
    if (ok && map.width < 0)
      ok = vx_fail(error, store->path, "the map of image %" PRId64 " by method %" PRId64 " is damaged", image, id);
    ok = ok && see(user, &map, values, error) && (!put || put_all(store, put, id, image, scores, count, values, error));
  }
  if (ok && !room) ok = vx_fail(error, store->path, "out of memory");
  sqlite3_finalize(read);
  vx_arena_free(arena);
  vx_arena_free(room);
  return ok && row == 0;
}

bool vx_maps_read(vx_store *store, int method, vx_maps_see *see, void *user, vx_error *error) {
  return each(store, method, NULL, NULL, 0, see, user, error);
}

bool vx_maps_score(vx_store *store, int method, const char *const *scores, int count, vx_maps_see *see, void *user,
                   vx_error *error) {
  if (!vx_sql_exec(store, "BEGIN IMMEDIATE", error)) return false;
  sqlite3_stmt *put = vx_sql_prepare(store,
                                     "INSERT INTO scores (scoring, method, image, metric, value) VALUES (?,?,?,?,?)"
                                     " ON CONFLICT DO UPDATE SET value = excluded.value",
                                     error);
  bool ok = put && each(store, method, put, scores, count, see, user, error);
  sqlite3_finalize(put);
  if (ok && vx_sql_exec(store, "COMMIT", error)) return true;
  sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
  return false;
}
