/* The sign-flip permutation test (Fisher 1935): could the mean of paired differences be what it is if the sign of each
   were a coin's? */
#ifndef VX_PERMUTATION_H
#define VX_PERMUTATION_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VX_PERMUTATION_EXACT = 16 }; /* up to so many differences all 2^n sign vectors are tried */

/* Two-sided p of differences [n], none NaN: the share of sign vectors whose |sum| is at least the observed one (equal
   up to rounding counts). All of them for n <= 16; otherwise `flips` drawn from the seed, and the observed one counts
   as one more: (k + 1)/(flips + 1) (Phipson & Smyth 2010). 1 where n = 0. Fails for want of memory only. */
bool vx_permutation_test(const double *differences, size_t n, size_t flips, uint64_t seed, double *p, vx_error *error);

/* How many of sums [flips] are at least as far from 0 as `observed`; `scale` is the sum of |differences|. */
size_t vx_permutation_extreme(const double *sums, size_t flips, double observed, double scale);

#endif
