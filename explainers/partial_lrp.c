/* partial-lrp and partial-lrp-stable: relevance of the last block's attention.

   heat = mean_h relu(R[L-1][h][0][1:]), R the relevance of A by the plain rules (after the half).
   Needs one plain relevance pass of the last layer.
   Source: after Voita et al. 2019, arXiv 1905.09418, as in the baselines of Chefer, Gur, Wolf 2021. */
#include "explainers/parts/params.h"

enum { HEADS, STABILIZER };
#define PARAMS(delta)                                                                                                  \
  { [HEADS] = VX_HEADS_PARAM(VX_FUSE_MEAN), [STABILIZER] = VX_STABILIZER_PARAM(delta), }
static const vx_param params[] = PARAMS(0), params_stable[] = PARAMS(VX_STABLE_DELTA);

static void needs(const vx_shape *shape, const vx_args *args, vx_passes *passes) {
  vx_need_relevance(passes, VX_RULES_PLAIN, args->value[STABILIZER], shape->layers - 1, false);
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  vx_stack stack = {.value = vx_view_relevance(view, VX_RULES_PLAIN, args->value[STABILIZER])->attention,
                    .clamp = true,
                    .fusion = (vx_fusion)args->value[HEADS]};
  double *row = vx_scratch(view, (size_t)view->shape->tokens, error);
  if (!row) return false;
  vx_fused_row(view, &stack, view->shape->layers - 1, 0, row);
  vx_drop_cls(view, row, heat);
  return true;
}

const vx_explainer vx_explainer_partial_lrp = {
    .id = "partial-lrp",
    .title = "Partial LRP",
    .family = VX_PROPAGATION,
    .formula = "mean_h relu(R_{L-1}), [CLS] row, plain rules",
    .source = "Voita 2019",
    .cite = "Voita, Talbot, Moiseev, Sennrich, Titov: Analyzing Multi-Head Self-Attention, ACL 2019, arXiv:1905.09418",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params),
    .needs = needs,
    .explain = explain,
};

const vx_explainer vx_explainer_partial_lrp_stable = {
    .id = "partial-lrp-stable",
    .title = "Partial LRP, stabilised",
    .family = VX_PROPAGATION,
    .formula = "mean_h relu(R_{L-1}), [CLS] row, plain rules; stabilised rules, delta = 1e-2",
    .source = "Voita 2019; stabilised by us",
    .cite = "Voita, Talbot, Moiseev, Sennrich, Titov: Analyzing Multi-Head Self-Attention, ACL 2019, arXiv:1905.09418",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params_stable),
    .needs = needs,
    .explain = explain,
};
