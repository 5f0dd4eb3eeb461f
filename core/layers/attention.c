/* Attention of one sample: n tokens, heads side by side in q, k and v; what it does, its gradient, its relevance. */
#include "core/elementary.h"
#include "core/layers.h"

#include <math.h>
#include <string.h>

void vx_attend(const vx_shape *s, int n, int queries, int kept, const real *qkv, real *scores, real *attention,
               real *context) {
  int d = s->dim, dh = s->head_dim;
  size_t shown = (size_t)kept * (size_t)n, map = (size_t)n * (size_t)n;
  real scale = (real)(1 / sqrt((double)dh));
  for (int h = 0; h < s->heads; h++, attention += map, scores += shown) {
    const real *q = qkv + h * dh, *k = q + d, *v = k + d;
    VX_GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, queries, n, dh, scale, q, 3 * d, k, 3 * d, 0, attention, n);
    memcpy(scores, attention, shown * sizeof(real));
    vx_softmax(queries, n, attention);
    VX_GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, queries, dh, n, 1, attention, n, v, 3 * d, 0, context + h * dh,
            d);
  }
}

void vx_attend_back(const vx_shape *s, int n, int rows, const real *qkv, const real *attention, const real *d_context,
                    real *d_attention, real *d_scores, real *d_qkv) {
  int d = s->dim, dh = s->head_dim;
  size_t map = (size_t)n * (size_t)n;
  real scale = (real)(1 / sqrt((double)dh));
  for (int h = 0; h < s->heads; h++, attention += map, d_attention += map, d_context += dh) {
    const real *q = qkv + h * dh, *k = q + d, *v = k + d;
    VX_GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, rows, n, dh, 1, d_context, d, v, 3 * d, 0, d_attention, n);
    if (!d_qkv) continue;
    real *d_q = d_qkv + h * dh, *d_k = d_q + d, *d_v = d_k + d;
    VX_GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, n, dh, rows, 1, attention, n, d_context, d, 0, d_v, 3 * d);
    vx_softmax_back(rows, n, attention, d_attention, d_scores);
    VX_GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, dh, n, scale, d_scores, n, k, 3 * d, 0, d_q, 3 * d);
    VX_GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, n, dh, rows, scale, d_scores, n, q, 3 * d, 0, d_k, 3 * d);
  }
}

/* ---- relevance ----------------------------------------------------------------------------------------------------
 */

/* x *= factor over [rows][width], rows `step` apart in both. */
VX_CLONES static void multiply(size_t rows, size_t width, size_t step, const real *restrict factor, real *restrict x) {
  for (size_t r = 0; r < rows; r++, factor += step, x += step)
    for (size_t i = 0; i < width; i++) x[i] *= factor[i];
}

/* b = safe(a, b). */
VX_CLONES static void quotients(size_t count, const real *restrict a, real floor, real *restrict b) {
  for (size_t i = 0; i < count; i++) b[i] = vx_safe(a[i], b[i], floor);
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

void vx_values_relevance(const vx_shape *s, const vx_lrp *lrp, int n, int rows, const real *qkv, const real *attention,
                         const real *context, const real *relevance, real *quotient, real *to_a, real *to_qkv) {
  int d = s->dim, dh = s->head_dim;
  size_t map = (size_t)n * (size_t)n;
  real floor = vx_floor(lrp->stabilizer, (size_t)n * (size_t)d, context);
  divide((size_t)rows * (size_t)d, relevance, context, floor, quotient);
  for (int h = 0; h < s->heads; h++, attention += map, to_a += map) {
    const real *v = qkv + 2 * d + h * dh, *q = quotient + h * dh;
    real *to_v = to_qkv + 2 * d + h * dh;
    VX_GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, rows, n, dh, (real)0.5, q, d, v, 3 * d, 0, to_a, n);
    multiply(1, (size_t)rows * (size_t)n, 0, attention, to_a);
    VX_GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, n, dh, rows, (real)0.5, attention, n, q, d, 0, to_v, 3 * d);
    multiply((size_t)n, (size_t)dh, 3 * (size_t)d, v, to_v);
  }
}

void vx_scores_relevance(const vx_shape *s, const vx_lrp *lrp, int n, int rows, const real *qkv, const real *to_a,
                         real *product, real *to_qkv) {
  int d = s->dim, dh = s->head_dim;
  size_t map = (size_t)n * (size_t)n;
  int made = lrp->stabilizer > 0 ? n : rows; /* the mean is over all of q kᵀ */
  for (int h = 0; h < s->heads; h++) {
    const real *q = qkv + h * dh, *k = q + d;
    VX_GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, made, n, dh, 1, q, 3 * d, k, 3 * d, 0, product + (size_t)h * map,
            n);
  }
  real floor = vx_floor(lrp->stabilizer, (size_t)s->heads * map, product);
  for (int h = 0; h < s->heads; h++, to_a += map, product += map) {
    const real *q = qkv + h * dh, *k = q + d;
    real *to_q = to_qkv + h * dh, *to_k = to_q + d;
    quotients((size_t)rows * (size_t)n, to_a, floor, product);
    VX_GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, dh, n, (real)0.5, product, n, k, 3 * d, 0, to_q, 3 * d);
    VX_GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, n, dh, rows, (real)0.5, product, n, q, 3 * d, 0, to_k, 3 * d);
    multiply((size_t)rows, (size_t)dh, 3 * (size_t)d, q, to_q);
    for (int i = rows; i < n; i++) memset(to_q + i * 3 * d, 0, (size_t)dh * sizeof(real));
    multiply((size_t)n, (size_t)dh, 3 * (size_t)d, k, to_k);
  }
}
