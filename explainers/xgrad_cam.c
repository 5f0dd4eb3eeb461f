/* xgrad-cam: Grad-CAM whose channel weights are the gradients' mean weighted by the activation.

   a, g [patches][d] = output of LN1 of the last block and its gradient;
   w_d = sum over patches of g_d a_d / (sum over patches of a_d + 1e-7); heat = relu(sum_d a_d w_d).
   The denominator is signed after a LayerNorm and may come near 0: the method is ill-conditioned on ViTs.
   Needs the last block's LN1 output and its gradient.
   Source: Fu et al. 2020, arXiv 2008.02312; layer and constant as in pytorch-grad-cam. */
#include "explainers/parts/fuse.h"

#include <string.h>

static void needs(const vx_shape *shape, const vx_args *args, vx_passes *passes) {
  (void)shape, (void)args;
  passes->set |= VX_PASS_LAST_NORM;
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)args;
  size_t dim = (size_t)view->shape->dim, patches = (size_t)view->shape->tokens - 1;
  const double *a = view->last_norm + dim, *g = view->last_norm_gradient + dim; /* token 0 left out */
  double *total = vx_scratch(view, dim, error), *weight = vx_scratch(view, dim, error);
  if (!total || !weight) return false;
  memset(total, 0, dim * sizeof *total);
  memset(weight, 0, dim * sizeof *weight);
  for (size_t j = 0; j < patches; j++)
    for (size_t d = 0; d < dim; d++) total[d] += a[j * dim + d];
  for (size_t j = 0; j < patches; j++)
    for (size_t d = 0; d < dim; d++) weight[d] += g[j * dim + d] * a[j * dim + d] / (total[d] + 1e-7);
  for (size_t j = 0; j < patches; j++) {
    double sum = 0;
    for (size_t d = 0; d < dim; d++) sum += a[j * dim + d] * weight[d];
    heat[j] = sum < 0 ? 0 : sum;
  }
  return true;
}

const vx_explainer vx_explainer_xgrad_cam = {
    .id = "xgrad-cam",
    .title = "XGrad-CAM",
    .family = VX_GRADIENT,
    .formula = "relu(sum_d a_d w_d), w_d = sum g a / (sum a + 1e-7)",
    .source = "Fu 2020",
    .cite = "Fu, Hu, Dong, Guo, Gao, Li: Axiom-based Grad-CAM, BMVC 2020, arXiv:2008.02312",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .needs = needs,
    .explain = explain,
};
