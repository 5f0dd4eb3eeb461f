/* Comparisons: pairs of small runs by hand, runs matched by image id. */
#include <jansson.h>

#include "harness/tables/across.h"
#include "harness/tables/compare.h"
#include "statistics/compare.h"
#include "tests/support/store_files.h"
#include "tests/support/suite.h"

static char path[256], other[256];

static void setup(void) {
  fresh_path(path, "compare");
  fresh_path(other, "compare-other");
  vx_run_row run = run_info(IMAGES, METHODS);
  write_images(path, &run, NULL, IMAGES);
}

static void teardown(void) {
  remove_path(path);
  remove_path(other);
}

static json_t *compare(const char *second, const vx_compare_options *options, vx_compare_verdict *verdict) {
  vx_error error;
  vx_store *store, *store2 = NULL;
  vx_sheet *sheet;
  char *text = NULL;
  size_t size = 0;
  OK((store = vx_store_open(path, VX_STORE_READ, &error)) != NULL);
  if (second) OK((store2 = vx_store_open(second, VX_STORE_READ, &error)) != NULL);
  OK((sheet = vx_compare_make(store, store2, options, verdict, &error)) != NULL);
  FILE *to = open_memstream(&text, &size);
  OK(vx_sheet_print(sheet, VX_FORMAT_JSON, to, &error));
  fclose(to);
  vx_sheet_free(sheet);
  vx_store_close(store);
  vx_store_close(store2);
  json_t *tree = json_loads(text, 0, NULL);
  ck_assert_ptr_nonnull(tree);
  free(text);
  return tree;
}

static json_t *row_at(json_t *tree, size_t i) {
  return json_array_get(json_object_get(tree, "rows"), i);
}

static double number(json_t *tree, size_t row, const char *key) {
  return json_number_value(json_object_get(row_at(tree, row), key));
}

static const char *word(json_t *tree, size_t row, const char *key) {
  return json_string_value(json_object_get(row_at(tree, row), key));
}

START_TEST(a_pair_is_paired_on_what_both_have) {
  vx_compare_options o = vx_compare_defaults();
  vx_compare_verdict verdict;
  o.methods = "rollout,saliency";
  json_t *t = compare(NULL, &o, &verdict);
  ck_assert_uint_eq(json_array_size(json_object_get(t, "rows")), 1);
  /* saliency (m = 1) has tp (i + 1) mod 4, fp 1, tp + fn 5: IoU tp / 6; not image 5. Images 0 1 2 4 6 8 9 10:
     rollout  0 0 .4 0 .4 0 .2 .4, saliency 1/6 2/6 3/6 1/6 3/6 1/6 2/6 3/6 */
  double a = 1.4 / 8, b = 16 / 6.0 / 8;
  ck_assert_double_eq(number(t, 0, "n"), 8);
  ck_assert_double_eq_tol(number(t, 0, "mean_first"), 100 * a, 1e-12);
  ck_assert_double_eq_tol(number(t, 0, "mean_second"), 100 * b, 1e-12);
  ck_assert_double_eq_tol(number(t, 0, "difference"), 100 * (a - b), 1e-12);
  ck_assert_double_eq(number(t, 0, "losses"), 8);
  ck_assert_double_eq(number(t, 0, "wins"), 0);
  /* all eight differences have one sign: of the 2^8 sign vectors two are as extreme */
  ck_assert_double_eq_tol(number(t, 0, "permutation_p"), 2 / 256.0, 1e-15);
  ck_assert_str_eq(word(t, 0, "differs"), "yes");
  ck_assert_double_eq_tol(verdict.lowest, 100 * (a - b), 1e-12);
  ck_assert_str_eq(verdict.what, "rollout less saliency");
  json_decref(t);
}
END_TEST

START_TEST(three_methods_are_ranked) {
  vx_compare_options o = vx_compare_defaults();
  vx_compare_verdict verdict;
  json_t *t = compare(NULL, &o, &verdict);
  ck_assert_uint_eq(json_array_size(json_object_get(t, "rows")), 3);
  ck_assert_str_eq(word(t, 0, "method"), "saliency");
  ck_assert(number(t, 0, "mean") > number(t, 1, "mean") && number(t, 1, "mean") > number(t, 2, "mean"));
  /* saliency is told apart from the last, so that neither can be where the other is */
  ck_assert_str_eq(word(t, 0, "level_with_best"), "yes");
  ck_assert_str_eq(word(t, 2, "level_with_best"), "no");
  ck_assert(number(t, 0, "rank_low") == 1 && number(t, 0, "rank_high") <= 2 && number(t, 2, "rank_low") >= 2);
  for (size_t i = 0; i < 3; i++) {
    ck_assert_double_eq(number(t, i, "rank"), (double)i + 1);
    ck_assert_double_eq(number(t, i, "rank_low"), 1 + number(t, i, "worse_than"));
    ck_assert_double_eq(number(t, i, "rank_high"), 3 - number(t, i, "better_than"));
  }
  json_decref(t);
  o.pairs = true;
  o.by = "class";
  t = compare(NULL, &o, &verdict);
  ck_assert_uint_eq(json_array_size(json_object_get(t, "rows")), 6);
  ck_assert_str_eq(word(t, 0, "group"), "cat");
  ck_assert_double_eq(number(t, 1, "n"), 6); /* rollout and center on cats */
  ck_assert_double_eq(number(t, 3, "n"), 2); /* rollout and saliency on dogs: 1 and 9 */
  json_decref(t);
}
END_TEST

START_TEST(two_runs_are_matched_by_id) {
  /* the other run has the images in another order, one less, and the methods in another order */
  vx_error error;
  vx_store *store;
  vx_run_row run = run_info(IMAGES, 2);
  vx_method_row swapped[2] = {methods[2], methods[0]};
  run.methods = swapped;
  run.seed = 8;
  OK((store = vx_store_open(other, VX_STORE_WRITE, &error)) != NULL);
  OK(vx_store_begin(store, &run, &error));
  vx_result *result = vx_result_new();
  for (int i = 0; i < IMAGES - 2; i++) {
    fill_result(result, i, METHODS, NULL);
    result->position = IMAGES - 1 - i;
    int kept = 0;
    for (int e = 0; e < result->evaluation_count; e++) {
      vx_evaluation *from = &result->evaluations[e];
      if (from->method == 1) continue;
      from->method = from->method == 2 ? 0 : 1;
      if (from->method == 1) from->iou += 0.1; /* rollout is better there, on every image */
      result->evaluations[kept++] = *from;
    }
    result->evaluation_count = kept;
    result->failure_count = 0;
    OK(vx_store_write(store, result, &error));
  }
  vx_result_free(result);
  vx_store_close(store);
  vx_compare_options o = vx_compare_defaults();
  vx_compare_verdict verdict;
  json_t *t = compare(other, &o, &verdict);
  ck_assert_uint_eq(json_array_size(json_object_get(t, "rows")), 2);
  ck_assert_str_eq(word(t, 0, "first"), "rollout");
  ck_assert_double_eq(number(t, 0, "n"), 8); /* all scored but 10 */
  ck_assert_double_eq_tol(number(t, 0, "difference"), -10, 1e-9);
  ck_assert_double_eq_tol(number(t, 1, "difference"), 0, 1e-12);
  ck_assert_double_eq(number(t, 1, "ties"), 8);
  ck_assert_double_eq_tol(verdict.lowest, -10, 1e-9);
  ck_assert_str_eq(verdict.what, "rollout");
  const char *note = json_string_value(json_array_get(json_object_get(t, "notes"), 0));
  ck_assert_str_eq(note, "9 images matched by id; 1 only in the first, 0 only in the second.");
  json_decref(t);
}
END_TEST

static void refused(const char *second, const vx_compare_options *o, const char *because) {
  vx_error error = {.why = ""};
  vx_compare_verdict verdict;
  vx_store *store, *store2 = NULL;
  OK((store = vx_store_open(path, VX_STORE_READ, &error)) != NULL);
  if (second) OK((store2 = vx_store_open(second, VX_STORE_READ, &error)) != NULL);
  ck_assert_ptr_null(vx_compare_make(store, store2, o, &verdict, &error));
  if (!strstr(error.why, because)) ck_abort_msg("%s: %s", error.where, error.why);
  vx_store_close(store);
  vx_store_close(store2);
}

START_TEST(wrong_questions_are_named) {
  vx_compare_options o = vx_compare_defaults();
  o.methods = "rollout,salency";
  refused(NULL, &o, "did you mean 'saliency'?");
  o.methods = "rollout,rollout";
  refused(NULL, &o, "twice");
  o.methods = "rollout";
  refused(NULL, &o, "alone");
  o = vx_compare_defaults();
  o.metric = "loudness";
  refused(NULL, &o, "oracle_iou, pointing");
  o = vx_compare_defaults();
  o.by = "moon";
  refused(NULL, &o, "class, correct, size");
  o = vx_compare_defaults();
  o.run2 = 5;
  refused(NULL, &o, "no run 5");
}
END_TEST

static json_t *across(const vx_compare_options *options) {
  vx_error error;
  vx_store *store;
  vx_sheet *sheet;
  char *text = NULL;
  size_t size = 0;
  OK((store = vx_store_open(path, VX_STORE_READ, &error)) != NULL);
  OK((sheet = vx_across_sheet(store, options, &error)) != NULL);
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

/* IoU by hand: saliency 16/48, rollout 1.6/9, center 0.8/9 or so; oracle_iou is its half and a half, pointing 1 for
 * all. */
START_TEST(measures_are_compared_by_the_order_of_methods) {
  vx_compare_options o = vx_compare_defaults();
  o.metrics = "iou,oracle,pointing";
  o.methods = "rollout,saliency,center";
  json_t *t = across(&o);
  ck_assert_uint_eq(json_array_size(json_object_get(t, "rows")), 3);
  ck_assert_str_eq(word(t, 0, "second"), "oracle_iou");
  ck_assert_double_eq(number(t, 0, "methods"), 3);
  ck_assert_double_eq(number(t, 0, "n"), 8); /* pointing is undefined for image 4 */
  ck_assert_double_eq(number(t, 0, "spearman"), 1);
  ck_assert_double_eq(number(t, 0, "kendall"), 1);
  ck_assert_double_eq(number(t, 0, "spearman_low"), 1);               /* the same draws for both */
  ck_assert(json_is_null(json_object_get(row_at(t, 1), "spearman"))); /* all are level */
  json_decref(t);
  o.methods = NULL; /* the two that look at the model */
  t = across(&o);
  ck_assert_double_eq(number(t, 0, "methods"), 2);
  json_decref(t);
  o.ranks = true;
  t = across(&o);
  ck_assert_uint_eq(json_array_size(json_object_get(t, "rows")), 3);
  ck_assert_str_eq(word(t, 0, "method"), "saliency");
  for (size_t i = 0; i < 3; i++) {
    ck_assert_double_eq(number(t, i, "iou_rank"), (double)i + 1);
    ck_assert_double_eq(number(t, i, "oracle_iou_rank"), (double)i + 1);
    ck_assert_double_eq(number(t, i, "pointing_rank"), 1);
    ck_assert_double_eq(number(t, i, "moves"), (double)i);
    ck_assert_double_eq_tol(number(t, i, "oracle_iou"), number(t, i, "iou") / 2 + 50, 1e-12);
  }
  json_decref(t);
  vx_error error = {.why = ""};
  vx_store *store;
  OK((store = vx_store_open(path, VX_STORE_READ, &error)) != NULL);
  o.metrics = "iou,pointin";
  ck_assert_ptr_null(vx_across_sheet(store, &o, &error));
  ck_assert(strstr(error.why, "did you mean 'pointing'?"));
  o.metrics = "iou";
  ck_assert_ptr_null(vx_across_sheet(store, &o, &error));
  ck_assert(strstr(error.why, "alone"));
  vx_store_close(store);
}
END_TEST

/* Beyond 10,000 images: mean, interval and tests against plain formulas. */
START_TEST(many_images_use_the_normal_distribution) {
  enum { MANY = 30000 };
  double *a = malloc(MANY * sizeof *a), *b = malloc(MANY * sizeof *b), sum = 0, squares = 0;
  srand(11);
  for (int i = 0; i < MANY; i++) {
    a[i] = rand() / (double)RAND_MAX;
    b[i] = a[i] + 0.4 * (rand() / (double)RAND_MAX) - 0.197;
    sum += a[i] - b[i];
    squares += (a[i] - b[i]) * (a[i] - b[i]);
  }
  vx_pair pair;
  vx_error error;
  vx_resampling how = {10000, 1};
  OK(vx_compare_pair(a, b, MANY, &how, &pair, &error));
  double mean = sum / MANY, se = sqrt((squares / MANY - mean * mean) / MANY);
  ck_assert_double_eq_tol(pair.difference, mean, 1e-12);
  ck_assert_double_eq_tol(pair.high - pair.low, 2 * 1.96 * se, 1e-6);
  ck_assert_double_eq_tol(pair.permutation_p, erfc(fabs(mean) / se / sqrt(2)), 1e-3);
  ck_assert_uint_eq(pair.n, MANY);
  free(a);
  free(b);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("compare");
  tcase_add_checked_fixture(cases, setup, teardown);
  tcase_add_test(cases, a_pair_is_paired_on_what_both_have);
  tcase_add_test(cases, three_methods_are_ranked);
  tcase_add_test(cases, two_runs_are_matched_by_id);
  tcase_add_test(cases, wrong_questions_are_named);
  tcase_add_test(cases, measures_are_compared_by_the_order_of_methods);
  tcase_add_test(cases, many_images_use_the_normal_distribution);
  return run_suite("compare", cases);
}
