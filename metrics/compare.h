/* Two maps of one method beside each other, as measures that make the method again see them. */
#ifndef VX_METRICS_COMPARE_H
#define VX_METRICS_COMPARE_H

#include "metrics/measure.h"

/* Spearman's, ties with their mean rank; 0 where either is constant. Fails for want of memory. */
bool vx_compare_spearman(const double *x, const double *y, int count, double *rho, vx_error *error);

bool vx_compare_constant(const double *x, int count);

/* The cells of a map on the case's grid, in the view's scratch. NULL: memory is out, or the map has another size. */
double *vx_compare_cells(const vx_case *of, const vx_map *map, vx_error *error);

/* h [S][S]: the map at input size, min-maxed: of stored bytes u/255. In the view's scratch; NULL on failure. */
double *vx_compare_heat(const vx_case *of, const vx_map *map, vx_error *error);

/* Entropy (natural logarithm) of 100 equal bins over [0,1] of h [count]. */
double vx_compare_entropy(const double *h, size_t count);

/* Structural similarity of x and y [side][side] of range 1: means, variances and covariance over windows of 7 x 7 (the
   latter two by 48), the mean over all places where one fits, as scikit-image's default. Fails where none fits. */
bool vx_compare_ssim(const double *x, const double *y, int side, double *ssim, vx_error *error);

#endif
