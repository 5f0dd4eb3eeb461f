/* max-sensitivity: how far can the map move when the picture hardly does? `draws` times each value of the input is
   moved uniformly in +- `by` (max x - min x), and the map made again for the same class: the largest |a' - a| / |a|,
   Euclidean norms of the cells. 0 where |a| is 0. Source: Yeh et al. 2019. */
#include "core/vx.h"
#include "metrics/compare.h"

#include <math.h>

enum { DRAWS, BY };

static const vx_param params[] = {
    [DRAWS] = {.name = "draws",
               .type = VX_PARAM_INT,
               .standard = 10,
               .low = 1,
               .high = VX_REMAKES_MAX,
               .meaning = "how often the input is moved"},
    [BY] = {.name = "by",
            .type = VX_PARAM_REAL,
            .standard = 0.02,
            .low = 1e-6,
            .high = 1,
            .meaning = "how far, of the input's range"},
};

static int remakes(const vx_shape *shape, const vx_args *args, vx_remake *list) {
  int count = (int)args->value[DRAWS];
  (void)shape;
  for (int i = 0; i < count; i++) list[i] = (vx_remake){.kind = VX_REMAKE_MOVED, .draw = i, .by = args->value[BY]};
  return count;
}

static bool measure(const vx_case *of, const vx_args *args, double *columns, vx_error *error) {
  int count = of->view->shape->grid * of->view->shape->grid;
  double *own = vx_compare_cells(of, of->map, error), norm = 0, most = 0;
  (void)args;
  if (!own) return false;
  for (int k = 0; k < count; k++) norm += own[k] * own[k];
  for (int i = 0; i < of->again_count; i++) {
    double *moved = vx_compare_cells(of, &of->again[i], error), change = 0;
    if (!moved) return false;
    for (int k = 0; k < count; k++) change += (moved[k] - own[k]) * (moved[k] - own[k]);
    most = fmax(most, change);
  }
  columns[0] = norm > 0 ? sqrt(most) / sqrt(norm) : 0;
  return true;
}

const vx_measure vx_measure_max_sensitivity = {
    .id = "max-sensitivity",
    .title = "Maximum sensitivity",
    .cite = "Yeh et al. 2019, arXiv:1901.09392",
    .meaning = "How far the map moves at most when the input moves a little.",
    .kind = VX_METHOD_AND_MODEL,
    .by_name_only = true,
    .params = VX_PARAMS(params),
    .column_count = 1,
    .columns = {{.name = "max_sensitivity",
                 .title = "max s.",
                 .meaning = "largest change of the map, relative to its norm; lower is better",
                 .high = 10}},
    .remakes = remakes,
    .measure = measure,
};
