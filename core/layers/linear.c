/* Linear layers: the product, its gradient, its relevance. Matrix products are OpenBLAS's. */
#include "core/elementary.h"
#include "core/layers.h"

#include <string.h>

VX_CLONES static void convert(size_t count, const float *from, const float *rest, real *to) {
  if (rest)
    for (size_t i = 0; i < count; i++) to[i] = (real)from[i] + (real)rest[i];
  else
    for (size_t i = 0; i < count; i++) to[i] = (real)from[i];
}

/* y [rows][width] (+)= x [rows][count of stride] w, where w is `count` rows of [width] single weights. In double a tile
   of them is converted just before it is used, while it stays in the cache: a second copy of the model in double would
   take twice the memory of the first. `rest` (NULL: nothing) is what w misses, for a pass in double. */
static void product_of_rows(int rows, int count, int width, const real *x, int stride, const float *w,
                            const float *rest, real *y, bool add, real *tile) {
  bool single = sizeof(real) == sizeof(float);
  int step = single ? count : VX_TILE_ROWS;
  for (int first = 0; first < count; first += step, w += (size_t)step * (size_t)width, x += step, add = true) {
    int some = count - first < step ? count - first : step;
    const real *weight = single ? (const void *)w : tile;
    if (!single) convert((size_t)some * (size_t)width, w, rest, tile);
    if (rest) rest += (size_t)step * (size_t)width;
    if (rows == 1)
      VX_GEMV(CblasRowMajor, CblasTrans, some, width, 1, weight, width, x, 1, add ? 1 : 0, y, 1);
    else
      VX_GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, width, some, 1, x, stride, weight, width, add ? 1 : 0, y,
              width);
  }
}

void vx_product(int rows, const vx_linear *linear, const real *x, real *y, real *tile) {
  product_of_rows(rows, linear->in, linear->out, x, linear->in, linear->transposed, linear->rest_transposed, y, false,
                  tile);
}

void vx_product_back(int rows, const vx_linear *linear, int first, int count, const real *dy, int stride, real *dx,
                     bool add, real *tile) {
  size_t from = (size_t)first * (size_t)linear->in;
  product_of_rows(rows, count, linear->in, dy, stride, linear->weight + from, linear->rest ? linear->rest + from : NULL,
                  dx, add, tile);
}

VX_CLONES void vx_bias(int rows, int width, const float *bias, real *y) {
  for (int r = 0; r < rows; r++, y += width)
    for (int i = 0; i < width; i++) y[i] += (real)bias[i];
}

/* ---- relevance: products with the signed parts of the weights --------------------------------------------------- */

/* The wanted part of `count` weights. Tiles of a few rows are made just before their product and stay in the cache;
   |W|, W+ and W- of a whole model would take three times its memory. */
VX_CLONES static void take_part(vx_part_of which, size_t count, const float *restrict weight, const float *rest,
                                lin *restrict tile) {
  if (rest && sizeof(lin) == sizeof(double)) {
    for (size_t i = 0; i < count; i++) {
      lin w = (lin)weight[i] + (lin)rest[i];
      bool none = (which == VX_POSITIVE && w < 0) || (which == VX_NEGATIVE && w > 0);
      tile[i] = none ? 0 : which == VX_ABSOLUTE && w < 0 ? -w : w;
    }
    return;
  }
  switch (which) {
  case VX_WHOLE:
    for (size_t i = 0; i < count; i++) tile[i] = (lin)weight[i];
    break;
  case VX_ABSOLUTE:
    for (size_t i = 0; i < count; i++) tile[i] = (lin)(weight[i] < 0 ? -weight[i] : weight[i]);
    break;
  case VX_POSITIVE:
    for (size_t i = 0; i < count; i++) tile[i] = (lin)(weight[i] > 0 ? weight[i] : 0);
    break;
  case VX_NEGATIVE:
    for (size_t i = 0; i < count; i++) tile[i] = (lin)(weight[i] < 0 ? weight[i] : 0);
    break;
  }
}

/* y [rows][width] = x [rows][count] part(w), where w is `count` rows of [width] weights; `rest` as above. */
static void part_of_rows(vx_part_of which, int rows, int count, int width, const lin *x, const float *w,
                         const float *rest, lin *y, lin *tile) {
  for (int first = 0; first < count; first += VX_TILE_ROWS) {
    int some = count - first < VX_TILE_ROWS ? count - first : VX_TILE_ROWS;
    size_t from = (size_t)first * (size_t)width;
    take_part(which, (size_t)some * (size_t)width, w + from, rest ? rest + from : NULL, tile);
    VX_LIN_GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, width, some, 1, x + first, count, tile, width,
                first > 0 ? 1 : 0, y, width);
  }
}

/* y [rows][out] = x [rows][in] part(W)ᵀ. */
static void part_product(vx_part_of which, int rows, const vx_linear *linear, const lin *x, lin *y, lin *tile) {
  part_of_rows(which, rows, linear->in, linear->out, x, linear->transposed, linear->rest_transposed, y, tile);
}

/* x [rows][in] = y [rows][out] part(W). */
void vx_part_back(vx_part_of which, int rows, const vx_linear *linear, const lin *y, lin *x, lin *tile) {
  if (which == VX_WHOLE && sizeof(lin) == sizeof(float))
    VX_LIN_GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, linear->in, linear->out, 1, y, linear->out,
                (const void *)linear->weight, linear->in, 0, x, linear->in);
  else
    part_of_rows(which, rows, linear->out, linear->in, y, linear->weight, linear->rest, x, tile);
}

/* ---- relevance: division ---------------------------------------------------------------------------------------- */

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

VX_CLONES static double mean_square(size_t count, const lin *b) {
  return VX_SUM(double, count, i, (double)b[i] * (double)b[i]) / (double)count;
}

/* z = safe(relevance, z) in place over the first `count`; the stabilizer's mean over `all`. */
static VX_CLONES void divide_by(double stabilizer, size_t all, size_t count, const real *relevance, lin *z) {
  real floor = stabilizer > 0 ? (real)(stabilizer * stabilizer * mean_square(all, z)) : 0;
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

/* z1 = W+x+, z2 = W-x- [all][out]. */
static void make_denominators(const vx_linear_room *room, int all, const vx_linear *linear, const real *x) {
  split((size_t)all * (size_t)linear->in, x, room->x1, room->x2);
  part_product(VX_POSITIVE, all, linear, room->x1, room->z1, room->tile);
  part_product(VX_NEGATIVE, all, linear, room->x2, room->z2, room->tile);
}

/* The improved rule. Its sums are made by the plain rule's two products even when nobody else needs them, so that
   a map is the same bits alone and among all; back by W+ᵀs x+ + W-ᵀs x- = (Wᵀs x + |W|ᵀs |x|) / 2. */
static void improved(const vx_linear_room *room, vx_kept *kept, double stabilizer, int all, int rows,
                     const vx_linear *linear, const real *x, const real *relevance, real *result) {
  size_t in = (size_t)linear->in, out = (size_t)linear->out;
  if (kept && kept->linear == linear && kept->rows == all) {
    memcpy(room->z1, kept->sum, (size_t)all * out * sizeof(lin));
  } else {
    make_denominators(room, all, linear, x);
    add((size_t)all * out, room->z1, room->z2, room->z1);
  }
  divide_by(stabilizer, (size_t)all * out, (size_t)rows * out, relevance, room->z1);
  vx_part_back(VX_WHOLE, rows, linear, room->z1, room->p1, room->tile);
  vx_part_back(VX_ABSOLUTE, rows, linear, room->z1, room->p2, room->tile);
  result_improved((size_t)rows * in, x, room->p1, room->p2, result);
}

/* The plain rule: positive and negative contributions each divided by their own sum. */
static void plain(const vx_linear_room *room, vx_kept *kept, double stabilizer, int all, int rows,
                  const vx_linear *linear, const real *x, const real *relevance, real *result) {
  size_t in = (size_t)linear->in, out = (size_t)linear->out;
  make_denominators(room, all, linear, x);
  if (kept) {
    add((size_t)all * out, room->z1, room->z2, kept->sum);
    kept->linear = linear;
    kept->rows = all;
  }
  divide_by(stabilizer, (size_t)all * out, (size_t)rows * out, relevance, room->z1);
  divide_by(stabilizer, (size_t)all * out, (size_t)rows * out, relevance, room->z2);
  vx_part_back(VX_POSITIVE, rows, linear, room->z1, room->p1, room->tile);
  vx_part_back(VX_NEGATIVE, rows, linear, room->z2, room->p2, room->tile);
  result_plain((size_t)rows * in, x, room->p1, room->p2, result);
}

void vx_linear_relevance(const vx_linear_room *room, vx_kept *kept, const vx_lrp *lrp, int all, int rows,
                         const vx_linear *linear, const real *x, const real *relevance, real *result) {
  if (!(lrp->stabilizer > 0)) all = rows; /* without a mean, rows without relevance are of no account */
  (lrp->plain ? plain : improved)(room, kept, lrp->stabilizer, all, rows, linear, x, relevance, result);
}
