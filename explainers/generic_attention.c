/* generic-attention: attention times gradient, multiplied through the layers.

   R = I; R += mean_h relu(A_l * G_l) R for l = start .. L-1; heat = row 0 of R without column 0. That is the row of
   (I + C_{L-1}) ... (I + C_start), made from the top down. No row is normalised.
   Needs attention and gradient of layers >= start_layer.
   Source: Chefer, Gur, Wolf: Generic Attention-model Explainability, ICCV 2021, arXiv 2103.15679. */
#include "explainers/parts/params.h"

enum { START, HEADS };
static const vx_param params[] = {
    [START] = VX_START_PARAM("first layer of the product"),
    [HEADS] = VX_HEADS_PARAM(VX_FUSE_MEAN),
};

static void needs(const vx_shape *shape, const vx_args *args, vx_passes *passes) {
  int start = vx_layer_of(shape, args->value[START]);
  vx_need_attention(passes, start);
  vx_need_gradient(passes, start);
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  vx_stack stack = {
      .value = view->attention, .factor = view->gradient, .clamp = true, .fusion = (vx_fusion)args->value[HEADS]};
  int start = vx_layer_of(view->shape, args->value[START]);
  double *row = vx_scratch(view, (size_t)view->shape->tokens, error);
  if (!row || !vx_rollout_row(view, &stack, start, false, row, error)) return false;
  vx_drop_cls(view, row, heat);
  return true;
}

const vx_explainer vx_explainer_generic_attention = {
    .id = "generic-attention",
    .title = "Generic attention attribution",
    .family = VX_HYBRID,
    .formula = "R = I; R += mean_h relu(A_l * G_l) R, [CLS] row",
    .source = "Chefer 2021b",
    .cite = "Chefer, Gur, Wolf: Generic Attention-model Explainability for Interpreting Bi-Modal and Encoder-Decoder "
            "Transformers, ICCV 2021, arXiv:2103.15679",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params),
    .needs = needs,
    .explain = explain,
};
