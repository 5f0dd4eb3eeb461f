/* generic-attention: attention times gradient, multiplied through the layers.

   R = I; R += mean_h relu(A_l * G_l) R for l = start .. L-1; heat = r R, r the readout ([CLS]'s row), patch columns.
   That is the row of (I + C_{L-1}) ... (I + C_start), made from the top down. No row is normalised.
   Needs attention and gradient of layers >= start_layer.
   Source: Chefer, Gur, Wolf: Generic Attention-model Explainability, ICCV 2021, arXiv 2103.15679. */
#include "explainers/parts/params.h"

enum { START, HEADS };
static const vx_param params[] = {
    [START] = VX_START_PARAM("first layer of the product"),
    [HEADS] = VX_HEADS_PARAM(VX_FUSE_MEAN),
};

static vx_stack stack_of(const vx_args *args) {
  return (vx_stack){.value = vx_by(VX_FORWARD),
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

const vx_explainer vx_explainer_generic_attention = {
    .id = "generic-attention",
    .title = "Generic attention attribution",
    .family = VX_FAMILY_HYBRID,
    .formula = "R = I; R += mean_h relu(A_l * G_l) R, the row read",
    .source = "Chefer 2021b",
    .cite = "Chefer, Gur, Wolf: Generic Attention-model Explainability for Interpreting Bi-Modal and Encoder-Decoder "
            "Transformers, ICCV 2021, arXiv:2103.15679",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params),
    .needs = ask,
    .explain = explain,
};
