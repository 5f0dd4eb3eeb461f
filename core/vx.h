/* The public face of core: a model, a worker that sends pictures through it, and what a method may see.

   Notation as in the field: L layers, H heads, n tokens (1 + grid * grid, [CLS] first), d width, dh = d / H,
   S side of the input picture, C classes. All arrays are dense, last index fastest. */
#ifndef VX_VX_H
#define VX_VX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* ---- model ------------------------------------------------------------------------------------------------ */

typedef struct vx_shape {
  int layers, heads, dim, head_dim, mlp; /* L, H, d, dh, hidden width of the MLP */
  int patch, image, grid, tokens;        /* P, S, S / P, 1 + grid^2 */
  int classes;                           /* C */
  double epsilon;                        /* of every LayerNorm */
} vx_shape;

typedef struct vx_model vx_model; /* read-only after opening; shared by all workers */

/* Opens a folder with model.safetensors and config.json, in Hugging Face or timm naming. NULL on failure: a missing
   file, a tensor of a shape that does not agree … Values are not looked at: the forward pass finds what is not
   finite. */
vx_model *vx_model_open(const char *folder, vx_error *error);
void vx_model_close(vx_model *model);
const vx_shape *vx_model_shape(const vx_model *model);
const char *vx_model_label(const vx_model *model, int index);     /* "class 3" where the config names none */
int vx_model_find_label(const vx_model *model, const char *name); /* case-insensitive; first of "a, b" too; -1: none */
const char *vx_model_digest(const vx_model *model);               /* 16 hex digits over config and weights */
const char *vx_model_naming(const vx_model *model);               /* "huggingface" or "timm" */
double vx_model_parameters(const vx_model *model);                /* how many numbers it holds */
double vx_model_transpose_ms(const vx_model *model); /* what of opening it took to make transposed copies of weights */

/* Replaces the head by `classes` rows of normal weights (sigma 0.02) and zero bias: a sanity check of any method. */
bool vx_model_randomise_head(vx_model *model, int classes, uint64_t seed, vx_error *error);

/* A model of the given shape with normal random weights, for benchmarks and property tests. */
vx_model *vx_model_random(const vx_shape *shape, uint64_t seed, vx_error *error);

/* ---- passes: what methods need, as data ----------------------------------------------------------------------- */

typedef enum vx_rules { VX_RULES_IMPROVED, VX_RULES_PLAIN } vx_rules;

/* One relevance pass (spec section 4): a rule set and its stabilizer (0: as published). */
typedef struct vx_relevance_need {
  vx_rules rules;
  double stabilizer;
  int lowest;     /* lowest layer whose attention relevance is wanted; L: of none */
  bool to_pixels; /* on to the picture */
} vx_relevance_need;

enum {
  VX_PASS_ATTENTION = 1 << 0,      /* attention of layers >= attention_lowest */
  VX_PASS_SCORES = 1 << 1,         /* [CLS] row of the scores S, all layers */
  VX_PASS_GRADIENT = 1 << 2,       /* d output / d attention, layers >= gradient_lowest */
  VX_PASS_CUT_GRADIENT = 1 << 3,   /* AG-CAM's gradient of the [CLS] row, all layers */
  VX_PASS_INPUT_GRADIENT = 1 << 4, /* d output / d x */
  VX_PASS_TOKENS = 1 << 5,         /* output of the final LayerNorm */
  VX_PASS_LAST_NORM = 1 << 6,      /* output of LN1 in the last block, and its gradient */
  VX_PASS_AGAIN = 1 << 7,          /* the method runs the model again */
  VX_NEED_PICTURE = 1 << 8,        /* the resized picture's bytes */
  VX_NEED_PRIOR = 1 << 9,          /* the data set's mean mask for this picture's class */
};

enum { VX_RELEVANCE_MAX = 8 };

typedef struct vx_passes {
  unsigned set;
  int attention_lowest, gradient_lowest; /* counted from 0; meaningful with their bit */
  int relevance_count;
  vx_relevance_need relevance[VX_RELEVANCE_MAX];
} vx_passes;

/* Union: the passes that serve both. False when more different relevance passes are asked for than there is room. */
bool vx_passes_add(vx_passes *into, const vx_passes *more, vx_error *error);

/* Helpers for an explainer's needs(): add attention / gradient of layers >= lowest, or a relevance pass. */
void vx_need_attention(vx_passes *passes, int lowest);
void vx_need_gradient(vx_passes *passes, int lowest);
void vx_need_relevance(vx_passes *passes, vx_rules rules, double stabilizer, int lowest, bool to_pixels);

/* ---- view: all that a method sees ---------------------------------------------------------------------------- */

typedef struct vx_sample {
  const double *logits;         /* [C] */
  const double *input_gradient; /* [3][S][S], NULL when not asked for */
} vx_sample;

/* Running the model again on variants of the picture, in groups of fixed size, for the same target and output.
   `make` fills the index-th input [3][S][S]; `take` receives what came of it, in order of the index. */
typedef struct vx_again {
  void *worker;
  bool (*run)(const struct vx_again *again, int count, bool gradient, void (*make)(void *user, int index, double *x),
              void (*take)(void *user, int index, const vx_sample *sample), void *user, vx_error *error);
} vx_again;

typedef struct vx_relevance {
  vx_relevance_need need;
  const double *attention; /* [L][H][n][n], layers >= need.lowest */
  const double *pixels;    /* [S][S], sum over channels; NULL unless need.to_pixels */
} vx_relevance;

/* A map that another method of this run has made for this picture. */
typedef struct vx_part {
  const double *map; /* [side][side] */
  int side;          /* grid or S */
} vx_part;

/* What a pass did not make is NULL. */
typedef struct vx_view {
  const vx_shape *shape;
  int target;                       /* class explained */
  const float *input;               /* [3][S][S] */
  const double *logits;             /* [C] */
  const double *attention;          /* A  [L][H][n][n] */
  const double *gradient;           /* G  [L][H][n][n] */
  const double *cls_scores;         /* S  [L][H][n], row 0 */
  const double *cut_gradient;       /* G' [L][H][n], row 0 */
  const double *input_gradient;     /* [3][S][S] */
  const double *tokens;             /* [n][d] */
  const double *last_norm;          /* [n][d] */
  const double *last_norm_gradient; /* [n][d] */
  const double *head_weight;        /* [d], of the target class */
  int relevance_count;
  vx_relevance relevance[VX_RELEVANCE_MAX];
  const vx_again *again;
  const float *noise; /* [noise_count][3][S][S], already scaled: replaces a method's own draws; may be NULL */
  int noise_count;
  const uint8_t *picture; /* [S][S][3], the resized picture */
  const float *prior;     /* [S][S], mean mask */
  const vx_part *parts;   /* of a mix */
  int part_count;
  uint64_t seed;     /* for methods that draw: depends on the run's seed and the picture's id only */
  vx_arena *scratch; /* reset after each method */
} vx_view;

/* The relevance pass of the view that fits, or NULL. */
const vx_relevance *vx_view_relevance(const vx_view *view, vx_rules rules, double stabilizer);

/* ---- worker: one picture at a time through the model ------------------------------------------------------------ */

typedef enum vx_precision { VX_SINGLE, VX_MIXED, VX_DOUBLE } vx_precision;
typedef enum vx_output { VX_LOGIT, VX_PROBABILITY, VX_LOSS } vx_output; /* what is differentiated */

typedef struct vx_worker vx_worker;

/* A worker owns its traces and scratch; all memory for `plan` is taken here. */
vx_worker *vx_worker_new(const vx_model *model, const vx_passes *plan, vx_precision precision, vx_error *error);
void vx_worker_free(vx_worker *worker);

/* Forward pass of x [3][S][S]. False when an activation is not finite; the error names the layer. */
bool vx_worker_forward(vx_worker *worker, const float *x, vx_error *error);
const double *vx_worker_logits(const vx_worker *worker); /* [C] */

/* All planned passes for one class of the picture last sent forward. The view is valid until the next call; the
   caller may fill picture, prior, noise, parts and seed. */
vx_view *vx_worker_explain(vx_worker *worker, int target, vx_output output, vx_error *error);

size_t vx_worker_bytes(const vx_worker *worker);

/* ---- the matrix product ----------------------------------------------------------------------------------------- */

/* Compares a few products of the model's own shapes with plain loops; a wrong OpenBLAS kernel is an error that names
   it. `advice` (may be NULL) receives one line when the kernel is below what the processor can do, else "". */
bool vx_blas_check(const vx_shape *shape, char *advice, size_t advice_size, vx_error *error);
void vx_blas_threads(int threads);
const char *vx_blas_kernel(void);  /* "Haswell" … */
const char *vx_blas_version(void); /* "OpenBLAS 0.3.21" */

#endif
