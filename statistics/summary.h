/* What a column of numbers comes to. NaN marks a number that is not there. */
#ifndef VX_SUMMARY_H
#define VX_SUMMARY_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct vx_summary {
  size_t n;    /* numbers that are there */
  double mean; /* NaN where n = 0 */
  double sd;   /* with n - 1; NaN where n < 2 */
  double median, low, high;
} vx_summary;

/* values [n]; fails for want of memory only. */
bool vx_summarise(const double *values, size_t n, vx_summary *summary, vx_error *error);

/* The q-quantile (0..1) of values [n], n >= 1, none of them NaN, linear between order statistics (NumPy's default).
   Reorders the values: linear time on average, no sorting. */
double vx_quantile(double *values, size_t n, double q);

/* Kahan-compensated sum. */
double vx_sum(const double *values, size_t n);

#endif
