/* mprt: model parameter randomisation test. The values of the tensors are permuted from the head down to the embedding,
   layer by layer, cumulative; at each step the map beside the original: Spearman's correlation of the cells (steps with
   a flat map are left out of the mean; undefined for a flat original) and SSIM of the min-maxed maps at input size.
   Columns are the means over the steps; both curves are kept, from the head alone to everything.
   Source: Adebayo et al. 2018. */
#include "core/vx.h"
#include "metrics/compare.h"

#include <math.h>

enum { SPEARMAN, SSIM };

static int remakes(const vx_shape *shape, const vx_args *args, vx_remake *list) {
  int steps = vx_model_blend_steps(shape);
  (void)args;
  if (steps > VX_REMAKES_MAX) steps = VX_REMAKES_MAX;
  for (int i = 0; i < steps; i++) list[i] = (vx_remake){.kind = VX_REMAKE_PERMUTED, .layers = i + 1};
  return steps;
}

/* One step: NaN where a flat map says nothing of ranks. */
static bool step(const vx_case *of, const double *own, const double *h, int i, double *rho, double *ssim,
                 vx_error *error) {
  int count = of->view->shape->grid * of->view->shape->grid;
  double *cells = vx_compare_cells(of, &of->again[i], error);
  double *heat = cells ? vx_compare_heat(of, &of->again[i], error) : NULL;
  if (!heat || !vx_compare_ssim(h, heat, of->view->shape->image, ssim, error)) return false;
  *rho = (double)NAN;
  return vx_compare_constant(own, count) || vx_compare_constant(cells, count) ||
         vx_compare_spearman(own, cells, count, rho, error);
}

static double mean_of_known(const double *value, int count) {
  double sum = 0;
  int known = 0;
  for (int i = 0; i < count; i++) {
    if (isnan(value[i])) continue;
    sum += value[i];
    known++;
  }
  return known ? sum / known : (double)NAN;
}

static bool measure(const vx_case *of, const vx_args *args, double *columns, vx_error *error) {
  double rho[VX_REMAKES_MAX], ssim[VX_REMAKES_MAX];
  (void)args;
  double *own = vx_compare_cells(of, of->map, error), *h = own ? vx_compare_heat(of, of->map, error) : NULL;
  if (!h) return false;
  for (int i = 0; i < of->again_count; i++)
    if (!step(of, own, h, i, &rho[i], &ssim[i], error)) return false;
  columns[SPEARMAN] = mean_of_known(rho, of->again_count);
  columns[SSIM] = mean_of_known(ssim, of->again_count);
  return (vx_case_curve(of, "spearman", rho, of->again_count) && vx_case_curve(of, "ssim", ssim, of->again_count)) ||
         vx_fail(error, "mprt", "out of memory");
}

const vx_measure vx_measure_mprt = {
    .id = "mprt",
    .title = "Randomisation test, layer by layer",
    .cite = "Adebayo et al. 2018, arXiv:1810.03292",
    .meaning = "How alike the map stays when the model is randomised from the head down.",
    .kind = VX_METHOD_AND_MODEL,
    .by_name_only = true,
    .column_count = 2,
    .columns = {[SPEARMAN] = {.name = "mprt_spearman",
                              .title = "MPRT rho",
                              .meaning = "mean rank correlation with the original over the steps; lower is better",
                              .low = -1,
                              .high = 1},
                [SSIM] = {.name = "mprt_ssim",
                          .title = "MPRT SSIM",
                          .meaning = "mean structural similarity with the original over the steps; lower is better",
                          .low = -1,
                          .high = 1}},
    .remakes = remakes,
    .measure = measure,
};
