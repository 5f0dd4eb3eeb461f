/* i-saw: self-attention weighted by its gradient, layers weighted by how much gradient they carry.

   alpha_l = sum relu(G_l) / sum_k sum relu(G_k), sums over heads, rows and columns;
   heat = sum_l alpha_l mean_h(relu(G_l) * A_l), [CLS] row, patch columns; 0 where no gradient is positive.
   Needs the read rows of attention and gradient, and the whole gradient, of all layers.
   Source: Mallick, Benois-Pineau, Zemmari: I Saw, ICIP 2022. No program of theirs is public: this is our reading of the
   two equations that the paper quotes. */
#include "explainers/parts/fuse.h"

#include <string.h>

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)args;
  vx_want_rows(&needs->wants, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0, shape->layers - 1);
  vx_want_rows(&needs->wants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 0, shape->layers - 1);
  vx_want_layers(&needs->wants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 0, shape->layers - 1);
}

/* Sum of the positive entries of a layer's gradient, all heads. */
static double positive_sum(const vx_view *view, int layer) {
  size_t n = (size_t)view->shape->tokens, count = (size_t)view->shape->heads * n * n;
  const double *gradient = vx_at(view, VX_AT_ATTENTION, vx_by(VX_GRADIENT), layer);
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += gradient[i] < 0 ? 0 : gradient[i];
  return sum;
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)args, (void)error;
  int patches = vx_patch_count(view), n = view->shape->tokens, heads = view->shape->heads;
  double total = 0;
  memset(heat, 0, (size_t)patches * sizeof *heat);
  for (int l = 0; l < view->shape->layers; l++) {
    double weight = positive_sum(view, l);
    total += weight;
    const double *a = vx_patches(view, vx_rows_at(view, VX_AT_ATTENTION, vx_by(VX_FORWARD), l), 1);
    const double *g = vx_patches(view, vx_rows_at(view, VX_AT_ATTENTION, vx_by(VX_GRADIENT), l), 1);
    for (int h = 0; h < heads; h++, a += n, g += n) {
      for (int j = 0; j < patches; j++) heat[j] += weight * (a[j] * (g[j] < 0 ? 0 : g[j]) / heads);
    }
  }
  if (total == 0) return true; /* no gradient is positive: the map is 0 already */
  for (int j = 0; j < patches; j++) heat[j] /= total;
  return true;
}

const vx_explainer vx_explainer_i_saw = {
    .id = "i-saw",
    .title = "I-SAW",
    .family = VX_FAMILY_HYBRID,
    .formula = "sum_l alpha_l mean_h(relu(G_l) * A_l), [CLS] row, alpha_l the layer's share of relu(G)",
    .source = "Mallick 2022 (our reading)",
    .cite = "Mallick, Benois-Pineau, Zemmari: I Saw: A Self-Attention Weighted Method for Explanation of Visual "
            "Transformers, ICIP 2022",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .needs = ask,
    .explain = explain,
};
