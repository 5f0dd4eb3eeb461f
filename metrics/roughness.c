/* roughness: mean absolute difference of horizontal and vertical neighbours of the map at input size, scaled to [0,1];
   0 of a flat map. Nothing of the model. Blurred maps score well in ROAD and deletion: this number stands beside
   them. */
#include "metrics/cells.h"

#include <math.h>

static bool measure(const vx_case *of, const vx_args *args, double *columns, vx_error *error) {
  vx_cells pixels;
  (void)args;
  if (!vx_cells_of(of, VX_UNIT_PIXEL, false, &pixels, error)) return false;
  int side = of->view->shape->image;
  double low = pixels.value[0], high = low, sum = 0;
  for (int i = 0; i < pixels.count; i++) {
    double v = pixels.value[i];
    low = fmin(low, v);
    high = fmax(high, v);
    if (i % side) sum += fabs(v - pixels.value[i - 1]);
    if (i >= side) sum += fabs(v - pixels.value[i - side]);
  }
  columns[0] = high > low ? sum / (2.0 * side * (side - 1) * (high - low)) : 0;
  return true;
}

const vx_measure vx_measure_roughness = {
    .id = "roughness",
    .title = "Roughness",
    .cite = "ours, for reading ROAD and deletion beside it",
    .meaning = "How much neighbouring pixels of the scaled map differ, right or wrong: lower is smoother.",
    .kind = VX_MAP_ALONE,
    .column_count = 1,
    .columns = {{.name = "roughness",
                 .title = "Roughness",
                 .meaning = "mean absolute difference of neighbours at input size; a flat map has 0",
                 .high = 1}},
    .measure = measure,
};
