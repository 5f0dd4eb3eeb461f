/* A worker sends one picture at a time through the model: forward, then the planned passes for one class, each once;
   the view shows what they made. The single-precision trace serves everything but the relevance passes without
   stabilizer, which need the double one (spec section 4, Precision). */
#include "core/relevance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GROUP = VX_GROUP };

struct vx_worker {
  const vx_model *model;
  vx_needs needs;
  vx_passes plan;
  vx_precision precision;
  vx_output output;
  bool wide_done; /* the double trace holds this picture */
  vx_arena *arena, *scratch;
  vx_trace_single *single, *again_single;
  vx_trace_double *wide, *again_double;
  vx_relevance_room *room_single, *room_mixed, *room_double;
  float *input, *group_single;         /* [3][S][S], [GROUP][3][S][S] */
  double *input_double, *group_double; /* the same in double, where needed */
  double *logits, *seed, *group_seed;  /* [C], [C], [GROUP][C] */
  double *sample_logits, *sample_gradient;
  uint8_t *keep; /* [grid][grid] of a variant */
  /* what the view shows, converted */
  double *attention, *gradient, *cls_scores, *cut_gradient, *input_gradient, *tokens, *last_norm, *last_norm_gradient;
  double *head_weight, *read;
  const double *full_attention, *full_gradient, *full_scores, *full_cut; /* all layers, wherever they lie */
  int relevance_count;
  vx_relevance relevance[VX_RELEVANCE_MAX];
  vx_seen tensor[VX_WANTS_MAX];
  double *own[VX_WANTS_MAX]; /* of tensors that are made for the view */
  vx_again again;
  vx_view view;
};

/* ---- what is to be made ----------------------------------------------------------------------------------------- */

/* Relevance without stabilizer in mixed precision: the one reason for a second, double trace. */
static bool needs_wide(const vx_worker *w, const vx_relevance_need *need) {
  return w->precision == VX_DOUBLE || (w->precision == VX_MIXED && !(need->stabilizer > 0));
}

static bool take(vx_worker *w, double **to, size_t count, bool wanted) {
  if (!wanted) return true;
  *to = VX_TAKE(w->arena, count, double);
  return *to != NULL;
}

static size_t maps(const vx_shape *s) {
  return (size_t)s->layers * (size_t)s->heads * (size_t)s->tokens * (size_t)s->tokens;
}

static bool take_traces(vx_worker *w) {
  bool wide = w->precision == VX_DOUBLE, single_full = false, single = !wide;
  int passes = w->plan.relevance_count;
  for (int i = 0; i < passes; i++) {
    if (needs_wide(w, &w->plan.relevance[i]))
      wide = true;
    else
      single_full = true;
  }
  bool again = w->plan.set & VX_PASS_AGAIN;
  bool ok = true;
  if (single) {
    ok = (w->single = vx_trace_new_single(w->model, 1, single_full ? VX_KEEP_ALL : VX_KEEP_BACKWARD)) != NULL;
    if (ok && again) ok = (w->again_single = vx_trace_new_single(w->model, GROUP, VX_KEEP_INPUT)) != NULL;
    if (ok && single_full) ok = (w->room_single = vx_relevance_room_new_single(w->model, passes)) != NULL;
  }
  if (ok && wide) {
    bool full = passes > 0;
    vx_keep keep = w->precision == VX_MIXED ? VX_KEEP_RELEVANCE : full ? VX_KEEP_ALL : VX_KEEP_BACKWARD;
    ok = (w->wide = vx_trace_new_double(w->model, 1, keep)) != NULL;
    if (ok && w->precision == VX_DOUBLE && again)
      ok = (w->again_double = vx_trace_new_double(w->model, GROUP, VX_KEEP_INPUT)) != NULL;
    if (ok && full && w->precision == VX_DOUBLE)
      ok = (w->room_double = vx_relevance_room_new_double(w->model, passes)) != NULL;
    if (ok && full && w->precision == VX_MIXED)
      ok = (w->room_mixed = vx_relevance_room_new_mixed(w->model, passes)) != NULL;
  }
  return ok;
}

/* The rows that are read of a kept matrix, and relevance of the picture: all else is shown where it lies. */
static bool makes_own(const vx_want *want) {
  bool relevance = want->descent.rule == VX_LRP_IMPROVED || want->descent.rule == VX_LRP_PLAIN;
  return (want->site == VX_AT_ATTENTION && want->rows && want->descent.rule != VX_CUT_GRADIENT) ||
         (want->site == VX_AT_INPUT && relevance);
}

static bool take_arrays(vx_worker *w) {
  const vx_shape *s = &w->model->shape;
  size_t classes = (size_t)s->classes, pixels = (size_t)s->image * (size_t)s->image, d = (size_t)s->dim;
  size_t n = (size_t)s->tokens, rows = (size_t)s->layers * (size_t)s->heads * n;
  unsigned set = w->plan.set;
  bool narrow = w->precision != VX_DOUBLE, again = set & VX_PASS_AGAIN; /* double: the view shows the trace itself */
  bool ok = take(w, &w->logits, classes, true) && take(w, &w->seed, classes, true) &&
            take(w, &w->head_weight, d, true) && take(w, &w->input_double, 3 * pixels, w->wide != NULL) &&
            take(w, &w->group_seed, GROUP * classes, again) && take(w, &w->sample_logits, classes, again) &&
            take(w, &w->sample_gradient, 3 * pixels, again) && take(w, &w->group_double, GROUP * 3 * pixels, again) &&
            take(w, &w->attention, maps(s), narrow && (set & VX_PASS_ATTENTION)) &&
            take(w, &w->gradient, maps(s), narrow && (set & VX_PASS_GRADIENT)) &&
            take(w, &w->cls_scores, rows, narrow && (set & VX_PASS_SCORES)) &&
            take(w, &w->cut_gradient, rows, narrow && (set & VX_PASS_CUT_GRADIENT)) &&
            take(w, &w->input_gradient, 3 * pixels, narrow && (set & VX_PASS_INPUT_GRADIENT)) &&
            take(w, &w->tokens, n * d, narrow && (set & VX_PASS_TOKENS)) &&
            take(w, &w->last_norm, n * d, narrow && (set & VX_PASS_LAST_NORM)) &&
            take(w, &w->last_norm_gradient, n * d, narrow && (set & VX_PASS_LAST_NORM));
  w->input = VX_TAKE(w->arena, 3 * pixels, float);
  if (again) w->group_single = VX_TAKE(w->arena, GROUP * 3 * pixels, float);
  if (again) w->keep = VX_TAKE(w->arena, s->grid * s->grid, uint8_t);
  w->relevance_count = w->plan.relevance_count;
  for (int i = 0; ok && i < w->plan.relevance_count; i++) {
    vx_relevance *r = &w->relevance[i];
    r->need = w->plan.relevance[i];
    ok = (r->attention = VX_TAKE(w->arena, maps(s), double)) != NULL;
    if (ok && r->need.to_pixels) ok = (r->pixels = VX_TAKE(w->arena, pixels, double)) != NULL;
  }
  ok = ok && take(w, &w->read, n, true);
  for (int i = 0; ok && i < w->needs.wants.count; i++) {
    const vx_want *want = &w->needs.wants.want[i];
    size_t count = (size_t)(want->last - want->first + 1) * vx_site_size(s, want->site, want->rows);
    ok = take(w, &w->own[i], count, makes_own(want));
  }
  if (ok) {
    memset(w->read, 0, n * sizeof *w->read);
    w->read[0] = 1;
  }
  return ok && w->input && ((w->group_single && w->keep) || !again);
}

static bool run_again(const vx_again *again, int count, bool descend, void (*make)(void *, int, vx_variant *),
                      void (*seen)(void *, int, const vx_view *), void *user, vx_error *error);

vx_worker *vx_worker_new(const vx_model *model, const vx_needs *plan, vx_precision precision, vx_error *error) {
  vx_passes passes;
  if (!vx_passes_for(plan, &model->shape, &passes, error)) return NULL;
  vx_worker *w = calloc(1, sizeof *w);
  if (w) {
    w->model = model;
    w->needs = *plan;
    w->plan = passes;
    w->precision = precision;
    w->arena = vx_arena_new();
    w->scratch = vx_arena_new();
    if (w->arena && w->scratch && take_traces(w) && take_arrays(w)) {
      w->again = (vx_again){w, run_again};
      return w;
    }
  }
  vx_worker_free(w);
  vx_fail(error, "worker", "out of memory for the traces of one picture");
  return NULL;
}

void vx_worker_free(vx_worker *w) {
  if (!w) return;
  vx_trace_free_single(w->single);
  vx_trace_free_single(w->again_single);
  vx_trace_free_double(w->wide);
  vx_trace_free_double(w->again_double);
  vx_relevance_room_free_single(w->room_single);
  vx_relevance_room_free_mixed(w->room_mixed);
  vx_relevance_room_free_double(w->room_double);
  vx_arena_free(w->arena);
  vx_arena_free(w->scratch);
  free(w);
}

static size_t trace_bytes(const vx_arena *arena) {
  return arena ? vx_arena_bytes(arena) : 0;
}

size_t vx_worker_bytes(const vx_worker *w) {
  return vx_arena_bytes(w->arena) + vx_arena_bytes(w->scratch) + trace_bytes(w->single ? w->single->arena : NULL) +
         trace_bytes(w->again_single ? w->again_single->arena : NULL) + trace_bytes(w->wide ? w->wide->arena : NULL) +
         trace_bytes(w->again_double ? w->again_double->arena : NULL) + vx_relevance_room_bytes_single(w->room_single) +
         vx_relevance_room_bytes_mixed(w->room_mixed) + vx_relevance_room_bytes_double(w->room_double);
}

/* ---- forward ---------------------------------------------------------------------------------------------------- */

static void widen(size_t count, const float *from, double *to) {
  for (size_t i = 0; i < count; i++) to[i] = (double)from[i];
}

bool vx_worker_forward(vx_worker *w, const float *x, vx_error *error) {
  const vx_shape *s = &w->model->shape;
  size_t pixels = 3 * (size_t)s->image * (size_t)s->image, classes = (size_t)s->classes;
  memcpy(w->input, x, pixels * sizeof(float));
  if (w->input_double) widen(pixels, x, w->input_double);
  w->wide_done = w->precision == VX_DOUBLE;
  if (w->precision == VX_DOUBLE) {
    if (!vx_forward_double(w->wide, 1, w->input_double, error)) return false;
    memcpy(w->logits, w->wide->logits, classes * sizeof(double));
  } else {
    if (!vx_forward_single(w->single, 1, w->input, error)) return false;
    widen(classes, w->single->logits, w->logits);
  }
  return true;
}

const double *vx_worker_logits(const vx_worker *w) {
  return w->logits;
}

/* ---- the seed of the backward pass ------------------------------------------------------------------------------- */

/* Derivative of the output with respect to every logit: e_t for the logit y_t, p_t (e_t - p) for the probability,
   p - e_t for the loss -ln p_t. */
static void make_seed(int classes, const double *logits, int target, vx_output output, double *seed) {
  double most = logits[0], total = 0;
  for (int c = 1; c < classes; c++) most = logits[c] > most ? logits[c] : most;
  for (int c = 0; c < classes; c++) total += exp(logits[c] - most);
  double of_target = exp(logits[target] - most) / total;
  for (int c = 0; c < classes; c++) {
    double own = c == target ? 1 : 0, p = exp(logits[c] - most) / total;
    seed[c] = output == VX_LOGIT ? own : output == VX_PROBABILITY ? of_target * (own - p) : p - own;
  }
}

/* ---- passes ----------------------------------------------------------------------------------------------------- */

/* What the plan wants of the backward pass. */
static vx_aims aims_of(const vx_worker *w) {
  unsigned set = w->plan.set;
  return (vx_aims){.lowest = set & VX_PASS_GRADIENT ? w->plan.gradient_lowest : w->model->shape.layers,
                   .last_norm = set & VX_PASS_LAST_NORM,
                   .input = set & VX_PASS_INPUT_GRADIENT,
                   .cut = set & VX_PASS_CUT_GRADIENT};
}

static bool has_aims(const vx_worker *w) {
  return w->plan.set & (VX_PASS_GRADIENT | VX_PASS_LAST_NORM | VX_PASS_INPUT_GRADIENT | VX_PASS_CUT_GRADIENT);
}

static bool passes_single(vx_worker *w, vx_error *error) {
  const vx_shape *s = &w->model->shape;
  vx_trace_single *t = w->single;
  size_t layer = maps(s) / (size_t)s->layers, rows = (size_t)s->layers * (size_t)s->heads * (size_t)s->tokens;
  size_t pixels = 3 * (size_t)s->image * (size_t)s->image, wide = (size_t)s->tokens * (size_t)s->dim;
  vx_aims aims = aims_of(w);
  if (has_aims(w) && !vx_backward_single(t, 1, w->seed, &aims, error)) return false;
  if (w->attention) {
    size_t skip = (size_t)w->plan.attention_lowest * layer;
    widen(maps(s) - skip, t->attention + skip, w->attention + skip);
  }
  if (w->gradient) {
    size_t skip = (size_t)aims.lowest * layer;
    widen(maps(s) - skip, t->gradient + skip, w->gradient + skip);
  }
  if (w->cls_scores) widen(rows, t->cls_scores, w->cls_scores);
  if (w->cut_gradient) widen(rows, t->cut_gradient, w->cut_gradient);
  if (w->input_gradient) widen(pixels, t->input_gradient, w->input_gradient);
  if (w->tokens) widen(wide, t->tokens, w->tokens);
  if (w->last_norm) {
    widen(wide, t->last_norm, w->last_norm);
    widen(wide, t->last_norm_gradient, w->last_norm_gradient);
  }
  w->full_attention = w->attention;
  w->full_gradient = w->gradient;
  w->full_scores = w->cls_scores;
  w->full_cut = w->cut_gradient;
  return true;
}

static bool passes_double(vx_worker *w, vx_error *error) {
  vx_trace_double *t = w->wide;
  vx_aims aims = aims_of(w);
  if (has_aims(w) && !vx_backward_double(t, 1, w->seed, &aims, error)) return false;
  w->full_attention = t->attention;
  w->full_gradient = t->gradient;
  w->full_scores = t->cls_scores;
  w->full_cut = t->cut_gradient;
  w->input_gradient = t->input_gradient;
  w->tokens = t->tokens;
  w->last_norm = t->last_norm;
  w->last_norm_gradient = t->last_norm_gradient;
  return true;
}

/* The planned relevance passes over the double trace, or those over the single one. */
static int passes_over(const vx_worker *w, bool wide, vx_relevance_pass *pass) {
  int count = 0;
  for (int i = 0; i < w->relevance_count; i++) {
    const vx_relevance *r = &w->relevance[i];
    if (needs_wide(w, &r->need) == wide) /* the worker's own memory, that the view only shows */
      pass[count++] = (vx_relevance_pass){r->need, (double *)r->attention, (double *)r->pixels};
  }
  return count;
}

static bool relevance_passes(vx_worker *w, int target, vx_error *error) {
  vx_relevance_pass pass[VX_RELEVANCE_MAX];
  int count = passes_over(w, true, pass);
  /* the double forward pass in mixed precision: once a picture, whatever the number of classes explained */
  if (count > 0 && !w->wide_done) {
    if (!vx_forward_double(w->wide, 1, w->input_double, error)) return false;
    w->wide_done = true;
  }
  if (count > 0 &&
      !(w->precision == VX_DOUBLE ? vx_relevance_passes_double(w->room_double, w->wide, count, pass, target, error)
                                  : vx_relevance_passes_mixed(w->room_mixed, w->wide, count, pass, target, error)))
    return false;
  count = passes_over(w, false, pass);
  return count == 0 || vx_relevance_passes_single(w->room_single, w->single, count, pass, target, error);
}

/* ---- what the view shows ------------------------------------------------------------------------------------------
 */

static const vx_relevance *relevance_of(const vx_worker *w, const vx_descent *descent) {
  vx_rules rules = descent->rule == VX_LRP_PLAIN ? VX_RULES_PLAIN : VX_RULES_IMPROVED;
  for (int i = 0; i < w->relevance_count; i++)
    if (w->relevance[i].need.rules == rules && w->relevance[i].need.stabilizer == descent->parameter)
      return &w->relevance[i];
  return NULL;
}

/* Row 0 of every head's matrix. */
static void copy_rows(const vx_shape *s, const vx_want *want, const double *stack, double *rows) {
  size_t n = (size_t)s->tokens, heads = (size_t)s->heads, first = (size_t)want->first * heads;
  for (size_t i = 0; i < (size_t)(want->last - want->first + 1) * heads; i++)
    memcpy(rows + i * n, stack + (first + i) * n * n, n * sizeof *rows);
}

static const double *stack_of(const vx_worker *w, const vx_descent *descent) {
  if (descent->rule == VX_FORWARD) return w->full_attention;
  return descent->rule == VX_GRADIENT ? w->full_gradient : relevance_of(w, descent)->attention;
}

static const double *value_of(vx_worker *w, int index) {
  const vx_shape *s = &w->model->shape;
  const vx_want *want = &w->needs.wants.want[index];
  size_t skip = (size_t)want->first * vx_site_size(s, want->site, want->rows),
         pixels = (size_t)s->image * (size_t)s->image;
  switch (want->site) {
  case VX_AT_ATTENTION:
    if (want->descent.rule == VX_CUT_GRADIENT) return w->full_cut + skip;
    if (!want->rows) return stack_of(w, &want->descent) + skip;
    copy_rows(s, want, stack_of(w, &want->descent), w->own[index]);
    return w->own[index];
  case VX_AT_SCORES:
    return w->full_scores + skip;
  case VX_AT_INPUT:
    if (want->descent.rule == VX_GRADIENT) return w->input_gradient;
    memset(w->own[index], 0, 3 * pixels * sizeof(double)); /* the pass sums over channels */
    memcpy(w->own[index], relevance_of(w, &want->descent)->pixels, pixels * sizeof(double));
    return w->own[index];
  case VX_AT_NORM1:
    return want->descent.rule == VX_FORWARD ? w->last_norm : w->last_norm_gradient;
  default:
    return w->tokens;
  }
}

vx_view *vx_worker_explain(vx_worker *w, int target, vx_output output, vx_error *error) {
  const vx_shape *s = &w->model->shape;
  vx_view *v = &w->view;
  if (target < 0 || target >= s->classes) {
    vx_fail(error, "target", "is class %d, the model has 0 to %d", target, s->classes - 1);
    return NULL;
  }
  w->output = output;
  make_seed(s->classes, w->logits, target, output, w->seed);
  bool ok = w->precision == VX_DOUBLE ? passes_double(w, error) : passes_single(w, error);
  if (!ok || !relevance_passes(w, target, error)) return NULL;
  widen((size_t)s->dim, w->model->head.weight + (size_t)target * (size_t)s->dim, w->head_weight);
  for (int i = 0; i < w->needs.wants.count; i++) w->tensor[i] = (vx_seen){w->needs.wants.want[i], value_of(w, i)};
  *v = (vx_view){.seen = w->tensor, .seen_count = w->needs.wants.count, .read = w->read};
  v->shape = s;
  v->target = target;
  v->input = w->input;
  v->logits = w->logits;
  v->head_weight = w->head_weight;
  v->again = w->plan.set & VX_PASS_AGAIN ? &w->again : NULL;
  v->scratch = w->scratch;
  return v;
}

/* ---- the model again --------------------------------------------------------------------------------------------- */

/* Forward and backward of `size` variants in group_double; logits and gradients stay in the again trace. */
static bool run_group(vx_worker *w, int size, bool gradient, vx_error *error) {
  const vx_shape *s = &w->model->shape;
  size_t classes = (size_t)s->classes, pixels = 3 * (size_t)s->image * (size_t)s->image;
  bool wide = w->precision == VX_DOUBLE;
  if (wide) {
    if (!vx_forward_double(w->again_double, size, w->group_double, error)) return false;
  } else {
    for (size_t i = 0; i < (size_t)size * pixels; i++) w->group_single[i] = (float)w->group_double[i];
    if (!vx_forward_single(w->again_single, size, w->group_single, error)) return false;
  }
  if (!gradient) return true;
  for (int i = 0; i < size; i++) {
    if (wide)
      memcpy(w->sample_logits, w->again_double->logits + (size_t)i * classes, classes * sizeof(double));
    else
      widen(classes, w->again_single->logits + (size_t)i * classes, w->sample_logits);
    make_seed(s->classes, w->sample_logits, w->view.target, w->output, w->group_seed + (size_t)i * classes);
  }
  vx_aims aims = {.lowest = s->layers, .input = true};
  return wide ? vx_backward_double(w->again_double, size, w->group_seed, &aims, error)
              : vx_backward_single(w->again_single, size, w->group_seed, &aims, error);
}

/* What the index-th of the group shows. */
static void show(vx_worker *w, int i, bool descend, vx_seen *tensor, vx_view *view) {
  const vx_shape *s = &w->model->shape;
  size_t classes = (size_t)s->classes, pixels = 3 * (size_t)s->image * (size_t)s->image;
  const double *logits = w->sample_logits, *gradient = w->sample_gradient;
  if (w->precision == VX_DOUBLE) {
    logits = w->again_double->logits + (size_t)i * classes;
    gradient = w->again_double->input_gradient + (size_t)i * pixels;
  } else {
    widen(classes, w->again_single->logits + (size_t)i * classes, w->sample_logits);
    if (descend) widen(pixels, w->again_single->input_gradient + (size_t)i * pixels, w->sample_gradient);
  }
  *tensor = (vx_seen){{VX_AT_INPUT, vx_by(VX_GRADIENT), false, 0, 0}, gradient};
  *view = (vx_view){.shape = s,
                    .target = w->view.target,
                    .logits = logits,
                    .head_weight = w->head_weight,
                    .read = w->read,
                    .seen = tensor,
                    .seen_count = descend ? 1 : 0,
                    .scratch = w->scratch};
}

static bool run_again(const vx_again *again, int count, bool descend, void (*make)(void *, int, vx_variant *),
                      void (*seen)(void *, int, const vx_view *), void *user, vx_error *error) {
  vx_worker *w = again->worker;
  size_t pixels = 3 * (size_t)w->model->shape.image * (size_t)w->model->shape.image;
  size_t patches = (size_t)w->model->shape.grid * (size_t)w->model->shape.grid;
  for (int first = 0; first < count; first += GROUP) {
    int size = count - first < GROUP ? count - first : GROUP;
    for (int i = 0; i < size; i++) {
      vx_variant variant = {w->group_double + (size_t)i * pixels, w->keep};
      memset(w->keep, 1, patches);
      make(user, first + i, &variant);
      if (memchr(w->keep, 0, patches)) return vx_fail(error, "variant", "leaves patches out, which no pass does yet");
    }
    if (!run_group(w, size, descend, error)) return false;
    for (int i = 0; i < size; i++) {
      vx_seen tensor;
      vx_view view;
      show(w, i, descend, &tensor, &view);
      seen(user, first + i, &view);
    }
  }
  return true;
}
