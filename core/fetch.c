/* Reading a checkpoint: tensors of known shape, keys of the config, errors that name them. */
#include "core/model.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- fetching tensors ---------------------------------------------------------------------------------------- */

static bool fetch_fail(vx_fetch *fetch, const char *name, const char *why) {
  if (fetch->ok)
    vx_fail(fetch->error, vx_where(fetch->error, "%s: %s", vx_tensors_path(fetch->model->tensors), name), "%s", why);
  return fetch->ok = false;
}

void *vx_fetch_take(vx_fetch *fetch, size_t count, size_t size) {
  void *memory = vx_arena_take(fetch->model->arena, count, size);
  if (!memory) fetch_fail(fetch, "weights", "out of memory");
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
    fetch_fail(fetch, name, "tensor is missing");
    return NULL;
  }
  int rank = 0, kept;
  while (sides[rank]) rank++;
  const size_t *shape = significant(tensor, rank, &kept);
  if (kept != rank || memcmp(shape, sides, (size_t)rank * sizeof *sides) != 0) {
    shape_text(tensor->shape, tensor->rank, found, sizeof found);
    shape_text(sides, rank, expected, sizeof expected);
    snprintf(why, sizeof why, "shape is [%s], expected [%s]", found, expected);
    fetch_fail(fetch, name, why);
    return NULL;
  }
  if (tensor->dtype != VX_F64 && tensor->dtype != VX_F32 && tensor->dtype != VX_F16 && tensor->dtype != VX_BF16) {
    fetch_fail(fetch, name, "dtype is not one of F64, F32, F16, BF16");
    return NULL;
  }
  fetch->used[tensor - vx_tensors_at(fetch->model->tensors, 0)] = true;
  if (tensor->dtype == VX_F32 && (uintptr_t)tensor->data % sizeof(float) == 0) return tensor->data;
  float *copy = vx_fetch_take(fetch, tensor->count, sizeof(float));
  if (copy) vx_tensor_to_float(tensor, copy);
  return copy;
}

bool vx_fetch_all_used(vx_fetch *fetch) {
  for (int i = 0; fetch->ok && i < vx_tensors_count(fetch->model->tensors); i++) {
    const char *name = vx_tensors_at(fetch->model->tensors, i)->name;
    bool pooler = strstr(name, ".pooler.dense.") != NULL; /* a leftover of training: nothing reads its output */
    if (!fetch->used[i] && !pooler) fetch_fail(fetch, name, "is no tensor of a plain ViT under this naming");
  }
  return fetch->ok;
}

/* Sides of a tensor, or an error that names it when it is missing or has another rank (leading 1s aside). */
static bool sides_of(vx_fetch *fetch, const char *name, int rank, size_t *sides) {
  if (!fetch->ok) return false;
  const vx_tensor *tensor = vx_tensors_find(fetch->model->tensors, name);
  if (!tensor) return fetch_fail(fetch, name, "tensor is missing");
  int kept;
  const size_t *shape = significant(tensor, rank, &kept);
  char why[128];
  if (kept != rank) {
    snprintf(why, sizeof why, "has %d sides, expected %d", tensor->rank, rank);
    return fetch_fail(fetch, name, why);
  }
  for (int i = 0; i < rank; i++) {
    sides[i] = shape[i];
    if (sides[i] == 0 || sides[i] > 1 << 20) {
      snprintf(why, sizeof why, "side %d is %zu, expected 1 to %d", i, sides[i], 1 << 20);
      return fetch_fail(fetch, name, why);
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
  return fetch_fail(fetch, tensor, why);
}

/* ---- config -------------------------------------------------------------------------------------------------- */

bool vx_config_fail(vx_fetch *fetch, const char *key, const char *why) {
  if (fetch->ok)
    vx_fail(fetch->error, vx_where(fetch->error, "%s/config.json: %s", fetch->model->folder, key), "%s", why);
  return fetch->ok = false;
}

int vx_config_int(vx_fetch *fetch, const json_t *object, const char *key, int fallback) {
  json_t *value = json_object_get(object, key);
  if (!value || json_is_null(value)) return fallback;
  if (json_is_array(value) && json_array_size(value) == 2) { /* height and width */
    if (!json_equal(json_array_get(value, 0), json_array_get(value, 1))) {
      vx_config_fail(fetch, key, "is not square: height and width differ");
      return fallback;
    }
    value = json_array_get(value, 0);
  }
  json_int_t number = json_integer_value(value);
  if (!json_is_integer(value) || number < 1 || number > 1 << 20) {
    vx_config_fail(fetch, key, "is not a whole number from 1 to 1048576");
    return fallback;
  }
  return (int)number;
}

bool vx_config_agrees(vx_fetch *fetch, const json_t *object, const char *key, int value) {
  int stated = vx_config_int(fetch, object, key, value);
  if (stated == value || !fetch->ok) return fetch->ok;
  char why[128];
  snprintf(why, sizeof why, "is %d, but the tensors in model.safetensors say %d", stated, value);
  return vx_config_fail(fetch, key, why);
}

bool vx_config_heads(vx_fetch *fetch, const char *key, int heads, vx_shape *shape) {
  if (!fetch->ok) return false;
  if (heads == 0) return vx_config_fail(fetch, key, "is missing, and no tensor tells it");
  if (shape->dim % heads != 0) {
    char why[128];
    snprintf(why, sizeof why, "is %d, which does not divide the width %d", heads, shape->dim);
    return vx_config_fail(fetch, key, why);
  }
  shape->heads = heads;
  shape->head_dim = shape->dim / heads;
  return true;
}

const char *vx_label_at(const json_t *labels, int index) {
  char key[16];
  snprintf(key, sizeof key, "%d", index);
  return json_string_value(json_is_array(labels) ? json_array_get(labels, (size_t)index)
                                                 : json_object_get(labels, key));
}

bool vx_config_qkv_bias(const vx_fetch *fetch, const json_t *object, const char *sample) {
  const json_t *stated = json_object_get(object, "qkv_bias");
  return json_is_boolean(stated) ? json_is_true(stated) : vx_fetch_has(fetch, "%s", sample);
}

bool vx_shape_from_sides(vx_fetch *fetch, vx_shape *shape, const char *cls, const char *patch, const char *position,
                         const char *fc1, const char *head) {
  size_t c[1], p[4], e[2], f[2], h[2];
  if (!sides_of(fetch, cls, 1, c) || !sides_of(fetch, patch, 4, p) || !sides_of(fetch, position, 2, e) ||
      !sides_of(fetch, fc1, 2, f) || !sides_of(fetch, head, 2, h))
    return false;
  if (p[1] != 3) return fetch_fail(fetch, patch, "does not take 3 colour channels");
  if (p[2] != p[3]) return fetch_fail(fetch, patch, "patches are not square");
  if (p[2] > 4096) return fetch_fail(fetch, patch, "patches have a side of more than 4096");
  shape->dim = (int)c[0];
  shape->patch = (int)p[2];
  shape->tokens = (int)e[0];
  shape->leading = 1; /* [CLS] */
  shape->mlp = (int)f[0];
  shape->classes = (int)h[0];
  shape->grid = (int)lround(sqrt((double)(shape->tokens - shape->leading)));
  if (shape->grid < 1 || shape->leading + shape->grid * shape->grid != shape->tokens)
    return fetch_fail(fetch, position, "does not have 1 + a square number of positions");
  shape->image = shape->grid * shape->patch;
  return true;
}

/* ---- the pieces that both namings share ---------------------------------------------------------------------- */

vx_norm vx_fetch_norm(vx_fetch *fetch, const char *name) {
  size_t sides[] = {(size_t)fetch->model->shape.dim, 0};
  return (vx_norm){vx_fetch_floats(fetch, sides, "%s.weight", name), vx_fetch_floats(fetch, sides, "%s.bias", name)};
}

static const float *fetch_bias(vx_fetch *fetch, int size, const char *name) {
  return vx_fetch_floats(fetch, (size_t[]){(size_t)size, 0}, "%s.bias", name);
}

vx_linear vx_fetch_linear(vx_fetch *fetch, int in, int out, bool bias, const char *name) {
  size_t sides[] = {(size_t)out, (size_t)in, 0};
  vx_linear linear = {.in = in, .out = out, .weight = vx_fetch_floats(fetch, sides, "%s.weight", name)};
  linear.bias = bias ? fetch_bias(fetch, out, name) : vx_fetch_take(fetch, (size_t)out, sizeof(float));
  return linear;
}

vx_linear vx_fetch_patch(vx_fetch *fetch, const char *name) {
  const vx_shape *s = &fetch->model->shape;
  size_t sides[] = {(size_t)s->dim, 3, (size_t)s->patch, (size_t)s->patch, 0};
  const float *weight = vx_fetch_floats(fetch, sides, "%s.weight", name);
  return (vx_linear){
      .in = 3 * s->patch * s->patch, .out = s->dim, .weight = weight, .bias = fetch_bias(fetch, s->dim, name)};
}
