#include "harness/attention/paths.h"

#include <math.h>
#include <string.h>

#include "explainers/parts/flow.h"

static size_t size(int n) {
  return (size_t)n;
}

static bool take(vx_arena *arena, const vx_shape *shape, vx_paths *paths, vx_error *error) {
  size_t n = size(shape->tokens), levels = size(shape->layers);
  *paths = (vx_paths){.layers = shape->layers, .tokens = shape->tokens, .leading = shape->leading};
  paths->edge = VX_TAKE(arena, levels * n * n, double);
  paths->node = VX_TAKE(arena, (levels + 1) * n, double);
  if (!paths->edge || !paths->node) return vx_fail(error, "attention paths", "out of memory");
  memset(paths->edge, 0, levels * n * n * sizeof *paths->edge);
  memset(paths->node, 0, (levels + 1) * n * sizeof *paths->node);
  return true;
}

double *vx_paths_matrices(const vx_shape *shape, const double *attention, vx_arena *arena, vx_error *error) {
  size_t n = size(shape->tokens), heads = size(shape->heads), layers = size(shape->layers);
  double *matrices = VX_TAKE(arena, layers * n * n, double);
  if (!matrices) return vx_fail(error, "attention paths", "out of memory"), NULL;
  for (size_t l = 0; l < layers; l++)
    for (size_t i = 0; i < n; i++) {
      double *row = matrices + (l * n + i) * n, sum = 0;
      memset(row, 0, n * sizeof *row);
      for (size_t h = 0; h < heads; h++)
        for (size_t j = 0; j < n; j++) row[j] += attention[((l * heads + h) * n + i) * n + j];
      for (size_t j = 0; j < n; j++) {
        row[j] = row[j] / (double)heads + (i == j);
        sum += row[j];
      }
      for (size_t j = 0; j < n; j++) row[j] /= sum;
    }
  return matrices;
}

bool vx_paths_rollout(const vx_view *view, const double *matrices, vx_arena *arena, vx_paths *paths, vx_error *error) {
  size_t n = size(view->shape->tokens), layers = size(view->shape->layers);
  if (!take(arena, view->shape, paths, error)) return false;
  memcpy(paths->node + layers * n, vx_read_weights(view), n * sizeof *paths->node);
  for (size_t l = layers; l-- > 0;) {
    const double *from = paths->node + (l + 1) * n;
    double *to = paths->node + l * n;
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) {
        double weight = from[i] * matrices[(l * n + i) * n + j];
        paths->edge[(l * n + i) * n + j] = weight;
        to[j] += weight;
      }
  }
  return true;
}

/* The sums of flows are divided by the sum of their values; nodes are what comes in from above. */
static void finish_flow(vx_paths *paths, int source, double total) {
  size_t n = size(paths->tokens), layers = size(paths->layers);
  if (total <= 0) return;
  for (size_t e = 0; e < layers * n * n; e++) paths->edge[e] /= total;
  paths->node[layers * n + size(source)] = 1;
  for (size_t l = 0; l < layers; l++)
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) paths->node[l * n + j] += paths->edge[(l * n + i) * n + j];
}

bool vx_paths_flow(const vx_view *view, const double *matrices, vx_arena *arena, vx_paths *paths, vx_error *error) {
  int layers = view->shape->layers, tokens = view->shape->tokens, source = vx_read_token(view);
  size_t edges = size(layers) * size(tokens) * size(tokens);
  if (source < 0)
    return vx_fail(error, "attention flow", "has one source, but this model's head reads several tokens: take rollout");
  if (!take(arena, view->shape, paths, error)) return false;
  double *one = VX_TAKE(arena, edges, double), total = 0;
  vx_arena *scratch = vx_arena_new();
  bool good = (one && scratch) || vx_fail(error, "attention paths", "out of memory");
  vx_flow_graph graph = {.layers = layers, .tokens = tokens, .source = source, .capacity = matrices};
  for (int sink = 0; good && sink < tokens; sink++) {
    vx_flow flow;
    good = vx_flow_one(&graph, sink, scratch, &flow, one, error);
    for (size_t e = 0; good && e < edges; e++) paths->edge[e] += one[e];
    if (good) total += flow.value;
    vx_arena_reset(scratch);
  }
  vx_arena_free(scratch);
  if (good) finish_flow(paths, source, total);
  return good;
}

/* The largest product of shares, level by level from the top: best[l][i] over ways from what is read to token i. */
double vx_paths_strongest(const vx_paths *paths, int token, int *token_of, vx_error *error) {
  size_t n = size(paths->tokens), layers = size(paths->layers);
  vx_arena *arena = vx_arena_new();
  double *best = arena ? VX_TAKE(arena, (layers + 1) * n, double) : NULL, weight = -1;
  int *above = arena ? VX_TAKE(arena, (layers + 1) * n, int) : NULL; /* the token of the level above on the best way */
  if (best && above) {
    memcpy(best + layers * n, paths->node + layers * n, n * sizeof *best);
    for (size_t l = layers; l-- > 0;)
      for (size_t i = 0; i < n; i++) {
        double have = best[(l + 1) * n + i], node = paths->node[(l + 1) * n + i];
        if (have <= 0 || node <= 0) continue;
        for (size_t j = 0; j < n; j++) {
          double way = have * paths->edge[(l * n + i) * n + j] / node;
          if (way > best[l * n + j]) best[l * n + j] = way, above[l * n + j] = (int)i;
        }
      }
    weight = best[token];
    int at = token;
    for (size_t l = 0; l <= layers; l++) {
      token_of[l] = at;
      if (l < layers) at = above[l * n + size(at)];
    }
  } else {
    vx_fail(error, "attention paths", "out of memory");
  }
  vx_arena_free(arena);
  return weight;
}

static double importance(const vx_paths *paths, size_t token) {
  size_t n = size(paths->tokens);
  double sum = paths->node[token];
  for (size_t l = 0; l < size(paths->layers); l++) sum += paths->node[l * n + token];
  return sum;
}

int vx_paths_main_tokens(const vx_paths *paths, int count, int *tokens) {
  int found = 0;
  for (; found < count && found < paths->tokens - paths->leading; found++) {
    int best = -1;
    for (int t = paths->leading; t < paths->tokens; t++) {
      bool taken = false;
      for (int k = 0; k < found; k++) taken |= tokens[k] == t;
      if (!taken && (best < 0 || importance(paths, size(t)) > importance(paths, size(best)))) best = t;
    }
    tokens[found] = best;
  }
  return found;
}

static size_t group_of(const vx_paths *paths, size_t token, const int *tokens, int count) {
  if (token < size(paths->leading)) return 0;
  for (int k = 0; k < count; k++)
    if (size(tokens[k]) == token) return size(k) + 1;
  return size(count) + 1;
}

void vx_paths_group(const vx_paths *paths, const int *tokens, int count, double *node, double *edge) {
  size_t n = size(paths->tokens), layers = size(paths->layers), groups = size(count) + 2;
  memset(node, 0, (layers + 1) * groups * sizeof *node);
  memset(edge, 0, layers * groups * groups * sizeof *edge);
  for (size_t l = 0; l <= layers; l++)
    for (size_t i = 0; i < n; i++) {
      size_t from = group_of(paths, i, tokens, count);
      node[l * groups + from] += paths->node[l * n + i];
      for (size_t j = 0; l < layers && j < n; j++)
        edge[(l * groups + from) * groups + group_of(paths, j, tokens, count)] += paths->edge[(l * n + i) * n + j];
    }
}

/* values [patches] += the row read of one head's matrix [n][n]. */
static void add_read(const vx_view *view, const double *matrix, double *values) {
  const double *read = vx_read_weights(view);
  size_t n = size(view->shape->tokens);
  for (size_t i = 0; i < n; i++) {
    if (read[i] == 0) continue;
    const double *row = vx_patches(view, matrix + i * n, 1);
    for (int j = 0; j < vx_patch_count(view); j++) values[j] += read[i] * row[j];
  }
}

void vx_attention_by_head(const vx_view *view, const double *attention, int layer, double *values) {
  size_t n = size(view->shape->tokens), heads = size(view->shape->heads), patches = size(vx_patch_count(view));
  memset(values, 0, heads * patches * sizeof *values);
  for (size_t h = 0; h < heads; h++)
    add_read(view, attention + (size(layer) * heads + h) * n * n, values + h * patches);
}

void vx_attention_by_layer(const vx_view *view, const double *attention, double *values) {
  size_t n = size(view->shape->tokens), heads = size(view->shape->heads), patches = size(vx_patch_count(view));
  memset(values, 0, size(view->shape->layers) * patches * sizeof *values);
  for (size_t l = 0; l < size(view->shape->layers); l++, values += patches) {
    for (size_t h = 0; h < heads; h++, attention += n * n) add_read(view, attention, values);
    for (size_t j = 0; j < patches; j++) values[j] /= (double)heads;
  }
}
