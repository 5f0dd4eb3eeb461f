/* The driver of all descents: plan, memory, the way down, and what is shown of it. */
#include "core/descend.h"

#include <math.h>
#include <string.h>

#define KIND(id, name) extern const vx_descent_kind VX_R(vx_descent_##name);
VX_DESCENTS(KIND)
#undef KIND
#define KIND(id, name) [VX_##id] = &VX_R(vx_descent_##name),
static const vx_descent_kind *const kinds[VX_RULES] = {VX_DESCENTS(KIND)}; /* NULL for the forward pass */
#undef KIND

enum {
  FORWARD_SITES = 1 << VX_AT_STREAM | 1 << VX_AT_NORM1 | 1 << VX_AT_SCORES | 1 << VX_AT_ATTENTION | 1 << VX_AT_VALUES |
                  1 << VX_AT_CONTEXT | 1 << VX_AT_TOKENS,
  BELOW_A = 1 << VX_AT_VALUES | 1 << VX_AT_NORM1 | 1 << VX_AT_STREAM
};

bool vx_in_double(const vx_want *want) {
  const vx_descent_kind *kind = (unsigned)want->descent.rule < VX_RULES ? kinds[want->descent.rule] : NULL;
  return kind && kind->in_double && !(want->descent.parameter > 0);
}

/* ---- plan ---------------------------------------------------------------------------------------------------------
 */

static bool can_make(const vx_shape *s, const vx_want *want) {
  vx_rule rule = want->descent.rule;
  if ((unsigned)rule >= VX_RULES || (unsigned)want->site >= VX_SITES) return false;
  if ((want->rows && want->site == VX_AT_INPUT) || isnan(want->descent.parameter)) return false;
  unsigned sites = kinds[rule] ? kinds[rule]->sites : FORWARD_SITES;
  int layers = vx_site_has_layers(want->site) ? s->layers : 1, none = kinds[rule] != NULL; /* a descent to no layer */
  return sites >> want->site & 1 && want->first >= 0 && want->last < layers && want->first <= want->last + none;
}

static int way_of(const vx_ways *ways, const vx_descent *descent) {
  for (int i = 0; i < ways->count; i++)
    if (ways->way[i].descent.rule == descent->rule && ways->way[i].descent.parameter == descent->parameter) return i;
  return -1;
}

static void add_way(vx_ways *ways, const vx_shape *s, const vx_want *want) {
  int index = way_of(ways, &want->descent);
  vx_way *way = &ways->way[index < 0 ? ways->count++ : index];
  if (index < 0) *way = (vx_way){.kind = kinds[want->descent.rule], .descent = want->descent, .lowest = s->layers};
  way->to_input = way->to_input || want->site == VX_AT_INPUT;
  int lowest = want->first <= want->last ? want->first : s->layers;
  if (lowest < way->lowest) way->lowest = lowest;
}

bool vx_ways_plan(vx_ways *ways, const vx_shape *s, const vx_wants *wants, vx_error *error) {
  char text[VX_REFUSED_SIZE];
  if (wants->count > VX_WANTS_MAX)
    return vx_fail(error, "plan", "asks for more than %d different tensors", VX_WANTS_MAX);
  for (int i = 0; i < wants->count; i++)
    if (!can_make(s, &wants->want[i]))
      return vx_fail(error, "plan", "no pass makes the %s; the model has layers 0 to %d",
                     vx_want_text(&wants->want[i], text, sizeof text), s->layers - 1);
  for (int rule = 1; rule < VX_RULES; rule++) /* in the registry's order, whatever that of the wants */
    for (int i = 0; i < wants->count; i++)
      if (wants->want[i].descent.rule == (vx_rule)rule) add_way(ways, s, &wants->want[i]);
  for (int i = 0; i < wants->count; i++)
    ways->slot[ways->slots++] = (vx_slot){.want = wants->want[i], .way = way_of(ways, &wants->want[i].descent)};
  return true;
}

/* ---- memory -------------------------------------------------------------------------------------------------------
 */

/* In double, and of one picture, a tensor is shown where it lies in the trace. */
static bool lies_in_trace(const vx_trace *t, const vx_slot *slot) {
  return sizeof(real) == sizeof(double) && t->batch == 1 && slot->way < 0 && !slot->want.rows &&
         slot->want.site != VX_AT_VALUES;
}

static bool take_slot(vx_trace *t, vx_slot *slot) {
  int layers = slot->want.last - slot->want.first + 1;
  slot->stride = (size_t)layers * vx_site_size(&t->model->shape, slot->want.site, slot->want.rows);
  if (layers == 0 || lies_in_trace(t, slot)) return true;
  slot->value = vx_arena_take(t->arena, (size_t)t->batch, slot->stride * sizeof(double));
  return slot->value != NULL;
}

bool vx_ways_take(vx_trace *t) {
  const vx_shape *s = &t->model->shape;
  size_t n = (size_t)s->tokens, d = (size_t)s->dim, rows = (size_t)t->batch * n;
  size_t read = (size_t)vx_read_parts(s) * d;
  vx_room *room = &t->ways.room;
  bool ok = t->ways.count == 0 ||
            (vx_trace_take(t, &room->branch, rows, d) && vx_trace_take(t, &room->inner, rows, d) &&
             vx_trace_take(t, &room->context, rows, d) && vx_trace_take(t, &room->hidden, rows, (size_t)s->mlp) &&
             vx_trace_take(t, &room->qkv, rows, 3 * d) && vx_trace_take(t, &room->map, (size_t)s->heads * n, n) &&
             vx_trace_take(t, &room->scores, n * n > read ? n * n : read, 1));
  for (int i = 0; ok && i < t->ways.count; i++) ok = t->ways.way[i].kind->take(t, &t->ways.way[i]);
  for (int i = 0; ok && i < t->ways.slots; i++) ok = take_slot(t, &t->ways.slot[i]);
  return ok;
}

/* ---- what is shown -------------------------------------------------------------------------------------------------
 */

static bool is_of(const vx_trace *t, const vx_slot *slot, const vx_way *way) {
  return slot->way == way - t->ways.way;
}

static bool covers(const vx_want *want, int layer) {
  return layer >= want->first && layer <= want->last;
}

static bool has_heads(vx_site site) {
  return site == VX_AT_SCORES || site == VX_AT_ATTENTION;
}

/* A sample's tensor of one layer in its slot. */
static double *at(const vx_trace *t, const vx_slot *slot, int layer, int sample) {
  vx_shape own = t->model->shape;
  own.tokens = vx_tokens_of(t, sample);
  return slot->value + (size_t)sample * slot->stride +
         (size_t)(layer - slot->want.first) * vx_site_size(&own, slot->want.site, slot->want.rows);
}

/* A sample's tensor of one layer as it was made: rows `stride` apart, heads `map`. */
typedef struct laid {
  const real *value;
  int stride;
  size_t map;
} laid;

/* The first `high` rows of each head to the slot, zeros for the others. False when a value is not finite. */
static bool show(const vx_trace *t, const vx_slot *slot, int layer, int sample, laid from, int high) {
  const vx_shape *s = &t->model->shape;
  bool heads = has_heads(slot->want.site), good = true;
  int n = vx_tokens_of(t, sample), width = heads ? n : s->dim;
  int together = from.stride == width ? high : 1; /* rows to a copy */
  size_t columns = (size_t)width, rest = (size_t)(n - high) * columns;
  double *to = at(t, slot, layer, sample);
  for (int h = 0; h < (heads ? s->heads : 1); h++, from.value += from.map) {
    if (slot->want.rows) {
      vx_read(s, n, VX_ROWS_READ, width, from.stride, from.value, t->row);
      good = vx_copy_finite(columns, t->row, to) && good;
      to += columns;
      continue;
    }
    for (int i = 0; i < high; i += together, to += (size_t)together * columns)
      good = vx_copy_finite((size_t)together * columns, from.value + (size_t)i * (size_t)from.stride, to) && good;
    memset(to, 0, rest * sizeof *to);
    to += rest;
  }
  return good;
}

/* What the forward pass left at a site. */
static laid made_at(const vx_trace *t, vx_site site, int layer, int sample) {
  int n = vx_tokens_of(t, sample), d = t->model->shape.dim, activation = vx_activation_at(site);
  size_t rows = site == VX_AT_SCORES ? (size_t)vx_high(t, !t->all_scores, sample) : (size_t)n;
  const real *value = activation < 0 ? t->tokens + (size_t)t->first[sample] * (size_t)d
                                     : vx_trace_layer(t, layer, sample).tensor[activation];
  if (site == VX_AT_VALUES) return (laid){value + 2 * d, 3 * d, 0};
  return (laid){value, has_heads(site) ? n : d, rows * (size_t)n};
}

/* What is wanted of the forward pass; of the picture once, whatever the number of classes explained. */
static void show_forward(vx_trace *t) {
  for (int i = 0; i < t->ways.slots; i++) {
    const vx_slot *slot = &t->ways.slot[i];
    for (int b = 0; slot->way < 0 && slot->value && b < t->count; b++)
      for (int l = slot->want.first; l <= slot->want.last; l++)
        show(t, slot, l, b, made_at(t, slot->want.site, l, b), vx_tokens_of(t, b));
  }
  t->shown = true;
}

const double *vx_shown(const vx_trace *t, const vx_slot *slot, int sample) {
  if (slot->value) return slot->value + (size_t)sample * slot->stride;
  if (!lies_in_trace(t, slot)) return NULL; /* of no layer */
  return (const void *)made_at(t, slot->want.site, slot->want.first, sample).value;
}

double *vx_slot_at(const vx_trace *t, const vx_way *way, vx_site site, int layer, int sample) {
  for (int i = 0; i < t->ways.slots; i++) {
    const vx_slot *slot = &t->ways.slot[i];
    if (is_of(t, slot, way) && slot->want.site == site && !slot->want.rows && covers(&slot->want, layer))
      return at(t, slot, layer, sample);
  }
  return NULL;
}

bool vx_record(vx_trace *t, const vx_way *way, vx_site site, int layer, int sample, const real *value, int stride,
               int high, vx_error *error) {
  size_t n = (size_t)vx_tokens_of(t, sample);
  bool good = true, shown = false;
  for (int i = 0; i < t->ways.slots; i++) {
    const vx_slot *slot = &t->ways.slot[i];
    if (!is_of(t, slot, way) || slot->want.site != site || !covers(&slot->want, layer)) continue;
    good = show(t, slot, layer, sample, (laid){value, stride, n * n}, high) && good;
    shown = true;
  }
  /* what comes out of a block has passed through A, so that nothing else needs a look */
  for (int h = 0; !shown && site == VX_AT_ATTENTION && h < t->model->shape.heads; h++)
    good = vx_all_finite((size_t)high * n, value + (size_t)h * n * n) && good;
  return good || vx_fail(error, vx_where(error, "layer %d", layer), "a %s is NaN or infinite", way->kind->what);
}

/* ---- the way down --------------------------------------------------------------------------------------------------
 */

bool vx_goes_below(const vx_trace *t, const vx_way *way, int layer) {
  bool below = way->to_input || way->lowest < layer;
  for (int i = 0; i < t->ways.slots; i++) {
    const vx_slot *slot = &t->ways.slot[i];
    below = below || (is_of(t, slot, way) && covers(&slot->want, layer) && BELOW_A >> slot->want.site & 1);
  }
  return below;
}

bool vx_descend(vx_trace *t, const vx_start *start, vx_error *error) {
  vx_ways *ways = &t->ways;
  if (!t->shown) show_forward(t);
  for (int i = 0; i < ways->count; i++) ways->way[i].kind->start(t, &ways->way[i], start);
  for (int l = t->model->shape.layers - 1; l >= 0; l--)
    for (int i = 0; i < ways->count; i++)
      if (l >= ways->way[i].lowest && !ways->way[i].kind->block(t, &ways->way[i], l, error)) return false;
  for (int i = 0; i < ways->count; i++)
    if (ways->way[i].to_input && !ways->way[i].kind->finish(t, &ways->way[i], error)) return false;
  return true;
}
