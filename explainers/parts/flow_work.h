/* What the parts of the flow computation share: flow.c (driver), flow_proof.c, flow_wave.c,
   flow_solver.c. */
#ifndef VX_FLOW_WORK_H
#define VX_FLOW_WORK_H

#include "explainers/parts/flow.h"

/* A flow that is this much below its bound has reached it; residual capacities below VX_FLOW_DUST are none. */
#define VX_FLOW_REACHED 1e-13
#define VX_FLOW_DUST 1e-15

typedef struct vx_flow_work {
  const vx_flow_graph *graph;
  int n, layers, sink;
  double bound;       /* min(capacity of the source, capacity of the sink) */
  double *column_sum; /* [L][n] of every layer */
  double *edges;      /* [L][n][n], the flow; NULL when it is not to be written down */

  /* flow_proof.c, of one sink */
  double *demand; /* [L][n] what should arrive at each token of level 1 .. L-1 */
  double *load;   /* [L][n] demand / column sum: the share of each edge's capacity that the demand takes */
  double *surplus, *deficit, *next_surplus, *next_deficit, *share, *useful, *room; /* [n] */

  /* flow_wave.c; a token of level l is l n + i */
  double *excess, *limit; /* [(L + 1) n] */

  /* flow_solver.c */
  int *distance, *arc, *queue; /* [(L + 1) n] */
  int *unseen, *unseen_count;  /* [(L + 1)][n], [L + 1]: tokens of each level that a search has not met */
} vx_flow_work;

/* Capacities out of a token, [n]. */
static inline const double *vx_flow_row(const vx_flow_work *work, int layer, int from) {
  size_t n = (size_t)work->n;
  return work->graph->capacity + ((size_t)layer * n + (size_t)from) * n;
}

/* Flow out of a token, [n]. */
static inline double *vx_flow_edges(const vx_flow_work *work, int layer, int from) {
  size_t n = (size_t)work->n;
  return work->edges + ((size_t)layer * n + (size_t)from) * n;
}

/* Tries to build a flow of value `bound` to work->sink; returns how much is missing (0 or dust: proven). With
   work->edges (zero) a flow that is proven is written there. */
double vx_flow_prove(vx_flow_work *work);

/* Adds a blocking flow straight down the layers to the flow in work->edges. */
void vx_flow_wave(vx_flow_work *work);

/* Augments the flow in work->edges until it is maximal. Returns its value, and the capacity of a minimum cut. */
double vx_flow_solve(vx_flow_work *work, double *cut);

#endif
