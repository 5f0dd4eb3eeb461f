/* What methods that read attention matrices share: fusing heads row by row, and the [CLS] row of a product of layers.

   Matrices of all layers and heads are [L][H][n][n]. A heat map only ever needs row 0 of a product M_{L-1} ... M_s, so
   it is made as a row vector times a matrix from the top layer down, and no fused matrix is ever stored. */
#ifndef VX_FUSE_H
#define VX_FUSE_H

#include "explainers/explainer.h"

typedef enum vx_fusion { VX_FUSE_MEAN, VX_FUSE_MAX, VX_FUSE_MIN } vx_fusion; /* in the order of VX_FUSION_CHOICES */
#define VX_FUSION_CHOICES "mean|max|min"

/* A stack of matrices as a method sees it: entry = value * factor, clamped at 0 when asked, then fused over heads. */
typedef struct vx_stack {
  const double *value;  /* [L][H][n][n] */
  const double *factor; /* the same shape, or NULL for 1 */
  bool clamp;           /* max(0, entry) before heads are fused */
  vx_fusion fusion;
} vx_stack;

/* `count` doubles of the view's scratch, or NULL and an error. */
double *vx_scratch(const vx_view *view, size_t count, vx_error *error);

/* Start of matrix [layer][head] in a stack of the view's shape. */
const double *vx_matrix_at(const vx_view *view, const double *stack, int layer, int head);

/* out [n] = one row of a layer, fused over heads. */
void vx_fused_row(const vx_view *view, const vx_stack *stack, int layer, int row, double *out);

/* out [n] = row 0 of M_{L-1} ... M_start with M_l = fused_l + I, every row divided by its sum when `normalise`.
   Fails when scratch is out. */
bool vx_rollout_row(const vx_view *view, const vx_stack *stack, int start, bool normalise, double *out,
                    vx_error *error);

/* heat [grid][grid] = row [n] without its first column. */
void vx_drop_cls(const vx_view *view, const double *row, double *heat);

#endif
