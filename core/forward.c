/* The forward pass; the activations stay in the trace. */
#include "core/real.h"

#include <math.h>
#include <string.h>

/* Patches of x [3][S][S] as rows [n-1][3][P][P]: the convolution of stride P is then one product. */
static void cut_patches(const vx_shape *s, const real *x, real *patches) {
  size_t side = (size_t)s->image, p = (size_t)s->patch, grid = (size_t)s->grid;
  for (size_t row = 0; row < grid; row++)
    for (size_t column = 0; column < grid; column++)
      for (size_t c = 0; c < 3; c++)
        for (size_t y = 0; y < p; y++, patches += p)
          memcpy(patches, x + (c * side + row * p + y) * side + column * p, p * sizeof(real));
}

/* tokens [n][d] = [cls; embedded + bias] + position. */
static void embed(const vx_model *m, const real *embedded, real *tokens) {
  size_t d = (size_t)m->shape.dim, n = (size_t)m->shape.tokens;
  for (size_t i = 0; i < d; i++) tokens[i] = (real)m->cls[i] + (real)m->position[i];
  for (size_t t = 1; t < n; t++)
    for (size_t i = 0; i < d; i++) tokens[t * d + i] = embedded[(t - 1) * d + i] + (real)m->position[t * d + i];
}

/* Attention of the first `queries` tokens to all. */
static void attend(const vx_shape *s, VX_R(vx_layer) * layer, int batch, int queries) {
  int n = s->tokens, d = s->dim, dh = s->head_dim;
  size_t nn = (size_t)n * (size_t)n;
  real scale = (real)(1 / sqrt((double)dh));
  for (int b = 0; b < batch; b++)
    for (int h = 0; h < s->heads; h++) {
      size_t map = (size_t)b * (size_t)s->heads + (size_t)h;
      const real *q = layer->qkv + (size_t)b * (size_t)n * 3 * (size_t)d + (size_t)(h * dh), *k = q + d, *v = k + d;
      real *a = layer->attention + map * nn;
      VX_GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, queries, n, dh, scale, q, 3 * d, k, 3 * d, 0, a, n);
      memcpy(layer->cls_scores + map * (size_t)n, a, (size_t)n * sizeof(real));
      VX_R(vx_softmax)(queries, n, a);
      real *context = layer->context + (size_t)b * (size_t)n * (size_t)d + (size_t)(h * dh);
      VX_GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, queries, dh, n, 1, a, n, v, 3 * d, 0, context, d);
    }
}

/* x1 = x + Wo attn(LN1 x) + bo; next = x1 + W2 gelu(W1 LN2 x1 + b1) + b2; of the first `queries` tokens. */
static void block(const vx_shape *s, const vx_block *w, VX_R(vx_layer) * l, int batch, int queries, real *next,
                  real *tile) {
  int all = batch * s->tokens, rows = batch * queries, d = s->dim;
  VX_R(vx_norm_forward)(all, d, &w->norm1, s->epsilon, l->x, l->norm1, l->scale1);
  VX_R(vx_product)(all, &w->qkv, l->norm1, l->qkv, tile);
  VX_R(vx_bias)(all, 3 * d, w->qkv.bias, l->qkv);
  attend(s, l, batch, queries);
  VX_R(vx_product)(rows, &w->proj, l->context, l->projected, tile);
  VX_R(vx_bias_residual)(rows, d, w->proj.bias, l->x, l->projected, l->middle);
  VX_R(vx_norm_forward)(rows, d, &w->norm2, s->epsilon, l->middle, l->norm2, l->scale2);
  VX_R(vx_product)(rows, &w->fc1, l->norm2, l->hidden, tile);
  VX_R(vx_bias_gelu)(rows, s->mlp, w->fc1.bias, l->hidden, l->active);
  VX_R(vx_product)(rows, &w->fc2, l->active, l->mlp, tile);
  VX_R(vx_bias_residual)(rows, d, w->fc2.bias, l->middle, l->mlp, next);
}

static void classify(VX_R(vx_trace) * t, int batch) {
  const vx_model *m = t->model;
  size_t d = (size_t)m->shape.dim, row = (size_t)m->shape.tokens * d, classes = (size_t)m->shape.classes;
  for (int b = 0; b < batch; b++) {
    const real *cls = t->tokens + (size_t)b * row;
    for (size_t c = 0; c < classes; c++) {
      real logit = 0;
      for (size_t i = 0; i < d; i++) logit += cls[i] * (real)m->head.weight[c * d + i];
      t->logits[(size_t)b * classes + c] = logit + (real)m->head.bias[c];
    }
  }
}

/* The block's output shows nearly every value that is not finite. Not these two: a key of -infinity only takes its
   token out of the softmax, and a score that overflows does the same. */
static bool block_finite(const vx_shape *s, const VX_R(vx_layer) * l, int batch, const real *next) {
  size_t rows = (size_t)batch * (size_t)s->tokens, d = (size_t)s->dim;
  return VX_R(vx_all_finite)(rows * d, next) && VX_R(vx_all_finite)(rows * 3 * d, l->qkv) &&
         VX_R(vx_all_finite)(rows * (size_t)s->heads, l->cls_scores);
}

bool VX_R(vx_forward)(VX_R(vx_trace) * t, int batch, const real *x, vx_error *error) {
  const vx_model *m = t->model;
  const vx_shape *s = &m->shape;
  size_t pixels = 3 * (size_t)s->image * (size_t)s->image, d = (size_t)s->dim, n = (size_t)s->tokens;
  for (int b = 0; b < batch; b++) cut_patches(s, x + (size_t)b * pixels, t->patches + (size_t)b * pixels);
  VX_R(vx_product)(batch * (s->tokens - 1), &m->patch, t->patches, t->embedded, t->tile);
  VX_R(vx_bias)(batch * (s->tokens - 1), s->dim, m->patch.bias, t->embedded);
  for (int b = 0; b < batch; b++) embed(m, t->embedded + (size_t)b * (n - 1) * d, t->layer[0].x + (size_t)b * n * d);
  if (!VX_R(vx_all_finite)((size_t)batch * n * d, t->layer[0].x))
    return vx_fail(error, "patch embedding", "an activation is NaN or infinite");
  for (int l = 0; l < s->layers; l++) {
    bool last = l + 1 == s->layers;
    real *next = last ? t->output : t->layer[l + 1].x;
    block(s, &m->block[l], &t->layer[l], batch, last && t->keep == VX_KEEP_RELEVANCE ? 1 : s->tokens, next, t->tile);
    if (!block_finite(s, &t->layer[l], batch, next))
      return vx_fail(error, vx_where(error, "layer %d", l), "an activation is NaN or infinite");
  }
  VX_R(vx_norm_forward)(batch * s->tokens, s->dim, &m->norm, s->epsilon, t->output, t->tokens, t->scale);
  if (!VX_R(vx_all_finite)((size_t)batch * n * d, t->tokens))
    return vx_fail(error, "final norm", "an activation is NaN or infinite");
  classify(t, batch);
  if (!VX_R(vx_all_finite)((size_t)batch * (size_t)s->classes, t->logits))
    return vx_fail(error, "head", "a logit is NaN or infinite");
  return true;
}
