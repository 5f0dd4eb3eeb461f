/* raw-attention: where the [CLS] token looks in the last block.

   heat = r mean_h A[L-1][h], r the readout ([CLS]'s row), patch columns.
   Needs what the head reads of the last layer. No gradient, no class.
   Source: the common baseline ("last layer attention", e.g. Chefer et al. 2021, arXiv 2012.09838). */
#include "explainers/parts/params.h"

enum { HEADS };
static const vx_param params[] = {[HEADS] = VX_HEADS_PARAM(VX_FUSE_MEAN)};

static vx_stack stack_of(const vx_args *args) {
  return (vx_stack){.value = vx_by(VX_FORWARD), .fusion = (vx_fusion)args->value[HEADS]};
}

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  vx_stack stack = stack_of(args);
  vx_want_stack_read(&needs->wants, shape, &stack, shape->layers - 1);
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  vx_stack stack = stack_of(args);
  return vx_fused_read(view, &stack, view->shape->layers - 1, heat, error);
}

const vx_explainer vx_explainer_raw_attention = {
    .id = "raw-attention",
    .title = "Raw attention",
    .family = VX_FAMILY_ATTENTION,
    .formula = "mean_h A[L-1], the row read",
    .source = "common baseline",
    .cite = "as in Chefer, Gur, Wolf: Transformer Interpretability Beyond Attention Visualization, CVPR 2021, "
            "arXiv:2012.09838",
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params),
    .needs = ask,
    .explain = explain,
};
