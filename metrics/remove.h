/* Taking cells out of a picture: what a removed cell becomes (specification, section 10). The same key `remove` for
   every measure and for methods that remove. Pure functions, any thread. */
#ifndef VX_REMOVE_H
#define VX_REMOVE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum vx_remove {
  VX_REMOVE_DROP,     /* the patch's token does not enter the model; of patches only */
  VX_REMOVE_BLACK,    /* 0 of [0,1]: (0 - mean)/std a channel */
  VX_REMOVE_MEAN,     /* 0 of the normalised input */
  VX_REMOVE_OWN_MEAN, /* the picture's own mean, a channel */
  VX_REMOVE_BLUR,     /* the picture blurred: 11 taps of sigma 5, borders replicated */
  VX_REMOVE_IMPUTE,   /* what its neighbours say: the linear imputation of ROAD; everything removed: own-mean */
  VX_REMOVES
} vx_remove;
#define VX_REMOVE_WORDS "drop|black|mean|own-mean|blur|impute" /* in the order of vx_remove, for vx_param.choices */

/* What a cell is. */
typedef enum vx_unit { VX_UNIT_PATCH, VX_UNIT_PIXEL } vx_unit;
#define VX_UNIT_WORDS "patch|pixel"

/* own [3]: the mean of each channel of x [3][S][S]. */
void vx_remove_own_mean(const double *x, int side, double own[3]);

/* blurred [3][S][S] of x; room [S][S]. */
void vx_remove_blur(const double *x, int side, double *blurred, double *room);

/* Solves for the pixels gone [S][S] of x [3][S][S], in place: each the mean of its neighbours inside the picture, the
   four direct ones weighing 1/6, the diagonal ones 1/12, divided by their sum at borders. By conjugate gradients in
   double to a residual of 1e-8 of the right side. Everything gone: the mean of each channel. Fails for want of
   memory, or where it does not converge. */
bool vx_remove_impute(double *x, int side, const uint8_t *gone, vx_error *error);

#endif
