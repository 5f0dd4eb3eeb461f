/* Methods that read the input's gradient or activations, and those that run the model again, on a hand-made view and a
   model whose gradient is known. */
#include "tests/explainers/scene.h"
#include "tests/support/suite.h"

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
  for (int l = 0; l < L; l++) { /* of any layer; the last by default */
    const char layer[] = {(char)('0' + l), '\0'};
    for (int turn = 0; turn < (l == L - 1 ? 2 : 1); turn++) {
      const char *const settings[] = {"layer", layer, NULL}, *const *with = turn ? NULL : settings;
      double high[N - 1], layered[N - 1];
      run(&s, "gradcam", with, heat);
      run(&s, "hires-cam", with, high);
      run(&s, "layer-cam", with, layered);
      for (int j = 1; j < N; j++) {
        double sum = 0, own = 0, positive = 0;
        for (int d = 0; d < D; d++) {
          double a = s.norm[l][j][d], g = s.norm_gradient[l][j][d];
          for (int k = 1; k < N; k++) sum += a * s.norm_gradient[l][k][d] / (N - 1);
          own += a * g;
          positive += a * fmax(0, g);
        }
        ck_assert_double_eq_tol(heat[j - 1], fmax(0, sum), 1e-13);
        ck_assert_double_eq_tol(high[j - 1], fmax(0, own), 1e-13);
        ck_assert_double_eq_tol(layered[j - 1], fmax(0, positive), 1e-13);
      }
    }
  }
  vx_arena_free(s.view.scratch);
}
END_TEST

/* ---- methods that run the model again: here a model whose gradient is known, 2 x of the input it is given ------ */

static int asked;

static bool square(const vx_again *again, int count, bool descend, void (*make)(void *, int, vx_variant *),
                   void (*seen)(void *, int, const vx_view *), void *user, vx_error *error) {
  (void)again;
  if (!descend) return vx_fail(error, "again", "a gradient was expected to be asked for");
  static double x[3 * S * S];
  const vx_seen gradient = {{VX_AT_INPUT, vx_by(VX_GRADIENT), false, 0, 0}, x};
  const vx_view view = {.shape = &shape, .seen = &gradient, .seen_count = 1};
  for (asked = 0; asked < count; asked++) {
    make(user, asked, &(vx_variant){.x = x});
    for (int i = 0; i < 3 * S * S; i++) x[i] *= 2;
    seen(user, asked, &view);
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
  for (int i = 0; i < 3 * 3 * S * S; i++) (&noise[0][0])[i] = (float)vx_uniform_at(3, 3, (uint64_t)i);
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
  TCase *tests = tcase_create("gradient methods");
  tcase_add_test(tests, pixel_and_token_methods);
  tcase_add_test(tests, integrated_gradients_of_a_square);
  tcase_add_test(tests, smoothgrad_of_a_square);
  return run_suite("gradient methods", tests);
}
