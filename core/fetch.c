/* Reading a checkpoint: tensors of known shape, errors that name them. */
#include "core/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- fetching tensors ---------------------------------------------------------------------------------------- */

bool vx_fetch_fail(vx_fetch *fetch, const char *name, const char *why) {
  if (fetch->ok)
    vx_fail(fetch->error, vx_where(fetch->error, "%s: %s", vx_tensors_path(fetch->model->tensors), name), "%s", why);
  return fetch->ok = false;
}

void *vx_fetch_take(vx_fetch *fetch, size_t count, size_t size) {
  void *memory = vx_arena_take(fetch->model->arena, count, size);
  if (!memory) vx_fetch_fail(fetch, "weights", "out of memory");
  return memory;
}

bool vx_fetch_has(const vx_fetch *fetch, const char *format, ...) {
  char name[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(name, sizeof name, format, arguments);
  va_end(arguments);
  return vx_tensors_find(fetch->model->tensors, name) != NULL;
}

static void shape_text(const size_t *sides, int rank, char *text, size_t size) {
  size_t used = 0;
  text[0] = 0;
  for (int i = 0; i < rank && used < size; i++) {
    int wrote = snprintf(text + used, size - used, "%s%zu", i ? ", " : "", sides[i]);
    used += (size_t)wrote;
  }
}

/* The shape without leading sides of 1 beyond `rank`. */
static const size_t *significant(const vx_tensor *tensor, int rank, int *kept) {
  int skip = 0;
  while (tensor->rank - skip > rank && tensor->shape[skip] == 1) skip++;
  *kept = tensor->rank - skip;
  return tensor->shape + skip;
}

const float *vx_fetch_floats(vx_fetch *fetch, const size_t *sides, const char *format, ...) {
  char name[256], found[128], expected[128], why[320];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(name, sizeof name, format, arguments);
  va_end(arguments);
  if (!fetch->ok) return NULL;
  const vx_tensor *tensor = vx_tensors_find(fetch->model->tensors, name);
  if (!tensor) {
    vx_fetch_fail(fetch, name, "tensor is missing");
    return NULL;
  }
  int rank = 0, kept;
  while (sides[rank]) rank++;
  const size_t *shape = significant(tensor, rank, &kept);
  if (kept != rank || memcmp(shape, sides, (size_t)rank * sizeof *sides) != 0) {
    shape_text(tensor->shape, tensor->rank, found, sizeof found);
    shape_text(sides, rank, expected, sizeof expected);
    snprintf(why, sizeof why, "shape is [%s], expected [%s]", found, expected);
    vx_fetch_fail(fetch, name, why);
    return NULL;
  }
  if (tensor->dtype != VX_F64 && tensor->dtype != VX_F32 && tensor->dtype != VX_F16 && tensor->dtype != VX_BF16) {
    vx_fetch_fail(fetch, name, "dtype is not one of F64, F32, F16, BF16");
    return NULL;
  }
  fetch->used[tensor - vx_tensors_at(fetch->model->tensors, 0)] = true;
  if (tensor->dtype == VX_F32 && (uintptr_t)tensor->data % sizeof(float) == 0) return tensor->data;
  float *copy = vx_fetch_take(fetch, tensor->count, sizeof(float));
  if (copy) vx_tensor_to_float(tensor, copy);
  return copy;
}

/* Leftovers of training, whose output nothing reads: the pooler, and what stood for patches that were to be guessed. */
static bool is_leftover(const char *name) {
  return strstr(name, "pooler.dense.") || strstr(name, "embeddings.mask_token");
}

bool vx_fetch_all_used(vx_fetch *fetch) {
  for (int i = 0; fetch->ok && i < vx_tensors_count(fetch->model->tensors); i++) {
    const char *name = vx_tensors_at(fetch->model->tensors, i)->name;
    if (!fetch->used[i] && !is_leftover(name))
      vx_fetch_fail(fetch, name, "is no tensor of this model under its naming, or one that its config denies");
  }
  return fetch->ok;
}

bool vx_fetch_sides(vx_fetch *fetch, const char *name, int rank, size_t *sides) {
  if (!fetch->ok) return false;
  const vx_tensor *tensor = vx_tensors_find(fetch->model->tensors, name);
  if (!tensor) return vx_fetch_fail(fetch, name, "tensor is missing");
  int kept;
  const size_t *shape = significant(tensor, rank, &kept);
  char why[128];
  if (kept != rank) {
    snprintf(why, sizeof why, "has %d sides, expected %d", tensor->rank, rank);
    return vx_fetch_fail(fetch, name, why);
  }
  for (int i = 0; i < rank; i++) {
    sides[i] = shape[i];
    if (sides[i] == 0 || sides[i] > 1 << 20) {
      snprintf(why, sizeof why, "side %d is %zu, expected 1 to %d", i, sides[i], 1 << 20);
      return vx_fetch_fail(fetch, name, why);
    }
  }
  return true;
}

bool vx_fetch_no_head(vx_fetch *fetch, const char *tensor, const char *key) {
  char why[300];
  char *stated = json_dumps(json_object_get(fetch->model->config, key), JSON_ENCODE_ANY | JSON_COMPACT);
  snprintf(why, sizeof why,
           "tensor is missing: this is a backbone without a head (config.json: %s is %.100s), which knows no classes; "
           "expected a checkpoint fine-tuned for classification",
           key, stated ? stated : "missing");
  free(stated);
  return vx_fetch_fail(fetch, tensor, why);
}

/* ---- the pieces that all namings share ------------------------------------------------------------------------ */

static const float *fetch_bias(vx_fetch *fetch, int size, const char *name) {
  return vx_fetch_floats(fetch, (size_t[]){(size_t)size, 0}, "%sbias", name);
}

vx_norm vx_fetch_norm(vx_fetch *fetch, int width, const char *name) {
  size_t sides[] = {(size_t)width, 0};
  return (vx_norm){vx_fetch_floats(fetch, sides, "%sweight", name), fetch_bias(fetch, width, name)};
}

vx_linear vx_fetch_linear(vx_fetch *fetch, int in, int out, bool bias, const char *name) {
  size_t sides[] = {(size_t)out, (size_t)in, 0};
  vx_linear linear = {.in = in, .out = out, .weight = vx_fetch_floats(fetch, sides, "%sweight", name)};
  linear.bias = bias ? fetch_bias(fetch, out, name) : vx_fetch_take(fetch, (size_t)out, sizeof(float));
  return linear;
}

vx_linear vx_fetch_patch(vx_fetch *fetch, bool bias, const char *name) {
  const vx_shape *s = &fetch->model->shape;
  size_t side = (size_t)s->patch, sides[] = {(size_t)s->dim, 3, side, side, 0};
  vx_linear linear = {.in = 3 * s->patch * s->patch, .out = s->dim};
  linear.weight = vx_fetch_floats(fetch, sides, "%sweight", name);
  linear.bias = bias ? fetch_bias(fetch, s->dim, name) : vx_fetch_take(fetch, (size_t)s->dim, sizeof(float));
  return linear;
}
