/* cam: how much each patch's final token speaks for the class.

   heat[j] = sum_d tokens[1 + j][d] * W[target][d], tokens [n][d] = output of the final LayerNorm, W the head.
   Signed. The head itself reads only token 0, so these are words that the model never hears.
   Needs the final tokens and the class' head weights [d].
   Source: Zhou et al. 2016, arXiv 1512.04150. */
#include "explainers/explainer.h"

static void needs(const vx_shape *shape, const vx_args *args, vx_passes *passes) {
  (void)shape, (void)args;
  passes->set |= VX_PASS_TOKENS;
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)args, (void)error;
  int dim = view->shape->dim;
  for (int j = 1; j < view->shape->tokens; j++) {
    const double *token = view->tokens + (size_t)j * (size_t)dim;
    double sum = 0;
    for (int d = 0; d < dim; d++) sum += token[d] * view->head_weight[d];
    heat[j - 1] = sum;
  }
  return true;
}

const vx_explainer vx_explainer_cam = {
    .id = "cam",
    .title = "CAM",
    .family = VX_GRADIENT,
    .formula = "final-LN patch tokens . head weights of the class",
    .source = "Zhou 2016",
    .cite = "Zhou, Khosla, Lapedriza, Oliva, Torralba: Learning Deep Features for Discriminative Localization, CVPR "
            "2016, arXiv:1512.04150",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .needs = needs,
    .explain = explain,
};
