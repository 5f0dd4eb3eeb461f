/* Building a flow of the value of its bound, layer by layer.

   From below: the sink's demand is pulled up the layers, each token's demand split over its incoming edges in
   proportion to their capacity; that is a feasible flow as long as no demand exceeds its column's sum (load <= 1).
   From above: the source sends what level L-1 demands, as far as its edges allow. What went elsewhere is surplus, what
   did not arrive is deficit, and the two have equal sums. The part of a demand that was met follows the pulled flow;
   deficits follow it too, as missing flow. On the way down surplus tokens fill deficits through the capacity that the
   pulled flow leaves free; what cannot be placed yet goes where it can be placed a layer later. When no deficit is
   left, the rest is the pulled flow. */
#include "base/clones.h"
#include "explainers/parts/flow_work.h"

#include <string.h>

/* Sum of a[k] * b[k]; eight partial sums, so that it need not wait for each addition. */
VX_CLONES static double dot(const double *a, const double *b, int n) {
  double part[8] = {0};
  int k = 0;
  for (; k + 8 <= n; k += 8)
    for (int p = 0; p < 8; p++) part[p] += a[k + p] * b[k + p];
  for (; k < n; k++) part[0] += a[k] * b[k];
  return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
}

static inline double sum(const double *a, int n) {
  double total = 0;
  for (int k = 0; k < n; k++) total += a[k];
  return total;
}

static inline double least(double a, double b) {
  return a < b ? a : b;
}

/* Demands and loads of levels 1 .. L-1. False when a demand is more than all edges into its token can carry. */
static bool pull(vx_flow_work *work) {
  int n = work->n;
  double scale = work->bound / work->column_sum[work->sink];
  for (int i = 0; i < n; i++) work->demand[n + i] = vx_flow_row(work, 0, i)[work->sink] * scale;
  for (int l = 1; l <= work->layers - 2; l++) {
    double *load = work->load + l * n, *demand = work->demand + l * n, *above = demand + n;
    for (int k = 0; k < n; k++) {
      double capacity = work->column_sum[l * n + k];
      load[k] = capacity > 0 ? demand[k] / capacity : 0;
      if (demand[k] > capacity) return false;
    }
    for (int i = 0; i < n; i++) above[i] = dot(vx_flow_row(work, l, i), load, n);
  }
  return true;
}

/* missing [n] at level l, given the shares of their demands that tokens of level l + 1 miss. */
VX_CLONES static void pass_missing(const vx_flow_work *work, int layer, const double *share, double *missing) {
  int n = work->n;
  const double *load = work->load + layer * n;
  memset(missing, 0, (size_t)n * sizeof *missing);
  for (int i = 0; i < n; i++) {
    if (share[i] == 0) continue;
    const double *row = vx_flow_row(work, layer, i);
    for (int k = 0; k < n; k++) missing[k] += row[k] * share[i];
  }
  for (int k = 0; k < n; k++) missing[k] *= load[k];
}

static void share_of_demand(const vx_flow_work *work, int level, const double *missing, double *share) {
  const double *demand = work->demand + level * work->n;
  for (int k = 0; k < work->n; k++) share[k] = demand[k] > 0 ? missing[k] / demand[k] : 0;
}

/* useful [n]: how much surplus each token of `level` could place at the level below, were it alone; 0 at level 1. */
VX_CLONES static void look_ahead(vx_flow_work *work, int level, const double *missing) {
  int n = work->n;
  memset(work->useful, 0, (size_t)n * sizeof *work->useful);
  if (level < 2) return;
  share_of_demand(work, level, missing, work->share);
  double *below = work->room; /* borrowed: nothing is in it here */
  pass_missing(work, level - 1, work->share, below);
  for (int i = 0; i < n; i++) {
    const double *row = vx_flow_row(work, level - 1, i);
    double part[8] = {0};
    int k = 0;
    for (; k + 8 <= n; k += 8)
      for (int p = 0; p < 8; p++) part[p] += least(row[k + p], below[k + p]);
    for (; k < n; k++) part[0] += least(row[k], below[k]);
    work->useful[i] = sum(part, 8);
  }
}

/* Moves `amount` through room [n] into surplus [n]: first where it is useful, then wherever there is room. `edges`
   (may be NULL) receives what went where. */
VX_CLONES static void spread(const vx_flow_work *work, double amount, double *room, double *surplus, double *edges) {
  int n = work->n;
  double useful = 0;
  for (int k = 0; k < n; k++)
    if (work->useful[k] > surplus[k]) useful += least(room[k], work->useful[k] - surplus[k]);
  double factor = useful > amount ? amount / useful : 1, sent = 0;
  for (int k = 0; k < n; k++) {
    if (work->useful[k] <= surplus[k]) continue;
    double more = factor * least(room[k], work->useful[k] - surplus[k]);
    sent += more;
    room[k] -= more;
    surplus[k] += more;
    if (edges) edges[k] += more;
  }
  double left = amount - sent, free = sum(room, n);
  if (left <= 0 || free <= 0) return;
  factor = left < free ? left / free : 1;
  for (int k = 0; k < n; k++) {
    surplus[k] += factor * room[k];
    if (edges) edges[k] += factor * room[k];
  }
}

/* The source's edges: what is demanded as far as it goes, the rest of the bound as surplus. */
static void start(vx_flow_work *work) {
  int n = work->n, top = work->layers - 1;
  const double *capacity = vx_flow_row(work, top, work->graph->source), *demand = work->demand + top * n;
  double *edges = work->edges ? vx_flow_edges(work, top, work->graph->source) : NULL;
  double missing = 0;
  for (int k = 0; k < n; k++) {
    double met = least(capacity[k], demand[k]);
    work->surplus[k] = 0;
    work->deficit[k] = demand[k] - met;
    missing += work->deficit[k];
    if (edges) edges[k] = met;
  }
  look_ahead(work, top, work->deficit);
  for (int k = 0; k < n; k++) work->room[k] = capacity[k] - least(capacity[k], demand[k]);
  spread(work, missing, work->room, work->surplus, edges);
}

/* Writes the pulled flow of a layer, less what is missing above it. */
VX_CLONES static void write_pulled(vx_flow_work *work, int layer) {
  int n = work->n;
  const double *load = work->load + layer * n;
  for (int i = 0; i < n; i++) {
    const double *row = vx_flow_row(work, layer, i);
    double *edges = vx_flow_edges(work, layer, i), kept = 1 - work->share[i];
    for (int k = 0; k < n; k++) edges[k] = row[k] * load[k] * kept;
  }
}

/* One surplus token of level layer + 1: fills deficits of the level below, and spreads what is left. */
VX_CLONES static void place(vx_flow_work *work, int layer, int from) {
  int n = work->n;
  const double *row = vx_flow_row(work, layer, from), *load = work->load + layer * n;
  double *edges = work->edges ? vx_flow_edges(work, layer, from) : NULL;
  double amount = work->surplus[from], wanted = 0, sent = 0;
  for (int k = 0; k < n; k++) {
    work->room[k] = row[k] * (1 - load[k]);
    wanted += least(work->room[k], work->next_deficit[k]);
  }
  double factor = wanted > amount ? amount / wanted : 1;
  for (int k = 0; k < n; k++) {
    double more = factor * least(work->room[k], work->next_deficit[k]);
    sent += more;
    work->room[k] -= more;
    work->next_deficit[k] -= more;
    if (edges) edges[k] += more;
  }
  if (wanted < amount) spread(work, amount - sent, work->room, work->next_surplus, edges);
}

static void swap(double **a, double **b) {
  double *kept = *a;
  *a = *b;
  *b = kept;
}

static void descend(vx_flow_work *work, int layer) {
  int n = work->n;
  share_of_demand(work, layer + 1, work->deficit, work->share);
  if (work->edges) write_pulled(work, layer);
  pass_missing(work, layer, work->share, work->next_deficit);
  look_ahead(work, layer, work->next_deficit);
  memset(work->next_surplus, 0, (size_t)n * sizeof *work->next_surplus);
  for (int i = 0; i < n; i++)
    if (work->surplus[i] > 0) place(work, layer, i);
  swap(&work->surplus, &work->next_surplus);
  swap(&work->deficit, &work->next_deficit);
}

double vx_flow_prove(vx_flow_work *work) {
  int n = work->n;
  if (!pull(work)) return work->bound;
  start(work);
  double missing = sum(work->deficit, n);
  for (int l = work->layers - 2; l >= 1; l--) {
    if (!work->edges && missing <= VX_FLOW_REACHED) return missing;
    descend(work, l);
    missing = sum(work->deficit, n);
  }
  for (int i = 0; i < n && work->edges; i++)
    vx_flow_edges(work, 0, i)[work->sink] = work->demand[n + i] - work->deficit[i];
  return missing;
}
