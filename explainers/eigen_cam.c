/* eigen-cam: the direction in which a block's tokens differ most (by default the last block's).

   c [patches][d] = output of LN1 of that block, each channel centred over the patches; heat = c v, v the first
   right singular vector; the sign makes the entry of largest magnitude positive. No class, no gradient. heat = sigma u,
   u the first eigenvector of K = c cT [patches][patches]. K is squared eight times, so that a single application stands
   for 256 steps of the power method, and applied until the vector stands still. Needs that LN1 output.
   Source: Muhammad & Yeasin 2020, arXiv 2008.00299; layer as in pytorch-grad-cam (which leaves the sign open). */
#include "explainers/parts/params.h"

#include <math.h>
#include <string.h>

enum { SQUARINGS = 8, ROUNDS_MAX = 1000 };

enum { LAYER };
static const vx_param params[] = {[LAYER] = VX_LAYER_PARAM("layer", -1, "block whose LN1 output is taken")};

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  int layer = vx_layer_of(shape, args->value[LAYER]);
  vx_want_layers(&needs->wants, VX_AT_NORM1, vx_by(VX_FORWARD), layer, layer);
}

static void centre(const double *a, size_t rows, size_t dim, double *out) {
  for (size_t d = 0; d < dim; d++) {
    double mean = 0;
    for (size_t j = 0; j < rows; j++) mean += a[j * dim + d] / (double)rows;
    for (size_t j = 0; j < rows; j++) out[j * dim + d] = a[j * dim + d] - mean;
  }
}

/* out [n][n] = a aT, a [n][width]; for a symmetric a that is its square. */
static void times_own_transpose(const double *a, size_t n, size_t width, double *out) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) {
      const double *left = a + i * width, *right = a + j * width;
      double part[4] = {0};
      size_t k = 0;
      for (; k + 4 <= width; k += 4)
        for (size_t p = 0; p < 4; p++) part[p] += left[k + p] * right[k + p];
      for (; k < width; k++) part[0] += left[k] * right[k];
      out[i * n + j] = out[j * n + i] = (part[0] + part[1]) + (part[2] + part[3]);
    }
}

/* Divides by the trace, which keeps powers in range. False when there is nothing: all tokens are alike. */
static bool scale(double *k, size_t n, double *trace) {
  *trace = 0;
  for (size_t i = 0; i < n; i++) *trace += k[i * n + i];
  if (!(*trace > 0)) return false;
  for (size_t i = 0; i < n * n; i++) k[i] /= *trace;
  return true;
}

static double times(const double *k, size_t n, const double *from, double *to) {
  double square = 0;
  for (size_t i = 0; i < n; i++) {
    to[i] = 0;
    for (size_t j = 0; j < n; j++) to[i] += k[i * n + j] * from[j];
    square += to[i] * to[i];
  }
  return sqrt(square);
}

/* u [n], of length 1: from the column of the largest diagonal entry, applied until it changes by rounding only. */
static void first_vector(const double *power, size_t n, double *u, double *next) {
  size_t largest = 0;
  for (size_t i = 1; i < n; i++)
    if (power[i * n + i] > power[largest * n + largest]) largest = i;
  memcpy(u, power + largest * n, n * sizeof *u);
  for (int round = 0; round < ROUNDS_MAX; round++) {
    double length = times(power, n, u, next), change = 0;
    for (size_t i = 0; i < n; i++) {
      change = fmax(change, fabs(next[i] / length - u[i]));
      u[i] = next[i] / length;
    }
    if (change < 1e-14) return;
  }
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  size_t dim = (size_t)view->shape->dim, n = (size_t)vx_patch_count(view);
  int layer = vx_layer_of(view->shape, args->value[LAYER]);
  double *c = vx_scratch(view, n * dim, error), *k = vx_scratch(view, n * n, error);
  double *power = vx_scratch(view, n * n, error), *other = vx_scratch(view, n * n, error);
  double *next = vx_scratch(view, n, error), trace, ignored;
  if (!c || !k || !power || !other || !next) return false;
  memset(heat, 0, n * sizeof *heat);
  centre(vx_patches(view, vx_at(view, VX_AT_NORM1, vx_by(VX_FORWARD), layer), view->shape->dim), n, dim, c);
  times_own_transpose(c, n, dim, k);
  if (!scale(k, n, &trace)) return true;
  memcpy(power, k, n * n * sizeof *k);
  for (int s = 0; s < SQUARINGS; s++) {
    times_own_transpose(power, n, n, other);
    scale(other, n, &ignored);
    memcpy(power, other, n * n * sizeof *power);
  }
  first_vector(power, n, heat, next);
  double sigma = sqrt(times(k, n, heat, next) * trace), most = 0;
  for (size_t i = 0; i < n; i++)
    if (fabs(heat[i]) > fabs(most)) most = heat[i];
  for (size_t i = 0; i < n; i++) heat[i] *= most < 0 ? -sigma : sigma;
  return true;
}

const vx_explainer vx_explainer_eigen_cam = {
    .id = "eigen-cam",
    .title = "Eigen-CAM",
    .family = VX_FAMILY_ATTENTION,
    .formula = "centred LN1 output of the last block, projected on its first right singular vector",
    .source = "Muhammad & Yeasin 2020",
    .cite = "Muhammad, Yeasin: Eigen-CAM, IJCNN 2020, arXiv:2008.00299",
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params),
    .needs = ask,
    .explain = explain,
};
