/* The statistics by hand, in their invariants, in what they promise (coverage), and in their speed. */
#include "base/random.h"
#include "statistics/agreement.h"
#include "statistics/bootstrap.h"
#include "statistics/effect.h"
#include "statistics/holm.h"
#include "statistics/permutation.h"
#include "statistics/rank.h"
#include "statistics/resample.h"
#include "statistics/standing.h"
#include "statistics/summary.h"
#include "statistics/wilcoxon.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NEAR(got, expected) ck_assert_double_eq_tol(got, expected, 1e-12)

START_TEST(summary_by_hand) {
  const double x[5] = {4, NAN, 1, 3, 8};
  vx_summary s;
  ck_assert(vx_summarise(x, 5, &s, NULL));
  ck_assert_uint_eq(s.n, 4);
  NEAR(s.mean, 4);
  NEAR(s.sd, sqrt((0 + 9 + 1 + 16) / 3.0));
  NEAR(s.median, 3.5);
  ck_assert(s.low == 1 && s.high == 8);
  ck_assert(vx_summarise(x + 1, 1, &s, NULL));
  ck_assert(s.n == 0 && isnan(s.mean) && isnan(s.sd) && isnan(s.median));
  ck_assert(vx_summarise(x, 1, &s, NULL));
  ck_assert(s.mean == 4 && isnan(s.sd) && s.median == 4);
}
END_TEST

static int upwards(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

START_TEST(quantiles_are_those_of_the_sorted_list) {
  double v[200], sorted[200], work[200];
  uint64_t stream = vx_random_stream(5, 0), k = 0;
  for (int trial = 0; trial < 300; trial++) {
    size_t n = 1 + vx_random_below(vx_random_bits(stream, k++), 200);
    uint32_t values = trial % 3 == 0 ? 3 : 1000000; /* with many ties, too */
    for (size_t i = 0; i < n; i++) v[i] = vx_random_below(vx_random_bits(stream, k++), values);
    if (trial % 5 == 0) qsort(v, n, sizeof *v, upwards);
    memcpy(sorted, v, n * sizeof *v);
    qsort(sorted, n, sizeof *sorted, upwards);
    for (int q = 0; q <= 40; q++) {
      memcpy(work, v, n * sizeof *v);
      double at = q / 40.0 * (double)(n - 1);
      size_t i = (size_t)at;
      double expected = i + 1 < n ? sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
      NEAR(vx_quantile(work, n, q / 40.0), expected);
    }
  }
}
END_TEST

START_TEST(wilcoxon_by_hand) {
  /* |d| ranks 1, 2, 3; minus has 1: sign vectors with a rank sum of at most 1: none, {1}: 2 of 8, two-sided 0.5 */
  const double d[3] = {-0.1, 0.2, 0.5};
  vx_wilcoxon w;
  ck_assert(vx_wilcoxon_test(d, 3, &w, NULL));
  ck_assert(w.n == 3 && w.plus == 5 && w.minus == 1 && w.exact);
  NEAR(w.p, 0.5);
  /* a zero is dropped, a tie shares rank 1.5: {}, {1.5}, {1.5'} of 8 have at most 1.5 */
  const double tied[4] = {-0.5, 0, 0.5, 2};
  ck_assert(vx_wilcoxon_test(tied, 4, &w, NULL));
  ck_assert(w.n == 3 && w.plus == 4.5 && w.minus == 1.5);
  NEAR(w.p, 0.75);
  const double zeros[20] = {0};
  ck_assert(vx_wilcoxon_test(zeros, 20, &w, NULL));
  ck_assert(w.n == 0 && w.p == 1);
  ck_assert(vx_wilcoxon_test(NULL, 0, &w, NULL));
  ck_assert(w.p == 1);
}
END_TEST

START_TEST(permutation_by_hand) {
  double p;
  /* sums of +-1 +-2 +-4: |7| of the signs + + + and - - - only: 2 of 8 */
  ck_assert(vx_permutation_test((double[]){1, 2, 4}, 3, 0, 1, &p, NULL));
  NEAR(p, 0.25);
  /* observed 3: 3, 5, 7 and 1 are the possible |sums|; 3, 5, 7 count */
  ck_assert(vx_permutation_test((double[]){1, -2, 4}, 3, 0, 1, &p, NULL));
  NEAR(p, 0.75);
  ck_assert(vx_permutation_test((double[]){0, 0}, 2, 0, 1, &p, NULL));
  NEAR(p, 1);
  ck_assert(vx_permutation_test(NULL, 0, 100, 1, &p, NULL));
  NEAR(p, 1);
  /* sums that are equal but for rounding count as equal: 0.1 + 0.2 and 0.3 */
  ck_assert(vx_permutation_test((double[]){0.1, 0.2, -0.3}, 3, 0, 1, &p, NULL));
  NEAR(p, 1);
  /* drawn signs: the same seed, the same p; close to the exact value of the normal limit */
  double d[60], q;
  for (int i = 0; i < 60; i++) d[i] = (i % 7 - 2.6) / 7;
  ck_assert(vx_permutation_test(d, 60, 10000, 42, &p, NULL));
  ck_assert(vx_permutation_test(d, 60, 10000, 42, &q, NULL));
  ck_assert(p == q);
  ck_assert(vx_permutation_test(d, 60, 10000, 43, &q, NULL));
  ck_assert_double_eq_tol(p, q, 0.02);
  for (int i = 0; i < 60; i++) d[i] = 1 + i;
  ck_assert(vx_permutation_test(d, 60, 9999, 42, &p, NULL));
  NEAR(p, 1e-4); /* nothing as extreme: the observed one alone */
}
END_TEST

START_TEST(holm_by_hand) {
  /* sorted: 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: 0.02, 0.03, 0.06, 0.04 made 0.06 */
  const double p[5] = {0.01, 0.04, NAN, 0.03, 0.005};
  double adjusted[5];
  ck_assert(vx_holm(p, 5, adjusted, NULL));
  NEAR(adjusted[0], 0.03);
  NEAR(adjusted[1], 0.06);
  ck_assert(isnan(adjusted[2]));
  NEAR(adjusted[3], 0.06);
  NEAR(adjusted[4], 0.02);
  ck_assert(vx_holm((double[]){0.7, 0.6}, 2, adjusted, NULL));
  NEAR(adjusted[0], 1);
  NEAR(adjusted[1], 1);
}
END_TEST

START_TEST(effects_by_hand) {
  const double a[4] = {3, 1, 2, 5}, b[4] = {1, 1, 3, 2}; /* differences 2, 0, -1, 3 */
  vx_effect e;
  ck_assert(vx_effect_sizes(a, b, 4, &e, NULL));
  ck_assert(e.wins == 2 && e.ties == 1 && e.losses == 1);
  NEAR(e.d_z, 1 / sqrt((1 + 1 + 4 + 4) / 3.0));
  NEAR(e.rank_biserial, (5 - 1) / 6.0); /* ranks 2, -, 1, 3 */
  NEAR(e.superiority, 0.625);
  double delta; /* of 16 pairs 3 + 0 + 2 + 4 above, 0 + 2 + 1 + 0 below */
  ck_assert(vx_cliffs_delta(a, 4, b, 4, &delta, NULL));
  NEAR(delta, 6 / 16.0);
  ck_assert(vx_cliffs_delta(a, 4, b, 0, &delta, NULL));
  ck_assert(isnan(delta));
  ck_assert(vx_effect_sizes(a, a, 4, &e, NULL));
  ck_assert(e.d_z == 0 && e.rank_biserial == 0 && e.superiority == 0.5 && e.ties == 4);
}
END_TEST

START_TEST(correlations_by_hand) {
  const double x[4] = {1, 2, 3, 4}, y[4] = {1, 3, 2, 4}, flat[4] = {2, 2, 2, 2}, down[4] = {9, 5, 1, 0};
  double r;
  ck_assert(vx_spearman(x, y, 4, &r, NULL));
  NEAR(r, 0.8); /* 1 - 6*2/(4*15) */
  ck_assert(vx_kendall(x, y, 4, &r, NULL));
  NEAR(r, 4 / 6.0); /* one of six pairs stands the other way */
  ck_assert(vx_kendall(x, down, 4, &r, NULL));
  NEAR(r, -1);
  ck_assert(vx_spearman(x, down, 4, &r, NULL));
  NEAR(r, -1);
  ck_assert(vx_kendall(x, flat, 4, &r, NULL));
  ck_assert(isnan(r));
  ck_assert(vx_spearman(x, flat, 4, &r, NULL));
  ck_assert(isnan(r));
  ck_assert(vx_spearman(x, y, 1, &r, NULL) && isnan(r));
  ck_assert(vx_kendall(x, y, 0, &r, NULL) && isnan(r));
}
END_TEST

/* Three measures of four methods; the second is better when lower, the third lacks one method. */
START_TEST(agreement_by_hand) {
  const double means[12] = {1, 2, 3, 4, /**/ 40, 30, 20, 10, /**/ 5, NAN, 9, 7};
  const bool higher[3] = {true, false, true};
  enum { R = 2 };
  double drawn[12 * R];
  for (int k = 0; k < 12; k++) drawn[k * R] = drawn[k * R + 1] = means[k];
  drawn[4 * R + 1] = 15; /* in the second draw of the second measure the first method falls between 10 and 20: it is
                            third from below where it was last: orders 1 2 3 4 and 3 1 2 4 */
  drawn[8 * R] = NAN;    /* the third measure has no image of its first method in the first draw */
  vx_rank_agreement a[3];
  ck_assert(vx_ranks_agree(means, drawn, higher, 3, 4, R, true, a, NULL));
  ck_assert_uint_eq(a[0].methods, 4);
  NEAR(a[0].spearman, 1);
  NEAR(a[0].kendall, 1);
  NEAR(a[0].spearman_low, 0.4 + 0.025 * 0.6); /* 1 - 6 (4 + 1 + 1)/(4 x 15) = 0.4; quantiles between two numbers */
  NEAR(a[0].spearman_high, 0.4 + 0.975 * 0.6);
  NEAR(a[0].kendall_low, 1 / 3.0 + 0.025 * 2 / 3); /* 4 of 6 pairs in order: (4 - 2)/6 */
  ck_assert_uint_eq(a[1].methods, 3);              /* 1 3 4 and 5 9 7 */
  NEAR(a[1].spearman, 0.5);
  NEAR(a[1].spearman_low, 0.5); /* of the one draw that has all */
  NEAR(a[2].spearman, 0.5);
  ck_assert(vx_ranks_agree(means, NULL, higher, 3, 4, 0, true, a, NULL));
  ck_assert(a[0].spearman == 1 && isnan(a[0].spearman_low) && isnan(a[0].kendall_high));
}
END_TEST

START_TEST(bootstrap_by_hand) {
  /* two images, 0 and 1: a draw's mean is 0, 1/2 or 1 with 1/4, 1/2, 1/4: the 95 % interval is [0, 1] */
  const double x[2] = {0, 1};
  vx_sample sample = {.images = 2, .columns = 1, .numerators = x};
  const vx_resampling how = {.resamples = 10000, .seed = 1};
  double replicates[10000];
  vx_interval interval;
  ck_assert(vx_bootstrap(&sample, &how, replicates, NULL));
  int count[3] = {0};
  for (int r = 0; r < 10000; r++) {
    ck_assert(replicates[r] == 0 || replicates[r] == 0.5 || replicates[r] == 1);
    count[(int)(2 * replicates[r])]++;
  }
  ck_assert_int_lt(abs(count[1] - 5000), 200); /* four standard deviations */
  ck_assert_int_lt(abs(count[0] - 2500), 175);
  ck_assert(vx_bootstrap_intervals(&sample, &how, 0.95, &interval, NULL));
  ck_assert(interval.estimate == 0.5 && interval.low == 0 && interval.high == 1);

  /* missing numbers: a column's own images only; no image at all: undefined */
  const double holes[6] = {1, NAN, NAN, NAN, 3, NAN}; /* [3][2] */
  vx_interval two[2];
  sample = (vx_sample){.images = 3, .columns = 2, .numerators = holes};
  ck_assert(vx_bootstrap_intervals(&sample, &how, 0.95, two, NULL));
  ck_assert(two[0].estimate == 2 && two[0].low == 1 && two[0].high == 3);
  ck_assert(isnan(two[1].estimate) && isnan(two[1].low) && isnan(two[1].high));

  /* pooled: (1 + 2)/(2 + 10); by class: the mean of class 0 (1, 3) and class 2 (10), image 3 is in none */
  const double over[2] = {2, 10}, under[2] = {1, 2}, of_class[4] = {1, 3, 10, 99};
  const int class[4] = {0, 0, 2, -1};
  double estimate;
  ck_assert(
      vx_estimate(&(vx_sample){.images = 2, .columns = 1, .numerators = under, .denominators = over}, &estimate, NULL));
  NEAR(estimate, 0.25);
  sample = (vx_sample){.images = 4, .columns = 1, .numerators = of_class, .group = class, .groups = 3};
  ck_assert(vx_estimate(&sample, &estimate, NULL));
  NEAR(estimate, 6);
  vx_error error;
  sample.groups = 2;
  ck_assert(!vx_estimate(&sample, &estimate, &error));
  ck_assert_ptr_nonnull(strstr(error.why, "image 2 is in group 2"));
  sample.images = 0;
  ck_assert(vx_bootstrap_intervals(&sample, &how, 0.95, &interval, NULL));
  ck_assert(isnan(interval.estimate) && isnan(interval.low));
}
END_TEST

/* The products against plain sums over the same weights, odd sizes and several chunks. */
START_TEST(resample_sums_are_plain_sums) {
  enum { N = 70, C = 3, R = 1100 };
  static double values[N * C], sums[2 * C * R], weights[N];
  const size_t start[3] = {0, 30, N};
  const vx_groups two = {.count = 2, .start = start};
  for (size_t i = 0; i < N * C; i++) values[i] = vx_random_uniform(vx_random_bits(9, i));
  for (int kind = 0; kind < 2; kind++) {
    ck_assert(vx_resample_sums((vx_weighting)kind, 77, R, values, N, C, &two, sums, NULL));
    double worst = 0, total = 0;
    for (size_t r = 0; r < R; r++) {
      vx_weights((vx_weighting)kind, 77, r, NULL, weights, N);
      double drawn = 0;
      for (size_t i = 0; i < N; i++) drawn += kind ? fabs(weights[i]) : weights[i];
      ck_assert(drawn == N);
      for (size_t c = 0; c < C; c++)
        for (size_t g = 0; g < 2; g++) {
          double plain = 0;
          for (size_t i = start[g]; i < start[g + 1]; i++) plain += weights[i] * values[i * C + c];
          worst = fmax(worst, fabs(plain - sums[(g * C + c) * R + r]));
          total += plain;
        }
    }
    ck_assert_double_lt(worst, 1e-11);
    ck_assert(isfinite(total));
  }
}
END_TEST

/* A uniform, a skewed and a two-valued distribution, like scores of pictures: 1,000 trials of 100 images each. */
static double draw(int distribution, uint64_t bits) {
  double u = vx_random_uniform(bits);
  return distribution == 0 ? u : distribution == 1 ? u * u : u < 0.4;
}

START_TEST(intervals_cover_what_they_promise) {
  enum { TRIALS = 1000, N = 100, RESAMPLES = 1000 };
  static const double truth[3] = {0.5, 1 / 3.0, 0.4};
  double x[N];
  for (int distribution = 0; distribution < 3; distribution++) {
    int covered = 0;
    for (uint64_t trial = 0; trial < TRIALS; trial++) {
      uint64_t stream = vx_random_stream(1000 + (uint64_t)distribution, trial);
      for (uint64_t i = 0; i < N; i++) x[i] = draw(distribution, vx_random_bits(stream, i));
      vx_interval interval;
      const vx_sample sample = {.images = N, .columns = 1, .numerators = x};
      const vx_resampling how = {.resamples = RESAMPLES, .seed = trial};
      if (!vx_bootstrap_intervals(&sample, &how, 0.95, &interval, NULL)) ck_abort();
      covered += interval.low <= truth[distribution] && truth[distribution] <= interval.high;
    }
    printf("distribution %d: %.1f %% of 95 %% intervals hold the mean\n", distribution, covered * 100.0 / TRIALS);
    ck_assert_int_ge(covered, 930);
    ck_assert_int_le(covered, 970);
  }
}
END_TEST

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Columns of numbers between 0 and 1 that differ a little: column c is shifted by c/1000. */
static double *table_of(size_t images, size_t columns) {
  double *values = malloc(images * columns * sizeof *values);
  for (size_t i = 0; i < images; i++)
    for (size_t c = 0; c < columns; c++)
      values[i * columns + c] = 0.6 * vx_random_uniform(vx_random_bits(1, i)) +
                                0.3 * vx_random_uniform(vx_random_bits(2, i * columns + c)) + (double)c / 1000;
  return values;
}

START_TEST(comparisons_agree_with_single_pairs) {
  enum { N = 40, C = 4 };
  double *values = table_of(N, C), a[N], b[N];
  values[5 * C + 2] = NAN;                                          /* column 2 misses an image */
  for (size_t i = 0; i < N; i++) values[i * C + 3] = values[i * C]; /* column 3 is column 0 again */
  vx_pair pairs[6], one;
  const vx_resampling how = {.resamples = 4000, .seed = 11};
  ck_assert_uint_eq(vx_pairs(C), 6);
  ck_assert(vx_compare_groups(values, N, C, NULL, 1, &how, pairs, NULL));
  for (size_t k = 0; k < 6; k++) {
    const vx_pair *p = &pairs[k];
    for (size_t i = 0; i < N; i++) {
      a[i] = values[i * C + p->a];
      b[i] = values[i * C + p->b];
    }
    ck_assert(vx_compare_pair(a, b, N, &how, &one, NULL));
    ck_assert_uint_eq(p->n, p->a == 2 || p->b == 2 ? N - 1 : N);
    ck_assert_uint_eq(one.n, p->n);
    NEAR(p->difference, one.difference);
    NEAR(p->mean_a - p->mean_b, one.difference);
    NEAR(p->low, one.low);
    NEAR(p->high, one.high);
    NEAR(p->permutation_p, one.permutation_p);
    NEAR(p->wilcoxon_p, one.wilcoxon_p);
    ck_assert_double_ge(p->wilcoxon_holm, p->wilcoxon_p);
  }
  const vx_pair *same = &pairs[2]; /* (0, 3) */
  ck_assert(same->b == 3 && same->difference == 0 && same->low == 0 && same->high == 0);
  ck_assert(same->wilcoxon_p == 1 && same->permutation_p == 1 && same->effect.ties == N);
  for (size_t i = 0; i < N; i++) a[i] = NAN;
  ck_assert(vx_compare_pair(a, b, N, &how, &one, NULL));
  ck_assert(one.n == 0 && isnan(one.difference) && isnan(one.wilcoxon_p));
  free(values);
}
END_TEST

/* The decision of a pair written out again: Wilcoxon's p times Holm's factor, from the sorted list of all. */
static bool plainly_differs(const vx_pair *pairs, size_t count, size_t which) {
  size_t tests = 0;
  for (size_t k = 0; k < count; k++) tests += pairs[k].n > 0;
  if (!pairs[which].n) return false;
  for (size_t k = 0; k < count; k++) { /* every p not above this one has to pass its own step */
    if (!pairs[k].n || pairs[k].wilcoxon_p > pairs[which].wilcoxon_p) continue;
    size_t lower = 0;
    for (size_t j = 0; j < count; j++) lower += pairs[j].n && pairs[j].wilcoxon_p < pairs[k].wilcoxon_p;
    if (pairs[k].wilcoxon_p * (double)(tests - lower) >= 0.05) return false;
  }
  return true;
}

static double plain_mean(const double *values, size_t images, size_t columns, size_t c, const int *group, int g) {
  double sum = 0;
  int n = 0;
  for (size_t i = 0; i < images; i++)
    if (group[i] == g && !isnan(values[i * columns + c])) sum += values[i * columns + c], n++;
  return n ? sum / n : NAN;
}

/* Standings against their definition, on tables of one to twelve columns in one to three groups, with gaps. */
static void check_standings(const double *values, size_t images, size_t columns, const int *group, size_t groups,
                            bool higher) {
  const size_t each = vx_pairs(columns);
  vx_pair *pairs = calloc(groups * each + 1, sizeof *pairs);
  vx_standing *standings = calloc(groups * columns, sizeof *standings);
  ck_assert(vx_compare_groups(values, images, columns, group, groups, &(vx_resampling){0}, pairs, NULL));
  vx_stand(values, images, columns, group, groups, pairs, higher, standings);
  for (size_t g = 0; g < groups; g++) {
    size_t best = columns, ranked = 0;
    double means[12];
    for (size_t c = 0; c < columns; c++) {
      means[c] = plain_mean(values, images, columns, c, group, (int)g);
      ranked += isnan(means[c]) ? 0 : 1;
      if (!isnan(means[c]) && (best == columns || (higher ? means[c] > means[best] : means[c] < means[best]))) best = c;
    }
    for (size_t c = 0; c < columns; c++) {
      const vx_standing *s = &standings[g * columns + c];
      size_t better = 0, worse = 0;
      bool level = !isnan(means[c]);
      for (size_t k = g * each; k < (g + 1) * each; k++) {
        ck_assert_int_eq(vx_pair_differs(&pairs[k]), plainly_differs(pairs, groups * each, k));
        if ((pairs[k].a != c && pairs[k].b != c) || !vx_pair_differs(&pairs[k])) continue;
        size_t other = pairs[k].a == c ? pairs[k].b : pairs[k].a;
        double gain = (pairs[k].a == c ? 1 : -1) * (higher ? 1 : -1) * pairs[k].difference;
        better += gain < 0; /* the other is better */
        worse += gain > 0;
        if (other == best || c == best) level = level && c == best;
      }
      ck_assert_int_eq(s->rank > 0, !isnan(means[c]));
      ck_assert_int_eq(s->rank == 1, c == best);
      ck_assert_int_eq(s->level, level);
      if (!s->rank) continue;
      ck_assert_double_eq_tol(s->mean, means[c], 1e-12);
      ck_assert_int_eq(s->low, (int)(1 + better));
      ck_assert_int_eq(s->high, (int)(ranked - worse));
      bool whole = true;
      for (size_t i = 0; i < images * columns; i++) whole = whole && !isnan(values[i]);
      if (whole) ck_assert(s->low <= s->rank && s->rank <= s->high);
    }
  }
  free(pairs);
  free(standings);
}

START_TEST(standings_are_what_they_are_said_to_be) {
  uint64_t stream = vx_random_stream(17, 0), k = 0;
  for (int trial = 0; trial < 60; trial++) {
    size_t columns = 1 + (size_t)trial % 12, groups = 1 + (size_t)trial % 3;
    enum { N = 70 };
    double values[N * 12];
    int group[N];
    for (size_t i = 0; i < N; i++) {
      group[i] = (int)(i % groups) - (i % 11 == 10);
      double picture = vx_random_uniform(vx_random_bits(stream, k++));
      for (size_t c = 0; c < columns; c++) {
        double noise = vx_random_uniform(vx_random_bits(stream, k++));
        bool missing =
            trial % 4 == 3 && (vx_random_below(vx_random_bits(stream, k++), 6) == 0 || (c == 2 && trial % 8 == 3));
        values[i * columns + c] = missing ? NAN : picture + noise * 0.7 + 0.05 * (double)((c * 7) % columns);
      }
    }
    check_standings(values, N, columns, group, groups, trial % 5 != 4);
  }
}
END_TEST

/* 37 methods on 99 images: every difference of one side, and yet the permutation's p times Holm's factor cannot be
   below 0.05 on the draws that there are. */
START_TEST(many_columns_are_told_apart_where_draws_could_not) {
  enum { N = 99, C = 37 };
  double *values = table_of(N, C);
  for (size_t i = 0; i < N * C; i++) values[i] += (double)(i % C); /* each column above the one before, everywhere */
  vx_pair *pairs = malloc(vx_pairs(C) * sizeof *pairs);
  const vx_resampling how = {.resamples = 10000, .seed = 1};
  ck_assert(vx_compare_groups(values, N, C, NULL, 1, &how, pairs, NULL));
  for (size_t p = 0; p < vx_pairs(C); p++) {
    if (pairs[p].effect.losses < N) continue;
    ck_assert(vx_pair_differs(&pairs[p]) && vx_pair_at_floor(&pairs[p]));
    ck_assert_double_ge(pairs[p].permutation_p * (double)vx_pairs(C), 0.05);
  }
  vx_pair *first = &pairs[C - 2]; /* the first and the last column */
  ck_assert_uint_eq(first->effect.losses, N);
  ck_assert(vx_pairs_hopeless(6, vx_pairs(C)) && !vx_pairs_hopeless(16, vx_pairs(C)) && !vx_pairs_hopeless(6, 1));
  free(pairs);
  free(values);
}
END_TEST

/* 45 methods on the 1,449 images of VOC's val list, as `vitx table` and `vitx compare` do it. The figures are printed;
   the limits only catch a change of order. */
START_TEST(a_whole_table_takes_seconds) {
  enum { N = 1449, C = 45, R = 10000 };
  double *values = table_of(N, C);
  const vx_resampling how = {.resamples = R, .seed = 1};
  vx_interval intervals[C];
  double start = seconds();
  ck_assert(vx_bootstrap_intervals(&(vx_sample){.images = N, .columns = C, .numerators = values}, &how, 0.95, intervals,
                                   NULL));
  double bootstrap = seconds() - start;
  for (size_t c = 0; c < C; c++) ck_assert(intervals[c].low < intervals[c].estimate);
  vx_pair *pairs = malloc(vx_pairs(C) * sizeof *pairs);
  start = seconds();
  ck_assert(vx_compare_groups(values, N, C, NULL, 1, &how, pairs, NULL));
  double compare = seconds() - start;
  printf("45 methods x 1449 images x 10,000 resamples: intervals %.2f s, all 990 pairs %.2f s\n", bootstrap, compare);
  ck_assert_double_lt(bootstrap, 20);
  ck_assert_double_lt(compare, 60);
  free(pairs);
  free(values);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("statistics");
  TCase *by_hand = tcase_create("by hand"), *promises = tcase_create("promises");
  tcase_add_test(by_hand, summary_by_hand);
  tcase_add_test(by_hand, quantiles_are_those_of_the_sorted_list);
  tcase_add_test(by_hand, wilcoxon_by_hand);
  tcase_add_test(by_hand, permutation_by_hand);
  tcase_add_test(by_hand, holm_by_hand);
  tcase_add_test(by_hand, effects_by_hand);
  tcase_add_test(by_hand, correlations_by_hand);
  tcase_add_test(by_hand, agreement_by_hand);
  tcase_add_test(by_hand, bootstrap_by_hand);
  tcase_add_test(by_hand, resample_sums_are_plain_sums);
  tcase_add_test(by_hand, comparisons_agree_with_single_pairs);
  tcase_add_test(by_hand, standings_are_what_they_are_said_to_be);
  tcase_add_test(by_hand, many_columns_are_told_apart_where_draws_could_not);
  tcase_add_test(promises, intervals_cover_what_they_promise);
  tcase_add_test(promises, a_whole_table_takes_seconds);
  tcase_set_timeout(promises, 300);
  suite_add_tcase(suite, by_hand);
  suite_add_tcase(suite, promises);
  return run_whole(suite);
}
