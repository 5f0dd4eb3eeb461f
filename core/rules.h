/* The relevance rules, for one variant of relevance.h: `real` is the type of the values, `lin` that of the linear
   rules' products, VX_V(name) this variant's name. Private to core. */
#ifndef VX_RULES_H
#define VX_RULES_H

#include "core/elementary.h"
#include "core/relevance.h"

#if defined(VX_RELEVANCE_MIXED)
#define VX_V(name) name##_mixed
#define lin float
#define VX_LIN_GEMM cblas_sgemm
#elif defined(VX_REAL_DOUBLE)
#define VX_V(name) name##_double
#define lin double
#define VX_LIN_GEMM cblas_dgemm
#else
#define VX_V(name) name##_single
#define lin float
#define VX_LIN_GEMM cblas_sgemm
#endif

enum { VX_KEPT = 4 }; /* linear layers of a block */

/* z1 + z2 of one linear layer, made by the plain rules and read by the improved ones. */
typedef struct vx_kept {
  const vx_linear *linear; /* NULL: of none */
  int rows;                /* how many it holds of the picture at hand; 0: none */
  lin *sum;                /* [n][out] */
} vx_kept;

struct vx_relevance_room {
  const vx_model *model;
  vx_arena *arena;
  /* linear rules, [rows][widest] each */
  lin *x1, *x2;          /* |x|, or x+ and x- */
  lin *z1, *z2;          /* denominators, then quotients */
  lin *p1, *p2;          /* quotients through the weights */
  lin *tile;             /* the signed part of a few rows of W */
  vx_kept kept[VX_KEPT]; /* of the block, or the head, that is passed */
  bool keep;             /* passes by both rule sets are under way */
  /* relevance of the two branches of a block, and of what lies inside the second */
  real *mains;                 /* [passes][n][d] what each pass hands to the next block */
  real *main, *branch, *inner; /* [n][d]; main is one of `mains` */
  real *hidden;                /* [n][mlp] */
  real *qkv;                   /* [n][3d] */
  real *quotient;              /* [n][d] */
  real *product;               /* q kᵀ [H][n][n], then its quotients */
  real *attention;             /* relevance of A of one layer [H][n][n] */
  double *column;              /* [d] two sums per output of the patch embedding */
  vx_relevance_probe probe;
  void *probe_user;
};

/* safe(a, b) = a / (b + 1e-9), 0 where b = 0; with stabilizer δ: a b / (b² + δ² mean(b²)). `floor` is δ² mean(b²). */
VX_INLINE real vx_safe(real a, real b, real floor) {
  real numerator = floor > 0 ? a * b : a;
  real denominator = floor > 0 ? b * b + floor : b + (real)1e-9;
  real quotient = numerator / denominator; /* in any case: loops over it are vectors then */
  return b == 0 ? 0 : quotient;
}

/* δ² mean(b²) over a whole tensor; 0 without stabilizer. */
real VX_V(vx_rule_floor)(double stabilizer, size_t count, const real *b);

/* Linear rule of y = W x (bias left out), by either rule set. x [all][in] of the forward pass; relevance [rows][out] of
 * the first `rows` of them, the other rows' being zero; result [rows][in]. */
void VX_V(vx_rule_linear)(vx_relevance_room *room, const vx_relevance_need *need, int all, int rows,
                          const vx_linear *linear, const real *x, const real *relevance, real *result);

/* Sum rule: relevance of a + b, in the first `rows` of [all][width] of to_a, to both. */
void VX_V(vx_rule_sum)(const vx_relevance_need *need, int all, int rows, int width, const real *a, const real *b,
                       real *to_a, real *to_b);

/* Copy rule: relevance = x (safe(relevance, x) + safe(second, x)) over `second_rows` of [all][width]; the relevance
   that is there is `rows` high, no higher than the second, and zero beyond. */
void VX_V(vx_rule_copy)(const vx_relevance_need *need, int all, int width, const real *x, int rows, real *relevance,
                        int second_rows, const real *second);

/* quotient = safe(relevance, b) over [rows][width], the stabilizer's mean over [all][width]. */
void VX_V(vx_rule_divide)(const vx_relevance_need *need, size_t all, size_t count, const real *relevance, const real *b,
                          real *quotient);

/* z^B rule at the patch embedding: relevance [n-1][d] to pixels [S][S], summed over channels. */
void VX_V(vx_rule_pixels)(vx_relevance_room *room, const real *patches, const real *embedded, const real *relevance,
                          double *pixels);

#endif
