/* AG-CAM's gradient (Leem & Seo 2024): none passes into an attention block's input. The rows that the head reads go
   down the residual stream and through the MLPs; what they find at A is recorded. */
#include "core/descend.h"

static bool take(vx_trace *t, vx_way *way) {
  const vx_shape *s = &t->model->shape;
  real *g;
  bool ok = vx_trace_take(t, &g, (size_t)t->batch * (size_t)vx_read_high(s, s->tokens), (size_t)s->dim);
  way->state = g; /* [rows][d] at the top */
  return ok;
}

static void start(vx_trace *t, vx_way *way, const vx_start *from) {
  vx_head_back(t, from->seed, way->state);
}

static bool block(vx_trace *t, vx_way *way, int l, vx_error *error) {
  const vx_shape *s = &t->model->shape;
  const vx_room *room = &t->ways.room;
  real *g = way->state;
  int rows = (int)vx_row(t, true, t->count), d = s->dim, dh = s->head_dim;
  vx_mlp_back(t, l, true, g, g);
  vx_product_back(rows, &t->model->block[l].proj, 0, d, g, d, room->context, false, t->tile);
  for (int b = 0; b < t->count; b++) {
    int n = vx_tokens_of(t, b), high = vx_high(t, true, b);
    const real *v = vx_trace_layer(t, l, b).qkv + 2 * d, *context = room->context + vx_row(t, true, b) * (size_t)d;
    for (int h = 0; h < s->heads; h++)
      for (int i = 0; i < high; i++)
        VX_GEMV(CblasRowMajor, CblasNoTrans, n, dh, 1, v + h * dh, 3 * d, context + i * d + h * dh, 1, 0,
                room->map + ((size_t)h * (size_t)n + (size_t)i) * (size_t)n, 1);
    if (!vx_record(t, way, VX_AT_ATTENTION, l, b, room->map, n, high, error)) return false;
  }
  return true;
}

const vx_descent_kind VX_R(vx_descent_cut_gradient) = {
    .what = "gradient",
    .sites = 1u << VX_AT_ATTENTION,
    .reads = VX_READS(qkv) | VX_READS(middle) | VX_READS(scale2) | VX_READS(hidden),
    .take = take,
    .start = start,
    .block = block,
};
