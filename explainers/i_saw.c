/* i-saw: self-attention weighted by its gradient, layers weighted by how much gradient they carry.

   alpha_l = sum relu(G_l) / sum_k sum relu(G_k), sums over heads, rows and columns;
   heat = r sum_l alpha_l mean_h(relu(G_l) * A_l), r the readout ([CLS]'s row), patch columns; 0 where no gradient is
   positive.
   Needs the attention that the head reads and the whole gradient, of all layers.
   Source: Mallick, Benois-Pineau, Zemmari: I Saw, ICIP 2022. No program of theirs is public: this is our reading of the
   two equations that the paper quotes. */
#include "explainers/parts/fuse.h"

#include <string.h>

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)args;
  vx_want_read(&needs->wants, shape, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0, shape->layers - 1);
  vx_want_layers(&needs->wants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 0, shape->layers - 1);
}

/* Sum of the positive entries of a layer's gradient [H][n][n]. */
static double positive_sum(const double *gradient, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += gradient[i] < 0 ? 0 : gradient[i];
  return sum;
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)args, (void)error;
  int patches = vx_patch_count(view), heads = view->shape->heads;
  size_t n = (size_t)view->shape->tokens;
  const double *read = vx_read_weights(view);
  double total = 0;
  memset(heat, 0, (size_t)patches * sizeof *heat);
  for (int l = 0; l < view->shape->layers; l++) {
    const double *gradient = vx_at(view, VX_AT_ATTENTION, vx_by(VX_GRADIENT), l);
    double weight = positive_sum(gradient, (size_t)heads * n * n);
    total += weight;
    for (int h = 0; h < heads; h++)
      for (size_t i = 0; i < n; i++) {
        if (read[i] == 0) continue;
        const double *a = vx_patches(view, vx_head_row(view, VX_AT_ATTENTION, vx_by(VX_FORWARD), l, h, (int)i), 1);
        const double *g = vx_patches(view, gradient + ((size_t)h * n + i) * n, 1);
        for (int j = 0; j < patches; j++) heat[j] += read[i] * (weight * (a[j] * (g[j] < 0 ? 0 : g[j]) / heads));
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
    .formula = "sum_l alpha_l mean_h(relu(G_l) * A_l), the row read, alpha_l the layer's share of relu(G)",
    .source = "Mallick 2022 (our reading)",
    .cite = "Mallick, Benois-Pineau, Zemmari: I Saw: A Self-Attention Weighted Method for Explanation of Visual "
            "Transformers, ICIP 2022",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .needs = ask,
    .explain = explain,
};
