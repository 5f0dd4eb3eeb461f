#include "harness/run/cost.h"

#include <string.h>

/* In forward passes of the whole depth, counting products: a backward pass has two for each of the forward's where
   weights get no gradient but attention does, less at the ends; relevance needs two products forward in each
   linear layer and two back, by either rule set; a forward pass in double costs twice. results/PERFORMANCE.md has them.
 */
static const double BACKWARD = 1, CUT = 0.04, IMPROVED = 3.6, PLAIN = 3.8, DOUBLE_FORWARD = 2;

static double share(int lowest, int layers) {
  return layers > 0 ? (double)(layers - lowest) / layers : 1;
}

/* How often the model is run again: the method's number of samples, steps or points. */
static double samples(const vx_explainer *explainer, const vx_args *args) {
  static const char *const names[] = {"samples", "steps", "points", "masks"};
  for (int i = 0; i < explainer->params.count; i++)
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
      if (strcmp(explainer->params.param[i].name, names[n]) == 0) return args->value[i];
  return 0;
}

double vx_cost(const vx_explainer *explainer, const vx_args *args, const vx_shape *shape) {
  vx_passes passes;
  vx_explainer_passes(explainer, shape, args, &passes);
  double cost = 0;
  if (passes.set & VX_PASS_INPUT_GRADIENT)
    cost = BACKWARD;
  else if (passes.set & VX_PASS_GRADIENT)
    cost = BACKWARD * share(passes.gradient_lowest, shape->layers);
  else if (passes.set & VX_PASS_LAST_NORM)
    cost = BACKWARD / shape->layers;
  if (passes.set & VX_PASS_CUT_GRADIENT) cost += CUT;
  for (int i = 0; i < passes.relevance_count; i++) {
    const vx_relevance_need *need = &passes.relevance[i];
    double rules = need->rules == VX_RULES_PLAIN ? PLAIN : IMPROVED;
    cost += rules * share(need->lowest, shape->layers);
    if (need->stabilizer <= 0) cost += DOUBLE_FORWARD;
  }
  if (passes.set & VX_PASS_AGAIN) cost += samples(explainer, args) * (1 + BACKWARD);
  return cost;
}
