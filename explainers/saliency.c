/* saliency: how strongly each pixel moves the output.

   heat [S][S] = max over channels of |dy/dx|, x the normalised input [3][S][S].
   Needs the input gradient.
   Source: Simonyan, Vedaldi, Zisserman 2014, arXiv 1312.6034 (y: the class' logit; the seed paper speaks of the loss,
   which is the run's key `output`). */
#include "explainers/explainer.h"

#include <math.h>

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)shape, (void)args;
  vx_want_at(&needs->wants, VX_AT_INPUT, vx_by(VX_GRADIENT));
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)args, (void)error;
  size_t pixels = (size_t)view->shape->image * (size_t)view->shape->image;
  const double *gradient = vx_at(view, VX_AT_INPUT, vx_by(VX_GRADIENT), 0);
  for (size_t i = 0; i < pixels; i++)
    heat[i] = fmax(fmax(fabs(gradient[i]), fabs(gradient[pixels + i])), fabs(gradient[2 * pixels + i]));
  return true;
}

const vx_explainer vx_explainer_saliency = {
    .id = "saliency",
    .title = "Saliency",
    .family = VX_FAMILY_GRADIENT,
    .formula = "max_c |dy/dx|",
    .source = "Simonyan 2014",
    .cite = "Simonyan, Vedaldi, Zisserman: Deep Inside Convolutional Networks, ICLR workshop 2014, arXiv:1312.6034",
    .class_specific = true,
    .grid = VX_GRID_PIXEL,
    .needs = ask,
    .explain = explain,
};
