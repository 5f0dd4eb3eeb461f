/* The planner: the union of what methods ask for, and the order in which they are made. No model is opened. */
#include "harness/run/plan.h"
#include "tests/support/files.h"

static const vx_shape shape = {.layers = 6,
                               .heads = 2,
                               .dim = 8,
                               .head_dim = 4,
                               .mlp = 16,
                               .patch = 4,
                               .image = 16,
                               .grid = 4,
                               .tokens = 17,
                               .classes = 3};

/* A configuration of these methods only. */
static vx_config *with_methods(const char *methods) {
  char text[1000];
  vx_error error;
  snprintf(text, sizeof text, "model: m\ndata: {root: d}\nmethods: %s\n", methods);
  vx_yaml *root = vx_yaml_parse(text, strlen(text), "c", &error);
  ck_assert_ptr_nonnull(root);
  vx_config *config = vx_config_from(root, "c", NULL, 0, &error);
  ck_assert_msg(config != NULL, "%s: %s", error.where, error.why);
  vx_yaml_free(root);
  return config;
}

static vx_plan planned(const char *methods) {
  vx_config *config = with_methods(methods);
  vx_plan plan;
  vx_error error;
  ck_assert_msg(vx_plan_make(config->methods, config->method_count, &shape, &plan, &error), "%s", error.why);
  vx_config_free(config);
  return plan;
}

START_TEST(trivial_methods_need_nothing) {
  vx_plan plan = planned("[foreground, background, center, random]");
  ck_assert_uint_eq(plan.passes.set, 0);
  ck_assert_int_eq(plan.passes.relevance_count, 0);
}
END_TEST

START_TEST(what_no_method_needs_is_not_computed) {
  vx_plan plan = planned("[rollout, raw-attention]");
  ck_assert_uint_eq(plan.passes.set, VX_PASS_ATTENTION);
  ck_assert_int_eq(plan.passes.attention_lowest, 0);
  plan = planned("[raw-attention]");
  ck_assert_int_eq(plan.passes.attention_lowest, 5); /* the last layer is enough */
  plan = planned("[attn-gradcam]");
  ck_assert(plan.passes.set & VX_PASS_GRADIENT);
  ck_assert(!(plan.passes.set & VX_PASS_INPUT_GRADIENT));
  ck_assert_int_eq(plan.passes.gradient_lowest, 5);
  plan = planned("[ag-cam]");
  ck_assert(plan.passes.set & VX_PASS_CUT_GRADIENT);
  ck_assert(!(plan.passes.set & VX_PASS_GRADIENT));
}
END_TEST

START_TEST(the_union_goes_down_to_the_lowest_layer_asked_for) {
  vx_plan plan = planned("[attn-gradcam, generic-attention, saliency]");
  ck_assert_int_eq(plan.passes.gradient_lowest, 0);
  ck_assert(plan.passes.set & VX_PASS_INPUT_GRADIENT);
  plan = planned("[{id: rollout, start_layer: 3}, raw-attention]");
  ck_assert_int_eq(plan.passes.attention_lowest, 3);
}
END_TEST

START_TEST(each_relevance_pass_stands_once) {
  vx_plan plan = planned("[transformer-attribution, lrp-rollout, partial-lrp, lrp]");
  ck_assert_int_eq(plan.passes.relevance_count, 2); /* improved and plain */
  for (int i = 0; i < 2; i++) {
    ck_assert_int_eq(plan.passes.relevance[i].lowest, 0);
    ck_assert(plan.passes.relevance[i].to_pixels == (plan.passes.relevance[i].rules == VX_RULES_PLAIN));
  }
  plan = planned("all");
  ck_assert_int_eq(plan.passes.relevance_count, 4); /* both rule sets, published and stabilised */
}
END_TEST

START_TEST(too_many_relevance_passes_are_refused) {
  char list[600] = "[";
  for (int i = 1; i <= VX_RELEVANCE_MAX + 1; i++)
    snprintf(list + strlen(list), sizeof list - strlen(list), "%s{id: lrp, stabilizer: 0.%d, as: l%d}",
             i > 1 ? ", " : "", i, i);
  strcat(list, "]");
  vx_config *config = with_methods(list);
  vx_plan plan;
  vx_error error;
  ck_assert(!vx_plan_make(config->methods, config->method_count, &shape, &plan, &error));
  ck_assert_str_ne(error.why, "");
  vx_config_free(config);
}
END_TEST

START_TEST(a_layer_that_the_model_has_not_is_refused) {
  vx_config *config = with_methods("[{id: rollout, start_layer: 6}]");
  vx_plan plan;
  vx_error error;
  ck_assert(!vx_plan_make(config->methods, config->method_count, &shape, &plan, &error));
  check_error(&error, "rollout.start_layer", "0 to 5");
  vx_config_free(config);
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("plan");
  tcase_add_test(tcase, trivial_methods_need_nothing);
  tcase_add_test(tcase, what_no_method_needs_is_not_computed);
  tcase_add_test(tcase, the_union_goes_down_to_the_lowest_layer_asked_for);
  tcase_add_test(tcase, each_relevance_pass_stands_once);
  tcase_add_test(tcase, too_many_relevance_passes_are_refused);
  tcase_add_test(tcase, a_layer_that_the_model_has_not_is_refused);
  return run_suite("plan", tcase);
}
