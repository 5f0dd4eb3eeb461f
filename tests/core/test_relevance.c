/* The relevance pass against the rules written down a second time, straight from the specification. */
#define VX_REAL_DOUBLE /* of core's own functions those in double */

#include "core/descend.h"
#include "core/engine.h"

#include "tests/core/plain.h"
#include "tests/support/files.h"
#include "tests/support/golden.h"

static const double deltas[] = {0, 1e-3, 1e-2};

static vx_descent descent_of(int i) {
  return vx_by_with(i % 2 ? VX_LRP_PLAIN : VX_LRP_IMPROVED, deltas[i / 2]);
}

/* Everything that a pass may be asked for. */
static vx_needs every_pass(const vx_shape *s) {
  vx_needs plan = {0};
  for (int i = 0; i < 6; i++) {
    vx_want_layers(&plan.wants, VX_AT_ATTENTION, descent_of(i), 0, s->layers - 1);
    vx_want_at(&plan.wants, VX_AT_INPUT, descent_of(i));
  }
  return plan;
}

/* The sum over channels [S][S] of what stands at the input; to be freed. */
static double *pixel_sums(const vx_view *view, vx_descent descent) {
  size_t pixels = (size_t)(view->shape->image * view->shape->image);
  const double *of = vx_at(view, VX_AT_INPUT, descent, 0);
  double *sum = calloc(pixels, sizeof *sum);
  for (size_t i = 0; i < 3 * pixels; i++) sum[i % pixels] += of[i];
  return sum;
}

static const vx_view *run(vx_worker *worker, const float *x, int target) {
  vx_error error = {0};
  ck_assert_msg(vx_worker_forward(worker, x, &error), "%s: %s", error.where, error.why);
  const vx_view *view = vx_worker_explain(worker, target, VX_LOGIT, &error);
  ck_assert_msg(view != NULL, "%s: %s", error.where, error.why);
  return view;
}

static void close_to(const char *what, vx_descent descent, size_t count, const double *a, const double *b,
                     double limit) {
  double off = vx_test_difference(count, a, b);
  ck_assert_msg(off <= limit, "%s, %s rules, stabilizer %g: off by %g of the maximum", what,
                descent.rule == VX_LRP_PLAIN ? "plain" : "improved", descent.parameter, off);
}

START_TEST(test_plain_rules) {
  for (unsigned seed = 0; seed < 3; seed++) {
    vx_model *model = plain_model(_i, seed);
    const vx_shape *s = vx_model_shape(model);
    size_t map = (size_t)(s->heads * s->tokens * s->tokens), pixels = (size_t)(s->image * s->image);
    float *picture = plain_picture(model, seed);
    double *x = calloc(3 * pixels, sizeof *x);
    for (size_t i = 0; i < 3 * pixels; i++) x[i] = (double)picture[i];
    plain *p = plain_forward(model, x, NULL);
    vx_needs plan = every_pass(s);
    vx_worker *worker = vx_worker_new(model, &plan, VX_DOUBLE, NULL);
    int target = s->classes - 1;
    const vx_view *view = run(worker, picture, target);
    for (int i = 0; i < 6; i++) {
      vx_descent d = descent_of(i);
      double *attention = calloc((size_t)s->layers * map, sizeof *attention), *sums = pixel_sums(view, d);
      double *picture_map = calloc(pixels, sizeof *picture_map);
      plain_relevance(p, d.rule, d.parameter, target, attention, picture_map);
      /* Without stabilizer the rules divide by sums that pass near zero: rounding is magnified. */
      close_to("attention", d, (size_t)s->layers * map, vx_at(view, VX_AT_ATTENTION, d, 0), attention, 1e-9);
      close_to("pixels", d, pixels, sums, picture_map, 1e-9);
      free(sums);
      free(attention);
      free(picture_map);
    }
    vx_worker_free(worker);
    plain_free(p);
    free(x);
    free(picture);
    vx_model_close(model);
  }
}
END_TEST

/* ---- conservation --------------------------------------------------------------------------------------------------
 */

/* How far the sum rule is from handing on what it was given, over the branches a and b [n][d] of a block. */
static double off_by(const vx_shape *s, const double *a, const double *b, uint64_t stream) {
  size_t count = (size_t)(s->tokens * s->dim);
  double *to_a = malloc(count * sizeof *to_a), *to_b = malloc(count * sizeof *to_b), before = 0, after = 0;
  for (size_t i = 0; i < count; i++) before += to_a[i] = vx_random_normal(stream, i);
  vx_sum_relevance(&(vx_lrp){.plain = false}, s->tokens, s->tokens, s->dim, a, b, to_a, to_b);
  for (size_t i = 0; i < count; i++) after += to_a[i] + to_b[i];
  free(to_a);
  free(to_b);
  return fabs(after - before) / fmax(fabs(before), 1e-3);
}

/* The improved sum rule hands on exactly what it was given, at both sums of every block. The plain one need not. */
static void conserve(const vx_model *model, const float *picture, double limit) {
  const vx_shape *s = vx_model_shape(model);
  size_t pixels = (size_t)(s->image * s->image);
  double *x = calloc(3 * pixels, sizeof *x);
  for (size_t i = 0; i < 3 * pixels; i++) x[i] = (double)picture[i];
  vx_wants wants = {0};
  vx_want_at(&wants, VX_AT_INPUT, vx_by(VX_LRP_IMPROVED));
  vx_trace *trace = vx_engine_double.open(model, 1, &wants, false, NULL);
  ck_assert_ptr_nonnull(trace);
  vx_engine_double.load(trace, 0, x, NULL);
  ck_assert(vx_forward(trace, 1, NULL));
  for (int l = 0; l < s->layers; l++) {
    const vx_layer *at = &trace->layer[l];
    double worst = fmax(off_by(s, at->middle, at->mlp, vx_random_stream((uint64_t)l, 1)),
                        off_by(s, at->x, at->projected, vx_random_stream((uint64_t)l, 2)));
    ck_assert_msg(worst <= limit, "a sum rule is off by %g of what it was given", worst);
  }
  vx_trace_free(trace);
  free(x);
}

START_TEST(test_conservation) {
  for (unsigned seed = 0; seed < 10; seed++) {
    vx_model *model = plain_model(_i, seed);
    float *picture = plain_picture(model, seed);
    conserve(model, picture, 1e-5); /* safe() adds 1e-9 to what it divides by */
    free(picture);
    vx_model_close(model);
  }
}
END_TEST

/* ---- precision -----------------------------------------------------------------------------------------------------
 */

/* Golden input of a model; to be freed. */
static float *golden_input(const char *path, int *target) {
  vx_error error = {0};
  vx_tensors *golden = vx_tensors_open(path, &error);
  ck_assert_msg(golden != NULL, "%s: %s", error.where, error.why);
  const vx_tensor *x = vx_tensors_find(golden, "x");
  float *input = malloc(x->count * sizeof *input);
  vx_tensor_to_float(x, input);
  double *class = vx_test_doubles(golden, "target", NULL);
  *target = (int)class[0];
  free(class);
  vx_tensors_close(golden);
  return input;
}

/* Mixed precision is double's map to 1e-5 (lrp's pixels 2e-5), single's with a stabilizer of 1e-2 to 4e-5 (2e-4). */
static void mixed_is_double(const char *model_path, const char *input_path) {
  vx_error error = {0};
  vx_model *model = vx_model_open(model_path, &error);
  ck_assert_msg(model != NULL, "%s: %s", error.where, error.why);
  const vx_shape *s = vx_model_shape(model);
  size_t map = (size_t)(s->heads * s->tokens * s->tokens), pixels = (size_t)(s->image * s->image);
  int target;
  float *x = golden_input(input_path, &target);
  vx_needs plan = every_pass(s);
  vx_worker *mixed = vx_worker_new(model, &plan, VX_MIXED, &error);
  vx_worker *wide = vx_worker_new(model, &plan, VX_DOUBLE, &error);
  const vx_view *a = run(mixed, x, target), *b = run(wide, x, target);
  for (int i = 0; i < 6; i++) {
    vx_descent d = descent_of(i);
    if (d.parameter > 0 && d.parameter < 1e-2) continue;
    bool stable = d.parameter > 0;
    for (int l = 0; l < s->layers; l++)
      close_to("attention", d, map, vx_at(a, VX_AT_ATTENTION, d, l), vx_at(b, VX_AT_ATTENTION, d, l),
               stable ? 2e-4 : 1e-5);
    double *p = pixel_sums(a, d), *q = pixel_sums(b, d);
    if (d.rule == VX_LRP_PLAIN) close_to("pixels", d, pixels, p, q, stable ? 2e-4 : 2e-5);
    free(p);
    free(q);
  }
  vx_worker_free(mixed);
  vx_worker_free(wide);
  free(x);
  vx_model_close(model);
}

START_TEST(test_mixed) {
  mixed_is_double("tests/golden/models/vit-nano", "tests/golden/explain/vit-nano-0-top.safetensors");
  mixed_is_double("tests/golden/models/vit-micro", "tests/golden/explain/vit-micro-0-top.safetensors");
  mixed_is_double("tests/golden/models/odd-one-layer", "tests/golden/explain/odd-one-layer-0-top.safetensors");
}
END_TEST

START_TEST(test_mixed_deep) {
  char path[1024];
  if (!shared_path("golden/explain/vit-deep-0-top.safetensors", path)) return;
  mixed_is_double("tests/golden/models/vit-deep", path);
}
END_TEST

/* A pass that goes less far down gives the bits of one that goes further. */
START_TEST(test_lowest) {
  vx_model *model = plain_model(_i, 4);
  const vx_shape *s = vx_model_shape(model);
  size_t map = (size_t)(s->heads * s->tokens * s->tokens), pixels = (size_t)(s->image * s->image);
  float *x = plain_picture(model, 4);
  for (vx_precision precision = VX_SINGLE; precision <= VX_DOUBLE; precision++) {
    vx_needs whole = every_pass(s);
    vx_worker *all = vx_worker_new(model, &whole, precision, NULL);
    const vx_view *expected = run(all, x, 0);
    for (int k = 0; k < 6; k++)
      for (int lowest = 0; lowest <= s->layers; lowest++) {
        bool to_pixels = lowest == s->layers; /* with no map at all, on to the picture */
        vx_needs some = {0};
        if (to_pixels)
          vx_want_at(&some.wants, VX_AT_INPUT, descent_of(k));
        else
          vx_want_layers(&some.wants, VX_AT_ATTENTION, descent_of(k), lowest, s->layers - 1);
        vx_worker *worker = vx_worker_new(model, &some, precision, NULL);
        const vx_view *view = run(worker, x, 0);
        vx_site site = to_pixels ? VX_AT_INPUT : VX_AT_ATTENTION;
        size_t count = to_pixels ? 3 * pixels : map;
        for (int l = to_pixels ? 0 : lowest; l < (to_pixels ? 1 : s->layers); l++)
          ck_assert(memcmp(vx_at(view, site, descent_of(k), l), vx_at(expected, site, descent_of(k), l),
                           count * sizeof(double)) == 0);
        vx_worker_free(worker);
      }
    vx_worker_free(all);
  }
  free(x);
  vx_model_close(model);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("relevance");
  tcase_set_timeout(tests, 600);
  tcase_add_loop_test(tests, test_plain_rules, 0, PLAIN_SHAPES);
  tcase_add_loop_test(tests, test_conservation, 0, PLAIN_SHAPES);
  tcase_add_test(tests, test_mixed);
  tcase_add_test(tests, test_mixed_deep);
  tcase_add_loop_test(tests, test_lowest, 0, PLAIN_SHAPES);
  return run_suite("core/relevance", tests);
}
