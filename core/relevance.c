/* The relevance pass: from a one-hot class down the blocks, rule by rule (relevance.h, rules.h). The order is the
   forward pass reversed; relevance of the last block is one row high ([CLS]) until it passes through A. */
#include "core/rules.h"

#include <stdlib.h>
#include <string.h>

typedef VX_R(vx_trace) trace_t;
typedef VX_R(vx_layer) layer_t;

/* ---- loops over elements ----------------------------------------------------------------------------------------- */

/* x *= factor over [rows][width], rows `step` apart in both. */
VX_CLONES static void multiply(size_t rows, size_t width, size_t step, const real *restrict factor, real *restrict x) {
  for (size_t r = 0; r < rows; r++, factor += step, x += step)
    for (size_t i = 0; i < width; i++) x[i] *= factor[i];
}

/* b = safe(a, b). */
VX_CLONES static void quotients(size_t count, const real *restrict a, real floor, real *restrict b) {
  for (size_t i = 0; i < count; i++) b[i] = vx_safe(a[i], b[i], floor);
}

/* Copies as doubles; false when one is not finite. */
VX_CLONES static bool copy_finite(size_t count, const real *restrict from, double *restrict to) {
  double lane[VX_LANES] = {0}, off = 0; /* 0, or NaN */
  size_t i = 0;
  for (; i + VX_LANES <= count; i += VX_LANES)
    for (size_t k = 0; k < VX_LANES; k++) {
      to[i + k] = (double)from[i + k];
      lane[k] += to[i + k] - to[i + k];
    }
  for (; i < count; i++) {
    to[i] = (double)from[i];
    off += to[i] - to[i];
  }
  for (size_t k = 0; k < VX_LANES; k++) off += lane[k];
  return off == 0;
}

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
    multiply(1, (size_t)rows * (size_t)n, 0, a, to_a);
    memset(to_a + (size_t)rows * (size_t)n, 0, (nn - (size_t)rows * (size_t)n) * sizeof(real));
    VX_GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, n, dh, rows, (real)0.5, a, n, q, d, 0, to_v, 3 * d);
    multiply((size_t)n, (size_t)dh, 3 * (size_t)d, v, to_v);
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
    quotients(used, to_a, floor, p);
    VX_GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, dh, n, (real)0.5, p, n, k, 3 * d, 0, to_q, 3 * d);
    VX_GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, n, dh, rows, (real)0.5, p, n, q, 3 * d, 0, to_k, 3 * d);
    multiply((size_t)rows, (size_t)dh, 3 * (size_t)d, q, to_q);
    for (int i = rows; i < n; i++) memset(to_q + i * 3 * d, 0, (size_t)dh * sizeof(real));
    multiply((size_t)n, (size_t)dh, 3 * (size_t)d, k, to_k);
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
  VX_V(vx_rule_sum)(need, s->tokens, rows, s->dim, a, b, room->main, room->branch);
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
  VX_V(vx_rule_copy)(need, n, d, t->middle, rows, room->main, rows, room->inner);
  sum_rule(room, need, l, 1, rows, t->x, t->projected);
  VX_V(vx_rule_linear)(room, need, n, rows, &w->proj, t->context, room->branch, room->inner);
  through_values(room, need, t, rows);
  if (stop) return;
  through_scores(room, need, t, rows);
  VX_V(vx_rule_linear)(room, need, n, n, &w->qkv, t->norm1, room->qkv, room->inner);
  VX_V(vx_rule_copy)(need, n, d, t->x, rows, room->main, n, room->inner);
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

/* ---- passes ------------------------------------------------------------------------------------------------------ */

/* The layers whose sums the passes share from here on: forgets what was kept of others. */
static void keep_sums_of(vx_relevance_room *room, const vx_linear *a, const vx_linear *b, const vx_linear *c,
                         const vx_linear *d) {
  const vx_linear *linear[VX_KEPT] = {a, b, c, d};
  for (int i = 0; i < VX_KEPT; i++) {
    room->kept[i].linear = linear[i];
    room->kept[i].rows = 0;
  }
}

/* A sum is kept where it is asked for again. */
static bool both_rules(int count, const vx_relevance_pass *pass) {
  bool plain = false, improved = false;
  for (int i = 0; i < count; i++) {
    plain = plain || pass[i].need.rules == VX_RULES_PLAIN;
    improved = improved || pass[i].need.rules == VX_RULES_IMPROVED;
  }
  return plain && improved;
}

static int lowest_of(const vx_relevance_need *need) {
  return need->to_pixels ? 0 : need->lowest;
}

typedef struct descent {
  vx_relevance_room *room;
  const trace_t *trace;
  int count, target;
  const vx_relevance_pass *pass;
} descent;

static real *main_of(const descent *d, int index) {
  const vx_shape *s = &d->room->model->shape;
  return d->room->mains + (size_t)index * (size_t)s->tokens * (size_t)s->dim;
}

/* One block (l >= 0) or the head (l = layers) for every pass by `rules` that goes down so far. */
static bool descend(const descent *d, vx_rules rules, int l, vx_error *error) {
  const vx_shape *s = &d->room->model->shape;
  size_t maps = (size_t)s->heads * (size_t)s->tokens * (size_t)s->tokens;
  for (int i = 0; i < d->count; i++) {
    const vx_relevance_need *need = &d->pass[i].need;
    if (need->rules != rules || l < lowest_of(need)) continue;
    d->room->main = main_of(d, i);
    if (l == s->layers) {
      through_head(d->room, need, d->trace, d->target);
      continue;
    }
    through_block(d->room, need, d->trace, l, l == s->layers - 1 ? 1 : s->tokens,
                  l == need->lowest && !need->to_pixels);
    if (l >= need->lowest && !copy_finite(maps, d->room->attention, d->pass[i].attention + (size_t)l * maps))
      return vx_fail(error, vx_where(error, "layer %d", l), "a relevance is NaN or infinite");
  }
  return true;
}

static bool pixels_of(const descent *d, const vx_relevance_pass *pass, vx_error *error) {
  size_t side = (size_t)d->room->model->shape.image;
  through_embedding(d->room, &pass->need, d->trace, pass->pixels);
  return vx_all_finite_double(side * side, pass->pixels) ||
         vx_fail(error, "patch embedding", "a relevance is NaN or infinite");
}

bool VX_V(vx_relevance_passes)(vx_relevance_room *room, const trace_t *trace, int count, const vx_relevance_pass *pass,
                               int target, vx_error *error) {
  const vx_model *m = room->model;
  descent d = {room, trace, count, target, pass};
  int layers = m->shape.layers, lowest = layers;
  for (int i = 0; i < count; i++) lowest = lowest_of(&pass[i].need) < lowest ? lowest_of(&pass[i].need) : lowest;
  room->keep = both_rules(count, pass);
  for (int l = layers; l >= lowest; l--) {
    if (l == layers) {
      keep_sums_of(room, &m->head, NULL, NULL, NULL);
    } else {
      const vx_block *b = &m->block[l];
      keep_sums_of(room, &b->qkv, &b->proj, &b->fc1, &b->fc2);
    }
    /* plain rules first: the improved ones divide by sums of what they divide by */
    if (!descend(&d, VX_RULES_PLAIN, l, error) || !descend(&d, VX_RULES_IMPROVED, l, error)) return false;
  }
  for (int i = 0; i < count; i++) {
    room->main = main_of(&d, i);
    if (pass[i].need.to_pixels && !pixels_of(&d, &pass[i], error)) return false;
  }
  return true;
}

/* ---- room ------------------------------------------------------------------------------------------------------- */

vx_relevance_room *VX_V(vx_relevance_room_new)(const vx_model *model, int passes) {
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
  } reals[] = {{&room->mains, (size_t)passes * n * d},
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
  const size_t widths[VX_KEPT] = {3 * d > classes ? 3 * d : classes, d, m, d}; /* qkv or the head, proj, fc1, fc2 */
  for (int i = 0; i < VX_KEPT; i++)
    ok = ok && (room->kept[i].sum = vx_arena_take(room->arena, n * widths[i], sizeof(lin)));
  if (ok) return room;
  VX_V(vx_relevance_room_free)(room);
  return NULL;
}

size_t VX_V(vx_relevance_room_bytes)(const vx_relevance_room *room) {
  return room ? vx_arena_bytes(room->arena) : 0;
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
