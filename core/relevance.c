/* The relevance pass: from a one-hot class down the blocks, rule by rule (relevance.h, rules.h). The order is the
   forward pass reversed; relevance of the last block is one row high ([CLS]) until it passes through A. */
#include "core/rules.h"

#include <stdlib.h>
#include <string.h>

typedef VX_R(vx_trace) trace_t;
typedef VX_R(vx_layer) layer_t;

/* ---- attention -------------------------------------------------------------------------------------------------- */

/* O = A V: s = safe(R, O); R_A = A (s Vᵀ) / 2, R_V = V (Aᵀ s) / 2. Relevance [rows][d] in room->inner; fills
   room->attention (rows beyond `rows` zero) and the v part of room->qkv. */
static void through_values(vx_relevance_room *room, const vx_relevance_need *need, const layer_t *layer, int rows) {
  const vx_shape *s = &room->model->shape;
  int n = s->tokens, d = s->dim, dh = s->head_dim;
  size_t nn = (size_t)n * (size_t)n;
  VX_V(vx_rule_divide)
  (need, (size_t)n * (size_t)d, (size_t)rows * (size_t)d, room->inner, layer->context, room->quotient);
  for (int h = 0; h < s->heads; h++) {
    const real *v = layer->qkv + 2 * d + h * dh, *a = layer->attention + (size_t)h * nn, *q = room->quotient + h * dh;
    real *to_a = room->attention + (size_t)h * nn, *to_v = room->qkv + 2 * d + h * dh;
    VX_GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, rows, n, dh, (real)0.5, q, d, v, 3 * d, 0, to_a, n);
    for (size_t i = 0; i < (size_t)rows * (size_t)n; i++) to_a[i] *= a[i];
    memset(to_a + (size_t)rows * (size_t)n, 0, (nn - (size_t)rows * (size_t)n) * sizeof(real));
    VX_GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, n, dh, rows, (real)0.5, a, n, q, d, 0, to_v, 3 * d);
    for (int i = 0; i < n; i++)
      for (int k = 0; k < dh; k++) to_v[i * 3 * d + k] *= v[i * 3 * d + k];
  }
}

/* q kᵀ: s = safe(R_A, q kᵀ); R_q = q (s k) / 2, R_k = k (sᵀ q) / 2. Fills the q and k parts of room->qkv. */
static void through_scores(vx_relevance_room *room, const vx_relevance_need *need, const layer_t *layer, int rows) {
  const vx_shape *s = &room->model->shape;
  int n = s->tokens, d = s->dim, dh = s->head_dim;
  size_t nn = (size_t)n * (size_t)n, used = (size_t)rows * (size_t)n;
  int made = need->stabilizer > 0 ? n : rows; /* the mean is over all of q kᵀ */
  for (int h = 0; h < s->heads; h++) {
    const real *q = layer->qkv + h * dh, *k = q + d;
    VX_GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, made, n, dh, 1, q, 3 * d, k, 3 * d, 0,
            room->product + (size_t)h * nn, n);
  }
  real floor = VX_V(vx_rule_floor)(need->stabilizer, (size_t)s->heads * nn, room->product);
  for (int h = 0; h < s->heads; h++) {
    const real *q = layer->qkv + h * dh, *k = q + d, *to_a = room->attention + (size_t)h * nn;
    real *p = room->product + (size_t)h * nn, *to_q = room->qkv + h * dh, *to_k = to_q + d;
    for (size_t i = 0; i < used; i++) p[i] = vx_safe(to_a[i], p[i], floor);
    VX_GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, dh, n, (real)0.5, p, n, k, 3 * d, 0, to_q, 3 * d);
    VX_GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, n, dh, rows, (real)0.5, p, n, q, 3 * d, 0, to_k, 3 * d);
    for (int i = 0; i < n; i++)
      for (int c = 0; c < dh; c++) {
        to_q[i * 3 * d + c] = i < rows ? to_q[i * 3 * d + c] * q[i * 3 * d + c] : 0;
        to_k[i * 3 * d + c] *= k[i * 3 * d + c];
      }
  }
}

/* ---- blocks ----------------------------------------------------------------------------------------------------- */

static void probe_sum(vx_relevance_room *room, int layer, int which, int rows, double before) {
  double after = 0;
  size_t count = (size_t)rows * (size_t)room->model->shape.dim;
  for (size_t i = 0; i < count; i++) after += (double)room->main[i] + (double)room->branch[i];
  room->probe(room->probe_user, layer, which, before, after);
}

static void sum_rule(vx_relevance_room *room, const vx_relevance_need *need, int layer, int which, int rows,
                     const real *a, const real *b) {
  const vx_shape *s = &room->model->shape;
  double before = 0;
  if (room->probe)
    for (size_t i = 0; i < (size_t)rows * (size_t)s->dim; i++) before += (double)room->main[i];
  VX_V(vx_rule_sum)(need, s->tokens, rows, s->dim, a, b, room->main, room->main, room->branch);
  if (room->probe) probe_sum(room, layer, which, rows, before);
}

/* One block: room->main [rows][d] in, [n][d] out; room->attention is left behind. `stop`: nothing below is wanted. */
static void through_block(vx_relevance_room *room, const vx_relevance_need *need, const trace_t *trace, int l, int rows,
                          bool stop) {
  const vx_shape *s = &room->model->shape;
  const vx_block *w = &room->model->block[l];
  const layer_t *t = &trace->layer[l];
  int n = s->tokens, d = s->dim;
  sum_rule(room, need, l, 0, rows, t->middle, t->mlp);
  VX_V(vx_rule_linear)(room, need, n, rows, &w->fc2, t->active, room->branch, room->hidden);
  VX_V(vx_rule_linear)(room, need, n, rows, &w->fc1, t->norm2, room->hidden, room->inner);
  VX_V(vx_rule_copy)(need, n, d, t->middle, rows, room->main, rows, room->inner, room->main);
  sum_rule(room, need, l, 1, rows, t->x, t->projected);
  VX_V(vx_rule_linear)(room, need, n, rows, &w->proj, t->context, room->branch, room->inner);
  through_values(room, need, t, rows);
  if (stop) return;
  through_scores(room, need, t, rows);
  VX_V(vx_rule_linear)(room, need, n, n, &w->qkv, t->norm1, room->qkv, room->inner);
  VX_V(vx_rule_copy)(need, n, d, t->x, rows, room->main, n, room->inner, room->main);
}

/* One-hot at the logits, through the head to [CLS]: R = z safe(R, z). Fills row 0 of room->main. */
static void through_head(vx_relevance_room *room, const vx_relevance_need *need, const trace_t *trace, int target) {
  const vx_model *m = room->model;
  size_t d = (size_t)m->shape.dim;
  real *one_hot = room->product; /* [C], large enough by construction */
  memset(one_hot, 0, (size_t)m->shape.classes * sizeof(real));
  one_hot[target] = 1;
  VX_V(vx_rule_linear)(room, need, 1, 1, &m->head, trace->tokens, one_hot, room->inner);
  real floor = VX_V(vx_rule_floor)(need->stabilizer, d, trace->tokens);
  for (size_t i = 0; i < d; i++) room->main[i] = trace->tokens[i] * vx_safe(room->inner[i], trace->tokens[i], floor);
}

/* tokens = [cls; embedded] + position, a plain sum whose second part is dropped; then z^B to the pixels. */
static void through_embedding(vx_relevance_room *room, const vx_relevance_need *need, const trace_t *trace,
                              double *pixels) {
  const vx_shape *s = &room->model->shape;
  size_t d = (size_t)s->dim, n = (size_t)s->tokens;
  const real *x = trace->layer[0].x;
  real floor = VX_V(vx_rule_floor)(need->stabilizer, n * d, x);
  for (size_t i = d; i < n * d; i++) room->inner[i - d] = trace->embedded[i - d] * vx_safe(room->main[i], x[i], floor);
  VX_V(vx_rule_pixels)(room, trace->patches, trace->embedded, room->inner, pixels);
}

/* Copies as doubles; false when one is not finite. */
static bool copy_finite(size_t count, const real *from, double *to) {
  double off = 0;
  for (size_t i = 0; i < count; i++) {
    to[i] = (double)from[i];
    off += to[i] - to[i]; /* 0, or NaN */
  }
  return off == 0;
}

bool VX_V(vx_relevance_pass)(vx_relevance_room *room, const trace_t *trace, const vx_relevance_need *need, int target,
                             double *attention, double *pixels, vx_error *error) {
  const vx_shape *s = &room->model->shape;
  size_t maps = (size_t)s->heads * (size_t)s->tokens * (size_t)s->tokens;
  int lowest = need->to_pixels ? 0 : need->lowest; /* how far down the pass goes */
  through_head(room, need, trace, target);
  for (int l = s->layers - 1; l >= lowest; l--) {
    through_block(room, need, trace, l, l == s->layers - 1 ? 1 : s->tokens, l == lowest && !need->to_pixels);
    if (l >= need->lowest && !copy_finite(maps, room->attention, attention + (size_t)l * maps))
      return vx_fail(error, vx_where(error, "layer %d", l), "a relevance is NaN or infinite");
  }
  if (!need->to_pixels) return true;
  through_embedding(room, need, trace, pixels);
  return vx_all_finite_double((size_t)s->image * (size_t)s->image, pixels) ||
         vx_fail(error, "patch embedding", "a relevance is NaN or infinite");
}

/* ---- room ------------------------------------------------------------------------------------------------------- */

vx_relevance_room *VX_V(vx_relevance_room_new)(const vx_model *model) {
  vx_relevance_room *room = calloc(1, sizeof *room);
  if (!room || !(room->arena = vx_arena_new())) {
    free(room);
    return NULL;
  }
  room->model = model;
  const vx_shape *s = &model->shape;
  size_t n = (size_t)s->tokens, d = (size_t)s->dim, m = (size_t)s->mlp, classes = (size_t)s->classes;
  size_t patch = 3 * (size_t)s->patch * (size_t)s->patch, widest = m > 3 * d ? m : 3 * d;
  if (patch > widest) widest = patch;
  size_t wide = n * widest > classes ? n * widest : classes, maps = (size_t)s->heads * n * n;
  lin **lins[] = {&room->x1, &room->x2, &room->z1, &room->z2, &room->p1, &room->p2};
  bool ok = true;
  for (int i = 0; i < 6; i++) ok = ok && (*lins[i] = vx_arena_take(room->arena, wide, sizeof(lin)));
  ok = ok && (room->tile = vx_arena_take(room->arena, (size_t)VX_TILE_ROWS * (widest > classes ? widest : classes),
                                         sizeof(lin)));
  const struct {
    real **to;
    size_t count;
  } reals[] = {{&room->main, n * d},
               {&room->branch, n * d},
               {&room->inner, n * d},
               {&room->hidden, n * m},
               {&room->qkv, n * 3 * d},
               {&room->quotient, n * d},
               {&room->product, maps > classes ? maps : classes},
               {&room->attention, maps}};
  for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
    ok = ok && (*reals[i].to = vx_arena_take(room->arena, reals[i].count, sizeof(real)));
  ok = ok && (room->column = vx_arena_take(room->arena, 2 * d, sizeof(double)));
  if (ok) return room;
  VX_V(vx_relevance_room_free)(room);
  return NULL;
}

size_t VX_V(vx_relevance_room_bytes)(const vx_relevance_room *room) {
  return room ? vx_arena_bytes(room->arena) : 0;
}

bool VX_V(vx_relevance_share)(vx_relevance_room *room) {
  const vx_model *m = room->model;
  int layers = m->shape.layers;
  if (!(room->kept = VX_TAKE(room->arena, 4 * layers + 1, vx_kept))) return false;
  for (int l = 0; l < layers; l++) {
    const vx_block *b = &m->block[l];
    const vx_linear *linear[] = {&b->qkv, &b->proj, &b->fc1, &b->fc2};
    for (int i = 0; i < 4; i++) room->kept[4 * l + i].linear = linear[i];
  }
  room->kept[4 * layers].linear = &m->head;
  for (int i = 0; i <= 4 * layers; i++) {
    size_t rows = i < 4 * layers ? (size_t)m->shape.tokens : 1;
    room->kept[i].sum = vx_arena_take(room->arena, rows * (size_t)room->kept[i].linear->out, sizeof(lin));
    if (!room->kept[i].sum) return false;
  }
  room->kept_count = 4 * layers + 1;
  return true;
}

void VX_V(vx_relevance_begin)(vx_relevance_room *room) {
  for (int i = 0; i < room->kept_count; i++) room->kept[i].rows = 0;
}

void VX_V(vx_relevance_room_free)(vx_relevance_room *room) {
  if (!room) return;
  vx_arena_free(room->arena);
  free(room);
}

#if defined(VX_REAL_DOUBLE) && !defined(VX_RELEVANCE_MIXED)
void vx_relevance_set_probe_double(vx_relevance_room *room, vx_relevance_probe probe, void *user) {
  room->probe = probe;
  room->probe_user = user;
}
#endif
