/* lrp and lrp-stable: relevance handed down to the pixels.

   heat [S][S] = relevance of the input by the plain rules, z^B rule at the patch embedding, summed over channels,
   signed. The whole of it is a pass of core.
   Needs one plain relevance pass to the pixels.
   Source: Bach et al. 2015; Montavon et al. 2017, arXiv 1512.02479 (z^B); as in the baselines of Chefer, Gur, Wolf
   2021. */
#include "explainers/parts/params.h"

#include <string.h>

enum { STABILIZER };
#define PARAMS(delta)                                                                                                  \
  { [STABILIZER] = VX_STABILIZER_PARAM(delta), }
static const vx_param params[] = PARAMS(0), params_stable[] = PARAMS(VX_STABLE_DELTA);

static void needs(const vx_shape *shape, const vx_args *args, vx_passes *passes) {
  (void)shape;
  vx_need_relevance(passes, VX_RULES_PLAIN, args->value[STABILIZER], 0, true);
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)error;
  size_t pixels = (size_t)view->shape->image * (size_t)view->shape->image;
  memcpy(heat, vx_view_relevance(view, VX_RULES_PLAIN, args->value[STABILIZER])->pixels, pixels * sizeof *heat);
  return true;
}

const vx_explainer vx_explainer_lrp = {
    .id = "lrp",
    .title = "LRP",
    .family = VX_PROPAGATION,
    .formula = "plain rules to the pixels, z^B at the patch embedding, sum over channels",
    .source = "Bach 2015, Montavon 2017",
    .cite =
        "Bach et al.: On Pixel-Wise Explanations, PLOS ONE 2015; Montavon et al.: Explaining nonlinear classification "
        "decisions with deep Taylor decomposition, Pattern Recognition 2017, arXiv:1512.02479",
    .class_specific = true,
    .grid = VX_GRID_PIXEL,
    .params = VX_PARAMS(params),
    .needs = needs,
    .explain = explain,
};

const vx_explainer vx_explainer_lrp_stable = {
    .id = "lrp-stable",
    .title = "LRP, stabilised",
    .family = VX_PROPAGATION,
    .formula =
        "plain rules to the pixels, z^B at the patch embedding, sum over channels; stabilised rules, delta = 1e-2",
    .source = "Bach 2015, Montavon 2017; stabilised by us",
    .cite =
        "Bach et al.: On Pixel-Wise Explanations, PLOS ONE 2015; Montavon et al.: Explaining nonlinear classification "
        "decisions with deep Taylor decomposition, Pattern Recognition 2017, arXiv:1512.02479",
    .class_specific = true,
    .grid = VX_GRID_PIXEL,
    .params = VX_PARAMS(params_stable),
    .needs = needs,
    .explain = explain,
};
