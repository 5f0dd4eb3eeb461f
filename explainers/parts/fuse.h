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

/* For needs(): what a method reads that takes r M of a matrix M made, entry by entry, of [H][n][n] sites: their rows
   where the head reads one token, else all of them, since r (A * G) is not (r A) * (r G). */
void vx_want_read(vx_wants *wants, const vx_shape *shape, vx_site site, vx_descent descent, int first, int last);

/* The same in explain(): row `token`, one that the head reads, of one head's matrix, [n]. */
const double *vx_head_row(const vx_view *view, vx_site site, vx_descent descent, int layer, int head, int token);

/* sum [count] of weight * row over the tokens that the head reads; the first of them sets it. */
void vx_add_read(double weight, const double *row, bool first, int count, double *sum);

/* For needs(): all that the stack reads of layers first … last; and of a layer of which only r M is read. */
void vx_want_stack(vx_wants *wants, const vx_stack *stack, int first, int last);
void vx_want_stack_read(vx_wants *wants, const vx_shape *shape, const vx_stack *stack, int layer);

/* out [n] = one row of a layer, fused over heads. */
void vx_fused_row(const vx_view *view, const vx_stack *stack, int layer, int row, double *out);

/* heat [grid][grid] = the patches of r M, M [n][n] a layer fused over heads. Fails when scratch is out. */
bool vx_fused_read(const vx_view *view, const vx_stack *stack, int layer, double *heat, vx_error *error);

/* row [n] = r M_{L-1} ... M_start, M_l = fused_l + I, every row divided by its sum when `normalise`. Fails when scratch
   is out. */
bool vx_rollout_row(const vx_view *view, const vx_stack *stack, int start, bool normalise, double *row,
                    vx_error *error);

/* The patches of that row: heat [grid][grid]. */
bool vx_rollout(const vx_view *view, const vx_stack *stack, int start, bool normalise, double *heat, vx_error *error);

#endif
