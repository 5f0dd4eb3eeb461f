/* rollout: attention multiplied through the layers, the residual stream counted as attention to oneself.

   M_l = rownormalise(mean_h A_l + I) [n][n], heat = r M_{L-1} ... M_start, r the readout ([CLS]'s row), patch columns.
   Every row of every M sums to 1, so the row is a distribution over input tokens.
   Needs the attention of layers >= start_layer. One row is made, a vector times a matrix a layer: O(L H n^2).
   Source: Abnar & Zuidema 2020, arXiv 2005.00928. start_layer: 0 in their program and most others, 1 in Chefer's
   segmentation script, 3 in ViTmiX. Fusion by max or min: vit-explain. */
#include "explainers/parts/params.h"

enum { START, HEADS };
static const vx_param params[] = {
    [START] = VX_START_PARAM("first layer of the product"),
    [HEADS] = VX_HEADS_PARAM(VX_FUSE_MEAN),
};

static vx_stack stack_of(const vx_args *args) {
  return (vx_stack){.value = vx_by(VX_FORWARD), .fusion = (vx_fusion)args->value[HEADS]};
}

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  vx_stack stack = stack_of(args);
  vx_want_stack(&needs->wants, &stack, vx_layer_of(shape, args->value[START]), shape->layers - 1);
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  vx_stack stack = stack_of(args);
  return vx_rollout(view, &stack, vx_layer_of(view->shape, args->value[START]), true, heat, error);
}

const vx_explainer vx_explainer_rollout = {
    .id = "rollout",
    .title = "Attention rollout",
    .family = VX_FAMILY_ATTENTION,
    .formula = "M_l = rownormalise(mean_h A_l + I); M_{L-1} ... M_0, the row read",
    .source = "Abnar & Zuidema 2020",
    .cite = "Abnar, Zuidema: Quantifying Attention Flow in Transformers, ACL 2020, arXiv:2005.00928",
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params),
    .needs = ask,
    .explain = explain,
};
