/* Holm's correction (1979) for many tests at once. */
#ifndef VX_HOLM_H
#define VX_HOLM_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* adjusted [n] of p [n]: the k-th smallest (from 0) times n - k, made monotone, at most 1. NaN (a test that could not
   be made) stays NaN and does not count. `adjusted` may be `p`. Fails for want of memory only. */
bool vx_holm(const double *p, size_t n, double *adjusted, vx_error *error);

#endif
