/* lrp-rollout and lrp-rollout-stable: relevance of the attention, multiplied through the layers; no gradient.

   C_l = I + mean_h relu(R_l), R the relevance of A by the improved rules (after the half); heat =
   r C_{L-1} ... C_start, r the readout ([CLS]'s row), patch columns. No row is normalised.
   Needs one improved relevance pass, layers >= start_layer.
   Source: Chefer, Gur, Wolf 2021, arXiv 2012.09838 (method "rollout" of their relevance program). */
#include "explainers/parts/params.h"

enum { START, HEADS, STABILIZER };
#define PARAMS(delta)                                                                                                  \
  {                                                                                                                    \
    [START] = VX_START_PARAM("first layer of the product"), [HEADS] = VX_HEADS_PARAM(VX_FUSE_MEAN),                    \
    [STABILIZER] = VX_STABILIZER_PARAM(delta),                                                                         \
  }
static const vx_param params[] = PARAMS(0), params_stable[] = PARAMS(VX_STABLE_DELTA);

static vx_stack stack_of(const vx_args *args) {
  return (vx_stack){.value = vx_by_with(VX_LRP_IMPROVED, args->value[STABILIZER]),
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

VX_RELEVANCE_METHODS(
    lrp_rollout, "lrp-rollout", "LRP rollout", "C_l = I + mean_h relu(R_l); C_{L-1} ... C_0, the row read",
    "Chefer 2021", .family = VX_FAMILY_PROPAGATION, .grid = VX_GRID_PATCH,
    .cite = "Chefer, Gur, Wolf: Transformer Interpretability Beyond Attention Visualization, CVPR 2021, "
            "arXiv:2012.09838")
