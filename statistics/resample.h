/* Weighted sums of many columns under many random weightings of the images, by matrix products: what the bootstrap and
   the sign-flip test have in common. All columns of one call share the weights, so differences of two columns'
   results are paired. */
#ifndef VX_RESAMPLE_H
#define VX_RESAMPLE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum vx_weighting {
  VX_BOOTSTRAP_WEIGHTS, /* how often each image is drawn in n draws with replacement */
  VX_SIGN_WEIGHTS,      /* +1 or -1 for each image, a fair coin */
} vx_weighting;

/* Images in order of their group: group g holds start[g] <= i < start[g + 1]. */
typedef struct vx_groups {
  size_t count;
  const size_t *start; /* [count + 1] */
  const size_t *place; /* [images] where an image of the original order stands; NULL: where it was */
} vx_groups;

/* Row r of the weights: weights [images], drawn from stream r of the seed for the images in their original order (so
   that grouping does not change the draw) and put where `place` says (NULL: in that order). */
void vx_weights(vx_weighting kind, uint64_t seed, size_t r, const size_t *place, double *weights, size_t images);

/* sums [groups][columns][resamples] over the images of the group of weights(r)[i] * values[i][c], for values
   [images][columns], r < resamples. groups NULL: one group of all images. Fails for want of memory, and on 2^31 or
   more of anything. */
bool vx_resample_sums(vx_weighting kind, uint64_t seed, size_t resamples, const double *values, size_t images,
                      size_t columns, const vx_groups *groups, double *sums, vx_error *error);

#endif
