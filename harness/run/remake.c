#include "harness/run/remake.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

enum { STREAM_MOVES = 1 << 22 }; /* of random numbers, beyond those of methods and answers */

/* Made again in one way by one method. */
typedef struct remade {
  vx_map map;
  const char *error; /* NULL: made */
} remade;

struct vx_remaker {
  const vx_run *run;
  vx_plan plan;
  vx_subject *other; /* in front of `blend`; NULL: not yet needed */
  vx_model *blend;   /* the model, with some layers permuted */
  float *x;          /* [3][S][S] moved */
  vx_result *room;   /* keeps the maps of the picture at hand */
  vx_arena *scratch; /* of measures */
  vx_remake list[VX_METRICS_MAX * VX_REMAKES_MAX];
  int count;
};

/* ---- life -------------------------------------------------------------------------------------------------------- */

vx_remaker *vx_remaker_new(const vx_run *run, const vx_plan *plan, vx_error *error) {
  vx_remaker *r = calloc(1, sizeof *r);
  size_t pixels = (size_t)run->shape->image * (size_t)run->shape->image;
  if (r) {
    r->run = run;
    r->plan = *plan;
    r->x = malloc(3 * pixels * sizeof *r->x);
    r->room = vx_result_new();
    r->scratch = vx_arena_new();
    if (r->x && r->room && r->scratch) return r;
  }
  vx_remaker_free(r);
  vx_fail(error, "worker", "out of memory");
  return NULL;
}

void vx_remaker_free(vx_remaker *r) {
  if (!r) return;
  vx_subject_free(r->other);
  vx_model_close(r->blend);
  vx_result_free(r->room);
  vx_arena_free(r->scratch);
  free(r->x);
  free(r);
}

/* ---- what is to be made ------------------------------------------------------------------------------------------ */

static int remakes_of(const vx_run *run, int metric, vx_remake *list) {
  const vx_metric *m = &run->config->metrics[metric];
  return m->measure->kind == VX_METHOD_AND_MODEL ? m->measure->remakes(run->shape, &m->args, list) : 0;
}

uint64_t vx_remake_metrics(const vx_run *run, bool permuted) {
  vx_remake list[VX_REMAKES_MAX];
  uint64_t bits = 0;
  for (int i = 0; i < run->config->metric_count; i++) {
    int count = remakes_of(run, i, list);
    if (count && (!permuted || list[0].kind == VX_REMAKE_PERMUTED)) bits |= UINT64_C(1) << i;
  }
  return bits;
}

static bool same(const vx_remake *a, const vx_remake *b) {
  return a->kind == b->kind && a->layers == b->layers && a->draw == b->draw && a->by >= b->by && a->by <= b->by;
}

static int find(const vx_remaker *r, const vx_remake *remake) {
  int i = 0;
  while (i < r->count && !same(&r->list[i], remake)) i++;
  return i;
}

/* The union of what these metrics ask for, each once. */
static void list_all(vx_remaker *r, uint64_t metrics) {
  vx_remake list[VX_REMAKES_MAX];
  r->count = 0;
  for (int m = 0; m < r->run->config->metric_count; m++) {
    int count = metrics >> m & 1 ? remakes_of(r->run, m, list) : 0;
    for (int i = 0; i < count; i++) {
      int place = find(r, &list[i]);
      if (place == r->count) r->list[r->count++] = list[i];
    }
  }
}

/* ---- another view of the picture --------------------------------------------------------------------------------- */

/* The most probable class other than `target`; -1: there is none. */
static int second_class(const vx_subject *subject, int target) {
  const double *probability = vx_subject_probability(subject);
  int best = -1;
  for (int c = 0; c < vx_subject_shape(subject)->classes; c++)
    if (c != target && (best < 0 || probability[c] > probability[best])) best = c;
  return best;
}

static bool open_other(vx_remaker *r, vx_error *error) {
  if (r->other) return true;
  if (!r->blend) r->blend = vx_model_blend(r->run->model, error);
  r->other = r->blend
                 ? vx_subject_new(r->blend, &r->plan, &r->run->input, (vx_precision)r->run->config->precision, error)
                 : NULL;
  return r->other != NULL;
}

/* Each value of the input moved uniformly in +- by of its range. */
static const float *move(vx_remaker *r, const vx_remake *remake, const float *x, uint64_t seed) {
  size_t count = 3 * (size_t)r->run->shape->image * (size_t)r->run->shape->image;
  uint64_t stream = vx_random_stream(seed, STREAM_MOVES + (uint64_t)remake->draw);
  double low = DBL_MAX, high = -DBL_MAX;
  for (size_t i = 0; i < count; i++) {
    low = fmin(low, (double)x[i]);
    high = fmax(high, (double)x[i]);
  }
  double reach = remake->by * (high - low);
  for (size_t i = 0; i < count; i++)
    r->x[i] = (float)((double)x[i] + reach * (2 * vx_random_uniform(vx_random_bits(stream, i)) - 1));
  return r->x;
}

/* The subject that answers in this way; NULL: it cannot. */
static vx_subject *pose(vx_remaker *r, const vx_remake *remake, vx_subject *subject, const vx_question *question,
                        vx_error *error) {
  vx_question other = *question;
  if (remake->kind == VX_REMAKE_SECOND) {
    other.target = second_class(subject, question->target);
    return vx_subject_ask(subject, &other, error) ? subject : NULL;
  }
  bool permuted = remake->kind == VX_REMAKE_PERMUTED;
  const vx_model *top = permuted ? vx_run_permuted(r->run, error) : r->run->model;
  if (!top || !open_other(r, error)) return NULL;
  const float *x = vx_subject_input(subject);
  vx_model_blend_set(r->blend, r->run->model, top, permuted ? remake->layers : 0);
  vx_subject_show_input(r->other, permuted ? x : move(r, remake, x, question->seed), vx_subject_rgb(subject));
  return vx_subject_predict(r->other, error) && vx_subject_ask(r->other, &other, error) ? r->other : NULL;
}

/* ---- maps -------------------------------------------------------------------------------------------------------- */

static uint64_t bits_of(const vx_todo *todo, int method) {
  return todo ? todo->metrics[method] : UINT64_MAX;
}

/* The evaluation's map, or the stored one that it measures; kind VX_MAP_NONE: there is none. */
static const vx_map *map_of(const vx_evaluation *e, const vx_todo *todo) {
  const vx_result *stored = todo ? todo->stored : NULL;
  for (int i = 0; e->map.kind == VX_MAP_NONE && stored && i < stored->evaluation_count; i++)
    if (stored->evaluations[i].method == e->method) return &stored->evaluations[i].map;
  return &e->map;
}

static int config_index(const vx_run *run, int stored) {
  int i = 0;
  while (run->stored[i] != stored) i++;
  return i;
}

static bool say(vx_remaker *r, const vx_error *error, remade *to) {
  char text[sizeof error->where + sizeof error->why + 4];
  snprintf(text, sizeof text, "%s: %s", error->where, error->why);
  return (to->error = vx_arena_text(r->room->arena, text)) != NULL;
}

/* One method's map in this way. False when memory is out. */
static bool make(vx_remaker *r, vx_subject *from, vx_scorer *scorer, int stored, remade *to) {
  int index = config_index(r->run, stored);
  vx_evaluation kept = vx_evaluation_unknown;
  vx_heatmap map;
  vx_error error;
  if (!vx_subject_map(from, index, &map, &error)) return say(r, &error, to);
  vx_score_outcome outcome = vx_scorer_keep(scorer, &r->run->config->methods[index], &map, r->room, &kept, &error);
  to->map = kept.map;
  return outcome == VX_SCORE_FAILED ? say(r, &error, to) : outcome == VX_SCORE_DONE;
}

/* Every method's map in one way: made [evaluations]. What knows no class is the same for every class. */
static bool make_all(vx_remaker *r, const vx_remake *remake, vx_subject *subject, vx_scorer *scorer,
                     const vx_question *question, const vx_todo *todo, uint64_t metrics, const vx_result *result,
                     remade *made) {
  vx_error error;
  vx_subject *from = NULL;
  bool second = remake->kind == VX_REMAKE_SECOND, good = true, posed = false;
  for (int i = 0; good && i < result->evaluation_count; i++) {
    const vx_evaluation *e = &result->evaluations[i];
    const vx_map *own = map_of(e, todo);
    made[i] = (remade){.map.kind = VX_MAP_NONE};
    if (own->kind == VX_MAP_NONE || !(bits_of(todo, e->method) & metrics)) continue;
    if (second && !r->run->info.methods[e->method].class_specific) {
      made[i].map = *own;
      continue;
    }
    if (second && r->run->shape->classes < 2) continue;
    if (!posed) from = pose(r, remake, subject, question, &error);
    posed = true;
    good = from ? make(r, from, scorer, e->method, &made[i]) : say(r, &error, &made[i]);
  }
  return good;
}

/* ---- measures ---------------------------------------------------------------------------------------------------- */

/* One measure of one evaluation, by what was made [list][evaluations]. */
static bool measure(vx_remaker *r, int metric, const vx_view *view, vx_scorer *scorer, const vx_todo *todo,
                    const remade *made, int index, vx_result *result) {
  vx_remake list[VX_REMAKES_MAX];
  vx_map again[VX_REMAKES_MAX];
  vx_evaluation *e = &result->evaluations[index];
  int count = remakes_of(r->run, metric, list);
  for (int i = 0; i < count; i++) {
    const remade *one = &made[find(r, &list[i]) * result->evaluation_count + index];
    again[i] = one->map;
    if (one->error)
      return vx_result_add_failure(result, VX_FAILURE, e->method, "measure", r->run->config->metrics[metric].name, "%s",
                                   one->error);
  }
  vx_case of = {.map = map_of(e, todo), .view = view, .again = again, .again_count = count};
  vx_error error;
  return vx_scorer_metric(scorer, metric, &of, result, e, &error) == VX_SCORE_DONE;
}

bool vx_remaker_measure(vx_remaker *r, vx_subject *subject, vx_scorer *scorer, const vx_question *question,
                        const vx_todo *todo, vx_result *result) {
  const vx_run *run = r->run;
  uint64_t all = vx_remake_metrics(run, false), metrics = 0;
  for (int i = 0; i < result->evaluation_count; i++) metrics |= all & bits_of(todo, result->evaluations[i].method);
  list_all(r, metrics);
  if (!r->count || !vx_result_reset(r->room, 0, "")) return !r->count;
  size_t each = (size_t)result->evaluation_count;
  remade *made = vx_arena_take(r->room->arena, (size_t)r->count * each + 1, sizeof *made);
  bool good = made != NULL;
  for (int i = 0; good && i < r->count; i++)
    good = make_all(r, &r->list[i], subject, scorer, question, todo, metrics, result, made + (size_t)i * each);
  vx_view view = {.shape = run->shape, .target = question->target, .seed = question->seed, .scratch = r->scratch};
  for (int i = 0; good && i < result->evaluation_count; i++) {
    uint64_t bits = metrics & bits_of(todo, result->evaluations[i].method);
    if (map_of(&result->evaluations[i], todo)->kind == VX_MAP_NONE) bits = 0;
    for (int m = 0; good && bits >> m; m++)
      if (bits >> m & 1) good = measure(r, m, &view, scorer, todo, made, i, result);
  }
  return good;
}
