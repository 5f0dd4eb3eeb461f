/* The gradient: from the output to every attention map and to the picture, each block the mirror of forward.c. In the
   last block only the tokens that the head reads have one until it passes through A. */
#include "core/descend.h"

typedef struct state {
  real *g;       /* [rows][d] at the output of the block that is next */
  real *patches; /* [grid²][3PP], where it goes on to the picture */
} state;

static bool take(vx_trace *t, vx_way *way) {
  const vx_shape *s = &t->model->shape;
  size_t rows = (size_t)t->batch * (size_t)s->tokens, side = (size_t)s->image;
  state *own = way->state = VX_TAKE(t->arena, 1, state);
  return own && vx_trace_take(t, &own->g, rows, (size_t)s->dim) &&
         (!way->to_input || vx_trace_take(t, &own->patches, 3 * side, side));
}

static void start(vx_trace *t, vx_way *way, const vx_start *from) {
  vx_head_back(t, from->seed, ((state *)way->state)->g);
}

/* From the context's gradient to A's and, where it goes on, to qkv's. */
static bool attention(vx_trace *t, const vx_way *way, int l, bool top, bool on, vx_error *error) {
  const vx_shape *s = &t->model->shape;
  const vx_room *room = &t->ways.room;
  size_t d = (size_t)s->dim;
  for (int b = 0; b < t->count; b++) {
    vx_layer one = vx_trace_layer(t, l, b);
    int n = vx_tokens_of(t, b), high = vx_high(t, top, b);
    real *context = room->context + vx_row(t, top, b) * d, *qkv = room->qkv + (size_t)t->first[b] * 3 * d;
    vx_attend_back(s, n, high, one.qkv, one.attention, context, room->map, room->scores, on ? qkv : NULL);
    if (on && s->qk_norm) vx_qk_norm_back(s, &t->model->block[l], n, high, one.raw, one.scale_qk, qkv);
    if (!vx_record(t, way, VX_AT_CONTEXT, l, b, context, s->dim, high, error) ||
        !vx_record(t, way, VX_AT_ATTENTION, l, b, room->map, n, high, error) ||
        (on && !vx_record(t, way, VX_AT_VALUES, l, b, qkv + 2 * d, 3 * s->dim, n, error)))
      return false;
  }
  return true;
}

/* LN1's gradient [rows][d] from qkv's: every token has one in k and v, those of the top alone in q. */
static void projections(const vx_trace *t, int l, bool top, real *norm1) {
  const vx_linear *w = &t->model->block[l].qkv;
  int d = t->model->shape.dim, all = t->first[t->count];
  const real *qkv = t->ways.room.qkv;
  if (!top) {
    vx_product_back(all, w, 0, 3 * d, qkv, 3 * d, norm1, false, t->tile);
    return;
  }
  vx_product_back(all, w, d, 2 * d, qkv + d, 3 * d, norm1, false, t->tile);
  for (int b = 0; b < t->count; b++) {
    size_t row = (size_t)t->first[b] * (size_t)d;
    vx_product_back(vx_high(t, true, b), w, 0, d, qkv + 3 * row, 3 * d, norm1 + row, true, t->tile);
  }
}

static bool block(vx_trace *t, vx_way *way, int l, vx_error *error) {
  const vx_shape *s = &t->model->shape;
  const vx_block *w = &t->model->block[l];
  const vx_room *room = &t->ways.room;
  real *g = ((state *)way->state)->g, *middle = room->branch, *norm1 = room->inner;
  size_t d = (size_t)s->dim;
  bool top = l == s->layers - 1, on = vx_goes_below(t, way, l), good = true;
  vx_mlp_back(t, l, top, g, middle);
  vx_product_back((int)vx_row(t, top, t->count), &w->proj, 0, s->dim, middle, s->dim, room->context, false, t->tile);
  if (!attention(t, way, l, top, on, error)) return false;
  if (!on) return true;
  projections(t, l, top, norm1);
  vx_norm_back(t->first[t->count], s->dim, &w->norm1, t->layer[l].x, t->layer[l].scale1, norm1, top ? NULL : middle, g);
  for (int b = 0; good && b < t->count; b++) {
    size_t row = (size_t)t->first[b] * d, from = vx_row(t, top, b) * d, count = (size_t)vx_high(t, top, b) * d;
    for (size_t i = 0; top && i < count; i++) g[row + i] += middle[from + i];
    good = vx_record(t, way, VX_AT_NORM1, l, b, norm1 + row, s->dim, vx_tokens_of(t, b), error) &&
           vx_record(t, way, VX_AT_STREAM, l, b, g + row, s->dim, vx_tokens_of(t, b), error);
  }
  return good;
}

static bool finish(vx_trace *t, vx_way *way, vx_error *error) {
  const vx_shape *s = &t->model->shape;
  const state *own = way->state;
  int patches = s->grid * s->grid;
  if (s->pre_norm)
    vx_norm_back(t->first[t->count], s->dim, &t->model->pre_norm, t->stream, t->scale_pre, own->g, NULL, own->g);
  for (int b = 0; b < t->count; b++) {
    int n = vx_tokens_of(t, b), kept = n - s->leading;
    const real *g = own->g + (size_t)(t->first[b] + s->leading) * (size_t)s->dim;
    vx_product_back(kept, &t->model->patch, 0, s->dim, g, s->dim, own->patches, false, t->tile);
    if (!vx_all_finite((size_t)kept * 3 * (size_t)s->patch * (size_t)s->patch, own->patches))
      return vx_fail(error, "patch embedding", "a gradient of the input is NaN or infinite");
    vx_embed_back(s, n, t->place + b * patches, own->patches, vx_slot_at(t, way, VX_AT_INPUT, 0, b));
  }
  return true;
}

const vx_descent_kind VX_R(vx_descent_gradient) = {
    .what = "gradient",
    .sites = 1u << VX_AT_INPUT | 1u << VX_AT_STREAM | 1u << VX_AT_NORM1 | 1u << VX_AT_ATTENTION | 1u << VX_AT_VALUES |
             1u << VX_AT_CONTEXT,
    .reads = VX_READS(x) | VX_READS(scale1) | VX_READS(qkv) | VX_READS(attention) | VX_READS(middle) |
             VX_READS(scale2) | VX_READS(hidden) | VX_READS(raw) | VX_READS(scale_qk),
    .take = take,
    .start = start,
    .block = block,
    .finish = finish,
};
