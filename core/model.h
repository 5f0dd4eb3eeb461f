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

/* Each naming: does the checkpoint use it; how many layers; heads and epsilon; all the weights. */
typedef struct vx_naming {
  const char *name;
  bool (*recognise)(const vx_fetch *fetch);
  bool (*shape)(vx_fetch *fetch, vx_shape *shape); /* from the config and tensors' sides */
  void (*weights)(vx_fetch *fetch);
  const char *(*label)(const vx_model *model, int index); /* NULL: not named */
} vx_naming;

extern const vx_naming vx_naming_hf, vx_naming_timm;

/* Fails because there is no head: names its tensor, and what the config says under `key`. */
bool vx_fetch_no_head(vx_fetch *fetch, const char *tensor, const char *key);

/* The heads that a name of timm's stands for; 0: no name of timm's, -1: one that stands for another width. */
int vx_timm_heads(const char *architecture, int width);

/* An integer of the config, or an equal pair of it; `fallback` where the key is absent; an error where it is of another
 * type or below 1. */
int vx_config_int(vx_fetch *fetch, const json_t *object, const char *key, int fallback);

/* Fills the error with the config's key and returns false. */
bool vx_config_fail(vx_fetch *fetch, const char *key, const char *why);

/* Fails when the config names a value that the tensors contradict. */
bool vx_config_agrees(vx_fetch *fetch, const json_t *object, const char *key, int value);

/* Takes the number of heads, which the config tells under `key`: it must divide the width. */
bool vx_config_heads(vx_fetch *fetch, const char *key, int heads, vx_shape *shape);

/* The label of a class in a list, or in a map from the index as a text; NULL: none. */
const char *vx_label_at(const json_t *labels, int index);

/* Whether q, k and v have biases: as the config's `qkv_bias` says, else as the tensor `sample` is there or not, so
   that one of them missing is always noticed. */
bool vx_config_qkv_bias(const vx_fetch *fetch, const json_t *object, const char *sample);

/* Fails on a tensor that nothing has taken: a part that a plain ViT does not have, or a name with a slip. */
bool vx_fetch_all_used(vx_fetch *fetch);

/* Shape from sides shared by both namings: embedding, position and first block. */
bool vx_shape_from_sides(vx_fetch *fetch, vx_shape *shape, const char *cls, const char *patch, const char *position,
                         const char *fc1, const char *head);

/* name.weight and name.bias; a linear layer without `bias` gets zeros. */
vx_norm vx_fetch_norm(vx_fetch *fetch, const char *name);
vx_linear vx_fetch_linear(vx_fetch *fetch, int in, int out, bool bias, const char *name);
vx_linear vx_fetch_patch(vx_fetch *fetch, const char *name); /* the convolution as a product over flattened patches */

/* Fills in what follows from the rest: head_dim, grid, leading, tokens. False when the sizes do not fit together, a
   readout reads a token that is not there, or more tokens are without position than lead. */
bool vx_shape_complete(vx_shape *shape);

/* What the head reads of a sample of n tokens (vx_readout): one part or two, each a weighted sum of tokens; no weight
   from the vx_read_high-th token on. The mean of the parts' weights is r, the readout as maps know it. */
int vx_read_parts(const vx_shape *shape);
int vx_read_high(const vx_shape *shape, int n);
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
bool vx_model_make_labels(vx_model *model, const vx_naming *naming);

#endif
