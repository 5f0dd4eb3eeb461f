/* The layers of a pre-LN Vision Transformer: each forward function beside its backward one. Compiled in single and in
   double precision (real.h). Matrix products are OpenBLAS's; the loops over elements are here. */
#include "core/elementary.h"

/* ---- linear layers --------------------------------------------------------------------------------------------- */

#ifdef VX_REAL_DOUBLE
/* The weights are single; a tile of them is converted just before it is used, while it stays in the cache: a second
   copy of the model in double would take twice the memory of the first. */
VX_CLONES static void convert(size_t count, const float *from, real *to) {
  for (size_t i = 0; i < count; i++) to[i] = (real)from[i];
}

/* y [rows][width] (+)= x [rows][count of stride] w, where w is `count` rows of [width] single weights. */
static void product_of_rows(int rows, int count, int width, const real *x, int stride, const float *w, real *y,
                            bool add, real *tile) {
  for (int first = 0; first < count; first += VX_TILE_ROWS, add = true) {
    int some = count - first < VX_TILE_ROWS ? count - first : VX_TILE_ROWS;
    convert((size_t)some * (size_t)width, w + (size_t)first * (size_t)width, tile);
    if (rows == 1)
      VX_GEMV(CblasRowMajor, CblasTrans, some, width, 1, tile, width, x + first, 1, add ? 1 : 0, y, 1);
    else
      VX_GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, width, some, 1, x + first, stride, tile, width,
              add ? 1 : 0, y, width);
  }
}
#else
static void product_of_rows(int rows, int count, int width, const real *x, int stride, const float *w, real *y,
                            bool add, real *tile) {
  (void)tile;
  if (rows == 1)
    VX_GEMV(CblasRowMajor, CblasTrans, count, width, 1, w, width, x, 1, add ? 1 : 0, y, 1);
  else
    VX_GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, width, count, 1, x, stride, w, width, add ? 1 : 0, y,
            width);
}
#endif

void VX_R(vx_product)(int rows, const vx_linear *linear, const real *x, real *y, real *tile) {
  product_of_rows(rows, linear->in, linear->out, x, linear->in, linear->transposed, y, false, tile);
}

void VX_R(vx_product_back)(int rows, const vx_linear *linear, int first, int count, const real *dy, int stride,
                           real *dx, bool add, real *tile) {
  const float *weight = linear->weight + (size_t)first * (size_t)linear->in;
  product_of_rows(rows, count, linear->in, dy, stride, weight, dx, add, tile);
}

VX_CLONES void VX_R(vx_bias)(int rows, int width, const float *bias, real *y) {
  for (int r = 0; r < rows; r++, y += width)
    for (int i = 0; i < width; i++) y[i] += (real)bias[i];
}

VX_CLONES void VX_R(vx_bias_residual)(int rows, int width, const float *bias, const real *restrict x, real *restrict y,
                                      real *restrict sum) {
  for (int r = 0; r < rows; r++, x += width, y += width, sum += width)
    for (int i = 0; i < width; i++) {
      y[i] += (real)bias[i];
      sum[i] = x[i] + y[i];
    }
}

/* ---- GELU ------------------------------------------------------------------------------------------------------ */

VX_CLONES void VX_R(vx_bias_gelu)(int rows, int width, const float *restrict bias, real *restrict hidden,
                                  real *restrict active) {
  for (int r = 0; r < rows; r++, hidden += width, active += width)
    for (int i = 0; i < width; i++) {
      real h = hidden[i] + (real)bias[i];
      hidden[i] = h;
      active[i] = h * vx_normal_at(h).cdf;
    }
}

VX_CLONES void VX_R(vx_gelu_back)(int rows, int width, int step, const real *restrict hidden, real *restrict g) {
  for (int r = 0; r < rows; r++, hidden += (size_t)step * (size_t)width, g += width)
    for (int i = 0; i < width; i++) {
      vx_normal normal = vx_normal_at(hidden[i]);
      g[i] *= normal.cdf + hidden[i] * normal.density;
    }
}

/* ---- sums over a row ------------------------------------------------------------------------------------------- */

VX_INLINE real lanes_total(const real *lane) {
  real total = 0;
  for (int k = 0; k < VX_LANES; k++) total += lane[k];
  return total;
}

VX_INLINE real sum(int width, const real *x) {
  real lane[VX_LANES] = {0};
  int i = 0;
  for (; i + VX_LANES <= width; i += VX_LANES)
    for (int k = 0; k < VX_LANES; k++) lane[k] += x[i + k];
  for (int k = 0; i < width; i++, k++) lane[k] += x[i];
  return lanes_total(lane);
}

VX_INLINE real sum_squares_about(int width, const real *x, real mean) {
  real lane[VX_LANES] = {0};
  int i = 0;
  for (; i + VX_LANES <= width; i += VX_LANES)
    for (int k = 0; k < VX_LANES; k++) lane[k] += (x[i + k] - mean) * (x[i + k] - mean);
  for (int k = 0; i < width; i++, k++) lane[k] += (x[i] - mean) * (x[i] - mean);
  return lanes_total(lane);
}

VX_INLINE real dot(int width, const real *x, const real *y) {
  real lane[VX_LANES] = {0};
  int i = 0;
  for (; i + VX_LANES <= width; i += VX_LANES)
    for (int k = 0; k < VX_LANES; k++) lane[k] += x[i + k] * y[i + k];
  for (int k = 0; i < width; i++, k++) lane[k] += x[i] * y[i];
  return lanes_total(lane);
}

VX_INLINE real largest(int width, const real *x) {
  real lane[VX_LANES], most;
  for (int k = 0; k < VX_LANES; k++) lane[k] = x[0];
  int i = 0;
  for (; i + VX_LANES <= width; i += VX_LANES)
    for (int k = 0; k < VX_LANES; k++) lane[k] = x[i + k] > lane[k] ? x[i + k] : lane[k];
  most = x[0];
  for (; i < width; i++) most = x[i] > most ? x[i] : most;
  for (int k = 0; k < VX_LANES; k++) most = lane[k] > most ? lane[k] : most;
  return most;
}

/* ---- LayerNorm ------------------------------------------------------------------------------------------------- */

VX_CLONES void VX_R(vx_norm_forward)(int rows, int width, const vx_norm *norm, double epsilon, const real *restrict x,
                                     real *restrict y, real *restrict scale) {
  const float *restrict weight = norm->weight, *restrict bias = norm->bias;
  for (int r = 0; r < rows; r++, x += width, y += width, scale += 2) {
    real mean = sum(width, x) / (real)width;
    real variance = sum_squares_about(width, x, mean) / (real)width;
    /* A variance that overflows would make the row vanish without a trace; inf - inf makes it NaN. */
    real inverse = (real)(1 / sqrt((double)variance + epsilon)) + (variance - variance);
    scale[0] = mean;
    scale[1] = inverse;
    for (int i = 0; i < width; i++) y[i] = (x[i] - mean) * inverse * (real)weight[i] + (real)bias[i];
  }
}

/* With x̂ = (x - mean) rstd and g = dy * weight: dx = rstd (g - mean(g) - x̂ mean(g x̂)). */
VX_CLONES void VX_R(vx_norm_back)(int rows, int width, int step, const vx_norm *norm, const real *x, const real *scale,
                                  const real *dy, const real *base, real *dx) {
  const float *weight = norm->weight;
  for (int r = 0; r < rows; r++) {
    real mean = scale[0], inverse = scale[1];
    real g_lane[VX_LANES] = {0}, gx_lane[VX_LANES] = {0};
    int i = 0;
    for (; i + VX_LANES <= width; i += VX_LANES)
      for (int k = 0; k < VX_LANES; k++) {
        real g = dy[i + k] * (real)weight[i + k];
        g_lane[k] += g;
        gx_lane[k] += g * ((x[i + k] - mean) * inverse);
      }
    for (int k = 0; i < width; i++, k++) {
      real g = dy[i] * (real)weight[i];
      g_lane[k] += g;
      gx_lane[k] += g * ((x[i] - mean) * inverse);
    }
    real g_mean = lanes_total(g_lane) / (real)width, gx_mean = lanes_total(gx_lane) / (real)width;
    for (i = 0; i < width; i++) {
      real normal = (x[i] - mean) * inverse;
      real through = inverse * (dy[i] * (real)weight[i] - g_mean - normal * gx_mean);
      dx[i] = base ? base[i] + through : through;
    }
    x += (size_t)step * (size_t)width;
    scale += (size_t)step * 2;
    dy += width;
    dx += width;
    if (base) base += width;
  }
}

/* ---- softmax --------------------------------------------------------------------------------------------------- */

VX_CLONES void VX_R(vx_softmax)(int rows, int width, real *scores) {
  for (int r = 0; r < rows; r++, scores += width) {
    real most = largest(width, scores);
    for (int i = 0; i < width; i++) scores[i] = vx_exp(scores[i] - most);
    real inverse = 1 / sum(width, scores);
    for (int i = 0; i < width; i++) scores[i] *= inverse;
  }
}

VX_CLONES void VX_R(vx_softmax_back)(int rows, int width, const real *attention, const real *d_attention,
                                     real *d_scores) {
  for (int r = 0; r < rows; r++, attention += width, d_attention += width, d_scores += width) {
    real inner = dot(width, attention, d_attention);
    for (int i = 0; i < width; i++) d_scores[i] = attention[i] * (d_attention[i] - inner);
  }
}

/* ---- checks ---------------------------------------------------------------------------------------------------- */

/* x - x is 0 for every finite x, NaN otherwise, and a sum with a NaN is NaN. */
VX_CLONES bool VX_R(vx_all_finite)(size_t count, const real *values) {
  real lane[VX_LANES] = {0};
  size_t i = 0;
  for (; i + VX_LANES <= count; i += VX_LANES)
    for (size_t k = 0; k < VX_LANES; k++) lane[k] += values[i + k] - values[i + k];
  for (size_t k = 0; i < count; i++, k++) lane[k] += values[i] - values[i];
  return lanes_total(lane) == 0;
}
