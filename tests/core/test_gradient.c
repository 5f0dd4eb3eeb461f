/* Gradients in double against central differences of an independent forward pass, over odd shapes and all outputs. */
#include "tests/core/plain.h"
#include "tests/support/files.h"

enum { SEEDS = 2 };

static double *widened(const vx_model *model, const float *x) {
  size_t count = 3 * (size_t)model->shape.image * (size_t)model->shape.image;
  double *wide = malloc(count * sizeof *wide);
  for (size_t i = 0; i < count; i++) wide[i] = (double)x[i];
  return wide;
}

static vx_worker *worker_for(const vx_model *model, const vx_needs *plan, vx_precision precision, const float *x) {
  vx_error error = {0};
  vx_worker *worker = vx_worker_new(model, plan, precision, &error);
  ck_assert_msg(worker && vx_worker_forward(worker, x, &error), "%s: %s", error.where, error.why);
  return worker;
}

static const vx_view *explain(vx_worker *worker, int target, vx_output output) {
  vx_error error = {0};
  const vx_view *view = vx_worker_explain(worker, target, output, &error);
  ck_assert_msg(view != NULL, "%s: %s", error.where, error.why);
  return view;
}

/* Output with one number moved by `step`, in the picture or at a site. */
static double moved(const vx_model *model, const double *x, const plain_change *push, double *number, double step,
                    int target, vx_output output) {
  double was = *number;
  *number = was + step;
  plain *p = plain_forward(model, x, push);
  double value = plain_output(p, target, output);
  plain_free(p);
  *number = was;
  return value;
}

/* Central differences of fourth order at up to `most` of the numbers, spread over all. */
static void differences(const char *what, const vx_model *model, const double *x, const plain_change *push,
                        double *numbers, int count, int most, int target, vx_output output, const double *gradient) {
  double largest = 1e-3, h = 1e-3;
  for (int i = 0; i < count; i++) largest = fmax(largest, fabs(gradient[i]));
  int step = count > most ? count / most : 1;
  for (int i = 0; i < count; i += step) {
    double near =
        moved(model, x, push, &numbers[i], h, target, output) - moved(model, x, push, &numbers[i], -h, target, output);
    double far = moved(model, x, push, &numbers[i], 2 * h, target, output) -
                 moved(model, x, push, &numbers[i], -2 * h, target, output);
    double expected = (8 * near - far) / (12 * h);
    ck_assert_msg(fabs(gradient[i] - expected) < 1e-7 * largest, "%s[%d]: %.12g, by differences %.12g", what, i,
                  gradient[i], expected);
  }
}

/* Every site at which a gradient can be had, of every layer. */
static const vx_site sites[] = {VX_AT_STREAM, VX_AT_NORM1, VX_AT_ATTENTION, VX_AT_VALUES, VX_AT_CONTEXT};
enum { SITES = sizeof sites / sizeof *sites };

START_TEST(test_differences) {
  for (unsigned seed = 0; seed < SEEDS; seed++) {
    vx_model *model = plain_model(_i, seed);
    const vx_shape *s = vx_model_shape(model);
    if (seed % 2) model->shape.problem = VX_EACH_CLASS;
    int pixels = 3 * s->image * s->image;
    float *picture = plain_picture(model, seed);
    double *x = widened(model, picture);
    vx_needs plan = {0};
    vx_want_at(&plan.wants, VX_AT_INPUT, vx_by(VX_GRADIENT));
    for (int i = 0; i < SITES; i++) vx_want_layers(&plan.wants, sites[i], vx_by(VX_GRADIENT), 0, s->layers - 1);
    vx_worker *worker = worker_for(model, &plan, VX_DOUBLE, picture);
    for (vx_output output = VX_LOGIT; output <= VX_LOSS; output++) {
      int target = (int)(seed + 1) % s->classes;
      const vx_view *view = explain(worker, target, output);
      differences("input gradient", model, x, NULL, x, pixels, 40, target, output,
                  vx_at(view, VX_AT_INPUT, vx_by(VX_GRADIENT), 0));
      for (int i = 0; i < SITES; i++) {
        int count = s->layers * (int)vx_site_size(s, sites[i], false);
        double *push = calloc((size_t)count, sizeof *push);
        vx_want want = {sites[i], vx_by(VX_GRADIENT), false, 0, s->layers - 1};
        char what[VX_REFUSED_SIZE];
        differences(vx_want_text(&want, what, sizeof what), model, x, &(plain_change){.site = sites[i], .push = push},
                    push, count, 40, target, output, vx_at(view, sites[i], vx_by(VX_GRADIENT), 0));
        free(push);
      }
    }
    vx_worker_free(worker);
    free(x);
    free(picture);
    vx_model_close(model);
  }
}
END_TEST

static void close_to(const char *what, int count, const double *a, const double *b, double limit) {
  double largest = 0;
  for (int i = 0; i < count; i++) largest = fmax(largest, fabs(b[i]));
  for (int i = 0; i < count; i++)
    ck_assert_msg(fabs(a[i] - b[i]) <= limit * largest, "%s[%d]: %.15g, expected %.15g", what, i, a[i], b[i]);
}

/* The forward pass itself and AG-CAM's gradient against the plain ones. */
START_TEST(test_plain) {
  for (unsigned seed = 0; seed < 4; seed++) {
    vx_model *model = plain_model(_i, seed);
    const vx_shape *s = vx_model_shape(model);
    int row = s->heads * s->tokens, map = row * s->tokens;
    float *picture = plain_picture(model, seed);
    double *x = widened(model, picture);
    plain *p = plain_forward(model, x, NULL);
    vx_needs plan = {0};
    int last = s->layers - 1;
    vx_want_rows(&plan.wants, VX_AT_SCORES, vx_by(VX_FORWARD), 0, last);
    vx_want_rows(&plan.wants, VX_AT_ATTENTION, vx_by(VX_CUT_GRADIENT), 0, last);
    vx_want_at(&plan.wants, VX_AT_TOKENS, vx_by(VX_FORWARD));
    vx_want_layers(&plan.wants, VX_AT_NORM1, vx_by(VX_FORWARD), last, last);
    for (int i = 0; i < SITES; i++)
      if (sites[i] != VX_AT_NORM1) vx_want_layers(&plan.wants, sites[i], vx_by(VX_FORWARD), 0, last);
    vx_worker *worker = worker_for(model, &plan, VX_DOUBLE, picture);
    int target = s->classes - 1, wide = s->tokens * s->dim;
    for (vx_output output = VX_LOGIT; output <= VX_LOSS; output++) {
      const vx_view *view = explain(worker, target, output);
      close_to("logits", s->classes, view->logits, p->logits, 1e-12);
      close_to("tokens", s->tokens * s->dim, vx_at(view, VX_AT_TOKENS, vx_by(VX_FORWARD), 0), p->tokens, 1e-12);
      close_to("LN1's output", s->tokens * s->dim, vx_at(view, VX_AT_NORM1, vx_by(VX_FORWARD), last),
               p->layer[last].norm1, 1e-12);
      double *seeds = calloc((size_t)s->classes, sizeof *seeds), probability = plain_output(p, target, VX_PROBABILITY);
      for (int c = 0; c < s->classes; c++) {
        double own = c == target, of_c = plain_output(p, c, VX_PROBABILITY);
        seeds[c] = output == VX_LOGIT ? own : output == VX_PROBABILITY ? probability * (own - of_c) : of_c - own;
      }
      double *cut = plain_cut_gradient(p, seeds), *scores = calloc((size_t)row, sizeof *scores);
      if (s->classes > 1 || output == VX_LOGIT) /* one class: its probability is 1 whatever happens */
        close_to("cut gradient", s->layers * row, vx_rows_at(view, VX_AT_ATTENTION, vx_by(VX_CUT_GRADIENT), 0), cut,
                 1e-10);
      for (int l = 0; l < s->layers; l++) {
        const plain_layer *at = &p->layer[l];
        close_to("attention", map, vx_at(view, VX_AT_ATTENTION, vx_by(VX_FORWARD), l), at->attention, 1e-12);
        close_to("stream", wide, vx_at(view, VX_AT_STREAM, vx_by(VX_FORWARD), l), at->x, 1e-12);
        close_to("context", wide, vx_at(view, VX_AT_CONTEXT, vx_by(VX_FORWARD), l), at->context, 1e-12);
        const double *values = vx_at(view, VX_AT_VALUES, vx_by(VX_FORWARD), l);
        for (int t = 0; t < s->tokens; t++)
          close_to("values", s->dim, values + t * s->dim, at->qkv + (3 * t + 2) * s->dim, 1e-12);
        for (int i = 0; i < row; i++) {
          int h = i / s->tokens, j = i % s->tokens;
          scores[i] = 0;
          for (int t = 0; t < s->tokens; t++)
            scores[i] += plain_weight(s, t) * at->scores[(h * s->tokens + t) * s->tokens + j] / sqrt(s->head_dim);
        }
        close_to("scores", row, vx_rows_at(view, VX_AT_SCORES, vx_by(VX_FORWARD), l), scores, 1e-12);
      }
      free(scores);
      free(cut);
      free(seeds);
    }
    vx_worker_free(worker);
    plain_free(p);
    free(x);
    free(picture);
    vx_model_close(model);
  }
}
END_TEST

/* A pass that stops at layer k gives the very bits of one that goes on. */
START_TEST(test_lowest) {
  vx_model *model = plain_model(_i, 5);
  const vx_shape *s = vx_model_shape(model);
  size_t map = (size_t)(s->heads * s->tokens * s->tokens);
  float *picture = plain_picture(model, 5);
  for (vx_precision precision = VX_SINGLE; precision <= VX_DOUBLE; precision++) {
    vx_needs whole = {0};
    vx_want_at(&whole.wants, VX_AT_INPUT, vx_by(VX_GRADIENT));
    vx_want_layers(&whole.wants, VX_AT_NORM1, vx_by(VX_GRADIENT), s->layers - 1, s->layers - 1);
    vx_want_layers(&whole.wants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 0, s->layers - 1);
    vx_worker *all = worker_for(model, &whole, precision, picture);
    const vx_view *expected = explain(all, 0, VX_LOGIT);
    for (int lowest = 0; lowest < s->layers; lowest++) {
      vx_needs some = {0};
      vx_want_layers(&some.wants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), lowest, s->layers - 1);
      vx_worker *worker = worker_for(model, &some, precision, picture);
      const vx_view *view = explain(worker, 0, VX_LOGIT);
      for (int l = lowest; l < s->layers; l++)
        ck_assert(memcmp(vx_at(view, VX_AT_ATTENTION, vx_by(VX_GRADIENT), l),
                         vx_at(expected, VX_AT_ATTENTION, vx_by(VX_GRADIENT), l), map * sizeof(double)) == 0);
      vx_worker_free(worker);
    }
    vx_worker_free(all);
  }
  free(picture);
  vx_model_close(model);
}
END_TEST

/* ---- groups of variants ------------------------------------------------------------------------------------------ */

typedef struct group {
  const vx_model *model;
  const double *x;
  const vx_view *view;
  int taken;
  double limit;
} group;

static double factor(int index) {
  return 1 + 0.1 * index;
}

static void make_variant(void *user, int index, vx_variant *variant) {
  const group *g = user;
  int count = 3 * g->model->shape.image * g->model->shape.image;
  for (int i = 0; i < count; i++) variant->x[i] = (double)(float)(factor(index) * g->x[i]);
}

/* Every variant as if it had been the picture: alone in a worker of its own. */
static void take_variant(void *user, int index, const vx_view *seen) {
  group *g = user;
  ck_assert_int_eq(index, g->taken++);
  const vx_shape *s = &g->model->shape;
  int count = 3 * s->image * s->image;
  float *x = malloc((size_t)count * sizeof *x);
  for (int i = 0; i < count; i++) x[i] = (float)(factor(index) * g->x[i]);
  vx_needs plan = {0};
  vx_want_at(&plan.wants, VX_AT_INPUT, vx_by(VX_GRADIENT));
  vx_worker *alone = worker_for(g->model, &plan, VX_DOUBLE, x);
  const vx_view *view = explain(alone, g->view->target, VX_LOSS);
  close_to("a variant's logits", s->classes, seen->logits, view->logits, g->limit);
  close_to("a variant's gradient", count, vx_at(seen, VX_AT_INPUT, vx_by(VX_GRADIENT), 0),
           vx_at(view, VX_AT_INPUT, vx_by(VX_GRADIENT), 0), g->limit);
  vx_worker_free(alone);
  free(x);
}

static void take_logits(void *user, int index, const vx_view *seen) {
  group *g = user;
  ck_assert_int_eq(index, g->taken++);
  ck_assert_ptr_nonnull(seen->logits);
  ck_assert_int_eq(seen->seen_count, 0);
}

START_TEST(test_groups) {
  vx_model *model = plain_model(_i, 9);
  float *picture = plain_picture(model, 9);
  double *x = widened(model, picture);
  vx_needs plan = {.variant_count = 9};
  vx_want_at(&plan.variants, VX_AT_INPUT, vx_by(VX_GRADIENT));
  for (vx_precision precision = VX_SINGLE; precision <= VX_DOUBLE; precision++) {
    vx_worker *worker = worker_for(model, &plan, precision, picture);
    const vx_view *view = explain(worker, 0, VX_LOSS);
    vx_error error = {0};
    for (int count = 1; count <= 9; count += 4) { /* whole groups and rests of one */
      group g = {model, x, view, 0, precision == VX_DOUBLE ? 1e-11 : 1e-3};
      if (model->shape.classes == 1) g.limit = 1; /* the loss is flat */
      ck_assert(view->again->run(view->again, count, true, make_variant, take_variant, &g, &error));
      ck_assert_int_eq(g.taken, count);
      g.taken = 0;
      ck_assert(view->again->run(view->again, count, false, make_variant, take_logits, &g, &error));
      ck_assert_int_eq(g.taken, count);
    }
    vx_worker_free(worker);
  }
  free(x);
  free(picture);
  vx_model_close(model);
}
END_TEST

/* ---- patches left out ---------------------------------------------------------------------------------------------
 */

/* The index-th variant leaves out every patch whose number divides by index + 2, the first one none. */
static bool stays(int index, int patch) {
  return index == 0 || patch % (index + 2) != 0;
}

static void make_kept(void *user, int index, vx_variant *variant) {
  const group *g = user;
  int patches = g->model->shape.grid * g->model->shape.grid;
  for (int i = 0; i < patches; i++) {
    ck_assert_int_eq(variant->keep[i], 1);
    variant->keep[i] = stays(index, i);
  }
}

static void take_kept(void *user, int index, const vx_view *seen) {
  group *g = user;
  const vx_shape *s = &g->model->shape;
  int place[64], kept = 0, pixels = 3 * s->image * s->image, last = s->layers - 1;
  ck_assert_int_eq(index, g->taken++);
  for (int i = 0; i < s->grid * s->grid; i++)
    if (stays(index, i)) place[kept++] = i;
  ck_assert_int_eq(seen->shape->tokens, s->leading + kept);
  if (kept == 0) return;
  plain_change change = {.kept = kept, .place = place};
  plain *p = plain_forward(g->model, g->x, &change);
  int n = s->leading + kept, map = s->heads * n * n;
  close_to("logits", s->classes, seen->logits, p->logits, 1e-10);
  close_to("attention", map, vx_at(seen, VX_AT_ATTENTION, vx_by(VX_FORWARD), last), p->layer[last].attention, 1e-10);
  double *rows = calloc((size_t)(s->heads * n), sizeof *rows), weights = 0;
  for (int i = 0; i < s->heads * n * n; i++)
    rows[i / n / n * n + i % n] += plain_weight(&p->model->shape, i / n % n) * p->layer[0].attention[i];
  close_to("rows read", s->heads * n, vx_rows_at(seen, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0), rows, 1e-10);
  for (int i = 0; i < n; i++) weights += vx_read_weights(seen)[i];
  ck_assert_double_eq_tol(weights, 1, 1e-12);
  double *push = calloc((size_t)(s->layers * map), sizeof *push), *x = malloc((size_t)pixels * sizeof *x);
  memcpy(x, g->x, (size_t)pixels * sizeof *x);
  const double *gradient = vx_at(seen, VX_AT_INPUT, vx_by(VX_GRADIENT), 0);
  differences("a variant's input gradient", g->model, x, &change, x, pixels, 30, g->view->target, VX_LOGIT, gradient);
  change.site = VX_AT_ATTENTION;
  change.push = push;
  differences("a variant's attention gradient", g->model, x, &change, push, s->layers * map, 30, g->view->target,
              VX_LOGIT, vx_at(seen, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 0));
  for (int l = 0; index == 0 && l < s->layers; l++) /* with all patches: what the picture has */
    close_to("a variant's relevance", map, vx_at(seen, VX_AT_ATTENTION, vx_by_with(VX_LRP_PLAIN, 1e-2), l),
             vx_at(g->view, VX_AT_ATTENTION, vx_by_with(VX_LRP_PLAIN, 1e-2), l), 1e-9);
  free(x);
  free(push);
  free(rows);
  plain_free(p);
}

START_TEST(test_kept) {
  vx_model *model = plain_model(_i, 17);
  const vx_shape *s = vx_model_shape(model);
  float *picture = plain_picture(model, 17);
  double *x = widened(model, picture);
  vx_needs plan = {.variant_count = 6};
  vx_want_layers(&plan.wants, VX_AT_ATTENTION, vx_by_with(VX_LRP_PLAIN, 1e-2), 0, s->layers - 1);
  vx_want_layers(&plan.variants, VX_AT_ATTENTION, vx_by_with(VX_LRP_PLAIN, 1e-2), 0, s->layers - 1);
  vx_want_layers(&plan.variants, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0, s->layers - 1);
  vx_want_rows(&plan.variants, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0, 0);
  vx_want_layers(&plan.variants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 0, s->layers - 1);
  vx_want_at(&plan.variants, VX_AT_INPUT, vx_by(VX_GRADIENT));
  vx_worker *worker = worker_for(model, &plan, VX_DOUBLE, picture);
  const vx_view *view = explain(worker, s->classes - 1, VX_LOGIT);
  group g = {.model = model, .x = x, .view = view};
  vx_error error = {0};
  int runs = s->grid > 1 ? 6 : 1; /* a single patch is not left out */
  ck_assert_msg(view->again->run(view->again, runs, true, make_kept, take_kept, &g, &error), "%s: %s", error.where,
                error.why);
  ck_assert_int_eq(g.taken, runs);
  vx_worker_free(worker);
  free(x);
  free(picture);
  vx_model_close(model);
}
END_TEST

/* Everything removed: the leading tokens alone go through; where there are none, the head reads nothing, 0. */
static void make_empty(void *user, int index, vx_variant *variant) {
  const group *g = user;
  (void)index;
  memset(variant->keep, 0, (size_t)(g->model->shape.grid * g->model->shape.grid));
}

static void take_empty(void *user, int index, const vx_view *seen) {
  group *g = user;
  const vx_model *m = g->model;
  const vx_shape *s = &m->shape;
  ck_assert_int_eq(index, g->taken++);
  ck_assert_int_eq(seen->shape->tokens, s->leading);
  ck_assert_int_eq(vx_patch_count(seen), 0);
  if (s->readout == VX_READ_PATCHES) { /* the mean of no patch */
    plain p = {.model = m, .arena = vx_arena_new()};
    double *read = plain_take(&p, 1, s->dim);
    if (s->fc_norm) plain_norm_row(&p, &m->norm, s->dim, read, read);
    close_to("logits of nothing", s->classes, seen->logits, plain_linear(&p, &m->head, 1, read), 1e-10);
    vx_arena_free(p.arena);
  }
  for (int c = 0; c < s->classes; c++) ck_assert(isfinite(seen->logits[c]));
}

START_TEST(test_empty) {
  vx_model *model = plain_model(_i, 18);
  float *picture = plain_picture(model, 18);
  vx_needs plan = {.variant_count = 2};
  vx_worker *worker = worker_for(model, &plan, VX_DOUBLE, picture);
  const vx_view *view = explain(worker, 0, VX_LOGIT);
  group g = {.model = model, .view = view};
  vx_error error = {0};
  ck_assert_msg(view->again->run(view->again, 2, false, make_empty, take_empty, &g, &error), "%s: %s", error.where,
                error.why);
  ck_assert_int_eq(g.taken, 2);
  vx_worker_free(worker);
  free(picture);
  vx_model_close(model);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("gradient");
  tcase_set_timeout(tests, 600);
  tcase_add_loop_test(tests, test_plain, 0, PLAIN_SHAPES);
  tcase_add_loop_test(tests, test_differences, 0, PLAIN_SHAPES);
  tcase_add_loop_test(tests, test_lowest, 0, PLAIN_SHAPES);
  tcase_add_loop_test(tests, test_groups, 0, PLAIN_SHAPES);
  tcase_add_loop_test(tests, test_kept, 0, PLAIN_SHAPES);
  tcase_add_loop_test(tests, test_empty, 0, PLAIN_SHAPES);
  return run_suite("core/gradient", tests);
}
