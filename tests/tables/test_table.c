/* Tables: the numbers of small runs computed by hand, published rows beside them, and each format against what would
   break it. */
#include <jansson.h>
#include <sqlite3.h>

#include "harness/tables/table.h"
#include "tests/support/store_files.h"
#include "tests/support/suite.h"

static char path[256];

static void setup(void) {
  fresh_path(path, "table");
  vx_run_row run = run_info(IMAGES, METHODS);
  write_images(path, &run, NULL, IMAGES);
}

static void teardown(void) {
  remove_path(path);
}

/* The table as a JSON tree. */
static json_t *table(const vx_table_options *options) {
  vx_error error;
  vx_store *store;
  vx_sheet *sheet;
  char *text = NULL;
  size_t size = 0;
  OK((store = vx_store_open(path, VX_STORE_READ, &error)) != NULL);
  OK((sheet = vx_table_make(store, options, &error)) != NULL);
  FILE *to = open_memstream(&text, &size);
  OK(vx_sheet_print(sheet, VX_FORMAT_JSON, to, &error));
  fclose(to);
  vx_sheet_free(sheet);
  vx_store_close(store);
  json_t *tree = json_loads(text, 0, NULL);
  ck_assert_ptr_nonnull(tree);
  free(text);
  return tree;
}

/* A number of the first row of that method, kind (NULL: any but published ones) and group (NULL: any). */
static double cell(json_t *tree, const char *method, const char *kind, const char *group, const char *key) {
  size_t i;
  json_t *row;
  json_array_foreach(json_object_get(tree, "rows"), i, row) {
    const char *k = json_string_value(json_object_get(row, "kind"));
    const char *g = json_string_value(json_object_get(row, "group"));
    if (strcmp(json_string_value(json_object_get(row, "method")), method) != 0) continue;
    if (kind ? strcmp(kind, k) != 0 : strcmp("difference", k) == 0 || strcmp("published", k) == 0) continue;
    if (group && (!g || strcmp(g, group) != 0)) continue;
    json_t *value = json_object_get(row, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
  }
  ck_abort_msg("no row %s", method);
  return 0;
}

static bool says(json_t *tree, const char *where, const char *words) {
  size_t i;
  json_t *line;
  json_array_foreach(json_object_get(tree, where), i, line) {
    if (strstr(json_string_value(line), words)) return true;
  }
  return false;
}

static bool has_note(json_t *tree, const char *words) {
  return says(tree, "notes", words);
}

START_TEST(means_are_those_computed_by_hand) {
  vx_table_options options = vx_table_defaults();
  json_t *t = table(&options);
  ck_assert_double_eq_tol(cell(t, "rollout", NULL, NULL, "iou"), 100 * 1.6 / 9, 1e-12);
  ck_assert_double_eq_tol(cell(t, "rollout", NULL, NULL, "f1"), 100 * (3 * 4 / 7.0 + 2 * 2 / 6.0) / 9, 1e-12);
  ck_assert_double_eq(cell(t, "rollout", NULL, NULL, "n"), 9);
  ck_assert_double_eq(cell(t, "rollout", NULL, NULL, "flat"), 1);
  ck_assert_double_eq(cell(t, "saliency", NULL, NULL, "n"), 8);
  double low = cell(t, "rollout", NULL, NULL, "iou_low"), high = cell(t, "rollout", NULL, NULL, "iou_high");
  ck_assert(0 <= low && low < 17 && 19 < high && high < 32);
  ck_assert(says(t, "head", "images: 10 of 12 above 0.85; their places in the list sum to 52"));
  ck_assert(says(t, "head", "; 1 without an annotated object; 2 of all with a failure"));
  ck_assert(has_note(t, "saliency: 1 failed"));
  ck_assert(has_note(t, "never looks at the model"));
  /* over chance: 13 pixels, 5 of them foreground. One drawn pixel (images 5 and 9) hits with 5/13: IoU 1/5; of two
     (2, 6, 10) one hits with 80/156: 1/6, both with 20/156: 2/5; an empty mask gets 0 */
  double chance = (2 * (1 / 13.0) + 3 * (80 / 6.0 + 20 * 0.4) / 156) / 9;
  ck_assert_double_eq_tol(cell(t, "rollout", NULL, NULL, "iou_over_chance"), 100 * (1.6 / 9 - chance), 1e-12);
  ck_assert_double_eq(cell(t, "center", "trivial", NULL, "n"), 9);
  /* further measures: oracle_iou is iou/2 + 1/2 (percent, as the registry says), pointing 1 but undefined for one */
  ck_assert_double_eq_tol(cell(t, "rollout", NULL, NULL, "oracle_iou"), 50 * 1.6 / 9 + 50, 1e-12);
  ck_assert_double_eq_tol(cell(t, "rollout", NULL, NULL, "pointing"), 100, 1e-12);
  ck_assert(cell(t, "rollout", NULL, NULL, "oracle_iou_low") < cell(t, "rollout", NULL, NULL, "oracle_iou"));
  json_decref(t);
}
END_TEST

START_TEST(pooled_and_class_means_are_those_computed_by_hand) {
  vx_table_options options = vx_table_defaults();
  options.aggregate = "pooled";
  json_t *t = table(&options);
  ck_assert_double_eq_tol(cell(t, "rollout", NULL, NULL, "iou"), 100 * 8 / 45.0, 1e-12);
  ck_assert_double_eq_tol(cell(t, "rollout", NULL, NULL, "f1"), 100 * 16 / 53.0, 1e-12);
  ck_assert(isnan(cell(t, "rollout", NULL, NULL, "iou_over_chance")));
  json_decref(t);
  options.aggregate = "class"; /* cats 20 %, dogs (images 1 5 9): 0 .2 .2 */
  t = table(&options);
  ck_assert_double_eq_tol(cell(t, "rollout", NULL, NULL, "iou"), (20 + 40 / 3.0) / 2, 1e-12);
  json_decref(t);
}
END_TEST

START_TEST(groups_part_the_images) {
  vx_table_options options = vx_table_defaults();
  options.resamples = 0;
  options.by = "class";
  json_t *t = table(&options);
  ck_assert_double_eq_tol(cell(t, "rollout", NULL, "cat", "iou"), 20, 1e-12);
  ck_assert_double_eq_tol(cell(t, "rollout", NULL, "dog", "iou"), 40 / 3.0, 1e-12);
  ck_assert(isnan(cell(t, "rollout", NULL, "dog", "iou_low")));
  json_decref(t);
  options.by = "size"; /* medium: images 1 2 4: 0 .4 0 */
  t = table(&options);
  ck_assert_double_eq_tol(cell(t, "rollout", NULL, "medium", "iou"), 40 / 3.0, 1e-12);
  ck_assert_double_eq(cell(t, "rollout", NULL, "small", "n"), 1);
  json_decref(t);
  /* labels 0 1 3 are cat dog dog; image i is cat when even: right 0 4 8 (cat), 1 5 9 (dog); wrong 2 6 (rocks) and 10 */
  options.by = "correct";
  t = table(&options);
  ck_assert_double_eq(cell(t, "rollout", NULL, "right", "n"), 6);
  ck_assert_double_eq(cell(t, "rollout", NULL, "wrong", "n"), 3);
  ck_assert_double_eq_tol(cell(t, "rollout", NULL, "wrong", "iou"), 40, 1e-12);
  json_decref(t);
}
END_TEST

/* What was understood, and what tells this run from another: by hand from run_info. */
START_TEST(the_head_says_what_was_understood) {
  vx_table_options options = vx_table_defaults();
  json_t *t = table(&options);
  const char *title = json_string_value(json_object_get(t, "title"));
  ck_assert_msg(strncmp(title, "tiny (run 1): models/tiny on VOC val; mean over images", 54) == 0, "%s", title);
  ck_assert(says(t, "head", "data: VOC val, 12 images listed, 2 classes"));
  ck_assert(says(t, "head", "labels: by name: 3 of 4 stand for 2 of 2 classes"));
  ck_assert(says(t, "head", "pictures: resize=squash size=4"));
  ck_assert(says(t, "head", "head: the checkpoint's, 4 labels; explained: top by its logit"));
  ck_assert(says(t, "head", "scored: size input, threshold otsu, foreground any, void ignore, mask pillow"));
  json_decref(t);
  vx_error error;
  vx_store *store;
  vx_run_row run = run_info(IMAGES, METHODS);
  run.config = "model: m\nhead:\n  random: 4\n  seed: 2\nmin_confidence: 0.85\nmethods: [rollout]\n";
  run.seed = 99;
  OK((store = vx_store_open(path, VX_STORE_WRITE, &error)) != NULL);
  OK(vx_store_begin(store, &run, &error));
  vx_store_close(store);
  t = table(&options);
  title = json_string_value(json_object_get(t, "title"));
  ck_assert_msg(strncmp(title, "tiny (run 2; head.random=4, head.seed=2): ", 42) == 0, "%s", title);
  ck_assert(says(t, "head", "head: random, 4 labels, seed 2"));
  json_decref(t);
}
END_TEST

START_TEST(a_higher_gate_is_a_filter_and_a_lower_one_is_refused) {
  vx_table_options options = vx_table_defaults();
  options.min_confidence = 0.9055; /* probability is 0.9 + i / 1000 */
  json_t *t = table(&options);
  ck_assert_double_eq(cell(t, "rollout", NULL, NULL, "n"), 4);
  ck_assert_double_eq_tol(cell(t, "rollout", NULL, NULL, "iou"), 25, 1e-12); /* 6 8 9 10 */
  ck_assert(says(t, "head", "images: 5 of 12 above 0.9055; their places in the list sum to 40"));
  json_decref(t);
  vx_error error;
  vx_store *store;
  options.min_confidence = 0.5;
  OK((store = vx_store_open(path, VX_STORE_READ, &error)) != NULL);
  ck_assert_ptr_null(vx_table_make(store, &options, &error));
  ck_assert(strstr(error.why, "0.85"));
  options = vx_table_defaults();
  options.scoring = "other";
  ck_assert_ptr_null(vx_table_make(store, &options, &error));
  ck_assert(strstr(error.why, "there are: main"));
  options = vx_table_defaults();
  options.run = 7;
  ck_assert_ptr_null(vx_table_make(store, &options, &error));
  options = vx_table_defaults();
  options.compare_with = "coporan-tabel1";
  ck_assert_ptr_null(vx_table_make(store, &options, &error));
  ck_assert(strstr(error.why, "coporan-table1"));
  vx_store_close(store);
}
END_TEST

START_TEST(published_rows_stand_beside_ours) {
  char file[300];
  snprintf(file, sizeof file, "%s.yaml", path);
  FILE *to = fopen(file, "w");
  fputs("studies: [{id: s, title: A study, source: its table}]\n"
        "rows:\n"
        "  - {id: s-a, study: s, label: Roll, method: rollout, iou: 20, f1: 10, images: 10, index_sum: 52, pointing: "
        "80}\n"
        "  - {id: s-b, study: s, label: LRP, method: lrp, iou: 1.5, images: 3, index_sum: 4}\n",
        to);
  fclose(to);
  vx_table_options options = vx_table_defaults();
  options.published = file;
  options.compare_with = "s";
  json_t *t = table(&options);
  ck_assert_double_eq(cell(t, "Roll", "published", NULL, "iou"), 20);
  ck_assert_double_eq_tol(cell(t, "rollout", "difference", NULL, "iou"), 100 * 1.6 / 9 - 20, 1e-12);
  ck_assert(isnan(cell(t, "rollout", "difference", NULL, "pixel_accuracy")));
  ck_assert_double_eq_tol(cell(t, "Roll", "published", NULL, "pointing"), 80, 1e-12);
  ck_assert_double_eq_tol(cell(t, "rollout", "difference", NULL, "pointing"), 20, 1e-12);
  ck_assert_double_eq(cell(t, "LRP", "published", NULL, "iou"), 1.5);
  ck_assert(has_note(t, "s-a: 10 images, their places sum to 52: the same images"));
  ck_assert(has_note(t, "s-b: 3 images, their places sum to 4: not these images"));
  ck_assert(has_note(t, "A study (its table)"));
  json_decref(t);
  unlink(file);
}
END_TEST

START_TEST(rows_are_sorted_by_family_then_as_asked) {
  vx_table_options options = vx_table_defaults();
  vx_error error;
  options.sort = "loudness";
  vx_store *store;
  OK((store = vx_store_open(path, VX_STORE_READ, &error)) != NULL);
  ck_assert_ptr_null(vx_table_make(store, &options, &error));
  vx_store_close(store);
  options.sort = "pointing"; /* any column of the run */
  json_decref(table(&options));
  options.sort = "iou";
  json_t *t = table(&options), *rows = json_object_get(t, "rows");
  const char *families[] = {"attention", "gradient", "trivial"};
  for (size_t i = 0; i < 3; i++) {
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(rows, i), "family")), families[i]);
  }
  json_decref(t);
}
END_TEST

/* The table as text. */
static char *text_of(const vx_table_options *options) {
  vx_error error;
  vx_store *store;
  vx_sheet *sheet;
  char *text = NULL;
  size_t size = 0;
  OK((store = vx_store_open(path, VX_STORE_READ, &error)) != NULL);
  OK((sheet = vx_table_make(store, options, &error)) != NULL);
  FILE *to = open_memstream(&text, &size);
  OK(vx_sheet_print(sheet, VX_FORMAT_TEXT, to, &error));
  fclose(to);
  vx_sheet_free(sheet);
  vx_store_close(store);
  return text;
}

/* oracle_iou stands for any further measure: made of IoU, it has IoU's ranks. */
START_TEST(every_measure_is_shown_as_iou_is) {
  vx_table_options options = vx_table_defaults();
  json_t *t = table(&options);
  const char *rows[] = {"rollout", "saliency", "center"};
  for (int i = 0; i < 3; i++) {
    ck_assert_double_eq(cell(t, rows[i], NULL, NULL, "oracle_iou_rank_low"), cell(t, rows[i], NULL, NULL, "rank_low"));
    ck_assert_double_eq(cell(t, rows[i], NULL, NULL, "oracle_iou_rank_high"),
                        cell(t, rows[i], NULL, NULL, "rank_high"));
    ck_assert_double_eq(cell(t, rows[i], NULL, NULL, "oracle_iou_n"), cell(t, rows[i], NULL, NULL, "n"));
    ck_assert_double_eq(cell(t, rows[i], NULL, NULL, "pointing_n"), cell(t, rows[i], NULL, NULL, "n") - 1);
  }
  json_decref(t);
  char *text = text_of(&options); /* few: all are there, pointing with the n of its own */
  ck_assert_ptr_nonnull(strstr(text, "pixel acc."));
  ck_assert_ptr_nonnull(strstr(text, "Pointing"));
  ck_assert_ptr_nonnull(strstr(text, "its n")); /* 8 of 9, 7 of 8 */
  free(text);
  options.metrics = "oracle"; /* a whole measure by its name: nothing else, with interval and ranks */
  text = text_of(&options);
  ck_assert_ptr_null(strstr(text, "pixel acc."));
  ck_assert_ptr_null(strstr(text, "Pointing"));
  ck_assert_ptr_nonnull(strstr(text, "95 %"));
  ck_assert_ptr_nonnull(strstr(text, "="));
  free(text);
  vx_error error;
  vx_store *store;
  options.metrics = "iou,oracl";
  OK((store = vx_store_open(path, VX_STORE_READ, &error)) != NULL);
  ck_assert_ptr_null(vx_table_make(store, &options, &error));
  ck_assert(strstr(error.why, "did you mean"));
  vx_store_close(store);
}
END_TEST

/* Beyond 10,000 images the table takes the file's own sums; they have to say what the rows say. */
START_TEST(tables_of_many_images_say_what_the_rows_say) {
  sqlite3 *db;
  sqlite3_stmt *read;
  char *says = NULL;
  static const char fill[] =
      "BEGIN; UPDATE runs SET image_count = 12012;"
      "WITH RECURSIVE k(i) AS (SELECT 12 UNION ALL SELECT i + 1 FROM k WHERE i < 12011)"
      " INSERT INTO images (run, position, image_id, size, main_class) SELECT 1, i, 'x' || i,"
      " CASE i % 3 WHEN 0 THEN 'small' WHEN 1 THEN 'large' ELSE 'medium' END, 1 + i % 2 FROM k;"
      "INSERT INTO predictions SELECT id, 0, 0.95, 1, id % 2 FROM images WHERE position >= 12;"
      "INSERT INTO evaluations (scoring, method, image, status, iou, f1, pixel_accuracy, tp, fp, fn, tn) SELECT 1, "
      "m.id,"
      " i.id, 'ok', (i.id * 7919 % 1009) / 1009.0, 0.5, (i.id * 31 % 97) / 97.0, 1, 2, 3, 4 FROM run_methods m"
      " CROSS JOIN images i WHERE i.position >= 12; COMMIT";
  ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
  if (sqlite3_exec(db, fill, NULL, NULL, &says) != SQLITE_OK) ck_abort_msg("%s", says);
  static const struct {
    const char *by, *group, *where;
  } cases[] = {{NULL, NULL, "1"},
               {"class", "dog", "main_class = 'dog'"},
               {"size", "large", "size = 'large'"},
               {"correct", "wrong", "correct = 0"}};
  for (size_t k = 0; k < 4; k++) {
    for (int gated = 0; gated < 2; gated++) { /* with a gate of its own it has to go through the rows */
      char sql[300];
      vx_table_options options = vx_table_defaults();
      options.by = cases[k].by;
      if (gated) options.min_confidence = 0.851;
      json_t *t = table(&options);
      snprintf(
          sql, sizeof sql,
          "SELECT avg(iou), avg(iou * iou) - avg(iou) * avg(iou), count(iou) FROM per_image WHERE method = 'rollout'"
          " AND %s",
          cases[k].where);
      ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &read, NULL), SQLITE_OK);
      ck_assert_int_eq(sqlite3_step(read), SQLITE_ROW);
      double mean = sqlite3_column_double(read, 0), n = sqlite3_column_double(read, 2);
      double half = 1.959963984540054 * sqrt(sqlite3_column_double(read, 1) / (n - 1));
      ck_assert_double_eq(cell(t, "rollout", NULL, cases[k].group, "n"), n);
      ck_assert_double_eq_tol(cell(t, "rollout", NULL, cases[k].group, "iou"), 100 * mean, 1e-9);
      ck_assert_double_eq_tol(cell(t, "rollout", NULL, cases[k].group, "iou_low"), 100 * (mean - half), 1e-9);
      sqlite3_finalize(read);
      json_decref(t);
    }
  }
  sqlite3_close(db);
}
END_TEST

/* ---- formats ------------------------------------------------------------------------------------------------- */

static char *print(vx_format format) {
  static const vx_sheet_column columns[] = {
      {"name", "name", 0, true}, {"value", "value", 2, false}, {"exact", NULL, -1, false}};
  vx_sheet *sheet = vx_sheet_new(columns, 3);
  vx_error error;
  vx_sheet_title(sheet, "50%% of <all> & more");
  vx_sheet_row(sheet);
  vx_sheet_text(sheet, 0, "a,\"b\"|c_\\");
  vx_sheet_real(sheet, 1, 0.1 + 0.2);
  vx_sheet_real(sheet, 2, 0.1 + 0.2);
  vx_sheet_row(sheet);
  vx_sheet_text(sheet, 0, "größe");
  vx_sheet_real(sheet, 1, -0.001);
  vx_sheet_rule(sheet);
  vx_sheet_row(sheet);
  vx_sheet_int(sheet, 1, -5);
  vx_sheet_show(sheet, 1, "(%d)", -5);
  vx_sheet_note(sheet, "a note");
  char *text = NULL;
  size_t size = 0;
  FILE *to = open_memstream(&text, &size);
  OK(vx_sheet_print(sheet, format, to, &error));
  fclose(to);
  vx_sheet_free(sheet);
  return text;
}

static void format_is(vx_format format, const char *expected) {
  char *text = print(format);
  ck_assert_str_eq(text, expected);
  free(text);
}

START_TEST(each_format_escapes_what_it_must) {
  format_is(VX_FORMAT_TEXT, "50% of <all> & more\n\n"
                            "name       value\n"
                            "----------------\n"
                            "a,\"b\"|c_\\   0.30\n"
                            "größe       0.00\n"
                            "----------------\n"
                            "            (-5)\n\n"
                            "a note\n");
  format_is(VX_FORMAT_CSV, "name,value,exact\n"
                           "\"a,\"\"b\"\"|c_\\\",0.30000000000000004,0.30000000000000004\n"
                           "größe,-0.001,\n"
                           ",-5,\n");
  format_is(VX_FORMAT_MARKDOWN, "**50% of \\<all> & more**\n\n"
                                "| name | value |\n| :-- | --: |\n"
                                "| a,\"b\"\\|c\\_\\\\ | 0.30 |\n"
                                "| größe | 0.00 |\n"
                                "|  | (-5) |\n"
                                "\na note\n");
  char *text = print(VX_FORMAT_LATEX);
  ck_assert_ptr_nonnull(strstr(text, "\\caption{50\\% of \\textless{}all\\textgreater{} \\& more}"));
  ck_assert_ptr_nonnull(strstr(text, "a,\"b\"|c\\_\\textbackslash{} & 0.30 \\\\"));
  free(text);
  text = print(VX_FORMAT_JSON);
  json_t *tree = json_loads(text, 0, NULL);
  json_t *first = json_array_get(json_object_get(tree, "rows"), 0);
  ck_assert_str_eq(json_string_value(json_object_get(first, "name")), "a,\"b\"|c_\\");
  ck_assert_double_eq(json_real_value(json_object_get(first, "exact")), 0.1 + 0.2);
  ck_assert(json_is_null(json_object_get(json_array_get(json_object_get(tree, "rows"), 1), "exact")));
  json_decref(tree);
  free(text);
  vx_format format;
  vx_error error;
  ck_assert(!vx_format_parse("html", &format, &error));
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("table");
  tcase_add_checked_fixture(cases, setup, teardown);
  tcase_add_test(cases, means_are_those_computed_by_hand);
  tcase_add_test(cases, pooled_and_class_means_are_those_computed_by_hand);
  tcase_add_test(cases, groups_part_the_images);
  tcase_add_test(cases, the_head_says_what_was_understood);
  tcase_add_test(cases, a_higher_gate_is_a_filter_and_a_lower_one_is_refused);
  tcase_add_test(cases, published_rows_stand_beside_ours);
  tcase_add_test(cases, rows_are_sorted_by_family_then_as_asked);
  tcase_add_test(cases, every_measure_is_shown_as_iou_is);
  tcase_add_test(cases, tables_of_many_images_say_what_the_rows_say);
  tcase_add_test(cases, each_format_escapes_what_it_must);
  return run_suite("table", cases);
}
