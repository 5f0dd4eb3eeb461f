/* Exact maximum flows: against an independent solver (Edmonds and Karp on a plain adjacency matrix) on many small
   graphs, and by certificate: the flow on the edges is a flow, and a cut of the same value exists. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "tests/explainers/flow_checks.h"
#include "tests/support/suite.h"

enum { NODES_MAX = 80 };

typedef struct draw {
  uint64_t seed, counter;
} draw;

static double uniform(draw *from) {
  return vx_uniform_at(from->seed, 77, from->counter++);
}

/* ---- the independent solver ------------------------------------------------------------------------------- */

/* Shortest augmenting paths on a dense residual matrix; nothing shared with the code under test. */
static double plain_max_flow(int nodes, double *room, int source, int sink) {
  double value = 0;
  for (;;) {
    int parent[NODES_MAX], queue[NODES_MAX], end = 1;
    for (int v = 0; v < nodes; v++) parent[v] = -1;
    queue[0] = source;
    parent[source] = source;
    for (int begin = 0; begin < end; begin++)
      for (int v = 0; v < nodes; v++)
        if (parent[v] < 0 && room[queue[begin] * nodes + v] > 1e-14) {
          parent[v] = queue[begin];
          queue[end++] = v;
        }
    if (parent[sink] < 0) return value;
    double amount = INFINITY;
    for (int v = sink; v != source; v = parent[v]) amount = fmin(amount, room[parent[v] * nodes + v]);
    for (int v = sink; v != source; v = parent[v]) {
      room[parent[v] * nodes + v] -= amount;
      room[v * nodes + parent[v]] += amount;
    }
    value += amount;
  }
}

static double plain_flow(const vx_flow_graph *graph, int sink) {
  static double room[NODES_MAX * NODES_MAX];
  int n = graph->tokens, nodes = (graph->layers + 1) * n;
  ck_assert_int_le(nodes, NODES_MAX);
  memset(room, 0, sizeof room);
  for (int l = 0; l < graph->layers; l++)
    for (int i = 0; i < n; i++)
      for (int k = 0; k < n; k++) room[((l + 1) * n + i) * nodes + l * n + k] = graph->capacity[(l * n + i) * n + k];
  return plain_max_flow(nodes, room, graph->layers * n + graph->source, sink);
}

/* ---- graphs ------------------------------------------------------------------------------------------------ */

typedef enum kind { DENSE, PEAKED, ZEROS, TIES, CHAIN, UNNORMALISED, KINDS } kind;
static const char *const kind_names[] = {"dense", "peaked", "zeros", "ties", "chain", "unnormalised"};

static double entry(kind of, draw *from, int i, int k) {
  double u = uniform(from);
  switch (of) {
  case PEAKED:
    return pow(u, 12);
  case ZEROS:
    return uniform(from) < 0.6 ? 0 : u;
  case TIES:
    return floor(u * 3) / 4;
  case CHAIN:
    return abs(i - k) <= 1 ? u : 0;
  default:
    return u;
  }
}

/* Random layers; all but the last kind with a residual and rows that sum to 1, as attention flow has them. */
static void fill(vx_flow_graph *graph, double *capacity, kind of, draw *from) {
  int n = graph->tokens;
  for (int row = 0; row < graph->layers * n; row++) {
    double *out = capacity + row * n, sum = 0;
    for (int k = 0; k < n; k++) sum += out[k] = entry(of, from, row % n, k);
    for (int k = 0; k < n && of != UNNORMALISED; k++) {
      double attention = sum > 0 ? out[k] / sum : 0;
      out[k] = (attention + (k == row % n)) / (sum > 0 ? 2 : 1);
    }
  }
  graph->capacity = capacity;
}

/* ---- checks ------------------------------------------------------------------------------------------------- */

static double capacity_of(const vx_flow_graph *graph, int sink, bool of_source) {
  int n = graph->tokens;
  double sum = 0;
  for (int i = 0; i < n; i++)
    sum +=
        of_source ? graph->capacity[((graph->layers - 1) * n + graph->source) * n + i] : graph->capacity[i * n + sink];
  return sum;
}

static void check_sink(const vx_flow_graph *graph, int sink, const vx_flow *flow) {
  double source = capacity_of(graph, sink, true), column = capacity_of(graph, sink, false);
  ck_assert_double_eq_tol(flow->value, plain_flow(graph, sink), 1e-11);
  ck_assert_double_eq_tol(flow->value, flow->cut, 1e-12);
  ck_assert_double_le(flow->value, fmin(source, column) + 1e-13);
  if (flow->where == VX_CUT_SOURCE) ck_assert_double_eq_tol(flow->value, source, 1e-12);
  if (flow->where == VX_CUT_SINK) ck_assert_double_eq_tol(flow->value, column, 1e-12);
  if (flow->where == VX_CUT_INSIDE) ck_assert_double_lt(flow->value, fmin(source, column));
}

static void check_graph(const vx_flow_graph *graph, vx_arena *scratch, int counts[4]) {
  size_t n = (size_t)graph->tokens;
  vx_flow *flows = malloc(n * sizeof *flows), again;
  double *edges = malloc((size_t)graph->layers * n * n * sizeof *edges);
  vx_error error;
  vx_arena_reset(scratch);
  ck_assert(vx_flow_all(graph, scratch, flows, &error));
  for (int sink = 0; sink < graph->tokens; sink++) {
    check_sink(graph, sink, &flows[sink]);
    ck_assert(vx_flow_one(graph, sink, scratch, &again, edges, &error));
    ck_assert(again.value == flows[sink].value && again.where == flows[sink].where);
    check_is_flow(graph, edges, sink, flows[sink].value);
    counts[flows[sink].where]++;
    counts[3] += flows[sink].solved;
  }
  free(edges);
  free(flows);
}

START_TEST(agrees_with_the_independent_solver) {
  static const int sizes[][2] = {{1, 1},  {1, 5}, {2, 5}, {3, 2},  {3, 8},  {4, 6},
                                 {5, 10}, {6, 7}, {8, 8}, {12, 5}, {15, 4}, {7, 1}};
  vx_arena *scratch = vx_arena_new();
  double capacity[15 * 10 * 10];
  draw from = {.seed = (uint64_t)_i};
  int counts[4] = {0};
  for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
    for (int round = 0; round < 6; round++) {
      vx_flow_graph graph = {.layers = sizes[s][0], .tokens = sizes[s][1], .source = round % sizes[s][1]};
      fill(&graph, capacity, (kind)_i, &from);
      check_graph(&graph, scratch, counts);
    }
  printf("%s: %d sinks cut at the source, %d at the sink, %d inside; %d needed the solver\n", kind_names[_i], counts[0],
         counts[1], counts[2], counts[3]);
  vx_arena_free(scratch);
}
END_TEST

/* A graph where flow must be taken back: the direct construction sends it the wrong way first. */
START_TEST(reverse_arcs_are_needed) {
  /* 3 layers, 3 tokens: source 0 -> {0, 1}, 0 -> {0, 1}, 1 -> {0}, {0, 1} -> sink 2. */
  double capacity[3][3][3] = {{{0, 0, 1}, {0, 0, 1}, {0, 0, 0}}, {{1, 1, 0}, {1, 0, 0}, {0, 0, 0}}, {{1, 1, 0}}};
  vx_flow_graph graph = {.layers = 3, .tokens = 3, .source = 0, .capacity = &capacity[0][0][0]};
  vx_arena *scratch = vx_arena_new();
  int counts[4] = {0};
  check_graph(&graph, scratch, counts);
  vx_flow flow;
  double edges[27];
  ck_assert(vx_flow_one(&graph, 2, scratch, &flow, edges, NULL));
  ck_assert_double_eq_tol(flow.value, 2, 1e-15);
  vx_arena_free(scratch);
}
END_TEST

/* What must be the same whatever the solver does: twice the capacity, twice the flow; a token order is only a name. */
START_TEST(scale_and_order_do_not_matter) {
  enum { L = 5, N = 9 };
  double capacity[L * N * N], other[L * N * N];
  draw from = {.seed = 5};
  vx_flow_graph graph = {.layers = L, .tokens = N, .source = 0};
  fill(&graph, capacity, PEAKED, &from);
  vx_arena *scratch = vx_arena_new();
  vx_flow flows[N], changed[N];
  ck_assert(vx_flow_all(&graph, scratch, flows, NULL));
  for (int l = 0; l < L; l++)
    for (int i = 0; i < N; i++)
      for (int k = 0; k < N; k++) other[(l * N + (i + 4) % N) * N + (k + 4) % N] = 2 * capacity[(l * N + i) * N + k];
  vx_flow_graph moved = {.layers = L, .tokens = N, .source = 4, .capacity = other};
  ck_assert(vx_flow_all(&moved, scratch, changed, NULL));
  for (int k = 0; k < N; k++) ck_assert_double_eq_tol(changed[(k + 4) % N].value, 2 * flows[k].value, 1e-11);
  vx_arena_free(scratch);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("flow");
  tcase_set_timeout(tests, 300);
  tcase_add_loop_test(tests, agrees_with_the_independent_solver, 0, KINDS);
  tcase_add_test(tests, reverse_arcs_are_needed);
  tcase_add_test(tests, scale_and_order_do_not_matter);
  return run_suite("flow", tests);
}
