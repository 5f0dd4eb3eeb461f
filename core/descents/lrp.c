/* Relevance (spec section 4, Relevance rules): from one class to every attention map and on to the pixels, the order of
   the forward pass reversed. Chefer, Gur & Wolf 2021 (improved rules), Bach et al. 2015 (plain rules). In the last
   block only the tokens that the head reads have relevance until it passes through A. */
#include "core/descend.h"
#include "core/elementary.h"

#include <string.h>

enum { QKV, PROJ, FC1, FC2, LINEARS };

/* What all passes of a trace share. */
typedef struct shared {
  vx_linear_room linear;
  vx_kept kept[LINEARS]; /* of one picture, where passes by both rule sets are planned: the plain ones go first */
  real *product;         /* q kᵀ [H][n][n], then its quotients; the one-hot logits [C] */
  double *column;        /* [2][d] */
} shared;

typedef struct state {
  vx_lrp lrp;
  shared *with;
  real *main; /* [rows][d] relevance at the output of the block that is next */
} state;

/* ---- memory -------------------------------------------------------------------------------------------------------
 */

static bool both_rules(const vx_trace *t) {
  bool plain = false, improved = false;
  for (int i = 0; i < t->ways.count; i++) {
    plain = plain || t->ways.way[i].descent.rule == VX_LRP_PLAIN;
    improved = improved || t->ways.way[i].descent.rule == VX_LRP_IMPROVED;
  }
  return plain && improved;
}

static bool take_lins(vx_trace *t, lin **to, size_t a, size_t b) {
  *to = b && a > (size_t)-1 / b ? NULL : vx_arena_take(t->arena, a * b, sizeof(lin));
  return *to != NULL;
}

static shared *take_shared(vx_trace *t) {
  const vx_shape *s = &t->model->shape;
  size_t n = (size_t)s->tokens, d = (size_t)s->dim, m = (size_t)s->mlp, classes = (size_t)s->classes;
  size_t patch = 3 * (size_t)s->patch * (size_t)s->patch, widest = m > 3 * d ? m : 3 * d,
         maps = (size_t)s->heads * n * n;
  if (patch > widest) widest = patch;
  size_t wide = n * widest > classes ? n * widest : classes;
  shared *with = VX_TAKE(t->arena, 1, shared);
  if (!with) return NULL;
  vx_linear_room *room = &with->linear;
  lin **lins[] = {&room->x1, &room->x2, &room->z1, &room->z2, &room->p1, &room->p2};
  bool ok = vx_trace_take(t, &with->product, maps > classes ? maps : classes, 1) &&
            take_lins(t, &room->tile, VX_TILE_ROWS, widest > classes ? widest : classes) &&
            (with->column = VX_TAKE(t->arena, 2 * d, double)) != NULL;
  for (int i = 0; ok && i < 6; i++) ok = take_lins(t, lins[i], wide, 1);
  const size_t widths[LINEARS] = {[QKV] = 3 * d > classes ? 3 * d : classes, [PROJ] = d, [FC1] = m, [FC2] = d};
  for (int i = 0; ok && t->batch == 1 && both_rules(t) && i < LINEARS; i++)
    ok = take_lins(t, &with->kept[i].sum, n, widths[i]);
  return ok ? with : NULL;
}

static bool take(vx_trace *t, vx_way *way) {
  const vx_shape *s = &t->model->shape;
  state *own = way->state = VX_TAKE(t->arena, 1, state);
  if (!own) return false;
  own->lrp = (vx_lrp){way->descent.rule == VX_LRP_PLAIN, way->descent.parameter};
  for (vx_way *other = t->ways.way; other < way; other++)
    if (other->kind->take == take) own->with = ((state *)other->state)->with;
  return (own->with || (own->with = take_shared(t)) != NULL) &&
         vx_trace_take(t, &own->main, (size_t)t->batch * (size_t)s->tokens, (size_t)s->dim);
}

/* ---- the pass -----------------------------------------------------------------------------------------------------
 */

static void linear(const state *own, int which, int all, int rows, const vx_linear *w, const real *x,
                   const real *relevance, real *result) {
  vx_kept *kept = &own->with->kept[which];
  vx_linear_relevance(&own->with->linear, kept->sum ? kept : NULL, &own->lrp, all, rows, w, x, relevance, result);
}

/* One-hot at the logits, through the head to all that it reads, and to the tokens. */
static void start(vx_trace *t, vx_way *way, const vx_start *from) {
  const vx_model *m = t->model;
  const state *own = way->state;
  size_t d = (size_t)m->shape.dim, parts = (size_t)vx_read_parts(&m->shape);
  real *one_hot = own->with->product, *inner = t->ways.room.inner;
  for (int b = 0; b < t->count; b++) {
    size_t at = (size_t)b * parts * d, first = (size_t)t->first[b] * d;
    memset(one_hot, 0, (size_t)m->shape.classes * sizeof(real));
    one_hot[from->target] = 1;
    linear(own, QKV, 1, 1, &m->head, t->read + at, one_hot, inner);
    vx_read_relevance(&m->shape, &own->lrp, vx_tokens_of(t, b), t->tokens + first, t->pooled + at, inner,
                      own->main + first);
  }
}

static bool through_block(vx_trace *t, const vx_way *way, int l, int b, vx_error *error) {
  const vx_shape *s = &t->model->shape;
  const vx_block *w = &t->model->block[l];
  const vx_room *room = &t->ways.room;
  const state *own = way->state;
  const vx_lrp *lrp = &own->lrp;
  const vx_layer at = vx_trace_layer(t, l, b);
  int n = vx_tokens_of(t, b), rows = vx_high(t, l == s->layers - 1, b), d = s->dim;
  real *main = own->main + (size_t)t->first[b] * (size_t)d;
  vx_sum_relevance(lrp, n, rows, d, at.middle, at.mlp, main, room->branch);
  linear(own, FC2, n, rows, &w->fc2, at.active, room->branch, room->hidden);
  linear(own, FC1, n, rows, &w->fc1, at.norm2, room->hidden, room->inner);
  vx_copy_relevance(lrp, n, d, at.middle, rows, main, rows, room->inner);
  vx_sum_relevance(lrp, n, rows, d, at.x, at.projected, main, room->branch);
  linear(own, PROJ, n, rows, &w->proj, at.context, room->branch, room->inner);
  vx_values_relevance(s, lrp, n, rows, at.qkv, at.attention, at.context, room->inner, room->context, room->map,
                      room->qkv);
  if (!vx_record(t, way, VX_AT_ATTENTION, l, b, room->map, n, rows, error)) return false;
  if (!vx_goes_below(t, way, l)) return true;
  vx_scores_relevance(s, lrp, n, rows, at.qkv, room->map, own->with->product, room->qkv);
  linear(own, QKV, n, n, &w->qkv, at.norm1, room->qkv, room->inner);
  vx_copy_relevance(lrp, n, d, at.x, rows, main, n, room->inner);
  return true;
}

static bool block(vx_trace *t, vx_way *way, int l, vx_error *error) {
  for (int b = 0; b < t->count; b++)
    if (!through_block(t, way, l, b, error)) return false;
  return true;
}

/* δ² mean(b²) of the sums with a position, of a sample's tokens x [n][d]. */
static real position_floor(const vx_shape *s, double stabilizer, size_t n, const real *x) {
  size_t d = (size_t)s->dim, without = (size_t)s->unplaced, before = (size_t)s->leading - without;
  if (!without) return vx_floor(stabilizer, n * d, x);
  real patches = vx_floor(stabilizer, (n - before - without) * d, x + (size_t)s->leading * d);
  if (!before) return patches;
  real share = (real)before / (real)(n - without);
  return share * vx_floor(stabilizer, before * d, x) + (1 - share) * patches;
}

/* tokens = [leading; embedded] + position, a plain sum whose second part is dropped; then z^B to the pixels. */
static bool finish(vx_trace *t, vx_way *way, vx_error *error) {
  const vx_shape *s = &t->model->shape;
  const state *own = way->state;
  size_t d = (size_t)s->dim, side = (size_t)s->image, patches = (size_t)s->grid * (size_t)s->grid;
  size_t numbers = 3 * side * side, leading = (size_t)s->leading;
  real *inner = t->ways.room.inner;
  for (int b = 0; b < t->count; b++) {
    size_t n = (size_t)vx_tokens_of(t, b), first = (size_t)t->first[b] + leading;
    const real *x = t->stream + first * d, *main = own->main + first * d;
    const real *embedded = t->embedded + (size_t)b * patches * d;
    real floor = position_floor(s, own->lrp.stabilizer, n, x - leading * d);
    if (n < leading + patches) memset(inner, 0, patches * d * sizeof(real));
    for (size_t i = 0; i < n - leading; i++, x += d, main += d) {
      size_t patch = (size_t)t->place[(size_t)b * patches + i] * d;
      for (size_t j = 0; j < d; j++) inner[patch + j] = embedded[patch + j] * vx_safe(main[j], x[j], floor);
    }
    double *pixels = vx_slot_at(t, way, VX_AT_INPUT, 0, b);
    vx_embed_relevance(t->model, &own->with->linear, own->with->column, t->patches + (size_t)b * numbers, embedded,
                       inner, pixels);
    if (VX_SUM(double, numbers, i, pixels[i] - pixels[i]) != 0)
      return vx_fail(error, "patch embedding", "a relevance is NaN or infinite");
  }
  return true;
}

#define KIND                                                                                                           \
  {                                                                                                                    \
    .what = "relevance", .sites = 1u << VX_AT_INPUT | 1u << VX_AT_ATTENTION,                                           \
    .reads = VX_READS(x) | VX_READS(norm1) | VX_READS(qkv) | VX_READS(attention) | VX_READS(context) |                 \
             VX_READS(projected) | VX_READS(middle) | VX_READS(norm2) | VX_READS(active) | VX_READS(mlp),              \
    .in_double = true, .take = take, .start = start, .block = block, .finish = finish                                  \
  }
const vx_descent_kind VX_R(vx_descent_lrp_improved) = KIND, VX_R(vx_descent_lrp_plain) = KIND;
