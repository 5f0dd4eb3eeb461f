/* raw-attention: where the [CLS] token looks in the last block.

   heat = mean over heads of A[L-1][h][0][1:], reshaped to the grid.
   Needs the attention of the last layer, [H][n][n]. No gradient, no class.
   Source: the common baseline ("last layer attention", e.g. Chefer et al. 2021, arXiv 2012.09838). */
#include "explainers/parts/params.h"

static const vx_param params[] = {
    VX_HEADS_PARAM(VX_FUSE_MEAN),
};

static void needs(const vx_shape *shape, const vx_args *args, vx_passes *passes) {
  (void)args;
  vx_need_attention(passes, shape->layers - 1);
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  vx_stack stack = {.value = view->attention, .fusion = (vx_fusion)args->value[0]};
  double *row = vx_scratch(view, (size_t)view->shape->tokens, error);
  if (!row) return false;
  vx_fused_row(view, &stack, view->shape->layers - 1, 0, row);
  vx_drop_cls(view, row, heat);
  return true;
}

const vx_explainer vx_explainer_raw_attention = {
    .id = "raw-attention",
    .title = "Raw attention",
    .family = VX_ATTENTION,
    .formula = "mean_h A[L-1], [CLS] row",
    .source = "common baseline",
    .cite = "as in Chefer, Gur, Wolf: Transformer Interpretability Beyond Attention Visualization, CVPR 2021, "
            "arXiv:2012.09838",
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params),
    .needs = needs,
    .explain = explain,
};
