/* What is multiplied into weights when a checkpoint is opened. A product of two single numbers has at most 48 bits: it
   is kept as the single number next to it and as what that one misses, so that a pass in double has it exactly. */
#include "core/model.h"

static void split(double value, float *near, float *rest) {
  *near = (float)value;
  *rest = (float)(value - (double)*near);
}

/* The four arrays of a folded layer [out][in]; false: out of memory. */
static bool take(vx_fetch *fetch, int in, int out, float *arrays[4]) {
  const size_t counts[] = {(size_t)in * (size_t)out, (size_t)out, (size_t)in * (size_t)out, (size_t)out};
  for (int i = 0; fetch->ok && i < 4; i++) arrays[i] = vx_fetch_take(fetch, counts[i], sizeof(float));
  return fetch->ok;
}

static vx_linear folded(int in, int out, float *const arrays[4]) {
  return (vx_linear){
      .in = in, .out = out, .weight = arrays[0], .bias = arrays[1], .rest = arrays[2], .rest_bias = arrays[3]};
}

void vx_fold_scale(vx_fetch *fetch, vx_linear *linear, const float *scale) {
  float *to[4];
  if (!fetch->ok || !take(fetch, linear->in, linear->out, to)) return;
  size_t in = (size_t)linear->in;
  for (size_t o = 0; o < (size_t)linear->out; o++) {
    double by = (double)scale[o];
    for (size_t i = 0; i < in; i++)
      split(by * (double)linear->weight[o * in + i], &to[0][o * in + i], &to[2][o * in + i]);
    split(by * (double)linear->bias[o], &to[1][o], &to[3][o]);
  }
  *linear = folded(linear->in, linear->out, to);
}

vx_linear vx_fold_heads(vx_fetch *fetch, const vx_linear *first, const vx_linear *second) {
  float *to[4];
  if (!fetch->ok || !take(fetch, 2 * first->in, first->out, to)) return (vx_linear){0};
  size_t in = (size_t)first->in;
  for (size_t o = 0; o < (size_t)first->out; o++) {
    for (size_t i = 0; i < 2 * in; i++) {
      float weight = i < in ? first->weight[o * in + i] : second->weight[o * in + i - in];
      split(0.5 * (double)weight, &to[0][o * 2 * in + i], &to[2][o * 2 * in + i]);
    }
    split(0.5 * ((double)first->bias[o] + (double)second->bias[o]), &to[1][o], &to[3][o]);
  }
  return folded(2 * first->in, first->out, to);
}
