/* GELU, the exact (erf) one. */
#include "core/elementary.h"
#include "core/layers.h"

VX_CLONES void vx_bias_gelu(int rows, int width, const float *restrict bias, real *restrict hidden,
                            real *restrict active) {
  for (int r = 0; r < rows; r++, hidden += width, active += width)
    for (int i = 0; i < width; i++) {
      real h = hidden[i] + (real)bias[i];
      hidden[i] = h;
      active[i] = h * vx_normal_at(h).cdf;
    }
}

VX_CLONES void vx_gelu_back(int rows, int width, const real *restrict hidden, real *restrict g) {
  for (int r = 0; r < rows; r++, hidden += width, g += width)
    for (int i = 0; i < width; i++) {
      vx_normal normal = vx_normal_at(hidden[i]);
      g[i] *= normal.cdf + hidden[i] * normal.density;
    }
}
