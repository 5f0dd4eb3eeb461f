/* cam: how much each patch's final token speaks for the class.

   heat[j] = sum_d tokens[patch j][d] * W[target][d], tokens [n][d] = output of the final LayerNorm, W the head.
   Signed. Where the head reads the mean of the patches, their mean is the logit without its bias; where it reads [CLS]
   alone, these are words that the model never hears. A head that reads two things has no one weight for a patch, and
   with a norm between the mean and the head no patch has a share of its own: both are refused.
   Needs the final tokens and the class' head weights [d].
   Source: Zhou et al. 2016, arXiv 1512.04150. */
#include "explainers/explainer.h"

static const char *unfit(const vx_shape *shape) {
  if (shape->readout == VX_READ_TWO || shape->readout == VX_READ_CLS_AND_PATCHES)
    return "weighs patches as the head does, but this model's head reads two things";
  return shape->fc_norm ? "weighs patches as the head does, but a norm (fc_norm) stands between their mean and the head"
                        : NULL;
}

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)shape, (void)args;
  vx_want_at(&needs->wants, VX_AT_TOKENS, vx_by(VX_FORWARD));
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)args, (void)error;
  int dim = view->shape->dim;
  const double *token = vx_patches(view, vx_at(view, VX_AT_TOKENS, vx_by(VX_FORWARD), 0), dim);
  for (int j = 0; j < vx_patch_count(view); j++, token += dim) {
    double sum = 0;
    for (int d = 0; d < dim; d++) sum += token[d] * view->head_weight[d];
    heat[j] = sum;
  }
  return true;
}

const vx_explainer vx_explainer_cam = {
    .id = "cam",
    .title = "CAM",
    .family = VX_FAMILY_GRADIENT,
    .formula = "final-LN patch tokens . head weights of the class",
    .source = "Zhou 2016",
    .cite = "Zhou, Khosla, Lapedriza, Oliva, Torralba: Learning Deep Features for Discriminative Localization, CVPR "
            "2016, arXiv:1512.04150",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .unfit = unfit,
    .needs = ask,
    .explain = explain,
};
