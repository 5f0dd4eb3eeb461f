/* Methods that read the input's gradient or activations, and those that run the model again, on a hand-made view and a
   model whose gradient is known. */
#include "tests/explainers/scene.h"

START_TEST(pixel_and_token_methods) {
  static scene s;
  make_scene(&s);
  static double heat[S * S];
  run(&s, "saliency", NULL, heat);
  for (int i = 0; i < S * S; i++) {
    double most = 0;
    for (int c = 0; c < 3; c++) most = fmax(most, fabs(s.input_gradient[c][i / S][i % S]));
    ck_assert_double_eq(heat[i], most);
  }
  for (int sign = 0; sign < 2; sign++) {
    run(&s, "gradient-x-input", (const char *const[]){"signed", sign ? "true" : "false", NULL}, heat);
    for (int i = 0; i < S * S; i++) {
      double sum = 0;
      for (int c = 0; c < 3; c++) sum += (double)s.input[c][i / S][i % S] * s.input_gradient[c][i / S][i % S];
      ck_assert_double_eq_tol(heat[i], sign ? sum : fabs(sum), 1e-15);
    }
  }
  run(&s, "cam", NULL, heat);
  for (int j = 1; j < N; j++) {
    double sum = 0;
    for (int d = 0; d < D; d++) sum += s.tokens[j][d] * s.head[d];
    ck_assert_double_eq_tol(heat[j - 1], sum, 1e-14);
  }
  run(&s, "gradcam", NULL, heat);
  for (int j = 1; j < N; j++) {
    double sum = 0;
    for (int d = 0; d < D; d++)
      for (int k = 1; k < N; k++) sum += s.norm[j][d] * s.norm_gradient[k][d] / (N - 1);
    ck_assert_double_eq_tol(heat[j - 1], fmax(0, sum), 1e-13);
  }
  vx_arena_free(s.view.scratch);
}
END_TEST

/* ---- methods that run the model again: here a model whose gradient is known, 2 x of the input it is given
 * ------------ */

static int asked;

static bool square(const vx_again *again, int count, bool gradient, void (*make)(void *user, int index, double *x),
                   void (*take)(void *user, int index, const vx_sample *sample), void *user, vx_error *error) {
  (void)again;
  if (!gradient) return vx_fail(error, "again", "a gradient was expected to be asked for");
  static double x[3 * S * S];
  for (asked = 0; asked < count; asked++) {
    make(user, asked, x);
    for (int i = 0; i < 3 * S * S; i++) x[i] *= 2;
    take(user, asked, &(vx_sample){.input_gradient = x});
  }
  return true;
}

START_TEST(integrated_gradients_of_a_square) {
  static scene s;
  make_scene(&s);
  vx_again again = {.run = square};
  s.view.again = &again;
  static double heat[S * S];
  /* y = sum x^2: along the line the mean gradient is x, whatever the number of midpoints; the map is sum_c x^2. */
  run(&s, "integrated-gradients", (const char *const[]){"steps", "5", "signed", "true", NULL}, heat);
  ck_assert_int_eq(asked, 5);
  for (int i = 0; i < S * S; i++) {
    double wanted = 0;
    for (int c = 0; c < 3; c++) wanted += pow((double)s.input[c][i / S][i % S], 2);
    ck_assert_double_eq_tol(heat[i], wanted, 1e-14);
  }
  run(&s, "integrated-gradients", NULL, heat);
  ck_assert_int_eq(asked, 32);
  vx_arena_free(s.view.scratch);
}
END_TEST

START_TEST(smoothgrad_of_a_square) {
  static scene s;
  make_scene(&s);
  vx_again again = {.run = square};
  s.view.again = &again;
  static double heat[S * S], other[S * S];
  static float noise[3][3 * S * S];
  run(&s, "smoothgrad", (const char *const[]){"sigma", "0", "samples", "3", NULL}, heat);
  for (int i = 0; i < S * S; i++) {
    double most = 0;
    for (int c = 0; c < 3; c++) most = fmax(most, fabs(2 * (double)s.input[c][i / S][i % S]));
    ck_assert_double_eq_tol(heat[i], most, 1e-14);
  }
  run(&s, "smoothgrad", NULL, heat);
  ck_assert_int_eq(asked, 16);
  run(&s, "smoothgrad", NULL, other);
  ck_assert_mem_eq(heat, other, sizeof heat); /* the same draws */
  s.view.seed = 43;
  run(&s, "smoothgrad", NULL, other);
  ck_assert(memcmp(heat, other, sizeof heat) != 0);
  /* Given noise replaces draws and number: mean of 2 (x + e). */
  for (int i = 0; i < 3 * 3 * S * S; i++) (&noise[0][0])[i] = (float)vx_noise_uniform(3, 3, (uint64_t)i);
  s.view.noise = &noise[0][0];
  s.view.noise_count = 3;
  run(&s, "smoothgrad", NULL, heat);
  ck_assert_int_eq(asked, 3);
  for (int i = 0; i < S * S; i++) {
    double most = 0;
    for (int c = 0; c < 3; c++) {
      double mean = 0;
      for (int k = 0; k < 3; k++) mean += 2 * ((double)s.input[c][i / S][i % S] + (double)noise[k][c * S * S + i]) / 3;
      most = fmax(most, fabs(mean));
    }
    ck_assert_double_eq_tol(heat[i], most, 1e-14);
  }
  vx_arena_free(s.view.scratch);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("gradient methods");
  TCase *tests = tcase_create("gradient methods");
  tcase_add_test(tests, pixel_and_token_methods);
  tcase_add_test(tests, integrated_gradients_of_a_square);
  tcase_add_test(tests, smoothgrad_of_a_square);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
