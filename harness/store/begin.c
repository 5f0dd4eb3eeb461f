/* Beginning a run, or finding the one to continue. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "harness/store/state.h"

void vx_store_scoring_digest(const vx_scoring_row *scoring, char text[17]) {
  vx_digest digest;
  vx_digest_start(&digest);
  const char *parts[] = {scoring->size,        scoring->threshold,      scoring->foreground, scoring->void_pixels,
                         scoring->mask_resize, scoring->pixel_accuracy, scoring->aggregate};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) vx_digest_text(&digest, parts[i]);
  vx_digest_print(&digest, text);
}

void vx_store_method_digest(const vx_method_row *method, char text[17]) {
  vx_digest digest;
  vx_digest_start(&digest);
  vx_digest_text(&digest, method->explainer);
  vx_digest_text(&digest, method->parameters);
  vx_digest_text(&digest, method->parts && *method->parts ? method->parts : NULL);
  vx_digest_print(&digest, text);
}

void vx_store_metric_digest(const vx_metric_row *metric, char text[17]) {
  vx_digest digest;
  vx_digest_start(&digest);
  vx_digest_text(&digest, metric->measure);
  vx_digest_text(&digest, metric->parameters);
  vx_digest_print(&digest, text);
}

void vx_store_run_digest(const vx_run_row *run, char text[17]) {
  vx_digest digest;
  char scoring[VX_DIGEST_SIZE];
  vx_store_scoring_digest(&run->scoring, scoring);
  vx_digest_start(&digest);
  const char *parts[] = {run->model_digest, run->data_digest, run->input, run->target,
                         run->output,       run->precision,   scoring};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) vx_digest_text(&digest, parts[i]);
  vx_digest_real(&digest, run->min_confidence);
  vx_digest_bytes(&digest, &run->seed, sizeof run->seed);
  for (int i = 0; i < run->label_count; i++) {
    vx_digest_bytes(&digest, &run->label_class[i], sizeof run->label_class[i]);
  }
  vx_digest_print(&digest, text);
}

int64_t vx_store_put_scoring(vx_store *store, int64_t run, const vx_scoring_row *s, vx_error *error) {
  char digest[VX_DIGEST_SIZE];
  vx_store_scoring_digest(s, digest);
  bool ok = vx_sql_do(store, error,
                      "INSERT INTO scorings (run, name, size, threshold, foreground, void, mask_resize,"
                      " pixel_accuracy, aggregate, note, digest) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                      "lttttttttTt", run, s->name, s->size, s->threshold, s->foreground, s->void_pixels, s->mask_resize,
                      s->pixel_accuracy, s->aggregate, s->note, digest);
  return ok ? sqlite3_last_insert_rowid(store->db) : 0;
}

static bool put_names(vx_store *store, const vx_run_row *run, vx_error *error) {
  bool ok = true;
  for (int i = 0; ok && i < run->data_class_count; i++)
    ok = !run->data_classes[i] || vx_sql_do(store, error, "INSERT INTO classes (run, class, name) VALUES (?,?,?)",
                                            "lit", store->run, i, run->data_classes[i]);
  for (int i = 0; ok && i < run->label_count; i++)
    ok = vx_sql_do(store, error, "INSERT INTO labels (run, label, name, class) VALUES (?,?,?,?)", "litn", store->run, i,
                   run->labels[i], run->label_class[i]);
  return ok;
}

static bool put_run(vx_store *store, const vx_run_row *run, const char *digest, vx_error *error) {
  bool ok = vx_sql_do(
      store, error,
      "INSERT INTO runs (name, digest, config, model, model_digest, data, data_digest, input, min_confidence, target,"
      " output, precision, seed, class_map, compare_with, input_side, grid_side, image_count, program,"
      " openblas, kernel, host, protocol, protocol_digest, started)"
      " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
      "ttttttttrtttlTTiiittttTT", run->name, digest, run->config, run->model, run->model_digest, run->data,
      run->data_digest, run->input, run->min_confidence, run->target, run->output, run->precision, (int64_t)run->seed,
      run->class_map, run->compare_with, run->input_side, run->grid, run->image_count, run->program, run->openblas,
      run->kernel, run->host, run->protocol, run->protocol_digest);
  if (!ok) return false;
  store->run = sqlite3_last_insert_rowid(store->db);
  vx_scoring_row scoring = run->scoring;
  scoring.name = "main";
  store->scoring = vx_store_put_scoring(store, store->run, &scoring, error);
  return store->scoring && put_names(store, run, error);
}

/* The rest of a run must come from the same program and the same kernel, or its halves differ in the last bits. */
static bool check_same_maker(vx_store *store, sqlite3_stmt *found, const vx_run_row *run, vx_error *error) {
  const char *kernel = vx_sql_text(found, 2), *program = vx_sql_text(found, 3);
  if (strcmp(kernel, run->kernel) != 0) {
    return vx_fail(error, store->path,
                   "run %lld was begun with OpenBLAS' kernel %s, this is %s: set OPENBLAS_CORETYPE=%s to continue it, "
                   "or write to another file (--out)",
                   (long long)store->run, kernel, run->kernel, kernel);
  }
  if (strcmp(program, run->program) != 0) {
    return vx_fail(error, store->path,
                   "run %lld was begun by %s, this is %s: continue it with that one, or write to another file (--out)",
                   (long long)store->run, program, run->program);
  }
  return true;
}

/* What may differ without changing a result is taken from the newest command. */
static bool refresh_run(vx_store *store, const vx_run_row *run, vx_error *error) {
  return vx_sql_do(store, error,
                   "UPDATE runs SET name=?, config=?, model=?, data=?, class_map=?, compare_with=?, protocol=?,"
                   " protocol_digest=?, finished=NULL WHERE id=?",
                   "ttttTTTTl", run->name, run->config, run->model, run->data, run->class_map, run->compare_with,
                   run->protocol, run->protocol_digest, store->run);
}

bool vx_store_find(vx_store *store, const vx_run_row *run, int64_t *id, vx_error *error) {
  char digest[VX_DIGEST_SIZE];
  vx_store_run_digest(run, digest);
  sqlite3_stmt *find = vx_sql_prepare(store, error, "SELECT id FROM runs WHERE digest = ?", "t", digest);
  int row = vx_sql_row(store, find, error);
  *id = row > 0 ? sqlite3_column_int64(find, 0) : 0;
  sqlite3_finalize(find);
  return row >= 0;
}

static bool find_run(vx_store *store, const vx_run_row *run, const char *digest, vx_error *error) {
  sqlite3_stmt *find = vx_sql_prepare(store, error,
                                      "SELECT r.id, s.id, r.kernel, r.program FROM runs r JOIN scorings s"
                                      " ON s.run = r.id AND s.name = 'main' WHERE r.digest = ?",
                                      "t", digest);
  int row = vx_sql_row(store, find, error);
  bool ok = row >= 0;
  if (row > 0) {
    store->run = sqlite3_column_int64(find, 0);
    store->scoring = sqlite3_column_int64(find, 1);
    store->continues = true;
    ok = check_same_maker(store, find, run, error);
  }
  sqlite3_finalize(find);
  return ok;
}

/* A method or measure of this name is there with another digest. `sql` gives its id in the registry and parameters. */
static bool fail_other(vx_store *store, const char *sql, int64_t run, const char *what, const char *name,
                       const char *id, const char *parameters, vx_error *error) {
  sqlite3_stmt *find = vx_sql_prepare(store, error, sql, "lt", run, name);
  if (vx_sql_row(store, find, error) > 0)
    vx_fail(error, store->path,
            "run %lld has a %s %s already, which is %s (%s), not %s (%s): give the new one another name (as: …)",
            (long long)run, what, name, vx_sql_text(find, 0), vx_sql_text(find, 1), id, parameters);
  sqlite3_finalize(find);
  return false;
}

/* Tables show methods in the order of the newest command, those that it does not name after them. */
/* Adds one, or finds it by name and digest: its id in the file, 0: failure. */
int64_t vx_store_put_method(vx_store *store, int64_t run, const vx_method_row *m, vx_error *error) {
  static const char other[] = "SELECT explainer, parameters FROM run_methods WHERE run = ? AND name = ?";
  static const char sql[] =
      "INSERT INTO run_methods (run, place, name, explainer, title, family, source, class_specific, trivial, is_mask,"
      " parameters, parts, pixel_map, digest, imported_from, cite) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
      " ON CONFLICT (run, name) DO UPDATE SET place = excluded.place WHERE digest = excluded.digest RETURNING id";
  char digest[VX_DIGEST_SIZE];
  vx_store_method_digest(m, digest);
  sqlite3_stmt *put = vx_sql_prepare(store, error, sql, "litttttiiitTitTT", run, m->place, m->name, m->explainer,
                                     m->title, m->family, m->source, m->class_specific, m->trivial, m->is_mask,
                                     m->parameters, m->parts, m->pixel_map, digest, m->imported_from, m->cite);
  int row = vx_sql_row(store, put, error);
  int64_t id = row > 0 ? sqlite3_column_int64(put, 0) : 0;
  if (row == 0) fail_other(store, other, run, "method", m->name, m->explainer, m->parameters, error);
  sqlite3_finalize(put);
  return id;
}

static bool put_methods(vx_store *store, const vx_run_row *run, vx_error *error) {
  bool good = vx_sql_do(store, error, "UPDATE run_methods SET place = place + ? WHERE run = ?", "il", run->method_count,
                        store->run);
  for (int i = 0; good && i < run->method_count; i++) {
    vx_method_row method = run->methods[i];
    method.place = i;
    good = (store->methods[i] = vx_store_put_method(store, store->run, &method, error)) != 0;
  }
  return good;
}

static bool put_metrics(vx_store *store, const vx_run_row *run, vx_error *error) {
  static const char other[] = "SELECT measure, parameters FROM run_metrics WHERE run = ? AND name = ?";
  static const char sql[] =
      "INSERT INTO run_metrics (run, name, place, measure, kind, parameters, columns, digest) VALUES (?,?,?,?,?,?,?,?)"
      " ON CONFLICT (run, name) DO UPDATE SET place = excluded.place WHERE digest = excluded.digest RETURNING place";
  int row = vx_sql_do(store, error, "UPDATE run_metrics SET place = place + ? WHERE run = ?", "il", run->metric_count,
                      store->run);
  for (int i = 0; row > 0 && i < run->metric_count; i++) {
    const vx_metric_row *m = &run->metrics[i];
    char digest[VX_DIGEST_SIZE];
    vx_store_metric_digest(m, digest);
    sqlite3_stmt *put = vx_sql_prepare(store, error, sql, "ltittttt", store->run, m->name, i, m->measure, m->kind,
                                       m->parameters, m->columns, digest);
    row = vx_sql_row(store, put, error);
    if (row == 0) fail_other(store, other, store->run, "measure", m->name, m->measure, m->parameters, error);
    sqlite3_finalize(put);
  }
  return row > 0;
}

static bool begin_rows(vx_store *store, const vx_run_row *run, vx_error *error) {
  char digest[VX_DIGEST_SIZE];
  vx_store_run_digest(run, digest);
  if (!find_run(store, run, digest, error)) return false;
  bool ok = store->continues ? refresh_run(store, run, error) : put_run(store, run, digest, error);
  return ok && put_methods(store, run, error) && put_metrics(store, run, error);
}

bool vx_store_begin(vx_store *store, const vx_run_row *run, vx_error *error) {
  vx_store_forget_done(store);
  if (run->image_count < 0 || run->method_count < 0) return vx_fail(error, store->path, "negative counts");
  if (run->metric_count < 0 || run->metric_count > VX_METRICS_MAX)
    return vx_fail(error, store->path, "%d measures, expected at most %d", run->metric_count, VX_METRICS_MAX);
  store->image_count = run->image_count;
  store->method_count = run->method_count;
  store->metric_count = run->metric_count;
  size_t images = (size_t)run->image_count + 1, methods = (size_t)run->method_count + 1;
  store->methods = calloc(methods, sizeof *store->methods);
  store->images = calloc(images, sizeof *store->images);
  store->failed = calloc(images, sizeof *store->failed);
  store->settled = calloc(images, sizeof *store->settled);
  store->has = calloc(images, methods * sizeof *store->has);
  store->metrics = calloc((size_t)run->metric_count + 1, sizeof *store->metrics);
  if (!store->methods || !store->images || !store->failed || !store->settled || !store->has || !store->metrics) {
    return vx_fail(error, store->path, "out of memory for %d images and %d methods", run->image_count,
                   run->method_count);
  }
  for (int i = 0; i < run->metric_count; i++) {
    vx_known_metric *known = &store->metrics[i];
    snprintf(known->column, sizeof known->column, "%.*s", (int)strcspn(run->metrics[i].columns, ","),
             run->metrics[i].columns);
    snprintf(known->name, sizeof known->name, "%s", run->metrics[i].name);
    known->truth = strcmp(run->metrics[i].kind, "truth") == 0;
    known->maps = strcmp(run->metrics[i].kind, "maps") == 0;
  }
  if (!vx_sql_exec(store, "BEGIN IMMEDIATE", error)) return false;
  if (begin_rows(store, run, error) && vx_sql_exec(store, "COMMIT", error)) return vx_store_load_done(store, error);
  sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
  return false;
}
