/* What of the current run is there already: read once, answered from memory. */
#include <stdlib.h>
#include <string.h>

#include "harness/store/state.h"

void vx_store_forget_done(vx_store *store) {
  free(store->methods);
  free(store->images);
  free(store->settled);
  free(store->evaluated);
  store->methods = store->images = NULL;
  store->settled = store->evaluated = NULL;
  store->run = store->scoring = 0;
  store->image_count = store->method_count = 0;
  store->continues = false;
}

/* Images, and whether any method can still add something to them: not when the model could not be asked, when the gate
   kept them out, or when the image as a whole failed before any method was scored. */
static bool load_images(vx_store *store, vx_error *error) {
  sqlite3_stmt *read = vx_sql_prepare(
      store,
      "SELECT i.id, i.position, ifnull(p.passed, 0) = 0 OR"
      " (EXISTS (SELECT 1 FROM failures f WHERE f.image = i.id AND f.method IS NULL AND f.severity = 'failure')"
      "  AND NOT EXISTS (SELECT 1 FROM evaluations e WHERE e.image = i.id))"
      " FROM images i LEFT JOIN predictions p ON p.image = i.id WHERE i.run = ?",
      error);
  if (!read) return false;
  int row = vx_sql_bind(store, read, error, "l", store->run) ? 1 : -1;
  while (row > 0 && (row = vx_sql_row(store, read, error)) > 0) {
    int position = sqlite3_column_int(read, 1);
    if (position < 0 || position >= store->image_count) {
      vx_fail(error, store->path, "table images: position %d in a list of %d images", position, store->image_count);
      row = -1;
      break;
    }
    store->images[position] = sqlite3_column_int64(read, 0);
    store->settled[position] = sqlite3_column_int(read, 2) != 0;
  }
  sqlite3_finalize(read);
  return row == 0;
}

static bool load_method(vx_store *store, int method, vx_error *error) {
  sqlite3_stmt *read = vx_sql_prepare(
      store,
      "SELECT i.position FROM evaluations e JOIN images i ON i.id = e.image WHERE e.scoring = ? AND e.method = ?",
      error);
  if (!read) return false;
  int row = vx_sql_bind(store, read, error, "ll", store->scoring, store->methods[method]) ? 1 : -1;
  while (row > 0 && (row = vx_sql_row(store, read, error)) > 0) {
    int position = sqlite3_column_int(read, 0);
    if (position < 0 || position >= store->image_count) continue; /* load_images has refused such a file */
    store->evaluated[(size_t)position * (size_t)store->method_count + (size_t)method] = true;
  }
  sqlite3_finalize(read);
  return row == 0;
}

bool vx_store_load_done(vx_store *store, vx_error *error) {
  if (!store->continues) return true;
  if (!load_images(store, error)) return false;
  for (int i = 0; i < store->method_count; i++) {
    if (!load_method(store, i, error)) return false;
  }
  return true;
}

vx_done vx_store_done(const vx_store *store, int position, bool *missing) {
  int methods = store->method_count;
  bool inside = position >= 0 && position < store->image_count;
  bool seen = inside && store->images[position] != 0, settled = seen && store->settled[position];
  int lacking = 0;
  for (int i = 0; i < methods; i++) {
    bool lacks = !settled && !(seen && store->evaluated[(size_t)position * (size_t)methods + (size_t)i]);
    if (missing) missing[i] = lacks;
    lacking += lacks;
  }
  if (!seen) return VX_DONE_NOTHING;
  return lacking ? VX_DONE_PARTLY : VX_DONE_ALL;
}
