/* Precision and recall of the thresholded map's pixels. */
#include "metrics/measure.h"

static bool measure(const vx_case *in, const vx_args *args, double *columns, vx_error *error) {
  (void)args, (void)error;
  columns[0] = vx_precision_score(&in->cut.counts);
  columns[1] = vx_recall(&in->cut.counts);
  return true;
}

const vx_measure vx_measure_retrieval = {
    .id = "retrieval",
    .title = "Precision and recall",
    .cite = "van Rijsbergen 1979",
    .meaning = "How much of the mask is object, and how much of the object is in the mask.",
    .column_count = 2,
    .columns = {VX_SHARE_COLUMN("precision", "Precision",
                                "tp/(tp + fp); an empty mask has 0, or 1 if the truth is empty too"),
                VX_SHARE_COLUMN(
                    "recall", "Recall",
                    "tp/(tp + fn), which ViTmiX calls pixel accuracy; an empty truth has 0, or 1 if the mask "
                    "is empty too")},
    .measure = measure,
};
