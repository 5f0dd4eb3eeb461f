/* What methods that read attention matrices share: fusing heads row by row, and the row that is read of a product of
   layers.

   Matrices of all layers and heads are [L][H][n][n]. A heat map only ever needs the readout's row r of a product
   M_{L-1} ... M_s (row 0 where the head reads [CLS]), so it is made as a row vector times a matrix from the top layer
   down, and no fused matrix is ever stored. */
#ifndef VX_FUSE_H
#define VX_FUSE_H

#include "explainers/explainer.h"

typedef enum vx_fusion { VX_FUSE_MEAN, VX_FUSE_MAX, VX_FUSE_MIN } vx_fusion; /* in the order of VX_FUSION_CHOICES */
#define VX_FUSION_CHOICES "mean|max|min"

/* A stack of attention-shaped matrices as a method sees it: entry = value * factor, clamped at 0 when asked, then fused
   over heads. */
typedef struct vx_stack {
  vx_descent value;  /* what stands at the attention: vx_by(VX_FORWARD), a relevance … */
  vx_descent factor; /* the gradient, where has_factor; else 1 */
  bool has_factor;
  bool clamp; /* max(0, entry) before heads are fused */
  vx_fusion fusion;
} vx_stack;

/* `count` doubles of the view's scratch, or NULL and an error. */
double *vx_scratch(const vx_view *view, size_t count, vx_error *error);

/* For needs(): all that the stack reads of layers first … last; whole matrices, or the rows that the head reads. */
void vx_want_stack(vx_wants *wants, const vx_stack *stack, int first, int last);
void vx_want_stack_rows(vx_wants *wants, const vx_stack *stack, int first, int last);

/* out [n] = one row of a layer, fused over heads. */
void vx_fused_row(const vx_view *view, const vx_stack *stack, int layer, int row, double *out);

/* out [n] = the rows of a layer that the head reads, fused over heads. */
void vx_fused_read_row(const vx_view *view, const vx_stack *stack, int layer, double *out);

/* row [n] = r M_{L-1} ... M_start, r the readout's weights, M_l = fused_l + I, every row divided
   by its sum when `normalise`. Fails when scratch is out. */
bool vx_rollout_row(const vx_view *view, const vx_stack *stack, int start, bool normalise, double *row,
                    vx_error *error);

/* The patches of that row: heat [grid][grid]. */
bool vx_rollout(const vx_view *view, const vx_stack *stack, int start, bool normalise, double *heat, vx_error *error);

#endif
