#include "harness/run/cost.h"

#include <math.h>

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

double vx_cost(const vx_explainer *explainer, const vx_args *args, const vx_shape *shape) {
  vx_needs needs;
  vx_explainer_needs(explainer, shape, args, &needs);
  return of_descents(&needs.wants, shape) + needs.variant_count * (1 + of_descents(&needs.variants, shape));
}
