/* exp, the normal distribution, the activations, softmax and LayerNorm as core computes them, against libm in long
 * double. */
#include "core/elementary.h" /* vx_exp and vx_normal_at in single; those in double are seen through the layers */
#include "core/layers.h"
#include "tests/support/files.h"

/* The same functions in double. */
void vx_bias_activate_double(vx_activation kind, int rows, int width, const float *bias, double *hidden,
                             double *active);
void vx_activate_back_double(vx_activation kind, size_t count, const double *hidden, double *g);
void vx_softmax_double(int rows, int width, double *scores);
void vx_norm_forward_double(int rows, int width, const vx_norm *norm, double epsilon, const double *x, double *y,
                            double *scale);
bool vx_all_finite_double(size_t count, const double *values);

/* Distance as a share of `size`. */
static double apart(long double a, long double b, long double size) {
  return (double)(fabsl(a - b) / size);
}

static long double cdf(long double x) {
  return erfcl(-x / sqrtl(2)) / 2;
}

static long double function(vx_activation kind, long double x) {
  const long double inner = sqrtl(2 / acosl(-1)) * (x + 0.044715L * x * x * x);
  if (kind == VX_GELU_TANH) return x * (1 + tanhl(inner)) / 2;
  if (kind == VX_QUICK_GELU) return x / (1 + expl(-1.702L * x));
  return kind == VX_GELU ? x * cdf(x) : x > 0 ? x : 0;
}

static long double slope(vx_activation kind, long double x) {
  const long double c = sqrtl(2 / acosl(-1)), t = tanhl(c * (x + 0.044715L * x * x * x)),
                    s = 1 / (1 + expl(-1.702L * x));
  if (kind == VX_GELU_TANH) return (1 + t) / 2 + x * (1 - t * t) / 2 * c * (1 + 3 * 0.044715L * x * x);
  if (kind == VX_QUICK_GELU) return s + 1.702L * x * s * (1 - s);
  return kind == VX_GELU ? cdf(x) + x * expl(-x * x / 2) / sqrtl(2 * acosl(-1)) : x > 0;
}

START_TEST(test_exp_single) {
  double worst = 0;
  for (int i = -86999; i <= 86999; i++) {
    float x = (float)i / 1000;
    worst = fmax(worst, apart(vx_exp(x), expl(x), expl(x)));
  }
  ck_assert_msg(worst < 3e-7, "exp is off by %g", worst);
  ck_assert(vx_exp(0) == 1);
  ck_assert(vx_exp(-1e30f) >= 0 && vx_exp(-1e30f) < 1e-37f && vx_exp(-INFINITY) < 1e-37f);
  ck_assert(isfinite(vx_exp(1e30f)) && vx_exp(1e30f) > 1e37f);
  ck_assert(isnan(vx_exp(NAN)));
}
END_TEST

/* Each activation and its slope over a dense range and at extremes, through the functions that the passes call. */
#define CHECK_ACTIVATION(real, suffix, kind, limit)                                                                    \
  do {                                                                                                                 \
    enum { COUNT = 80001 };                                                                                            \
    float *zero = calloc(COUNT, sizeof *zero);                                                                         \
    real *x = malloc(COUNT * sizeof *x), *active = malloc(COUNT * sizeof *active), *g = malloc(COUNT * sizeof *g);     \
    for (int i = 0; i < COUNT; i++) x[i] = (real)(i - 40000) / 2000;                                                   \
    for (int i = 0; i < COUNT; i++) g[i] = 1;                                                                          \
    vx_bias_activate_##suffix(kind, 1, COUNT, zero, x, active);                                                        \
    vx_activate_back_##suffix(kind, COUNT, x, g);                                                                      \
    double worst = 0, worst_slope = 0;                                                                                 \
    for (int i = 0; i < COUNT; i++) {                                                                                  \
      long double size = fmaxl(1, fabsl((long double)x[i]));                                                           \
      worst = fmax(worst, apart((long double)active[i], function(kind, (long double)x[i]), size));                     \
      worst_slope = fmax(worst_slope, apart((long double)g[i], slope(kind, (long double)x[i]), 1));                    \
    }                                                                                                                  \
    ck_assert_msg(worst < (limit), "activation %d is off by %g", (int)kind, worst);                                    \
    ck_assert_msg(worst_slope < (limit), "its slope is off by %g", worst_slope);                                       \
    real far[] = {(real)1e4, (real)-1e4, (real)-1e15, 0, (real)NAN, (real)INFINITY, (real)-INFINITY};                  \
    vx_bias_activate_##suffix(kind, 1, 7, zero, far, active);                                                          \
    ck_assert(active[0] == (real)1e4 && active[1] <= 0 && active[1] > (real)-1e-30 && active[2] <= 0 &&                \
              active[2] > (real)-1e-20 && active[3] == 0);                                                             \
    ck_assert(isnan(active[4]) && !isfinite(active[5]) && (kind == VX_RELU || !isfinite(active[6])));                  \
    free(zero);                                                                                                        \
    free(x);                                                                                                           \
    free(active);                                                                                                      \
    free(g);                                                                                                           \
  } while (0)

START_TEST(test_activation) {
  static const vx_activation kinds[] = {VX_GELU, VX_GELU_TANH, VX_QUICK_GELU, VX_RELU};
  CHECK_ACTIVATION(float, single, kinds[_i], kinds[_i] ? 3e-6 : 3e-7);
  CHECK_ACTIVATION(double, double, kinds[_i], kinds[_i] ? 2e-14 : 1e-15);
}
END_TEST

/* Rows of odd widths and sizes: each is e^x over its sum, and sums to 1. */
#define CHECK_SOFTMAX(real, suffix, limit)                                                                             \
  do {                                                                                                                 \
    uint64_t state = 1;                                                                                                \
    for (int width = 1; width < 70; width++)                                                                           \
      for (int spread = 0; spread < 4; spread++) {                                                                     \
        real x[2 * 70], y[2 * 70];                                                                                     \
        const double size[] = {0, 1, 30, 500};                                                                         \
        for (int i = 0; i < 2 * width; i++) x[i] = (real)(size[spread] * (draw_between(&state, -1000, 1000) / 1e3));   \
        memcpy(y, x, sizeof x);                                                                                        \
        vx_softmax_##suffix(2, width, y);                                                                              \
        for (int r = 0; r < 2; r++) {                                                                                  \
          long double total = 0, most = -INFINITY, sum = 0;                                                            \
          for (int i = 0; i < width; i++) most = fmaxl(most, (long double)x[r * width + i]);                           \
          for (int i = 0; i < width; i++) total += expl((long double)x[r * width + i] - most);                         \
          for (int i = 0; i < width; i++) {                                                                            \
            long double expected = expl((long double)x[r * width + i] - most) / total;                                 \
            ck_assert(apart((long double)y[r * width + i], expected, 1) < (limit));                                    \
            ck_assert(y[r * width + i] >= 0);                                                                          \
            sum += (long double)y[r * width + i];                                                                      \
          }                                                                                                            \
          ck_assert(apart(sum, 1, 1) < (limit));                                                                       \
        }                                                                                                              \
      }                                                                                                                \
    real bad[] = {1, 2, (real)NAN, 4};                                                                                 \
    vx_softmax_##suffix(1, 4, bad);                                                                                    \
    for (int i = 0; i < 4; i++) ck_assert(isnan(bad[i]));                                                              \
  } while (0)

START_TEST(test_softmax) {
  CHECK_SOFTMAX(float, single, 4e-7);
  CHECK_SOFTMAX(double, double, 2e-15);
}
END_TEST

#define CHECK_NORM(real, suffix, limit)                                                                                \
  do {                                                                                                                 \
    uint64_t state = 2;                                                                                                \
    for (int width = 1; width < 70; width++) {                                                                         \
      real x[70], y[70], scale[2];                                                                                     \
      float weight[70], bias[70];                                                                                      \
      for (int i = 0; i < width; i++) {                                                                                \
        x[i] = (real)(draw_between(&state, -1000, 1000) / 100.0);                                                      \
        weight[i] = (float)(draw_between(&state, -1000, 1000) / 1e3);                                                  \
        bias[i] = (float)(draw_between(&state, -1000, 1000) / 1e3);                                                    \
      }                                                                                                                \
      vx_norm norm = {weight, bias};                                                                                   \
      vx_norm_forward_##suffix(1, width, &norm, 1e-6, x, y, scale);                                                    \
      long double mean = 0, variance = 0;                                                                              \
      for (int i = 0; i < width; i++) mean += (long double)x[i] / width;                                               \
      for (int i = 0; i < width; i++) variance += ((long double)x[i] - mean) * ((long double)x[i] - mean) / width;     \
      for (int i = 0; i < width; i++) {                                                                                \
        long double expected =                                                                                         \
            ((long double)x[i] - mean) / sqrtl(variance + 1e-6L) * (long double)weight[i] + (long double)bias[i];      \
        ck_assert_msg(apart((long double)y[i], expected, 4) < (limit), "width %d: off by %g", width,                   \
                      apart((long double)y[i], expected, 4));                                                          \
      }                                                                                                                \
    }                                                                                                                  \
    real huge[4] = {(real)1e300, 1, 2, -3}, out[4], scale[2];                                                          \
    if (sizeof(real) == sizeof(float)) huge[0] = (real)1e30f; /* its square is beyond the type */                      \
    const float one[4] = {1, 1, 1, 1};                                                                                 \
    vx_norm_forward_##suffix(1, 4, &(vx_norm){one, one}, 1e-6, huge, out, scale);                                      \
    for (int i = 0; i < 4; i++) ck_assert(isnan(out[i]));                                                              \
  } while (0)

START_TEST(test_norm) {
  CHECK_NORM(float, single, 1e-6);
  CHECK_NORM(double, double, 2e-15);
}
END_TEST

/* One value that is not finite, at any place of any length, is seen; the largest numbers are not taken for one. */
START_TEST(test_all_finite) {
  float single[100];
  double wide[100];
  static const double bad[] = {NAN, INFINITY, -INFINITY};
  for (size_t count = 0; count <= 100; count++) {
    for (int i = 0; i < 100; i++) {
      single[i] = i % 2 ? 3.4e38f : -3.4e38f;
      wide[i] = i % 2 ? 1.7e308 : -1.7e308;
    }
    ck_assert(vx_all_finite_single(count, single) && vx_all_finite_double(count, wide));
    for (size_t at = 0; at < 100; at++) {
      float was = single[at];
      double wide_was = wide[at];
      single[at] = (float)bad[at % 3];
      wide[at] = bad[at % 3];
      ck_assert_int_eq(vx_all_finite_single(count, single), at >= count);
      ck_assert_int_eq(vx_all_finite_double(count, wide), at >= count);
      single[at] = was;
      wide[at] = wide_was;
    }
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("elementary");
  tcase_set_timeout(tests, 300);
  tcase_add_test(tests, test_exp_single);
  tcase_add_loop_test(tests, test_activation, 0, 4);
  tcase_add_test(tests, test_softmax);
  tcase_add_test(tests, test_norm);
  tcase_add_test(tests, test_all_finite);
  return run_suite("core/elementary", tests);
}
