/* All 256 thresholds of one map at once: a histogram of the map's bytes for each value of the truth. Otsu, the
   counts at its threshold and the best threshold there is are read off it; no mask needs to be made. */
#ifndef VX_LEVELS_H
#define VX_LEVELS_H

#include "base/error.h"
#include "metrics/overlap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* pixels by truth (VX_BACKGROUND, VX_FOREGROUND, VX_IGNORED) and byte of the map */
typedef struct vx_levels {
  uint32_t count[3][256];
} vx_levels;

/* From u [pixels] and truth [pixels]. Fails on a truth other than 0, 1, 2 or more than 2^32 - 1 pixels. */
bool vx_levels_count(vx_levels *levels, const uint8_t *u, const uint8_t *truth, size_t pixels, vx_error *error);

/* The whole picture's histogram, ignored pixels included (as Otsu sees it). */
void vx_levels_histogram(const vx_levels *levels, uint32_t histogram[256]);

/* The counts of the mask u > threshold, threshold from -1 (everything) to 255 (nothing). */
vx_counts vx_levels_at(const vx_levels *levels, int threshold);

/* counts[t] of the mask u > t for all t = 0..255; summed over images they give the data set's own best threshold. */
void vx_levels_all(const vx_levels *levels, vx_counts counts[256]);

/* The oracle: the first t = 0..255 with the largest IoU; that IoU goes to `iou`. */
int vx_levels_best(const vx_levels *levels, double *iou);

#endif
