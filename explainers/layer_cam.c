/* layer-cam: HiResCAM with positive gradients only.

   a, g [patches][d] = output of LN1 of the last block and its gradient; heat = relu(sum_d relu(g) a).
   Needs the last block's LN1 output and its gradient.
   Source: Jiang et al. 2021, IEEE TIP 30; layer as in pytorch-grad-cam. */
#include "explainers/parts/fuse.h"

static void needs(const vx_shape *shape, const vx_args *args, vx_passes *passes) {
  (void)shape, (void)args;
  passes->set |= VX_PASS_LAST_NORM;
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)args, (void)error;
  size_t dim = (size_t)view->shape->dim, patches = (size_t)view->shape->tokens - 1;
  const double *a = view->last_norm + dim, *g = view->last_norm_gradient + dim; /* token 0 left out */
  for (size_t j = 0; j < patches; j++, a += dim, g += dim) {
    double sum = 0;
    for (size_t d = 0; d < dim; d++) sum += a[d] * (g[d] < 0 ? 0 : g[d]);
    heat[j] = sum < 0 ? 0 : sum;
  }
  return true;
}

const vx_explainer vx_explainer_layer_cam = {
    .id = "layer-cam",
    .title = "LayerCAM",
    .family = VX_GRADIENT,
    .formula = "relu(sum_d relu(g) a)",
    .source = "Jiang 2021",
    .cite = "Jiang, Zhang, Hou, Cheng, Wei: LayerCAM, IEEE TIP 2021",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .needs = needs,
    .explain = explain,
};
