/* partial-lrp and partial-lrp-stable: relevance of the last block's attention.

   heat = mean_h relu(r R[L-1][h]), r the readout ([CLS]'s row), patch columns, R the relevance of A by the plain rules
   (after the half). Needs one plain relevance pass of the last layer. Source: after Voita et al. 2019, arXiv
   1905.09418, as in the baselines of Chefer, Gur, Wolf 2021. */
#include "explainers/parts/params.h"

enum { HEADS, STABILIZER };
#define PARAMS(delta)                                                                                                  \
  { [HEADS] = VX_HEADS_PARAM(VX_FUSE_MEAN), [STABILIZER] = VX_STABILIZER_PARAM(delta), }
static const vx_param params[] = PARAMS(0), params_stable[] = PARAMS(VX_STABLE_DELTA);

static vx_stack stack_of(const vx_args *args) {
  return (vx_stack){.value = vx_by_with(VX_LRP_PLAIN, args->value[STABILIZER]),
                    .clamp = true,
                    .fusion = (vx_fusion)args->value[HEADS]};
}

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  vx_stack stack = stack_of(args);
  vx_want_stack_rows(&needs->wants, &stack, shape->layers - 1, shape->layers - 1);
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  vx_stack stack = stack_of(args);
  double *row = vx_scratch(view, (size_t)view->shape->tokens, error);
  if (!row) return false;
  vx_fused_read_row(view, &stack, view->shape->layers - 1, row);
  vx_patches_of_row(view, row, heat);
  return true;
}

#define CITE "Voita, Talbot, Moiseev, Sennrich, Titov: Analyzing Multi-Head Self-Attention, ACL 2019, arXiv:1905.09418"
/* The method as published, and with stabilised rules. */
#define METHOD(name, id_text, title_text, more, source_text, table)                                                    \
  const vx_explainer vx_explainer_##name = {.id = (id_text),                                                           \
                                            .title = (title_text),                                                     \
                                            .family = VX_FAMILY_PROPAGATION,                                           \
                                            .formula = "mean_h relu(R_{L-1}), [CLS] row, plain rules" more,            \
                                            .source = (source_text),                                                   \
                                            .cite = CITE,                                                              \
                                            .class_specific = true,                                                    \
                                            .grid = VX_GRID_PATCH,                                                     \
                                            .params = VX_PARAMS(table),                                                \
                                            .needs = ask,                                                              \
                                            .explain = explain};

METHOD(partial_lrp, "partial-lrp", "Partial LRP", "", "Voita 2019", params)
METHOD(partial_lrp_stable, "partial-lrp-stable", "Partial LRP, stabilised", "; stabilised rules, delta = 1e-2",
       "Voita 2019; stabilised by us", params_stable)
