#include "harness/run/subject.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "harness/run/predict.h"
#include "metrics/answers.h"

/* A method's answer to the question at hand. */
typedef struct answer {
  bool made;
  double *map; /* [side][side] */
  double milliseconds;
} answer;

struct vx_subject {
  vx_plan plan;
  vx_input_options input;
  const vx_shape *shape;
  vx_worker *worker;
  vx_answers *memo;     /* NULL: nothing planned asks the model without some cells */
  bool asked;           /* of this picture */
  float *x;             /* [3][S][S] of a picture */
  uint8_t *rgb;         /* [S][S][3] */
  const float *shown;   /* x, or the caller's */
  const uint8_t *given; /* rgb, or the caller's; NULL: no picture */
  double *probability;  /* [C] */
  vx_view *view;        /* of the question at hand; NULL: none */
  answer *answers;      /* [methods] */
  vx_part parts[VX_MIX_PARTS_MAX];
  vx_arena *arena; /* owns all arrays */
};

/* ---- life -------------------------------------------------------------------------------------------------------- */

static bool take_memory(vx_subject *s) {
  size_t pixels = (size_t)s->shape->image * (size_t)s->shape->image;
  s->arena = vx_arena_new();
  if (!s->arena) return false;
  s->x = VX_TAKE(s->arena, 3 * pixels, float);
  s->rgb = VX_TAKE(s->arena, 3 * pixels, uint8_t);
  s->probability = VX_TAKE(s->arena, s->shape->classes, double);
  s->answers = VX_TAKE(s->arena, s->plan.count + 1, answer);
  bool good = s->x && s->rgb && s->probability && s->answers;
  for (int i = 0; good && i < s->plan.count; i++) {
    size_t side = (size_t)vx_explainer_side(s->plan.methods[i].explainer, s->shape);
    good = (s->answers[i].map = VX_TAKE(s->arena, side * side, double)) != NULL;
  }
  return good;
}

static bool take_answers(vx_subject *s, vx_error *error) {
  double black[3] = {0}; /* a black pixel's input, rounded as inputs are */
  if (s->plan.needs.answer_count + s->plan.needs.shared_count == 0) return true;
  for (int c = 0; c < 3 && s->input.normalize; c++) black[c] = (double)(float)(-s->input.mean[c] / s->input.std[c]);
  return (s->memo = vx_answers_new(s->shape, black, error)) != NULL;
}

vx_subject *vx_subject_new(const vx_model *model, const vx_plan *plan, const vx_input_options *input,
                           vx_precision precision, vx_error *error) {
  vx_subject *s = calloc(1, sizeof *s);
  if (s) *s = (vx_subject){.plan = *plan, .input = *input, .shape = vx_model_shape(model)};
  bool good = (s && take_memory(s)) || vx_fail(error, "worker", "out of memory");
  good = good && (s->worker = vx_worker_new(model, &plan->needs, precision, error)) && take_answers(s, error);
  if (good) return s;
  vx_subject_free(s);
  return NULL;
}

void vx_subject_free(vx_subject *s) {
  if (!s) return;
  vx_worker_free(s->worker);
  vx_answers_free(s->memo);
  vx_arena_free(s->arena);
  free(s);
}

const vx_shape *vx_subject_shape(const vx_subject *s) {
  return s->shape;
}

/* ---- shown ------------------------------------------------------------------------------------------------------- */

bool vx_subject_show(vx_subject *s, const vx_picture *picture, vx_error *error) {
  vx_subject_show_input(s, s->x, s->rgb);
  return vx_input_make(picture, &s->input, s->x, s->rgb, error);
}

void vx_subject_show_input(vx_subject *s, const float *x, const uint8_t *rgb) {
  s->shown = x;
  s->given = rgb;
  s->view = NULL;
}

const float *vx_subject_input(const vx_subject *s) {
  return s->shown;
}

const uint8_t *vx_subject_rgb(const vx_subject *s) {
  return s->given;
}

/* ---- predicted --------------------------------------------------------------------------------------------------- */

bool vx_subject_predict(vx_subject *s, vx_error *error) {
  s->view = NULL;
  s->asked = false;
  if (!vx_worker_forward(s->worker, s->shown, error)) return false;
  vx_probabilities(vx_worker_logits(s->worker), s->shape->classes, s->shape->problem, s->probability);
  return true;
}

const double *vx_subject_probability(const vx_subject *s) {
  return s->probability;
}

int vx_subject_top(const vx_subject *s, vx_top top[VX_TOP]) {
  int count = s->shape->classes < VX_TOP ? s->shape->classes : VX_TOP;
  vx_most_probable(s->probability, s->shape->classes, count, top);
  return count;
}

/* ---- asked ------------------------------------------------------------------------------------------------------- */

uint64_t vx_subject_seed(uint64_t seed, const char *name) {
  vx_digest digest;
  vx_digest_start(&digest);
  vx_digest_text(&digest, name);
  return digest.state ^ (seed * UINT64_C(0x9E3779B97F4A7C15));
}

const vx_view *vx_subject_ask(vx_subject *s, const vx_question *question, vx_error *error) {
  for (int i = 0; i < s->plan.count; i++) s->answers[i].made = false;
  s->view = vx_worker_explain(s->worker, question->target, question->output, error);
  if (!s->view) return NULL;
  if (s->memo && !s->asked) vx_answers_start(s->memo, question->target);
  s->asked = true;
  s->view->answers = s->memo;
  s->view->picture = s->given;
  s->view->prior = question->prior;
  s->view->noise = question->noise;
  s->view->noise_count = question->noise_count;
  s->view->subsets = question->subsets;
  s->view->subset_count = question->subset_count;
  s->view->road_noise = question->road_noise;
  s->view->road_noise_count = question->road_noise_count;
  s->view->seed = question->seed;
  return s->view;
}

/* ---- mapped ------------------------------------------------------------------------------------------------------ */

/* The parts of a mix into the view, made where they are not. */
static bool give_parts(vx_subject *s, const vx_method *method, vx_error *error) {
  for (int p = 0; p < method->part_count; p++) {
    vx_heatmap part;
    if (!vx_subject_map(s, method->parts[p], &part, NULL))
      return vx_fail(error, method->name, "its part '%s' could not be made", s->plan.methods[method->parts[p]].name);
  }
  for (int p = 0; p < method->part_count; p++) {
    int part = method->parts[p];
    s->parts[p] = (vx_part){s->answers[part].map, vx_explainer_side(s->plan.methods[part].explainer, s->shape)};
  }
  s->view->parts = s->parts;
  s->view->part_count = method->part_count;
  return true;
}

static bool make(vx_subject *s, const vx_method *method, answer *a, vx_error *error) {
  if (!give_parts(s, method, error)) return false;
  double start = vx_seconds();
  bool good = vx_explainer_run(method->explainer, s->view, &method->args, a->map, error);
  a->milliseconds = 1e3 * (vx_seconds() - start);
  return good;
}

bool vx_subject_map(vx_subject *s, int index, vx_heatmap *map, vx_error *error) {
  const vx_method *method = &s->plan.methods[index];
  const vx_explainer *explainer = method->explainer;
  answer *a = &s->answers[index];
  if (!s->view) return vx_fail(error, method->name, "nothing was asked");
  if (!a->made) { /* what failed is tried again, for its reason */
    a->milliseconds = 0;
    a->made = make(s, method, a, error);
  }
  int side = vx_explainer_side(explainer, s->shape);
  *map = (vx_heatmap){side, side, explainer->is_mask, explainer->grid == VX_GRID_PIXEL, a->map};
  return a->made;
}

double vx_subject_milliseconds(const vx_subject *s, int index) {
  return s->answers[index].milliseconds;
}
