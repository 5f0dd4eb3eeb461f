/* What of the current run is there already: read once, answered from memory. */
#include <stdlib.h>
#include <string.h>

#include "harness/store/state.h"

void vx_store_forget_done(vx_store *store) {
  free(store->methods);
  free(store->images);
  free(store->failed);
  free(store->settled);
  free(store->has);
  free(store->metrics);
  store->methods = store->images = store->failed = NULL;
  store->settled = NULL;
  store->has = NULL;
  store->metrics = NULL;
  store->run = store->scoring = 0;
  store->image_count = store->method_count = store->metric_count = 0;
  store->continues = false;
}

static uint64_t *has(const vx_store *store, int position, int method) {
  return &store->has[(size_t)position * (size_t)store->method_count + (size_t)method];
}

/* Images, and whether any method can still add something to them: not when the gate kept them out, or when the truth is
   none (vx_store_again if it is another one by now). What failed as a whole for another reason is as if not seen. */
static bool load_images(vx_store *store, vx_error *error) {
  sqlite3_stmt *read = vx_sql_prepare(
      store, error,
      "SELECT i.id, i.position, ifnull(p.passed, 0) = 0, EXISTS (SELECT 1 FROM failures f WHERE f.image = i.id"
      " AND f.method IS NULL AND f.severity = 'failure' AND f.stage <> 'truth')"
      " FROM images i LEFT JOIN predictions p ON p.image = i.id WHERE i.run = ?",
      "l", store->run);
  int row;
  while ((row = vx_sql_row(store, read, error)) > 0) {
    int position = sqlite3_column_int(read, 1);
    if (position < 0 || position >= store->image_count) {
      vx_fail(error, store->path, "table images: position %d in a list of %d images", position, store->image_count);
      row = -1;
      break;
    }
    store->images[position] = sqlite3_column_int64(read, 0);
    store->settled[position] = sqlite3_column_int(read, 2) != 0;
    if (sqlite3_column_int(read, 3)) vx_store_again(store, position);
  }
  sqlite3_finalize(read);
  return row == 0;
}

void vx_store_again(vx_store *store, int position) {
  if (position < 0 || position >= store->image_count || !store->images[position]) return;
  store->failed[position] = store->images[position];
  store->images[position] = 0;
  for (int i = 0; i < store->method_count; i++) *has(store, position, i) = 0;
}

uint64_t vx_store_settled_metrics(const vx_store *store, vx_status status) {
  uint64_t bits = 0;
  for (int i = 0; i < store->metric_count; i++) {
    const vx_known_metric *metric = &store->metrics[i];
    bool settled = !*metric->column || metric->maps || status == VX_STATUS_FAILED ||
                   (status == VX_STATUS_UNSCORED && metric->truth);
    if (settled) bits |= UINT64_C(1) << i;
  }
  return bits;
}

uint64_t vx_store_metric_bit(const vx_store *store, const char *column) {
  for (int i = 0; i < store->metric_count; i++)
    if (strcmp(store->metrics[i].column, column) == 0) return UINT64_C(1) << i;
  return 0;
}

/* Marks what a query of (position, text) gives: evaluations with their status, or the names of scores. */
static bool load(vx_store *store, int method, const char *sql, bool statuses, vx_error *error) {
  sqlite3_stmt *read = vx_sql_prepare(store, error, sql, "ll", store->scoring, store->methods[method]);
  int row;
  while ((row = vx_sql_row(store, read, error)) > 0) {
    int position = sqlite3_column_int(read, 0);
    const char *text = vx_sql_text(read, 1);
    if (position < 0 || position >= store->image_count) continue; /* load_images has refused such a file */
    if (!store->images[position]) continue;
    *has(store, position, method) |= statuses ? VX_HAS_EVALUATION | vx_store_settled_metrics(store, vx_status_of(text))
                                              : vx_store_metric_bit(store, text);
  }
  sqlite3_finalize(read);
  return row == 0;
}

static bool load_method(vx_store *store, int method, vx_error *error) {
  static const char evaluations[] = "SELECT i.position, e.status FROM evaluations e JOIN images i ON i.id = e.image"
                                    " WHERE e.scoring = ? AND e.method = ? AND e.status <> 'failed'";
  static const char scores[] = "SELECT i.position, s.metric FROM scores s JOIN images i ON i.id = s.image"
                               " WHERE s.scoring = ? AND s.method = ?";
  bool further = false;
  for (int i = 0; i < store->metric_count; i++) further |= *store->metrics[i].column != 0;
  return load(store, method, evaluations, true, error) && (!further || load(store, method, scores, false, error));
}

bool vx_store_load_done(vx_store *store, vx_error *error) {
  if (!store->continues) return true;
  if (!load_images(store, error)) return false;
  for (int i = 0; i < store->method_count; i++) {
    if (!load_method(store, i, error)) return false;
  }
  return true;
}

static bool inside(const vx_store *store, int position) {
  return position >= 0 && position < store->image_count;
}

int64_t vx_store_image(const vx_store *store, int position) {
  return inside(store, position) ? store->images[position] : 0;
}

bool vx_store_settled(const vx_store *store, int position) {
  return vx_store_image(store, position) && store->settled[position];
}

uint64_t vx_store_lacking(const vx_store *store, int position, int method) {
  uint64_t all = (UINT64_C(1) << store->metric_count) - 1;
  if (!vx_store_image(store, position)) return all;
  return store->settled[position] ? 0 : all & ~*has(store, position, method);
}

vx_done vx_store_done(const vx_store *store, int position, bool *missing) {
  bool seen = vx_store_image(store, position) != 0, settled = seen && store->settled[position];
  bool lacking = false;
  for (int i = 0; i < store->method_count; i++) {
    bool lacks = !settled && !(seen && (*has(store, position, i) & VX_HAS_EVALUATION));
    if (missing) missing[i] = lacks;
    lacking |= lacks || vx_store_lacking(store, position, i);
  }
  if (!seen) return VX_DONE_NOTHING;
  return lacking ? VX_DONE_PARTLY : VX_DONE_ALL;
}
