/* transformer-attribution and transformer-attribution-stable: relevance of the attention times its gradient, multiplied
   through the layers.

   C_l = I + mean_h relu(R_l * G_l), R the relevance of A by the improved rules (after the half); heat =
   r C_{L-1} ... C_start, r the readout ([CLS]'s row), patch columns. No row is normalised.
   Needs one improved relevance pass and the gradient, layers >= start_layer.
   Source: Chefer, Gur, Wolf 2021, arXiv 2012.09838. start_layer: 0 in their class, 1 in their segmentation script.
   The published rules divide by values that pass near zero; `-stable` is the same method with stabilizer 1e-2. */
#include "explainers/parts/params.h"

enum { START, HEADS, STABILIZER };
#define PARAMS(delta)                                                                                                  \
  {                                                                                                                    \
    [START] = VX_START_PARAM("first layer of the product; 1 in the authors' segmentation script"),                     \
    [HEADS] = VX_HEADS_PARAM(VX_FUSE_MEAN), [STABILIZER] = VX_STABILIZER_PARAM(delta),                                 \
  }
static const vx_param params[] = PARAMS(0), params_stable[] = PARAMS(VX_STABLE_DELTA);

static vx_stack stack_of(const vx_args *args) {
  return (vx_stack){.value = vx_by_with(VX_LRP_IMPROVED, args->value[STABILIZER]),
                    .factor = vx_by(VX_GRADIENT),
                    .has_factor = true,
                    .clamp = true,
                    .fusion = (vx_fusion)args->value[HEADS]};
}

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  vx_stack stack = stack_of(args);
  vx_want_stack(&needs->wants, &stack, vx_layer_of(shape, args->value[START]), shape->layers - 1);
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  vx_stack stack = stack_of(args);
  return vx_rollout(view, &stack, vx_layer_of(view->shape, args->value[START]), false, heat, error);
}

VX_RELEVANCE_METHODS(transformer_attribution, "transformer-attribution", "Transformer attribution",
                     "C_l = I + mean_h relu(R_l * G_l); C_{L-1} ... C_0, the row read", "Chefer 2021",
                     .family = VX_FAMILY_HYBRID, .grid = VX_GRID_PATCH,
                     .cite =
                         "Chefer, Gur, Wolf: Transformer Interpretability Beyond Attention Visualization, CVPR 2021, "
                         "arXiv:2012.09838")
