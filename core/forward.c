/* The forward pass: the order of calls. The activations stay in the trace. */
#include "core/trace.h"

/* x1 = x + Wo attn(LN1 x) + bo; next = x1 + W2 f(W1 LN2 x1 + b1) + b2, of the first `rows` rows. */
static void block(vx_trace *t, int l, int rows, real *next) {
  const vx_shape *s = &t->model->shape;
  const vx_block *w = &t->model->block[l];
  const vx_layer *at = &t->layer[l];
  int all = t->first[t->count], d = s->dim;
  vx_norm_forward(all, d, &w->norm1, s->epsilon, at->x, at->norm1, at->scale1);
  vx_product(all, &w->qkv, at->norm1, at->qkv, t->tile);
  vx_bias(all, 3 * d, w->qkv.bias, at->qkv);
  if (s->qk_norm) vx_qk_norm(s, w, all, at->qkv, at->raw, at->scale_qk);
  for (int b = 0; b < t->count; b++) {
    vx_layer one = vx_trace_layer(t, l, b);
    int n = vx_tokens_of(t, b);
    vx_attend(s, n, rows < all ? rows : n, vx_high(t, !t->all_scores, b), one.qkv, one.scores, one.attention,
              one.context);
  }
  vx_product(rows, &w->proj, at->context, at->projected, t->tile);
  vx_bias_residual(rows, &w->proj, at->x, at->projected, at->middle);
  vx_norm_forward(rows, d, &w->norm2, s->epsilon, at->middle, at->norm2, at->scale2);
  vx_product(rows, &w->fc1, at->norm2, at->hidden, t->tile);
  vx_bias_activate(s->activation, rows, s->mlp, w->fc1.bias, at->hidden, at->active);
  vx_product(rows, &w->fc2, at->active, at->mlp, t->tile);
  vx_bias_residual(rows, &w->fc2, at->middle, at->mlp, next);
}

/* The block's output shows nearly every value that is not finite. Not these two: a key of -infinity only takes its
   token out of the softmax, and a score that overflows does the same. */
static bool block_finite(const vx_trace *t, int l, int rows, const real *next) {
  size_t d = (size_t)t->model->shape.dim, heads = (size_t)t->model->shape.heads;
  bool good =
      vx_all_finite((size_t)rows * d, next) && vx_all_finite((size_t)t->first[t->count] * 3 * d, t->layer[l].qkv);
  for (int b = 0; good && b < t->count; b++)
    good = vx_all_finite(heads * (size_t)vx_high(t, !t->all_scores, b) * (size_t)vx_tokens_of(t, b),
                         vx_trace_layer(t, l, b).scores);
  return good;
}

static void embed(vx_trace *t) {
  const vx_model *m = t->model;
  int patches = m->shape.grid * m->shape.grid, d = m->shape.dim;
  vx_product(t->count * patches, &m->patch, t->patches, t->embedded, t->tile);
  vx_bias(t->count * patches, d, m->patch.bias, t->embedded);
  for (int b = 0; b < t->count; b++)
    vx_embed(m, vx_tokens_of(t, b), t->place + b * patches, t->embedded + (size_t)b * (size_t)patches * (size_t)d,
             t->stream + (size_t)t->first[b] * (size_t)d);
  if (m->shape.pre_norm)
    vx_norm_forward(t->first[t->count], d, &m->pre_norm, m->shape.epsilon, t->stream, t->layer[0].x, t->scale_pre);
}

static void classify(vx_trace *t) {
  const vx_model *m = t->model;
  const vx_shape *s = &m->shape;
  size_t d = (size_t)s->dim, parts = (size_t)vx_read_parts(s), classes = (size_t)s->classes;
  for (int b = 0; b < t->count; b++) {
    size_t at = (size_t)b * parts * d;
    for (size_t part = 0; part < parts; part++)
      vx_read(s, vx_tokens_of(t, b), (int)part, s->dim, s->dim, t->tokens + (size_t)t->first[b] * d,
              t->pooled + at + part * d);
    if (s->fc_norm)
      vx_norm_forward(1, s->dim, &m->norm, s->epsilon, t->pooled + at, t->read + at, t->scale + (size_t)b * 2);
    vx_classify(&m->head, t->read + at, t->logits + (size_t)b * classes);
  }
}

bool vx_forward(vx_trace *t, int count, vx_error *error) {
  const vx_shape *s = &t->model->shape;
  size_t d = (size_t)s->dim;
  t->count = count;
  t->shown = false;
  int all = t->first[count], rows = all;
  embed(t);
  if (!vx_all_finite((size_t)all * d, t->layer[0].x))
    return vx_fail(error, "patch embedding", "an activation is NaN or infinite");
  for (int l = 0; l < s->layers; l++) {
    bool last = l + 1 == s->layers;
    real *next = last ? t->output : t->layer[l + 1].x;
    if (last && t->read_top) rows = vx_high(t, true, 0);
    block(t, l, rows, next);
    if (!block_finite(t, l, rows, next))
      return vx_fail(error, vx_where(error, "layer %d", l), "an activation is NaN or infinite");
  }
  if (!s->fc_norm) vx_norm_forward(rows, s->dim, &t->model->norm, s->epsilon, t->output, t->tokens, t->scale);
  if (!vx_all_finite((size_t)rows * d, t->tokens))
    return vx_fail(error, "final norm", "an activation is NaN or infinite");
  classify(t);
  return vx_all_finite((size_t)count * (size_t)s->classes, t->logits) ||
         vx_fail(error, "head", "a logit is NaN or infinite");
}
