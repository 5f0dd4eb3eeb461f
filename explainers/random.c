/* random: seeded noise, as coarse as the methods that it stands beside.

   heat [grid][grid] = uniform numbers in [0, 1), counter-based (base/random.h) from the run's seed and the picture.
   Needs nothing. A row that any method must beat (trivial). */
#include "base/random.h"
#include "explainers/explainer.h"

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)args, (void)error;
  for (int j = 0; j < vx_patch_count(view); j++) heat[j] = vx_uniform_at(view->seed, VX_STREAM_RANDOM, (uint64_t)j);
  return true;
}

const vx_explainer vx_explainer_random = {
    .id = "random",
    .title = "Random",
    .family = VX_FAMILY_TRIVIAL,
    .formula = "uniform noise a patch",
    .source = "trivial",
    .cite = "-",
    .grid = VX_GRID_PATCH,
    .explain = explain,
};
