/* The one place that knows what the head reads of a sample's tokens. */
#include "core/model.h"

int vx_read_high(const vx_shape *s, int n) {
  return s->readout == VX_READ_CLS ? 1 : n;
}

bool vx_reads_one(const vx_shape *s) {
  return vx_read_high(s, s->tokens) == 1;
}

double vx_read_weight(const vx_shape *s, int n, int token) {
  if (s->readout == VX_READ_CLS) return token == 0;
  return token < s->leading ? 0 : 1.0 / (n - s->leading);
}
