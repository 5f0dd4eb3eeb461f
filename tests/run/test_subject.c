/* A picture in front of a model: what it answers is what the worker and the methods say, whoever asks in whatever
   order; what was not brought is refused. */
#include <math.h>

#include "harness/run/predict.h"
#include "harness/run/subject.h"
#include "tests/support/files.h"

#define MODEL "tests/golden/models/vit-micro"
#define PICTURE "data/smoke/JPEGImages/smoke_0002.jpg"

static vx_model *model;
static vx_config *config;
static vx_plan plan;
static vx_input_options input;

static int method(const char *name) {
  int index = vx_config_find_method(config, name);
  ck_assert_msg(index >= 0, "no %s", name);
  return index;
}

static vx_subject *opened(const char *methods) {
  char text[600];
  vx_error error;
  snprintf(text, sizeof text, "model: " MODEL "\ndata: {root: data/smoke}\nmethods: %s\n", methods);
  config = vx_config_parse(text, strlen(text), "c", NULL, 0, &error);
  ck_assert_msg(config != NULL, "%s: %s", error.where, error.why);
  model = vx_model_open(MODEL, &error);
  ck_assert(model && vx_input_from_checkpoint(MODEL, vx_model_shape(model)->image, &input, &error));
  ck_assert(vx_plan_make(config->methods, config->method_count, vx_model_shape(model), &plan, &error));
  vx_subject *subject = vx_subject_new(model, &plan, &input, VX_MIXED, &error);
  ck_assert_msg(subject != NULL, "%s: %s", error.where, error.why);
  return subject;
}

static void show(vx_subject *subject) {
  vx_picture picture;
  vx_error error;
  ck_assert_msg(vx_picture_read(PICTURE, &picture, &error), "%s: %s", error.where, error.why);
  ck_assert(vx_subject_show(subject, &picture, &error) && vx_subject_predict(subject, &error));
  vx_picture_free(&picture);
}

static void ask(vx_subject *subject, vx_question question) {
  vx_error error;
  ck_assert_msg(vx_subject_ask(subject, &question, &error) != NULL, "%s: %s", error.where, error.why);
}

static vx_heatmap mapped(vx_subject *subject, const char *name) {
  vx_heatmap map;
  vx_error error;
  ck_assert_msg(vx_subject_map(subject, method(name), &map, &error), "%s: %s", error.where, error.why);
  return map;
}

static void check_refused(vx_subject *subject, const char *name, const char *why) {
  vx_heatmap map;
  vx_error error;
  ck_assert(!vx_subject_map(subject, method(name), &map, &error));
  ck_assert_msg(strstr(error.why, why) != NULL, "%s: %s", error.where, error.why);
}

static void closed(vx_subject *subject) {
  vx_subject_free(subject);
  vx_config_free(config);
  vx_model_close(model);
}

START_TEST(its_maps_are_the_worker_s) {
  vx_subject *subject = opened("[rollout, saliency, foreground]");
  vx_error error;
  show(subject);
  vx_top top[VX_TOP];
  ck_assert_int_ge(vx_subject_top(subject, top), 2);
  ck_assert_double_ge(top[0].probability, top[1].probability);
  ask(subject, (vx_question){.target = top[1].label});
  vx_worker *worker = vx_worker_new(model, &plan.needs, VX_MIXED, &error);
  ck_assert(worker && vx_worker_forward(worker, vx_subject_input(subject), &error));
  vx_view *view = vx_worker_explain(worker, top[1].label, VX_LOGIT, &error);
  ck_assert_ptr_nonnull(view);
  for (int i = 0; i < config->method_count; i++) {
    const vx_explainer *explainer = config->methods[i].explainer;
    size_t side = (size_t)vx_explainer_side(explainer, vx_model_shape(model));
    double *heat = calloc(side * side, sizeof *heat);
    vx_heatmap map = mapped(subject, config->methods[i].name);
    ck_assert(vx_explainer_run(explainer, view, &config->methods[i].args, heat, &error));
    ck_assert((size_t)map.rows == side && (size_t)map.columns == side && map.is_mask == explainer->is_mask);
    ck_assert_int_eq(map.as_bytes, explainer->grid == VX_GRID_PIXEL);
    ck_assert_int_eq(memcmp(map.value, heat, side * side * sizeof *heat), 0);
    free(heat);
  }
  vx_worker_free(worker);
  closed(subject);
}
END_TEST

/* A mix stands before its parts, one of which is hidden: both are made for it, and nothing else is. */
START_TEST(parts_are_made_for_their_mix) {
  vx_subject *subject = opened("[{mix: [rollout, cam], by: mean, as: m}, rollout, saliency]");
  show(subject);
  ask(subject, (vx_question){.target = 0});
  vx_heatmap mix = mapped(subject, "m");
  ck_assert_double_gt(vx_subject_milliseconds(subject, method("cam")), 0);
  ck_assert_double_gt(vx_subject_milliseconds(subject, method("rollout")), 0);
  ck_assert_double_eq(vx_subject_milliseconds(subject, method("saliency")), 0);
  size_t bytes = (size_t)mix.rows * (size_t)mix.columns * sizeof *mix.value;
  double *first = malloc(bytes);
  memcpy(first, mix.value, bytes);
  ask(subject, (vx_question){.target = 0}); /* the same question, its parts asked for beforehand */
  mapped(subject, "saliency"), mapped(subject, "cam"), mapped(subject, "rollout");
  mix = mapped(subject, "m");
  ck_assert_int_eq(memcmp(first, mix.value, bytes), 0);
  ask(subject, (vx_question){.target = 1}); /* another one: nothing of the first is left */
  mix = mapped(subject, "m");
  ck_assert_int_ne(memcmp(first, mix.value, bytes), 0);
  free(first);
  closed(subject);
}
END_TEST

START_TEST(what_is_not_brought_is_refused_and_nothing_else) {
  vx_subject *subject = opened("[class-prior, edges, rollout, {mix: [class-prior, rollout], as: m}]");
  size_t pixels = (size_t)input.size * (size_t)input.size;
  float *prior = calloc(pixels, sizeof *prior), *x = calloc(3 * pixels, sizeof *x);
  vx_error error;
  show(subject);
  check_refused(subject, "rollout", "nothing was asked");
  ask(subject, (vx_question){.target = 0});
  check_refused(subject, "class-prior", "no other mask");
  check_refused(subject, "m", "'class-prior' could not be made");
  mapped(subject, "edges"), mapped(subject, "rollout");
  ask(subject, (vx_question){.target = 0, .prior = prior});
  prior[5] = 1;
  ck_assert_double_eq(mapped(subject, "class-prior").value[5], 1);
  mapped(subject, "m");
  vx_subject_show_input(subject, x, NULL); /* a tensor without a picture */
  check_refused(subject, "rollout", "nothing was asked");
  ck_assert(vx_subject_predict(subject, &error));
  ask(subject, (vx_question){.target = 0});
  check_refused(subject, "edges", "picture");
  mapped(subject, "rollout");
  free(prior);
  free(x);
  closed(subject);
}
END_TEST

START_TEST(a_seed_depends_on_both) {
  ck_assert_uint_eq(vx_subject_seed(3, "a"), vx_subject_seed(3, "a"));
  ck_assert_uint_ne(vx_subject_seed(3, "a"), vx_subject_seed(4, "a"));
  ck_assert_uint_ne(vx_subject_seed(3, "a"), vx_subject_seed(3, "b"));
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("subject");
  tcase_add_test(tcase, its_maps_are_the_worker_s);
  tcase_add_test(tcase, parts_are_made_for_their_mix);
  tcase_add_test(tcase, what_is_not_brought_is_refused_and_nothing_else);
  tcase_add_test(tcase, a_seed_depends_on_both);
  return run_suite("subject", tcase);
}
