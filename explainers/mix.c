/* mix: maps of other methods fused on the patch grid.

   Each part is brought to the grid (a pixel map [S][S] bilinearly, half-pixel centres, no antialiasing), clamped at 0
   from below and, for `mean` only, min-maxed to [0, 1] (a flat part becomes 0). Then, k parts p_i:
   product: prod p_i; sqrt: sqrt(prod p_i), also of three; geometric-mean: (prod p_i)^(1/k); mean: sum p_i / k.
   Needs the maps of its parts, which the run has already made, and nothing else.
   Source: ViTmiX, "From Explanation to Unsupervised Segmentation: Fusion of Multiple Explanation Maps for Vision
   Transformers" (there a negative product is NaN; here parts are clamped). */
#include "explainers/parts/fuse.h"

#include <math.h>

enum { PRODUCT, SQRT, GEOMETRIC_MEAN, MEAN };
static const vx_param params[] = {
    {.name = "by",
     .type = VX_PARAM_CHOICE,
     .choices = "product|sqrt|geometric-mean|mean",
     .meaning = "how the parts are fused"},
};

/* Where the centre of output i of `out` falls among `in` samples: the left neighbour and the share of the right. */
static void locate(int i, int in, int out, int *left, int *right, double *share) {
  double position = (i + 0.5) * ((double)in / out) - 0.5;
  if (position < 0) position = 0;
  *left = (int)position;
  if (*left > in - 1) *left = in - 1;
  *right = *left + 1 < in ? *left + 1 : *left;
  *share = position - *left;
}

/* out [grid][grid] = the part's map, at the grid's centres. */
static void to_grid(const vx_part *part, int grid, double *out) {
  for (int y = 0; y < grid; y++) {
    int top, bottom, left, right;
    double down, across;
    locate(y, part->side, grid, &top, &bottom, &down);
    for (int x = 0; x < grid; x++) {
      locate(x, part->side, grid, &left, &right, &across);
      const double *upper = part->map + (size_t)top * (size_t)part->side;
      const double *lower = part->map + (size_t)bottom * (size_t)part->side;
      double a = upper[left] + across * (upper[right] - upper[left]);
      double b = lower[left] + across * (lower[right] - lower[left]);
      *out++ = a + down * (b - a);
    }
  }
}

static void min_max(double *map, int count) {
  double low = map[0], high = map[0];
  for (int j = 1; j < count; j++) {
    low = fmin(low, map[j]);
    high = fmax(high, map[j]);
  }
  for (int j = 0; j < count; j++) map[j] = high > low ? (map[j] - low) / (high - low) : 0;
}

static void finish(int by, int parts, double *heat, int count) {
  for (int j = 0; j < count; j++) {
    if (by == SQRT || (by == GEOMETRIC_MEAN && parts == 2))
      heat[j] = sqrt(heat[j]);
    else if (by == GEOMETRIC_MEAN)
      heat[j] = parts == 3 ? cbrt(heat[j]) : pow(heat[j], 1.0 / parts);
    else if (by == MEAN)
      heat[j] /= parts;
  }
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  int by = (int)args->value[0], patches = vx_patch_count(view);
  if (view->part_count < 2) return vx_fail(error, "mix", "has %d parts, expected at least 2", view->part_count);
  double *part = vx_scratch(view, (size_t)patches, error);
  if (!part) return false;
  for (int i = 0; i < view->part_count; i++) {
    to_grid(&view->parts[i], view->shape->grid, part);
    for (int j = 0; j < patches; j++) part[j] = part[j] < 0 ? 0 : part[j];
    if (by == MEAN) min_max(part, patches);
    for (int j = 0; j < patches; j++) heat[j] = i == 0 ? part[j] : by == MEAN ? heat[j] + part[j] : heat[j] * part[j];
  }
  finish(by, view->part_count, heat, patches);
  return true;
}

const vx_explainer vx_explainer_mix = {
    .id = "mix",
    .title = "Mix",
    .family = VX_FAMILY_HYBRID,
    .formula = "product, square root of the product, geometric mean or mean of the parts",
    .source = "ViTmiX",
    .cite = "ViTmiX: From Explanation to Unsupervised Segmentation: Fusion of Multiple Explanation Maps for Vision "
            "Transformers",
    .class_specific = true,
    .by_name_only = true,
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params),
    .explain = explain,
};
