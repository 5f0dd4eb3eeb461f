/* Dinic's algorithm on the layered graph: breadth-first levels, then a blocking flow along shortest residual paths.

   A token (l, i) is number l n + i. Arcs out of it, in order: down to (l-1, k), residual capacity - flow, for every k;
   then up to (l+1, k), residual flow[l][k][i]. Of level 0 only the sink takes part, of level L only the source. The
   search keeps, for each level, the tokens that it has not met, so that dense layers cost it little. */
#include "explainers/flow_work.h"

static double residual(const vx_flow_work *work, int node, int arc, int *to) {
  int n = work->n, level = node / n, i = node % n;
  if (arc < n) {
    *to = (level - 1) * n + arc;
    return level == 0 ? 0 : vx_flow_row(work, level - 1, i)[arc] - vx_flow_edges(work, level - 1, i)[arc];
  }
  *to = (level + 1) * n + (arc - n);
  return level >= work->layers - 1 ? 0 : vx_flow_edges(work, level, arc - n)[i];
}

static void push(vx_flow_work *work, int node, int arc, double amount) {
  int n = work->n, level = node / n, i = node % n;
  if (arc < n)
    vx_flow_edges(work, level - 1, i)[arc] += amount;
  else
    vx_flow_edges(work, level, arc - n)[i] -= amount;
}

/* Meets the tokens of `level` that node's arcs first .. first + n - 1 lead to. Returns the queue's new end. */
static int meet(vx_flow_work *work, int node, int level, int first, int end) {
  int *unseen = work->unseen + level * work->n, kept = 0;
  for (int u = 0; u < work->unseen_count[level]; u++) {
    int to;
    if (residual(work, node, first + unseen[u], &to) > VX_FLOW_DUST) {
      work->distance[to] = work->distance[node] + 1;
      work->queue[end++] = to;
    } else
      unseen[kept++] = unseen[u];
  }
  work->unseen_count[level] = kept;
  return end;
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
    if (level > 0) end = meet(work, node, level - 1, 0, end);
    if (level < layers - 1) end = meet(work, node, level + 1, n, end);
  }
  return work->distance[work->sink] >= 0;
}

/* The next arc of node, from where it stopped, that leads one step further and has room; -1: none. */
static int next_arc(vx_flow_work *work, int node) {
  int wanted = work->distance[node] + 1, limit = 2 * work->n, n = work->n, level = node / n;
  for (int arc = work->arc[node]; arc < limit; arc++) {
    if (arc == 0 && (level == 0 || (level == 1 && work->distance[work->sink] != wanted))) arc = n;
    if (arc == n && level >= work->layers - 1) break;
    int to;
    double room = residual(work, node, arc, &to);
    if (room > VX_FLOW_DUST && work->distance[to] == wanted) {
      work->arc[node] = arc;
      return to;
    }
  }
  work->arc[node] = limit;
  return -1;
}

/* Sends what the path [0 .. length] (nodes; each by its current arc) can carry. Returns the amount, and in `cut` the
   first place on the path whose arc has no room left. */
static double augment(vx_flow_work *work, int length, int *cut) {
  double amount = 0;
  int to;
  for (int p = 0; p < length; p++) {
    double room = residual(work, work->path[p], work->arc[work->path[p]], &to);
    if (p == 0 || room < amount) amount = room;
  }
  *cut = 0;
  for (int p = length - 1; p >= 0; p--) {
    int node = work->path[p];
    push(work, node, work->arc[node], amount);
    if (residual(work, node, work->arc[node], &to) <= VX_FLOW_DUST) *cut = p;
  }
  return amount;
}

/* Shortest augmenting paths until none is left at this distance. Returns what was added. */
static double block(vx_flow_work *work) {
  int n = work->n, source = work->layers * n + work->graph->source;
  double added = 0;
  for (int v = 0; v < (work->layers + 1) * n; v++) work->arc[v] = 0;
  work->path[0] = source;
  for (int length = 0; length >= 0;) {
    int node = work->path[length];
    if (node == work->sink) {
      added += augment(work, length, &length);
      continue;
    }
    int to = next_arc(work, node);
    if (to >= 0)
      work->path[++length] = to;
    else {
      work->distance[node] = -1;
      length--;
    }
  }
  return added;
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
    block(work);
  }
  *cut = work->bound;
  return work->bound;
}
