/* attention-gradient: attention weighted by its gradient, summed over all layers and heads.

   heat = sum_l sum_h relu(X_lh * G_lh), [CLS] row, patch columns; X = A. The paper prints R_c without the relu
   (`clamp: false`) and calls A relevance (`of: relevance`: X the improved rules' relevance of A); its alpha is 1, our
   reading.
   Needs the read rows of attention (or relevance) and gradient of all layers.
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
  vx_want_rows(&needs->wants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 0, shape->layers - 1);
  vx_want_rows(&needs->wants, VX_AT_ATTENTION, factor(args), 0, shape->layers - 1);
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)error;
  int patches = vx_patch_count(view), n = view->shape->tokens;
  memset(heat, 0, (size_t)patches * sizeof *heat);
  for (int l = 0; l < view->shape->layers; l++) {
    const double *x = vx_patches(view, vx_rows_at(view, VX_AT_ATTENTION, factor(args), l), 1);
    const double *g = vx_patches(view, vx_rows_at(view, VX_AT_ATTENTION, vx_by(VX_GRADIENT), l), 1);
    for (int h = 0; h < view->shape->heads; h++, x += n, g += n)
      for (int j = 0; j < patches; j++) {
        double product = x[j] * g[j];
        heat[j] += args->value[CLAMP] != 0 && product < 0 ? 0 : product;
      }
  }
  return true;
}

const vx_explainer vx_explainer_attention_gradient = {
    .id = "attention-gradient",
    .title = "Attention x gradient (the paper's R_c)",
    .family = VX_FAMILY_HYBRID,
    .formula = "sum_l sum_h relu(A * G), [CLS] row",
    .source = "the paper, section 4.2",
    .cite = "Coporan: Visualization Techniques for Improving Explainability in Visual Transformers",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params),
    .needs = ask,
    .explain = explain,
};
