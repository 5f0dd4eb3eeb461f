/* integrated-gradients: the gradient along the straight line from a black (0) input to the picture.

   heat [S][S] = |sum_c x_c * mean_k dy/dx_c (t_k x)|, t_k = (k + 1/2) / steps, k < steps: the midpoint rule. With
   `signed` the sum keeps its sign; then it adds up to y(x) - y(0) over all pixels as steps grow (completeness).
   Runs the model again, forward and backward, once a step. Sums run in order of k.
   Source: Sundararajan, Taly, Yan 2017, arXiv 1703.01365. The baseline is 0 of the normalised input. */
#include "explainers/parts/fuse.h"

#include <math.h>
#include <string.h>

enum { STEPS, SIGNED };
static const vx_param params[] = {
    [STEPS] = {.name = "steps",
               .type = VX_PARAM_INT,
               .standard = 32,
               .low = 1,
               .high = 10000,
               .meaning = "midpoints on the line from 0 to the picture"},
    [SIGNED] = {.name = "signed", .type = VX_PARAM_BOOL, .meaning = "keep the sign of the sum over channels"},
};

typedef struct path {
  const float *input; /* [3][S][S] */
  size_t values;      /* 3 S S */
  int steps;
  double *sum; /* [3][S][S] */
} path;

static void make(void *user, int index, vx_variant *variant) {
  double *x = variant->x;
  const path *line = user;
  double t = (index + 0.5) / line->steps;
  for (size_t i = 0; i < line->values; i++) x[i] = t * (double)line->input[i];
}

static void seen(void *user, int index, const vx_view *view) {
  (void)index;
  const double *gradient = vx_at(view, VX_AT_INPUT, vx_by(VX_GRADIENT), 0);
  path *line = user;
  for (size_t i = 0; i < line->values; i++) line->sum[i] += gradient[i];
}

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)shape;
  vx_want_at(&needs->variants, VX_AT_INPUT, vx_by(VX_GRADIENT));
  needs->variant_count = (int)args->value[STEPS];
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  size_t pixels = (size_t)view->shape->image * (size_t)view->shape->image;
  path line = {.input = view->input,
               .values = 3 * pixels,
               .steps = (int)args->value[STEPS],
               .sum = vx_scratch(view, 3 * pixels, error)};
  if (!line.sum) return false;
  memset(line.sum, 0, line.values * sizeof *line.sum);
  if (!view->again->run(view->again, line.steps, true, make, seen, &line, error)) return false;
  for (size_t i = 0; i < pixels; i++) {
    double sum = 0;
    for (size_t c = 0; c < 3; c++) sum += (double)view->input[c * pixels + i] * (line.sum[c * pixels + i] / line.steps);
    heat[i] = args->value[SIGNED] != 0 ? sum : fabs(sum);
  }
  return true;
}

const vx_explainer vx_explainer_integrated_gradients = {
    .id = "integrated-gradients",
    .title = "Integrated gradients",
    .family = VX_FAMILY_GRADIENT,
    .formula = "|sum_c x * mean_k dy/dx (t_k x)|, t_k = (k + 1/2) / 32",
    .source = "Sundararajan 2017",
    .cite = "Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, ICML 2017, arXiv:1703.01365",
    .class_specific = true,
    .grid = VX_GRID_PIXEL,
    .params = VX_PARAMS(params),
    .needs = ask,
    .explain = explain,
};
