/* A sweep's combinations against what rescoring and the table give for the same settings, one by one; the row of a
   run's own protocol is found, with what ties with it. */
#include <jansson.h>
#include <sqlite3.h>

#include "harness/study/oracle.h"
#include "harness/study/sweep.h"
#include "harness/tables/sweep_table.h"
#include "harness/tables/table.h"
#include "tests/support/store_files.h"
#include "tests/support/suite.h"

static char path[256];

static void setup(void) {
  char command[1200];
  fresh_path(path, "sweep");
  snprintf(command, sizeof command,
           "%s run configs/smoke.yaml --set 'methods=[rollout, saliency, center]' --quiet --out %s >/dev/null",
           getenv("VITX_PROGRAM") ? getenv("VITX_PROGRAM") : "build/release/vitx", path);
  ck_assert_int_eq(system(command), 0);
}

static void teardown(void) {
  remove_path(path);
}

static json_t *sheet_json(vx_sheet *sheet) {
  vx_error error;
  char *text = NULL;
  size_t size = 0;
  FILE *to = open_memstream(&text, &size);
  OK(vx_sheet_print(sheet, VX_FORMAT_JSON, to, &error));
  fclose(to);
  vx_sheet_free(sheet);
  json_t *tree = json_loads(text, 0, NULL);
  free(text);
  return tree;
}

static void make_sweep(vx_store *store, vx_sweep *sweep) {
  vx_error error;
  vx_sweep_options options = {.gates = "0,0.11", .jobs = 2};
  OK(vx_sweep_start(sweep, &options, &error));
  OK(vx_sweep_add(sweep, store, 1, "as trained", &options, &error));
}

static const vx_combination *find(const vx_sweep *s, const char *const *words) {
  for (int i = 0; i < s->count; i++) {
    bool same = true;
    for (int c = 0; c < VX_CHOICES; c++)
      same = same && strcmp(s->levels[c][s->combinations[i].level[c]], words[c]) == 0;
    if (same) return &s->combinations[i];
  }
  ck_abort_msg("no combination %s %s %s %s", words[0], words[2], words[3], words[4]);
  return NULL;
}

/* What the table says of the scoring: rows' numbers by method. */
static void compare_with_table(vx_store *store, const vx_sweep *sweep, const char *scoring, const char **words) {
  vx_error error;
  vx_table_options options = vx_table_defaults();
  vx_sheet *sheet;
  options.scoring = scoring;
  options.aggregate = words[VX_CHOICE_AGGREGATE];
  options.min_confidence = atof(words[VX_CHOICE_GATE]);
  options.resamples = 0;
  OK((sheet = vx_table_make(store, &options, &error)) != NULL);
  json_t *tree = sheet_json(sheet), *row;
  size_t i;
  json_array_foreach(json_object_get(tree, "rows"), i, row) {
    words[VX_CHOICE_METHOD] = json_string_value(json_object_get(row, "method"));
    const vx_combination *c = find(sweep, words);
    ck_assert_int_eq(c->n, (int)json_integer_value(json_object_get(row, "n")));
    if (c->n == 0) continue;
    ck_assert_double_eq_tol(c->iou, json_number_value(json_object_get(row, "iou")), 1e-9);
    ck_assert_double_eq_tol(c->f1, json_number_value(json_object_get(row, "f1")), 1e-9);
    ck_assert_double_eq_tol(c->pixel_accuracy, json_number_value(json_object_get(row, "pixel_accuracy")), 1e-9);
  }
  json_decref(tree);
}

START_TEST(combinations_are_what_rescoring_gives) {
  static const char *const settings[][4] = {{"otsu", "ignore", "pillow", "accuracy"},
                                            {"mean", "background", "opencv", "recall"},
                                            {"0.5", "foreground", "pillow", "recall"},
                                            {"otsu", "foreground", "opencv", "accuracy"}};
  vx_error error;
  vx_store *store;
  vx_sweep sweep;
  for (size_t k = 0; k < 4; k++) {
    char command[1200];
    snprintf(command, sizeof command,
             "%s rescore %s --as s%zu --set score.threshold=%s --set score.void=%s --set score.mask_resize=%s --set "
             "score.pixel_accuracy=%s >/dev/null",
             getenv("VITX_PROGRAM") ? getenv("VITX_PROGRAM") : "build/release/vitx", path, k, settings[k][0],
             settings[k][1], settings[k][2], settings[k][3]);
    ck_assert_int_eq(system(command), 0);
  }
  OK((store = vx_store_open(path, VX_STORE_READ, &error)) != NULL);
  make_sweep(store, &sweep);
  ck_assert_int_eq(sweep.count, 3 * 3 * 3 * 2 * 2 * 2 * 3);
  ck_assert_ptr_nonnull(strstr(sweep.note, "saliency, center"));
  for (size_t k = 0; k < 4; k++) {
    for (int a = 0; a < 3; a++) {
      for (int g = 0; g < 2; g++) {
        char name[8];
        const char *words[VX_CHOICES] = {
            NULL,           "as trained",   settings[k][0],   settings[k][1],
            settings[k][2], settings[k][3], g ? "0.11" : "0", a == 0 ? "mean" : a == 1 ? "pooled" : "class"};
        snprintf(name, sizeof name, "s%zu", k);
        compare_with_table(store, &sweep, name, words);
      }
    }
  }
  vx_sweep_free(&sweep);
  vx_store_close(store);
}
END_TEST

START_TEST(a_protocol_is_found_by_its_row) {
  vx_error error;
  vx_store *store;
  vx_sweep sweep;
  OK((store = vx_store_open(path, VX_STORE_READ, &error)) != NULL);
  make_sweep(store, &sweep);
  const char *words[VX_CHOICES] = {"rollout", "as trained", "mean", "foreground", "opencv", "accuracy", "0", "pooled"};
  const vx_combination *own = find(&sweep, words);
  const double row[3] = {own->iou, own->f1, own->pixel_accuracy};
  json_t *tree = sheet_json(vx_sweep_nearest(&sweep, row, "itself", 3));
  json_t *rows = json_object_get(tree, "rows"), *one;
  bool found = false;
  size_t i;
  json_array_foreach(rows, i, one) {
    double distance = json_number_value(json_object_get(one, "distance"));
    bool same = strcmp(json_string_value(json_object_get(one, "method")), "rollout") == 0 &&
                strcmp(json_string_value(json_object_get(one, "threshold")), "mean") == 0 &&
                strcmp(json_string_value(json_object_get(one, "void")), "foreground") == 0 &&
                strcmp(json_string_value(json_object_get(one, "aggregate")), "pooled") == 0;
    found = found || (same && distance == 0);
    if (i > 2) ck_assert_double_le(distance, 0.005);
  }
  ck_assert(found);
  json_decref(tree);
  /* only what is given counts */
  const double only_iou[3] = {own->iou, (double)NAN, (double)NAN};
  ck_assert_double_eq(vx_sweep_distance(own, only_iou), 0);
  const double off[3] = {own->iou + 1, own->f1 - 2, own->pixel_accuracy};
  ck_assert_double_eq_tol(vx_sweep_distance(own, off), 2, 1e-12);
  vx_sweep_free(&sweep);
  vx_store_close(store);
}
END_TEST

START_TEST(main_effects_are_means_over_combinations) {
  vx_error error;
  vx_store *store;
  vx_sweep sweep;
  OK((store = vx_store_open(path, VX_STORE_READ, &error)) != NULL);
  make_sweep(store, &sweep);
  double sum = 0;
  int n = 0;
  for (int i = 0; i < sweep.count; i++) { /* void = background, center (trivial) apart */
    const vx_combination *c = &sweep.combinations[i];
    if (c->level[VX_CHOICE_VOID] != 1 || c->level[VX_CHOICE_METHOD] == 2 || isnan(c->iou)) continue;
    sum += c->iou;
    n++;
  }
  json_t *tree = sheet_json(vx_sweep_effects(&sweep)), *row;
  size_t i;
  bool found = false;
  json_array_foreach(json_object_get(tree, "rows"), i, row) {
    ck_assert_str_ne(json_string_value(json_object_get(row, "choice")), "normalisation"); /* one level only */
    if (strcmp(json_string_value(json_object_get(row, "level")), "background") != 0) continue;
    found = true;
    ck_assert_double_eq_tol(json_number_value(json_object_get(row, "iou")), sum / n, 1e-9);
    ck_assert_int_eq((int)json_integer_value(json_object_get(row, "combinations")), n);
  }
  ck_assert(found);
  json_decref(tree);
  vx_sweep_free(&sweep);
  vx_store_close(store);
}
END_TEST

/* A measure made up: the image's place plus ten times the method's. Only gate and method touch it. */
START_TEST(measures_without_a_truth_are_swept_by_what_touches_them) {
  static const char fill[] =
      "INSERT INTO run_metrics VALUES (1, 9, 'm', 'm', 'model', '', 'm', 'd');"
      "INSERT INTO scores SELECT e.scoring, e.method, e.image, 'm', i.position + 10 * m.place FROM evaluations e"
      " JOIN images i ON i.id = e.image JOIN run_methods m ON m.id = e.method JOIN scorings s ON s.id = e.scoring"
      " WHERE s.name = 'main' AND i.position <> 3";
  sqlite3 *db;
  sqlite3_stmt *read;
  char *says = NULL;
  vx_error error;
  vx_store *store;
  vx_sweep sweep;
  ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
  if (sqlite3_exec(db, fill, NULL, NULL, &says) != SQLITE_OK) ck_abort_msg("%s", says);
  OK((store = vx_store_open(path, VX_STORE_READ, &error)) != NULL);
  make_sweep(store, &sweep);
  ck_assert_int_eq(sweep.measure_count, 1);
  ck_assert_str_eq(sweep.measures[0], "m");
  double mean[2];
  for (int gate = 0; gate < 2; gate++) {
    ck_assert_int_eq(sqlite3_prepare_v2(db,
                                        gate ? "SELECT avg(position) FROM images JOIN predictions ON image = id"
                                               " WHERE position <> 3 AND probability > 0.11"
                                             : "SELECT avg(position) FROM images WHERE position <> 3",
                                        -1, &read, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(read), SQLITE_ROW);
    bool any = sqlite3_column_type(read, 0) != SQLITE_NULL;
    mean[gate] = any ? sqlite3_column_double(read, 0) : (double)NAN;
    sqlite3_finalize(read);
    for (int m = 0; m < 3 && any; m++)
      ck_assert_double_eq_tol(vx_sweep_mean(&sweep, 0, m, gate, 0), mean[gate] + 10 * m, 1e-12);
  }
  json_t *tree = sheet_json(vx_sweep_measures(&sweep)), *rows = json_object_get(tree, "rows");
  ck_assert_uint_eq(json_array_size(rows), 3 + 2); /* methods and gates; one input */
  json_t *last = json_array_get(rows, 3);          /* the lower gate: center (trivial) apart */
  ck_assert_double_eq_tol(json_number_value(json_object_get(last, "m")), mean[0] + 5, 1e-9);
  json_decref(tree);
  vx_sweep_free(&sweep);
  vx_store_close(store);
  sqlite3_close(db);
}
END_TEST

/* The oracles against a plain search: every fixed threshold as a sweep of its own. */
START_TEST(no_threshold_beats_the_oracle) {
  vx_error error;
  vx_store *store;
  vx_rescore source;
  vx_scoring_row scoring;
  vx_oracle_row rows[3];
  OK((store = vx_store_open(path, VX_STORE_READ, &error)) != NULL);
  OK(vx_rescore_open(&source, store, 1, NULL, NULL, &error));
  OK(vx_query_scoring(store, 1, NULL, source.arena, &scoring, &error));
  OK(vx_oracle_make(&source, &scoring, 2, rows, &error));
  /* saliency and center are 8-bit maps: u > 255 t with t = (level + 1/2) / 255 is exactly u > level */
  char thresholds[200] = "";
  for (int k = 0; k < 8; k++) {
    int level = k < 3 ? rows[1].level + k - 1 : 20 * k; /* the oracle's own, its neighbours, and others */
    size_t used = strlen(thresholds);
    snprintf(thresholds + used, sizeof thresholds - used, "%s%.6f", k ? "," : "",
             (level < 0 ? 0.5 : level + 0.5) / 255);
  }
  vx_sweep sweep;
  vx_sweep_options options = {.gates = "0",
                              .jobs = 2,
                              .thresholds = thresholds,
                              .methods = "saliency",
                              .voids = "ignore",
                              .mask_resizes = "pillow"};
  OK(vx_sweep_start(&sweep, &options, &error));
  OK(vx_sweep_add(&sweep, store, 1, "x", &options, &error));
  for (int i = 0; i < sweep.count; i++) {
    const vx_combination *c = &sweep.combinations[i];
    if (c->level[VX_CHOICE_AGGREGATE] != 0) continue;
    ck_assert_double_le(c->iou, 100 * rows[1].data_set + 1e-9);
    if (c->level[VX_CHOICE_THRESHOLD] == 1) ck_assert_double_eq_tol(c->iou, 100 * rows[1].data_set, 1e-9);
  }
  vx_sweep_free(&sweep);
  for (int m = 0; m < 3; m++) {
    ck_assert_int_eq(rows[m].n, 6);
    ck_assert_double_ge(rows[m].image, rows[m].data_set - 1e-12);
    ck_assert_double_ge(rows[m].image, rows[m].otsu - 1e-12);
  }
  vx_rescore_close(&source);
  vx_store_close(store);
}
END_TEST

START_TEST(wrong_levels_are_named) {
  vx_error error;
  vx_sweep sweep;
  vx_store *store;
  static const struct {
    vx_sweep_options options;
    const char *why;
  } wrong[] = {{{.gates = "0.8,1.5"}, "1.5"}, {{.gates = "0.8,,0.9"}, "empty"}, {{.gates = "high"}, "high"}};
  for (size_t i = 0; i < 3; i++) {
    ck_assert(!vx_sweep_start(&sweep, &wrong[i].options, &error));
    if (!strstr(error.why, wrong[i].why)) ck_abort_msg("%s", error.why);
    vx_sweep_free(&sweep);
  }
  vx_sweep_options options = {.gates = "0", .voids = "ignore,sometimes", .jobs = 1};
  OK((store = vx_store_open(path, VX_STORE_READ, &error)) != NULL);
  OK(vx_sweep_start(&sweep, &options, &error));
  ck_assert(!vx_sweep_add(&sweep, store, 1, "x", &options, &error));
  ck_assert(strstr(error.why, "sometimes"));
  vx_sweep_free(&sweep);
  vx_store_close(store);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("sweep");
  tcase_add_checked_fixture(cases, setup, teardown);
  tcase_add_test(cases, combinations_are_what_rescoring_gives);
  tcase_add_test(cases, a_protocol_is_found_by_its_row);
  tcase_add_test(cases, main_effects_are_means_over_combinations);
  tcase_add_test(cases, measures_without_a_truth_are_swept_by_what_touches_them);
  tcase_add_test(cases, no_threshold_beats_the_oracle);
  tcase_add_test(cases, wrong_levels_are_named);
  return run_suite("sweep", cases);
}
