/* Models of random numbers: for benchmarks, property tests and the random-head check. */
#include "core/model.h"

#include <math.h>

#include "base/random.h"

static float *random_floats(vx_model *model, size_t count, double mean, double sigma, uint64_t *stream) {
  float *values = VX_TAKE(model->arena, count, float);
  uint64_t start = vx_random_stream(0, ++*stream);
  if (values)
    for (size_t i = 0; i < count; i++) values[i] = (float)(mean + (sigma > 0 ? sigma * vx_random_normal(start, i) : 0));
  return values;
}

bool vx_model_randomise_head(vx_model *model, int classes, uint64_t seed, vx_error *error) {
  if (classes < 1 || classes > 1 << 20)
    return vx_fail(error, "head.random", "%d classes, expected 1 to 1048576", classes);
  uint64_t stream = seed << 20;
  vx_linear head = {.in = model->shape.dim, .out = classes};
  head.weight = random_floats(model, (size_t)classes * (size_t)head.in, 0, 0.02, &stream);
  head.bias = random_floats(model, (size_t)classes, 0, 0, &stream);
  if (!head.weight || !head.bias) return vx_fail(error, "head.random", "out of memory");
  if (!(head.transposed = vx_model_transpose(model->arena, &head)))
    return vx_fail(error, "head.random", "out of memory");
  model->head = head;
  model->shape.classes = classes;
  model->shape.problem = classes > 1 ? VX_ONE_CLASS : VX_EACH_CLASS;
  if (!vx_model_make_labels(model, NULL)) return vx_fail(error, "head.random", "out of memory");
  model->digest[0] = '\0'; /* it is another model now */
  return true;
}

/* Weights of size 1/sqrt(in) keep activations of order one at any width. */
static bool random_linear(vx_model *model, vx_linear *linear, int in, int out, uint64_t *stream) {
  linear->in = in;
  linear->out = out;
  linear->weight = random_floats(model, (size_t)in * (size_t)out, 0, 1 / sqrt(in), stream);
  linear->bias = random_floats(model, (size_t)out, 0, 0.1, stream);
  return linear->weight && linear->bias;
}

static bool random_norm(vx_model *model, vx_norm *norm, uint64_t *stream) {
  norm->weight = random_floats(model, (size_t)model->shape.dim, 1, 0.1, stream);
  norm->bias = random_floats(model, (size_t)model->shape.dim, 0, 0.1, stream);
  return norm->weight && norm->bias;
}

static bool random_weights(vx_model *model, uint64_t *stream) {
  const vx_shape *s = &model->shape;
  model->block = VX_TAKE(model->arena, s->layers, vx_block);
  model->cls = random_floats(model, (size_t)s->dim, 0, 0.5, stream);
  model->position = random_floats(model, (size_t)s->tokens * (size_t)s->dim, 0, 0.5, stream);
  bool ok = model->block && model->cls && model->position;
  ok = ok && random_linear(model, &model->patch, 3 * s->patch * s->patch, s->dim, stream);
  for (int l = 0; ok && l < s->layers; l++) {
    vx_block *b = &model->block[l];
    ok = random_norm(model, &b->norm1, stream) && random_norm(model, &b->norm2, stream) &&
         random_linear(model, &b->qkv, s->dim, 3 * s->dim, stream) &&
         random_linear(model, &b->proj, s->dim, s->dim, stream) &&
         random_linear(model, &b->fc1, s->dim, s->mlp, stream) && random_linear(model, &b->fc2, s->mlp, s->dim, stream);
  }
  return ok && random_norm(model, &model->norm, stream) &&
         random_linear(model, &model->head, s->dim, s->classes, stream);
}

vx_model *vx_model_random(const vx_shape *shape, uint64_t seed, vx_error *error) {
  vx_shape s = *shape;
  if (s.layers < 1 || s.heads < 1 || s.dim < 1 || s.mlp < 1 || s.patch < 1 || s.classes < 1 || s.dim % s.heads != 0 ||
      s.image < s.patch || s.image % s.patch != 0) {
    vx_fail(error, "random model", "the shape does not fit together");
    return NULL;
  }
  s.head_dim = s.dim / s.heads;
  s.grid = s.image / s.patch;
  s.leading = 1;
  s.tokens = s.leading + s.grid * s.grid;
  vx_model *model = vx_model_new("random model");
  if (model) {
    model->shape = s;
    model->naming = "random";
    uint64_t stream = seed << 20;
    if (random_weights(model, &stream) && vx_model_finish_weights(model) && vx_model_make_labels(model, NULL))
      return model;
  }
  vx_model_close(model);
  vx_fail(error, "random model", "out of memory");
  return NULL;
}
