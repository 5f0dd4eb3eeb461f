/* The backward pass: from the output to every attention map and to the picture, each layer the mirror of forward.c.
   Only [CLS] is read by the head, so in the last block gradients are one row high until they pass through A. */
#include "core/real.h"

#include <math.h>
#include <string.h>

/* g_token [batch][d]: gradient of sum(seed * logits) at the last residual stream, [CLS] rows. */
static void head_back(VX_R(vx_trace) * t, int batch, const double *seed) {
  const vx_model *m = t->model;
  size_t d = (size_t)m->shape.dim, classes = (size_t)m->shape.classes;
  memset(t->g_norm, 0, (size_t)batch * d * sizeof(real));
  for (size_t b = 0; b < (size_t)batch; b++)
    for (size_t c = 0; c < classes; c++) {
      real weight = (real)seed[b * classes + c];
      if (weight != 0)
        for (size_t i = 0; i < d; i++) t->g_norm[b * d + i] += weight * (real)m->head.weight[c * d + i];
    }
  VX_R(vx_norm_back)(batch, m->shape.dim, m->shape.tokens, &m->norm, t->output, t->scale, t->g_norm, NULL, t->g_token);
}

/* g_middle = g + gradient through the MLP of g; g [rows][d]. */
static void mlp_back(VX_R(vx_trace) * t, int l, int rows, int step, const real *g, real *g_middle) {
  const vx_shape *s = &t->model->shape;
  const vx_block *w = &t->model->block[l];
  const VX_R(vx_layer) *layer = &t->layer[l];
  VX_R(vx_product_back)(rows, &w->fc2, 0, s->dim, g, s->dim, t->g_hidden, false, t->tile);
  VX_R(vx_gelu_back)(rows, s->mlp, step, layer->hidden, t->g_hidden);
  VX_R(vx_product_back)(rows, &w->fc1, 0, s->mlp, t->g_hidden, s->mlp, t->g_norm, false, t->tile);
  VX_R(vx_norm_back)(rows, s->dim, step, &w->norm2, layer->middle, layer->scale2, t->g_norm, g, g_middle);
}

/* From g_context [batch * rows][d] to G and, unless `stop`, to g_qkv; rows is n, or 1 for the [CLS] row only. */
static void attention_back(VX_R(vx_trace) * t, int l, int batch, int rows, bool stop) {
  const vx_shape *s = &t->model->shape;
  const VX_R(vx_layer) *layer = &t->layer[l];
  int n = s->tokens, d = s->dim, dh = s->head_dim;
  size_t nn = (size_t)n * (size_t)n;
  real scale = (real)(1 / sqrt((double)dh));
  for (int b = 0; b < batch; b++)
    for (int h = 0; h < s->heads; h++) {
      size_t map = ((size_t)b * (size_t)s->heads + (size_t)h) * nn;
      size_t first = (size_t)b * (size_t)n * 3 * (size_t)d + (size_t)(h * dh);
      const real *q = layer->qkv + first, *k = q + d, *v = k + d, *a = layer->attention + map;
      const real *g_context = t->g_context + (size_t)b * (size_t)rows * (size_t)d + (size_t)(h * dh);
      real *g = layer->gradient + map, *g_q = t->g_qkv + first, *g_k = g_q + d, *g_v = g_k + d;
      VX_GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, rows, n, dh, 1, g_context, d, v, 3 * d, 0, g, n);
      if (stop) continue;
      VX_GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, n, dh, rows, 1, a, n, g_context, d, 0, g_v, 3 * d);
      VX_R(vx_softmax_back)(rows, n, a, g, t->g_scores);
      VX_GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, dh, n, scale, t->g_scores, n, k, 3 * d, 0, g_q, 3 * d);
      VX_GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, n, dh, rows, scale, t->g_scores, n, q, 3 * d, 0, g_k, 3 * d);
    }
}

/* The last block: g_token in, g_x [batch * n][d] out. */
static void last_block_back(VX_R(vx_trace) * t, int batch, bool stop) {
  const vx_shape *s = &t->model->shape;
  int l = s->layers - 1, n = s->tokens, d = s->dim;
  size_t row = (size_t)n * (size_t)d;
  const vx_block *w = &t->model->block[l];
  const VX_R(vx_layer) *layer = &t->layer[l];
  mlp_back(t, l, batch, n, t->g_token, t->g_middle);
  VX_R(vx_product_back)(batch, &w->proj, 0, d, t->g_middle, d, t->g_context, false, t->tile);
  attention_back(t, l, batch, 1, stop);
  if (stop) return;
  /* Every token has gradient in k and v, only [CLS] in q. */
  VX_R(vx_product_back)(batch * n, &w->qkv, d, 2 * d, t->g_qkv + d, 3 * d, t->last_norm_gradient, false, t->tile);
  for (int b = 0; b < batch; b++) VX_R(vx_product_back)
  (1, &w->qkv, 0, d, t->g_qkv + (size_t)b * 3 * row, 3 * d, t->last_norm_gradient + (size_t)b * row, true, t->tile);
  VX_R(vx_norm_back)(batch * n, d, 1, &w->norm1, layer->x, layer->scale1, t->last_norm_gradient, NULL, t->g_x);
  for (int b = 0; b < batch; b++)
    for (int i = 0; i < d; i++) t->g_x[(size_t)b * row + (size_t)i] += t->g_middle[(size_t)b * (size_t)d + (size_t)i];
}

/* Any other block: g_x in and out. */
static void block_back(VX_R(vx_trace) * t, int l, int batch, bool stop) {
  const vx_shape *s = &t->model->shape;
  int rows = batch * s->tokens, d = s->dim;
  const vx_block *w = &t->model->block[l];
  const VX_R(vx_layer) *layer = &t->layer[l];
  mlp_back(t, l, rows, 1, t->g_x, t->g_middle);
  VX_R(vx_product_back)(rows, &w->proj, 0, d, t->g_middle, d, t->g_context, false, t->tile);
  attention_back(t, l, batch, s->tokens, stop);
  if (stop) return;
  VX_R(vx_product_back)(rows, &w->qkv, 0, 3 * d, t->g_qkv, 3 * d, t->g_norm, false, t->tile);
  VX_R(vx_norm_back)(rows, d, 1, &w->norm1, layer->x, layer->scale1, t->g_norm, t->g_middle, t->g_x);
}

/* Through the patch embedding: the mirror of cut_patches. */
static void input_back(VX_R(vx_trace) * t, int batch) {
  const vx_shape *s = &t->model->shape;
  size_t side = (size_t)s->image, p = (size_t)s->patch, grid = (size_t)s->grid, d = (size_t)s->dim;
  for (size_t b = 0; b < (size_t)batch; b++) {
    real *patches = t->g_patches, *x = t->input_gradient + b * 3 * side * side;
    VX_R(vx_product_back)
    (s->tokens - 1, &t->model->patch, 0, s->dim, t->g_x + (b * (size_t)s->tokens + 1) * d, s->dim, patches, false,
     t->tile);
    for (size_t row = 0; row < grid; row++)
      for (size_t column = 0; column < grid; column++)
        for (size_t c = 0; c < 3; c++)
          for (size_t y = 0; y < p; y++, patches += p)
            memcpy(x + (c * side + row * p + y) * side + column * p, patches, p * sizeof(real));
  }
}

/* G of one layer; what comes out of a block has passed through it, so that nothing else needs a look. */
static bool check_layer(const VX_R(vx_trace) * t, int l, int batch, vx_error *error) {
  const vx_shape *s = &t->model->shape;
  size_t maps = (size_t)batch * (size_t)s->heads, n = (size_t)s->tokens;
  return VX_R(vx_all_finite)(maps * n * n, t->layer[l].gradient) ||
         vx_fail(error, vx_where(error, "layer %d", l), "a gradient is NaN or infinite");
}

/* ---- AG-CAM's cut gradient ------------------------------------------------------------------------------------- */

/* Nothing passes into an attention block's input: one row, [CLS], goes down the residual stream and through the MLPs.
   cut_token [d] in and out; G' of row 0 is what it finds at A. */
static bool cut_layer(VX_R(vx_trace) * t, int l, vx_error *error) {
  const vx_shape *s = &t->model->shape;
  size_t n = (size_t)s->tokens, d = (size_t)s->dim, dh = (size_t)s->head_dim, row = (size_t)s->heads * n;
  real *out = t->cut_gradient + (size_t)l * row;
  mlp_back(t, l, 1, s->tokens, t->cut_token, t->cut_token);
  VX_R(vx_product_back)(1, &t->model->block[l].proj, 0, s->dim, t->cut_token, s->dim, t->g_context, false, t->tile);
  for (size_t h = 0; h < (size_t)s->heads; h++)
    VX_GEMV(CblasRowMajor, CblasNoTrans, s->tokens, s->head_dim, 1, t->layer[l].qkv + 2 * d + h * dh, 3 * s->dim,
            t->g_context + h * dh, 1, 0, out + h * n, 1);
  return VX_R(vx_all_finite)(row, out) ||
         vx_fail(error, vx_where(error, "layer %d", l), "a gradient is NaN or infinite");
}

/* ---- the pass --------------------------------------------------------------------------------------------------- */

bool VX_R(vx_backward)(VX_R(vx_trace) * t, int batch, const double *seed, const vx_aims *aims, vx_error *error) {
  const vx_shape *s = &t->model->shape;
  int last = s->layers - 1, lowest = aims->input ? 0 : aims->lowest;
  size_t rows = (size_t)batch * (size_t)s->tokens;
  if (aims->last_norm && lowest > last) lowest = last;
  head_back(t, batch, seed);
  memcpy(t->cut_token, t->g_token, (size_t)s->dim * sizeof(real));
  for (int l = last; l >= lowest || (aims->cut && l >= 0); l--) {
    /* right before the block's own products: the weights are read from memory once */
    if (aims->cut && !cut_layer(t, l, error)) return false;
    if (l < lowest) continue;
    bool stop = l == lowest && !aims->input;
    if (l == last)
      last_block_back(t, batch, stop && !aims->last_norm);
    else
      block_back(t, l, batch, stop);
    if (!check_layer(t, l, batch, error)) return false;
    if (l == last && aims->last_norm && !VX_R(vx_all_finite)(rows * (size_t)s->dim, t->last_norm_gradient))
      return vx_fail(error, vx_where(error, "layer %d", l), "a gradient at LN1 is NaN or infinite");
  }
  if (aims->input) input_back(t, batch);
  return !aims->input ||
         VX_R(vx_all_finite)((size_t)batch * 3 * (size_t)s->image * (size_t)s->image, t->input_gradient) ||
         vx_fail(error, "patch embedding", "a gradient of the input is NaN or infinite");
}
