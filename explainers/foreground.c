/* foreground and background: everything, and nothing, is the object. What any method must beat.

   heat [grid][grid] = 1 (0) everywhere: masks, not thresholded. Need nothing. Spec section 5, trivial maps. */
#include "explainers/explainer.h"

static void fill(const vx_view *view, double value, double *heat) {
  for (int j = 0; j < vx_patch_count(view); j++) heat[j] = value;
}

static bool explain_foreground(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)args, (void)error;
  fill(view, 1, heat);
  return true;
}

static bool explain_background(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)args, (void)error;
  fill(view, 0, heat);
  return true;
}

const vx_explainer vx_explainer_foreground = {
    .id = "foreground",
    .title = "Everything",
    .family = VX_FAMILY_TRIVIAL,
    .formula = "1",
    .source = "trivial",
    .cite = "-",
    .is_mask = true,
    .grid = VX_GRID_PATCH,
    .explain = explain_foreground,
};

const vx_explainer vx_explainer_background = {
    .id = "background",
    .title = "Nothing",
    .family = VX_FAMILY_TRIVIAL,
    .formula = "0",
    .source = "trivial",
    .cite = "-",
    .is_mask = true,
    .grid = VX_GRID_PATCH,
    .explain = explain_background,
};
