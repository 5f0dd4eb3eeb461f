/* What all pairs come to, method by method: its rank, and what the comparison leaves open about it. */
#ifndef VX_STANDING_H
#define VX_STANDING_H

#include "statistics/compare.h"

typedef struct vx_standing {
  size_t n;    /* images of the group that the column has */
  double mean; /* over them, NaN where there is none */
  int rank;    /* by the mean, 1 is the best, equal ones in the order of columns; 0: no mean, nothing else holds */
  int better_than, worse_than; /* columns told apart from it (vx_pair_differs), by the means of the images that both
                                  have */
  bool level;                  /* level with the best: not told apart from the column of rank 1, or that one itself */
  int low, high; /* the ranks that cannot be excluded: from 1 + worse_than to (columns with a mean) - better_than. Where
                    no pair is told apart wrongly, which Holm keeps to 95 % of tables, all columns' true ranks lie
                    within */
} vx_standing;

/* values, group and groups as vx_compare_groups takes them, pairs [groups][vx_pairs(columns)] as it gives them;
   standings [groups][columns]. Columns without a mean take no part. */
void vx_stand(const double *values, size_t images, size_t columns, const int *group, size_t groups,
              const vx_pair *pairs, bool higher_is_better, vx_standing *standings);

/* How many of pairs [n] are told apart although their means and their signed ranks point to different sides. */
size_t vx_pairs_at_odds(const vx_pair *pairs, size_t n);

#endif
