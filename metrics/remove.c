#include "metrics/remove.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void vx_remove_own_mean(const double *x, int side, double own[3]) {
  size_t pixels = (size_t)side * (size_t)side;
  for (size_t c = 0; c < 3; c++) {
    double sum = 0;
    for (size_t i = 0; i < pixels; i++) sum += x[c * pixels + i];
    own[c] = sum / (double)pixels;
  }
}

enum { REACH = 5 }; /* of the blur: 11 taps, weights exp(-i²/50), sum 1 */

static int inside(int i, int side) {
  return i < 0 ? 0 : i >= side ? side - 1 : i;
}

/* Along one axis: pixel i of line l lies at l * across + i * along. */
static void blur_lines(const double *from, double *to, int side, const double *weight, size_t across, size_t along) {
  for (size_t l = 0; l < (size_t)side; l++)
    for (int i = 0; i < side; i++) {
      double sum = 0;
      for (int k = -REACH; k <= REACH; k++)
        sum += weight[k + REACH] * from[l * across + (size_t)inside(i + k, side) * along];
      to[l * across + (size_t)i * along] = sum;
    }
}

void vx_remove_blur(const double *x, int side, double *blurred, double *room) {
  size_t wide = (size_t)side, pixels = wide * wide;
  double weight[2 * REACH + 1], sum = 0;
  for (int k = -REACH; k <= REACH; k++) sum += weight[k + REACH] = exp(-k * k / 50.0);
  for (int k = 0; k <= 2 * REACH; k++) weight[k] /= sum;
  for (size_t c = 0; c < 3; c++) {
    blur_lines(x + c * pixels, room, side, weight, wide, 1);
    blur_lines(room, blurred + c * pixels, side, weight, 1, wide);
  }
}

/* ---- imputation -------------------------------------------------------------------------------------------------- */

/* One channel's linear system, on the picture with a border of one pixel around it: all arrays are [wide][wide], wide =
   side + 2, and 0 where a pixel is not gone. A = diagonal(weights of the neighbours inside) - weights between pixels
   that are gone: symmetric, positive definite as long as one pixel stays. */
typedef struct imputing {
  size_t wide, size;
  const double *gone;              /* 1 or 0 */
  const double *weights;           /* what a pixel's neighbours weigh together */
  double *value, *rest, *way, *of; /* solution, residual, direction, A direction */
} imputing;

static double neighbours(const double *at, size_t wide) {
  const double *up = at - wide, *down = at + wide;
  return ((up[0] + down[0]) + (at[-1] + at[1])) / 6 + ((up[-1] + up[1]) + (down[-1] + down[1])) / 12;
}

static double product(size_t count, const double *a, const double *b) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
  return sum;
}

static void multiply(const imputing *m) {
  for (size_t y = 1; y + 1 < m->wide; y++)
    for (size_t i = y * m->wide + 1; i < (y + 1) * m->wide - 1; i++)
      m->of[i] = m->gone[i] * (m->weights[i] * m->way[i] - neighbours(m->way + i, m->wide));
}

/* From value = 0 and rest = the right side. */
static bool solve(const imputing *m) {
  double left = product(m->size, m->rest, m->rest), enough = 1e-16 * left;
  memcpy(m->way, m->rest, m->size * sizeof *m->way);
  for (size_t step = 0; left > enough && step < 4 * m->size; step++) {
    multiply(m);
    double length = left / product(m->size, m->way, m->of);
    for (size_t i = 0; i < m->size; i++) {
      m->value[i] += length * m->way[i];
      m->rest[i] -= length * m->of[i];
    }
    double now = product(m->size, m->rest, m->rest), turn = now / left;
    for (size_t i = 0; i < m->size; i++) m->way[i] = m->rest[i] + turn * m->way[i];
    left = now;
  }
  return left <= enough;
}

static bool impute_channel(const imputing *m, double *x, size_t side) {
  for (size_t y = 0; y < side; y++) /* what stays, for the right side */
    for (size_t i = 0, at = (y + 1) * m->wide + 1; i < side; i++, at++)
      m->value[at] = m->gone[at] > 0 ? 0 : x[y * side + i];
  for (size_t y = 1; y <= side; y++)
    for (size_t i = y * m->wide + 1; i <= y * m->wide + side; i++)
      m->rest[i] = m->gone[i] * neighbours(m->value + i, m->wide);
  memset(m->value, 0, m->size * sizeof *m->value);
  if (!solve(m)) return false;
  for (size_t y = 0; y < side; y++)
    for (size_t i = 0, at = (y + 1) * m->wide + 1; i < side; i++, at++)
      if (m->gone[at] > 0) x[y * side + i] = m->value[at];
  return true;
}

bool vx_remove_impute(double *x, int side, const uint8_t *gone, vx_error *error) {
  size_t inner = (size_t)side, pixels = inner * inner, wide = inner + 2, size = wide * wide, count = 0;
  for (size_t i = 0; i < pixels; i++) count += gone[i] != 0;
  if (count == pixels) {
    double own[3];
    vx_remove_own_mean(x, side, own);
    for (size_t i = 0; i < 3 * pixels; i++) x[i] = own[i / pixels];
    return true;
  }
  double *room = calloc(6 * size, sizeof *room);
  if (!room) return vx_fail(error, "impute", "out of memory");
  double *mask = room, *weights = room + size, *ones = room + 2 * size;
  imputing m = {wide, size, mask, weights, room + 2 * size, room + 3 * size, room + 4 * size, room + 5 * size};
  for (size_t y = 1; y <= inner; y++)
    for (size_t i = y * wide + 1; i <= y * wide + inner; i++) ones[i] = 1;
  for (size_t y = 1; y <= inner; y++)
    for (size_t i = y * wide + 1; i <= y * wide + inner; i++) {
      mask[i] = gone[(y - 1) * inner + (i - y * wide - 1)] ? 1 : 0;
      weights[i] = neighbours(ones + i, wide);
    }
  bool good = true;
  for (size_t c = 0; c < 3 && good; c++) good = impute_channel(&m, x + c * pixels, inner);
  free(room);
  return good || vx_fail(error, "impute", "conjugate gradients do not converge");
}
