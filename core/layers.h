/* The layers of a pre-LN Vision Transformer, a file a kind in core/layers/: what it does, its gradient and its
   relevance side by side. Compiled for one precision (real.h). Arrays are dense, rows are tokens; nothing here takes
   memory. */
#ifndef VX_LAYERS_H
#define VX_LAYERS_H

#include "core/model.h"
#include "core/real.h"

enum { VX_TILE_ROWS = 128 }; /* rows of a weight matrix that are converted or split at a time */

/* A rule set of relevance (spec section 4): improved (Chefer, Gur & Wolf 2021) or plain (Bach et al. 2015), and its
   stabilizer, 0 as published. */
typedef struct vx_lrp {
  bool plain;
  double stabilizer;
} vx_lrp;

/* ---- linear.c --------------------------------------------------------------------------------------------------- */

/* y [rows][out] = x [rows][in] Wᵀ, without bias; tile [VX_TILE_ROWS][out] is scratch. */
void vx_product(int rows, const vx_linear *linear, const real *x, real *y, real *tile);

/* dx [rows][in] (+)= dy [rows][count] W[first … first+count): rows of dy are `stride` apart. */
void vx_product_back(int rows, const vx_linear *linear, int first, int count, const real *dy, int stride, real *dx,
                     bool add, real *tile);

/* y [rows][width] += bias. */
void vx_bias(int rows, int width, const float *bias, real *y);

/* z1 + z2 of one linear layer, made by the plain rules and read by the improved ones. */
typedef struct vx_kept {
  const vx_linear *linear; /* NULL: of none */
  int rows;                /* how many it holds */
  lin *sum;                /* [n][out] */
} vx_kept;

/* Scratch of the linear rules, [n][widest] each. */
typedef struct vx_linear_room {
  lin *x1, *x2; /* |x|, or x+ and x- */
  lin *z1, *z2; /* denominators, then quotients */
  lin *p1, *p2; /* quotients through the weights */
  lin *tile;    /* [VX_TILE_ROWS][widest] the signed part of a few rows of W */
} vx_linear_room;

/* Linear rule of y = W x (bias left out). x [all][in] of the forward pass; relevance [rows][out] of the first `rows` of
   them, the other rows' being zero; result [rows][in]. `kept`: where both rule sets pass this layer, else NULL. */
void vx_linear_relevance(const vx_linear_room *room, vx_kept *kept, const vx_lrp *lrp, int all, int rows,
                         const vx_linear *linear, const real *x, const real *relevance, real *result);

/* x [rows][in] = y [rows][out] part(W), one part of the weights. */
typedef enum vx_part_of { VX_WHOLE, VX_ABSOLUTE, VX_POSITIVE, VX_NEGATIVE } vx_part_of;
void vx_part_back(vx_part_of part, int rows, const vx_linear *linear, const lin *y, lin *x, lin *tile);

/* ---- norm.c: relevance passes through as it is ------------------------------------------------------------------- */

/* y = (x - mean) * rstd * weight + bias; scale [rows][2] receives mean and rstd. Biased variance. */
void vx_norm_forward(int rows, int width, const vx_norm *norm, double epsilon, const real *x, real *y, real *scale);

/* dx = [base +] gradient through the norm of dy; base may be NULL; dx may be base or dy. */
void vx_norm_back(int rows, int width, const vx_norm *norm, const real *x, const real *scale, const real *dy,
                  const real *base, real *dx);

/* Each head's q and k of qkv [rows][3d] through norms of their own, in place; raw [rows][2d] receives what they were,
   scale [rows][2][H][2] as above. */
void vx_qk_norm(const vx_shape *s, const vx_block *block, int rows, real *qkv, real *raw, real *scale);

/* The gradient in d_qkv [n][3d], in place: of k, and of q in the first `rows`. */
void vx_qk_norm_back(const vx_shape *s, const vx_block *block, int n, int rows, const real *raw, const real *scale,
                     real *d_qkv);

/* ---- softmax.c: relevance passes through as it is ---------------------------------------------------------------- */

/* Rows of `scores` [rows][width] become softmax rows, in place. */
void vx_softmax(int rows, int width, real *scores);

/* ds = A * (dA - sum(A * dA)) per row. */
void vx_softmax_back(int rows, int width, const real *attention, const real *d_attention, real *d_scores);

/* ---- activation.c: relevance passes through as it is ------------------------------------------------------------- */

/* hidden [rows][width] += bias; active = f(hidden). */
void vx_bias_activate(vx_activation kind, int rows, int width, const float *bias, real *hidden, real *active);

/* g [count] *= f'(hidden). */
void vx_activate_back(vx_activation kind, size_t count, const real *hidden, real *g);

/* ---- residual.c: sums and copies; the gradient of either needs no function ----------------------------------------
 */

/* y [rows][out] += the layer's bias; sum = x + y. */
void vx_bias_residual(int rows, const vx_linear *linear, const real *x, real *y, real *sum);

/* δ² mean(b²) over a whole tensor, the `floor` of vx_safe; 0 without stabilizer. */
real vx_floor(double stabilizer, size_t count, const real *b);

/* Sum rule: relevance of a + b, in the first `rows` of [all][width] of to_a, to both. */
void vx_sum_relevance(const vx_lrp *lrp, int all, int rows, int width, const real *a, const real *b, real *to_a,
                      real *to_b);

/* Copy rule: relevance = x (safe(relevance, x) + safe(second, x)) over `second_rows` of [all][width]; the relevance
   that is there is `rows` high, no higher than the second, and zero beyond. */
void vx_copy_relevance(const vx_lrp *lrp, int all, int width, const real *x, int rows, real *relevance, int second_rows,
                       const real *second);

/* ---- attention.c: one sample's, n tokens, all heads ---------------------------------------------------------------
 */

/* Attention of the first `queries` tokens to all. qkv [n][3d]; attention [H][n][n]; context [n][d]; the first `kept`
   rows of the scores go to scores [H][kept][n]. */
void vx_attend(const vx_shape *s, int n, int queries, int kept, const real *qkv, real *scores, real *attention,
               real *context);

/* From d_context [rows][d], of the first `rows` tokens, to d_attention [H][n][n] and, unless d_qkv is NULL, on to
   d_qkv [n][3d] (q: of the first `rows`); d_scores [n][n] is scratch. */
void vx_attend_back(const vx_shape *s, int n, int rows, const real *qkv, const real *attention, const real *d_context,
                    real *d_attention, real *d_scores, real *d_qkv);

/* O = A V: s = safe(R, O); R_A = A (s Vᵀ) / 2, R_V = V (Aᵀ s) / 2. Relevance [rows][d]; fills the first `rows` rows of
   to_a [H][n][n] and the v part of to_qkv [n][3d]; quotient [n][d] is scratch. */
void vx_values_relevance(const vx_shape *s, const vx_lrp *lrp, int n, int rows, const real *qkv, const real *attention,
                         const real *context, const real *relevance, real *quotient, real *to_a, real *to_qkv);

/* q kᵀ: s = safe(R_A, q kᵀ); R_q = q (s k) / 2, R_k = k (sᵀ q) / 2. Fills the q and k parts of to_qkv; product
   [H][n][n] is scratch. */
void vx_scores_relevance(const vx_shape *s, const vx_lrp *lrp, int n, int rows, const real *qkv, const real *to_a,
                         real *product, real *to_qkv);

/* ---- embedding.c: one sample's --------------------------------------------------------------------------------------
 */

/* Patches of x [3][S][S] as rows [grid²][3][P][P]: the convolution of stride P is then one product. */
void vx_cut_patches(const vx_shape *s, const double *x, real *patches);

/* tokens [n][d] = [leading; embedded + bias] + position, of the leading tokens and the patches place[0 … n - leading).
 */
void vx_embed(const vx_model *model, int n, const int *place, const real *embedded, real *tokens);

/* x [3][S][S] = gradient of the picture from that of the n tokens' patches, d_patches [n - leading][3PP]; 0 where no
   patch went in. */
void vx_embed_back(const vx_shape *s, int n, const int *place, const real *d_patches, double *x);

/* z^B rule at the patch embedding: relevance [grid²][d] to pixels [3][S][S]. column [2][d] is scratch. */
void vx_embed_relevance(const vx_model *model, const vx_linear_room *room, double *column, const real *patches,
                        const real *embedded, const real *relevance, double *pixels);

/* ---- head.c: one sample's -------------------------------------------------------------------------------------------
 */

/* out [width] = what one part of the head's input reads of the rows of M [n][width], `stride` apart; for VX_ROWS_READ
   r M, r the readout's weights. */
enum { VX_ROWS_READ = -1 };
void vx_read(const vx_shape *s, int n, int part, int width, int stride, const real *rows, real *out);

/* d_tokens [high][d] = gradient of the tokens from that of what is read of them, [parts][d]. */
void vx_read_back(const vx_shape *s, int n, const real *d_read, real *d_tokens);

/* Relevance of what is read, [parts][d], to the tokens' [high][d]: R_t = weight z_t safe(R, read), part by part. */
void vx_read_relevance(const vx_shape *s, const vx_lrp *lrp, int n, const real *tokens, const real *read,
                       const real *relevance, real *to);

/* logits [C] = W read + b, read [parts][d]. */
void vx_classify(const vx_linear *head, const real *read, real *logits);

/* d_read [parts][d] = gradient of sum(seed * logits). */
void vx_classify_back(const vx_linear *head, const double *seed, real *d_read);

/* ---- finite.c -------------------------------------------------------------------------------------------------------
 */

/* False when a value is NaN or infinite. */
bool vx_all_finite(size_t count, const real *values);

/* Copies as doubles; false when one is not finite. */
bool vx_copy_finite(size_t count, const real *from, double *to);

#endif
