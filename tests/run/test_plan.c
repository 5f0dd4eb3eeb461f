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
                               .leading = 1,
                               .tokens = 17,
                               .classes = 3};

/* A configuration of these methods only. */
static vx_config *with_methods(const char *methods) {
  char text[3000];
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

/* The want of a plan's attention by a rule, whole or rows; NULL: none. */
static const vx_want *attention(const vx_plan *plan, vx_rule rule, bool rows) {
  return vx_wants_find(&plan->needs.wants, VX_AT_ATTENTION, vx_by(rule), rows);
}

static const vx_want *input_gradient(const vx_plan *plan) {
  return vx_wants_find(&plan->needs.wants, VX_AT_INPUT, vx_by(VX_GRADIENT), false);
}

START_TEST(trivial_methods_need_nothing) {
  vx_plan plan = planned("[foreground, background, center, random]");
  ck_assert_int_eq(plan.needs.wants.count, 0);
  ck_assert_int_eq(plan.needs.variant_count, 0);
  ck_assert_uint_eq(plan.needs.data, 0);
}
END_TEST

START_TEST(what_no_method_needs_is_not_computed) {
  vx_plan plan = planned("[rollout, raw-attention]");
  ck_assert(!vx_wants_descend(&plan.needs.wants));
  ck_assert_int_eq(attention(&plan, VX_FORWARD, false)->first, 0);
  plan = planned("[raw-attention]");
  ck_assert(!attention(&plan, VX_FORWARD, false));
  ck_assert_int_eq(attention(&plan, VX_FORWARD, true)->first, 5); /* the rows of the last layer are enough */
  plan = planned("[attn-gradcam]");
  ck_assert_int_eq(attention(&plan, VX_GRADIENT, true)->first, 5);
  ck_assert(!input_gradient(&plan));
  plan = planned("[ag-cam]");
  ck_assert(attention(&plan, VX_CUT_GRADIENT, true));
  ck_assert(!attention(&plan, VX_GRADIENT, true) && !attention(&plan, VX_GRADIENT, false));
}
END_TEST

START_TEST(the_union_goes_down_to_the_lowest_layer_asked_for) {
  vx_plan plan = planned("[attn-gradcam, generic-attention, saliency]");
  ck_assert_int_eq(attention(&plan, VX_GRADIENT, false)->first, 0);
  ck_assert(input_gradient(&plan));
  plan = planned("[{id: rollout, start_layer: 3}, raw-attention]");
  ck_assert_int_eq(attention(&plan, VX_FORWARD, false)->first, 3);
}
END_TEST

/* Every descent of the wants with that rule, counted once each. */
static int passes_by(const vx_plan *plan, vx_rule rule) {
  const vx_wants *wants = &plan->needs.wants;
  int count = 0;
  for (int i = 0; i < wants->count; i++) {
    bool first = wants->want[i].descent.rule == rule;
    for (int k = 0; k < i && first; k++)
      first =
          wants->want[k].descent.rule != rule || wants->want[k].descent.parameter != wants->want[i].descent.parameter;
    count += first;
  }
  return count;
}

START_TEST(each_relevance_pass_stands_once) {
  vx_plan plan = planned("[transformer-attribution, lrp-rollout, partial-lrp, lrp]");
  ck_assert_int_eq(passes_by(&plan, VX_LRP_IMPROVED), 1);
  ck_assert_int_eq(passes_by(&plan, VX_LRP_PLAIN), 1);
  ck_assert_int_eq(attention(&plan, VX_LRP_IMPROVED, false)->first, 0);
  ck_assert(vx_wants_find(&plan.needs.wants, VX_AT_INPUT, vx_by(VX_LRP_PLAIN), false));
  plan = planned("all");
  ck_assert_int_eq(passes_by(&plan, VX_LRP_IMPROVED), 2); /* published and stabilised */
  ck_assert_int_eq(passes_by(&plan, VX_LRP_PLAIN), 2);
}
END_TEST

START_TEST(too_many_tensors_are_refused) {
  char list[1600] = "[";
  for (int i = 1; i <= VX_WANTS_MAX + 1; i++)
    snprintf(list + strlen(list), sizeof list - strlen(list), "%s{id: lrp, stabilizer: 0.%02d, as: l%d}",
             i > 1 ? ", " : "", i, i);
  strcat(list, "]");
  vx_config *config = with_methods(list);
  vx_plan plan;
  vx_error error;
  ck_assert(!vx_plan_make(config->methods, config->method_count, &shape, &plan, &error));
  check_error(&error, "methods", "use fewer stabilizers");
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
  tcase_add_test(tcase, too_many_tensors_are_refused);
  tcase_add_test(tcase, a_layer_that_the_model_has_not_is_refused);
  return run_suite("plan", tcase);
}
