#include "statistics/permutation.h"

#include "statistics/resample.h"

#include <math.h>
#include <stdlib.h>

/* Sums that are equal in exact arithmetic may differ by the rounding of their terms. */
static double rounding(double scale) {
  return 1e-13 * scale;
}

size_t vx_permutation_extreme(const double *sums, size_t flips, double observed, double scale) {
  const double limit = fabs(observed) - rounding(scale);
  size_t extreme = 0;
  for (size_t r = 0; r < flips; r++) extreme += fabs(sums[r]) >= limit;
  return extreme;
}

/* Every sign vector and its opposite are equally far from 0: the last sign may stay +. */
static double exact_p(const double *d, size_t n, double observed, double scale) {
  const double limit = fabs(observed) - rounding(scale);
  const uint32_t vectors = (uint32_t)1 << (n - 1);
  uint32_t extreme = 0;
  for (uint32_t signs = 0; signs < vectors; signs++) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += signs >> i & 1 ? -d[i] : d[i];
    extreme += fabs(sum) >= limit;
  }
  return (double)extreme / (double)vectors;
}

bool vx_permutation_test(const double *d, size_t n, size_t flips, uint64_t seed, double *p, vx_error *error) {
  double observed = 0, scale = 0;
  for (size_t i = 0; i < n; i++) {
    observed += d[i];
    scale += fabs(d[i]);
  }
  if (n <= VX_PERMUTATION_EXACT) {
    *p = n > 0 ? exact_p(d, n, observed, scale) : 1;
    return true;
  }
  double *sums = malloc((flips ? flips : 1) * sizeof *sums);
  if (!sums) return vx_fail(error, "permutation test", "out of memory for %zu flips", flips);
  bool ok = vx_resample_sums(VX_SIGN_WEIGHTS, seed, flips, d, n, 1, NULL, sums, error);
  if (ok) *p = (double)(vx_permutation_extreme(sums, flips, observed, scale) + 1) / (double)(flips + 1);
  free(sums);
  return ok;
}
