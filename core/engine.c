#include "core/engine.h"

#include "core/descend.h"

static vx_trace *open_trace(const vx_model *model, int batch, const vx_wants *wants, bool read_top, vx_error *error) {
  vx_ways ways = {0};
  if (!vx_ways_plan(&ways, &model->shape, wants, error)) return NULL;
  vx_trace *t = vx_trace_new(model, batch, &ways, read_top);
  if (t && vx_ways_take(t)) return t;
  vx_trace_free(t);
  vx_fail(error, "worker", "out of memory for the traces of one picture");
  return NULL;
}

static size_t bytes(const vx_trace *t) {
  return vx_arena_bytes(t->arena);
}

static int load(vx_trace *t, int sample, const double *x, const uint8_t *keep) {
  const vx_shape *s = &t->model->shape;
  int patches = s->grid * s->grid, kept = 0, *place = t->place + sample * patches;
  for (int i = 0; i < patches; i++)
    if (!keep || keep[i]) place[kept++] = i;
  t->first[sample + 1] = t->first[sample] + s->leading + kept;
  t->cut = x || (sample > 0 && t->cut);
  if (x) vx_cut_patches(s, x, t->patches + (size_t)sample * 3 * (size_t)s->image * (size_t)s->image);
  return s->leading + kept;
}

static bool forward(vx_trace *t, int count, double *logits, vx_error *error) {
  return vx_forward(t, count, error) &&
         vx_copy_finite((size_t)count * (size_t)t->model->shape.classes, t->logits, logits);
}

static bool descend(vx_trace *t, const double *seed, int target, vx_error *error) {
  return vx_descend(t, &(vx_start){seed, target}, error);
}

static int seen(const vx_trace *t, int sample, vx_seen list[VX_WANTS_MAX]) {
  for (int i = 0; i < t->ways.slots; i++)
    list[i] = (vx_seen){t->ways.slot[i].want, vx_shown(t, &t->ways.slot[i], sample)};
  return t->ways.slots;
}

const vx_engine VX_R(vx_engine) = {open_trace, vx_trace_free, bytes, load, forward, descend, seen, vx_in_double};
