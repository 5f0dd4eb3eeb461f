/* attn-gradcam: Grad-CAM with the last block's heads as channels.

   heat = relu(mean_h(A_h * mean_j G_hj)), A and G the rows of the last block that the head reads, patch columns: one
   signed weight a head, the mean of its gradient over the patches. When no weighted sum is positive the map is flat;
   that is frequent, and a result. Needs these rows of the last layer. Source: function generate_cam_attn in the code of
   Chefer, Gur, Wolf 2021, arXiv 2012.09838. It is the function that the seed paper calls "attention guided CAM"; AG-CAM
   (Leem & Seo) is another one: ag_cam.c. */
#include "explainers/parts/fuse.h"

#include <string.h>

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)args;
  vx_want_rows(&needs->wants, VX_AT_ATTENTION, vx_by(VX_FORWARD), shape->layers - 1, shape->layers - 1);
  vx_want_rows(&needs->wants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), shape->layers - 1, shape->layers - 1);
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)args, (void)error;
  int patches = vx_patch_count(view), heads = view->shape->heads, n = view->shape->tokens,
      last = view->shape->layers - 1;
  const double *attention = vx_patches(view, vx_rows_at(view, VX_AT_ATTENTION, vx_by(VX_FORWARD), last), 1);
  const double *gradient = vx_patches(view, vx_rows_at(view, VX_AT_ATTENTION, vx_by(VX_GRADIENT), last), 1);
  memset(heat, 0, (size_t)patches * sizeof *heat);
  for (int h = 0; h < heads; h++, attention += n, gradient += n) {
    double weight = 0;
    for (int j = 0; j < patches; j++) weight += gradient[j];
    weight /= patches;
    for (int j = 0; j < patches; j++) heat[j] += weight * attention[j];
  }
  for (int j = 0; j < patches; j++) heat[j] = heat[j] < 0 ? 0 : heat[j] / heads;
  return true;
}

const vx_explainer vx_explainer_attn_gradcam = {
    .id = "attn-gradcam",
    .title = "Attention Grad-CAM (the paper's CAM)",
    .family = VX_FAMILY_GRADIENT,
    .formula = "relu(mean_h(A_h * mean_j G_hj)), last block, the row read",
    .source = "Chefer 2021 (generate_cam_attn)",
    .cite = "Chefer, Gur, Wolf: Transformer Interpretability Beyond Attention Visualization, CVPR 2021, "
            "arXiv:2012.09838",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .needs = ask,
    .explain = explain,
};
