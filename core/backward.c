/* The gradient through the head and through an MLP, which more than one descent passes. */
#include "core/descend.h"

void vx_head_back(vx_trace *t, const double *seed, real *g) {
  const vx_model *m = t->model;
  const vx_shape *s = &m->shape;
  size_t d = (size_t)s->dim, parts = (size_t)vx_read_parts(s);
  real *d_read = t->ways.room.scores, *d_tokens = t->ways.room.branch;
  for (int b = 0; b < t->count; b++, seed += s->classes) {
    int n = vx_tokens_of(t, b);
    size_t first = (size_t)t->first[b];
    real *to = g + vx_row(t, true, b) * d;
    vx_classify_back(&m->head, seed, d_read);
    if (s->fc_norm)
      vx_norm_back(1, s->dim, &m->norm, t->pooled + (size_t)b * parts * d, t->scale + b * 2, d_read, NULL, d_read);
    vx_read_back(s, n, d_read, s->fc_norm ? to : d_tokens);
    if (!s->fc_norm)
      vx_norm_back(vx_high(t, true, b), s->dim, &m->norm, t->output + first * d, t->scale + first * 2, d_tokens, NULL,
                   to);
  }
}

void vx_mlp_back(vx_trace *t, int l, bool top, const real *g, real *to) {
  const vx_block *w = &t->model->block[l];
  const vx_room *room = &t->ways.room;
  int rows = (int)vx_row(t, top, t->count), dim = t->model->shape.dim, mlp = t->model->shape.mlp;
  size_t d = (size_t)dim, m = (size_t)mlp;
  vx_product_back(rows, &w->fc2, 0, dim, g, dim, room->hidden, false, t->tile);
  for (int b = 0; b < t->count; b++)
    vx_activate_back(t->model->shape.activation, (size_t)vx_high(t, top, b) * m, vx_trace_layer(t, l, b).hidden,
                     room->hidden + vx_row(t, top, b) * m);
  vx_product_back(rows, &w->fc1, 0, mlp, room->hidden, mlp, room->inner, false, t->tile);
  for (int b = 0; b < t->count; b++) {
    vx_layer one = vx_trace_layer(t, l, b);
    size_t row = vx_row(t, top, b) * d;
    vx_norm_back(vx_high(t, top, b), dim, &w->norm2, one.middle, one.scale2, room->inner + row, g + row, to + row);
  }
}
