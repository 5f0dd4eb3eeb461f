/* The expected IoU of a random mask: against counting all masks, against drawing many, and at its edges. */
#include "metrics/chance.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/* Mean IoU over every mask of `mask` pixels out of `all`, the first `truth` being foreground. */
static double by_counting(int all, int truth, int mask) {
  double sum = 0, masks = 0;
  for (unsigned set = 0; set < 1u << all; set++) {
    if (__builtin_popcount(set) != mask) continue;
    int both = __builtin_popcount(set & ((1u << truth) - 1));
    int either = truth + mask - both;
    sum += either ? (double)both / either : 1;
    masks++;
  }
  return sum / masks;
}

START_TEST(small_pictures_agree_with_counting_all_masks) {
  for (int all = 1; all <= 12; all++)
    for (int truth = 0; truth <= all; truth++)
      for (int mask = 0; mask <= all; mask++)
        ck_assert_double_eq_tol(vx_chance_iou(all, truth, mask), by_counting(all, truth, mask), 1e-12);
}
END_TEST

/* Exact sum for any size, by the ratio of neighbouring terms from the mode outwards. */
static double by_summing(double all, double truth, double mask) {
  double low = fmax(0, truth + mask - all), high = fmin(truth, mask),
         mode = floor((truth + 1) * (mask + 1) / (all + 2));
  double weight = 0, sum = 0, p = 1;
  for (double t = mode; t <= high && p > 1e-30; t++) {
    weight += p, sum += p * t / (truth + mask - t);
    p *= (truth - t) * (mask - t) / ((t + 1) * (all - truth - mask + t + 1));
  }
  p = 1;
  for (double t = mode; t > low && p > 1e-30; t--) {
    p *= t * (all - truth - mask + t) / ((truth - t + 1) * (mask - t + 1));
    weight += p, sum += p * (t - 1) / (truth + mask - t + 1);
  }
  return sum / weight;
}

START_TEST(large_pictures_agree_with_the_exact_sum) {
  static const double shares[] = {0.006, 0.02, 0.1, 0.3, 0.5, 0.8, 0.97};
  double worst = 0;
  for (int i = 0; i < 7; i++)
    for (int j = 0; j < 7; j++) {
      double truth = floor(50176 * shares[i]), mask = floor(50176 * shares[j]);
      worst = fmax(worst, fabs(vx_chance_iou(50176, truth, mask) - by_summing(50176, truth, mask)));
    }
  ck_assert_double_lt(worst, 1e-7);
  for (int i = 0; i < 7; i++) /* the smallest for which the expansion is used */
    ck_assert_double_eq_tol(vx_chance_iou(2000, 300, floor(2000 * fmax(0.2, shares[i]))),
                            by_summing(2000, 300, floor(2000 * fmax(0.2, shares[i]))), 1e-6);
}
END_TEST

START_TEST(edges_are_what_iou_says) {
  ck_assert_double_eq(vx_chance_iou(100, 0, 0), 1);
  ck_assert_double_eq(vx_chance_iou(100, 10, 0), 0);
  ck_assert_double_eq(vx_chance_iou(100, 0, 10), 0);
  ck_assert_double_eq(vx_chance_iou(100, 30, 100), 0.3); /* everything: the share of the foreground */
  ck_assert_double_eq(vx_chance_iou(100, 100, 40), 0.4);
  ck_assert_double_eq(vx_chance_iou(50176, 50176, 50176), 1);
  ck_assert_double_nan(vx_chance_iou(0, 0, 0));
  ck_assert_double_nan(vx_chance_iou(10, 11, 3));
  ck_assert_double_nan(vx_chance_iou(10, 3, -1));
  ck_assert_double_nan(vx_chance_iou((double)NAN, 3, 1));
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("chance");
  tcase_add_test(cases, small_pictures_agree_with_counting_all_masks);
  tcase_add_test(cases, large_pictures_agree_with_the_exact_sum);
  tcase_add_test(cases, edges_are_what_iou_says);
  return run_suite("chance", cases);
}
