#include "harness/run/cost.h"

#include <math.h>

const vx_shape vx_cost_shape = {.layers = 12,
                                .heads = 12,
                                .dim = 768,
                                .head_dim = 64,
                                .mlp = 3072,
                                .patch = 16,
                                .image = 224,
                                .grid = 14,
                                .leading = 1,
                                .tokens = 197,
                                .classes = 1000};

/* In forward passes of the whole depth, counting products: a backward pass has two for each of the forward's where
   weights get no gradient but attention does, less at the ends; relevance needs two products forward in each
   linear layer and two back, by either rule set; a forward pass in double costs twice. results/PERFORMANCE.md has them.
 */
static const double BACKWARD = 1, CUT = 0.04, IMPROVED = 3.6, PLAIN = 3.8, DOUBLE_FORWARD = 2;

static double share(int lowest, int layers) {
  return layers > 0 ? (double)(layers - lowest) / layers : 1;
}

static double of_want(const vx_want *want, const vx_shape *shape) {
  double depth = want->site == VX_AT_INPUT ? 1 : share(want->first, shape->layers);
  switch (want->descent.rule) {
  case VX_GRADIENT:
    return BACKWARD * depth;
  case VX_CUT_GRADIENT:
    return CUT;
  case VX_LRP_IMPROVED:
    return IMPROVED * depth;
  case VX_LRP_PLAIN:
    return PLAIN * depth;
  default:
    return 0;
  }
}

/* Each descent once, as deep as the deepest of what is read of it. */
static double of_descents(const vx_wants *wants, const vx_shape *shape) {
  double cost = 0;
  bool wide = false;
  for (int i = 0; i < wants->count; i++) {
    const vx_want *want = &wants->want[i];
    double own = of_want(want, shape), before = 0;
    for (int k = 0; k < i; k++)
      if (wants->want[k].descent.rule == want->descent.rule &&
          wants->want[k].descent.parameter == want->descent.parameter)
        before = fmax(before, of_want(&wants->want[k], shape));
    cost += fmax(0, own - before);
    wide |=
        (want->descent.rule == VX_LRP_IMPROVED || want->descent.rule == VX_LRP_PLAIN) && !(want->descent.parameter > 0);
  }
  return cost + (wide ? DOUBLE_FORWARD : 0);
}

double vx_cost(const vx_needs *needs, const vx_shape *shape) {
  bool looks = needs->wants.count > 0 || needs->variant_count + needs->answer_count + needs->shared_count > 0;
  return looks + of_descents(&needs->wants, shape) + needs->variant_count * (1 + of_descents(&needs->variants, shape)) +
         needs->answer_count + needs->shared_count;
}

double vx_cost_of_method(const vx_config *config, const vx_method *method, const vx_shape *shape) {
  vx_needs all, own;
  vx_explainer_needs(method->explainer, shape, &method->args, &all);
  for (int p = 0; p < method->part_count; p++) {
    const vx_method *part = &config->methods[method->parts[p]];
    vx_explainer_needs(part->explainer, shape, &part->args, &own);
    if (!vx_needs_add(&all, &own, NULL)) return NAN;
  }
  return vx_cost(&all, shape);
}
