/* sparseness: how unevenly the map is spread over the patches: the Gini index of max(a, 0),
   Σ (2i - n - 1) a_(i) / (n Σ a), a_(i) ascending, i = 1 … n; 0 where the sum is 0. Nothing of the model.
   Source: Chalasani et al. 2020, arXiv:1810.06583. */
#include "metrics/cells.h"

static bool measure(const vx_case *of, const vx_args *args, double *columns, vx_error *error) {
  vx_cells cells;
  double sum = 0, weighted = 0;
  (void)args;
  if (!vx_cells_of(of, VX_UNIT_PATCH, true, &cells, error)) return false;
  int n = cells.count;
  for (int i = 0; i < n; i++) {
    double a = cells.value[cells.order[n - 1 - i]];
    if (!(a > 0)) continue;
    weighted += (2 * (i + 1) - n - 1) * a;
    sum += a;
  }
  columns[0] = sum > 0 ? weighted / (n * sum) : 0;
  return true;
}

const vx_measure vx_measure_sparseness = {
    .id = "sparseness",
    .title = "Sparseness",
    .cite = "Chalasani et al. 2020, arXiv:1810.06583",
    .meaning = "Gini index of the map's patches: how few of them carry it, right or wrong.",
    .kind = VX_MAP_ALONE,
    .column_count = 1,
    .columns = {{.name = "sparseness",
                 .title = "Sparseness",
                 .meaning = "0: all patches alike; towards 1: one patch has it all",
                 .high = 1,
                 .higher_is_better = true}},
    .measure = measure,
};
