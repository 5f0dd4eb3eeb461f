/* A blocking flow straight down the layers, by waves (Karzanov 1974, Tarjan 1984): all that a token holds is sent on at
   once, and what it cannot send on is handed back, instead of one path at a time.

   Every token of level 1 .. L-1 has a limit: an upper bound of what it can still pass on, first summed up the layers,
   then shrinking as it takes in; 0 once it is blocked. A wave goes down, level by level: tokens send their excess along
   their arcs, each arc as far as capacity and the receiver's limit allow. Whoever keeps excess is blocked and hands it
   back to the level above. Arcs and limits only ever close, so waves end. What is left for reverse arcs is found by
   flow_solver.c. */
#include "base/clones.h"
#include "explainers/parts/flow_work.h"

#include <string.h>

static inline double least(double a, double b) {
  return a < b ? a : b;
}

/* What tokens of `level` can pass on, given what those below can. */
VX_CLONES static void limit_level(const vx_flow_work *work, int level, const double *below, double *limit) {
  int n = work->n;
  for (int i = 0; i < n; i++) {
    const double *row = vx_flow_row(work, level - 1, i), *flow = vx_flow_edges(work, level - 1, i);
    double part[8] = {0}, total = 0;
    int k = 0;
    for (; k + 8 <= n; k += 8)
      for (int p = 0; p < 8; p++) part[p] += least(row[k + p] - flow[k + p], below[k + p]);
    for (; k < n; k++) part[0] += least(row[k] - flow[k], below[k]);
    for (int p = 0; p < 8; p++) total += part[p];
    limit[i] = total > 0 ? total : 0;
  }
}

/* Sends up to `excess` of a token's excess along its arcs to `level` - 1. Returns what it keeps. */
static double send(vx_flow_work *work, int level, int from, double excess) {
  int n = work->n, *arc = &work->arc[level * n + from];
  const double *row = vx_flow_row(work, level - 1, from);
  double *flow = vx_flow_edges(work, level - 1, from);
  double *limit = work->limit + (level - 1) * n, *below = work->excess + (level - 1) * n;
  for (; *arc < n; ++*arc) {
    int k = *arc;
    double room = least(row[k] - flow[k], limit[k]);
    if (room <= 0) continue;
    double amount = least(room, excess);
    flow[k] += amount;
    below[k] += amount;
    limit[k] -= amount;
    excess -= amount;
    if (excess <= 0) return 0;
  }
  return excess;
}

static void deliver(vx_flow_work *work) {
  int n = work->n;
  for (int i = 0; i < n; i++) {
    vx_flow_edges(work, 0, i)[work->sink] += work->excess[n + i];
    work->excess[n + i] = 0;
  }
}

/* Hands a blocked token's excess back along the flow that came in. */
static void hand_back(vx_flow_work *work, int level, int token) {
  int n = work->n, top = level == work->layers - 1;
  int from = top ? work->graph->source : 0, to = top ? from + 1 : n;
  double *excess = &work->excess[level * n + token];
  for (int u = from; u<to && * excess> 0; u++) {
    double *flow = &vx_flow_edges(work, level, u)[token], back = least(*flow, *excess);
    if (back <= 0) continue;
    *flow -= back;
    *excess -= back;
    if (!top) work->excess[(level + 1) * n + u] += back;
  }
  *excess = 0; /* rounding of the sums */
}

/* Down and up once. Whether excess was handed back to a token that may send it elsewhere. */
static bool wave(vx_flow_work *work) {
  int n = work->n, top = work->layers - 1;
  for (int l = top; l >= 2; l--)
    for (int i = 0; i < n; i++) {
      double *excess = &work->excess[l * n + i];
      if (*excess <= 0) continue;
      *excess = send(work, l, i, *excess);
      if (*excess > 0) work->limit[l * n + i] = 0;
    }
  deliver(work);
  bool more = false;
  for (int l = 2; l <= top; l++)
    for (int i = 0; i < n; i++) {
      if (work->excess[l * n + i] <= 0) continue;
      if (work->arc[l * n + i] >= n)
        hand_back(work, l, i);
      else
        more = true;
    }
  return more;
}

void vx_flow_wave(vx_flow_work *work) {
  int n = work->n, top = work->layers - 1;
  memset(work->excess, 0, (size_t)((work->layers + 1) * n) * sizeof *work->excess);
  memset(work->arc, 0, (size_t)((work->layers + 1) * n) * sizeof *work->arc);
  for (int i = 0; i < n; i++) {
    double room = vx_flow_row(work, 0, i)[work->sink] - vx_flow_edges(work, 0, i)[work->sink];
    work->limit[n + i] = room > 0 ? room : 0;
  }
  for (int l = 2; l <= top; l++) limit_level(work, l, work->limit + (l - 1) * n, work->limit + l * n);
  send(work, work->layers, work->graph->source, work->bound);
  while (wave(work)) {
  }
}
