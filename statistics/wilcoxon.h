/* Wilcoxon's signed-rank test (1945) for paired numbers, two-sided. */
#ifndef VX_WILCOXON_H
#define VX_WILCOXON_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct vx_wilcoxon {
  size_t n;           /* differences other than 0 */
  double plus, minus; /* rank sums of the positive and the negative differences */
  double p;           /* 1 where n = 0 */
  bool exact;         /* from the exact distribution, otherwise the normal one */
} vx_wilcoxon;

/* differences [n], none NaN. As scipy.stats.wilcoxon (1.17) by default: zeros are dropped, ties share ranks; up to 50
   differences without ties and zeros, or up to 13 with, exact; otherwise the normal distribution with the variance
   corrected for ties and no continuity correction. Fails for want of memory only. */
bool vx_wilcoxon_test(const double *differences, size_t n, vx_wilcoxon *result, vx_error *error);

#endif
