#include "core/engine.h"

#include "core/descend.h"

static void *open_pass(const vx_model *model, int batch, const vx_wants *wants, bool read_top, vx_error *error) {
  vx_ways ways = {0};
  if (!vx_ways_plan(&ways, &model->shape, wants, error)) return NULL;
  vx_trace *t = vx_trace_new(model, batch, &ways, read_top);
  if (t && vx_ways_take(t)) return t;
  vx_trace_free(t);
  vx_fail(error, "worker", "out of memory for the traces of one picture");
  return NULL;
}

static void close_pass(void *pass) {
  vx_trace_free(pass);
}

static size_t bytes(const void *pass) {
  return vx_arena_bytes(((const vx_trace *)pass)->arena);
}

static void load(void *pass, int sample, const double *x, const uint8_t *keep) {
  vx_trace *t = pass;
  const vx_shape *s = &t->model->shape;
  int patches = s->grid * s->grid, kept = 0, *place = t->place + sample * patches;
  for (int i = 0; i < patches; i++)
    if (!keep || keep[i]) place[kept++] = i;
  t->first[sample + 1] = t->first[sample] + s->leading + kept;
  vx_cut_patches(s, x, t->patches + (size_t)sample * 3 * (size_t)s->image * (size_t)s->image);
}

static bool forward(void *pass, int count, vx_error *error) {
  return vx_forward(pass, count, error);
}

static void logits(const void *pass, int sample, double *out) {
  const vx_trace *t = pass;
  size_t classes = (size_t)t->model->shape.classes;
  vx_copy_finite(classes, t->logits + (size_t)sample * classes, out);
}

static int tokens(const void *pass, int sample) {
  return vx_tokens_of(pass, sample);
}

static bool descend(void *pass, const double *seed, int target, vx_error *error) {
  return vx_descend(pass, &(vx_start){seed, target}, error);
}

static int seen(const void *pass, int sample, vx_seen list[VX_WANTS_MAX]) {
  const vx_trace *t = pass;
  for (int i = 0; i < t->ways.slots; i++) {
    const vx_slot *slot = &t->ways.slot[i];
    list[i] = (vx_seen){slot->want, vx_shown(t, slot, sample)};
  }
  return t->ways.slots;
}

const vx_engine VX_R(vx_engine) = {.id = VX_PRECISION_NAME,
                                   .open = open_pass,
                                   .close = close_pass,
                                   .bytes = bytes,
                                   .load = load,
                                   .forward = forward,
                                   .logits = logits,
                                   .tokens = tokens,
                                   .descend = descend,
                                   .seen = seen,
                                   .in_double = vx_in_double};
