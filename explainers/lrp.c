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

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)shape;
  vx_want_at(&needs->wants, VX_AT_INPUT, vx_by_with(VX_LRP_PLAIN, args->value[STABILIZER]));
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)error;
  size_t pixels = (size_t)view->shape->image * (size_t)view->shape->image;
  const double *relevance = vx_at(view, VX_AT_INPUT, vx_by_with(VX_LRP_PLAIN, args->value[STABILIZER]), 0);
  memset(heat, 0, pixels * sizeof *heat);
  for (size_t c = 0; c < 3; c++)
    for (size_t i = 0; i < pixels; i++) heat[i] += relevance[c * pixels + i];
  return true;
}

VX_RELEVANCE_METHODS(
    lrp, "lrp", "LRP", "plain rules to the pixels, z^B at the patch embedding, sum over channels",
    "Bach 2015, Montavon 2017", .family = VX_FAMILY_PROPAGATION, .grid = VX_GRID_PIXEL,
    .cite = "Bach et al.: On Pixel-Wise Explanations, PLOS ONE 2015; Montavon et al.: Explaining nonlinear "
            "classification decisions with deep Taylor decomposition, Pattern Recognition 2017, "
            "arXiv:1512.02479")
