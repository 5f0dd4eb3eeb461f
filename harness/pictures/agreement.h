/* Several methods on one picture: what they share, and where they part. */
#ifndef VX_PICTURES_AGREEMENT_H
#define VX_PICTURES_AGREEMENT_H

#include "harness/pictures/explain.h"

/* Counts the opinions among `count` maps: made, not flat, not hidden, and of a method that looks at the model (trivial
   rows have none). */
typedef struct vx_agreement {
  int count;        /* of opinions */
  int *index;       /* [count] their places among the maps given */
  size_t pixels;    /* of the drawn picture */
  double *mean;     /* [pixels] the consensus: mean of the min-max maps; NULL without an opinion */
  double *spread;   /* [pixels] their standard deviation (over methods, divided by count): 0 all agree, at most 0.5 */
  double most;      /* largest spread */
  size_t most_at;   /* the first pixel where it is */
  double *spearman; /* [count][count] rank correlation of the maps at drawn size; NaN for a map without contrast */
  double *iou;      /* [count][count] of the Otsu masks; both empty: 1 */
  double *typical;  /* [count] mean Spearman with the others; NaN for a single opinion */
  int nearest, furthest; /* the most and the least typical opinion; -1 for fewer than three */
} vx_agreement;

/* Fails for want of memory only; `agreement` is then empty. */
bool vx_agreement_make(const vx_drawn *drawn, int count, size_t pixels, vx_agreement *agreement, vx_error *error);
void vx_agreement_free(vx_agreement *agreement);

/* out [pixels] in [-1,1]: what one min-max map has more than the other. */
void vx_contrast(const vx_heat *heat, const vx_heat *against, size_t pixels, double *out);

#endif
