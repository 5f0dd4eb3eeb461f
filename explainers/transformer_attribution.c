/* transformer-attribution and transformer-attribution-stable: relevance of the attention times its gradient, multiplied
   through the layers.

   C_l = I + mean_h relu(R_l * G_l), R the relevance of A by the improved rules (after the half); heat = row 0 of
   C_{L-1} ... C_start without column 0. No row is normalised.
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

static void needs(const vx_shape *shape, const vx_args *args, vx_passes *passes) {
  int start = vx_layer_of(shape, args->value[START]);
  vx_need_gradient(passes, start);
  vx_need_relevance(passes, VX_RULES_IMPROVED, args->value[STABILIZER], start, false);
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  vx_stack stack = {.value = vx_view_relevance(view, VX_RULES_IMPROVED, args->value[STABILIZER])->attention,
                    .factor = view->gradient,
                    .clamp = true,
                    .fusion = (vx_fusion)args->value[HEADS]};
  int start = vx_layer_of(view->shape, args->value[START]);
  double *row = vx_scratch(view, (size_t)view->shape->tokens, error);
  if (!row || !vx_rollout_row(view, &stack, start, false, row, error)) return false;
  vx_drop_cls(view, row, heat);
  return true;
}

const vx_explainer vx_explainer_transformer_attribution = {
    .id = "transformer-attribution",
    .title = "Transformer attribution",
    .family = VX_HYBRID,
    .formula = "C_l = I + mean_h relu(R_l * G_l); C_{L-1} ... C_0, [CLS] row",
    .source = "Chefer 2021",
    .cite = "Chefer, Gur, Wolf: Transformer Interpretability Beyond Attention Visualization, CVPR 2021, "
            "arXiv:2012.09838",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params),
    .needs = needs,
    .explain = explain,
};

const vx_explainer vx_explainer_transformer_attribution_stable = {
    .id = "transformer-attribution-stable",
    .title = "Transformer attribution, stabilised",
    .family = VX_HYBRID,
    .formula = "C_l = I + mean_h relu(R_l * G_l); C_{L-1} ... C_0, [CLS] row; stabilised rules, delta = 1e-2",
    .source = "Chefer 2021; stabilised by us",
    .cite = "Chefer, Gur, Wolf: Transformer Interpretability Beyond Attention Visualization, CVPR 2021, "
            "arXiv:2012.09838",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params_stable),
    .needs = needs,
    .explain = explain,
};
