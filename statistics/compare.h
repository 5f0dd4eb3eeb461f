/* Every method against every other on the images that both have: the paired comparison in one call. */
#ifndef VX_COMPARE_H
#define VX_COMPARE_H

#include "base/error.h"
#include "statistics/bootstrap.h"
#include "statistics/effect.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Columns a and b (a < b) of the table, over the n images where neither is NaN. */
typedef struct vx_pair {
  size_t a, b, n;
  double mean_a, mean_b, difference; /* of these n images; NaN where n = 0, as all that follows */
  double low, high;                  /* paired bootstrap interval of the difference, 95 % */
  double wilcoxon_p, permutation_p;
  double wilcoxon_holm, permutation_holm; /* corrected over all pairs of the call */
  vx_effect effect;
} vx_pair;

/* How many pairs `columns` columns have. */
size_t vx_pairs(size_t columns);

/* values [images][columns], NaN: missing; pairs [vx_pairs(columns)] in order (0,1), (0,2) … (1,2) …
   `how` gives the number of bootstrap resamples, of sign flips, and the seed. All pairs of complete columns share
   their draws. Fails for want of memory only. */
bool vx_compare_all(const double *values, size_t images, size_t columns, const vx_resampling *how, vx_pair *pairs,
                    vx_error *error);

/* One pair: a, b [n], NaN: missing. No correction (holm = p). */
bool vx_compare_pair(const double *a, const double *b, size_t n, const vx_resampling *how, vx_pair *pair,
                     vx_error *error);

#endif
