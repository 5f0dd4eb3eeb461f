/* Where a heat map is cut: Otsu, its mean, or a fixed value. */
#ifndef VX_THRESHOLD_H
#define VX_THRESHOLD_H

#include "base/error.h"
#include "metrics/heat.h"
#include "metrics/levels.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum vx_threshold_kind { VX_THRESHOLD_OTSU, VX_THRESHOLD_MEAN, VX_THRESHOLD_FIXED } vx_threshold_kind;

typedef struct vx_threshold {
  vx_threshold_kind kind;
  double value; /* of a fixed threshold, in [0,1] */
} vx_threshold;

/* "otsu", "mean" or a number from 0 to 1. `where` names the key or option for the error. */
bool vx_threshold_parse(const char *text, vx_threshold *threshold, const char *where, vx_error *error);

/* A map cut against a truth. */
typedef struct vx_cut {
  double threshold; /* Otsu: the level t of the mask u > t, 0..255; mean and fixed: the value t of the mask h > t;
                       a flat map and a map that is a mask: 0 */
  vx_counts counts;
} vx_cut;

/* Otsu reads the bytes (u > t); mean and fixed compare h itself, strictly; a map from stored bytes compares
   u > 255*t. The mean is over all pixels. A flat map gives the empty mask; a map that is a mask is taken as it is.
   truth [height][width]; `levels` are those of heat->u and truth. */
vx_cut vx_threshold_cut(const vx_threshold *threshold, const vx_heat *heat, const uint8_t *truth,
                        const vx_levels *levels);

/* The mask itself, [height][width] of 0 and 1, for a cut at `at` (vx_cut.threshold). */
void vx_threshold_mask(const vx_threshold *threshold, const vx_heat *heat, double at, uint8_t *mask);

/* Otsu's level of a map that nothing is laid on. */
int vx_threshold_otsu(const vx_heat *heat);

#endif
