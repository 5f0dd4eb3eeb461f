/* The best a threshold could do: an upper bound that tells a bad map from a bad cut. */
#include "metrics/measure.h"

static bool measure(const vx_case *in, const vx_args *args, double *columns, vx_error *error) {
  (void)args, (void)error;
  columns[1] = vx_levels_best(in->levels, &columns[0]);
  return true;
}

const vx_measure vx_measure_oracle = {
    .id = "oracle",
    .title = "Best threshold",
    .cite = "",
    .meaning = "The largest IoU over all 256 thresholds, chosen with the truth at hand: what the map is worth apart "
               "from where it is cut.",
    .column_count = 2,
    .columns = {VX_SHARE_COLUMN("oracle_iou", "Oracle IoU", "largest IoU of the masks u > t, t = 0..255"),
                {.name = "oracle_threshold",
                 .title = "Oracle threshold",
                 .meaning = "the first t that reaches it",
                 .high = 255,
                 .higher_is_better = true}},
    .measure = measure,
};
