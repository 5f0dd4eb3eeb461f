/* Exact maximum flows through a stack of layers, from one token at the top to each token at the bottom.

   Graph: levels L .. 0 of n tokens each; capacity[l][i][k] >= 0 from token i of level l + 1 to token k of level l. The
   source is one token of level L, the sinks are all tokens of level 0, each for itself.

   How. A flow is at most the source's capacity and at most the sink's column of layer 0. In deep models one of the two
   nearly always is the value, and a feasible flow of that value proves it: flow_proof.c builds one, in O(L n^2) a sink.
   Where that construction falls short, waves down the layers (flow_wave.c) and Dinic's algorithm with reverse arcs
   (flow_solver.c) find the maximum, and end with a cut of the flow's value. Nothing is bounded, sampled or rounded:
   value and cut differ by the rounding of double sums (1e-12). */
#ifndef VX_FLOW_H
#define VX_FLOW_H

#include "base/arena.h"
#include "base/error.h"

typedef struct vx_flow_graph {
  int layers, tokens, source;
  const double *capacity; /* [L][n][n] */
} vx_flow_graph;

/* Where the minimum cut that was found lies. */
typedef enum vx_flow_cut { VX_CUT_SOURCE, VX_CUT_SINK, VX_CUT_INSIDE } vx_flow_cut;

typedef struct vx_flow {
  double value; /* of the maximum flow */
  double cut;   /* capacity of the cut that proves it maximal */
  vx_flow_cut where;
  bool solved; /* the full solver was needed */
} vx_flow;

/* flows [n]: the maximum flow to every token of level 0. False when scratch memory is out. */
bool vx_flow_all(const vx_flow_graph *graph, vx_arena *scratch, vx_flow *flows, vx_error *error);

/* The same for one sink, with the flow itself on every edge, on_edges [L][n][n]. */
bool vx_flow_one(const vx_flow_graph *graph, int sink, vx_arena *scratch, vx_flow *flow, double *on_edges,
                 vx_error *error);

#endif
