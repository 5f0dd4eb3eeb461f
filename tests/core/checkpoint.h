/* A checkpoint that a test takes apart and writes again: tensors and config of a folder, changed at will. */
#ifndef VX_TEST_CHECKPOINT_H
#define VX_TEST_CHECKPOINT_H

#include <jansson.h>

#include "core/safetensors.h"
#include "core/vx.h"
#include "tests/support/files.h"

enum { TENSORS_MAX = 512 };

typedef struct checkpoint {
  vx_tensors *file;
  vx_tensor tensor[TENSORS_MAX]; /* data: of the file, or taken by the test */
  int count;
  json_t *config;
  void *taken[TENSORS_MAX]; /* freed at the end */
  int taken_count;
} checkpoint;

static inline checkpoint *checkpoint_load(const char *folder) {
  checkpoint *c = calloc(1, sizeof *c);
  vx_error error = {0};
  char *path = path_in(folder, "model.safetensors");
  c->file = vx_tensors_open(path, &error);
  ck_assert_msg(c->file != NULL, "%s: %s", error.where, error.why);
  c->count = vx_tensors_count(c->file);
  ck_assert_int_le(c->count, TENSORS_MAX - 1);
  for (int i = 0; i < c->count; i++) c->tensor[i] = *vx_tensors_at(c->file, i);
  free(path);
  path = path_in(folder, "config.json");
  c->config = json_load_file(path, 0, NULL);
  ck_assert_ptr_nonnull(c->config);
  free(path);
  return c;
}

static inline void checkpoint_free(checkpoint *c) {
  for (int i = 0; i < c->taken_count; i++) free(c->taken[i]);
  json_decref(c->config);
  vx_tensors_close(c->file);
  free(c);
}

static inline vx_tensor *checkpoint_find(checkpoint *c, const char *name) {
  for (int i = 0; i < c->count; i++)
    if (strcmp(c->tensor[i].name, name) == 0) return &c->tensor[i];
  ck_abort_msg("the test's checkpoint has no tensor %s", name);
  return NULL;
}

static inline void checkpoint_drop(checkpoint *c, const char *name) {
  *checkpoint_find(c, name) = c->tensor[c->count - 1];
  c->count--;
}

/* The tensor's values as single-precision numbers of the test's own, to be changed. */
static inline float *checkpoint_floats(checkpoint *c, const char *name) {
  vx_tensor *t = checkpoint_find(c, name);
  float *values = malloc(t->count * sizeof *values + 1);
  vx_tensor_to_float(t, values);
  t->data = c->taken[c->taken_count++] = values;
  t->dtype = VX_F32;
  return values;
}

/* Writes both files into `folder`. */
static inline void checkpoint_save(const checkpoint *c, const char *folder) {
  vx_error error = {0};
  char *path = path_in(folder, "model.safetensors");
  ck_assert_msg(vx_tensors_write(path, c->tensor, c->count, &error), "%s: %s", error.where, error.why);
  free(path);
  path = path_in(folder, "config.json");
  ck_assert_int_eq(json_dump_file(c->config, path, 0), 0);
  free(path);
}

#endif
