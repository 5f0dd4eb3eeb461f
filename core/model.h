/* The weights as the passes use them. Private to core. */
#ifndef VX_MODEL_H
#define VX_MODEL_H

#include <pthread.h>

#include <jansson.h>

#include "core/safetensors.h"
#include "core/vx.h"

/* y = W x + b. The weights stay in single precision, whatever the passes compute in. */
typedef struct vx_linear {
  int in, out;
  const float *weight;     /* [out][in] */
  const float *bias;       /* [out]; zeros where the checkpoint has none */
  const float *transposed; /* [in][out]: the forward product of few rows runs faster on it */
  /* What single precision left over where a scale was folded in (fold.c): a pass in double adds it. NULL: nothing. */
  const float *rest, *rest_bias, *rest_transposed;
} vx_linear;

typedef struct vx_norm {
  const float *weight, *bias; /* [d]; NULL: there is none */
} vx_norm;

typedef struct vx_block {
  vx_norm norm1, norm2;
  vx_norm q_norm, k_norm; /* [dh] of each head's q and k, where shape.qk_norm */
  vx_linear qkv;          /* d -> 3d: q, k, v stacked, each head-major */
  vx_linear proj;         /* d -> d */
  vx_linear fc1;          /* d -> mlp */
  vx_linear fc2;          /* mlp -> d */
} vx_block;

struct vx_model {
  vx_shape shape;
  vx_linear patch;       /* 3 P P -> d */
  const float *leading;  /* [leading][d] */
  const float *position; /* [n][d]; zeros for those without one */
  vx_norm pre_norm;      /* where shape.pre_norm */
  vx_block *block;       /* [L] */
  vx_norm norm;          /* of the tokens, or of what is read of them where shape.fc_norm */
  vx_linear head;        /* parts * d -> C, on all that is read side by side (vx_read_parts) */

  const char *naming;
  char **label; /* [C], NULL where the config names none */
  char *folder;
  vx_tensors *tensors; /* mapped: weights may point into it */
  json_t *config;
  vx_arena *arena;
  double transpose_ms; /* what of opening it took to make the transposed copies */
  char digest[17];     /* empty until somebody asks: it reads every weight */
  pthread_mutex_t digest_lock;
};

typedef struct vx_trace vx_trace; /* pictures on their way through a model; each engine has its own */

/* Fetches tensors of known shape from the checkpoint; the first that is missing or off fills `error`, after which
   nothing more is read. */
typedef struct vx_fetch {
  vx_model *model;
  vx_error *error;
  bool ok;
  bool *used; /* which tensors of the file have been taken */
} vx_fetch;

/* The tensor's values in single precision: in place where they lie aligned as F32, else a copy. `sides` lists the
   expected shape, ended by 0; leading sides of 1 in the file are ignored. */
const float *vx_fetch_floats(vx_fetch *fetch, const size_t *sides, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool vx_fetch_has(const vx_fetch *fetch, const char *format, ...) __attribute__((format(printf, 2, 3)));
void *vx_fetch_take(vx_fetch *fetch, size_t count, size_t size);

/* Sides of a tensor, or an error that names it where it is missing or has another rank (leading sides of 1 aside). */
bool vx_fetch_sides(vx_fetch *fetch, const char *name, int rank, size_t *sides);

/* Fills the error with the tensor's name and returns false. */
bool vx_fetch_fail(vx_fetch *fetch, const char *name, const char *why);

/* Fails because there is no head: names its tensor, and what the config says under `key`. */
bool vx_fetch_no_head(vx_fetch *fetch, const char *tensor, const char *key);

/* Fills the error with the config's key and returns false. */
bool vx_config_fail(vx_fetch *fetch, const char *key, const char *why);

/* Fails on a tensor that nothing has taken: a part that the outline does not have, or a name with a slip. */
bool vx_fetch_all_used(vx_fetch *fetch);

/* name + "weight" and name + "bias"; a layer without `bias` gets zeros. */
vx_norm vx_fetch_norm(vx_fetch *fetch, int width, const char *name);
vx_linear vx_fetch_linear(vx_fetch *fetch, int in, int out, bool bias, const char *name);
vx_linear vx_fetch_patch(vx_fetch *fetch, bool bias, const char *name); /* a convolution, as a product over patches */

/* Fills in what follows from the rest: head_dim, grid, leading, tokens. False when the sizes do not fit together, a
   readout reads a token that is not there, or more tokens are without position than lead. */
bool vx_shape_complete(vx_shape *shape);

/* What the head reads of a sample of n tokens (vx_readout): one part or two, each a weighted sum of tokens; no weight
   from the vx_read_high-th token on. The mean of the parts' weights is r, the readout as maps know it. */
double vx_part_weight(const vx_shape *shape, int n, int part, int token);
double vx_read_weight(const vx_shape *shape, int n, int token);

/* fold.c: what is multiplied into weights when a checkpoint is opened. Exact to double precision: the values that
   single passes use are rounded once, and `rest` holds what they miss. */

/* Layer scale: y = scale (W x + b), scale [out]. */
void vx_fold_scale(vx_fetch *fetch, vx_linear *linear, const float *scale);

/* The head of VX_READ_TWO: the mean of what two heads say, of the two tokens side by side. */
vx_linear vx_fold_heads(vx_fetch *fetch, const vx_linear *first, const vx_linear *second);

/* The steps that opening a checkpoint and making a random model share. */
vx_model *vx_model_new(const char *folder);
const float *vx_model_transpose(vx_arena *arena, const vx_linear *linear); /* NULL: out of memory */
bool vx_model_finish_weights(vx_model *model);
/* `label` may be NULL, and so may what it says of a class, which is then called "class 3". */
bool vx_model_make_labels(vx_model *model, const char *(*label)(const vx_model *model, int index));

#endif
