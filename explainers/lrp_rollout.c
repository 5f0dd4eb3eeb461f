/* lrp-rollout and lrp-rollout-stable: relevance of the attention, multiplied through the layers; no gradient.

   C_l = I + mean_h relu(R_l), R the relevance of A by the improved rules (after the half); heat = row 0 of
   C_{L-1} ... C_start without column 0. No row is normalised.
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

static void needs(const vx_shape *shape, const vx_args *args, vx_passes *passes) {
  vx_need_relevance(passes, VX_RULES_IMPROVED, args->value[STABILIZER], vx_layer_of(shape, args->value[START]), false);
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  vx_stack stack = {.value = vx_view_relevance(view, VX_RULES_IMPROVED, args->value[STABILIZER])->attention,
                    .clamp = true,
                    .fusion = (vx_fusion)args->value[HEADS]};
  int start = vx_layer_of(view->shape, args->value[START]);
  double *row = vx_scratch(view, (size_t)view->shape->tokens, error);
  if (!row || !vx_rollout_row(view, &stack, start, false, row, error)) return false;
  vx_drop_cls(view, row, heat);
  return true;
}

const vx_explainer vx_explainer_lrp_rollout = {
    .id = "lrp-rollout",
    .title = "LRP rollout",
    .family = VX_PROPAGATION,
    .formula = "C_l = I + mean_h relu(R_l); C_{L-1} ... C_0, [CLS] row",
    .source = "Chefer 2021",
    .cite = "Chefer, Gur, Wolf: Transformer Interpretability Beyond Attention Visualization, CVPR 2021, "
            "arXiv:2012.09838",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params),
    .needs = needs,
    .explain = explain,
};

const vx_explainer vx_explainer_lrp_rollout_stable = {
    .id = "lrp-rollout-stable",
    .title = "LRP rollout, stabilised",
    .family = VX_PROPAGATION,
    .formula = "C_l = I + mean_h relu(R_l); C_{L-1} ... C_0, [CLS] row; stabilised rules, delta = 1e-2",
    .source = "Chefer 2021; stabilised by us",
    .cite = "Chefer, Gur, Wolf: Transformer Interpretability Beyond Attention Visualization, CVPR 2021, "
            "arXiv:2012.09838",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params_stable),
    .needs = needs,
    .explain = explain,
};
