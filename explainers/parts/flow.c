#include "explainers/parts/flow.h"

#include "explainers/parts/flow_work.h"

#include <string.h>

/* Takes the working space; edges [L][n][n] are the caller's. */
static bool take_space(vx_flow_work *work, vx_arena *scratch, vx_error *error) {
  size_t n = (size_t)work->n, layers = (size_t)work->layers, nodes = (layers + 1) * n;
  work->column_sum = VX_TAKE(scratch, layers * n, double);
  work->demand = VX_TAKE(scratch, layers * n, double);
  work->load = VX_TAKE(scratch, layers * n, double);
  double **vectors[] = {&work->surplus, &work->deficit, &work->next_surplus, &work->next_deficit,
                        &work->share,   &work->useful,  &work->room};
  work->excess = VX_TAKE(scratch, nodes, double);
  work->limit = VX_TAKE(scratch, nodes, double);
  bool all = work->column_sum && work->demand && work->load && work->excess && work->limit;
  for (size_t v = 0; v < sizeof vectors / sizeof vectors[0]; v++)
    all = (*vectors[v] = VX_TAKE(scratch, n, double)) != NULL && all;
  int **lists[] = {&work->distance, &work->arc, &work->queue, &work->unseen, &work->unseen_count};
  for (size_t v = 0; v < sizeof lists / sizeof lists[0]; v++)
    all = (*lists[v] = VX_TAKE(scratch, nodes, int)) != NULL && all;
  return all || vx_fail(error, "attention flow", "scratch memory is out");
}

static void sum_columns(vx_flow_work *work) {
  int n = work->n;
  memset(work->column_sum, 0, (size_t)work->layers * (size_t)n * sizeof *work->column_sum);
  for (int l = 0; l < work->layers; l++)
    for (int i = 0; i < n; i++)
      for (int k = 0; k < n; k++) work->column_sum[l * n + k] += vx_flow_row(work, l, i)[k];
}

/* With one or two layers every path is its own: the flow is a sum of smaller capacities. */
static double shallow(const vx_flow_work *work) {
  const double *top = vx_flow_row(work, work->layers - 1, work->graph->source);
  double *edges = work->edges ? vx_flow_edges(work, work->layers - 1, work->graph->source) : NULL;
  if (work->layers == 1) {
    if (edges) edges[work->sink] = top[work->sink];
    return top[work->sink];
  }
  double value = 0;
  for (int k = 0; k < work->n; k++) {
    double below = vx_flow_row(work, 0, k)[work->sink], both = top[k] < below ? top[k] : below;
    if (edges) edges[k] = vx_flow_edges(work, 0, k)[work->sink] = both;
    value += both;
  }
  return value;
}

/* Below this many layers the direct proof rarely succeeds (docs/attention-flow.md) and the solver is quick. */
enum { PROOF_LAYERS = 6 };

/* The solver, from a zero flow in `edges` [L][n][n]. */
static void solve(vx_flow_work *work, double *edges, vx_flow *flow) {
  work->edges = memset(edges, 0, (size_t)work->layers * (size_t)work->n * (size_t)work->n * sizeof *edges);
  vx_flow_wave(work);
  flow->value = vx_flow_solve(work, &flow->cut);
  flow->solved = true;
}

/* The maximum flow to one sink. `edges` [L][n][n] is working space; it holds the flow afterwards when `keep`. */
static vx_flow one(vx_flow_work *work, int sink, double source_capacity, double *edges, bool keep) {
  double sink_capacity = work->column_sum[sink];
  work->sink = sink;
  work->bound = source_capacity < sink_capacity ? source_capacity : sink_capacity;
  work->edges = NULL;
  vx_flow flow = {.value = work->bound,
                  .cut = work->bound,
                  .where = source_capacity <= sink_capacity ? VX_CUT_SOURCE : VX_CUT_SINK};
  if (keep) memset(edges, 0, (size_t)work->layers * (size_t)work->n * (size_t)work->n * sizeof *edges);
  if (work->bound <= 0) return flow;
  if (work->layers <= 2) {
    work->edges = keep ? edges : NULL;
    flow.value = flow.cut = shallow(work);
  } else if (work->layers < PROOF_LAYERS || vx_flow_prove(work) > VX_FLOW_REACHED) {
    solve(work, edges, &flow);
  } else if (keep) { /* proven: once more, now with the flow written down */
    work->edges = edges;
    vx_flow_prove(work);
  }
  if (flow.value < work->bound - VX_FLOW_REACHED) flow.where = VX_CUT_INSIDE;
  return flow;
}

static double total(const double *a, int n) {
  double value = 0;
  for (int k = 0; k < n; k++) value += a[k];
  return value;
}

static bool prepare(vx_flow_work *work, const vx_flow_graph *graph, vx_arena *scratch, double *source_capacity,
                    vx_error *error) {
  *work = (vx_flow_work){.graph = graph, .n = graph->tokens, .layers = graph->layers};
  if (!take_space(work, scratch, error)) return false;
  sum_columns(work);
  *source_capacity = total(vx_flow_row(work, graph->layers - 1, graph->source), graph->tokens);
  return true;
}

bool vx_flow_all(const vx_flow_graph *graph, vx_arena *scratch, vx_flow *flows, vx_error *error) {
  vx_flow_work work;
  double source_capacity;
  if (!prepare(&work, graph, scratch, &source_capacity, error)) return false;
  size_t n = (size_t)graph->tokens;
  double *edges = VX_TAKE(scratch, (size_t)graph->layers * n * n, double);
  if (!edges) return vx_fail(error, "attention flow", "scratch memory is out");
  for (int sink = 0; sink < graph->tokens; sink++) flows[sink] = one(&work, sink, source_capacity, edges, false);
  return true;
}

bool vx_flow_one(const vx_flow_graph *graph, int sink, vx_arena *scratch, vx_flow *flow, double *on_edges,
                 vx_error *error) {
  vx_flow_work work;
  double source_capacity;
  if (!prepare(&work, graph, scratch, &source_capacity, error)) return false;
  *flow = one(&work, sink, source_capacity, on_edges, true);
  return true;
}
