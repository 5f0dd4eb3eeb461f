/* One map on its way to the size where it is scored: rounding, masks, bytes, maps that are not square; and the settings
   of `score`, as words and as what they mean. */
#include <float.h>
#include <math.h>

#include "harness/config/setting.h"
#include "harness/run/to_size.h"
#include "metrics/overlap.h"
#include "tests/support/files.h"

/* Bilinear with half-pixel centres, written once more from its formula: v [rows][columns] at pixel (x, y) of h x w. */
static double bilinear(const double *v, int rows, int columns, int y, int x, int h, int w) {
  double py = fmin(fmax((y + 0.5) * rows / h - 0.5, 0), rows - 1),
         px = fmin(fmax((x + 0.5) * columns / w - 0.5, 0), columns - 1);
  int y0 = (int)py, x0 = (int)px, y1 = y0 + 1 < rows ? y0 + 1 : y0, x1 = x0 + 1 < columns ? x0 + 1 : x0;
  double upper = v[y0 * columns + x0] * (1 - (px - x0)) + v[y0 * columns + x1] * (px - x0);
  double lower = v[y1 * columns + x0] * (1 - (px - x0)) + v[y1 * columns + x1] * (px - x0);
  return upper * (1 - (py - y0)) + lower * (py - y0);
}

START_TEST(a_map_that_is_not_square_keeps_its_rows_and_columns) {
  enum { R = 2, C = 5, H = 9, W = 11 };
  double v[R * C], low = INFINITY, high = -INFINITY;
  vx_sized s = {.rows = 0};
  vx_error error;
  for (int i = 0; i < R * C; i++) v[i] = (i * 7 % 10) / 8.0; /* exact in single precision */
  vx_heatmap map = {.rows = R, .columns = C, .value = v};
  ck_assert_msg(vx_to_size(&s, &map, "m", H, W, &error), "%s: %s", error.where, error.why);
  ck_assert(s.heat.height == H && s.heat.width == W && s.rows == R && s.columns == C);
  for (int i = 0; i < H * W; i++) {
    low = fmin(low, bilinear(v, R, C, i / W, i % W, H, W));
    high = fmax(high, bilinear(v, R, C, i / W, i % W, H, W));
  }
  for (int i = 0; i < H * W; i++)
    ck_assert_double_eq_tol(s.heat.h[i], (bilinear(v, R, C, i / W, i % W, H, W) - low) / (high - low), 1e-12);
  vx_result *result = vx_result_new();
  ck_assert(result && vx_result_reset(result, 0, "a"));
  vx_evaluation *e = vx_result_add_evaluation(result, 0);
  ck_assert(e && vx_sized_keep(&s, result, e));
  ck_assert(e->map.kind == VX_MAP_PATCH && e->map.width == C && e->map.height == R);
  for (int i = 0; i < R * C; i++) ck_assert_double_eq((double)e->map.heat[i], v[i]);
  vx_result_free(result);
  vx_sized_free(&s);
}
END_TEST

/* What is stored gives the same bits as what was scored, of a map whose values single precision cannot hold. */
START_TEST(a_map_is_rounded_before_it_is_scored) {
  double v[6] = {0.1, 1.0 / 3, 2.0 / 7, 0.9, 1e-20, 0.123456789012345};
  vx_sized made = {.rows = 0}, again = {.rows = 0};
  vx_error error;
  vx_heatmap map = {.rows = 2, .columns = 3, .value = v};
  ck_assert(vx_to_size(&made, &map, "m", 16, 24, &error));
  for (int i = 0; i < 6; i++) ck_assert_double_eq(made.value[i], (double)(float)v[i]);
  vx_map stored = {.kind = VX_MAP_PATCH, .width = 3, .height = 2, .heat = made.rounded};
  ck_assert(vx_to_size_stored(&again, &stored, false, "m", 16, 24, &error));
  ck_assert_int_eq(memcmp(made.heat.h, again.heat.h, 16 * 24 * sizeof *made.heat.h), 0);
  ck_assert_int_eq(memcmp(made.heat.u, again.heat.u, 16 * 24), 0);
  vx_heat unrounded = {.height = 0};
  ck_assert(vx_heat_from_map(&unrounded, v, 2, 3, 16, 24, &error));
  ck_assert_int_ne(memcmp(made.heat.h, unrounded.h, 16 * 24 * sizeof *made.heat.h), 0);
  vx_heat_free(&unrounded);
  vx_sized_free(&made);
  vx_sized_free(&again);
}
END_TEST

START_TEST(a_pixel_map_is_its_bytes) {
  double v[12];
  vx_sized made = {.rows = 0}, again = {.rows = 0};
  vx_error error;
  for (int i = 0; i < 12; i++) v[i] = 1.0 / (i + 3);
  vx_heatmap map = {.rows = 3, .columns = 4, .as_bytes = true, .value = v};
  ck_assert(vx_to_size(&made, &map, "m", 3, 4, &error));
  double low = v[11], high = v[0];
  for (int i = 0; i < 12; i++) ck_assert_double_eq(made.heat.h[i], (v[i] - low) / (high - low)); /* not rounded */
  vx_result *result = vx_result_new();
  ck_assert(result && vx_result_reset(result, 0, "a"));
  vx_evaluation *e = vx_result_add_evaluation(result, 0);
  ck_assert(e && vx_sized_keep(&made, result, e));
  ck_assert(e->map.kind == VX_MAP_PIXEL && e->map.width == 4 && e->map.height == 3);
  ck_assert(vx_to_size_stored(&again, &e->map, false, "m", 3, 4, &error));
  ck_assert(again.heat.is_bytes && memcmp(again.heat.u, made.heat.u, 12) == 0);
  for (int i = 0; i < 12; i++) ck_assert_double_eq(again.heat.h[i], made.heat.u[i] / 255.0);
  ck_assert(vx_to_size_stored(&again, &e->map, false, "m", 6, 8, &error)); /* to look at */
  ck_assert(!again.heat.is_bytes && again.heat.height == 6 && again.heat.width == 8);
  uint8_t dim[4] = {0, 7, 9, 100}; /* no map's bytes: the largest is 255 */
  vx_map broken = {.kind = VX_MAP_PIXEL, .width = 2, .height = 2, .levels = dim};
  ck_assert(!vx_to_size_stored(&again, &broken, false, "m", 2, 2, &error));
  vx_result_free(result);
  vx_sized_free(&made);
  vx_sized_free(&again);
}
END_TEST

START_TEST(a_mask_stays_a_mask_at_every_size) {
  double v[4] = {0, 1, 1, 1};
  uint8_t bytes[4] = {0, 255, 255, 255}, none[4] = {0};
  vx_sized made = {.rows = 0}, stored = {.rows = 0};
  vx_error error;
  for (int as_bytes = 0; as_bytes < 2; as_bytes++)
    for (int side = 2; side < 9; side += 3) {
      vx_heatmap map = {.rows = 2, .columns = 2, .is_mask = true, .as_bytes = as_bytes, .value = v};
      vx_map kept = {.kind = VX_MAP_PIXEL, .width = 2, .height = 2, .levels = bytes};
      ck_assert(vx_to_size(&made, &map, "m", side, side, &error));
      ck_assert(vx_to_size_stored(&stored, &kept, true, "m", side, side, &error));
      ck_assert(made.heat.is_mask && stored.heat.is_mask && !made.heat.flat);
      ck_assert_int_eq(memcmp(made.heat.u, stored.heat.u, (size_t)(side * side)), 0);
      for (int i = 0; i < side * side; i++) ck_assert(made.heat.u[i] == 0 || made.heat.u[i] == 255);
    }
  vx_map empty = {.kind = VX_MAP_PIXEL, .width = 2, .height = 2, .levels = none};
  ck_assert(vx_to_size_stored(&stored, &empty, true, "m", 4, 4, &error));
  ck_assert(!stored.heat.flat && stored.heat.u[0] == 0 && stored.heat.u[15] == 0);
  vx_sized_free(&made);
  vx_sized_free(&stored);
}
END_TEST

START_TEST(what_cannot_be_scored_is_refused_by_name) {
  const struct {
    double value;
    int rows;
    bool as_bytes;
    const char *why;
  } bad[] = {{2.0 * (double)FLT_MAX, 1, false, "beyond single precision"},
             {NAN, 1, false, "finite"},
             {INFINITY, 1, true, "finite"},
             {1, 0, false, "at least 1 x 1"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    double v[2] = {0, bad[i].value};
    vx_sized s = {.rows = 0};
    vx_error error;
    vx_heatmap map = {.rows = bad[i].rows, .columns = 2, .as_bytes = bad[i].as_bytes, .value = v};
    ck_assert(!vx_to_size(&s, &map, "cam", 4, 4, &error));
    ck_assert_msg(strstr(error.why, bad[i].why) && strcmp(error.where, "cam") == 0, "%s: %s", error.where, error.why);
    map.rows = 1, v[1] = 1;
    ck_assert(vx_to_size(&s, &map, "cam", 4, 4, &error)); /* and the next is none the worse */
    vx_sized_free(&s);
  }
}
END_TEST

/* ---- settings ---------------------------------------------------------------------------------------------------- */

static vx_setting setting_of(const char *foreground, const char *size) {
  vx_scoring_row words = {.size = size,
                          .threshold = ".50",
                          .foreground = foreground,
                          .void_pixels = "background",
                          .mask_resize = "opencv",
                          .pixel_accuracy = "recall",
                          .aggregate = "pooled"};
  vx_setting setting;
  vx_error error;
  ck_assert_msg(vx_setting_make(&words, &setting, &error), "%s: %s", error.where, error.why);
  return setting;
}

START_TEST(words_are_kept_as_they_are_printed) {
  vx_setting s = setting_of("class=012", "0064"), again;
  vx_scoring_row words = vx_setting_words(&s);
  vx_error error;
  ck_assert_str_eq(words.size, "64");
  ck_assert_str_eq(words.threshold, "0.5");
  ck_assert_str_eq(words.foreground, "class=12");
  ck_assert_str_eq(words.aggregate, "pooled");
  ck_assert(s.side == 64 && s.truth.label == 12 && s.truth.resize == VX_MASK_OPENCV && s.scoring.accuracy_is_recall);
  ck_assert(vx_setting_make(&words, &again, &error));
  ck_assert_int_eq(memcmp(again.word, s.word, sizeof s.word), 0);
  static const char *const bad[][2] = {{"size", "0"},        {"size", "16385"},     {"threshold", "1.5"},
                                       {"void", "none"},     {"foreground", "all"}, {"mask_resize", "cubic"},
                                       {"aggregate", "sum"}, {"gate", "0.9"},       {"pixel_accuracy", ""}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    ck_assert(!vx_setting_set(&again, bad[i][0], bad[i][1], NULL, &error));
    ck_assert_msg(strstr(error.where, bad[i][0]), "%s: %s", error.where, error.why);
  }
}
END_TEST

START_TEST(without_a_truth_all_is_ignored) {
  uint8_t label[4] = {0, 3, 255, 5};
  vx_mask mask = {.width = 2, .height = 2, .label = label, .status = VX_TRUTH_OK}, none = {.label = NULL};
  vx_input_options input = vx_input_default(2);
  vx_truth truth = {.known = false};
  vx_error error;
  vx_setting s = setting_of("predicted", "image");
  ck_assert(vx_setting_truth(&s, &input, &mask, 2, 2, 5, &truth, &error) && truth.known);
  static const uint8_t five[4] = {VX_BACKGROUND, VX_BACKGROUND, VX_BACKGROUND, VX_FOREGROUND};
  ck_assert_int_eq(memcmp(truth.label, five, 4), 0);
  ck_assert(vx_setting_truth(&s, &input, &mask, 2, 2, -1, &truth, &error) && !truth.known);
  ck_assert(vx_setting_truth(&s, &input, &none, 2, 3, 5, &truth, &error) && !truth.known);
  ck_assert(truth.geometry.width == 2 && truth.geometry.height == 3);
  for (int i = 0; i < 6; i++) ck_assert_int_eq(truth.label[i], VX_IGNORED);
  vx_truth_free(&truth);
}
END_TEST

START_TEST(an_own_size_is_cut_as_the_input_is) {
  vx_input_options input = vx_input_default(224);
  vx_geometry own, seen;
  vx_error error;
  input.resize = VX_RESIZE_CROP;
  input.shorter_side = 256;
  vx_setting s = setting_of("any", "112");
  ck_assert(vx_setting_geometry(&s, &input, 500, 375, &own, &error));
  ck_assert(vx_input_geometry(&input, 500, 375, &seen, &error));
  ck_assert(own.width == 112 && own.height == 112 && own.scaled_height == 128);
  ck_assert(abs(2 * own.left - seen.left) <= 2 && abs(2 * own.top - seen.top) <= 2);
  s = setting_of("any", "input");
  ck_assert(vx_setting_geometry(&s, &input, 500, 375, &own, &error));
  ck_assert_int_eq(memcmp(&own, &seen, sizeof seen), 0);
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("to_size");
  tcase_add_test(tcase, a_map_that_is_not_square_keeps_its_rows_and_columns);
  tcase_add_test(tcase, a_map_is_rounded_before_it_is_scored);
  tcase_add_test(tcase, a_pixel_map_is_its_bytes);
  tcase_add_test(tcase, a_mask_stays_a_mask_at_every_size);
  tcase_add_test(tcase, what_cannot_be_scored_is_refused_by_name);
  tcase_add_test(tcase, words_are_kept_as_they_are_printed);
  tcase_add_test(tcase, without_a_truth_all_is_ignored);
  tcase_add_test(tcase, an_own_size_is_cut_as_the_input_is);
  return run_suite("to_size", tcase);
}
