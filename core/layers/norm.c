/* LayerNorm: of tokens, and of each head's q and k. */
#include "core/elementary.h"
#include "core/layers.h"

#include <string.h>

VX_CLONES void vx_norm_forward(int rows, int width, const vx_norm *norm, double epsilon, const real *restrict x,
                               real *restrict y, real *restrict scale) {
  const float *restrict weight = norm->weight, *restrict bias = norm->bias;
  for (int r = 0; r < rows; r++, x += width, y += width, scale += 2) {
    real mean = VX_SUM(real, width, i, x[i]) / (real)width;
    real variance = VX_SUM(real, width, i, (x[i] - mean) * (x[i] - mean)) / (real)width;
    /* A variance that overflows would make the row vanish without a trace; inf - inf makes it NaN. */
    real inverse = (real)(1 / sqrt((double)variance + epsilon)) + (variance - variance);
    scale[0] = mean;
    scale[1] = inverse;
    for (int i = 0; i < width; i++) y[i] = (x[i] - mean) * inverse * (real)weight[i] + (real)bias[i];
  }
}

/* With x̂ = (x - mean) rstd and g = dy * weight: dx = rstd (g - mean(g) - x̂ mean(g x̂)). */
VX_CLONES void vx_norm_back(int rows, int width, const vx_norm *norm, const real *x, const real *scale, const real *dy,
                            const real *base, real *dx) {
  const float *weight = norm->weight;
  for (int r = 0; r < rows; r++, x += width, scale += 2, dy += width, dx += width) {
    real mean = scale[0], inverse = scale[1];
    real g_mean = VX_SUM(real, width, i, dy[i] * (real)weight[i]) / (real)width;
    real gx_mean = VX_SUM(real, width, i, dy[i] * (real)weight[i] * ((x[i] - mean) * inverse)) / (real)width;
    for (int i = 0; i < width; i++) {
      real normal = (x[i] - mean) * inverse;
      real through = inverse * (dy[i] * (real)weight[i] - g_mean - normal * gx_mean);
      dx[i] = base ? base[i] + through : through;
    }
    if (base) base += width;
  }
}

void vx_qk_norm(const vx_shape *s, const vx_block *block, int rows, real *qkv, real *raw, real *scale) {
  int d = s->dim, heads = s->heads, dh = s->head_dim;
  for (int r = 0; r < rows; r++, qkv += 3 * d, raw += 2 * d, scale += 4 * heads) {
    memcpy(raw, qkv, 2 * (size_t)d * sizeof *raw);
    vx_norm_forward(heads, dh, &block->q_norm, s->epsilon, raw, qkv, scale);
    vx_norm_forward(heads, dh, &block->k_norm, s->epsilon, raw + d, qkv + d, scale + 2 * heads);
  }
}

void vx_qk_norm_back(const vx_shape *s, const vx_block *block, int n, int rows, const real *raw, const real *scale,
                     real *d_qkv) {
  int d = s->dim, heads = s->heads, dh = s->head_dim;
  for (int r = 0; r < n; r++, d_qkv += 3 * d, raw += 2 * d, scale += 4 * heads) {
    if (r < rows) vx_norm_back(heads, dh, &block->q_norm, raw, scale, d_qkv, NULL, d_qkv);
    vx_norm_back(heads, dh, &block->k_norm, raw + d, scale + 2 * heads, d_qkv + d, NULL, d_qkv + d);
  }
}
