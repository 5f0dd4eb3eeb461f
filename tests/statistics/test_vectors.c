/* The statistics and measures against SciPy and scikit-learn: tests/golden/stats, made by tools/statistics_vectors.py.
 */
#include "metrics/measure.h"
#include "statistics/bootstrap.h"
#include "statistics/compare.h"
#include "statistics/effect.h"
#include "statistics/permutation.h"
#include "statistics/rank.h"
#include "statistics/summary.h"
#include "statistics/wilcoxon.h"
#include "tests/support/suite.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *load(const char *name) {
  char path[256];
  snprintf(path, sizeof path, "tests/golden/stats/%s.json", name);
  json_error_t error;
  json_t *file = json_load_file(path, 0, &error);
  ck_assert_msg(file != NULL, "%s:%d: %s", path, error.line, error.text);
  return file;
}

static double number(const json_t *c, const char *key) {
  const json_t *value = json_object_get(c, key);
  ck_assert_msg(json_is_number(value), "%s is not a number", key);
  return json_number_value(value);
}

static double *numbers(const json_t *c, const char *key, size_t *n) {
  const json_t *list = json_object_get(c, key);
  *n = json_array_size(list);
  double *values = malloc((*n + 1) * sizeof *values);
  for (size_t i = 0; i < *n; i++) values[i] = json_number_value(json_array_get(list, i));
  return values;
}

static void same(double got, const json_t *c, const char *key) {
  const char *name = json_string_value(json_object_get(c, "name"));
  ck_assert_msg(fabs(got - number(c, key)) < 1e-9, "%s %s: %.15g, stored %.15g", name ? name : "", key, got,
                number(c, key));
}

START_TEST(summaries) {
  json_t *file = load("summary"), *c, *q;
  size_t i, k, n;
  json_array_foreach(json_object_get(file, "cases"), i, c) {
    double *x = numbers(c, "x", &n);
    vx_summary s;
    ck_assert(vx_summarise(x, n, &s, NULL));
    same((double)s.n, c, "n");
    same(s.mean, c, "mean");
    same(s.sd, c, "sd");
    same(s.median, c, "median");
    json_array_foreach(json_object_get(c, "quantiles"), k, q) {
      double got = vx_quantile(x, n, json_number_value(json_array_get(q, 0)));
      ck_assert_double_eq_tol(got, json_number_value(json_array_get(q, 1)), 1e-12);
    }
    free(x);
  }
  json_decref(file);
}
END_TEST

START_TEST(paired) {
  json_t *file = load("paired"), *c;
  size_t i, n;
  const vx_resampling how = {.resamples = 20000, .seed = 3};
  json_array_foreach(json_object_get(file, "cases"), i, c) {
    double *a = numbers(c, "a", &n), *b = numbers(c, "b", &n), *d = malloc(n * sizeof *d), delta;
    for (size_t k = 0; k < n; k++) d[k] = a[k] - b[k];
    vx_wilcoxon w;
    vx_effect e;
    vx_pair pair;
    ck_assert(vx_wilcoxon_test(d, n, &w, NULL));
    same(fmin(w.plus, w.minus), c, "wilcoxon");
    same(w.p, c, "wilcoxon_p");
    ck_assert(vx_effect_sizes(a, b, n, &e, NULL));
    same(e.d_z, c, "d_z");
    same(e.rank_biserial, c, "rank_biserial");
    same(e.superiority, c, "superiority");
    same((double)e.wins, c, "wins");
    same((double)e.ties, c, "ties");
    same((double)e.losses, c, "losses");
    ck_assert(vx_cliffs_delta(a, n, b, n, &delta, NULL));
    same(delta, c, "cliffs_delta");
    double p;
    ck_assert(vx_permutation_test(d, n, how.resamples, how.seed, &p, NULL));
    if (n <= 16)
      same(p, c, "permutation_p");
    else
      ck_assert_double_eq_tol(p, number(c, "t_p"), 0.02);
    ck_assert(vx_compare_pair(a, b, n, &how, &pair, NULL));
    same(pair.wilcoxon_p, c, "wilcoxon_p");
    ck_assert(pair.permutation_p == p);
    free(a);
    free(b);
    free(d);
  }
  json_decref(file);
}
END_TEST

START_TEST(correlations) {
  json_t *file = load("correlation"), *c;
  size_t i, n;
  json_array_foreach(json_object_get(file, "cases"), i, c) {
    double *x = numbers(c, "x", &n), *y = numbers(c, "y", &n), r;
    ck_assert(vx_spearman(x, y, n, &r, NULL));
    same(r, c, "spearman");
    ck_assert(vx_kendall(x, y, n, &r, NULL));
    same(r, c, "kendall");
    free(x);
    free(y);
  }
  json_decref(file);
}
END_TEST

static void check_interval(const vx_sample *sample, const vx_resampling *how, const json_t *c, const char *key,
                           double estimate) {
  vx_interval interval;
  ck_assert(vx_bootstrap_intervals(sample, how, 0.95, &interval, NULL));
  const json_t *stored = json_object_get(c, key);
  ck_assert_double_eq_tol(interval.low, json_number_value(json_array_get(stored, 0)), 1e-9);
  ck_assert_double_eq_tol(interval.high, json_number_value(json_array_get(stored, 1)), 1e-9);
  ck_assert_double_eq_tol(interval.estimate, estimate, 1e-9);
}

/* SciPy's bootstrap, fed with our draws. */
START_TEST(bootstrap) {
  json_t *file = load("bootstrap"), *c = json_array_get(json_object_get(file, "cases"), 0);
  const vx_resampling how = {.resamples = (size_t)number(c, "resamples"), .seed = (uint64_t)number(c, "seed")};
  size_t n;
  double *x = numbers(c, "x", &n), *y = numbers(c, "y", &n), *group = numbers(c, "group", &n);
  double *intersection = numbers(c, "intersection", &n), *over = numbers(c, "union", &n);
  double *d = malloc(n * sizeof *d);
  int *groups = malloc(n * sizeof *groups);
  for (size_t i = 0; i < n; i++) {
    d[i] = x[i] - y[i];
    groups[i] = (int)group[i];
  }
  vx_sample sample = {.images = n, .columns = 1, .numerators = x};
  check_interval(&sample, &how, c, "mean", vx_sum(x, n) / (double)n);
  sample.group = groups;
  sample.groups = 3;
  check_interval(&sample, &how, c, "macro", number(c, "macro_estimate"));
  sample = (vx_sample){.images = n, .columns = 1, .numerators = d};
  check_interval(&sample, &how, c, "difference", vx_sum(d, n) / (double)n);
  sample = (vx_sample){.images = n, .columns = 1, .numerators = intersection, .denominators = over};
  check_interval(&sample, &how, c, "pooled", number(c, "pooled_estimate"));

  /* the paired difference of two columns is the difference's own interval */
  double *both = malloc(2 * n * sizeof *both), *replicates = malloc(3 * how.resamples * sizeof *replicates), low, high;
  for (size_t i = 0; i < n; i++) {
    both[2 * i] = x[i];
    both[2 * i + 1] = y[i];
  }
  sample = (vx_sample){.images = n, .columns = 2, .numerators = both};
  ck_assert(vx_bootstrap(&sample, &how, replicates, NULL));
  vx_difference_interval(replicates, replicates + how.resamples, how.resamples, 0.95, replicates + 2 * how.resamples,
                         &low, &high);
  ck_assert_double_eq_tol(low, json_number_value(json_array_get(json_object_get(c, "difference"), 0)), 1e-9);
  ck_assert_double_eq_tol(high, json_number_value(json_array_get(json_object_get(c, "difference"), 1)), 1e-9);
  free(both);
  free(replicates);
  free(x);
  free(y);
  free(group);
  free(intersection);
  free(over);
  free(d);
  free(groups);
  json_decref(file);
}
END_TEST

START_TEST(classification) {
  static const char *const names[] = {"iou",    "f1",   "pixel_accuracy", "precision",
                                      "recall", "miou", "background_iou", "average_precision"};
  json_t *file = load("classification"), *c;
  size_t i, n;
  json_array_foreach(json_object_get(file, "cases"), i, c) {
    double *h = numbers(c, "h", &n), *truth = numbers(c, "truth", &n), columns[VX_MEASURE_COLUMNS];
    uint8_t *labels = malloc(n), *u = malloc(n);
    for (size_t k = 0; k < n; k++) {
      labels[k] = (uint8_t)truth[k];
      u[k] = (uint8_t)(255 * h[k]);
    }
    const vx_heat heat = {.height = 1, .width = (int)n, .h = h, .u = u, .high = 1};
    const vx_scoring scoring = {.threshold = {VX_THRESHOLD_FIXED, 0.5}};
    vx_levels levels;
    vx_case in;
    ck_assert(vx_case_prepare(&heat, labels, &scoring, &levels, &in, NULL));
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
      int column;
      const vx_measure *metric = vx_measure_with_column(names[k], &column);
      ck_assert(metric->measure(&in, NULL, columns, NULL));
      same(columns[column], c, names[k]);
    }
    free(h);
    free(truth);
    free(labels);
    free(u);
  }
  json_decref(file);
}
END_TEST

int main(void) {
  TCase *stored = tcase_create("stored");
  tcase_add_test(stored, summaries);
  tcase_add_test(stored, paired);
  tcase_add_test(stored, correlations);
  tcase_add_test(stored, bootstrap);
  tcase_add_test(stored, classification);
  return run_suite("vectors", stored);
}
