/* The gradient through the head and through an MLP, which more than one descent passes. */
#include "core/descend.h"

void vx_head_back(vx_trace *t, const double *seed, real *g) {
  const vx_model *m = t->model;
  size_t d = (size_t)m->shape.dim;
  real *d_read = t->ways.room.scores, *d_tokens = t->ways.room.branch;
  for (int b = 0; b < t->count; b++) {
    int n = vx_tokens_of(t, b), high = vx_high(t, true, b);
    size_t first = (size_t)t->first[b];
    vx_classify_back(&m->head, seed + (size_t)b * (size_t)m->shape.classes, d_read);
    for (int i = 0; i < high; i++) {
      real weight = (real)vx_read_weight(&m->shape, n, i);
      for (size_t j = 0; j < d; j++) d_tokens[(size_t)i * d + j] = weight * d_read[j];
    }
    vx_norm_back(high, m->shape.dim, &m->norm, t->output + first * d, t->scale + first * 2, d_tokens, NULL,
                 g + vx_row(t, true, b) * d);
  }
}

void vx_mlp_back(vx_trace *t, int l, bool top, const real *g, real *to) {
  const vx_block *w = &t->model->block[l];
  const vx_room *room = &t->ways.room;
  int rows = (int)vx_row(t, top, t->count), dim = t->model->shape.dim, mlp = t->model->shape.mlp;
  size_t d = (size_t)dim, m = (size_t)mlp;
  vx_product_back(rows, &w->fc2, 0, dim, g, dim, room->hidden, false, t->tile);
  for (int b = 0; b < t->count; b++)
    vx_gelu_back(vx_high(t, top, b), mlp, vx_trace_layer(t, l, b).hidden, room->hidden + vx_row(t, top, b) * m);
  vx_product_back(rows, &w->fc1, 0, mlp, room->hidden, mlp, room->inner, false, t->tile);
  for (int b = 0; b < t->count; b++) {
    vx_layer one = vx_trace_layer(t, l, b);
    size_t row = vx_row(t, top, b) * d;
    vx_norm_back(vx_high(t, top, b), dim, &w->norm2, one.middle, one.scale2, room->inner + row, g + row, to + row);
  }
}
