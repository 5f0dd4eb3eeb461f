/* Two masks laid on each other: the four counts, and what is made of them. */
#ifndef VX_OVERLAP_H
#define VX_OVERLAP_H

#include <stddef.h>
#include <stdint.h>

/* What a truth [pixels] holds. */
enum { VX_BACKGROUND = 0, VX_FOREGROUND = 1, VX_IGNORED = 2 };

/* Pixels by mask and truth; `ignored` are those that the truth leaves out. */
typedef struct vx_counts {
  int64_t tp, fp, fn, tn, ignored;
} vx_counts;

/* mask [pixels] (0: out, anything else: in) against truth [pixels] */
vx_counts vx_count(const uint8_t *mask, const uint8_t *truth, size_t pixels);

/* Each in [0,1]. No foreground in either mask: 1; otherwise a quotient 0/0 (precision of an empty mask, recall
   against an empty truth) is 0. */
double vx_iou(const vx_counts *counts);
double vx_f1(const vx_counts *counts);
double vx_pixel_accuracy(const vx_counts *counts); /* (tp + tn)/all, all = the pixels counted */
double vx_precision_score(const vx_counts *counts);
double vx_recall(const vx_counts *counts);
double vx_background_iou(const vx_counts *counts); /* tn/(tn + fp + fn); no background in either: 1 */

#endif
