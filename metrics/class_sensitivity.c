/* class-sensitivity: does the map change when another class is explained? Spearman's correlation between the map's
   cells for the class explained and for the most probable other class. 1 for methods that know no class and for flat
   maps; undefined where the model has one class. Source: class sensitivity as Adebayo et al. and Nie et al. (2018) look
   for it, as a rank correlation. */
#include "core/vx.h"
#include "metrics/compare.h"

#include <math.h>

static int remakes(const vx_shape *shape, const vx_args *args, vx_remake *list) {
  (void)shape, (void)args;
  list[0] = (vx_remake){.kind = VX_REMAKE_SECOND};
  return 1;
}

static bool measure(const vx_case *of, const vx_args *args, double *columns, vx_error *error) {
  int count = of->view->shape->grid * of->view->shape->grid;
  (void)args;
  columns[0] = (double)NAN;
  if (of->again[0].kind == VX_MAP_NONE) return true;
  double *own = vx_compare_cells(of, of->map, error), *other = own ? vx_compare_cells(of, &of->again[0], error) : NULL;
  if (!other) return false;
  columns[0] = 1;
  return vx_compare_constant(own, count) || vx_compare_spearman(own, other, count, columns, error);
}

const vx_measure vx_measure_class_sensitivity = {
    .id = "class-sensitivity",
    .title = "Class sensitivity",
    .cite = "after Nie et al. 2018, arXiv:1805.07039",
    .meaning = "How alike the map is for the class explained and for the most probable other one (rank correlation).",
    .kind = VX_METHOD_AND_MODEL,
    .column_count = 1,
    .columns = {{.name = "class_sensitivity",
                 .title = "class s.",
                 .meaning = "1: the map does not hang on the class; lower is better",
                 .low = -1,
                 .high = 1}},
    .remakes = remakes,
    .measure = measure,
};
