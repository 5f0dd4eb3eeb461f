/* A worker sends one picture at a time through the model: forward, then all planned descents for one class, each once;
   the view shows what they made. In mixed precision relevance without stabilizer has a pass of its own in double (spec
   section 4, Precision), made when a picture is first explained. */
#include "core/engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct running {
  const vx_engine *engine;
  vx_trace *trace; /* NULL: there is none */
} running;

struct vx_worker {
  const vx_model *model;
  vx_arena *arena, *scratch;
  running main, wide; /* the picture; in mixed precision also in double */
  running again, ask; /* its variants; those of which logits are all that is asked */
  bool wide_done;     /* `wide` holds this picture */
  vx_output output;
  float *input;                 /* [3][S][S] */
  double *x, *variant;          /* the same in double; one of its variants */
  uint8_t *keep;                /* [grid²] of a variant */
  double *logits, *wide_logits; /* [C], `main`'s and `wide`'s */
  double *group_logits, *seed;  /* [VX_GROUP][C] */
  int tokens[VX_GROUP];         /* of the variants of the group */
  double *head_weight;          /* [parts][d] */
  double *read, *variant_read;  /* [n] */
  vx_shape variant_shape;
  vx_seen tensor[VX_WANTS_MAX], variant_tensor[VX_WANTS_MAX];
  vx_again run;
  vx_view view;
};

/* ---- life ------------------------------------------------------------------------------------------------------ */

static bool start_engine(running *r, const vx_engine *engine, const vx_model *model, int batch, const vx_wants *wants,
                         bool read_top, vx_error *error) {
  r->engine = engine;
  r->trace = engine->open(model, batch, wants, read_top, error);
  return r->trace != NULL;
}

static bool start_engines(vx_worker *w, const vx_needs *plan, vx_precision precision, vx_error *error) {
  const vx_engine *engine = precision == VX_DOUBLE ? &vx_engine_double : &vx_engine_single;
  vx_wants main = {0}, wide = {0};
  for (int i = 0; i < plan->wants.count && i < VX_WANTS_MAX; i++) {
    const vx_want *want = &plan->wants.want[i];
    vx_wants *to = precision == VX_MIXED && engine->in_double(want) ? &wide : &main;
    to->want[to->count++] = *want;
  }
  if (plan->wants.count > VX_WANTS_MAX) main.count = plan->wants.count; /* which is refused */
  return start_engine(&w->main, engine, w->model, 1, &main, false, error) &&
         (!wide.count || start_engine(&w->wide, &vx_engine_mixed, w->model, 1, &wide, true, error)) &&
         (!plan->variant_count || start_engine(&w->again, engine, w->model, VX_GROUP, &plan->variants, false, error)) &&
         (!(plan->answer_count || plan->shared_count) ||
          start_engine(&w->ask, engine, w->model, 1, &(vx_wants){0}, true, error));
}

static bool take(vx_worker *w, double **to, size_t count, bool wanted) {
  return !wanted || (*to = VX_TAKE(w->arena, count, double)) != NULL;
}

static bool take_arrays(vx_worker *w, vx_error *error) {
  const vx_shape *s = &w->model->shape;
  size_t classes = (size_t)s->classes, n = (size_t)s->tokens, side = (size_t)s->image;
  bool again = w->again.trace != NULL;
  w->input = VX_TAKE(w->arena, 3 * side * side, float);
  if (again) w->keep = VX_TAKE(w->arena, s->grid * s->grid, uint8_t);
  bool ok = w->input && (w->keep || !again) && take(w, &w->x, 3 * side * side, true) &&
            take(w, &w->logits, classes, true) && take(w, &w->wide_logits, classes, w->wide.trace != NULL) &&
            take(w, &w->seed, VX_GROUP * classes, true) && take(w, &w->head_weight, (size_t)w->model->head.in, true) &&
            take(w, &w->read, n, true) && take(w, &w->variant, 3 * side * side, again) &&
            take(w, &w->group_logits, VX_GROUP * classes, again) && take(w, &w->variant_read, n, again);
  return ok || vx_fail(error, "worker", "out of memory for the traces of one picture");
}

static bool run_again(const vx_again *again, int count, bool descend, void (*make)(void *, int, vx_variant *),
                      void (*seen)(void *, int, const vx_view *), void *user, vx_error *error);
static bool ask_again(const vx_again *again, const double *x, const uint8_t *keep, double *logits, vx_error *error);

vx_worker *vx_worker_new(const vx_model *model, const vx_needs *plan, vx_precision precision, vx_error *error) {
  vx_worker *w = calloc(1, sizeof *w);
  if (w) {
    w->model = model;
    w->run = (vx_again){.worker = w, .run = run_again, .ask = ask_again};
    w->arena = vx_arena_new();
    w->scratch = vx_arena_new();
  }
  if (!w || !w->arena || !w->scratch)
    vx_fail(error, "worker", "out of memory for the traces of one picture");
  else if (start_engines(w, plan, precision, error) && take_arrays(w, error))
    return w;
  vx_worker_free(w);
  return NULL;
}

void vx_worker_free(vx_worker *w) {
  if (!w) return;
  const running *all[] = {&w->main, &w->wide, &w->again, &w->ask};
  for (int i = 0; i < 4; i++)
    if (all[i]->trace) all[i]->engine->close(all[i]->trace);
  vx_arena_free(w->arena);
  vx_arena_free(w->scratch);
  free(w);
}

size_t vx_worker_bytes(const vx_worker *w) {
  const running *all[] = {&w->main, &w->wide, &w->again};
  size_t bytes = vx_arena_bytes(w->arena) + vx_arena_bytes(w->scratch);
  for (int i = 0; i < 3; i++)
    if (all[i]->trace) bytes += all[i]->engine->bytes(all[i]->trace);
  return bytes;
}

/* ---- one picture ----------------------------------------------------------------------------------------------- */

static void widen(size_t count, const float *from, double *to) {
  for (size_t i = 0; i < count; i++) to[i] = (double)from[i];
}

static bool send(const running *r, const double *x, double *logits, vx_error *error) {
  r->engine->load(r->trace, 0, x, NULL);
  return r->engine->forward(r->trace, 1, logits, error);
}

bool vx_worker_forward(vx_worker *w, const float *x, vx_error *error) {
  size_t pixels = 3 * (size_t)w->model->shape.image * (size_t)w->model->shape.image;
  memcpy(w->input, x, pixels * sizeof *x);
  widen(pixels, x, w->x);
  w->wide_done = false;
  return send(&w->main, w->x, w->logits, error);
}

const double *vx_worker_logits(const vx_worker *w) {
  return w->logits;
}

/* Derivative of the output with respect to every logit: e_t for the logit y_t, p_t (e_t - p) for the probability,
   p - e_t for the loss -ln p_t. Where each class stands for itself, p is the target's alone: p_t (1 - p_t), p_t - 1. */
static void make_seed(const vx_shape *s, const double *logits, int target, vx_output output, double *seed) {
  int classes = s->classes;
  if (s->problem == VX_EACH_CLASS) {
    double p = 1 / (1 + exp(-logits[target]));
    for (int c = 0; c < classes; c++) seed[c] = 0;
    seed[target] = output == VX_LOGIT ? 1 : output == VX_PROBABILITY ? p * (1 - p) : p - 1;
    return;
  }
  double most = logits[0], total = 0;
  for (int c = 1; c < classes; c++) most = logits[c] > most ? logits[c] : most;
  for (int c = 0; c < classes; c++) total += exp(logits[c] - most);
  double of_target = exp(logits[target] - most) / total;
  for (int c = 0; c < classes; c++) {
    double own = c == target ? 1 : 0, p = exp(logits[c] - most) / total;
    seed[c] = output == VX_LOGIT ? own : output == VX_PROBABILITY ? of_target * (own - p) : p - own;
  }
}

static void read_weights(const vx_shape *s, double *read) {
  for (int i = 0; i < s->tokens; i++) read[i] = i < vx_read_high(s, s->tokens) ? vx_read_weight(s, s->tokens, i) : 0;
}

vx_view *vx_worker_explain(vx_worker *w, int target, vx_output output, vx_error *error) {
  const vx_shape *s = &w->model->shape;
  if (target < 0 || target >= s->classes) {
    vx_fail(error, "target", "is class %d, the model has 0 to %d", target, s->classes - 1);
    return NULL;
  }
  w->output = output;
  make_seed(s, w->logits, target, output, w->seed);
  if (!w->main.engine->descend(w->main.trace, w->seed, target, error)) return NULL;
  int count = w->main.engine->seen(w->main.trace, 0, w->tensor);
  if (w->wide.trace) {
    w->wide_done = w->wide_done || send(&w->wide, w->x, w->wide_logits, error);
    if (!w->wide_done || !w->wide.engine->descend(w->wide.trace, w->seed, target, error)) return NULL;
    count += w->wide.engine->seen(w->wide.trace, 0, w->tensor + count);
  }
  size_t read = (size_t)w->model->head.in;
  widen(read, w->model->head.weight + (size_t)target * read, w->head_weight);
  read_weights(s, w->read);
  w->view = (vx_view){.shape = s,
                      .target = target,
                      .input = w->input,
                      .logits = w->logits,
                      .head_weight = w->head_weight,
                      .read = w->read,
                      .seen = w->tensor,
                      .seen_count = count,
                      .again = w->again.trace || w->ask.trace ? &w->run : NULL,
                      .scratch = w->scratch};
  return &w->view;
}

/* ---- the model again ------------------------------------------------------------------------------------------- */

/* `size` variants forward and, when asked, down again. */
static bool run_group(vx_worker *w, int size, bool descend, vx_error *error) {
  const running *r = &w->again;
  int classes = w->model->shape.classes;
  if (!r->engine->forward(r->trace, size, w->group_logits, error)) return false;
  for (int i = 0; descend && i < size; i++)
    make_seed(&w->model->shape, w->group_logits + i * classes, w->view.target, w->output, w->seed + i * classes);
  return !descend || r->engine->descend(r->trace, w->seed, w->view.target, error);
}

static vx_view view_of(const vx_again *again, int sample, bool descend) {
  vx_worker *w = again->worker;
  const running *r = &w->again;
  w->variant_shape = w->model->shape;
  w->variant_shape.tokens = w->tokens[sample];
  read_weights(&w->variant_shape, w->variant_read);
  return (vx_view){.shape = &w->variant_shape,
                   .target = w->view.target,
                   .logits = w->group_logits + (size_t)sample * (size_t)w->model->shape.classes,
                   .head_weight = w->head_weight,
                   .read = w->variant_read,
                   .seen = w->variant_tensor,
                   .seen_count = descend ? r->engine->seen(r->trace, sample, w->variant_tensor) : 0,
                   .allowed = again->allowed,
                   .refused = again->refused,
                   .scratch = w->scratch};
}

static bool run_again(const vx_again *again, int count, bool descend, void (*make)(void *, int, vx_variant *),
                      void (*seen)(void *, int, const vx_view *), void *user, vx_error *error) {
  vx_worker *w = again->worker;
  const vx_shape *s = &w->model->shape;
  size_t pixels = 3 * (size_t)s->image * (size_t)s->image, patches = (size_t)s->grid * (size_t)s->grid;
  if (!w->again.trace) return vx_fail(error, "variants", "were not planned");
  for (int first = 0; first < count; first += VX_GROUP) {
    int size = count - first < VX_GROUP ? count - first : VX_GROUP;
    for (int i = 0; i < size; i++) {
      memcpy(w->variant, w->x, pixels * sizeof *w->x);
      memset(w->keep, 1, patches);
      make(user, first + i, &(vx_variant){w->variant, w->keep});
      w->tokens[i] = w->again.engine->load(w->again.trace, i, w->variant, w->keep);
    }
    if (!run_group(w, size, descend, error)) return false;
    for (int i = 0; i < size; i++) {
      vx_view view = view_of(again, i, descend);
      seen(user, first + i, &view);
    }
  }
  return true;
}

static bool ask_again(const vx_again *again, const double *x, const uint8_t *keep, double *logits, vx_error *error) {
  vx_worker *w = again->worker;
  if (!w->ask.trace) return vx_fail(error, "answers", "of the model were not planned");
  w->ask.engine->load(w->ask.trace, 0, x ? x : w->x, keep);
  return w->ask.engine->forward(w->ask.trace, 1, logits, error);
}
