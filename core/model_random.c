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
  vx_linear head = {.in = vx_read_parts(&model->shape) * model->shape.dim, .out = classes};
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

static bool random_norm(vx_model *model, vx_norm *norm, int width, uint64_t *stream) {
  norm->weight = random_floats(model, (size_t)width, 1, 0.1, stream);
  norm->bias = random_floats(model, (size_t)width, 0, 0.1, stream);
  return norm->weight && norm->bias;
}

/* [leading + grid^2][d], zeros where a leading token has none. */
static float *random_position(vx_model *model, uint64_t *stream) {
  const vx_shape *s = &model->shape;
  size_t d = (size_t)s->dim;
  float *position = random_floats(model, (size_t)s->tokens * d, 0, 0.5, stream);
  for (size_t i = (size_t)(s->leading - s->unplaced) * d; position && i < (size_t)s->leading * d; i++) position[i] = 0;
  return position;
}

static bool random_scale(vx_model *model, vx_fetch *fetch, vx_linear *linear, uint64_t *stream) {
  float *scale = random_floats(model, (size_t)linear->out, 0.5, 0.5, stream);
  if (scale) vx_fold_scale(fetch, linear, scale);
  return scale && fetch->ok;
}

/* What only some of the family have; after all others, so that a plain model's numbers stay what they were. */
static bool random_extras(vx_model *model, vx_error *error, uint64_t *stream) {
  const vx_shape *s = &model->shape;
  vx_fetch fetch = {.model = model, .error = error, .ok = true};
  bool ok = !s->pre_norm || random_norm(model, &model->pre_norm, s->dim, stream);
  for (int l = 0; ok && l < s->layers; l++) {
    vx_block *b = &model->block[l];
    if (s->qk_norm)
      ok = random_norm(model, &b->q_norm, s->head_dim, stream) && random_norm(model, &b->k_norm, s->head_dim, stream);
    if (s->scaled)
      ok = ok && random_scale(model, &fetch, &b->proj, stream) && random_scale(model, &fetch, &b->fc2, stream);
  }
  vx_linear second;
  if (!ok || s->readout != VX_READ_TWO) return ok;
  ok = random_linear(model, &second, s->dim, s->classes, stream);
  if (ok) model->head = vx_fold_heads(&fetch, &model->head, &second);
  return ok && fetch.ok;
}

static bool random_weights(vx_model *model, vx_error *error, uint64_t *stream) {
  const vx_shape *s = &model->shape;
  int read = s->readout == VX_READ_TWO ? 1 : vx_read_parts(s); /* parts that one head reads */
  model->block = VX_TAKE(model->arena, s->layers, vx_block);
  model->leading = random_floats(model, (size_t)s->leading * (size_t)s->dim, 0, 0.5, stream);
  model->position = random_position(model, stream);
  bool ok = model->block && model->leading && model->position;
  ok = ok && random_linear(model, &model->patch, 3 * s->patch * s->patch, s->dim, stream);
  for (int l = 0; ok && l < s->layers; l++) {
    vx_block *b = &model->block[l];
    ok = random_norm(model, &b->norm1, s->dim, stream) && random_norm(model, &b->norm2, s->dim, stream) &&
         random_linear(model, &b->qkv, s->dim, 3 * s->dim, stream) &&
         random_linear(model, &b->proj, s->dim, s->dim, stream) &&
         random_linear(model, &b->fc1, s->dim, s->mlp, stream) && random_linear(model, &b->fc2, s->mlp, s->dim, stream);
  }
  return ok && random_norm(model, &model->norm, s->dim, stream) &&
         random_linear(model, &model->head, read * s->dim, s->classes, stream) && random_extras(model, error, stream);
}

vx_model *vx_model_random(const vx_shape *shape, uint64_t seed, vx_error *error) {
  vx_shape s = *shape;
  if (!vx_shape_complete(&s)) {
    vx_fail(error, "random model", "the shape does not fit together");
    return NULL;
  }
  vx_model *model = vx_model_new("random model");
  if (model) {
    model->shape = s;
    model->naming = "random";
    uint64_t stream = seed << 20;
    if (random_weights(model, error, &stream) && vx_model_finish_weights(model) && vx_model_make_labels(model, NULL))
      return model;
  }
  vx_model_close(model);
  vx_fail(error, "random model", "out of memory");
  return NULL;
}
