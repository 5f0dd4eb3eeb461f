/* The residual stream: sums of two branches, and their relevance. */
#include "core/elementary.h"
#include "core/layers.h"

#include <math.h>

VX_CLONES void vx_bias_residual(int rows, const vx_linear *linear, const real *restrict x, real *restrict y,
                                real *restrict sum) {
  int width = linear->out;
  const float *bias = linear->bias, *rest = sizeof(real) == sizeof(double) ? linear->rest_bias : NULL;
  for (int r = 0; r < rows; r++, x += width, y += width, sum += width) {
    for (int i = 0; rest && i < width; i++) y[i] += (real)rest[i];
    for (int i = 0; i < width; i++) {
      y[i] += (real)bias[i];
      sum[i] = x[i] + y[i];
    }
  }
}

/* ---- relevance ----------------------------------------------------------------------------------------------------
 */

VX_CLONES static double mean_square(size_t count, const real *b) {
  return VX_SUM(double, count, i, (double)b[i] * (double)b[i]) / (double)count;
}

real vx_floor(double stabilizer, size_t count, const real *b) {
  return stabilizer > 0 ? (real)(stabilizer * stabilizer * mean_square(count, b)) : 0;
}

VX_CLONES static double total(size_t count, const real *x) {
  return VX_SUM(double, count, i, (double)x[i]);
}

VX_CLONES static double mean_square_of_sum(size_t count, const real *a, const real *b) {
  return VX_SUM(double, count, i, ((double)a[i] + (double)b[i]) * ((double)a[i] + (double)b[i])) / (double)count;
}

/* safe() of two scalars, where mean(b²) is b². */
static double scalar_safe(double a, double b, double stabilizer) {
  if (b == 0) return 0;
  return stabilizer > 0 ? a * b / (b * b + stabilizer * stabilizer * b * b) : a / (b + 1e-9);
}

VX_CLONES static void scale(size_t count, real factor, real *x) {
  for (size_t i = 0; i < count; i++) x[i] *= factor;
}

VX_CLONES static void divide_between(size_t count, const real *restrict a, const real *restrict b, real floor,
                                     real *restrict to_a, real *restrict to_b) {
  for (size_t i = 0; i < count; i++) {
    real s = vx_safe(to_a[i], a[i] + b[i], floor);
    to_a[i] = a[i] * s;
    to_b[i] = b[i] * s;
  }
}

void vx_sum_relevance(const vx_lrp *lrp, int all, int rows, int width, const real *a, const real *b, real *to_a,
                      real *to_b) {
  size_t count = (size_t)rows * (size_t)width;
  real floor = 0;
  if (lrp->stabilizer > 0)
    floor = (real)(lrp->stabilizer * lrp->stabilizer * mean_square_of_sum((size_t)all * (size_t)width, a, b));
  double before = total(count, to_a);
  divide_between(count, a, b, floor, to_a, to_b);
  if (lrp->plain) return;
  double sum_a = total(count, to_a), sum_b = total(count, to_b), both = fabs(sum_a) + fabs(sum_b);
  double delta = lrp->stabilizer;
  scale(count, (real)scalar_safe(scalar_safe(fabs(sum_a), both, delta) * before, sum_a, delta), to_a);
  scale(count, (real)scalar_safe(scalar_safe(fabs(sum_b), both, delta) * before, sum_b, delta), to_b);
}

/* relevance = x (safe(relevance, x) + safe(second, x)). */
VX_CLONES static void join(size_t count, const real *restrict x, const real *restrict second, real floor,
                           real *restrict relevance) {
  for (size_t i = 0; i < count; i++)
    relevance[i] = x[i] * (vx_safe(relevance[i], x[i], floor) + vx_safe(second[i], x[i], floor));
}

VX_CLONES static void take_second(size_t count, const real *restrict x, const real *restrict second, real floor,
                                  real *restrict relevance) {
  for (size_t i = 0; i < count; i++) relevance[i] = x[i] * vx_safe(second[i], x[i], floor);
}

void vx_copy_relevance(const vx_lrp *lrp, int all, int width, const real *x, int rows, real *relevance, int second_rows,
                       const real *second) {
  real floor = vx_floor(lrp->stabilizer, (size_t)all * (size_t)width, x);
  size_t count = (size_t)rows * (size_t)width, more = (size_t)(second_rows - rows) * (size_t)width;
  join(count, x, second, floor, relevance);
  take_second(more, x + count, second + count, floor, relevance + count);
}
