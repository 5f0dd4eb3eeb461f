/* gradient-x-input: the first-order share of each pixel in the output.

   heat [S][S] = |sum_c x_c * dy/dx_c|, x the normalised input [3][S][S]; with `signed` the sum keeps its sign.
   Needs the input gradient.
   Source: Shrikumar et al. 2017, arXiv 1605.01713. */
#include "explainers/explainer.h"

#include <math.h>

static const vx_param params[] = {
    {.name = "signed", .type = VX_PARAM_BOOL, .meaning = "keep the sign of the sum over channels"},
};

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)shape, (void)args;
  vx_want_at(&needs->wants, VX_AT_INPUT, vx_by(VX_GRADIENT));
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)error;
  size_t pixels = (size_t)view->shape->image * (size_t)view->shape->image;
  const double *gradient = vx_at(view, VX_AT_INPUT, vx_by(VX_GRADIENT), 0);
  for (size_t i = 0; i < pixels; i++) {
    double sum = 0;
    for (size_t c = 0; c < 3; c++) sum += (double)view->input[c * pixels + i] * gradient[c * pixels + i];
    heat[i] = args->value[0] != 0 ? sum : fabs(sum);
  }
  return true;
}

const vx_explainer vx_explainer_gradient_x_input = {
    .id = "gradient-x-input",
    .title = "Gradient x input",
    .family = VX_FAMILY_GRADIENT,
    .formula = "|sum_c x * dy/dx|",
    .source = "Shrikumar 2017",
    .cite = "Shrikumar, Greenside, Shcherbina, Kundaje: Not Just a Black Box, 2016, arXiv:1605.01713; with DeepLIFT, "
            "ICML 2017, arXiv:1704.02685",
    .class_specific = true,
    .grid = VX_GRID_PIXEL,
    .params = VX_PARAMS(params),
    .needs = ask,
    .explain = explain,
};
