/* Each measure by hand, and the registry. */
#include "metrics/measure.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A map [1][n], scaled as it is; measured by the measure that has the column. */
static double measured(const char *column, const double *map, const uint8_t *truth, int n, vx_scoring scoring) {
  vx_heat heat = {0};
  vx_levels levels;
  vx_case in;
  vx_error error;
  double columns[VX_MEASURE_COLUMNS];
  int k;
  ck_assert_msg(vx_heat_from_map(&heat, map, 1, n, 1, n, &error), "%s", error.why);
  ck_assert_msg(vx_case_prepare(&heat, truth, &scoring, &levels, &in, &error), "%s", error.why);
  const vx_measure *metric = vx_measure_with_column(column, &k);
  ck_assert_ptr_nonnull(metric);
  ck_assert(metric->measure(&in, NULL, columns, &error));
  vx_heat_free(&heat);
  return columns[k];
}

#define CHECK(column, expected) ck_assert_double_eq_tol(measured(column, map, truth, n, scoring), expected, 1e-12)

START_TEST(by_hand) {
  enum { n = 8 };
  const double map[n] = {0, 0.1, 0.6, 0.7, 1, 1, 0.2, 0.9};
  const uint8_t truth[n] = {0, 0, 1, 1, 0, 1, 1, 2};
  vx_scoring scoring = {.threshold = {VX_THRESHOLD_FIXED, 0.5}};
  /* mask: 2, 3, 4, 5 (7 is ignored): tp 3, fp 1, fn 1, tn 2 */
  CHECK("iou", 0.6);
  CHECK("f1", 0.75);
  CHECK("pixel_accuracy", 5 / 7.0);
  CHECK("precision", 0.75);
  CHECK("recall", 0.75);
  CHECK("background_iou", 0.5);
  CHECK("miou", 0.55);
  CHECK("pointing", 0); /* the first maximum, pixel 4, is background */
  CHECK("pointing_published", 0);
  CHECK("focus", 2.5 / 3.6);
  /* u > 25: all four objects pixels and pixel 4 */
  CHECK("oracle_iou", 0.8);
  CHECK("oracle_threshold", 25);
  /* 14 scores downwards: 1 (fg 1/2; bg 1 - 0: 1/1) hits 2 of 3; 0.9 (bg of 0.1) 3/4; 0.8 (bg of 0.2, wrong) 3/5;
     0.7 4/6; 0.6 5/7; 0.4 and 0.3 (bg of 0.6, 0.7, wrong) 5/9; 0.2 6/10; 0.1 6/11; 0 (fg of 0; bg of 1, 1) 7/14 */
  CHECK("average_precision", (2 * (2 / 3.0) + 3 / 4.0 + 4 / 6.0 + 5 / 7.0 + 6 / 10.0 + 7 / 14.0) / 7);
  scoring.accuracy_is_recall = true;
  CHECK("pixel_accuracy", 0.75);
}
END_TEST

START_TEST(flat_maps_and_empty_truths) {
  enum { n = 4 };
  const double map[n] = {2, 2, 2, 2}, other[n] = {1, 2, 3, 4};
  const uint8_t truth[n] = {1, 0, 0, 0}, empty[n] = {0}, ignored[n] = {2, 2, 2, 2};
  const vx_scoring scoring = {0};
  CHECK("iou", 0);
  CHECK("f1", 0);
  CHECK("pixel_accuracy", 0.75);
  CHECK("precision", 0);
  CHECK("recall", 0);
  CHECK("pointing", 0);
  CHECK("pointing_published", 1);
  CHECK("focus", 0);
  CHECK("oracle_iou", 0);
  CHECK("average_precision", 0.75 * 0.75 + 0.25 * 0.5); /* 1: four backgrounds, three right; 0: one more of eight */
  ck_assert(measured("iou", map, empty, n, scoring) == 1);
  ck_assert(measured("f1", map, empty, n, scoring) == 1);
  ck_assert(measured("precision", map, empty, n, scoring) == 1);
  ck_assert(measured("recall", map, empty, n, scoring) == 1);
  ck_assert(measured("iou", other, empty, n, scoring) == 0);
  ck_assert(measured("recall", other, empty, n, scoring) == 0);
  ck_assert(measured("iou", other, ignored, n, scoring) == 1); /* nothing is counted: nothing is wrong */
  ck_assert(measured("pixel_accuracy", other, ignored, n, scoring) == 1);
  ck_assert(isnan(measured("average_precision", other, ignored, n, scoring)));
}
END_TEST

START_TEST(the_registry) {
  int n, column;
  const vx_measure *const *metrics = vx_measures(&n);
  ck_assert_int_ge(n, 7);
  for (int i = 0; i < n; i++) {
    ck_assert_ptr_eq(vx_measure_find(metrics[i]->id), metrics[i]);
    ck_assert(metrics[i]->title && metrics[i]->cite && metrics[i]->meaning && metrics[i]->measure);
    ck_assert(metrics[i]->column_count >= 1 && metrics[i]->column_count <= VX_MEASURE_COLUMNS);
    for (int c = 0; c < metrics[i]->column_count; c++) {
      const vx_measure_column *k = &metrics[i]->columns[c];
      ck_assert(k->name && k->title && k->meaning && k->low < k->high);
      ck_assert_ptr_eq(vx_measure_with_column(k->name, &column), metrics[i]); /* names are unique */
      ck_assert_int_eq(column, c);
    }
  }
  ck_assert_ptr_null(vx_measure_find("overlaps"));
  ck_assert_ptr_null(vx_measure_with_column("", &column));
}
END_TEST

/* What a run calls the numbers of a measure, and the measure that such a name belongs to. */
START_TEST(names_of_columns) {
  static const struct {
    const char *id, *as, *expected;
    int column;
  } cases[] = {{"focus", "focus", "focus", 0},
               {"average-precision", "average-precision", "average_precision", 0},
               {"focus", "focus@2", "focus@2", 0},
               {"retrieval", "retrieval", "recall", 1},
               {"retrieval", "retrieval@a.b", "retrieval@a.b.recall", 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const vx_measure *measure = vx_measure_find(cases[i].id);
    vx_text name = {0};
    int column = -1;
    vx_measure_column_name(measure, cases[i].as, cases[i].column, &name);
    ck_assert_str_eq(name.text, cases[i].expected);
    ck_assert_ptr_eq(vx_measure_with_column(name.text, &column), measure);
    ck_assert_int_eq(column, cases[i].column);
    free(name.text);
  }
  int column;
  ck_assert_ptr_null(vx_measure_with_column("retrieval@x", &column)); /* which of the two? */
  ck_assert_ptr_null(vx_measure_with_column("focus2@x", &column));
  ck_assert_ptr_null(vx_measure_with_column("@x", &column));
}
END_TEST

START_TEST(cells_of_a_stored_map) {
  double cells[4];
  static const float heat[] = {0.5f, -2, 0.5f, 7};
  static const uint8_t levels[4][6] = {
      {255, 255, 255, 0, 0, 0}, {255, 255, 255, 0, 0, 0}, {0, 0, 0, 1, 2, 3}, {0, 0, 0, 4, 5, 6}};
  vx_map patch = {.kind = VX_MAP_PATCH, .width = 2, .height = 2, .heat = heat};
  vx_map pixel = {.kind = VX_MAP_PIXEL, .width = 6, .height = 4, .levels = levels[0]};
  ck_assert(vx_map_cells(&patch, 2, cells));
  for (int i = 0; i < 4; i++) ck_assert_double_eq(cells[i], heat[i]);
  ck_assert(!vx_map_cells(&patch, 1, cells));
  ck_assert(vx_map_cells(&pixel, 2, cells));
  ck_assert_double_eq(cells[0], 1);
  ck_assert_double_eq(cells[1], 0);
  ck_assert_double_eq(cells[3], 21 / (255.0 * 6));
  ck_assert(!vx_map_cells(&pixel, 4, cells)); /* 6 columns on 4 */
  ck_assert(!vx_map_cells(&(vx_map){0}, 2, cells));
}
END_TEST

/* Every permutation of ties and values: descending, and equal ones as they stand. */
START_TEST(the_order_is_stable) {
  int order[6];
  for (int code = 0; code < 729; code++) {
    double cells[6];
    for (int i = 0, rest = code; i < 6; i++, rest /= 3) cells[i] = rest % 3 - 1;
    vx_map_order(cells, 6, order);
    int seen = 0;
    for (int i = 0; i < 6; i++) seen |= 1 << order[i];
    ck_assert_int_eq(seen, 63);
    for (int i = 1; i < 6; i++) {
      double above = cells[order[i - 1]], here = cells[order[i]];
      ck_assert(above > here || (above == here && order[i - 1] < order[i]));
    }
  }
}
END_TEST

int main(void) {
  TCase *all = tcase_create("all");
  tcase_add_test(all, by_hand);
  tcase_add_test(all, flat_maps_and_empty_truths);
  tcase_add_test(all, the_registry);
  tcase_add_test(all, names_of_columns);
  tcase_add_test(all, cells_of_a_stored_map);
  tcase_add_test(all, the_order_is_stable);
  return run_suite("measures", all);
}
