#include "harness/store/check.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/store/state.h"
#include "metrics/overlap.h"

/* ---- the program's own formulas as SQL functions --------------------------------------------------------------- */

static bool take_counts(sqlite3_context *context, sqlite3_value **values, vx_counts *counts) {
  for (int i = 0; i < 4; i++) {
    int64_t pixels = sqlite3_value_int64(values[i]);
    if (sqlite3_value_type(values[i]) != SQLITE_INTEGER || pixels < 0 || pixels > INT32_MAX) {
      sqlite3_result_null(context);
      return false;
    }
  }
  *counts = (vx_counts){.tp = sqlite3_value_int64(values[0]),
                        .fp = sqlite3_value_int64(values[1]),
                        .fn = sqlite3_value_int64(values[2]),
                        .tn = sqlite3_value_int64(values[3])};
  return true;
}

/* vx_score(tp, fp, fn, tn, 'iou', 'f1', 'accuracy' or 'recall') */
static void sql_score(sqlite3_context *context, int count, sqlite3_value **values) {
  vx_counts counts;
  (void)count;
  if (!take_counts(context, values, &counts)) return;
  const unsigned char *text = sqlite3_value_text(values[4]);
  const char *what = text ? (const char *)text : "";
  sqlite3_result_double(context, strcmp(what, "iou") == 0      ? vx_iou(&counts)
                                 : strcmp(what, "f1") == 0     ? vx_f1(&counts)
                                 : strcmp(what, "recall") == 0 ? vx_recall(&counts)
                                                               : vx_pixel_accuracy(&counts));
}

/* vx_finite(bytes of a patch map): 1 when every float is finite */
static void sql_finite(sqlite3_context *context, int count, sqlite3_value **values) {
  (void)count;
  const unsigned char *bytes = sqlite3_value_blob(values[0]);
  int cells = sqlite3_value_bytes(values[0]) / (int)sizeof(float);
  bool finite = true;
  for (int i = 0; i < cells; i++) {
    float value;
    memcpy(&value, bytes + (size_t)i * sizeof value, sizeof value);
    finite = finite && isfinite(value);
  }
  sqlite3_result_int(context, finite);
}

static bool add_functions(vx_store *store, vx_error *error) {
  sqlite3 *db = store->db;
  int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
  bool ok = sqlite3_create_function(db, "vx_score", 5, flags, NULL, sql_score, NULL, NULL) == SQLITE_OK &&
            sqlite3_create_function(db, "vx_finite", 1, flags, NULL, sql_finite, NULL, NULL) == SQLITE_OK;
  return ok || vx_sql_fail(store, error);
}

/* ---- what has to hold ------------------------------------------------------------------------------------------ */

/* A check: rows to look at, the condition that makes one wrong, and how to name it. `?1` is the run, 0 for all. */
typedef struct rule {
  const char *what, *rows, *wrong, *name;
} rule;

#define EVALUATIONS                                                                                                    \
  "evaluations e JOIN scorings s ON s.id = e.scoring JOIN run_methods m ON m.id = e.method"                            \
  " JOIN images i ON i.id = e.image JOIN runs r ON r.id = s.run WHERE ?1 IN (0, s.run)"
#define EVALUATION "i.image_id || ', ' || m.name || ' (' || s.name || '): '"
#define IMAGES "images i JOIN runs r ON r.id = i.run LEFT JOIN predictions p ON p.image = i.id WHERE ?1 IN (0, i.run)"
#define TOTALS                                                                                                         \
  "(SELECT e.scoring, e.method, s.name AS scoring_name, m.name AS method_name, s.run, count(e.iou) AS n,"              \
  " total(e.status = 'flat' AND e.iou IS NOT NULL) AS flat, total(e.iou) AS iou, total(e.f1) AS f1,"                   \
  " total(e.pixel_accuracy) AS accuracy, total(e.iou * e.iou) AS iou2, sum(e.tp) AS tp, sum(e.fp) AS fp,"              \
  " sum(e.fn) AS fn, sum(e.tn) AS tn FROM evaluations e JOIN scorings s ON s.id = e.scoring"                           \
  " JOIN run_methods m ON m.id = e.method WHERE ?1 IN (0, s.run) GROUP BY e.scoring, e.method) a"                      \
  " LEFT JOIN (SELECT scoring AS b_scoring, method AS b_method, sum(n) AS b_n, sum(flat) AS b_flat,"                   \
  " sum(iou) AS b_iou, sum(f1) AS b_f1, sum(pixel_accuracy) AS b_accuracy, sum(iou2) AS b_iou2, sum(tp) AS b_tp,"      \
  " sum(fp) AS b_fp, sum(fn) AS b_fn, sum(tn) AS b_tn FROM totals GROUP BY scoring, method)"                           \
  " ON b_scoring = a.scoring AND b_method = a.method WHERE 1"
#define TOTAL "a.method_name || ' (' || a.scoring_name || '): '"

static const rule rules[] = {
    {"every IoU is that of its counts", EVALUATIONS " AND e.iou IS NOT NULL",
     "e.iou IS NOT vx_score(tp, fp, fn, tn, 'iou')",
     EVALUATION " || e.iou || ', counts give ' || ifnull(vx_score(tp, fp, fn, tn, 'iou'), 'none')"},
    {"every F1 is that of its counts", EVALUATIONS " AND e.iou IS NOT NULL",
     "e.f1 IS NOT vx_score(tp, fp, fn, tn, 'f1')",
     EVALUATION " || ifnull(e.f1, 'NULL') || ', counts give ' || ifnull(vx_score(tp, fp, fn, tn, 'f1'), 'none')"},
    {"every pixel accuracy is that of its counts", EVALUATIONS " AND e.iou IS NOT NULL",
     "e.pixel_accuracy IS NOT vx_score(tp, fp, fn, tn, s.pixel_accuracy)",
     EVALUATION " || ifnull(e.pixel_accuracy, 'NULL') || ', counts give ' ||"
                " ifnull(vx_score(tp, fp, fn, tn, s.pixel_accuracy), 'none')"},
    {"F1 = 2 IoU / (1 + IoU) for every image", EVALUATIONS " AND e.iou IS NOT NULL",
     "NOT abs(e.f1 - 2 * e.iou / (1 + e.iou)) < 1e-12",
     EVALUATION " || 'IoU ' || e.iou || ', F1 ' || ifnull(e.f1, 'NULL')"},
    {"scored means ok or flat, and the other way round", EVALUATIONS,
     "(e.iou IS NOT NULL) <> (e.status IN ('ok', 'flat'))",
     EVALUATION " || e.status || ' with IoU ' || ifnull(e.iou, 'NULL')"},
    {"a flat map has an empty mask", EVALUATIONS " AND e.status = 'flat'", "e.tp + e.fp <> 0",
     EVALUATION " || (e.tp + e.fp) || ' pixels'"},
    {"counts and void are all pixels of the evaluation size", EVALUATIONS " AND e.iou IS NOT NULL",
     "tp + fp + fn + tn + e.void <> CASE s.size WHEN 'image' THEN i.width * i.height WHEN 'input' THEN"
     " r.input_side * r.input_side ELSE s.size * s.size END",
     EVALUATION " || (tp + fp + fn + tn + e.void) || ' pixels at size ' || s.size"},
    {"all methods saw the same truth of an image",
     "(SELECT s.run, s.name AS scoring_name, i.image_id, count(*) AS n, min(tp + fn) AS low, max(tp + fn) AS high,"
     " min(e.void) AS low_void, max(e.void) AS high_void FROM evaluations e JOIN scorings s ON s.id = e.scoring"
     " JOIN images i ON i.id = e.image WHERE ?1 IN (0, s.run) AND e.iou IS NOT NULL GROUP BY e.scoring, e.image) WHERE "
     "1",
     "low <> high OR low_void <> high_void",
     "image_id || ' (' || scoring_name || '): ' || low || ' to ' || high || ' foreground pixels'"},
    {"at the picture's size the truth is the mask's labelled pixels",
     EVALUATIONS " AND e.iou IS NOT NULL AND s.size = 'image' AND s.foreground = 'any' AND s.void = 'ignore'",
     "tp + fn <> i.object_pixels OR e.void <> i.void_pixels",
     EVALUATION " || (tp + fn) || ' of ' || i.object_pixels || ' labelled pixels'"},
    {"sums kept in the file are the sums of the rows", TOTALS,
     "a.n > 0 AND (b_n IS NULL OR a.n <> b_n OR a.flat <> b_flat OR a.tp <> b_tp OR a.fp <> b_fp OR a.fn <> b_fn"
     " OR a.tn <> b_tn OR NOT (abs(a.iou - b_iou) <= 1e-9 * a.n AND abs(a.f1 - b_f1) <= 1e-9 * a.n"
     " AND abs(a.accuracy - b_accuracy) <= 1e-9 * a.n AND abs(a.iou2 - b_iou2) <= 1e-9 * a.n))",
     TOTAL
     " || 'rows n ' || a.n || ', IoU ' || a.iou || '; sums n ' || ifnull(b_n, 0) || ', IoU ' || ifnull(b_iou, 0)"},
    {"mean F1 is at most 2 mean IoU / (1 + mean IoU)", TOTALS " AND a.n > 0",
     "a.f1 / a.n > 2 * (a.iou / a.n) / (1 + a.iou / a.n) + 1e-12",
     TOTAL " || 'mean IoU ' || a.iou / a.n || ', mean F1 ' || a.f1 / a.n"},
    {"an image passed when its probability is above the gate", IMAGES " AND p.image IS NOT NULL",
     "p.passed <> (p.probability > r.min_confidence)", "i.image_id || ': ' || p.probability"},
    {"the five most probable classes are in order and start with the prediction",
     "top5 t JOIN images i ON i.id = t.image LEFT JOIN predictions p ON p.image = t.image"
     " LEFT JOIN top5 u ON u.image = t.image AND u.rank = t.rank - 1 WHERE ?1 IN (0, i.run)",
     "(t.rank = 1 AND (p.label IS NOT t.label OR p.probability IS NOT t.probability))"
     " OR (t.rank > 1 AND (u.rank IS NULL OR t.probability > u.probability)) OR t.probability NOT BETWEEN 0 AND 1",
     "i.image_id || ': rank ' || t.rank"},
    {"right and wrong are what the class map says",
     "predictions p JOIN images i ON i.id = p.image JOIN labels l ON l.run = i.run AND l.label = p.label"
     " WHERE ?1 IN (0, i.run)",
     "p.correct IS NOT CASE WHEN i.main_class <= 0 OR NOT EXISTS"
     " (SELECT 1 FROM labels x WHERE x.run = i.run AND x.class = i.main_class) THEN NULL"
     " ELSE ifnull(l.class = i.main_class, 0) END",
     "i.image_id || ': ' || ifnull(p.correct, 'NULL') || ', label ' || l.name"},
    {"object share and size follow from the mask's pixels", IMAGES,
     "(i.object_pixels IS NOT NULL AND i.width IS NOT NULL AND"
     " i.object_share IS NOT i.object_pixels * 1.0 / (i.width * i.height)) OR i.size <> CASE"
     " WHEN ifnull(i.object_share, 0) <= 0 THEN 'none' WHEN i.object_share <= 0.1 THEN 'small'"
     " WHEN i.object_share <= 0.3 THEN 'medium' ELSE 'large' END",
     "i.image_id || ': ' || i.size || ', share ' || ifnull(i.object_share, 'NULL')"},
    {"places in the list lie in the list", IMAGES, "i.position < 0 OR i.position >= r.image_count",
     "i.image_id || ': ' || i.position || ' of ' || r.image_count"},
    {"only images through the gate were explained", EVALUATIONS,
     "NOT EXISTS (SELECT 1 FROM predictions p WHERE p.image = e.image AND p.passed = 1)", EVALUATION " || e.status"},
    {"every image through the gate has every method, or a failure that says why",
     "images i JOIN predictions p ON p.image = i.id AND p.passed = 1 JOIN runs r ON r.id = i.run AND r.finished IS NOT "
     "NULL"
     " JOIN scorings s ON s.run = i.run AND s.name = 'main' JOIN run_methods m ON m.run = i.run"
     " AND m.imported_from IS NULL WHERE ?1 IN (0, i.run)",
     "NOT EXISTS (SELECT 1 FROM evaluations e WHERE e.scoring = s.id AND e.method = m.id AND e.image = i.id) AND NOT"
     " EXISTS (SELECT 1 FROM failures f WHERE f.image = i.id AND ifnull(f.method, m.id) = m.id AND f.severity = "
     "'failure')",
     "i.image_id || ', ' || m.name"},
    {"every failed map has a failure that says why", EVALUATIONS " AND e.status = 'failed' AND s.name = 'main'",
     "NOT EXISTS (SELECT 1 FROM failures f WHERE f.image = e.image AND f.method = e.method)",
     EVALUATION " || 'failed'"},
    {"every map has the size and kind that it says",
     "maps p JOIN images i ON i.id = p.image JOIN run_methods m ON m.id = p.method WHERE ?1 IN (0, i.run)",
     "length(p.bytes) <> p.width * p.height * CASE p.kind WHEN 'patch' THEN 4 ELSE 1 END OR"
     " (p.kind = 'pixel') <> m.pixel_map OR (p.kind = 'patch' AND NOT vx_finite(p.bytes))",
     "i.image_id || ', ' || m.name || ': ' || p.kind || ' map of ' || length(p.bytes) || ' bytes'"},
};

/* What a file has to be that others are to believe. */
static const rule whole_rules[] = {
    {"the run is finished", "runs r WHERE ?1 IN (0, r.id)", "r.finished IS NULL", "'run ' || r.id"},
    {"every image of the list is there", "runs r WHERE ?1 IN (0, r.id)",
     "(SELECT count(*) FROM images i WHERE i.run = r.id) <> r.image_count",
     "(SELECT count(*) FROM images i WHERE i.run = r.id) || ' of ' || r.image_count"},
    {"every image has a prediction, or a failure that says why", IMAGES " AND p.image IS NULL",
     "NOT EXISTS (SELECT 1 FROM failures f WHERE f.image = i.id AND f.severity = 'failure')", "i.image_id"},
    {"every score has its map", EVALUATIONS " AND e.status <> 'failed'",
     "NOT EXISTS (SELECT 1 FROM maps p WHERE p.image = e.image AND p.method = e.method)", EVALUATION " || 'no map'"},
};

static bool apply(vx_store *store, const rule *rule_of, int64_t run, vx_check *check, vx_error *error) {
  char sql[4096];
  *check = (vx_check){.what = rule_of->what};
  int length = snprintf(sql, sizeof sql, "SELECT count(*), total(%s), min(CASE WHEN %s THEN %s END) FROM %s",
                        rule_of->wrong, rule_of->wrong, rule_of->name, rule_of->rows);
  if (length >= (int)sizeof sql) return vx_fail(error, rule_of->what, "query too long");
  sqlite3_stmt *read = vx_sql_prepare(store, error, sql, "l", run);
  int row = vx_sql_row(store, read, error);
  if (row > 0) {
    check->looked_at = sqlite3_column_int64(read, 0);
    check->wrong = (int64_t)sqlite3_column_double(read, 1);
    snprintf(check->first, sizeof check->first, "%s", vx_sql_text(read, 2));
  }
  sqlite3_finalize(read);
  return row > 0;
}

/* SQLite's own: pages, indices, constraints, foreign keys. */
static bool check_file(vx_store *store, vx_check *check, vx_error *error) {
  *check = (vx_check){.what = "the file is whole: pages, indices, constraints", .looked_at = 1};
  sqlite3_stmt *read = vx_sql_prepare(store, error, "PRAGMA integrity_check(1)", "");
  int row = vx_sql_row(store, read, error);
  if (row > 0 && strcmp(vx_sql_text(read, 0), "ok") != 0) {
    check->wrong = 1;
    snprintf(check->first, sizeof check->first, "%s", vx_sql_text(read, 0));
  }
  sqlite3_finalize(read);
  return row >= 0;
}

static bool check_references(vx_store *store, vx_check *check, vx_error *error) {
  *check = (vx_check){.what = "every reference points at a row", .looked_at = 1};
  int64_t wrong;
  if (!vx_sql_number(store, "SELECT count(*) FROM pragma_foreign_key_check", 0, &wrong, error)) return false;
  check->wrong = wrong;
  if (wrong) snprintf(check->first, sizeof check->first, "%" PRId64 " point nowhere", wrong);
  return true;
}

bool vx_store_check(vx_store *store, int64_t run, void (*report)(const vx_check *check, void *user), void *user,
                    int *wrong, vx_error *error) {
  vx_check check;
  *wrong = 0;
  if (!add_functions(store, error)) return false;
  for (int i = -2; i < (int)(sizeof rules / sizeof *rules); i++) {
    bool ok = i == -2   ? check_file(store, &check, error)
              : i == -1 ? check_references(store, &check, error)
                        : apply(store, &rules[i], run, &check, error);
    if (!ok) return false;
    *wrong += check.wrong > 0;
    report(&check, user);
  }
  return true;
}

/* ---- a file to be handed in ---------------------------------------------------------------------------------------
 */

extern const unsigned char vx_asset_schema_sql[]; /* made from schema.sql at build time */

/* Tables, views, indices and triggers of one file that the other has not, or has otherwise. */
static int64_t other_parts(sqlite3 *db, sqlite3 *than, char *first, size_t size) {
  static const char all[] = "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
  sqlite3_stmt *read = NULL, *find = NULL;
  int64_t other = 0;
  bool good =
      sqlite3_prepare_v2(db, all, -1, &read, NULL) == SQLITE_OK &&
      sqlite3_prepare_v2(than, "SELECT 1 FROM sqlite_schema WHERE name = ? AND sql = ?", -1, &find, NULL) == SQLITE_OK;
  if (!good) other = 1;
  while (good && sqlite3_step(read) == SQLITE_ROW) {
    sqlite3_bind_value(find, 1, sqlite3_column_value(read, 0));
    sqlite3_bind_value(find, 2, sqlite3_column_value(read, 1));
    if (sqlite3_step(find) != SQLITE_ROW && !other++) snprintf(first, size, "%s", vx_sql_text(read, 0));
    sqlite3_reset(find);
  }
  sqlite3_finalize(read);
  sqlite3_finalize(find);
  return other;
}

/* The file's layout against one that is made anew: a table that is there, a trigger that is gone. */
static bool check_layout(vx_store *store, vx_check *check, vx_error *error) {
  sqlite3 *fresh = NULL;
  *check = (vx_check){.what = "tables, views and triggers are those of this layout", .looked_at = 1};
  bool good = sqlite3_open(":memory:", &fresh) == SQLITE_OK &&
              sqlite3_exec(fresh, (const char *)vx_asset_schema_sql, NULL, NULL, NULL) == SQLITE_OK;
  if (good)
    check->wrong = other_parts(store->db, fresh, check->first, sizeof check->first) +
                   other_parts(fresh, store->db, check->first, sizeof check->first);
  sqlite3_close(fresh);
  return good || vx_fail(error, store->path, "out of memory");
}

bool vx_store_check_whole(vx_store *store, int64_t run, void (*report)(const vx_check *check, void *user), void *user,
                          vx_error *error) {
  vx_check check;
  if (!check_layout(store, &check, error)) return false;
  report(&check, user);
  for (size_t i = 0; i < sizeof whole_rules / sizeof *whole_rules; i++) {
    if (!apply(store, &whole_rules[i], run, &check, error)) return false;
    report(&check, user);
  }
  return true;
}
