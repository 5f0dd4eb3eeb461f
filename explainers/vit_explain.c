/* rollout-vit-explain, grad-rollout and grad-rollout-vit-explain: rollout with the smallest entries thrown away.

   F_l [n][n]: max (or mean, min) over heads of A_l; with gradients relu(mean_h(A_l * G_l)). Of its n^2 entries the
   floor(discard n^2) smallest become 0 (for rollout-vit-explain never the first entry, A[0][0]).
   B = (F + I) / 2; then B[i][j] /= sum_k B[j][k]: divided along columns by the sums of rows, as that program has it.
   J = B_{L-1} ... B_0; heat = r J, r the readout ([CLS]'s row), patch columns, divided by its maximum.
   grad-rollout-vit-explain keeps that program's pairing of layer l's attention with layer L-1-l's gradient (gradients
   are collected in backward order); grad-rollout pairs them rightly. Needs attention (and gradient) of all layers. One
   row is made, a vector times a matrix a layer. Source: Gildenblat, vit-explain (github.com/jacobgil/vit-explain);
   discard 0.9 is its default, max its command's. */
#include "explainers/parts/params.h"

#include <math.h>
#include <string.h>

enum { DISCARD, HEADS };
#define DISCARD_PARAM                                                                                                  \
  {                                                                                                                    \
    .name = "discard", .type = VX_PARAM_REAL, .standard = 0.9, .low = 0, .high = 1,                                    \
    .meaning = "share of entries dropped"                                                                              \
  }
static const vx_param params[] = {
    [DISCARD] = DISCARD_PARAM,
    [HEADS] = VX_HEADS_PARAM(VX_FUSE_MAX),
};
static const vx_param params_gradient[] = {[DISCARD] = DISCARD_PARAM}; /* over heads always the mean */

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)args;
  vx_want_layers(&needs->wants, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0, shape->layers - 1);
}

static void ask_gradient(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  ask(shape, args, needs);
  vx_want_layers(&needs->wants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 0, shape->layers - 1);
}

/* The rank-th smallest of values [count], from 0 (Hoare's selection); reorders them. */
static double select_rank(double *values, size_t count, size_t rank) {
  size_t low = 0, high = count - 1;
  while (low < high) {
    double pivot = values[low + (high - low) / 2];
    size_t i = low, j = high;
    for (;;) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i >= j) break;
      double kept = values[i];
      values[i++] = values[j];
      values[j--] = kept;
    }
    /* low .. j are at most the pivot, i .. high at least; i == j when both stopped on it */
    if (rank <= j)
      high = j;
    else
      low = j + 1;
    if (high - low == 0) break;
  }
  return values[rank];
}

/* Zeroes the floor(share count) smallest entries from `first` on; of equal ones at the limit the first in row order.
   `other` [count] is working space. */
static void discard(double *entries, size_t count, size_t first, double share, double *other) {
  size_t drop = (size_t)(share * (double)count);
  if (drop == 0) return;
  memcpy(other, entries, count * sizeof *other);
  double limit = select_rank(other, count, drop - 1);
  size_t below = 0;
  for (size_t i = 0; i < count; i++) below += entries[i] < limit;
  size_t equal = drop - below;
  for (size_t i = 0; i < count; i++) {
    bool dropped = entries[i] < limit || (entries[i] == limit && equal > 0);
    if (entries[i] == limit && equal > 0) equal--;
    if (dropped && i >= first) entries[i] = 0;
  }
}

/* fused [n][n] of a layer; `pair` is the layer whose gradient it meets, -1 for none. */
static void fuse_layer(const vx_view *view, int layer, int pair, vx_fusion fusion, double *fused) {
  size_t n = (size_t)view->shape->tokens;
  vx_stack stack = {.value = vx_by(VX_FORWARD), .fusion = fusion};
  if (pair < 0) {
    for (size_t i = 0; i < n; i++) vx_fused_row(view, &stack, layer, (int)i, fused + i * n);
    return;
  }
  memset(fused, 0, n * n * sizeof *fused);
  const double *a = vx_at(view, VX_AT_ATTENTION, vx_by(VX_FORWARD), layer);
  const double *g = vx_at(view, VX_AT_ATTENTION, vx_by(VX_GRADIENT), pair);
  for (int h = 0; h < view->shape->heads; h++, a += n * n, g += n * n)
    for (size_t e = 0; e < n * n; e++) fused[e] += a[e] * g[e];
  for (size_t e = 0; e < n * n; e++) fused[e] = fused[e] < 0 ? 0 : fused[e] / view->shape->heads;
}

/* to [n] = from [n] times B, B[i][j] = b[i][j] / sum_k b[j][k], b = (fused + I) / 2. */
static void times_layer(const double *fused, size_t n, const double *from, double *to) {
  memset(to, 0, n * sizeof *to);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) to[j] += from[i] * (fused[i * n + j] + (i == j)) / 2;
  for (size_t j = 0; j < n; j++) {
    double sum = 1;
    for (size_t k = 0; k < n; k++) sum += fused[j * n + k];
    to[j] /= sum / 2;
  }
}

typedef enum pairing { NO_GRADIENT, SAME_LAYER, REVERSED } pairing;

static bool roll(const vx_view *view, double share, vx_fusion fusion, pairing pairs, double *heat, vx_error *error) {
  size_t n = (size_t)view->shape->tokens;
  double *fused = vx_scratch(view, n * n, error), *other = vx_scratch(view, n * n, error);
  double *from = vx_scratch(view, n, error), *to = vx_scratch(view, n, error), most = 0;
  if (!fused || !other || !from || !to) return false;
  memcpy(from, vx_read_weights(view), n * sizeof *from);
  int layers = view->shape->layers;
  for (int l = layers - 1; l >= 0; l--) {
    fuse_layer(view, l, pairs == NO_GRADIENT ? -1 : pairs == SAME_LAYER ? l : layers - 1 - l, fusion, fused);
    discard(fused, n * n, pairs == NO_GRADIENT ? 1 : 0, share, other);
    times_layer(fused, n, from, to);
    memcpy(from, to, n * sizeof *from);
  }
  vx_patches_of_row(view, from, heat);
  for (int j = 0; j < vx_patch_count(view); j++) most = fmax(most, heat[j]);
  for (int j = 0; j < vx_patch_count(view); j++) heat[j] = most > 0 ? heat[j] / most : 0;
  return true;
}

static bool explain_plain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  return roll(view, args->value[DISCARD], (vx_fusion)args->value[HEADS], NO_GRADIENT, heat, error);
}

static bool explain_paired(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  return roll(view, args->value[DISCARD], VX_FUSE_MEAN, SAME_LAYER, heat, error);
}

static bool explain_reversed(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  return roll(view, args->value[DISCARD], VX_FUSE_MEAN, REVERSED, heat, error);
}

#define CITE "Gildenblat: Exploring Explainability for Vision Transformers, 2020, github.com/jacobgil/vit-explain"

const vx_explainer vx_explainer_rollout_vit_explain = {
    .id = "rollout-vit-explain",
    .title = "Rollout (vit-explain)",
    .family = VX_FAMILY_ATTENTION,
    .formula = "rollout of max_h A_l without its 90 % smallest entries, divided along columns, over its maximum",
    .source = "vit-explain",
    .cite = CITE,
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params),
    .needs = ask,
    .explain = explain_plain,
};

const vx_explainer vx_explainer_grad_rollout = {
    .id = "grad-rollout",
    .title = "Gradient rollout",
    .family = VX_FAMILY_HYBRID,
    .formula = "rollout of relu(mean_h(A_l * G_l)) without its 90 % smallest entries, over its maximum",
    .source = "vit-explain, layers paired rightly",
    .cite = CITE,
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params_gradient),
    .needs = ask_gradient,
    .explain = explain_paired,
};

const vx_explainer vx_explainer_grad_rollout_vit_explain = {
    .id = "grad-rollout-vit-explain",
    .title = "Gradient rollout (vit-explain)",
    .family = VX_FAMILY_HYBRID,
    .formula = "grad-rollout with layer l's attention and layer L-1-l's gradient",
    .source = "vit-explain, as published",
    .cite = CITE,
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params_gradient),
    .needs = ask_gradient,
    .explain = explain_reversed,
};
