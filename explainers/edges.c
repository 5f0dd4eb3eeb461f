/* edges: what an edge detector sees; it looks at the picture and not at the model.

   heat [S][S] = sqrt(gx^2 + gy^2) of the grey picture, Sobel's 3 x 3 masks, borders repeated;
   grey = 0.299 R + 0.587 G + 0.114 B of the resized picture's bytes [S][S][3].
   Needs the picture. Trivial row after Adebayo et al. 2018 (arXiv 1810.03292): maps that an edge detector makes too. */
#include "explainers/parts/fuse.h"

#include <math.h>

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)shape, (void)args;
  needs->data |= VX_NEED_PICTURE;
}

static void grey(const uint8_t *rgb, double *out, size_t pixels) {
  for (size_t i = 0; i < pixels; i++) out[i] = 0.299 * rgb[3 * i] + 0.587 * rgb[3 * i + 1] + 0.114 * rgb[3 * i + 2];
}

static int clamp(int value, int side) {
  return value < 0 ? 0 : value >= side ? side - 1 : value;
}

/* (above - below) or (right - left) of three neighbours weighted 1, 2, 1. */
static double sobel(const double *picture, int side, int x, int y, bool vertical) {
  double sum = 0;
  for (int k = -1; k <= 1; k++) {
    int weight = k == 0 ? 2 : 1;
    int y1 = clamp(vertical ? y + 1 : y + k, side), x1 = clamp(vertical ? x + k : x + 1, side);
    int y0 = clamp(vertical ? y - 1 : y + k, side), x0 = clamp(vertical ? x + k : x - 1, side);
    sum += weight * (picture[y1 * side + x1] - picture[y0 * side + x0]);
  }
  return sum;
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)args;
  int side = view->shape->image;
  size_t pixels = (size_t)side * (size_t)side;
  double *picture = vx_scratch(view, pixels, error);
  if (!picture) return false;
  grey(view->picture, picture, pixels);
  for (int y = 0; y < side; y++)
    for (int x = 0; x < side; x++) *heat++ = hypot(sobel(picture, side, x, y, false), sobel(picture, side, x, y, true));
  return true;
}

const vx_explainer vx_explainer_edges = {
    .id = "edges",
    .title = "Edges",
    .family = VX_FAMILY_TRIVIAL,
    .formula = "Sobel gradient magnitude of the grey picture",
    .source = "trivial",
    .cite = "Adebayo et al.: Sanity Checks for Saliency Maps, NeurIPS 2018, arXiv:1810.03292",
    .grid = VX_GRID_PIXEL,
    .needs = ask,
    .explain = explain,
};
