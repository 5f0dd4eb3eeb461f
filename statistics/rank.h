/* Ranks and rank correlations. */
#ifndef VX_RANK_H
#define VX_RANK_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Ranks 1..n of values [n] (none NaN), ties get their mean rank. `ties` (may be NULL) gets the sum of t^3 - t over the
   groups of t equal values. Fails for want of memory only. */
bool vx_rank(const double *values, size_t n, double *ranks, double *ties, vx_error *error);

/* Spearman's rho: Pearson's correlation of the ranks of x and y [n]. NaN where either is constant or n < 2. */
bool vx_spearman(const double *x, const double *y, size_t n, double *rho, vx_error *error);

/* Kendall's tau-b, in n log n (Knight 1966). NaN where either is constant or n < 2. */
bool vx_kendall(const double *x, const double *y, size_t n, double *tau, vx_error *error);

#endif
