/* What methods cost, alone: the forward pass is in it, each descent counts once, a mix has its parts' passes once. */
#include <stdio.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/run/cost.h"
#include "tests/support/suite.h"

static double cost_of(const char *methods, const char *name) {
  char text[600];
  vx_error error;
  snprintf(text, sizeof text, "model: m\ndata: {root: d, split: val}\nmethods: [%s]\n", methods);
  vx_config *config = vx_config_parse(text, strlen(text), "test", NULL, 0, &error);
  ck_assert_msg(config != NULL, "%s: %s", error.where, error.why);
  int at = vx_config_find_method(config, name);
  ck_assert_int_ge(at, 0);
  double cost = vx_cost_of_method(config, &config->methods[at], &vx_cost_shape);
  vx_config_free(config);
  return cost;
}

START_TEST(a_method_costs_the_passes_that_it_needs) {
  ck_assert_double_eq(cost_of("rollout", "rollout"), 1);   /* the forward pass */
  ck_assert_double_eq(cost_of("saliency", "saliency"), 2); /* and one backward */
  ck_assert_double_eq(cost_of("center", "center"), 0);     /* nothing of the model */
  ck_assert_double_eq(cost_of("edges", "edges"), 0);       /* the picture is not the model */
  double partial = cost_of("partial-lrp-stable", "partial-lrp-stable"), whole = cost_of("lrp-stable", "lrp-stable");
  ck_assert(1 < partial && partial < whole);
  ck_assert_double_gt(cost_of("lrp", "lrp"), whole); /* as published it takes a second, double pass */
  ck_assert_double_gt(whole, 2);
}
END_TEST

START_TEST(the_model_run_again_counts_as_often_as_it_is) {
  for (int n = 1; n <= 64; n *= 4) {
    char text[100];
    snprintf(text, sizeof text, "{id: smoothgrad, samples: %d}", n);
    ck_assert_double_eq(cost_of(text, "smoothgrad"), 1 + 2 * n);
  }
}
END_TEST

/* For every two methods a mix of them costs at least the dearer and less than both, which share the forward pass. */
START_TEST(a_mix_has_its_parts_passes_once) {
  static const char *const ids[] = {"rollout",   "saliency",   "gradcam",     "generic-attention",
                                    "lrp",       "lrp-stable", "lrp-rollout", "transformer-attribution",
                                    "smoothgrad"};
  enum { COUNT = sizeof ids / sizeof *ids };
  for (int a = 0; a < COUNT; a++)
    for (int b = 0; b < COUNT; b++) {
      char text[300], name[100];
      if (a == b) continue;
      snprintf(text, sizeof text, "{mix: [%s, %s], by: mean}", ids[a], ids[b]);
      snprintf(name, sizeof name, "%s+%s:mean", ids[a], ids[b]);
      double mix = cost_of(text, name), first = cost_of(ids[a], ids[a]), second = cost_of(ids[b], ids[b]);
      ck_assert_double_ge(mix, fmax(first, second));
      ck_assert_double_lt(mix, first + second);
    }
  ck_assert_double_eq(cost_of("{mix: [saliency, gradient-x-input], by: mean}", "saliency+gradient-x-input:mean"), 2);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("cost");
  tcase_add_test(tests, a_method_costs_the_passes_that_it_needs);
  tcase_add_test(tests, the_model_run_again_counts_as_often_as_it_is);
  tcase_add_test(tests, a_mix_has_its_parts_passes_once);
  return run_suite("cost", tests);
}
