/* How checkpoints call the parts of a model, and what their configs say of it. Private to core. */
#ifndef VX_NAMES_H
#define VX_NAMES_H

#include "core/model.h"

/* A naming's words. A layer's name ends where "weight" and "bias" follow: "norm.", "in_proj_". NULL: it has no such
   part; a part that it has may still be missing in a checkpoint. */
typedef struct vx_names {
  char stem[64];  /* before the names outside the blocks: "vit." */
  char block[96]; /* before a block's number, which a point follows: "vit.encoder.layer." */
  const char *cls, *distillation, *registers, *position, *patch, *pre_norm, *norm, *fc_norm;
  const char *head, *second; /* whole; `second`: on the distillation token */
  const char *norm1, *qkv[3] /* one stacked, or three */, *proj, *scale1, *norm2, *fc1, *fc2, *scale2, *q_norm, *k_norm;
  bool no_qkv_bias; /* as the config says, or its library where it does not */
} vx_names;

/* Each naming: does the checkpoint use it; which words; the shape and how its parts stand together, from the config and
   the tensors' sides; labels. `shape` is filled by vx_names_shape before the config is read. */
typedef struct vx_naming {
  const char *name;
  bool (*recognise)(const vx_fetch *fetch, vx_names *names);
  bool (*shape)(vx_fetch *fetch, const vx_names *names, vx_shape *shape);
  const char *(*label)(const vx_model *model, int index); /* NULL: not named */
} vx_naming;

extern const vx_naming vx_naming_hf, vx_naming_timm, vx_naming_torchvision;

/* ---- names.c: from tensors ------------------------------------------------------------------------------------ */

/* Whether there is a tensor of this part outside the blocks ("norm.weight"), or of block 0. */
bool vx_names_has(const vx_fetch *fetch, const vx_names *names, const char *part, const char *end);
bool vx_names_block_has(const vx_fetch *fetch, const vx_names *names, const char *part, const char *end);

/* Fails because a part outside the blocks is missing. */
bool vx_names_missing(vx_fetch *fetch, const vx_names *names, const char *part);

/* What the sides of tensors tell: layers, dim, mlp, patch, classes, the leading tokens and which norms there are.
   False, with the tensor's name, where one is missing or of another rank. */
bool vx_names_shape(vx_fetch *fetch, const vx_names *names, vx_shape *shape);

/* The side of the patch grid if all leading tokens but the last `unplaced` have a position; 0: not a square. */
int vx_names_grid(const vx_fetch *fetch, const vx_names *names, const vx_shape *shape, int unplaced);

/* Takes the grid of vx_names_grid; false, with the tensor's name, where the positions are no such number. */
bool vx_names_place(vx_fetch *fetch, const vx_names *names, vx_shape *shape, int unplaced);

/* All the weights, into the model. */
void vx_names_weights(vx_fetch *fetch, const vx_names *names);

/* ---- config.c: from config.json ------------------------------------------------------------------------------- */

/* Fails, by the name of the family and of what it would need, for a model that the outline does not hold. */
bool vx_config_family(vx_fetch *fetch);

/* The boolean under `key`; the fallback where there is none. */
bool vx_config_switch(const json_t *object, const char *key, bool fallback);

/* Fails on a key of pretrained_cfg that is not one of timm's. */
bool vx_config_pretrained(vx_fetch *fetch);

/* Fails on a key that is not in `known` (ended by NULL) and is not null: it may change the function. `section` stands
   before the key in the message: "" or "model_args.". */
bool vx_config_only(vx_fetch *fetch, const json_t *object, const char *section, const char *const *known);

/* Fails with the key's place and what it says, compactly: "is \"map\", expected …". */
bool vx_config_expected(vx_fetch *fetch, const json_t *object, const char *section, const char *key,
                        const char *expected);

/* An integer of the config, or an equal pair of it; `fallback` where the key is absent; an error where it is of another
   type or below 1. */
int vx_config_int(vx_fetch *fetch, const json_t *object, const char *key, int fallback);

/* Fails when the config names a value that the tensors contradict: a number, a switch, the ratio of the MLP. */
bool vx_config_agrees(vx_fetch *fetch, const json_t *object, const char *key, int value);
bool vx_config_agrees_count(vx_fetch *fetch, const json_t *object, const char *key, int value); /* 0 is one too */
bool vx_config_agrees_bool(vx_fetch *fetch, const json_t *object, const char *key, bool value);
bool vx_config_agrees_ratio(vx_fetch *fetch, const json_t *object, const char *key, const vx_shape *shape);

/* Fails unless each of the keys (ended by NULL) is absent, null or `value`. */
bool vx_config_all(vx_fetch *fetch, const json_t *object, const char *section, const char *const *keys, bool value);

/* Takes the number of heads, which the config tells under `key`: it must divide the width, and agree with the norms of
   q where there are some. */
bool vx_config_heads(vx_fetch *fetch, const char *key, int heads, const vx_names *names, vx_shape *shape);

/* Takes the activation under `key`, in either library's word for it; absent: it stays as it is. */
bool vx_config_activation(vx_fetch *fetch, const json_t *object, const char *section, const char *key, vx_shape *shape);

/* Takes what the logits mean (problem_type), as transformers' pipeline does. */
bool vx_config_problem(vx_fetch *fetch, const json_t *config, vx_shape *shape);

/* Fails where a list or map of labels has another length than the head. */
bool vx_config_label_count(vx_fetch *fetch, const json_t *config, const char *key, int classes);

/* The label of a class in a list, or in a map from the index as a text; NULL: none. */
const char *vx_label_at(const json_t *labels, int index);

/* What timm's name of an architecture stands for where model_args do not say it (timm 1.0.31). */
typedef struct vx_timm_name {
  int heads; /* 0: no name of timm's, -1: one that stands for another width */
  int registers;
  double epsilon;
  vx_activation activation;
  const char *pool; /* "token", "avg", "map" */
  bool no_cls, no_qkv_bias;
} vx_timm_name;

vx_timm_name vx_timm_meaning(const char *architecture, int width);

/* What a family that the outline does not hold would need, by timm's name or transformers' model type; NULL: none. */
const char *vx_family_needs(const char *name);

#endif
