/* What must hold for any model: on random small ones, through the real worker. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "explainers/explainer.h"
#include "explainers/parts/flow.h"
#include "explainers/parts/fuse.h"
#include "tests/support/suite.h"

static const vx_shape shapes[] = {
    {.layers = 3, .heads = 2, .dim = 12, .mlp = 20, .patch = 4, .image = 16, .classes = 5, .epsilon = 1e-6},
    {.layers = 1, .heads = 1, .dim = 6, .mlp = 9, .patch = 8, .image = 16, .classes = 2, .epsilon = 1e-12},
    {.layers = 8, .heads = 4, .dim = 32, .mlp = 64, .patch = 8, .image = 48, .classes = 7, .epsilon = 1e-6},
    {.layers = 3,
     .heads = 2,
     .dim = 8,
     .mlp = 12,
     .patch = 4,
     .image = 12,
     .readout = VX_READ_PATCHES,
     .classes = 4,
     .epsilon = 1e-6},
    {.layers = 2, /* no [CLS], registers, a norm before the head */
     .heads = 2,
     .dim = 8,
     .mlp = 12,
     .patch = 4,
     .image = 12,
     .no_cls = true,
     .registers = 2,
     .fc_norm = true,
     .readout = VX_READ_PATCHES,
     .activation = VX_GELU_TANH,
     .classes = 4,
     .epsilon = 1e-6},
    {.layers = 3, /* two heads */
     .heads = 2,
     .dim = 8,
     .mlp = 12,
     .patch = 4,
     .image = 12,
     .distillation = true,
     .readout = VX_READ_TWO,
     .pre_norm = true,
     .activation = VX_QUICK_GELU,
     .classes = 4,
     .epsilon = 1e-6},
    {.layers = 2, /* two things side by side */
     .heads = 2,
     .dim = 12,
     .mlp = 12,
     .patch = 4,
     .image = 12,
     .registers = 1,
     .unplaced = 1,
     .readout = VX_READ_CLS_AND_PATCHES,
     .scaled = true,
     .qk_norm = true,
     .activation = VX_RELU,
     .classes = 4,
     .epsilon = 1e-6},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0], ONE_READ = 3 }; /* from there on, several tokens are read */

typedef struct subject {
  vx_model *model;
  vx_worker *worker;
  vx_view *view;
  float *x;
} subject;

/* A random model and picture, sent through the passes of `plan`. */
static void open_subject(subject *s, int which, const vx_needs *plan, vx_precision precision) {
  vx_error error = {0};
  size_t values = 3 * (size_t)shapes[which].image * (size_t)shapes[which].image;
  s->model = vx_model_random(&shapes[which], 17 + (uint64_t)which, &error);
  ck_assert_msg(s->model != NULL, "%s: %s", error.where, error.why);
  s->worker = vx_worker_new(s->model, plan, precision, &error);
  ck_assert_msg(s->worker != NULL, "%s: %s", error.where, error.why);
  s->x = malloc(values * sizeof *s->x);
  for (size_t i = 0; i < values; i++) s->x[i] = (float)(2 * vx_uniform_at(3, (uint64_t)which, i) - 1);
  ck_assert_msg(vx_worker_forward(s->worker, s->x, &error), "%s: %s", error.where, error.why);
  s->view = vx_worker_explain(s->worker, 1, VX_LOGIT, &error);
  ck_assert_msg(s->view != NULL, "%s: %s", error.where, error.why);
  s->view->seed = 99;
}

static void close_subject(subject *s) {
  vx_worker_free(s->worker);
  vx_model_close(s->model);
  free(s->x);
}

/* ---- rollout --------------------------------------------------------------------------------------------------- */

START_TEST(rollout_rows_sum_to_one) {
  vx_needs plan = {0};
  vx_want_layers(&plan.wants, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0, shapes[_i].layers - 1);
  subject s;
  open_subject(&s, _i, &plan, VX_DOUBLE);
  double *row = malloc((size_t)s.view->shape->tokens * sizeof *row);
  for (int fusion = VX_FUSE_MEAN; fusion <= VX_FUSE_MIN; fusion++)
    for (int start = 0; start < shapes[_i].layers; start++) {
      vx_stack stack = {.value = vx_by(VX_FORWARD), .fusion = (vx_fusion)fusion};
      double sum = 0;
      ck_assert(vx_rollout_row(s.view, &stack, start, true, row, NULL));
      for (int j = 0; j < s.view->shape->tokens; j++) {
        ck_assert_double_ge(row[j], 0);
        sum += row[j];
      }
      ck_assert_double_eq_tol(sum, 1, 1e-12);
    }
  free(row);
  close_subject(&s);
}
END_TEST

/* ---- attention flow -------------------------------------------------------------------------------------------- */

/* At most what leaves the source and what enters the sink, proven maximal by a cut; and the heat map is these values
   over their sum. */
START_TEST(flows_are_bounded_and_certified) {
  const vx_explainer *method = vx_explainer_find("attention-flow");
  vx_needs plan = {0};
  vx_want_layers(&plan.wants, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0, shapes[_i].layers - 1);
  subject s;
  open_subject(&s, _i, &plan, VX_DOUBLE);
  size_t n = (size_t)s.view->shape->tokens, layers = (size_t)shapes[_i].layers;
  double *capacity = malloc(layers * n * n * sizeof *capacity), *heat = malloc(n * sizeof *heat), sum = 0;
  vx_flow *flows = malloc(n * sizeof *flows);
  vx_stack stack = {.value = vx_by(VX_FORWARD), .fusion = VX_FUSE_MEAN};
  for (size_t row = 0; row < layers * n; row++) {
    double *out = capacity + row * n;
    vx_fused_row(s.view, &stack, (int)(row / n), (int)(row % n), out);
    for (size_t j = 0; j < n; j++) out[j] = (out[j] + (j == row % n)) / 2; /* attention rows sum to 1 */
  }
  vx_flow_graph graph = {.layers = (int)layers, .tokens = (int)n, .source = 0, .capacity = capacity};
  ck_assert(vx_flow_all(&graph, s.view->scratch, flows, NULL));
  for (size_t j = 0; j < n; j++) {
    double column = 0;
    for (size_t i = 0; i < n; i++) column += capacity[i * n + j];
    ck_assert_double_le(flows[j].value, fmin(1, column) + 1e-12);
    ck_assert_double_eq_tol(flows[j].value, flows[j].cut, 1e-12);
    sum += flows[j].value;
  }
  vx_args args;
  vx_args_default(&method->params, &args);
  ck_assert(vx_explainer_run(method, s.view, &args, heat, NULL));
  for (size_t j = 1; j < n; j++) ck_assert_double_eq_tol(heat[j - 1], flows[j].value / sum, 1e-12);
  free(flows);
  free(heat);
  free(capacity);
  close_subject(&s);
}
END_TEST

/* ---- integrated gradients -------------------------------------------------------------------------------------- */

START_TEST(integrated_gradients_are_complete) {
  const vx_explainer *method = vx_explainer_find("integrated-gradients");
  vx_args args;
  vx_needs plan;
  vx_args_default(&method->params, &args);
  ck_assert(vx_args_set(&method->params, method->id, &args, "steps", "256", NULL) &&
            vx_args_set(&method->params, method->id, &args, "signed", "true", NULL));
  vx_explainer_needs(method, &shapes[_i], &args, &plan);
  subject s;
  open_subject(&s, _i, &plan, VX_DOUBLE);
  size_t pixels = (size_t)shapes[_i].image * (size_t)shapes[_i].image;
  double *heat = malloc(pixels * sizeof *heat), sum = 0, magnitude = 0, top = vx_worker_logits(s.worker)[1];
  ck_assert(vx_explainer_run(method, s.view, &args, heat, NULL));
  for (size_t i = 0; i < pixels; i++) {
    sum += heat[i];
    magnitude += fabs(heat[i]);
  }
  memset(s.x, 0, 3 * pixels * sizeof *s.x);
  ck_assert(vx_worker_forward(s.worker, s.x, NULL));
  ck_assert_double_eq_tol(sum, top - vx_worker_logits(s.worker)[1], 0.01 * magnitude);
  free(heat);
  close_subject(&s);
}
END_TEST

/* ---- alone and among all --------------------------------------------------------------------------------------- */

static bool can_run(const vx_explainer *explainer, const vx_shape *shape, vx_args *args, vx_needs *needs) {
  vx_args_default(&explainer->params, args);
  vx_explainer_needs(explainer, shape, args, needs);
  return vx_explainer_in_all(explainer) && vx_explainer_fits(explainer, shape, NULL) &&
         !(needs->data & (VX_NEED_PICTURE | VX_NEED_PRIOR));
}

static void check_alone(const subject *all, int which, vx_precision precision, const vx_explainer *explainer) {
  vx_args args;
  vx_needs plan;
  vx_error error;
  if (!can_run(explainer, &shapes[which], &args, &plan)) return;
  subject alone;
  open_subject(&alone, which, &plan, precision);
  size_t side = (size_t)vx_explainer_side(explainer, alone.view->shape), bytes = side * side * sizeof(double);
  double *a = malloc(bytes), *b = malloc(bytes);
  ck_assert_msg(vx_explainer_run(explainer, all->view, &args, a, &error), "%s: %s", error.where, error.why);
  ck_assert_msg(vx_explainer_run(explainer, alone.view, &args, b, &error), "%s: %s", error.where, error.why);
  ck_assert_msg(memcmp(a, b, bytes) == 0, "%s alone differs from %s among all", explainer->id, explainer->id);
  free(a);
  free(b);
  close_subject(&alone);
}

START_TEST(alone_and_among_all_are_the_same_bits) {
  static const vx_precision precisions[] = {VX_SINGLE, VX_MIXED, VX_DOUBLE};
  int which = _i % SHAPES;
  vx_needs plan = {0}, needs;
  vx_args args;
  vx_error error;
  for (int m = 0; m < vx_explainer_count(); m++)
    if (can_run(vx_explainer_at(m), &shapes[which], &args, &needs))
      ck_assert_msg(vx_needs_add(&plan, &needs, &error), "%s", error.why);
  subject all;
  open_subject(&all, which, &plan, precisions[_i / SHAPES]);
  for (int m = 0; m < vx_explainer_count(); m++) check_alone(&all, which, precisions[_i / SHAPES], vx_explainer_at(m));
  close_subject(&all);
}
END_TEST

/* The same picture after another one through the same worker: nothing of the other may be left. */
START_TEST(a_worker_forgets) {
  vx_needs plan = {0}, needs;
  vx_args args;
  vx_error error;
  for (int m = 0; m < vx_explainer_count(); m++)
    if (can_run(vx_explainer_at(m), &shapes[_i], &args, &needs)) ck_assert(vx_needs_add(&plan, &needs, &error));
  subject s;
  open_subject(&s, _i, &plan, VX_MIXED);
  size_t values = 3 * (size_t)shapes[_i].image * (size_t)shapes[_i].image;
  float *other = malloc(values * sizeof *other);
  for (size_t i = 0; i < values; i++) other[i] = -3 * s.x[i] * s.x[i];
  ck_assert(vx_worker_forward(s.worker, other, NULL) && vx_worker_explain(s.worker, 0, VX_LOGIT, NULL));
  ck_assert(vx_worker_forward(s.worker, s.x, NULL) && (s.view = vx_worker_explain(s.worker, 1, VX_LOGIT, NULL)));
  s.view->seed = 99;
  for (int m = 0; m < vx_explainer_count(); m++) check_alone(&s, _i, VX_MIXED, vx_explainer_at(m));
  free(other);
  close_subject(&s);
}
END_TEST

/* ---- variants -------------------------------------------------------------------------------------------------- */

static void leave(void *user, int index, vx_variant *variant) {
  (void)user, (void)index, (void)variant;
}

static void read_stream(void *user, int index, const vx_view *view) {
  (void)index;
  *(double *)user = vx_at(view, VX_AT_STREAM, vx_by(VX_FORWARD), 1)[0];
}

static void ask_for_layer(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)shape;
  vx_want_layers(&needs->variants, VX_AT_STREAM, vx_by(VX_FORWARD), (int)args->value[0], (int)args->value[0]);
  needs->variant_count = 1;
}

static bool read_variant(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)args;
  for (int j = 0; j < vx_patch_count(view); j++) heat[j] = 0;
  return view->again->run(view->again, 1, true, leave, read_stream, heat, error);
}

/* What other methods had made of the variants is not this method's. */
START_TEST(variants_show_what_was_named) {
  const vx_explainer method = {.id = "again", .grid = VX_GRID_PATCH, .needs = ask_for_layer, .explain = read_variant};
  vx_needs plan = {0};
  vx_error error;
  vx_args args = {0};
  subject s;
  vx_want_layers(&plan.variants, VX_AT_STREAM, vx_by(VX_FORWARD), 0, 1);
  plan.variant_count = 1;
  open_subject(&s, 0, &plan, VX_MIXED);
  double *heat = malloc((size_t)vx_patch_count(s.view) * sizeof *heat);
  ck_assert(!vx_explainer_run(&method, s.view, &args, heat, &error));
  ck_assert_msg(strstr(error.why, "reads the value of the stream, layers 1 to 1") != NULL, "%s", error.why);
  args.value[0] = 1;
  ck_assert_msg(vx_explainer_run(&method, s.view, &args, heat, &error), "%s", error.why);
  ck_assert_double_ne(heat[0], 0);
  free(heat);
  close_subject(&s);
}
END_TEST

/* ---- CAMs of any layer ----------------------------------------------------------------------------------------- */

/* The gradient at LN1's output, patch by patch, times that output: HiResCAM's map from the view itself. */
START_TEST(cams_of_any_layer) {
  const vx_explainer *method = vx_explainer_find("hires-cam");
  for (int l = 0; l < shapes[_i].layers; l++) {
    vx_needs plan;
    vx_args args;
    vx_error error;
    vx_args_default(&method->params, &args);
    args.value[0] = l;
    vx_explainer_needs(method, &shapes[_i], &args, &plan);
    subject s;
    open_subject(&s, _i, &plan, VX_DOUBLE);
    int patches = vx_patch_count(s.view), dim = shapes[_i].dim;
    double *heat = malloc((size_t)patches * sizeof *heat), most = 0;
    ck_assert_msg(vx_explainer_run(method, s.view, &args, heat, &error), "%s: %s", error.where, error.why);
    const double *a = vx_patches(s.view, vx_at(s.view, VX_AT_NORM1, vx_by(VX_FORWARD), l), dim);
    const double *g = vx_patches(s.view, vx_at(s.view, VX_AT_NORM1, vx_by(VX_GRADIENT), l), dim);
    for (int j = 0; j < patches; j++) {
      double sum = 0;
      for (int d = 0; d < dim; d++) sum += a[j * dim + d] * g[j * dim + d];
      ck_assert_double_eq_tol(heat[j], fmax(0, sum), 1e-13);
      most = fmax(most, fabs(sum));
    }
    ck_assert_double_gt(most, 0);
    free(heat);
    close_subject(&s);
  }
}
END_TEST

int main(void) {
  vx_blas_threads(1);
  TCase *tests = tcase_create("properties");
  tcase_set_timeout(tests, 300);
  tcase_add_loop_test(tests, rollout_rows_sum_to_one, 0, SHAPES);
  tcase_add_loop_test(tests, flows_are_bounded_and_certified, 0, ONE_READ);
  tcase_add_loop_test(tests, integrated_gradients_are_complete, 0, SHAPES);
  tcase_add_loop_test(tests, alone_and_among_all_are_the_same_bits, 0, 3 * SHAPES);
  tcase_add_loop_test(tests, a_worker_forgets, 0, SHAPES);
  tcase_add_test(tests, variants_show_what_was_named);
  tcase_add_loop_test(tests, cams_of_any_layer, 0, SHAPES);
  return run_suite("properties", tests);
}
