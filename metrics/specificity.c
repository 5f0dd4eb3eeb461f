/* specificity: is the map of this picture, or of any? 1 - Pearson's correlation of the map's cells with the mean of the
   min-maxed cells of the method's other pictures. 0 for a flat map (a method that says the same everywhere says nothing
   of this picture); undefined where there is no other picture.
   It needs all maps of a run: it is measured at the end, and again when images were added. */
#include "core/vx.h"
#include "metrics/cells.h"
#include "metrics/compare.h"

#include <math.h>

static bool measure(const vx_case *of, const vx_args *args, double *columns, vx_error *error) {
  int count = of->view->shape->grid * of->view->shape->grid;
  double *own = vx_compare_cells(of, of->map, error);
  (void)args;
  if (!own) return false;
  columns[0] = vx_compare_constant(own, count) ? 0 : of->others ? 1 - vx_pearson(own, of->others, count) : (double)NAN;
  return true;
}

const vx_measure vx_measure_specificity = {
    .id = "specificity",
    .title = "Specificity",
    .cite = "of this program",
    .meaning = "How little the map resembles the mean map of the method's other pictures.",
    .kind = VX_MAPS_OF_METHOD,
    .column_count = 1,
    .columns = {{.name = "specificity",
                 .title = "specific",
                 .meaning = "1 - correlation with the mean of the other pictures' maps",
                 .high = 2,
                 .higher_is_better = true}},
    .measure = measure,
};
