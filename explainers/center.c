/* center: a Gaussian in the middle of the picture, the photographer's bias.

   heat [S][S] = exp(-((x - c)^2 + (y - c)^2) / (2 sigma^2)), c = (S - 1) / 2, sigma = S / 4 (parameter: as a share of
   the side). Needs nothing. Spec section 5, trivial maps. */
#include "explainers/explainer.h"

#include <math.h>

static const vx_param params[] = {
    {.name = "sigma",
     .type = VX_PARAM_REAL,
     .standard = 0.25,
     .low = 0.001,
     .high = 100,
     .meaning = "width of the Gaussian as a share of the side"},
};

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)error;
  int side = view->shape->image;
  double middle = (side - 1) / 2.0, sigma = args->value[0] * side;
  for (int y = 0; y < side; y++)
    for (int x = 0; x < side; x++) {
      double dx = x - middle, dy = y - middle;
      *heat++ = exp(-(dx * dx + dy * dy) / (2 * sigma * sigma));
    }
  return true;
}

const vx_explainer vx_explainer_center = {
    .id = "center",
    .title = "Centred Gaussian",
    .family = VX_FAMILY_TRIVIAL,
    .formula = "exp(-((x-c)^2 + (y-c)^2) / (2 sigma^2)), c = (S-1)/2, sigma = S/4",
    .source = "trivial",
    .cite = "-",
    .grid = VX_GRID_PIXEL,
    .params = VX_PARAMS(params),
    .explain = explain,
};
