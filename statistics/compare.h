/* Every method against every other on the images that both have: the paired comparison in one call. */
#ifndef VX_COMPARE_H
#define VX_COMPARE_H

#include "base/error.h"
#include "statistics/bootstrap.h"
#include "statistics/effect.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Columns a and b (a < b) of the table, over the n images where neither is NaN. */
typedef struct vx_pair {
  size_t a, b, n;
  double mean_a, mean_b, difference; /* of these n images; NaN where n = 0, as all that follows */
  double low, high;                  /* paired bootstrap interval of the difference, 95 %; NaN without resamples */
  double wilcoxon_p, wilcoxon_holm;  /* holm: corrected over all pairs of the call */
  double permutation_p;              /* NaN without resamples */
  size_t flips; /* drawn for permutation_p, which cannot fall below 1 / (flips + 1); 0: exact, normal, or none */
  vx_effect effect;
} vx_pair;

/* The decision on a pair, which tables, comparison and report share: Wilcoxon's p after Holm below 0.05. The
   permutation test decides nothing: its floor, 1 / (flips + 1), times the pairs of a table is soon above any level. */
bool vx_pair_differs(const vx_pair *pair);

/* Whether permutation_p is as low as its draws can make it. */
bool vx_pair_at_floor(const vx_pair *pair);

/* The lowest Wilcoxon p that n images can give, times `pairs`, is 0.05 or more: no pair can be told apart. */
bool vx_pairs_hopeless(size_t n, size_t pairs);

/* How many pairs `columns` columns have. */
size_t vx_pairs(size_t columns);

/* values [images][columns], NaN: missing; group [images] of 0..groups-1, -1: in none; NULL: all are in one (groups 1).
   pairs [groups][vx_pairs(columns)], in order (0,1), (0,2) … (1,2) …; corrected over all of them, whatever their group.
   `how` gives the number of bootstrap resamples, of sign flips (0: neither interval nor permutation test), and the
   seed. Complete columns of a group share their draws. A pair of more than VX_BOOTSTRAP_IMAGES images has the normal
   interval and test instead. Fails for want of memory only. */
bool vx_compare_groups(const double *values, size_t images, size_t columns, const int *group, size_t groups,
                       const vx_resampling *how, vx_pair *pairs, vx_error *error);

/* One pair: a, b [n], NaN: missing. No correction (holm = p). */
bool vx_compare_pair(const double *a, const double *b, size_t n, const vx_resampling *how, vx_pair *pair,
                     vx_error *error);

/* Holm's correction over pairs [n], whose wilcoxon_p is there. Fails for want of memory only. */
bool vx_correct_pairs(vx_pair *pairs, size_t n, vx_error *error);

#endif
