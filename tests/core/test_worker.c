/* A worker's promises: the same bits alone and among all, fresh and after other pictures, in any thread; and no memory
   taken after it was made. */
#include <pthread.h>

#include "tests/core/plain.h"
#include "tests/support/files.h"

/* Every kind of pass, each as a plan of its own; the last one is their union. */
enum { PLANS = 22, UNION = PLANS - 1 };

static void make_plans(const vx_shape *s, vx_needs plans[PLANS]) {
  int last = s->layers - 1, n = 0;
  memset(plans, 0, PLANS * sizeof *plans);
  vx_want_layers(&plans[n++].wants, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0, last);
  vx_want_layers(&plans[n++].wants, VX_AT_ATTENTION, vx_by(VX_FORWARD), last, last);
  vx_want_layers(&plans[n++].wants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 0, last);
  vx_want_layers(&plans[n++].wants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), last, last);
  vx_want_rows(&plans[n++].wants, VX_AT_ATTENTION, vx_by(VX_FORWARD), last / 2, last);
  vx_want_rows(&plans[n++].wants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), last / 2, last);
  vx_want_rows(&plans[n++].wants, VX_AT_SCORES, vx_by(VX_FORWARD), 0, last);
  vx_want_rows(&plans[n++].wants, VX_AT_ATTENTION, vx_by(VX_CUT_GRADIENT), 0, last);
  vx_want_at(&plans[n++].wants, VX_AT_INPUT, vx_by(VX_GRADIENT));
  vx_want_at(&plans[n++].wants, VX_AT_TOKENS, vx_by(VX_FORWARD));
  vx_want_layers(&plans[n++].wants, VX_AT_NORM1, vx_by(VX_FORWARD), last, last);
  vx_want_layers(&plans[n++].wants, VX_AT_NORM1, vx_by(VX_GRADIENT), last, last);
  vx_want_layers(&plans[n++].wants, VX_AT_ATTENTION, vx_by(VX_LRP_IMPROVED), last / 2, last);
  vx_want_at(&plans[n].wants, VX_AT_INPUT, vx_by(VX_LRP_PLAIN));
  vx_want_layers(&plans[n++].wants, VX_AT_ATTENTION, vx_by(VX_LRP_PLAIN), last, last);
  vx_want_layers(&plans[n++].wants, VX_AT_ATTENTION, vx_by_with(VX_LRP_PLAIN, 1e-2), 0, last);
  vx_want_at(&plans[n++].wants, VX_AT_INPUT, vx_by_with(VX_LRP_IMPROVED, 1e-2));
  vx_want_layers(&plans[n++].wants, VX_AT_STREAM, vx_by(VX_FORWARD), last / 2, last / 2);
  vx_want_layers(&plans[n++].wants, VX_AT_CONTEXT, vx_by(VX_FORWARD), 0, last / 2);
  vx_want_layers(&plans[n++].wants, VX_AT_SCORES, vx_by(VX_FORWARD), 0, 0);
  vx_want_layers(&plans[n++].wants, VX_AT_VALUES, vx_by(VX_GRADIENT), last / 2, last);
  vx_want_rows(&plans[n++].wants, VX_AT_STREAM, vx_by(VX_GRADIENT), last, last);
  ck_assert_int_eq(n, UNION);
  for (int i = 0; i < UNION; i++) ck_assert(vx_needs_add(&plans[UNION], &plans[i], NULL));
  vx_want_at(&plans[UNION].variants, VX_AT_INPUT, vx_by(VX_GRADIENT));
  plans[UNION].variant_count = 5;
}

static vx_worker *new_worker(const vx_model *model, const vx_needs *plan, vx_precision precision) {
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

static void same(const char *what, int layer, size_t count, const double *a, const double *b) {
  ck_assert_msg(a != NULL && b != NULL, "%s was not made", what);
  ck_assert_msg(memcmp(a, b, count * sizeof *a) == 0, "layer %d of %s differs", layer, what);
}

/* All that `plan` promises has the same bits in both views. */
static void same_view(const vx_needs *plan, const vx_view *a, const vx_view *b) {
  same("logits", 0, (size_t)a->shape->classes, a->logits, b->logits);
  for (int i = 0; i < plan->wants.count; i++) {
    const vx_want *want = &plan->wants.want[i];
    char text[100];
    size_t count = vx_site_size(a->shape, want->site, want->rows);
    for (int l = want->first; l <= want->last; l++)
      same(vx_want_text(want, text, sizeof text), l, count,
           want->rows ? vx_rows_at(a, want->site, want->descent, l) : vx_at(a, want->site, want->descent, l),
           want->rows ? vx_rows_at(b, want->site, want->descent, l) : vx_at(b, want->site, want->descent, l));
  }
}

START_TEST(test_alone_and_among_all) {
  vx_model *model = plain_model(_i, 11);
  const vx_shape *s = vx_model_shape(model);
  float *x = plain_picture(model, 11);
  vx_needs plans[PLANS];
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

/* What a plan did not ask for is not shown: asked for all the same, it is NaN and named. */
START_TEST(test_nothing_else) {
  vx_model *model = plain_model(_i, 1);
  float *x = plain_picture(model, 1);
  for (vx_precision precision = VX_SINGLE; precision <= VX_DOUBLE; precision++) {
    vx_worker *worker = new_worker(model, &(vx_needs){0}, precision);
    vx_view v = *run(worker, x, 0, VX_LOSS);
    char refused[VX_REFUSED_SIZE] = "";
    v.refused = refused;
    ck_assert(v.input && v.logits && v.head_weight && v.shape && v.scratch && v.read);
    ck_assert(!v.seen_count && !v.again && !v.noise && !v.parts);
    const double *nothing = vx_at(&v, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 0);
    size_t size = vx_site_size(v.shape, VX_AT_ATTENTION, false);
    for (size_t i = 0; i < size; i++) ck_assert(isnan(nothing[i]));
    ck_assert_str_eq(refused, "gradient of the attention, layers 0 to 0");
    vx_worker_free(worker);
  }
  free(x);
  vx_model_close(model);
}
END_TEST

static void make_noisy(void *user, int index, vx_variant *variant) {
  const float *picture = user;
  for (int i = 0; i < 12; i++) variant->x[i] = (double)picture[i] * index; /* the rest: the picture */
}

static void see_nothing(void *user, int index, const vx_view *view) {
  (void)user;
  (void)index;
  (void)view;
}

/* Pictures, classes and outputs before, the model run again, a picture that failed: none leaves a trace. */
START_TEST(test_no_stale_state) {
  vx_model *model = plain_model(_i, 21);
  const vx_shape *s = vx_model_shape(model);
  float *x[3] = {plain_picture(model, 21), plain_picture(model, 22), plain_picture(model, 23)};
  vx_needs plans[PLANS];
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
      ck_assert(view->again->run(view->again, 5, true, make_noisy, see_nothing, x[0], NULL));
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

/* ---- memory --------------------------------------------------------------------------------------------------------
 */

static size_t bytes_of(int layers, const vx_needs *plan, vx_precision precision) {
  vx_shape shape = {
      .layers = layers, .heads = 4, .dim = 64, .mlp = 256, .patch = 4, .image = 32, .classes = 5, .epsilon = 1e-6};
  vx_model *model = vx_model_random(&shape, 1, NULL);
  vx_worker *worker = new_worker(model, plan, precision);
  size_t bytes = vx_worker_bytes(worker);
  vx_worker_free(worker);
  vx_model_close(model);
  return bytes;
}

/* What the model says of a variant depends on the variant alone, not on what was asked before; of all patches it is the
   picture's own prediction, to rounding. */
START_TEST(test_asked_alone) {
  vx_model *model = plain_model(_i, 41);
  const vx_shape *s = vx_model_shape(model);
  size_t pixels = 3 * (size_t)s->image * (size_t)s->image, cells = (size_t)s->grid * (size_t)s->grid;
  size_t size = (size_t)s->classes * sizeof(double);
  const vx_needs plan = {.answer_count = 1};
  float *x = plain_picture(model, 41), *other = plain_picture(model, 42);
  double *own = calloc(pixels, sizeof *own), *alone = malloc(size), *after = malloc(size);
  uint8_t *keep = malloc(cells);
  for (size_t i = 0; i < cells; i++) keep[i] = i % 3 != 1;
  for (vx_precision precision = VX_SINGLE; precision <= VX_DOUBLE; precision++) {
    vx_worker *fresh = new_worker(model, &plan, precision), *used = new_worker(model, &plan, precision);
    const vx_again *again = run(fresh, x, 0, VX_LOGIT)->again;
    ck_assert(again->ask(again, NULL, keep, alone, NULL));
    again = run(used, other, 0, VX_LOGIT)->again;
    ck_assert(again->ask(again, NULL, NULL, after, NULL));
    again = run(used, x, 0, VX_LOGIT)->again;
    ck_assert(again->ask(again, NULL, keep, after, NULL)); /* after another picture */
    ck_assert_mem_eq(alone, after, size);
    ck_assert(again->ask(again, own, NULL, after, NULL));
    ck_assert(again->ask(again, NULL, keep, after, NULL)); /* after a variant of other pixels */
    ck_assert_mem_eq(alone, after, size);
    ck_assert(again->ask(again, NULL, keep, after, NULL)); /* and after itself */
    ck_assert_mem_eq(alone, after, size);
    ck_assert(again->ask(again, NULL, NULL, after, NULL));
    for (int c = 0; c < s->classes; c++) ck_assert_double_eq_tol(after[c], vx_worker_logits(used)[c], 1e-4);
    ck_assert(!again->run(again, 1, false, make_noisy, see_nothing, x, NULL)); /* was not planned */
    vx_worker_free(fresh);
    vx_worker_free(used);
  }
  free(keep);
  free(after);
  free(alone);
  free(own);
  free(other);
  free(x);
  vx_model_close(model);
}
END_TEST

/* What nobody reads is not kept: logits alone, of the picture and of variants, take one layer, however deep the model;
   a gradient down to the last layer no more than that one. */
START_TEST(test_memory) {
  vx_needs logits = {.variant_count = 4}, top = {0}, all = {0};
  vx_want_layers(&top.wants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 23, 23);
  vx_want_layers(&all.wants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 0, 23);
  size_t map = 4 * 65 * 65;
  for (vx_precision precision = VX_SINGLE; precision <= VX_DOUBLE; precision++) {
    size_t number = precision == VX_DOUBLE ? sizeof(double) : sizeof(float);
    ck_assert_uint_le(bytes_of(24, &logits, precision), bytes_of(2, &logits, precision) + map * number);
    ck_assert_uint_ge(bytes_of(24, &all, precision), bytes_of(24, &top, precision) + 23 * map * (number + 8));
  }
}
END_TEST

/* ---- threads -------------------------------------------------------------------------------------------------------
 */

typedef struct thread {
  pthread_t id;
  const vx_model *model;
  const vx_needs *plan;
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
    memcpy(t->heat[picture], vx_at(view, VX_AT_INPUT, vx_by(VX_GRADIENT), 0), count * sizeof(double));
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
  vx_needs plans[PLANS];
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
  vx_needs a = {0}, b = {0};
  vx_descent value = vx_by(VX_FORWARD), gradient = vx_by(VX_GRADIENT), relevance = vx_by(VX_LRP_PLAIN);
  vx_want_layers(&a.wants, VX_AT_ATTENTION, value, 3, 6);
  vx_want_layers(&a.wants, VX_AT_ATTENTION, value, 5, 7);
  ck_assert_int_eq(a.wants.count, 1);
  vx_want_layers(&b.wants, VX_AT_ATTENTION, gradient, 2, 7);
  vx_want_rows(&b.wants, VX_AT_ATTENTION, gradient, 1, 1);
  vx_want_layers(&b.wants, VX_AT_ATTENTION, relevance, 7, 7);
  vx_want_layers(&b.wants, VX_AT_ATTENTION, relevance, 4, 4);
  vx_want_at(&b.wants, VX_AT_INPUT, relevance);
  b.data = VX_NEED_PRIOR;
  b.variant_count = 5;
  ck_assert(vx_needs_add(&a, &b, NULL));
  ck_assert_int_eq(a.wants.count, 5);
  ck_assert_int_eq(a.variant_count, 5);
  ck_assert_uint_eq(a.data, VX_NEED_PRIOR);
  const vx_want *seen = vx_wants_find(&a.wants, VX_AT_ATTENTION, value, false);
  ck_assert(seen && seen->first == 3 && seen->last == 7);
  seen = vx_wants_find(&a.wants, VX_AT_ATTENTION, relevance, false);
  ck_assert(seen && seen->first == 4 && seen->last == 7);
  seen = vx_wants_find(&a.wants, VX_AT_ATTENTION, gradient, true);
  ck_assert(seen && seen->first == 1 && seen->last == 1);
  ck_assert(!vx_wants_find(&a.wants, VX_AT_ATTENTION, vx_by_with(VX_LRP_PLAIN, 0.5), false));
  vx_wants asked = {0};
  vx_want missing = {0};
  vx_want_layers(&asked, VX_AT_ATTENTION, value, 4, 6);
  ck_assert(vx_wants_cover(&a.wants, &asked, &missing));
  vx_want_layers(&asked, VX_AT_ATTENTION, value, 2, 6);
  ck_assert(!vx_wants_cover(&a.wants, &asked, &missing));
  ck_assert_int_eq(missing.first, 2);
  vx_error error = {0};
  for (int i = 1; a.wants.count < VX_WANTS_MAX; i++) {
    vx_needs more = {0};
    vx_want_layers(&more.wants, VX_AT_ATTENTION, vx_by_with(VX_LRP_PLAIN, i * 0.001), 0, 0);
    ck_assert(vx_needs_add(&a, &more, &error));
  }
  vx_needs more = {0};
  vx_want_layers(&more.wants, VX_AT_ATTENTION, vx_by_with(VX_LRP_PLAIN, 0.9), 0, 0);
  ck_assert(!vx_needs_add(&a, &more, &error));
  check_error(&error, "methods", "more than 32 different tensors");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("worker");
  tcase_set_timeout(tests, 600);
  tcase_add_loop_test(tests, test_alone_and_among_all, 0, PLAIN_SHAPES);
  tcase_add_loop_test(tests, test_nothing_else, 0, PLAIN_SHAPES);
  tcase_add_loop_test(tests, test_no_stale_state, 0, PLAIN_SHAPES);
  tcase_add_loop_test(tests, test_asked_alone, 0, PLAIN_SHAPES);
  tcase_add_test(tests, test_memory);
  tcase_add_test(tests, test_threads);
  tcase_add_test(tests, test_union);
  return run_suite("core/worker", tests);
}
