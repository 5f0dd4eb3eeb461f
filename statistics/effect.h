/* How large a difference is, apart from how sure. */
#ifndef VX_EFFECT_H
#define VX_EFFECT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct vx_effect {
  size_t wins, ties, losses; /* a > b, a == b, a < b */
  double d_z;                /* Cohen's d_z: mean of the differences over their sd; 0 where all are 0, NaN where n < 2,
                                infinite where all are equal but not 0 */
  double rank_biserial; /* matched pairs (Kerby 2014): (R+ - R-)/(R+ + R-) of the signed ranks; 0 where all are ties */
  double superiority;   /* probability that a beats b on a picture: (wins + ties/2)/n */
} vx_effect;

/* a, b [n], none NaN; fails for want of memory only. */
bool vx_effect_sizes(const double *a, const double *b, size_t n, vx_effect *effect, vx_error *error);

/* Cliff's delta of two unpaired samples: P(a > b) - P(a < b) over all pairs, in n log n. NaN where one is empty. */
bool vx_cliffs_delta(const double *a, size_t n, const double *b, size_t m, double *delta, vx_error *error);

#endif
