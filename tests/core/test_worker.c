/* A worker's promises: the same bits alone and among all, fresh and after other pictures, in any thread; and no memory
   taken after it was made. */
#include <pthread.h>

#include "tests/core/plain.h"
#include "tests/support/files.h"

/* Every kind of pass, each as a plan of its own; the last one is their union. */
enum { PLANS = 14, UNION = PLANS - 1 };

static void make_plans(const vx_shape *s, vx_passes plans[PLANS]) {
  int last = s->layers - 1;
  memset(plans, 0, PLANS * sizeof *plans);
  vx_need_attention(&plans[0], 0);
  vx_need_attention(&plans[1], last);
  vx_need_gradient(&plans[2], 0);
  vx_need_gradient(&plans[3], last);
  plans[4].set = VX_PASS_SCORES;
  plans[5].set = VX_PASS_CUT_GRADIENT;
  plans[6].set = VX_PASS_INPUT_GRADIENT;
  plans[7].set = VX_PASS_TOKENS;
  plans[8].set = VX_PASS_LAST_NORM;
  vx_need_relevance(&plans[9], VX_RULES_IMPROVED, 0, last / 2, false);
  vx_need_relevance(&plans[10], VX_RULES_PLAIN, 0, last, true);
  vx_need_relevance(&plans[11], VX_RULES_PLAIN, 1e-2, 0, false);
  vx_need_relevance(&plans[12], VX_RULES_IMPROVED, 1e-2, s->layers, true);
  for (int i = 0; i < UNION; i++) ck_assert(vx_passes_add(&plans[UNION], &plans[i], NULL));
  plans[UNION].set |= VX_PASS_AGAIN;
}

static vx_worker *new_worker(const vx_model *model, const vx_passes *plan, vx_precision precision) {
  vx_error error = {0};
  vx_worker *worker = vx_worker_new(model, plan, precision, &error);
  ck_assert_msg(worker != NULL, "%s: %s", error.where, error.why);
  return worker;
}

static const vx_view *run(vx_worker *worker, const float *x, int target, vx_output output) {
  vx_error error = {0};
  ck_assert_msg(vx_worker_forward(worker, x, &error), "%s: %s", error.where, error.why);
  const vx_view *view = vx_worker_explain(worker, target, output, &error);
  ck_assert_msg(view != NULL, "%s: %s", error.where, error.why);
  return view;
}

static void same(const char *what, size_t skip, size_t count, const double *a, const double *b) {
  ck_assert_msg(a != NULL && b != NULL, "%s was not made", what);
  ck_assert_msg(memcmp(a + skip, b + skip, (count - skip) * sizeof *a) == 0, "%s differs", what);
}

/* All that `plan` promises has the same bits in both views. */
static void same_view(const vx_passes *plan, const vx_view *a, const vx_view *b) {
  const vx_shape *s = a->shape;
  size_t row = (size_t)(s->heads * s->tokens), map = row * (size_t)s->tokens, layers = (size_t)s->layers;
  size_t pixels = (size_t)(s->image * s->image), wide = (size_t)(s->tokens * s->dim);
  same("logits", 0, (size_t)s->classes, a->logits, b->logits);
  if (plan->set & VX_PASS_ATTENTION)
    same("attention", (size_t)plan->attention_lowest * map, layers * map, a->attention, b->attention);
  if (plan->set & VX_PASS_GRADIENT)
    same("gradient", (size_t)plan->gradient_lowest * map, layers * map, a->gradient, b->gradient);
  if (plan->set & VX_PASS_SCORES) same("scores", 0, layers * row, a->cls_scores, b->cls_scores);
  if (plan->set & VX_PASS_CUT_GRADIENT) same("cut gradient", 0, layers * row, a->cut_gradient, b->cut_gradient);
  if (plan->set & VX_PASS_INPUT_GRADIENT) same("input gradient", 0, 3 * pixels, a->input_gradient, b->input_gradient);
  if (plan->set & VX_PASS_TOKENS) same("tokens", 0, wide, a->tokens, b->tokens);
  if (plan->set & VX_PASS_LAST_NORM) {
    same("last norm", 0, wide, a->last_norm, b->last_norm);
    same("its gradient", 0, wide, a->last_norm_gradient, b->last_norm_gradient);
  }
  for (int i = 0; i < plan->relevance_count; i++) {
    const vx_relevance_need *need = &plan->relevance[i];
    const vx_relevance *p = vx_view_relevance(a, need->rules, need->stabilizer);
    const vx_relevance *q = vx_view_relevance(b, need->rules, need->stabilizer);
    ck_assert(p && q);
    same("relevance", (size_t)need->lowest * map, layers * map, p->attention, q->attention);
    if (need->to_pixels) same("relevance of pixels", 0, pixels, p->pixels, q->pixels);
  }
}

START_TEST(test_alone_and_among_all) {
  vx_model *model = plain_model(_i, 11);
  const vx_shape *s = vx_model_shape(model);
  float *x = plain_picture(model, 11);
  vx_passes plans[PLANS];
  make_plans(s, plans);
  for (vx_precision precision = VX_SINGLE; precision <= VX_DOUBLE; precision++) {
    vx_worker *all = new_worker(model, &plans[UNION], precision);
    const vx_view *together = run(all, x, s->classes - 1, VX_LOGIT);
    for (int i = 0; i < UNION; i++) {
      vx_worker *alone = new_worker(model, &plans[i], precision);
      same_view(&plans[i], run(alone, x, s->classes - 1, VX_LOGIT), together);
      vx_worker_free(alone);
    }
    vx_worker_free(all);
  }
  free(x);
  vx_model_close(model);
}
END_TEST

/* What a plan did not ask for is not shown. */
START_TEST(test_nothing_else) {
  vx_model *model = plain_model(_i, 1);
  float *x = plain_picture(model, 1);
  for (vx_precision precision = VX_SINGLE; precision <= VX_DOUBLE; precision++) {
    vx_worker *worker = new_worker(model, &(vx_passes){0}, precision);
    const vx_view *v = run(worker, x, 0, VX_LOSS);
    ck_assert(v->input && v->logits && v->head_weight && v->shape && v->scratch);
    ck_assert(!v->attention && !v->gradient && !v->cls_scores && !v->cut_gradient && !v->input_gradient && !v->tokens);
    ck_assert(!v->last_norm && !v->last_norm_gradient && !v->relevance_count && !v->again && !v->noise && !v->parts);
    vx_worker_free(worker);
  }
  free(x);
  vx_model_close(model);
}
END_TEST

static void make_noisy(void *user, int index, double *x) {
  const float *picture = user;
  for (int i = 0; i < 12; i++) x[i] = (double)picture[i] * index; /* the rest: whatever the last one left */
}

static void take_nothing(void *user, int index, const vx_sample *sample) {
  (void)user;
  (void)index;
  (void)sample;
}

/* Pictures, classes and outputs before, the model run again, a picture that failed: none leaves a trace. */
START_TEST(test_no_stale_state) {
  vx_model *model = plain_model(_i, 21);
  const vx_shape *s = vx_model_shape(model);
  float *x[3] = {plain_picture(model, 21), plain_picture(model, 22), plain_picture(model, 23)};
  vx_passes plans[PLANS];
  make_plans(s, plans);
  for (vx_precision precision = VX_SINGLE; precision <= VX_DOUBLE; precision++) {
    vx_worker *used = new_worker(model, &plans[UNION], precision);
    size_t bytes = vx_worker_bytes(used);
    ck_assert_uint_gt(bytes, 0);
    for (int turn = 0; turn < 7; turn++) {
      int target = turn % s->classes;
      vx_output output = (vx_output)(turn % 3);
      const vx_view *view = run(used, x[turn % 3], target, output);
      vx_worker *fresh = new_worker(model, &plans[UNION], precision);
      same_view(&plans[UNION], view, run(fresh, x[turn % 3], target, output));
      vx_worker_free(fresh);
      ck_assert(view->again->run(view->again, 5, true, make_noisy, take_nothing, x[0], NULL));
      /* another class of the same picture, without a forward pass */
      fresh = new_worker(model, &plans[UNION], precision);
      int other = (target + 1) % s->classes;
      view = vx_worker_explain(used, other, VX_LOGIT, NULL);
      same_view(&plans[UNION], view, run(fresh, x[turn % 3], other, VX_LOGIT));
      vx_worker_free(fresh);
      float was = x[1][7];
      x[1][7] = NAN;
      ck_assert(!vx_worker_forward(used, x[1], NULL));
      x[1][7] = was;
      ck_assert_uint_eq(vx_worker_bytes(used), bytes);
    }
    vx_worker_free(used);
  }
  for (int i = 0; i < 3; i++) free(x[i]);
  vx_model_close(model);
}
END_TEST

/* ---- threads -------------------------------------------------------------------------------------------------------
 */

typedef struct thread {
  pthread_t id;
  const vx_model *model;
  const vx_passes *plan;
  float *x;
  int first;       /* pictures go round from here */
  double *heat[3]; /* [S][S] of each picture: its gradient */
  char digest[32];
} thread;

static void *work(void *user) {
  thread *t = user;
  size_t count = 3 * (size_t)t->model->shape.image * (size_t)t->model->shape.image;
  vx_worker *worker = vx_worker_new(t->model, t->plan, VX_MIXED, NULL);
  for (int i = 0; i < 3; i++) {
    int picture = (t->first + i) % 3;
    vx_worker_forward(worker, t->x + (size_t)picture * count, NULL);
    const vx_view *view = vx_worker_explain(worker, 0, VX_LOGIT, NULL);
    t->heat[picture] = malloc(count * sizeof(double));
    memcpy(t->heat[picture], view->input_gradient, count * sizeof(double));
  }
  snprintf(t->digest, sizeof t->digest, "%s", vx_model_digest(t->model));
  vx_worker_free(worker);
  return NULL;
}

START_TEST(test_threads) {
  vx_model *model = plain_model(2, 31);
  size_t count = 3 * (size_t)model->shape.image * (size_t)model->shape.image;
  float *x = malloc(3 * count * sizeof *x);
  for (unsigned i = 0; i < 3; i++) {
    float *one = plain_picture(model, 31 + i);
    memcpy(x + i * count, one, count * sizeof *x);
    free(one);
  }
  vx_passes plans[PLANS];
  make_plans(vx_model_shape(model), plans);
  vx_blas_threads(1);
  thread threads[3];
  for (int i = 0; i < 3; i++) {
    threads[i] = (thread){.model = model, .plan = &plans[UNION], .x = x, .first = i};
    ck_assert_int_eq(pthread_create(&threads[i].id, NULL, work, &threads[i]), 0);
  }
  for (int i = 0; i < 3; i++) pthread_join(threads[i].id, NULL);
  for (int i = 0; i < 3; i++) {
    ck_assert_str_eq(threads[i].digest, vx_model_digest(model));
    for (int picture = 0; picture < 3; picture++) {
      ck_assert(memcmp(threads[i].heat[picture], threads[0].heat[picture], count * sizeof(double)) == 0);
      if (i) free(threads[i].heat[picture]);
    }
  }
  for (int picture = 0; picture < 3; picture++) free(threads[0].heat[picture]);
  free(x);
  vx_model_close(model);
}
END_TEST

/* ---- plans ---------------------------------------------------------------------------------------------------------
 */

START_TEST(test_union) {
  vx_passes a = {0}, b = {0};
  vx_need_attention(&a, 3);
  vx_need_attention(&a, 5);
  ck_assert_int_eq(a.attention_lowest, 3);
  vx_need_gradient(&b, 2);
  b.set |= VX_PASS_SCORES;
  vx_need_relevance(&b, VX_RULES_PLAIN, 0, 7, false);
  vx_need_relevance(&b, VX_RULES_PLAIN, 0, 4, true);
  ck_assert_int_eq(b.relevance_count, 1);
  ck_assert(vx_passes_add(&a, &b, NULL));
  ck_assert_int_eq(a.attention_lowest, 3);
  ck_assert_int_eq(a.gradient_lowest, 2);
  ck_assert_uint_eq(a.set, VX_PASS_ATTENTION | VX_PASS_GRADIENT | VX_PASS_SCORES);
  ck_assert_int_eq(a.relevance[0].lowest, 4);
  ck_assert(a.relevance[0].to_pixels);
  vx_error error = {0};
  for (int i = 1; i <= VX_RELEVANCE_MAX; i++) {
    vx_passes more = {0};
    vx_need_relevance(&more, VX_RULES_PLAIN, i * 0.001, 0, false);
    ck_assert_int_eq(vx_passes_add(&a, &more, &error), i < VX_RELEVANCE_MAX);
  }
  check_error(&error, "methods", "more than 8 different relevance passes");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("worker");
  tcase_set_timeout(tests, 600);
  tcase_add_loop_test(tests, test_alone_and_among_all, 0, PLAIN_SHAPES);
  tcase_add_loop_test(tests, test_nothing_else, 0, PLAIN_SHAPES);
  tcase_add_loop_test(tests, test_no_stale_state, 0, PLAIN_SHAPES);
  tcase_add_test(tests, test_threads);
  tcase_add_test(tests, test_union);
  return run_suite("core/worker", tests);
}
