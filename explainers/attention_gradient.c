/* attention-gradient: attention weighted by its gradient, summed over all layers and heads.

   heat = r sum_l sum_h relu(X_lh * G_lh), r the readout ([CLS]'s row), patch columns; X = A. The paper prints R_c
   without the relu (`clamp: false`) and calls A relevance (`of: relevance`: X the improved rules' relevance of A); its
   alpha is 1, our reading.
   Needs the attention (or relevance) and gradient that the head reads, of all layers.
   Source: the paper's section 4.2 ("Visualization Techniques for Improving Explainability in Visual Transformers"). */
#include "explainers/parts/fuse.h"

#include <string.h>

enum { CLAMP, OF, STABILIZER };
enum { ATTENTION, RELEVANCE };
static const vx_param params[] = {
    [CLAMP] = {.name = "clamp",
               .type = VX_PARAM_BOOL,
               .standard = 1,
               .meaning = "drop negative products; the paper prints the sum without it"},
    [OF] = {.name = "of",
            .type = VX_PARAM_CHOICE,
            .choices = "attention|relevance",
            .meaning = "what the gradient is multiplied with"},
    [STABILIZER] = {.name = "stabilizer",
                    .type = VX_PARAM_REAL,
                    .low = 0,
                    .high = 1,
                    .meaning = "of the relevance rules, when of = relevance; 0: as published"},
};

/* X: the attention or its relevance. */
static vx_descent factor(const vx_args *args) {
  return args->value[OF] == RELEVANCE ? vx_by_with(VX_LRP_IMPROVED, args->value[STABILIZER]) : vx_by(VX_FORWARD);
}

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  vx_want_read(&needs->wants, shape, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 0, shape->layers - 1);
  vx_want_read(&needs->wants, shape, VX_AT_ATTENTION, factor(args), 0, shape->layers - 1);
}

/* What one row of one head's matrices adds. */
static void add_row(double weight, const double *x, const double *g, bool clamp, int patches, double *heat) {
  for (int j = 0; j < patches; j++) {
    double product = x[j] * g[j];
    heat[j] += weight * (clamp && product < 0 ? 0 : product);
  }
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)error;
  const vx_shape *shape = view->shape;
  const double *read = vx_read_weights(view);
  memset(heat, 0, (size_t)vx_patch_count(view) * sizeof *heat);
  for (int l = 0; l < shape->layers; l++)
    for (int h = 0; h < shape->heads; h++)
      for (int i = 0; i < shape->tokens; i++) {
        if (read[i] == 0) continue;
        const double *x = vx_head_row(view, VX_AT_ATTENTION, factor(args), l, h, i);
        const double *g = vx_head_row(view, VX_AT_ATTENTION, vx_by(VX_GRADIENT), l, h, i);
        add_row(read[i], vx_patches(view, x, 1), vx_patches(view, g, 1), args->value[CLAMP] != 0, vx_patch_count(view),
                heat);
      }
  return true;
}

const vx_explainer vx_explainer_attention_gradient = {
    .id = "attention-gradient",
    .title = "Attention x gradient (the paper's R_c)",
    .family = VX_FAMILY_HYBRID,
    .formula = "sum_l sum_h relu(A * G), the row read",
    .source = "the paper, section 4.2",
    .cite = "Coporan: Visualization Techniques for Improving Explainability in Visual Transformers",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params),
    .needs = ask,
    .explain = explain,
};
