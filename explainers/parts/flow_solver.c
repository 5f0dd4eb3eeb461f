/* Dinic's algorithm on the layered graph: breadth-first levels, then a blocking flow along shortest residual paths.

   A token (l, i) is number l n + i. Arcs out of it, in order: down to (l-1, k), residual capacity - flow, for every k;
   then up to (l+1, k), residual flow[l][k][i]. Of level 0 only the sink takes part, of level L only the source. The
   search keeps, for each level, the tokens that it has not met, so that dense layers cost it little. */
#include "explainers/parts/flow_work.h"

#include <stddef.h>

/* Room on an arc out of token i of `level`: down to token k of the level below, up to token k of the level above. */
static inline double room_down(const double *row, const double *flow, int k) {
  return row[k] - flow[k];
}

static inline double room_up(const double *column, int n, int k) {
  return column[(size_t)k * (size_t)n];
}

/* Flow into token i of `level` from token k of the level above lies at [k n]. */
static inline const double *flow_into(const vx_flow_work *work, int level, int i) {
  return vx_flow_edges(work, level, 0) + i;
}

static void push(vx_flow_work *work, int level, int i, int arc, double amount) {
  int n = work->n;
  if (arc < n)
    vx_flow_edges(work, level - 1, i)[arc] += amount;
  else
    vx_flow_edges(work, level, arc - n)[i] -= amount;
}

/* Meets a token: it is one step further than `node`. */
static inline void meet(vx_flow_work *work, int node, int to, int *end) {
  work->distance[to] = work->distance[node] + 1;
  work->queue[(*end)++] = to;
}

/* Meets the tokens of the level below (above) that arcs with room lead to, of those not met yet. */
static void meet_below(vx_flow_work *work, int node, int level, int i, int *end) {
  int n = work->n, *unseen = work->unseen + (level - 1) * n, count = work->unseen_count[level - 1], kept = 0;
  const double *row = vx_flow_row(work, level - 1, i), *flow = vx_flow_edges(work, level - 1, i);
  for (int u = 0; u < count; u++) {
    if (room_down(row, flow, unseen[u]) > VX_FLOW_DUST)
      meet(work, node, (level - 1) * n + unseen[u], end);
    else
      unseen[kept++] = unseen[u];
  }
  work->unseen_count[level - 1] = kept;
}

static void meet_above(vx_flow_work *work, int node, int level, int i, int *end) {
  int n = work->n, *unseen = work->unseen + (level + 1) * n, count = work->unseen_count[level + 1], kept = 0;
  const double *column = flow_into(work, level, i);
  for (int u = 0; u < count; u++) {
    if (room_up(column, n, unseen[u]) > VX_FLOW_DUST)
      meet(work, node, (level + 1) * n + unseen[u], end);
    else
      unseen[kept++] = unseen[u];
  }
  work->unseen_count[level + 1] = kept;
}

/* Distances from the source in the residual graph; -1 where it does not reach. Whether it reaches the sink. */
static bool search(vx_flow_work *work) {
  int n = work->n, layers = work->layers, source = layers * n + work->graph->source;
  for (int v = 0; v < (layers + 1) * n; v++) work->distance[v] = -1;
  for (int l = 1; l < layers; l++) {
    for (int k = 0; k < n; k++) work->unseen[l * n + k] = k;
    work->unseen_count[l] = n;
  }
  work->unseen[0] = work->sink;
  work->unseen_count[0] = 1;
  work->unseen_count[layers] = 0;
  work->distance[source] = 0;
  work->queue[0] = source;
  for (int begin = 0, end = 1; begin < end; begin++) {
    int node = work->queue[begin], level = node / n;
    if (level > 0) meet_below(work, node, level, node % n, &end);
    if (level < layers - 1) meet_above(work, node, level, node % n, &end);
  }
  return work->distance[work->sink] >= 0;
}

/* The next arc of a token, from where it stopped, that leads one step further and has room, and that room; 2 n: none.
   Below level 1 there is the sink alone; above level L-1 the source, to which nothing is taken back. */
static int next_arc(const vx_flow_work *work, int level, int i, double *room) {
  int n = work->n, wanted = work->distance[level * n + i] + 1, arc = work->arc[level * n + i];
  const double *row = vx_flow_row(work, level - 1, i), *flow = vx_flow_edges(work, level - 1, i);
  const int *below = work->distance + (level - 1) * n, *above = below + 2 * n;
  if (level == 1 && arc < n) {
    if (arc <= work->sink && below[work->sink] == wanted) {
      *room = room_down(row, flow, work->sink);
      if (*room > VX_FLOW_DUST) return work->sink;
    }
    arc = n;
  }
  for (; arc < n; arc++)
    if (below[arc] == wanted && (*room = room_down(row, flow, arc)) > VX_FLOW_DUST) return arc;
  if (level >= work->layers - 1) return 2 * n;
  const double *column = flow_into(work, level, i);
  for (; arc < 2 * n; arc++)
    if (above[arc - n] == wanted && (*room = room_up(column, n, arc - n)) > VX_FLOW_DUST) return arc;
  return arc;
}

/* Sends up to `limit` from a token to the sink along arcs that lead one step further; returns how much went. A token
   that could not send all is done with. Paths are as long as the sink is far: L, and two more for each layer taken
   back. */
static double send(vx_flow_work *work, int level, int i, double limit) {
  int n = work->n, node = level * n + i;
  double left = limit, room = 0;
  if (level == 0) return limit;
  while (left > 0) {
    int arc = work->arc[node] = next_arc(work, level, i, &room);
    if (arc >= 2 * n) break;
    if (room > left) room = left;
    double sent = arc < n ? send(work, level - 1, arc, room) : send(work, level + 1, arc - n, room);
    if (sent <= 0) continue;
    push(work, level, i, arc, sent);
    left -= sent;
  }
  if (left > 0) work->distance[node] = -1;
  return limit - left;
}

/* A blocking flow along shortest residual paths. */
static void block(vx_flow_work *work, double limit) {
  for (int v = 0; v < (work->layers + 1) * work->n; v++) work->arc[v] = 0;
  send(work, work->layers, work->graph->source, limit);
}

static double flow_into_sink(const vx_flow_work *work) {
  double value = 0;
  for (int i = 0; i < work->n; i++) value += vx_flow_edges(work, 0, i)[work->sink];
  return value;
}

/* Capacity of the edges that leave the set of tokens which the last search reached. */
static double cut_capacity(const vx_flow_work *work) {
  int n = work->n;
  double cut = 0;
  for (int v = n; v < (work->layers + 1) * n; v++) {
    if (work->distance[v] < 0) continue;
    const double *row = vx_flow_row(work, v / n - 1, v % n);
    const int *below = work->distance + (v / n - 1) * n;
    for (int k = 0; k < n; k++)
      if (below[k] < 0 && (v / n > 1 || k == work->sink)) cut += row[k];
  }
  return cut;
}

double vx_flow_solve(vx_flow_work *work, double *cut) {
  while (flow_into_sink(work) < work->bound - VX_FLOW_REACHED) {
    if (!search(work)) {
      *cut = cut_capacity(work);
      return flow_into_sink(work);
    }
    block(work, work->bound);
  }
  *cut = work->bound;
  return work->bound;
}
