/* The public face of core: a model, a worker that sends pictures through it, and what a method may see.

   Notation as in the field: L layers, H heads, n tokens (leading ones as [CLS], then grid * grid patches), d width, dh
   = d / H, S side of the input picture, C classes. All arrays are dense, last index fastest. */
#ifndef VX_VX_H
#define VX_VX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "core/needs.h"
#include "core/view.h"

/* ---- model ------------------------------------------------------------------------------------------------ */

/* What the head reads of the tokens. */
typedef enum vx_readout {
  VX_READ_CLS,             /* the first token */
  VX_READ_PATCHES,         /* the mean of the patches' */
  VX_READ_TWO,             /* the first and the second, each by a head of its own; the logits are the mean */
  VX_READ_CLS_AND_PATCHES, /* the first and the mean of the patches', side by side */
} vx_readout;

typedef enum vx_activation {
  VX_GELU,       /* h Phi(h), the exact (erf) one */
  VX_GELU_TANH,  /* its approximation, h (1 + tanh(sqrt(2 / pi) (h + 0.044715 h^3))) / 2 */
  VX_QUICK_GELU, /* h sigmoid(1.702 h) */
  VX_RELU,
} vx_activation;

/* How logits become probabilities, as the head was trained. */
typedef enum vx_problem {
  VX_ONE_CLASS,     /* exactly one is right: softmax */
  VX_EACH_CLASS,    /* each for itself, multi-label or a single logit: sigmoid */
  VX_NO_PROBABILITY /* regression */
} vx_problem;

typedef struct vx_shape {
  int layers, heads, dim, head_dim, mlp; /* L, H, d, dh, hidden width of the MLP */
  int patch, image, grid;                /* P, S, S / P */
  bool no_cls, distillation;             /* without [CLS]; with a token for distillation */
  int registers;
  int leading;  /* tokens before the patches, in this order: [CLS], distillation, registers */
  int unplaced; /* of them, the last ones, that have no position */
  int tokens;   /* n = leading + grid^2 */
  vx_readout readout;
  vx_activation activation;
  bool pre_norm; /* a norm of the tokens before the first block */
  bool qk_norm;  /* a norm of each head's q and k */
  bool fc_norm;  /* the last norm is of what the head reads, not of the tokens before */
  bool scaled;   /* layer scale, which is folded into proj and fc2 */
  int classes;   /* C */
  vx_problem problem;
  double epsilon; /* of every LayerNorm */
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

/* Fails, with the reason, for a head whose logits mean no probability. */
bool vx_model_has_probability(const vx_model *model, vx_error *error);

/* Replaces the head by `classes` rows of normal weights (sigma 0.02) and zero bias: a sanity check of any method. */
bool vx_model_randomise_head(vx_model *model, int classes, uint64_t seed, vx_error *error);

/* A model of the given shape with normal random weights, for benchmarks and property tests: of its sizes layers, heads,
   dim, mlp, patch, image, classes, registers and unplaced are read, and what kind it is. */
vx_model *vx_model_random(const vx_shape *shape, uint64_t seed, vx_error *error);

/* ---- worker: one picture at a time through the model ------------------------------------------------------------ */

typedef enum vx_precision { VX_SINGLE, VX_MIXED, VX_DOUBLE } vx_precision;
typedef enum vx_output { VX_LOGIT, VX_PROBABILITY, VX_LOSS } vx_output; /* what is differentiated */

typedef struct vx_worker vx_worker;

/* A worker owns its traces and scratch; all memory for `plan` is taken here. A plan that names what the model has not,
   or what no pass can make, is refused by name. */
vx_worker *vx_worker_new(const vx_model *model, const vx_needs *plan, vx_precision precision, vx_error *error);
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
