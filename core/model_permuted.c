/* Models whose tensors are shuffled: what is left of a map when nothing that was learnt is left (spec section 10). */
#include "core/model.h"

#include <string.h>

#include "base/random.h"

typedef struct shuffling {
  vx_arena *arena;
  uint64_t seed, tensor; /* how many tensors were shuffled: each has a stream of its own */
  bool ok;
} shuffling;

/* The values of a tensor in another order, each order as likely; NULL where there is no tensor. */
static const float *shuffle(shuffling *s, const float *from, size_t count) {
  uint64_t stream = vx_random_stream(s->seed, s->tensor++);
  float *to = from && s->ok ? VX_TAKE(s->arena, count, float) : NULL;
  if (!from || !to) {
    s->ok = s->ok && !from;
    return NULL;
  }
  memcpy(to, from, count * sizeof *to);
  for (size_t i = count; i > 1; i--) {
    size_t other = vx_random_below(vx_random_bits(stream, i), (uint32_t)i);
    float value = to[other];
    to[other] = to[i - 1];
    to[i - 1] = value;
  }
  return to;
}

static vx_linear shuffle_linear(shuffling *s, const vx_linear *from) {
  return (vx_linear){.in = from->in,
                     .out = from->out,
                     .weight = shuffle(s, from->weight, (size_t)from->in * (size_t)from->out),
                     .bias = shuffle(s, from->bias, (size_t)from->out)};
}

static vx_norm shuffle_norm(shuffling *s, const vx_norm *from, int width) {
  return (vx_norm){shuffle(s, from->weight, (size_t)width), shuffle(s, from->bias, (size_t)width)};
}

static vx_block shuffle_block(shuffling *s, const vx_block *from, int dim, int head_dim) {
  return (vx_block){.norm1 = shuffle_norm(s, &from->norm1, dim),
                    .norm2 = shuffle_norm(s, &from->norm2, dim),
                    .q_norm = shuffle_norm(s, &from->q_norm, head_dim),
                    .k_norm = shuffle_norm(s, &from->k_norm, head_dim),
                    .qkv = shuffle_linear(s, &from->qkv),
                    .proj = shuffle_linear(s, &from->proj),
                    .fc1 = shuffle_linear(s, &from->fc1),
                    .fc2 = shuffle_linear(s, &from->fc2)};
}

/* A model with the shape and the labels of `like`, which has to stay, and blocks without weights. */
static vx_model *bare(const vx_model *like) {
  vx_model *model = vx_model_new(like->folder);
  vx_block *blocks = model ? VX_TAKE(model->arena, like->shape.layers, vx_block) : NULL;
  if (!blocks) {
    vx_model_close(model);
    return NULL;
  }
  model->shape = like->shape;
  model->naming = like->naming;
  model->label = like->label;
  model->block = blocks;
  return model;
}

vx_model *vx_model_permuted(const vx_model *from, uint64_t seed, vx_error *error) {
  const vx_shape *shape = &from->shape;
  vx_model *to = bare(from);
  if (to) {
    shuffling s = {.arena = to->arena, .seed = seed, .ok = true};
    to->leading = shuffle(&s, from->leading, (size_t)shape->leading * (size_t)shape->dim);
    to->position = shuffle(&s, from->position, (size_t)shape->tokens * (size_t)shape->dim);
    to->patch = shuffle_linear(&s, &from->patch);
    for (int l = 0; l < shape->layers; l++) to->block[l] = shuffle_block(&s, &from->block[l], shape->dim, shape->head_dim);
    to->pre_norm = shuffle_norm(&s, &from->pre_norm, shape->dim);
    to->norm = shuffle_norm(&s, &from->norm, shape->dim);
    to->head = shuffle_linear(&s, &from->head);
    if (s.ok && vx_model_finish_weights(to)) return to;
  }
  vx_model_close(to);
  vx_fail(error, from->folder, "out of memory for a model with permuted weights");
  return NULL;
}

size_t vx_model_bytes(const vx_model *model) {
  return vx_arena_bytes(model->arena);
}

vx_model *vx_model_blend(const vx_model *model, vx_error *error) {
  vx_model *blend = bare(model);
  if (blend)
    vx_model_blend_set(blend, model, model, 0);
  else
    vx_fail(error, model->folder, "out of memory");
  return blend;
}

int vx_model_blend_steps(const vx_shape *shape) {
  return shape->layers + 2;
}

void vx_model_blend_set(vx_model *blend, const vx_model *model, const vx_model *top, int steps) {
  int layers = blend->shape.layers;
  const vx_model *head = steps > 0 ? top : model, *embedding = steps > layers + 1 ? top : model;
  blend->head = head->head;
  blend->norm = head->norm;
  for (int l = 0; l < layers; l++) blend->block[l] = (layers - l < steps ? top : model)->block[l];
  blend->patch = embedding->patch;
  blend->leading = embedding->leading;
  blend->pre_norm = embedding->pre_norm;
  blend->position = embedding->position;
}
