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
   that are gone: symmetric, positive definite as long as one pixel stays. Pixels that are gone are walked through in
   runs, stretches of a row. */
typedef struct run {
  size_t first, end;
} run;

typedef struct imputing {
  size_t wide;
  run *runs;
  size_t count;                       /* of runs */
  double *weights;                    /* what a pixel's neighbours weigh together */
  double *stays;                      /* the picture where nothing is gone, else 0 */
  double *value, *rest, *way, *image; /* solution, residual, direction, A direction */
} imputing;

static double neighbours(const double *at, size_t wide) {
  const double *up = at - wide, *down = at + wide;
  return ((up[0] + down[0]) + (at[-1] + at[1])) / 6 + ((up[-1] + up[1]) + (down[-1] + down[1])) / 12;
}

static double product(const imputing *m, const double *a, const double *b) {
  double sum = 0;
  for (const run *r = m->runs; r < m->runs + m->count; r++)
    for (size_t i = r->first; i < r->end; i++) sum += a[i] * b[i];
  return sum;
}

/* One step of conjugate gradients; `left` is the square of the residual before it, what is returned that after it. */
static double step(const imputing *m, double left) {
  for (const run *r = m->runs; r < m->runs + m->count; r++)
    for (size_t i = r->first; i < r->end; i++)
      m->image[i] = m->weights[i] * m->way[i] - neighbours(m->way + i, m->wide);
  double length = left / product(m, m->way, m->image);
  for (const run *r = m->runs; r < m->runs + m->count; r++)
    for (size_t i = r->first; i < r->end; i++) {
      m->value[i] += length * m->way[i];
      m->rest[i] -= length * m->image[i];
    }
  double now = product(m, m->rest, m->rest);
  for (const run *r = m->runs; r < m->runs + m->count; r++)
    for (size_t i = r->first; i < r->end; i++) m->way[i] = m->rest[i] + now / left * m->way[i];
  return now;
}

static bool solve(const imputing *m) {
  for (const run *r = m->runs; r < m->runs + m->count; r++)
    for (size_t i = r->first; i < r->end; i++) {
      m->value[i] = 0;
      m->way[i] = m->rest[i] = neighbours(m->stays + i, m->wide);
    }
  double left = product(m, m->rest, m->rest), enough = 1e-16 * left;
  for (size_t k = 0; left > enough && k < 4 * m->wide * m->wide; k++) left = step(m, left);
  return left <= enough;
}

static bool impute_channel(const imputing *m, double *x, const uint8_t *gone) {
  size_t side = m->wide - 2;
  for (size_t y = 0, i = 0; y < side; y++)
    for (size_t at = (y + 1) * m->wide + 1; at <= (y + 1) * m->wide + side; at++, i++)
      m->stays[at] = gone[i] ? 0 : x[i];
  if (!solve(m)) return false;
  for (const run *r = m->runs; r < m->runs + m->count; r++)
    for (size_t at = r->first; at < r->end; at++) x[(at / m->wide - 1) * side + at % m->wide - 1] = m->value[at];
  return true;
}

static void find_runs(imputing *m, const uint8_t *gone) {
  size_t side = m->wide - 2;
  for (size_t y = 0; y < side; y++)
    for (size_t x = 0; x < side; x++) {
      size_t at = (y + 1) * m->wide + x + 1;
      if (!gone[y * side + x]) continue;
      if (x == 0 || !gone[y * side + x - 1]) m->runs[m->count++].first = at;
      m->runs[m->count - 1].end = at + 1;
    }
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
  imputing m = {.wide = wide, .runs = malloc((count + 1) * sizeof(run)), .weights = calloc(6 * size, sizeof(double))};
  bool good = m.runs && m.weights;
  if (good) {
    double **const array[] = {&m.stays, &m.value, &m.rest, &m.way, &m.image};
    for (size_t i = 0; i < 5; i++) *array[i] = m.weights + (i + 1) * size;
    find_runs(&m, gone);
    for (size_t y = 1; y <= inner; y++)
      for (size_t i = y * wide + 1; i <= y * wide + inner; i++) m.stays[i] = 1;
    for (const run *r = m.runs; r < m.runs + m.count; r++)
      for (size_t i = r->first; i < r->end; i++) m.weights[i] = neighbours(m.stays + i, wide);
  }
  if (!good) vx_fail(error, "impute", "out of memory");
  for (size_t c = 0; c < 3 && good; c++)
    good = impute_channel(&m, x + c * pixels, gone) || vx_fail(error, "impute", "conjugate gradients do not converge");
  free(m.runs);
  free(m.weights);
  return good;
}
