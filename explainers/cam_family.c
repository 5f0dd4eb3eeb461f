/* The family of Grad-CAM: gradcam, grad-cam-plus-plus, xgrad-cam, hires-cam, layer-cam.

   a, g [patches][d] = output of LN1 of a block and its gradient, patches only; by default the last block, the last that
   still feeds attention (later, patch tokens have no gradient where only [CLS] is read).
   gradcam:            heat = relu(sum_d a_d w_d), w_d = mean of g_d over the patches.
   grad-cam-plus-plus: w_d = sum over patches of relu(g) alpha, alpha = g^2 / (2 g^2 + (sum over patches of a_d) g^3 +
                       1e-6), 0 where g = 0.
   xgrad-cam:          w_d = sum over patches of g_d a_d / (sum over patches of a_d + 1e-7).
   hires-cam:          heat = relu(sum_d g a): each patch weighted by its own gradient, without the average.
   layer-cam:          heat = relu(sum_d relu(g) a).
   The sum of a is signed after a LayerNorm and may come near 0: grad-cam-plus-plus and xgrad-cam are ill-conditioned on
   ViTs. Needs LN1's output and its gradient in that layer.
   Sources: Selvaraju et al. 2017, arXiv 1610.02391; Chattopadhay et al. 2018, arXiv 1710.11063; Fu et al. 2020, arXiv
   2008.02312; Draelos & Carin 2020, arXiv 2011.08891; Jiang et al. 2021, IEEE TIP 30. Layer and constants as in
   pytorch-grad-cam. */
#include "explainers/parts/params.h"

#include <string.h>

enum { LAYER };
static const vx_param params[] = {[LAYER] = VX_LAYER_PARAM("layer", -1, "block whose LN1 output is weighed")};

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  int layer = vx_layer_of(shape, args->value[LAYER]);
  vx_want_layers(&needs->wants, VX_AT_NORM1, vx_by(VX_FORWARD), layer, layer);
  vx_want_layers(&needs->wants, VX_AT_NORM1, vx_by(VX_GRADIENT), layer, layer);
}

/* a or g [patches][d] of the method's layer. */
static const double *patches_of(const vx_view *view, vx_rule rule, const vx_args *args) {
  int layer = vx_layer_of(view->shape, args->value[LAYER]);
  return vx_patches(view, vx_at(view, VX_AT_NORM1, vx_by(rule), layer), view->shape->dim);
}

/* ---- one weight a channel ------------------------------------------------------------------------------------ */

/* What one patch adds to a channel's weight; `total` is the channel's activation summed over the patches. */
typedef double share(double a, double g, double total);

static double mean_share(double a, double g, double total) {
  (void)a, (void)total;
  return g;
}

static double positive_share(double a, double g, double total) {
  (void)a;
  if (g <= 0) return 0;
  return g * (g * g / (2 * g * g + total * g * g * g + 1e-6));
}

static double activation_share(double a, double g, double total) {
  return g * a / (total + 1e-7);
}

/* heat = relu(sum_d a_d w_d / parts), w_d the sum of the shares. */
static bool by_channel(share *of, double parts, const vx_view *view, const vx_args *args, double *heat,
                       vx_error *error) {
  size_t dim = (size_t)view->shape->dim, patches = (size_t)vx_patch_count(view);
  const double *a = patches_of(view, VX_FORWARD, args), *g = patches_of(view, VX_GRADIENT, args);
  double *total = vx_scratch(view, dim, error), *weight = vx_scratch(view, dim, error);
  if (!total || !weight) return false;
  memset(total, 0, dim * sizeof *total);
  memset(weight, 0, dim * sizeof *weight);
  for (size_t j = 0; j < patches; j++)
    for (size_t d = 0; d < dim; d++) total[d] += a[j * dim + d];
  for (size_t j = 0; j < patches; j++)
    for (size_t d = 0; d < dim; d++) weight[d] += of(a[j * dim + d], g[j * dim + d], total[d]);
  for (size_t j = 0; j < patches; j++) {
    double sum = 0;
    for (size_t d = 0; d < dim; d++) sum += a[j * dim + d] * (weight[d] / parts);
    heat[j] = sum < 0 ? 0 : sum;
  }
  return true;
}

static bool gradcam(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  return by_channel(mean_share, vx_patch_count(view), view, args, heat, error);
}

static bool plus_plus(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  return by_channel(positive_share, 1, view, args, heat, error);
}

static bool xgrad(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  return by_channel(activation_share, 1, view, args, heat, error);
}

/* ---- one weight a channel and patch -------------------------------------------------------------------------- */

static bool by_patch(bool positive, const vx_view *view, const vx_args *args, double *heat) {
  size_t dim = (size_t)view->shape->dim;
  const double *a = patches_of(view, VX_FORWARD, args), *g = patches_of(view, VX_GRADIENT, args);
  for (int j = 0; j < vx_patch_count(view); j++, a += dim, g += dim) {
    double sum = 0;
    for (size_t d = 0; d < dim; d++) sum += a[d] * (positive && g[d] < 0 ? 0 : g[d]);
    heat[j] = sum < 0 ? 0 : sum;
  }
  return true;
}

static bool hires(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)error;
  return by_patch(false, view, args, heat);
}

static bool layered(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)error;
  return by_patch(true, view, args, heat);
}

/* ---- the methods --------------------------------------------------------------------------------------------- */

#define CAM(name, function, ...)                                                                                       \
  const vx_explainer vx_explainer_##name = {.family = VX_FAMILY_GRADIENT,                                              \
                                            .class_specific = true,                                                    \
                                            .grid = VX_GRID_PATCH,                                                     \
                                            .params = VX_PARAMS(params),                                               \
                                            .needs = ask,                                                              \
                                            .explain = function,                                                       \
                                            __VA_ARGS__};

CAM(gradcam, gradcam, .id = "gradcam", .title = "Grad-CAM",
    .formula = "relu(sum_d a_d * mean_patches(g_d)), a = LN1 output of the last block", .source = "Selvaraju 2017",
    .cite = "Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: Grad-CAM, ICCV 2017, arXiv:1610.02391")
CAM(grad_cam_plus_plus, plus_plus, .id = "grad-cam-plus-plus", .title = "Grad-CAM++",
    .formula = "relu(sum_d a_d w_d), w_d = sum relu(g) alpha, alpha = g^2 / (2 g^2 + sum(a) g^3 + 1e-6)",
    .source = "Chattopadhay 2018",
    .cite = "Chattopadhay, Sarkar, Howlader, Balasubramanian: Grad-CAM++, WACV 2018, arXiv:1710.11063")
CAM(xgrad_cam, xgrad, .id = "xgrad-cam", .title = "XGrad-CAM",
    .formula = "relu(sum_d a_d w_d), w_d = sum g a / (sum a + 1e-7)", .source = "Fu 2020",
    .cite = "Fu, Hu, Dong, Guo, Gao, Li: Axiom-based Grad-CAM, BMVC 2020, arXiv:2008.02312")
CAM(hires_cam, hires, .id = "hires-cam", .title = "HiResCAM", .formula = "relu(sum_d g a)",
    .source = "Draelos & Carin 2020",
    .cite = "Draelos, Carin: Use HiResCAM instead of Grad-CAM, 2020, arXiv:2011.08891")
CAM(layer_cam, layered, .id = "layer-cam", .title = "LayerCAM", .formula = "relu(sum_d relu(g) a)",
    .source = "Jiang 2021", .cite = "Jiang, Zhang, Hou, Cheng, Wei: LayerCAM, IEEE TIP 2021")
