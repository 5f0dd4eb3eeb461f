/* The best a threshold could do: an upper bound that tells a bad map from a bad cut. */
#include "metrics/measures.h"

static bool measure(const vx_metric_input *in, double *columns, vx_error *error) {
  (void)error;
  columns[1] = vx_levels_best(in->levels, &columns[0]);
  return true;
}

const vx_metric vx_metric_oracle = {
    .id = "oracle",
    .title = "Best threshold",
    .cite = "",
    .meaning = "The largest IoU over all 256 thresholds, chosen with the truth at hand: what the map is worth apart "
               "from where it is cut.",
    .n_columns = 2,
    .columns = {{.name = "oracle_iou",
                 .title = "Oracle IoU",
                 .meaning = "largest IoU of the masks u > t, t = 0..255",
                 .high = 1,
                 .higher_is_better = true,
                 .percent = true},
                {.name = "oracle_threshold",
                 .title = "Oracle threshold",
                 .meaning = "the first t that reaches it",
                 .high = 255,
                 .higher_is_better = true}},
    .measure = measure,
};
