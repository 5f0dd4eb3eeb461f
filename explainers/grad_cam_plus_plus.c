/* grad-cam-plus-plus: Grad-CAM whose channel weights count where in the picture the gradient is positive.

   a, g [patches][d] = output of LN1 of the last block and its gradient;
   alpha = g^2 / (2 g^2 + (sum over patches of a_d) g^3 + 1e-6), 0 where g = 0; w_d = sum over patches of relu(g) alpha;
   heat = relu(sum_d a_d w_d). The sum of a is signed after a LayerNorm, so the denominator may come near 0: the method
   is ill-conditioned on ViTs. Needs the last block's LN1 output and its gradient. Source: Chattopadhay et al. 2018,
   arXiv 1710.11063; layer and constants as in pytorch-grad-cam. */
#include "explainers/parts/fuse.h"

#include <string.h>

static void needs(const vx_shape *shape, const vx_args *args, vx_passes *passes) {
  (void)shape, (void)args;
  passes->set |= VX_PASS_LAST_NORM;
}

/* relu(g) alpha of one activation. */
static double positive_share(double g, double total) {
  if (g <= 0) return 0;
  return g * (g * g / (2 * g * g + total * g * g * g + 1e-6));
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
    for (size_t d = 0; d < dim; d++) weight[d] += positive_share(g[j * dim + d], total[d]);
  for (size_t j = 0; j < patches; j++) {
    double sum = 0;
    for (size_t d = 0; d < dim; d++) sum += a[j * dim + d] * weight[d];
    heat[j] = sum < 0 ? 0 : sum;
  }
  return true;
}

const vx_explainer vx_explainer_grad_cam_plus_plus = {
    .id = "grad-cam-plus-plus",
    .title = "Grad-CAM++",
    .family = VX_GRADIENT,
    .formula = "relu(sum_d a_d w_d), w_d = sum relu(g) alpha, alpha = g^2 / (2 g^2 + sum(a) g^3 + 1e-6)",
    .source = "Chattopadhay 2018",
    .cite = "Chattopadhay, Sarkar, Howlader, Balasubramanian: Grad-CAM++, WACV 2018, arXiv:1710.11063",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .needs = needs,
    .explain = explain,
};
