/* emprt: efficient model parameter randomisation test. (H' - H)/H, H the entropy of the map's values (100 equal bins of
   the min-maxed map at input size), H' that of the same method's map on a model whose every tensor has its values
   permuted at random. 0 where H is 0.
   Source: Hedström et al. 2024 (eMPRT), after Adebayo et al. 2018. */
#include "core/vx.h"
#include "metrics/compare.h"

static int remakes(const vx_shape *shape, const vx_args *args, vx_remake *list) {
  (void)args;
  list[0] = (vx_remake){.kind = VX_REMAKE_PERMUTED, .layers = vx_model_blend_steps(shape)};
  return 1;
}

static bool measure(const vx_case *of, const vx_args *args, double *columns, vx_error *error) {
  size_t count = (size_t)of->view->shape->image * (size_t)of->view->shape->image;
  (void)args;
  double *h = vx_compare_heat(of, of->map, error), *other = h ? vx_compare_heat(of, &of->again[0], error) : NULL;
  if (!other) return false;
  double before = vx_compare_entropy(h, count), after = vx_compare_entropy(other, count);
  columns[0] = before > 0 ? (after - before) / before : 0;
  return true;
}

const vx_measure vx_measure_emprt = {
    .id = "emprt",
    .title = "Efficient randomisation test",
    .cite = "Hedström et al. 2024, arXiv:2401.06465",
    .meaning = "How much the map's entropy rises when nothing that the model learnt is left.",
    .kind = VX_METHOD_AND_MODEL,
    .column_count = 1,
    .columns = {{.name = "emprt",
                 .title = "eMPRT",
                 .meaning = "relative rise of the entropy on a model of permuted weights; 0: the map does not care",
                 .low = -1,
                 .high = 10,
                 .higher_is_better = true}},
    .remakes = remakes,
    .measure = measure,
};
