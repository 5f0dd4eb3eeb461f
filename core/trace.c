/* The memory of one picture's passes. */
#include "core/real.h"

#include <stdlib.h>

static real *take(vx_arena *arena, size_t a, size_t b) {
  return b && a > (size_t)-1 / b ? NULL : vx_arena_take(arena, a * b, sizeof(real));
}

static bool keeps_gradients(vx_keep keep) {
  return keep == VX_KEEP_BACKWARD || keep == VX_KEEP_ALL;
}

/* Tensors of one layer; those that `keep` does not name come from `shared`. */
static bool take_layer(VX_R(vx_trace) * t, VX_R(vx_layer) * l, const VX_R(vx_layer) * shared, vx_keep keep) {
  const vx_shape *s = &t->model->shape;
  size_t rows = (size_t)t->rows, d = (size_t)s->dim, m = (size_t)s->mlp, n = (size_t)s->tokens;
  bool relevance = keep >= VX_KEEP_RELEVANCE || !shared, backward = keep != VX_KEEP_RELEVANCE || !shared;
  *l = (VX_R(vx_layer)){.x = take(t->arena, rows, d),
                        .scale1 = take(t->arena, rows, 2),
                        .qkv = take(t->arena, rows, 3 * d),
                        .middle = take(t->arena, rows, d),
                        .scale2 = take(t->arena, rows, 2),
                        .hidden = backward ? take(t->arena, rows, m) : shared->hidden};
  size_t map =
      (size_t)t->batch * (size_t)s->heads * n; /* the layers' maps lie side by side: a view shows them as one */
  l->attention = t->attention + (size_t)(l - t->layer) * map * n;
  l->gradient = t->gradient + (keeps_gradients(keep) ? (size_t)(l - t->layer) * map * n : 0);
  l->cls_scores = t->cls_scores + (size_t)(l - t->layer) * map;
  l->norm1 = relevance ? take(t->arena, rows, d) : shared->norm1;
  l->context = relevance ? take(t->arena, rows, d) : shared->context;
  l->projected = relevance ? take(t->arena, rows, d) : shared->projected;
  l->norm2 = relevance ? take(t->arena, rows, d) : shared->norm2;
  l->active = relevance ? take(t->arena, rows, m) : shared->active;
  l->mlp = relevance ? take(t->arena, rows, d) : shared->mlp;
  return l->x && l->scale1 && l->qkv && l->middle && l->scale2 && l->hidden && l->norm1 && l->context && l->projected &&
         l->norm2 && l->active && l->mlp;
}

static bool take_rest(VX_R(vx_trace) * t, vx_keep keep) {
  const vx_shape *s = &t->model->shape;
  size_t rows = (size_t)t->rows, batch = (size_t)t->batch, d = (size_t)s->dim, m = (size_t)s->mlp;
  size_t n = (size_t)s->tokens, pixels = 3 * (size_t)s->image * (size_t)s->image;
  size_t maps = (size_t)s->layers * batch * (size_t)s->heads, widest = m > 3 * d ? m : 3 * d,
         patch = 3 * (size_t)s->patch * (size_t)s->patch;
  if (patch > widest) widest = patch;
  const struct {
    real **to;
    size_t a, b;
  } list[] = {{&t->attention, maps, n * n},
              {&t->gradient, keeps_gradients(keep) ? maps : batch * (size_t)s->heads, n * n},
              {&t->cls_scores, maps, n},
              {&t->patches, batch, pixels},
              {&t->embedded, rows, d},
              {&t->output, rows, d},
              {&t->tokens, rows, d},
              {&t->scale, rows, 2},
              {&t->logits, batch, (size_t)s->classes},
              {&t->input_gradient, batch, pixels},
              {&t->last_norm_gradient, rows, d},
              {&t->g_token, batch, d},
              {&t->g_x, rows, d},
              {&t->g_middle, rows, d},
              {&t->g_norm, rows, d},
              {&t->g_context, rows, d},
              {&t->g_hidden, rows, m},
              {&t->g_qkv, rows, 3 * d},
              {&t->g_scores, n, n},
              {&t->g_patches, 1, pixels},
              {&t->cut_token, 1, d},
              {&t->cut_gradient, (size_t)s->layers * (size_t)s->heads, n},
              {&t->tile, VX_TILE_ROWS, widest}};
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (!(*list[i].to = take(t->arena, list[i].a, list[i].b))) return false;
  return true;
}

VX_R(vx_trace) * VX_R(vx_trace_new)(const vx_model *model, int batch, vx_keep keep) {
  VX_R(vx_trace) *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  t->model = model;
  t->keep = keep;
  t->batch = batch;
  t->rows = batch * model->shape.tokens;
  t->arena = vx_arena_new();
  bool ok = t->arena && (t->layer = vx_arena_take(t->arena, (size_t)model->shape.layers, sizeof *t->layer));
  ok = ok && take_rest(t, keep);
  for (int l = 0; ok && l < model->shape.layers; l++) ok = take_layer(t, &t->layer[l], l ? &t->layer[0] : NULL, keep);
  /* Where layers share memory it holds the last block's when the pass is over. */
  if (ok) t->last_norm = t->layer[model->shape.layers - 1].norm1;
  if (ok) return t;
  VX_R(vx_trace_free)(t);
  return NULL;
}

void VX_R(vx_trace_free)(VX_R(vx_trace) * t) {
  if (!t) return;
  vx_arena_free(t->arena);
  free(t);
}
