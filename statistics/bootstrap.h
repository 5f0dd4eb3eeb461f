/* The bootstrap over images (Efron 1979): intervals for means, for pooled scores and for averages over classes. */
#ifndef VX_BOOTSTRAP_H
#define VX_BOOTSTRAP_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Per-image numbers of several columns (methods) and how they come to one number each:
   the sum of numerators over the sum of denominators (a mean over images where these are 1; pooled IoU with tp and
   tp + fp + fn), or, with groups, the mean of that quotient over the groups that have any denominator. */
typedef struct vx_sample {
  size_t images, columns;
  const double *numerators;   /* [images][columns]; NaN: the column does not have this image */
  const double *denominators; /* [images][columns]; NULL: 1 */
  const int *group;           /* [images] of 0..groups-1, -1: in no group; NULL: one group */
  int groups;
} vx_sample;

/* Beyond so many images the normal distribution, which is the bootstrap's limit, stands in its place. */
enum { VX_BOOTSTRAP_IMAGES = 10000 };

typedef struct vx_resampling {
  size_t resamples; /* 10,000 */
  uint64_t seed;
} vx_resampling;

typedef struct vx_interval {
  double estimate; /* on the images as they are */
  double low, high;
} vx_interval;

/* estimates [columns]; NaN where a column has no image. */
bool vx_estimate(const vx_sample *sample, double *estimates, vx_error *error);

/* replicates [columns][resamples]: the same numbers on resampled images, the same draws for all columns. NaN where a
   draw leaves nothing. Deterministic in the seed. Fails for want of memory or a group out of range. */
bool vx_bootstrap(const vx_sample *sample, const vx_resampling *how, double *replicates, vx_error *error);

/* Percentile intervals of the given level (0.95) for every column, intervals [columns]; NaN where there is none. */
bool vx_bootstrap_intervals(const vx_sample *sample, const vx_resampling *how, double level, vx_interval *intervals,
                            vx_error *error);

/* The percentile interval of replicates [n], which are reordered; NaN ones are left out. */
void vx_percentile_interval(double *replicates, size_t n, double level, double *low, double *high);

/* The paired difference of two columns of replicates [n]: interval of a - b. `spare` [n]. */
void vx_difference_interval(const double *a, const double *b, size_t n, double level, double *spare, double *low,
                            double *high);

#endif
