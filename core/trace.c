#include "core/trace.h"

#include <stdlib.h>

bool vx_trace_take(vx_trace *t, real **to, size_t a, size_t b) {
  *to = b && a > (size_t)-1 / b ? NULL : vx_arena_take(t->arena, a * b, sizeof(real));
  return *to != NULL;
}

static void widen(int *lowest, int *highest, int first, int last) {
  if (first > last) return;
  if (*highest < 0 || first < *lowest) *lowest = first;
  if (last > *highest) *highest = last;
}

/* An activation of `a` times `b` numbers, of every layer: the layers between the lowest and the highest that are read
   lie side by side. Those below share the lowest one's memory, which is the last to write there; those above have one
   place together, and so have all where none is read. */
static bool take_activation(vx_trace *t, int activation, size_t a, size_t b) {
  int layers = t->model->shape.layers, lowest = 0, highest = -1;
  for (int i = 0; i < t->ways.count; i++)
    if (t->ways.way[i].kind->reads >> activation & 1) widen(&lowest, &highest, t->ways.way[i].lowest, layers - 1);
  for (int i = 0; i < t->ways.slots; i++) {
    const vx_slot *slot = &t->ways.slot[i];
    if (slot->way < 0 && vx_activation_at(slot->want.site) == activation)
      widen(&lowest, &highest, slot->want.first, slot->want.last);
  }
  int places = highest - lowest + 1 + (highest < layers - 1);
  real *all;
  if ((b && a > (size_t)-1 / b) || !vx_trace_take(t, &all, (size_t)places, a * b)) return false;
  for (int l = 0; l < layers; l++)
    t->layer[l].tensor[activation] = all + (size_t)(l > highest ? places - 1 : l < lowest ? 0 : l - lowest) * a * b;
  return true;
}

/* Every size that a pass needs of a trace, in this one place. */
static bool take_all(vx_trace *t) {
  const vx_shape *s = &t->model->shape;
  size_t batch = (size_t)t->batch, n = (size_t)s->tokens, d = (size_t)s->dim, m = (size_t)s->mlp;
  size_t rows = batch * n, maps = batch * (size_t)s->heads, patches = (size_t)s->grid * (size_t)s->grid;
  size_t kept = t->all_scores ? n : (size_t)vx_read_high(s, s->tokens), patch = 3 * (size_t)s->patch * (size_t)s->patch;
  size_t widest = m > 3 * d ? m : 3 * d;
  if (patch > widest) widest = patch;
  size_t parts = (size_t)vx_read_parts(s) * d, qk = vx_raw_width(s), ends = vx_scale_qk_width(s);
  bool ok = (t->layer = vx_arena_take(t->arena, (size_t)s->layers, sizeof *t->layer)) != NULL;
#define TAKE(name, unit, width) ok = ok && take_activation(t, VX_ACTIVATION_##name, unit, width);
  VX_ACTIVATIONS(TAKE)
#undef TAKE
  ok = ok && (t->place = VX_TAKE(t->arena, batch * patches, int)) != NULL;
  if (ok) t->stream = t->layer[0].x;
  ok = ok && (!s->pre_norm || (vx_trace_take(t, &t->stream, rows, d) && vx_trace_take(t, &t->scale_pre, rows, 2)));
  ok = ok && vx_trace_take(t, &t->output, rows, d) && vx_trace_take(t, &t->pooled, batch, parts);
  t->tokens = t->output;
  t->read = t->pooled;
  ok = ok && (s->fc_norm ? vx_trace_take(t, &t->read, batch, parts) : vx_trace_take(t, &t->tokens, rows, d));
  return ok && vx_trace_take(t, &t->patches, batch * patches, patch) &&
         vx_trace_take(t, &t->embedded, batch * patches, d) && vx_trace_take(t, &t->scale, rows, 2) &&
         vx_trace_take(t, &t->logits, batch, (size_t)s->classes) && vx_trace_take(t, &t->row, n > d ? n : d, 1) &&
         vx_trace_take(t, &t->tile, VX_TILE_ROWS, widest);
}

/* Scores of every token are kept where somebody wants them. */
static bool wants_all_scores(const vx_ways *ways) {
  bool all = false;
  for (int i = 0; i < ways->slots; i++)
    all = all || (ways->slot[i].want.site == VX_AT_SCORES && !ways->slot[i].want.rows);
  return all;
}

vx_trace *vx_trace_new(const vx_model *model, int batch, const vx_ways *ways, bool read_top) {
  vx_trace *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  t->model = model;
  t->arena = vx_arena_new();
  t->batch = batch;
  t->read_top = read_top;
  t->all_scores = wants_all_scores(ways);
  t->ways = *ways;
  if (t->arena && take_all(t)) return t;
  vx_trace_free(t);
  return NULL;
}

void vx_trace_free(vx_trace *t) {
  if (!t) return;
  vx_arena_free(t->arena);
  free(t);
}

vx_layer vx_trace_layer(const vx_trace *t, int layer, int sample) {
  const vx_shape *s = &t->model->shape;
  size_t n = (size_t)s->tokens, d = (size_t)s->dim, m = (size_t)s->mlp, kept = n; /* scores have a matrix's room … */
  size_t rows = (size_t)t->first[sample], maps = (size_t)sample * (size_t)s->heads;
  size_t qk = vx_raw_width(s), ends = vx_scale_qk_width(s);
  if (!t->all_scores) kept = (size_t)vx_read_high(s, s->tokens); /* … or that of the rows read */
  vx_layer at = t->layer[layer];
#define MOVE(name, unit, width) at.name += unit * (width);
  VX_ACTIVATIONS(MOVE)
#undef MOVE
  return at;
}
