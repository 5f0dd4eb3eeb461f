/* Measures that make the method again, and the one of all maps of a method: their formulas against an independent
   implementation's numbers, and what they say at the edges. */
#include <math.h>

#include "core/vx.h"
#include "metrics/cells.h"
#include "metrics/compare.h"
#include "tests/metrics/score_files.h"
#include "tests/support/suite.h"

enum { GRID = 6, SIDE = 48, CELLS = GRID * GRID, MAPS = 5 };

static golden file;
static vx_map maps[MAPS + 1]; /* the last one flat */
static float heat[MAPS + 1][CELLS];
static vx_shape shape = {.layers = 2, .patch = SIDE / GRID, .image = SIDE, .grid = GRID, .classes = 3};
static vx_view view = {.shape = &shape};

static void setup(void) {
  file = golden_open("tests/golden/measures/formulas.safetensors");
  for (int i = 0; i <= MAPS; i++) {
    char name[20];
    int rows, columns;
    snprintf(name, sizeof name, i < MAPS ? "map.%d" : "map.flat", i);
    double *values = golden_tensor(&file, name, &rows, &columns);
    ck_assert_int_eq(rows * columns, CELLS);
    for (int k = 0; k < CELLS; k++) heat[i][k] = (float)values[k];
    free(values);
    maps[i] = (vx_map){.kind = VX_MAP_PATCH, .width = GRID, .height = GRID, .heat = heat[i]};
  }
  view.scratch = vx_arena_new();
}

static void teardown(void) {
  vx_arena_free(view.scratch);
  golden_close(&file);
}

static double expected(const char *format, int number) {
  char name[60];
  int rows, columns;
  snprintf(name, sizeof name, format, number);
  double *values = golden_tensor(&file, name, &rows, &columns);
  ck_assert_msg(values != NULL, "no %s", name);
  double value = values[0];
  free(values);
  return value;
}

static void measure(const char *id, vx_case of, double *columns) {
  vx_error error;
  vx_args args;
  const vx_measure *m = vx_measure_find(id);
  ck_assert_msg(m != NULL, "no %s", id);
  vx_args_default(&m->params, &args);
  of.view = &view;
  ck_assert_msg(m->measure(&of, &args, columns, &error), "%s: %s", error.where, error.why);
}

static double one(const char *id, const vx_map *map, const vx_map *again, int count) {
  double columns[VX_MEASURE_COLUMNS];
  measure(id, (vx_case){.map = map, .again = again, .again_count = count}, columns);
  return columns[0];
}

START_TEST(formulas_of_two_maps) {
  for (int i = 1; i < MAPS; i++) {
    double columns[VX_MEASURE_COLUMNS];
    ck_assert_double_eq_tol(one("class-sensitivity", &maps[0], &maps[i], 1), expected("class-sensitivity.0.%d", i),
                            1e-9);
    ck_assert_double_eq_tol(one("emprt", &maps[0], &maps[i], 1), expected("emprt.0.%d", i), 1e-9);
    measure("mprt", (vx_case){.map = &maps[0], .again = &maps[i], .again_count = 1}, columns);
    ck_assert_double_eq_tol(columns[0], expected("mprt.spearman.0.%d", i), 1e-9);
    ck_assert_double_eq_tol(columns[1], expected("mprt.ssim.0.%d", i), 1e-9);
  }
  ck_assert_double_eq_tol(one("max-sensitivity", &maps[0], &maps[1], 4), expected("max-sensitivity.0.1-4", 0), 1e-9);
}
END_TEST

START_TEST(formulas_of_all_maps) {
  int rows, columns;
  double *values = golden_tensor(&file, "specificity.0-4", &rows, &columns);
  ck_assert_int_eq(columns, MAPS);
  for (int i = 0; i < MAPS; i++) {
    double others[CELLS] = {0}, column[VX_MEASURE_COLUMNS];
    for (int m = 0; m < MAPS; m++) {
      double low = INFINITY, high = -INFINITY;
      for (int k = 0; k < CELLS; k++) low = fmin(low, (double)heat[m][k]), high = fmax(high, (double)heat[m][k]);
      for (int k = 0; m != i && k < CELLS; k++) others[k] += ((double)heat[m][k] - low) / (high - low) / (MAPS - 1);
    }
    measure("specificity", (vx_case){.map = &maps[i], .others = others}, column);
    ck_assert_double_eq_tol(column[0], values[i], 1e-9);
    measure("specificity", (vx_case){.map = &maps[MAPS], .others = others}, column);
    ck_assert_double_eq(column[0], 0);
    measure("specificity", (vx_case){.map = &maps[i]}, column);
    ck_assert(isnan(column[0]));
  }
  free(values);
}
END_TEST

START_TEST(edges) {
  const vx_map *flat = &maps[MAPS], none = {.kind = VX_MAP_NONE};
  double columns[VX_MEASURE_COLUMNS];
  ck_assert_double_eq(one("class-sensitivity", flat, &maps[0], 1), 1); /* whatever the other class gives */
  ck_assert_double_eq(one("class-sensitivity", &maps[0], &maps[0], 1), 1);
  ck_assert_double_eq(one("class-sensitivity", &maps[0], flat, 1), 0); /* a correlation with a constant */
  ck_assert(isnan(one("class-sensitivity", &maps[0], &none, 1)));      /* the model has one class */
  ck_assert_double_eq(one("emprt", flat, &maps[0], 1), 0);             /* H is 0 */
  ck_assert_double_eq(one("emprt", &maps[0], flat, 1), -1);
  ck_assert_double_eq(one("emprt", &maps[0], &maps[0], 1), 0);
  ck_assert_double_eq(one("max-sensitivity", &maps[0], &maps[0], 1), 0);
  const float zero[CELLS] = {0};
  const vx_map nothing = {.kind = VX_MAP_PATCH, .width = GRID, .height = GRID, .heat = zero};
  ck_assert_double_eq(one("max-sensitivity", &nothing, &maps[0], 1), 0);
  vx_map steps[3] = {maps[0], *flat, maps[0]};
  measure("mprt", (vx_case){.map = &maps[0], .again = steps, .again_count = 3}, columns);
  ck_assert_double_eq_tol(columns[0], 1, 1e-12); /* the flat step is left out of the ranks' mean */
  ck_assert_double_lt(columns[1], 1);
  measure("mprt", (vx_case){.map = flat, .again = steps, .again_count = 3}, columns);
  ck_assert(isnan(columns[0]));
  double reversed[CELLS], own[CELLS], rho;
  vx_error error;
  for (int k = 0; k < CELLS; k++) own[k] = (double)heat[0][k], reversed[k] = -own[k];
  ck_assert(vx_compare_spearman(own, reversed, CELLS, &rho, &error));
  ck_assert_double_eq_tol(rho, -1, 1e-12);
  ck_assert_double_eq_tol(vx_pearson(own, reversed, CELLS), -1, 1e-12);
  ck_assert(!vx_compare_ssim(own, own, GRID, &rho, &error)); /* no window of 7 fits */
  ck_assert_double_eq(vx_compare_entropy(own, 1), 0);
  const double halves[2] = {0, 1};
  ck_assert_double_eq_tol(vx_compare_entropy(halves, 2), log(2), 1e-15);
}
END_TEST

START_TEST(a_map_of_another_size_is_refused) {
  static const uint8_t bytes[32 * 32] = {255};
  const vx_map other = {.kind = VX_MAP_PIXEL, .width = 32, .height = 32, .levels = bytes};
  static const char *const ids[] = {"class-sensitivity", "emprt", "mprt", "max-sensitivity", "specificity"};
  for (int i = 0; i < 5; i++) {
    vx_error error = {0};
    vx_args args;
    double columns[VX_MEASURE_COLUMNS];
    const vx_measure *m = vx_measure_find(ids[i]);
    vx_args_default(&m->params, &args);
    vx_case of = {.map = &other, .view = &view, .again = &maps[0], .again_count = 1};
    ck_assert_msg(!m->measure(&of, &args, columns, &error), "%s", ids[i]);
    ck_assert_msg(strstr(error.why, "32") != NULL, "%s", error.why);
  }
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("again");
  tcase_add_checked_fixture(cases, setup, teardown);
  tcase_add_test(cases, formulas_of_two_maps);
  tcase_add_test(cases, formulas_of_all_maps);
  tcase_add_test(cases, edges);
  tcase_add_test(cases, a_map_of_another_size_is_refused);
  return run_suite("again", cases);
}
