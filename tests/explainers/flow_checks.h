/* Whether a flow on the edges of a layered graph is one. */
#ifndef VX_TEST_FLOW_CHECKS_H
#define VX_TEST_FLOW_CHECKS_H

#include <check.h>

#include "explainers/parts/flow.h"

static inline double throughput(const vx_flow_graph *graph, const double *edges, int level, int token, bool into) {
  int n = graph->tokens;
  double sum = 0;
  for (int i = 0; i < n; i++)
    sum += into ? edges[(level * n + i) * n + token] : edges[((level - 1) * n + token) * n + i];
  return sum;
}

/* Every edge within its capacity, nothing lost between, `value` out of the source and into the sink only. */
static inline void check_is_flow(const vx_flow_graph *graph, const double *edges, int sink, double value) {
  int n = graph->tokens, layers = graph->layers;
  for (int e = 0; e < layers * n * n; e++) {
    ck_assert_double_ge(edges[e], -1e-13);
    ck_assert_double_le(edges[e], graph->capacity[e] + 1e-13);
  }
  for (int l = 1; l < layers; l++)
    for (int t = 0; t < n; t++)
      ck_assert_double_eq_tol(throughput(graph, edges, l, t, true), throughput(graph, edges, l, t, false), 1e-12);
  for (int t = 0; t < n; t++) {
    double out = t == graph->source ? value : 0, into = t == sink ? value : 0;
    ck_assert_double_eq_tol(throughput(graph, edges, layers, t, false), out, 1e-12);
    ck_assert_double_eq_tol(throughput(graph, edges, 0, t, true), into, 1e-12);
  }
}

#endif
