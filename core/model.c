#include "core/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/digest.h"
#include "base/file.h"

/* ---- opening ------------------------------------------------------------------------------------------------- */

static bool is_lfs_pointer(const char *path) {
  vx_file file = {0};
  bool is = vx_file_read(path, VX_TEXT_BYTES, &file, NULL) && vx_is_lfs_pointer(file.data, file.size);
  vx_file_free(&file);
  return is;
}

static bool read_files(vx_model *model, vx_error *error) {
  char path[4096];
  snprintf(path, sizeof path, "%s/config.json", model->folder);
  json_error_t where;
  model->config = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
  if (!model->config && is_lfs_pointer(path)) return vx_fail(error, path, VX_LFS_POINTER);
  if (!model->config && where.line < 1) return vx_fail(error, path, "cannot be read: %s", where.text);
  if (!model->config) return vx_fail(error, vx_where(error, "%s: line %d", path, where.line), "%s", where.text);
  if (!json_is_object(model->config)) return vx_fail(error, path, "is not a JSON object");
  model->tensors = vx_tensors_open_folder(model->folder, error);
  static const char *const wrappers[] = {"module.", "_orig_mod.", "timm_model.", "model."};
  for (int i = 0; model->tensors && i < 4; i++)
    if (vx_tensors_strip(model->tensors, wrappers[i]))
      i = -1; /* what training wrapped around the model, in any order */
  return model->tensors != NULL;
}

/* Of a checkpoint whose tensors no naming has. */
static bool fail_naming(vx_fetch *fetch) {
  return vx_fail(fetch->error, vx_tensors_path(fetch->model->tensors),
                 "has neither vit.embeddings.patch_embeddings (Hugging Face) nor patch_embed.proj (timm) nor conv_proj "
                 "(torchvision): this is no Vision Transformer that is known");
}

/* A row's 16 values fill a line of the cache: each line is read once, and written once. Without the square in between
   rows a power of two apart would push one another out. */
enum { SQUARE = 16 };

static void transpose_square(const float *restrict from, size_t width, float *restrict to, size_t height) {
  float square[SQUARE][SQUARE];
  for (size_t r = 0; r < SQUARE; r++)
    for (size_t c = 0; c < SQUARE; c++) square[c][r] = from[r * width + c];
  for (size_t c = 0; c < SQUARE; c++) memcpy(to + c * height, square[c], sizeof square[c]);
}

const float *vx_model_transpose(vx_arena *arena, const vx_linear *linear) {
  float *out = VX_TAKE(arena, (size_t)linear->in * (size_t)linear->out, float);
  if (!out) return NULL;
  size_t in = (size_t)linear->in, rows = (size_t)linear->out;
  for (size_t r0 = 0; r0 < rows; r0 += SQUARE)
    for (size_t c0 = 0; c0 < in; c0 += SQUARE) {
      const float *from = linear->weight + r0 * in + c0;
      float *to = out + c0 * rows + r0;
      if (r0 + SQUARE <= rows && c0 + SQUARE <= in) {
        transpose_square(from, in, to, rows);
        continue;
      }
      for (size_t r = 0; r0 + r < rows && r < SQUARE; r++)
        for (size_t c = 0; c0 + c < in && c < SQUARE; c++) to[c * rows + r] = from[r * in + c];
    }
  return out;
}

static bool finish_linear(vx_arena *arena, vx_linear *linear) {
  vx_linear rest = {.in = linear->in, .out = linear->out, .weight = linear->rest};
  return (linear->transposed = vx_model_transpose(arena, linear)) != NULL &&
         (!linear->rest || (linear->rest_transposed = vx_model_transpose(arena, &rest)) != NULL);
}

/* Makes the transposed copies; the last step of opening, shared by all ways to get a model. */
bool vx_model_finish_weights(vx_model *model) {
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  bool ok = finish_linear(model->arena, &model->patch) && finish_linear(model->arena, &model->head);
  for (int l = 0; ok && l < model->shape.layers; l++) {
    vx_linear *linear[] = {&model->block[l].qkv, &model->block[l].proj, &model->block[l].fc1, &model->block[l].fc2};
    for (int i = 0; ok && i < 4; i++) ok = finish_linear(model->arena, linear[i]);
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  model->transpose_ms = 1e3 * (double)(end.tv_sec - start.tv_sec) + 1e-6 * (double)(end.tv_nsec - start.tv_nsec);
  return ok;
}

bool vx_model_make_labels(vx_model *model, const char *(*label)(const vx_model *model, int index)) {
  size_t classes = (size_t)model->shape.classes;
  model->label = VX_TAKE(model->arena, classes, char *);
  if (!model->label) return false;
  for (size_t c = 0; c < classes; c++) {
    const char *name = label ? label(model, (int)c) : NULL;
    size_t size = name ? strlen(name) + 1 : 32;
    if (!(model->label[c] = VX_TAKE(model->arena, size, char))) return false;
    if (name)
      memcpy(model->label[c], name, size);
    else
      snprintf(model->label[c], size, "class %zu", c);
  }
  return true;
}

vx_model *vx_model_new(const char *folder) {
  vx_model *model = calloc(1, sizeof *model);
  if (!model) return NULL;
  pthread_mutex_init(&model->digest_lock, NULL);
  model->folder = strdup(folder);
  model->arena = vx_arena_new();
  if (model->folder && model->arena) return model;
  vx_model_close(model);
  return NULL;
}

vx_model *vx_model_open(const char *folder, vx_error *error) {
  vx_model *model = vx_model_new(folder);
  if (!model) {
    vx_fail(error, folder, "out of memory");
    return NULL;
  }
  vx_fetch fetch = {.model = model, .error = error, .ok = true};
  const vx_naming *namings[] = {&vx_naming_hf, &vx_naming_timm, &vx_naming_torchvision}, *naming = NULL;
  vx_names names = {0};
  bool ok = read_files(model, error) && vx_config_family(&fetch);
  for (int i = 0; ok && !naming && i < 3; i++)
    if (namings[i]->recognise(&fetch, &names)) naming = namings[i];
  if (ok && !naming) ok = fail_naming(&fetch);
  if (ok) {
    model->naming = naming->name;
    ok = naming->shape(&fetch, &names, &model->shape) && fetch.ok;
    if (ok && !vx_shape_complete(&model->shape))
      ok = vx_fail(error, folder, "config and tensors describe no model that is known");
    fetch.used = ok ? vx_fetch_take(&fetch, (size_t)vx_tensors_count(model->tensors), sizeof *fetch.used) : NULL;
    ok = fetch.used != NULL;
  }
  if (ok) {
    model->block = vx_fetch_take(&fetch, (size_t)model->shape.layers, sizeof *model->block);
    if (model->block) vx_names_weights(&fetch, &names);
    ok = vx_fetch_all_used(&fetch);
  }
  if (ok && !(vx_model_make_labels(model, naming->label) && vx_model_finish_weights(model)))
    ok = vx_fail(error, folder, "out of memory");
  if (ok) return model;
  vx_model_close(model);
  return NULL;
}

void vx_model_close(vx_model *model) {
  if (!model) return;
  vx_tensors_close(model->tensors);
  json_decref(model->config);
  vx_arena_free(model->arena);
  pthread_mutex_destroy(&model->digest_lock);
  free(model->folder);
  free(model);
}

/* ---- questions ----------------------------------------------------------------------------------------------- */

const vx_shape *vx_model_shape(const vx_model *model) {
  return &model->shape;
}

const char *vx_model_naming(const vx_model *model) {
  return model->naming;
}

const char *vx_model_label(const vx_model *model, int index) {
  return index >= 0 && index < model->shape.classes ? model->label[index] : "no such class";
}

int vx_model_find_label(const vx_model *model, const char *name) {
  size_t length = strlen(name);
  for (int c = 0; c < model->shape.classes; c++)
    if (strcasecmp(model->label[c], name) == 0) return c;
  for (int c = 0; c < model->shape.classes; c++) /* "tench" for "tench, Tinca tinca" */
    if (strncasecmp(model->label[c], name, length) == 0 && model->label[c][length] == ',') return c;
  return -1;
}

double vx_model_parameters(const vx_model *model) {
  const vx_shape *s = &model->shape;
  double d = s->dim, m = s->mlp;
  double block = 4 * d + 4 * d * d + 4 * d + 2 * d * m + d + m + (s->qk_norm ? 4 * s->head_dim : 0);
  double placed = s->tokens - s->unplaced, head = vx_read_parts(s) * d + 1, norms = 2 * d * (1 + s->pre_norm);
  return d * 3 * s->patch * s->patch + d + (s->leading + placed) * d + s->layers * block + norms + s->classes * head;
}

double vx_model_transpose_ms(const vx_model *model) {
  return model->transpose_ms;
}

bool vx_model_has_probability(const vx_model *model, vx_error *error) {
  return model->shape.problem != VX_NO_PROBABILITY ||
         vx_fail(error, vx_where(error, "%s/config.json: problem_type", model->folder),
                 "is \"regression\": the head's numbers are no probabilities of classes, which gate and scores need; "
                 "`vitx tensor` explains its logits");
}

static void linear_digest(vx_digest *digest, const vx_linear *linear) {
  vx_digest_bytes(digest, linear->weight, sizeof(float) * (size_t)linear->in * (size_t)linear->out);
  vx_digest_bytes(digest, linear->bias, sizeof(float) * (size_t)linear->out);
  if (!linear->rest) return;
  vx_digest_bytes(digest, linear->rest, sizeof(float) * (size_t)linear->in * (size_t)linear->out);
  vx_digest_bytes(digest, linear->rest_bias, sizeof(float) * (size_t)linear->out);
}

/* What a plain ViT has not; nothing for one, whose digests of earlier versions stay. */
static void kind_digest(vx_digest *digest, const vx_shape *s) {
  int kind[] = {s->no_cls,     s->distillation, s->registers, s->unplaced,    (int)s->readout,
                s->activation, s->pre_norm,     s->qk_norm,   (int)s->fc_norm};
  bool plain = true;
  for (size_t i = 0; i < sizeof kind / sizeof *kind; i++) plain = plain && kind[i] == 0;
  if (!plain) vx_digest_bytes(digest, kind, sizeof kind);
}

static void norm_digest(vx_digest *digest, const vx_norm *norm, int dim) {
  if (!norm->weight) return;
  vx_digest_bytes(digest, norm->weight, sizeof(float) * (size_t)dim);
  vx_digest_bytes(digest, norm->bias, sizeof(float) * (size_t)dim);
}

/* Over shape, values in single precision and labels: the same model in either naming, F16 or F32, has one digest. */
static void make_digest(const vx_model *model, char text[VX_DIGEST_SIZE]) {
  const vx_shape *s = &model->shape;
  int sizes[] = {s->layers, s->heads, s->dim, s->mlp, s->patch, s->image, s->classes};
  vx_digest digest;
  vx_digest_start(&digest);
  vx_digest_bytes(&digest, sizes, sizeof sizes);
  vx_digest_real(&digest, s->epsilon);
  if (s->problem != VX_ONE_CLASS) vx_digest_bytes(&digest, &s->problem, sizeof s->problem);
  linear_digest(&digest, &model->patch);
  vx_digest_bytes(&digest, model->leading, sizeof(float) * (size_t)s->leading * (size_t)s->dim);
  vx_digest_bytes(&digest, model->position, sizeof(float) * (size_t)s->tokens * (size_t)s->dim);
  for (int l = 0; l < s->layers; l++) {
    const vx_block *b = &model->block[l];
    const vx_linear *linear[] = {&b->qkv, &b->proj, &b->fc1, &b->fc2};
    norm_digest(&digest, &b->norm1, s->dim);
    norm_digest(&digest, &b->norm2, s->dim);
    norm_digest(&digest, &b->q_norm, s->head_dim);
    norm_digest(&digest, &b->k_norm, s->head_dim);
    for (int i = 0; i < 4; i++) linear_digest(&digest, linear[i]);
  }
  kind_digest(&digest, s);
  norm_digest(&digest, &model->pre_norm, s->dim);
  norm_digest(&digest, &model->norm, s->dim);
  linear_digest(&digest, &model->head);
  for (int c = 0; c < s->classes; c++) vx_digest_text(&digest, model->label[c]);
  vx_digest_print(&digest, text);
}

const char *vx_model_digest(const vx_model *model) {
  vx_model *m = (vx_model *)model; /* remembering the answer does not change the model */
  pthread_mutex_lock(&m->digest_lock);
  if (!m->digest[0]) make_digest(m, m->digest);
  pthread_mutex_unlock(&m->digest_lock);
  return m->digest;
}
