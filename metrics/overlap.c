/* IoU, F1 and pixel accuracy of the thresholded map: the three numbers of the paper's Table 1. */
#include "metrics/overlap.h"

#include "metrics/measure.h"

vx_counts vx_count(const uint8_t *mask, const uint8_t *truth, size_t pixels) {
  int64_t count[2][4] = {{0}};
  for (size_t i = 0; i < pixels; i++) count[mask[i] != 0][truth[i] & 3]++;
  return (vx_counts){.tp = count[1][VX_FOREGROUND],
                     .fp = count[1][VX_BACKGROUND],
                     .fn = count[0][VX_FOREGROUND],
                     .tn = count[0][VX_BACKGROUND],
                     .ignored = count[0][VX_IGNORED] + count[1][VX_IGNORED]};
}

/* a/b, where 0/0 is 1 if neither mask has what is asked for and 0 otherwise */
static double share(int64_t a, int64_t b, int64_t in_either) {
  if (b > 0) return (double)a / (double)b;
  return in_either == 0 ? 1 : 0;
}

static int64_t in_either(const vx_counts *c) {
  return c->tp + c->fp + c->fn;
}

double vx_iou(const vx_counts *c) {
  return share(c->tp, in_either(c), in_either(c));
}

double vx_f1(const vx_counts *c) {
  return share(2 * c->tp, 2 * c->tp + c->fp + c->fn, in_either(c));
}

double vx_pixel_accuracy(const vx_counts *c) {
  return share(c->tp + c->tn, c->tp + c->tn + c->fp + c->fn, in_either(c));
}

double vx_precision_score(const vx_counts *c) {
  return share(c->tp, c->tp + c->fp, in_either(c));
}

double vx_recall(const vx_counts *c) {
  return share(c->tp, c->tp + c->fn, in_either(c));
}

double vx_background_iou(const vx_counts *c) {
  return share(c->tn, c->tn + c->fp + c->fn, c->tn + c->fp + c->fn);
}

static bool measure(const vx_case *in, const vx_args *args, double *columns, vx_error *error) {
  (void)args, (void)error;
  const vx_counts *c = &in->cut.counts;
  columns[0] = vx_iou(c);
  columns[1] = vx_f1(c);
  columns[2] = in->scoring.accuracy_is_recall ? vx_recall(c) : vx_pixel_accuracy(c);
  return true;
}

const vx_measure vx_measure_overlap = {
    .id = "overlap",
    .title = "Overlap with the object",
    .cite = "Everingham et al. 2010 (VOC)",
    .meaning = "The map is cut by the run's threshold and laid on the truth.",
    .column_count = 3,
    .columns = {VX_SHARE_COLUMN("iou", "IoU", "tp/(tp + fp + fn), 1 where neither mask has foreground"),
                VX_SHARE_COLUMN("f1", "F1", "2 tp/(2 tp + fp + fn), 1 where neither mask has foreground"),
                VX_SHARE_COLUMN("pixel_accuracy", "Pixel accuracy",
                                "(tp + tn)/all pixels counted; with score.pixel_accuracy: recall, tp/(tp + fn)")},
    .measure = measure,
};
