/* smoothgrad: the saliency of the mean gradient over noisy copies of the picture.

   heat [S][S] = max_c |mean_i dy/dx (x + e_i)|, e_i normal noise of sigma = 0.15 (max x - min x), i < samples.
   Noise is counter-based (base/random.h): it depends on the run's seed, the picture and the sample's index. Noise given
   with the view (view->noise, already scaled) replaces the draws and their number. Runs the model again, forward and
   backward, once a sample. Sums run in order of the index. Source: Smilkov et al. 2017, arXiv 1706.03825: noise of 10
   to 20 % of the range; 16 samples are our default. */
#include "base/random.h"
#include "explainers/parts/fuse.h"

#include <math.h>
#include <string.h>

enum { SAMPLES, SIGMA };
static const vx_param params[] = {
    [SAMPLES] = {.name = "samples",
                 .type = VX_PARAM_INT,
                 .standard = 16,
                 .low = 1,
                 .high = 10000,
                 .meaning = "noisy copies of the picture"},
    [SIGMA] = {.name = "sigma",
               .type = VX_PARAM_REAL,
               .standard = 0.15,
               .low = 0,
               .high = 10,
               .meaning = "standard deviation of the noise as a share of the input's range"},
};

typedef struct draws {
  const vx_view *view;
  size_t values; /* 3 S S */
  double sigma;  /* in units of x */
  double *sum;   /* [3][S][S] */
} draws;

static void make(void *user, int index, vx_variant *variant) {
  double *x = variant->x;
  const draws *draw = user;
  const float *input = draw->view->input;
  if (draw->view->noise) {
    const float *noise = draw->view->noise + (size_t)index * draw->values;
    for (size_t i = 0; i < draw->values; i++) x[i] = (double)input[i] + (double)noise[i];
    return;
  }
  vx_normals(draw->view->seed, VX_STREAM_SMOOTHGRAD + (uint64_t)index, x, draw->values);
  for (size_t i = 0; i < draw->values; i++) x[i] = (double)input[i] + draw->sigma * x[i];
}

static void seen(void *user, int index, const vx_view *view) {
  (void)index;
  const double *gradient = vx_at(view, VX_AT_INPUT, vx_by(VX_GRADIENT), 0);
  draws *draw = user;
  for (size_t i = 0; i < draw->values; i++) draw->sum[i] += gradient[i];
}

static double range(const float *x, size_t count) {
  float low = x[0], high = x[0];
  for (size_t i = 1; i < count; i++) {
    low = fminf(low, x[i]);
    high = fmaxf(high, x[i]);
  }
  return (double)high - (double)low;
}

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)shape;
  vx_want_at(&needs->variants, VX_AT_INPUT, vx_by(VX_GRADIENT));
  needs->variant_count = (int)args->value[SAMPLES];
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  size_t pixels = (size_t)view->shape->image * (size_t)view->shape->image;
  draws draw = {.view = view, .values = 3 * pixels, .sum = vx_scratch(view, 3 * pixels, error)};
  if (!draw.sum) return false;
  memset(draw.sum, 0, draw.values * sizeof *draw.sum);
  draw.sigma = args->value[SIGMA] * range(view->input, draw.values);
  int count = view->noise ? view->noise_count : (int)args->value[SAMPLES];
  if (!view->again->run(view->again, count, true, make, seen, &draw, error)) return false;
  for (size_t i = 0; i < pixels; i++) {
    double most = fmax(fmax(fabs(draw.sum[i]), fabs(draw.sum[pixels + i])), fabs(draw.sum[2 * pixels + i]));
    heat[i] = most / count;
  }
  return true;
}

const vx_explainer vx_explainer_smoothgrad = {
    .id = "smoothgrad",
    .title = "SmoothGrad",
    .family = VX_FAMILY_GRADIENT,
    .formula = "max_c |mean_i dy/dx (x + e_i)|, e_i ~ N(0, (0.15 range)^2)",
    .source = "Smilkov 2017",
    .cite = "Smilkov, Thorat, Kim, Viegas, Wattenberg: SmoothGrad: removing noise by adding noise, 2017, "
            "arXiv:1706.03825",
    .class_specific = true,
    .grid = VX_GRID_PIXEL,
    .params = VX_PARAMS(params),
    .needs = ask,
    .explain = explain,
};
