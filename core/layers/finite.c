/* The look for values that are not finite. */
#include "core/elementary.h"
#include "core/layers.h"

/* x - x is 0 for every finite x, NaN otherwise, and a sum with a NaN is NaN. */
VX_CLONES bool vx_all_finite(size_t count, const real *values) {
  return VX_SUM(real, count, i, values[i] - values[i]) == 0;
}

VX_CLONES bool vx_copy_finite(size_t count, const real *restrict from, double *restrict to) {
  return VX_SUM(double, count, i, (to[i] = (double)from[i], to[i] - to[i])) == 0;
}
