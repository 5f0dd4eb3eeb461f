/* The softmax of attention rows. */
#include "core/elementary.h"
#include "core/layers.h"

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

VX_CLONES void vx_softmax(int rows, int width, real *scores) {
  for (int r = 0; r < rows; r++, scores += width) {
    real most = largest(width, scores);
    for (int i = 0; i < width; i++) scores[i] = vx_exp(scores[i] - most);
    real inverse = 1 / VX_SUM(real, width, i, scores[i]);
    for (int i = 0; i < width; i++) scores[i] *= inverse;
  }
}

VX_CLONES void vx_softmax_back(int rows, int width, const real *attention, const real *d_attention, real *d_scores) {
  for (int r = 0; r < rows; r++, attention += width, d_attention += width, d_scores += width) {
    real inner = VX_SUM(real, width, i, attention[i] * d_attention[i]);
    for (int i = 0; i < width; i++) d_scores[i] = attention[i] * (d_attention[i] - inner);
  }
}
