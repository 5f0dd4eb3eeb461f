/* Background and foreground as two classes of equal weight, as Chefer's segmentation protocol counts them. */
#include "metrics/measure.h"

static bool measure(const vx_case *in, const vx_args *args, double *columns, vx_error *error) {
  (void)args, (void)error;
  columns[0] = vx_background_iou(&in->cut.counts);
  columns[1] = 0.5 * (columns[0] + vx_iou(&in->cut.counts));
  return true;
}

const vx_measure vx_measure_two_class = {
    .id = "two-class",
    .title = "Background and foreground alike",
    .cite = "Chefer et al. 2021 (CVPR), utils/metrices.py",
    .meaning = "IoU of the background and the mean of both; Chefer's mIoU is the pooled form "
               "(score.aggregate: pooled).",
    .column_count = 2,
    .columns = {VX_SHARE_COLUMN("background_iou", "Background IoU",
                                "tn/(tn + fp + fn), 1 where neither mask has background"),
                VX_SHARE_COLUMN("miou", "mIoU", "mean of the background's and the foreground's IoU")},
    .measure = measure,
};
