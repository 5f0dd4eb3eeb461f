/* The relevance pass against the rules written down a second time, straight from the specification. */
#include "core/relevance.h"

#include "tests/core/plain.h"
#include "tests/support/files.h"
#include "tests/support/golden.h"

static const double deltas[] = {0, 1e-3, 1e-2};

/* Everything that a pass may be asked for. */
static vx_passes every_pass(void) {
  vx_passes plan = {0};
  for (int i = 0; i < 3; i++) {
    vx_need_relevance(&plan, VX_RULES_IMPROVED, deltas[i], 0, true);
    vx_need_relevance(&plan, VX_RULES_PLAIN, deltas[i], 0, true);
  }
  return plan;
}

static const vx_view *run(vx_worker *worker, const float *x, int target) {
  vx_error error = {0};
  ck_assert_msg(vx_worker_forward(worker, x, &error), "%s: %s", error.where, error.why);
  const vx_view *view = vx_worker_explain(worker, target, VX_LOGIT, &error);
  ck_assert_msg(view != NULL, "%s: %s", error.where, error.why);
  return view;
}

static void close_to(const char *what, const vx_relevance *r, size_t count, const double *a, const double *b,
                     double limit) {
  double off = vx_test_difference(count, a, b);
  ck_assert_msg(off <= limit, "%s, %s rules, stabilizer %g: off by %g of the maximum", what,
                r->need.rules == VX_RULES_PLAIN ? "plain" : "improved", r->need.stabilizer, off);
}

START_TEST(test_plain_rules) {
  for (unsigned seed = 0; seed < 3; seed++) {
    vx_model *model = plain_model(_i, seed);
    const vx_shape *s = vx_model_shape(model);
    size_t maps = (size_t)(s->layers * s->heads * s->tokens * s->tokens), pixels = (size_t)(s->image * s->image);
    float *picture = plain_picture(model, seed);
    double *x = calloc(3 * pixels, sizeof *x);
    for (size_t i = 0; i < 3 * pixels; i++) x[i] = (double)picture[i];
    plain *p = plain_forward(model, x, NULL);
    vx_passes plan = every_pass();
    vx_worker *worker = vx_worker_new(model, &plan, VX_DOUBLE, NULL);
    int target = s->classes - 1;
    const vx_view *view = run(worker, picture, target);
    for (int i = 0; i < view->relevance_count; i++) {
      const vx_relevance *r = &view->relevance[i];
      double *attention = calloc(maps, sizeof *attention), *picture_map = calloc(pixels, sizeof *picture_map);
      plain_relevance(p, r->need.rules, r->need.stabilizer, target, attention, picture_map);
      /* Without stabilizer the rules divide by sums that pass near zero: rounding is magnified. */
      close_to("attention", r, maps, r->attention, attention, 1e-9);
      close_to("pixels", r, pixels, r->pixels, picture_map, 1e-9);
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

typedef struct sums {
  int seen[2];
  double worst;
} sums;

static void see_sum(void *user, int layer, int which, double before, double after) {
  sums *s = user;
  ck_assert_int_ge(layer, 0);
  s->seen[which]++;
  s->worst = fmax(s->worst, fabs(after - before) / fmax(fabs(before), 1e-3));
}

/* The improved sum rule hands on exactly what it was given, in every layer. The plain one need not. */
static void conserve(const vx_model *model, const float *picture, vx_rules rules, double limit) {
  const vx_shape *s = vx_model_shape(model);
  size_t maps = (size_t)(s->layers * s->heads * s->tokens * s->tokens), pixels = (size_t)(s->image * s->image);
  double *x = calloc(3 * pixels, sizeof *x), *attention = calloc(maps, sizeof *attention);
  double *picture_map = calloc(pixels, sizeof *picture_map);
  for (size_t i = 0; i < 3 * pixels; i++) x[i] = (double)picture[i];
  vx_trace_double *trace = vx_trace_new_double(model, 1, VX_KEEP_RELEVANCE);
  vx_relevance_room *room = vx_relevance_room_new_double(model, 1);
  ck_assert(trace && room && vx_forward_double(trace, 1, x, NULL));
  sums seen = {0};
  vx_relevance_set_probe_double(room, see_sum, &seen);
  vx_relevance_pass pass = {{rules, 0, 0, true}, attention, picture_map};
  ck_assert(vx_relevance_passes_double(room, trace, 1, &pass, 0, NULL));
  ck_assert_int_eq(seen.seen[0], s->layers);
  ck_assert_int_eq(seen.seen[1], s->layers);
  ck_assert_msg(seen.worst <= limit, "a sum rule is off by %g of what it was given", seen.worst);
  vx_relevance_room_free_double(room);
  vx_trace_free_double(trace);
  free(picture_map);
  free(attention);
  free(x);
}

START_TEST(test_conservation) {
  for (unsigned seed = 0; seed < 10; seed++) {
    vx_model *model = plain_model(_i, seed);
    float *picture = plain_picture(model, seed);
    conserve(model, picture, VX_RULES_IMPROVED, 1e-5); /* safe() adds 1e-9 to what it divides by */
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
  vx_passes plan = {0};
  vx_need_relevance(&plan, VX_RULES_IMPROVED, 0, 0, false);
  vx_need_relevance(&plan, VX_RULES_PLAIN, 0, 0, true);
  vx_need_relevance(&plan, VX_RULES_IMPROVED, 1e-2, 0, false);
  vx_need_relevance(&plan, VX_RULES_PLAIN, 1e-2, 0, true);
  vx_worker *mixed = vx_worker_new(model, &plan, VX_MIXED, &error);
  vx_worker *wide = vx_worker_new(model, &plan, VX_DOUBLE, &error);
  const vx_view *a = run(mixed, x, target), *b = run(wide, x, target);
  for (int i = 0; i < b->relevance_count; i++) {
    const vx_relevance *r = &b->relevance[i];
    bool stable = r->need.stabilizer > 0;
    for (int l = 0; l < s->layers; l++)
      close_to("attention", r, map, a->relevance[i].attention + (size_t)l * map, r->attention + (size_t)l * map,
               stable ? 2e-4 : 1e-5);
    if (r->need.to_pixels) close_to("pixels", r, pixels, a->relevance[i].pixels, r->pixels, stable ? 2e-4 : 2e-5);
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
    vx_passes whole = every_pass();
    vx_worker *all = vx_worker_new(model, &whole, precision, NULL);
    const vx_view *expected = run(all, x, 0);
    for (int k = 0; k < whole.relevance_count; k++)
      for (int lowest = 0; lowest <= s->layers; lowest++) {
        bool to_pixels = lowest == s->layers; /* with no map at all, on to the picture */
        vx_passes some = {0};
        vx_need_relevance(&some, whole.relevance[k].rules, whole.relevance[k].stabilizer, lowest, to_pixels);
        vx_worker *worker = vx_worker_new(model, &some, precision, NULL);
        const vx_view *view = run(worker, x, 0);
        const vx_relevance *r = vx_view_relevance(view, whole.relevance[k].rules, whole.relevance[k].stabilizer);
        size_t skip = (size_t)lowest * map, kept = (size_t)s->layers * map - skip;
        ck_assert(memcmp(r->attention + skip, expected->relevance[k].attention + skip, kept * sizeof(double)) == 0);
        ck_assert_int_eq(r->pixels != NULL, to_pixels);
        if (to_pixels) ck_assert(memcmp(r->pixels, expected->relevance[k].pixels, pixels * sizeof(double)) == 0);
        ck_assert_ptr_null(vx_view_relevance(view, whole.relevance[k].rules, 0.5));
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
