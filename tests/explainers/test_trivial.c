/* Maps that never look at the model, and the random numbers behind them. */
#include "tests/explainers/scene.h"
#include "tests/support/suite.h"

START_TEST(trivial_maps) {
  static scene s;
  make_scene(&s);
  static double heat[S * S], other[S * S];
  run(&s, "foreground", NULL, heat);
  for (int j = 0; j < N - 1; j++) ck_assert_double_eq(heat[j], 1);
  run(&s, "background", NULL, heat);
  for (int j = 0; j < N - 1; j++) ck_assert_double_eq(heat[j], 0);
  ck_assert(vx_explainer_find("foreground")->is_mask && vx_explainer_find("background")->is_mask);
  run(&s, "center", NULL, heat);
  for (int y = 0; y < S; y++)
    for (int x = 0; x < S; x++) {
      double squared = pow(x - 5.5, 2) + pow(y - 5.5, 2);
      ck_assert_double_eq_tol(heat[y * S + x], exp(-squared / (2 * 3.0 * 3.0)), 1e-15);
    }
  run(&s, "class-prior", NULL, heat);
  for (int i = 0; i < S * S; i++) ck_assert_double_eq(heat[i], (double)s.prior[i / S][i % S]);
  run(&s, "random", NULL, heat);
  run(&s, "random", NULL, other);
  ck_assert_mem_eq(heat, other, (N - 1) * sizeof *heat);
  for (int j = 0; j < N - 1; j++) ck_assert(heat[j] >= 0 && heat[j] < 1);
  s.view.seed++;
  run(&s, "random", NULL, other);
  ck_assert(memcmp(heat, other, (N - 1) * sizeof *heat) != 0);
  vx_arena_free(s.view.scratch);
}
END_TEST

START_TEST(edges_of_a_step) {
  static scene s;
  make_scene(&s);
  static double heat[S * S];
  for (int y = 0; y < S; y++)
    for (int x = 0; x < S; x++) memset(s.picture[y][x], x < 5 ? 10 : 110, 3);
  run(&s, "edges", NULL, heat);
  for (int y = 0; y < S; y++)
    for (int x = 0; x < S; x++) ck_assert_double_eq_tol(heat[y * S + x], x == 4 || x == 5 ? 400 : 0, 1e-9);
  vx_arena_free(s.view.scratch);
}
END_TEST

START_TEST(noise_is_normal_and_independent) {
  enum { COUNT = 200000 };
  double *a = malloc(COUNT * sizeof *a), *b = malloc(COUNT * sizeof *b), mean = 0, square_mean = 0, both = 0,
         fourth = 0;
  vx_normals(1, VX_STREAM_SMOOTHGRAD, a, COUNT);
  vx_normals(1, VX_STREAM_SMOOTHGRAD + 1, b, COUNT);
  for (int i = 0; i < COUNT; i++) {
    ck_assert(isfinite(a[i]));
    mean += a[i] / COUNT;
    square_mean += a[i] * a[i] / COUNT;
    fourth += pow(a[i], 4) / COUNT;
    both += a[i] * b[i] / COUNT;
  }
  ck_assert_double_eq_tol(mean, 0, 0.01); /* 4.5 standard errors */
  ck_assert_double_eq_tol(square_mean, 1, 0.015);
  ck_assert_double_eq_tol(fourth, 3, 0.1);
  ck_assert_double_eq_tol(both, 0, 0.01);
  /* A shorter draw is the beginning of a longer one: a number depends on its place only. */
  vx_normals(1, VX_STREAM_SMOOTHGRAD, b, 7);
  ck_assert_mem_eq(a, b, 7 * sizeof *a);
  free(a);
  free(b);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("trivial maps");
  tcase_add_test(tests, trivial_maps);
  tcase_add_test(tests, edges_of_a_step);
  tcase_add_test(tests, noise_is_normal_and_independent);
  return run_suite("trivial maps", tests);
}
