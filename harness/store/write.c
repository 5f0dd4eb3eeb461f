/* One image, one transaction. */
#include <math.h>
#include <string.h>

#include "harness/store/scoring.h"
#include "harness/store/state.h"

/* Runs a statement that gives no rows with these arguments (vx_sql_prepare); it is kept for the next time. */
static bool put(vx_store *store, vx_error *error, vx_statement which, const char *types, ...) {
  static const char *const sql[VX_STATEMENTS] = {
      [VX_PUT_IMAGE] = "INSERT INTO images (run, position, image_id, width, height, object_pixels, void_pixels,"
                       " object_share, size, main_class, mask_digest, truth, picture_digest, annotation_digest)"
                       " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
      [VX_PUT_OBJECT] = "INSERT INTO objects (image, number, name, class, x_min, y_min, x_max, y_max, difficult,"
                        " truncated, occluded, pixels) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
      [VX_PUT_PREDICTION] = "INSERT INTO predictions (image, label, probability, passed, correct) VALUES (?,?,?,?,?)",
      [VX_PUT_TOP] = "INSERT INTO top5 (image, rank, label, probability) VALUES (?,?,?,?)",
      [VX_PUT_EVALUATION] =
          "INSERT INTO evaluations (scoring, method, image, target, status, threshold, tp, fp, fn, tn,"
          " void, iou, f1, pixel_accuracy, milliseconds) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
      [VX_PUT_SCORE] = "INSERT INTO scores (scoring, method, image, metric, value) VALUES (?,?,?,?,?)"
                       " ON CONFLICT DO NOTHING", /* what was measured before stays */
      [VX_PUT_CURVE] = "INSERT INTO curves (scoring, method, image, metric, name, bytes) VALUES (?,?,?,?,?,?)"
                       " ON CONFLICT DO NOTHING",
      [VX_PUT_MAP] = "INSERT INTO maps (image, method, kind, width, height, bytes) VALUES (?,?,?,?,?,?)",
      [VX_FORGET_IMAGE] = "DELETE FROM images WHERE id = ?",
      [VX_FORGET_EVALUATION] = "DELETE FROM evaluations WHERE scoring = ? AND method = ? AND image = ?",
      [VX_FORGET_MAP] = "DELETE FROM maps WHERE method = ? AND image = ?",
      [VX_FORGET_FAILURES] = "DELETE FROM failures WHERE method = ? AND image = ?",
      [VX_PUT_FAILURE] = "INSERT INTO failures (image, method, severity, stage, place, reason) VALUES (?,?,?,?,?,?)",
  };
  sqlite3_stmt **statement = &store->statements[which];
  va_list arguments;
  va_start(arguments, types);
  if (!*statement) *statement = vx_sql_prepare(store, error, sql[which], "");
  bool ok = *statement && vx_sql_bind(store, *statement, error, types, arguments) &&
            vx_sql_row(store, *statement, error) == 0;
  va_end(arguments);
  sqlite3_reset(*statement);
  return ok;
}

/* By share of the picture: small up to a tenth, medium up to three tenths. */
static const char *size_name(double share) {
  if (isnan(share) || share <= 0) return "none";
  if (share <= 0.1) return "small";
  return share <= 0.3 ? "medium" : "large";
}

static bool put_image(vx_store *store, const vx_result *r, int64_t *id, vx_error *error) {
  bool known = r->object_pixels >= 0 && r->width > 0 && r->height > 0;
  double share = known ? (double)r->object_pixels / ((double)r->width * (double)r->height) : NAN;
  bool ok = put(store, error, VX_PUT_IMAGE, "litnnLLrtitttt", store->run, r->position, r->id, r->width, r->height,
                r->object_pixels, r->void_pixels, share, size_name(share), r->main_class < 0 ? -1 : r->main_class,
                r->mask_digest, r->truth, r->picture_digest, r->annotation_digest);
  *id = sqlite3_last_insert_rowid(store->db);
  return ok;
}

static bool put_objects(vx_store *store, const vx_result *r, int64_t image, vx_error *error) {
  bool ok = true;
  for (int i = 0; ok && i < r->object_count; i++) {
    const vx_stored_object *o = &r->objects[i];
    ok = put(store, error, VX_PUT_OBJECT, "litnrrrrnnnL", image, i, o->name, o->data_class, o->x_min, o->y_min,
             o->x_max, o->y_max, (int)o->difficult, (int)o->truncated, (int)o->occluded, o->pixels);
  }
  return ok;
}

static bool put_prediction(vx_store *store, const vx_result *r, int64_t image, vx_error *error) {
  const vx_prediction *p = &r->prediction;
  if (!p->known) return true;
  if (p->top_count < 1 || p->top_count > VX_TOP) {
    return vx_fail(error, store->path, "image %s: a prediction of %d classes", r->id, p->top_count);
  }
  bool ok = put(store, error, VX_PUT_PREDICTION, "lirin", image, p->top[0].label, p->top[0].probability, (int)p->passed,
                (int)p->correct);
  for (int i = 0; ok && i < p->top_count; i++)
    ok = put(store, error, VX_PUT_TOP, "liir", image, i + 1, p->top[i].label, p->top[i].probability);
  return ok;
}

static bool put_scores(vx_store *store, int64_t scoring, int64_t method, int64_t image, const vx_evaluation *e,
                       vx_error *error) {
  bool ok = true;
  for (int i = 0; ok && i < e->score_count; i++)
    ok = put(store, error, VX_PUT_SCORE, "llltr", scoring, method, image, e->scores[i].metric, e->scores[i].value);
  for (int i = 0; ok && i < e->curve_count; i++) {
    const vx_curve *c = &e->curves[i];
    ok = put(store, error, VX_PUT_CURVE, "lllttb", scoring, method, image, c->metric, c->name, (const void *)c->value,
             (size_t)c->count * sizeof *c->value);
  }
  return ok;
}

bool vx_scoring_write(vx_store *store, int64_t scoring, int64_t method, int64_t image, const vx_evaluation *e,
                      vx_error *error) {
  return put(store, error, VX_PUT_EVALUATION, "lllntrLLLLLrrrr", scoring, method, image, e->target,
             vx_status_name(e->status), e->threshold, e->tp, e->fp, e->fn, e->tn, e->void_pixels, e->iou, e->f1,
             e->pixel_accuracy, e->milliseconds) &&
         put_scores(store, scoring, method, image, e, error);
}

static bool put_map(vx_store *store, int64_t method, int64_t image, const vx_map *map, vx_error *error) {
  if (map->kind == VX_MAP_NONE) return true;
  bool patch = map->kind == VX_MAP_PATCH;
  size_t count = (size_t)map->width * (size_t)map->height, size = patch ? sizeof *map->heat : sizeof *map->levels;
  return put(store, error, VX_PUT_MAP, "lltiib", image, method, patch ? "patch" : "pixel", map->width, map->height,
             patch ? (const void *)map->heat : map->levels, count * size);
}

/* Failures of the given method, `id` in the file, or of the image as a whole (-1, -1). */
static bool put_failures(vx_store *store, const vx_result *r, int method, int64_t id, int64_t image, vx_error *error) {
  bool ok = true;
  for (int i = 0; ok && i < r->failure_count; i++) {
    const vx_stored_failure *f = &r->failures[i];
    if (f->method != method) continue;
    ok = put(store, error, VX_PUT_FAILURE, "lLtttt", image, id, vx_severity_name(f->severity), f->stage, f->where,
             f->why);
  }
  return ok;
}

bool vx_store_put_map(vx_store *store, int64_t scoring, int64_t method, int64_t image, const vx_result *r,
                      vx_error *error) {
  const vx_evaluation *e = &r->evaluations[0];
  return vx_scoring_write(store, scoring, method, image, e, error) && put_map(store, method, image, &e->map, error) &&
         put_failures(store, r, e->method, method, image, error);
}

/* What the file has of this method once the evaluation is in it. */
static uint64_t has_after(const vx_store *store, const vx_evaluation *e) {
  uint64_t bits = VX_HAS_EVALUATION | vx_store_settled_metrics(store, e->status);
  for (int i = 0; i < e->score_count; i++) bits |= vx_store_metric_bit(store, e->scores[i].metric);
  return bits;
}

/* What is left of a method that failed before and is tried again. */
static bool forget_method(vx_store *store, int64_t method, int64_t image, vx_error *error) {
  return put(store, error, VX_FORGET_EVALUATION, "lll", store->scoring, method, image) &&
         put(store, error, VX_FORGET_MAP, "ll", method, image) &&
         put(store, error, VX_FORGET_FAILURES, "ll", method, image);
}

/* Evaluations that are not there; of those that are, the measures that they lack. */
static bool put_new_evaluations(vx_store *store, const vx_result *r, int64_t image, vx_error *error) {
  const uint64_t *has = &store->has[(size_t)r->position * (size_t)store->method_count];
  bool ok = true;
  for (int i = 0; ok && i < r->evaluation_count; i++) {
    const vx_evaluation *e = &r->evaluations[i];
    if (e->method < 0 || e->method >= store->method_count) {
      return vx_fail(error, store->path, "image %s: method %d of %d", r->id, e->method, store->method_count);
    }
    int64_t method = store->methods[e->method];
    bool there = has[e->method] & VX_HAS_EVALUATION;
    if (there && !(has_after(store, e) & ~has[e->method])) continue;
    ok = there ? put_scores(store, store->scoring, method, image, e, error)
               : (!store->images[r->position] || forget_method(store, method, image, error)) &&
                     vx_scoring_write(store, store->scoring, method, image, e, error) &&
                     put_map(store, method, image, &e->map, error);
    ok = ok && put_failures(store, r, e->method, method, image, error);
  }
  return ok;
}

/* The image that is there under this place must be the one that is meant. */
static bool check_id(vx_store *store, const vx_result *r, int64_t image, vx_error *error) {
  sqlite3_stmt *read = vx_sql_prepare(store, error, "SELECT image_id FROM images WHERE id = ?", "l", image);
  int row = vx_sql_row(store, read, error);
  bool ok = row > 0;
  if (row == 0) vx_fail(error, store->path, "image %s is gone", r->id);
  if (ok && strcmp(vx_sql_text(read, 0), r->id) != 0) {
    ok = vx_fail(error, store->path, "place %d of the list is image %s there, now %s", r->position,
                 vx_sql_text(read, 0), r->id);
  }
  sqlite3_finalize(read);
  return ok;
}

/* An image that failed before makes room for its new rows. That it is there for another reason is another process'. */
static bool forget_failed(vx_store *store, const vx_result *r, vx_error *error) {
  static const char sql[] = "SELECT id FROM images WHERE run = ? AND position = ?";
  sqlite3_stmt *read = vx_sql_prepare(store, error, sql, "li", store->run, r->position);
  int row = vx_sql_row(store, read, error);
  int64_t there = row > 0 ? sqlite3_column_int64(read, 0) : 0, failed = store->failed[r->position];
  sqlite3_finalize(read);
  if (row < 0 || !there) return row == 0;
  if (there != failed)
    return vx_fail(error, store->path,
                   "image %s of run %lld is there already: another process works on the same run. "
                   "Go on with the same command when it has ended, or write to another file (--out)",
                   r->id, (long long)store->run);
  return put(store, error, VX_FORGET_IMAGE, "l", there);
}

static bool put_result(vx_store *store, const vx_result *r, int64_t *image, vx_error *error) {
  *image = store->images[r->position];
  if (*image) return check_id(store, r, *image, error) && put_new_evaluations(store, r, *image, error);
  return forget_failed(store, r, error) && put_image(store, r, image, error) && put_objects(store, r, *image, error) &&
         put_prediction(store, r, *image, error) && put_failures(store, r, -1, -1, *image, error) &&
         put_new_evaluations(store, r, *image, error);
}

static bool has_failure(const vx_result *r) {
  for (int i = 0; i < r->failure_count; i++) {
    if (r->failures[i].method < 0 && r->failures[i].severity == VX_FAILURE) return true;
  }
  return false;
}

static void remember(vx_store *store, const vx_result *r, int64_t image) {
  uint64_t *has = &store->has[(size_t)r->position * (size_t)store->method_count], any = 0;
  for (int i = 0; i < r->evaluation_count; i++) has[r->evaluations[i].method] |= has_after(store, &r->evaluations[i]);
  for (int i = 0; i < store->method_count; i++) any |= has[i];
  if (store->images[r->position]) return;
  store->images[r->position] = image;
  store->failed[r->position] = 0;
  store->settled[r->position] = !r->prediction.known || !r->prediction.passed || (has_failure(r) && !any);
}

bool vx_store_write(vx_store *store, const vx_result *result, vx_error *error) {
  if (!store->run) return vx_fail(error, store->path, "no run was begun");
  if (result->position < 0 || result->position >= store->image_count) {
    return vx_fail(error, store->path, "image %s: place %d in a list of %d", result->id, result->position,
                   store->image_count);
  }
  int64_t image;
  if (!vx_sql_exec(store, "BEGIN IMMEDIATE", error)) return false;
  if (put_result(store, result, &image, error) && vx_sql_exec(store, "COMMIT", error)) {
    remember(store, result, image);
    return true;
  }
  sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
  return false;
}
