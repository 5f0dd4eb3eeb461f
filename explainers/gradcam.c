/* gradcam: Grad-CAM on the last layer that still feeds attention.

   a, g [n][d] = output of LN1 of the last block and its gradient; w_d = mean of g over the patches;
   heat[j] = relu(sum_d a[1 + j][d] w_d). (Later than that, patch tokens have no gradient: only [CLS] is read.)
   Needs the last block's LN1 output and its gradient.
   Source: Selvaraju et al. 2017, arXiv 1610.02391; the layer as in pytorch-grad-cam's ViT example. */
#include "explainers/parts/fuse.h"

#include <string.h>

static void needs(const vx_shape *shape, const vx_args *args, vx_passes *passes) {
  (void)shape, (void)args;
  passes->set |= VX_PASS_LAST_NORM;
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)args;
  size_t dim = (size_t)view->shape->dim, patches = (size_t)view->shape->tokens - 1;
  const double *activation = view->last_norm + dim, *gradient = view->last_norm_gradient + dim; /* token 0 left out */
  double *weight = vx_scratch(view, dim, error);
  if (!weight) return false;
  memset(weight, 0, dim * sizeof *weight);
  for (size_t j = 0; j < patches; j++)
    for (size_t d = 0; d < dim; d++) weight[d] += gradient[j * dim + d];
  for (size_t j = 0; j < patches; j++) {
    double sum = 0;
    for (size_t d = 0; d < dim; d++) sum += activation[j * dim + d] * (weight[d] / (double)patches);
    heat[j] = sum < 0 ? 0 : sum;
  }
  return true;
}

const vx_explainer vx_explainer_gradcam = {
    .id = "gradcam",
    .title = "Grad-CAM",
    .family = VX_GRADIENT,
    .formula = "relu(sum_d a_d * mean_patches(g_d)), a = LN1 output of the last block",
    .source = "Selvaraju 2017",
    .cite = "Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: Grad-CAM, ICCV 2017, arXiv:1610.02391",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .needs = needs,
    .explain = explain,
};
