/* The relevance rules, one function each (rules.h). */
#include "core/rules.h"

#include <math.h>
#include <string.h>

/* ---- products with the signed parts of the weights -------------------------------------------------------------- */

typedef enum part { WHOLE, ABSOLUTE, POSITIVE, NEGATIVE } part;

/* The wanted part of `count` weights. Tiles of a few rows are made just before their product and stay in the cache;
   |W|, W+ and W- of a whole model would take three times its memory. */
VX_CLONES static void take_part(part which, size_t count, const float *restrict weight, lin *restrict tile) {
  switch (which) {
  case WHOLE:
    for (size_t i = 0; i < count; i++) tile[i] = (lin)weight[i];
    break;
  case ABSOLUTE:
    for (size_t i = 0; i < count; i++) tile[i] = (lin)(weight[i] < 0 ? -weight[i] : weight[i]);
    break;
  case POSITIVE:
    for (size_t i = 0; i < count; i++) tile[i] = (lin)(weight[i] > 0 ? weight[i] : 0);
    break;
  case NEGATIVE:
    for (size_t i = 0; i < count; i++) tile[i] = (lin)(weight[i] < 0 ? weight[i] : 0);
    break;
  }
}

/* y [rows][width] = x [rows][count] part(w), where w is `count` rows of [width] weights. */
static void product_of_rows(part which, int rows, int count, int width, const lin *x, const float *w, lin *y,
                            lin *tile) {
  for (int first = 0; first < count; first += VX_TILE_ROWS) {
    int some = count - first < VX_TILE_ROWS ? count - first : VX_TILE_ROWS;
    take_part(which, (size_t)some * (size_t)width, w + (size_t)first * (size_t)width, tile);
    VX_LIN_GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, width, some, 1, x + first, count, tile, width,
                first > 0 ? 1 : 0, y, width);
  }
}

/* y [rows][out] = x [rows][in] part(W)ᵀ. */
static void product(part which, int rows, const vx_linear *linear, const lin *x, lin *y, lin *tile) {
  product_of_rows(which, rows, linear->in, linear->out, x, linear->transposed, y, tile);
}

/* x [rows][in] = y [rows][out] part(W). */
static void product_back(part which, int rows, const vx_linear *linear, const lin *y, lin *x, lin *tile) {
  if (which == WHOLE && sizeof(lin) == sizeof(float))
    VX_LIN_GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, linear->in, linear->out, 1, y, linear->out,
                (const void *)linear->weight, linear->in, 0, x, linear->in);
  else
    product_of_rows(which, rows, linear->out, linear->in, y, linear->weight, x, tile);
}

/* ---- division --------------------------------------------------------------------------------------------------- */

VX_CLONES static double mean_square(size_t count, const real *b) {
  double lane[VX_LANES] = {0}, total = 0;
  size_t i = 0;
  for (; i + VX_LANES <= count; i += VX_LANES)
    for (size_t k = 0; k < VX_LANES; k++) lane[k] += (double)b[i + k] * (double)b[i + k];
  for (size_t k = 0; i < count; i++, k++) lane[k] += (double)b[i] * (double)b[i];
  for (int k = 0; k < VX_LANES; k++) total += lane[k];
  return total / (double)count;
}

real VX_V(vx_rule_floor)(double stabilizer, size_t count, const real *b) {
  return stabilizer > 0 ? (real)(stabilizer * stabilizer * mean_square(count, b)) : 0;
}

VX_CLONES static void divide(size_t count, const real *a, const real *b, real floor, real *quotient) {
  if (floor > 0)
    for (size_t i = 0; i < count; i++) quotient[i] = a[i] * b[i] / (b[i] * b[i] + floor);
  else
    for (size_t i = 0; i < count; i++) {
      real q = a[i] / (b[i] + (real)1e-9);
      quotient[i] = b[i] == 0 ? 0 : q;
    }
}

void VX_V(vx_rule_divide)(const vx_relevance_need *need, size_t all, size_t count, const real *relevance, const real *b,
                          real *quotient) {
  divide(count, relevance, b, VX_V(vx_rule_floor)(need->stabilizer, all, b), quotient);
}

/* ---- linear layers ---------------------------------------------------------------------------------------------- */

VX_CLONES static void split(size_t count, const real *x, lin *positive, lin *negative) {
  for (size_t i = 0; i < count; i++) {
    positive[i] = (lin)(x[i] > 0 ? x[i] : 0);
    negative[i] = (lin)(x[i] < 0 ? x[i] : 0);
  }
}

VX_CLONES static void add(size_t count, const lin *a, const lin *b, lin *sum) {
  for (size_t i = 0; i < count; i++) sum[i] = a[i] + b[i];
}

VX_CLONES static void result_improved(size_t count, const real *restrict x, const lin *restrict whole,
                                      const lin *restrict absolute, real *restrict result) {
  for (size_t i = 0; i < count; i++)
    result[i] = (real)0.5 * (x[i] * (real)whole[i] + (x[i] < 0 ? -x[i] : x[i]) * (real)absolute[i]);
}

VX_CLONES static void result_plain(size_t count, const real *restrict x, const lin *restrict positive,
                                   const lin *restrict negative, real *restrict result) {
  for (size_t i = 0; i < count; i++) result[i] = x[i] > 0 ? x[i] * (real)positive[i] : x[i] * (real)negative[i];
}

VX_CLONES static double lin_mean_square(size_t count, const lin *b) {
  double lane[VX_LANES] = {0}, total = 0;
  size_t i = 0;
  for (; i + VX_LANES <= count; i += VX_LANES)
    for (size_t k = 0; k < VX_LANES; k++) lane[k] += (double)b[i + k] * (double)b[i + k];
  for (size_t k = 0; i < count; i++, k++) lane[k] += (double)b[i] * (double)b[i];
  for (int k = 0; k < VX_LANES; k++) total += lane[k];
  return total / (double)count;
}

/* z = safe(relevance, z) in place over the first `count`; the stabilizer's mean over `all`. */
static VX_CLONES void divide_by(double stabilizer, size_t all, size_t count, const real *relevance, lin *z) {
  real floor = stabilizer > 0 ? (real)(stabilizer * stabilizer * lin_mean_square(all, z)) : 0;
  if (floor > 0)
    for (size_t i = 0; i < count; i++) {
      real b = (real)z[i];
      z[i] = (lin)(relevance[i] * b / (b * b + floor));
    }
  else
    for (size_t i = 0; i < count; i++) {
      real b = (real)z[i], q = relevance[i] / (b + (real)1e-9);
      z[i] = (lin)(b == 0 ? 0 : q);
    }
}

/* z1 = W+x+, z2 = W-x- [all][out], and what the improved rules divide by, z1 + z2, for whoever asks next. */
static void make_denominators(vx_relevance_room *room, int all, const vx_linear *linear, const real *x) {
  split((size_t)all * (size_t)linear->in, x, room->x1, room->x2);
  product(POSITIVE, all, linear, room->x1, room->z1, room->tile);
  product(NEGATIVE, all, linear, room->x2, room->z2, room->tile);
}

/* Where the sum for this layer is kept; NULL when nobody asks for it again. */
static vx_kept *kept_of(vx_relevance_room *room, const vx_linear *linear) {
  for (int i = 0; room->keep && i < VX_KEPT; i++)
    if (room->kept[i].linear == linear) return &room->kept[i];
  return NULL;
}

/* The improved rule. Its sums are made by the plain rule's two products even when nobody else needs them, so that
   a map is the same bits alone and among all; back by W+ᵀs x+ + W-ᵀs x- = (Wᵀs x + |W|ᵀs |x|) / 2. */
static void linear_improved(vx_relevance_room *room, const vx_relevance_need *need, int all, int rows,
                            const vx_linear *linear, const real *x, const real *relevance, real *result) {
  size_t in = (size_t)linear->in, out = (size_t)linear->out;
  const vx_kept *kept = kept_of(room, linear);
  if (kept && kept->rows == all) {
    memcpy(room->z1, kept->sum, (size_t)all * out * sizeof(lin));
  } else {
    make_denominators(room, all, linear, x);
    add((size_t)all * out, room->z1, room->z2, room->z1);
  }
  divide_by(need->stabilizer, (size_t)all * out, (size_t)rows * out, relevance, room->z1);
  product_back(WHOLE, rows, linear, room->z1, room->p1, room->tile);
  product_back(ABSOLUTE, rows, linear, room->z1, room->p2, room->tile);
  result_improved((size_t)rows * in, x, room->p1, room->p2, result);
}

/* The plain rule: positive and negative contributions each divided by their own sum. */
static void linear_plain(vx_relevance_room *room, const vx_relevance_need *need, int all, int rows,
                         const vx_linear *linear, const real *x, const real *relevance, real *result) {
  size_t in = (size_t)linear->in, out = (size_t)linear->out;
  vx_kept *kept = kept_of(room, linear);
  make_denominators(room, all, linear, x);
  if (kept) {
    add((size_t)all * out, room->z1, room->z2, kept->sum);
    kept->rows = all;
  }
  divide_by(need->stabilizer, (size_t)all * out, (size_t)rows * out, relevance, room->z1);
  divide_by(need->stabilizer, (size_t)all * out, (size_t)rows * out, relevance, room->z2);
  product_back(POSITIVE, rows, linear, room->z1, room->p1, room->tile);
  product_back(NEGATIVE, rows, linear, room->z2, room->p2, room->tile);
  result_plain((size_t)rows * in, x, room->p1, room->p2, result);
}

void VX_V(vx_rule_linear)(vx_relevance_room *room, const vx_relevance_need *need, int all, int rows,
                          const vx_linear *linear, const real *x, const real *relevance, real *result) {
  if (!(need->stabilizer > 0)) all = rows; /* without a mean, rows without relevance are of no account */
  if (need->rules == VX_RULES_IMPROVED)
    linear_improved(room, need, all, rows, linear, x, relevance, result);
  else
    linear_plain(room, need, all, rows, linear, x, relevance, result);
}

/* ---- sums and copies -------------------------------------------------------------------------------------------- */

static double total(size_t count, const real *x) {
  double lane[VX_LANES] = {0}, sum = 0;
  size_t i = 0;
  for (; i + VX_LANES <= count; i += VX_LANES)
    for (size_t k = 0; k < VX_LANES; k++) lane[k] += (double)x[i + k];
  for (size_t k = 0; i < count; i++, k++) lane[k] += (double)x[i];
  for (int k = 0; k < VX_LANES; k++) sum += lane[k];
  return sum;
}

/* safe() of two scalars, where mean(b²) is b². */
static double scalar_safe(double a, double b, double stabilizer) {
  if (b == 0) return 0;
  return stabilizer > 0 ? a * b / (b * b + stabilizer * stabilizer * b * b) : a / (b + 1e-9);
}

VX_CLONES static void scale(size_t count, real factor, real *x) {
  for (size_t i = 0; i < count; i++) x[i] *= factor;
}

VX_CLONES static double sum_mean_square(size_t count, const real *a, const real *b) {
  double lane[VX_LANES] = {0}, sum = 0;
  size_t i = 0;
  for (; i + VX_LANES <= count; i += VX_LANES)
    for (size_t k = 0; k < VX_LANES; k++) {
      double both = (double)a[i + k] + (double)b[i + k];
      lane[k] += both * both;
    }
  for (size_t k = 0; i < count; i++, k++) lane[k] += ((double)a[i] + (double)b[i]) * ((double)a[i] + (double)b[i]);
  for (int k = 0; k < VX_LANES; k++) sum += lane[k];
  return sum / (double)count;
}

VX_CLONES static void divide_between(size_t count, const real *restrict a, const real *restrict b, real floor,
                                     real *restrict to_a, real *restrict to_b) {
  for (size_t i = 0; i < count; i++) {
    real s = vx_safe(to_a[i], a[i] + b[i], floor);
    to_a[i] = a[i] * s;
    to_b[i] = b[i] * s;
  }
}

void VX_V(vx_rule_sum)(const vx_relevance_need *need, int all, int rows, int width, const real *a, const real *b,
                       real *to_a, real *to_b) {
  size_t count = (size_t)rows * (size_t)width;
  real floor = 0;
  if (need->stabilizer > 0)
    floor = (real)(need->stabilizer * need->stabilizer * sum_mean_square((size_t)all * (size_t)width, a, b));
  double before = total(count, to_a);
  divide_between(count, a, b, floor, to_a, to_b);
  if (need->rules == VX_RULES_PLAIN) return;
  double sum_a = total(count, to_a), sum_b = total(count, to_b), both = fabs(sum_a) + fabs(sum_b);
  double delta = need->stabilizer;
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

void VX_V(vx_rule_copy)(const vx_relevance_need *need, int all, int width, const real *x, int rows, real *relevance,
                        int second_rows, const real *second) {
  real floor = VX_V(vx_rule_floor)(need->stabilizer, (size_t)all * (size_t)width, x);
  size_t count = (size_t)rows * (size_t)width, more = (size_t)(second_rows - rows) * (size_t)width;
  join(count, x, second, floor, relevance);
  take_second(more, x + count, second + count, floor, relevance + count);
}

/* ---- the picture ------------------------------------------------------------------------------------------------ */

/* Per output of the patch embedding the sums of its positive and of its negative weights. */
static void signed_sums(const vx_linear *linear, double *positive, double *negative) {
  for (int o = 0; o < linear->out; o++) {
    positive[o] = negative[o] = 0;
    const float *w = linear->weight + (size_t)o * (size_t)linear->in;
    for (int i = 0; i < linear->in; i++)
      if (w[i] > 0)
        positive[o] += (double)w[i];
      else
        negative[o] += (double)w[i];
  }
}

/* Z = W x - W+ l - W- h + 1e-9 with l, h the smallest and largest input; R = x Wᵀs - l W+ᵀs - h W-ᵀs, s = R / Z. */
void VX_V(vx_rule_pixels)(vx_relevance_room *room, const real *patches, const real *embedded, const real *relevance,
                          double *pixels) {
  const vx_linear *linear = &room->model->patch;
  const vx_shape *s = &room->model->shape;
  size_t rows = (size_t)s->tokens - 1, d = (size_t)s->dim, in = (size_t)linear->in;
  double low = (double)patches[0], high = low, *positive = room->column, *negative = room->column + d;
  for (size_t i = 0; i < rows * in; i++) {
    low = (double)patches[i] < low ? (double)patches[i] : low;
    high = (double)patches[i] > high ? (double)patches[i] : high;
  }
  signed_sums(linear, positive, negative);
  for (size_t r = 0; r < rows; r++)
    for (size_t o = 0; o < d; o++) {
      double z = (double)embedded[r * d + o] - (double)linear->bias[o] - positive[o] * low - negative[o] * high + 1e-9;
      room->z1[r * d + o] = (lin)((double)relevance[r * d + o] / z);
    }
  product_back(WHOLE, (int)rows, linear, room->z1, room->p1, room->tile);
  product_back(POSITIVE, (int)rows, linear, room->z1, room->p2, room->tile);
  product_back(NEGATIVE, (int)rows, linear, room->z1, room->x1, room->tile);

  size_t p = (size_t)s->patch, side = (size_t)s->image, grid = (size_t)s->grid;
  for (size_t r = 0; r < rows; r++)
    for (size_t y = 0; y < p; y++)
      for (size_t x = 0; x < p; x++) {
        double sum = 0;
        for (size_t c = 0; c < 3; c++) {
          size_t i = r * in + (c * p + y) * p + x;
          sum += (double)patches[i] * (double)room->p1[i] - low * (double)room->p2[i] - high * (double)room->x1[i];
        }
        pixels[(r / grid * p + y) * side + r % grid * p + x] = sum;
      }
}
