/* How far two measures put the same methods in the same order, and how far that hangs on the images at hand. */
#ifndef VX_AGREEMENT_H
#define VX_AGREEMENT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct vx_rank_agreement {
  size_t methods;                               /* that both measures have */
  double spearman, spearman_low, spearman_high; /* NaN where fewer than two methods are left, or one side is constant */
  double kendall, kendall_low, kendall_high;    /* tau-b */
} vx_rank_agreement;

/* means [measures][methods] (NaN: the method does not have the measure), replicates [measures][methods][resamples] of
   them on resampled images, the same draws for all; higher [measures]: whether higher is better. agreements
   [vx_pairs(measures)], in order (0,1), (0,2) … (1,2) …, with 95 % percentile intervals over the resamples (NaN where
   there are none); Kendall's interval only where it is wanted: it takes most of the time. 1: the same order from best
   to worst. Fails for want of memory only. */
bool vx_ranks_agree(const double *means, const double *replicates, const bool *higher, size_t measures, size_t methods,
                    size_t resamples, bool kendall_interval, vx_rank_agreement *agreements, vx_error *error);

#endif
