/* partial-lrp and partial-lrp-stable: relevance of the last block's attention.

   heat = r mean_h relu(R[L-1][h]), r the readout ([CLS]'s row), patch columns, R the relevance of A by the plain rules
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
  vx_want_stack_read(&needs->wants, shape, &stack, shape->layers - 1);
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  vx_stack stack = stack_of(args);
  return vx_fused_read(view, &stack, view->shape->layers - 1, heat, error);
}

VX_RELEVANCE_METHODS(partial_lrp, "partial-lrp", "Partial LRP", "mean_h relu(R_{L-1}), the row read, plain rules",
                     "Voita 2019", .family = VX_FAMILY_PROPAGATION, .grid = VX_GRID_PATCH,
                     .cite = "Voita, Talbot, Moiseev, Sennrich, Titov: Analyzing Multi-Head Self-Attention, ACL 2019, "
                             "arXiv:1905.09418")
