/* attention-flow: how much can flow from the token that the head reads to each patch at the bottom.

   Capacities M_l = rownormalise(mean_h A_l + I) [n][n] between token i of layer l + 1 and token j of layer l;
   F_j = maximum flow from that token ([CLS]) at the top to input token j, each sink for itself; heat = F / sum_j F over
   all input tokens, of the patches. Exact for every patch: flow.h says how. A head that reads several is refused.
   Needs the attention of all layers.
   Source: Abnar & Zuidema 2020, arXiv 2005.00928. See docs/attention-flow.md for what it comes to on real models. */
#include "explainers/parts/flow.h"
#include "explainers/parts/params.h"

static const vx_param params[] = {
    VX_HEADS_PARAM(VX_FUSE_MEAN),
};

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)args;
  vx_want_layers(&needs->wants, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0, shape->layers - 1);
}

/* capacity [L][n][n] = rownormalise(fused + I). */
static void fill_capacity(const vx_view *view, const vx_stack *stack, double *capacity) {
  int n = view->shape->tokens;
  for (int l = 0; l < view->shape->layers; l++)
    for (int i = 0; i < n; i++, capacity += n) {
      vx_fused_row(view, stack, l, i, capacity);
      capacity[i] += 1;
      double sum = 0;
      for (int j = 0; j < n; j++) sum += capacity[j];
      for (int j = 0; j < n; j++) capacity[j] /= sum;
    }
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  size_t n = (size_t)view->shape->tokens, layers = (size_t)view->shape->layers;
  vx_stack stack = {.value = vx_by(VX_FORWARD), .fusion = (vx_fusion)args->value[0]};
  int source = vx_read_token(view);
  double *capacity = vx_scratch(view, layers * n * n, error), *row = vx_scratch(view, n, error);
  vx_flow *flows = VX_TAKE(view->scratch, n, vx_flow);
  if (!capacity || !row) return false;
  if (!flows) return vx_fail(error, "attention-flow", "scratch memory is out");
  fill_capacity(view, &stack, capacity);
  vx_flow_graph graph = {.layers = (int)layers, .tokens = (int)n, .source = source, .capacity = capacity};
  if (!vx_flow_all(&graph, view->scratch, flows, error)) return false;
  double sum = 0;
  for (size_t j = 0; j < n; j++) sum += flows[j].value;
  for (size_t j = 0; j < n; j++) row[j] = flows[j].value / sum;
  vx_patches_of_row(view, row, heat);
  return true;
}

const vx_explainer vx_explainer_attention_flow = {
    .id = "attention-flow",
    .title = "Attention flow",
    .family = VX_FAMILY_ATTENTION,
    .formula = "maximum flow from the token read through capacities rownormalise(mean_h A_l + I), divided by the sum",
    .source = "Abnar & Zuidema 2020",
    .cite = "Abnar, Zuidema: Quantifying Attention Flow in Transformers, ACL 2020, arXiv:2005.00928",
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params),
    .unfit = vx_unfit_of_several,
    .needs = ask,
    .explain = explain,
};
