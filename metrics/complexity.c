/* complexity: how many patches it takes to tell the map: the entropy (natural logarithm) of max(a, 0) / Σ max(a, 0);
   ln T where the sum is 0. Nothing of the model.
   Source: Bhatt et al. 2020, arXiv:2005.00631. */
#include "metrics/cells.h"

#include <math.h>

static bool measure(const vx_case *of, const vx_args *args, double *columns, vx_error *error) {
  vx_cells cells;
  double sum = 0, entropy = 0;
  (void)args;
  if (!vx_cells_of(of, VX_UNIT_PATCH, false, &cells, error)) return false;
  for (int i = 0; i < cells.count; i++) sum += fmax(cells.value[i], 0);
  for (int i = 0; i < cells.count; i++)
    if (sum > 0 && cells.value[i] > 0) entropy -= cells.value[i] / sum * log(cells.value[i] / sum);
  columns[0] = sum > 0 ? entropy : log(cells.count);
  return true;
}

const vx_measure vx_measure_complexity = {
    .id = "complexity",
    .title = "Complexity",
    .cite = "Bhatt et al. 2020, arXiv:2005.00631",
    .meaning = "Entropy of the map's patches, right or wrong: lower is simpler.",
    .kind = VX_MAP_ALONE,
    .column_count = 1,
    .columns = {{.name = "complexity",
                 .title = "Complexity",
                 .meaning = "0: one patch has it all; ln of the number of patches: all alike, or nothing positive",
                 .high = 12}},
    .measure = measure,
};
