/* The one place that knows which tokens lead and what the head reads of them. */
#include "core/model.h"

bool vx_shape_complete(vx_shape *s) {
  if (s->layers < 1 || s->heads < 1 || s->dim < 1 || s->mlp < 1 || s->patch < 1 || s->classes < 1 ||
      s->dim % s->heads != 0 || s->image < s->patch || s->image % s->patch != 0 || s->registers < 0)
    return false;
  s->head_dim = s->dim / s->heads;
  s->grid = s->image / s->patch;
  s->leading = !s->no_cls + s->distillation + s->registers;
  s->tokens = s->leading + s->grid * s->grid;
  if (s->no_cls && (s->distillation || s->readout != VX_READ_PATCHES)) return false;
  if (s->readout == VX_READ_TWO && !s->distillation) return false;
  if (s->fc_norm && s->readout != VX_READ_PATCHES) return false; /* of one token it is the last norm */
  return s->unplaced >= 0 && s->unplaced <= s->leading;
}

int vx_read_parts(const vx_shape *s) {
  return s->readout == VX_READ_TWO || s->readout == VX_READ_CLS_AND_PATCHES ? 2 : 1;
}

int vx_read_high(const vx_shape *s, int n) {
  return s->readout == VX_READ_CLS ? 1 : s->readout == VX_READ_TWO ? 2 : n;
}

bool vx_reads_one(const vx_shape *s) {
  return vx_read_high(s, s->tokens) == 1;
}

double vx_part_weight(const vx_shape *s, int n, int part, int token) {
  bool patches = s->readout == VX_READ_PATCHES || (s->readout == VX_READ_CLS_AND_PATCHES && part == 1);
  if (!patches) return token == part;
  return token < s->leading ? 0 : 1.0 / (n - s->leading);
}

double vx_read_weight(const vx_shape *s, int n, int token) {
  double first = vx_part_weight(s, n, 0, token);
  return vx_read_parts(s) == 1 ? first : 0.5 * (first + vx_part_weight(s, n, 1, token));
}
