/* The trace and the passes over it, for one floating-point type: included with `real` and VX_R defined, by both.h
   only. Without an include guard, on purpose.

   Rows: a trace holds `batch` variants of one picture; its row matrices have rows = batch * n rows. */

#include <stdbool.h>
#include <stddef.h>

#include "core/model.h"

#ifndef VX_TRACE_KEEP
#define VX_TRACE_KEEP
/* What a trace keeps of every layer; what it does not keep shares one layer's memory. */
typedef enum vx_keep {
  VX_KEEP_INPUT,     /* enough for the input's gradient: that of A is one layer's at a time */
  VX_KEEP_BACKWARD,  /* enough for the backward pass, with G of every layer */
  VX_KEEP_RELEVANCE, /* of one picture, enough for relevance without stabilizer: in the last block [CLS] only */
  VX_KEEP_ALL,       /* everything */
} vx_keep;

/* What a backward pass is for. */
typedef struct vx_aims {
  int lowest;     /* G of layers >= lowest; L: of none */
  bool last_norm; /* the gradient at LN1's output in the last block */
  bool input;     /* that of the picture */
  bool cut;       /* AG-CAM's cut gradient, of the first picture of the trace (spec section 4) */
} vx_aims;

enum { VX_TILE_ROWS = 128 }; /* rows of a weight matrix that are converted or split at a time */
#endif

/* What one block left behind. */
typedef struct VX_R(vx_layer) {
  real *x;          /* [rows][d] input of the block */
  real *norm1;      /* [rows][d] LN1 x */
  real *scale1;     /* [rows][2] mean and 1 / standard deviation of LN1 */
  real *qkv;        /* [rows][3d] with bias */
  real *attention;  /* A [batch][H][n][n] */
  real *cls_scores; /* S of row 0 [batch][H][n] */
  real *context;    /* A V, heads side by side [rows][d] */
  real *projected;  /* Wo context + bo [rows][d] */
  real *middle;     /* x1 = x + projected [rows][d] */
  real *norm2;      /* LN2 x1 [rows][d] */
  real *scale2;     /* [rows][2] */
  real *hidden;     /* W1 norm2 + b1 [rows][mlp] */
  real *active;     /* gelu(hidden) [rows][mlp] */
  real *mlp;        /* W2 active + b2 [rows][d] */
  real *gradient;   /* G [batch][H][n][n] */
} VX_R(vx_layer);

typedef struct VX_R(vx_trace) {
  const vx_model *model;
  vx_arena *arena;
  vx_keep keep;
  int batch, rows;
  VX_R(vx_layer) * layer;     /* [L] */
  real *attention, *gradient; /* A and G [L][batch][H][n][n] */
  real *cls_scores;           /* [L][batch][H][n] */
  real *patches;              /* [batch * (n-1)][3 P P] */
  real *embedded;             /* [batch * (n-1)][d] with bias, before the position is added */
  real *output;               /* [rows][d] last block's */
  real *tokens;               /* [rows][d] final LN */
  real *scale;                /* [rows][2] of the final LN */
  real *logits;               /* [batch][C] */

  /* backward */
  real *input_gradient;     /* [batch][3][S][S] */
  real *last_norm;          /* LN1's output in the last block [rows][d] */
  real *last_norm_gradient; /* [rows][d] with respect to LN1's output in the last block */
  real *g_token;            /* [batch][d] gradient at the last residual stream, [CLS] rows */
  real *g_x, *g_middle;     /* [rows][d] */
  real *g_norm, *g_context; /* [rows][d] */
  real *g_hidden;           /* [rows][mlp] */
  real *g_qkv;              /* [rows][3d] */
  real *g_scores;           /* [n][n] */
  real *g_patches;          /* [n-1][3 P P] */
  real *cut_token;          /* [d] AG-CAM's gradient at the residual stream */
  real *cut_gradient;       /* G' of row 0 [L][H][n], first picture */
  real *tile;               /* [VX_TILE_ROWS][widest] weights, converted */
} VX_R(vx_trace);

/* All memory of a trace for `batch` pictures; one with VX_KEEP_RELEVANCE. NULL when it is out. */
VX_R(vx_trace) * VX_R(vx_trace_new)(const vx_model *model, int batch, vx_keep keep);
void VX_R(vx_trace_free)(VX_R(vx_trace) * trace);

/* ---- layers ---------------------------------------------------------------------------------------------------- */

/* `step`: row r of a trace tensor lies at r * step, so that step = n picks the [CLS] rows of each picture; gradients
   are dense. */

/* y [rows][out] = x [rows][in] Wᵀ, without bias. */
void VX_R(vx_product)(int rows, const vx_linear *linear, const real *x, real *y, real *tile);

/* dx [rows][in] (+)= dy [rows][count] W[first … first+count): rows of dy are `stride` apart. */
void VX_R(vx_product_back)(int rows, const vx_linear *linear, int first, int count, const real *dy, int stride,
                           real *dx, bool add, real *tile);

/* y += bias, in place. */
void VX_R(vx_bias)(int rows, int width, const float *bias, real *y);

/* y += bias; sum = x + y. */
void VX_R(vx_bias_residual)(int rows, int width, const float *bias, const real *x, real *y, real *sum);

/* hidden += bias; active = gelu(hidden), the exact (erf) one. */
void VX_R(vx_bias_gelu)(int rows, int width, const float *bias, real *hidden, real *active);

/* g *= gelu'(hidden). */
void VX_R(vx_gelu_back)(int rows, int width, int step, const real *hidden, real *g);

/* y = (x - mean) * rstd * weight + bias; scale [rows][2] receives mean and rstd. Biased variance. */
void VX_R(vx_norm_forward)(int rows, int width, const vx_norm *norm, double epsilon, const real *x, real *y,
                           real *scale);

/* dx = [base +] gradient through the norm of dy; base may be NULL; dx may be base or dy. */
void VX_R(vx_norm_back)(int rows, int width, int step, const vx_norm *norm, const real *x, const real *scale,
                        const real *dy, const real *base, real *dx);

/* Rows of `scores` [rows][width] become softmax rows, in place. */
void VX_R(vx_softmax)(int rows, int width, real *scores);

/* ds = A * (dA - sum(A * dA)) per row. */
void VX_R(vx_softmax_back)(int rows, int width, const real *attention, const real *d_attention, real *d_scores);

/* False when a value is NaN or infinite. */
bool VX_R(vx_all_finite)(size_t count, const real *values);

/* ---- passes ---------------------------------------------------------------------------------------------------- */

/* Forward pass of x [batch][3][S][S]; activations are kept as the trace was made for it. False when one is not finite:
 * the error names the layer.
 */
bool VX_R(vx_forward)(VX_R(vx_trace) * trace, int batch, const real *x, vx_error *error);

/* Gradient of sum(seed * logits), seed [batch][C], with respect to what `aims` names; no further down than that needs.
   False when a value is not finite: the error names the layer. */
bool VX_R(vx_backward)(VX_R(vx_trace) * trace, int batch, const double *seed, const vx_aims *aims, vx_error *error);
