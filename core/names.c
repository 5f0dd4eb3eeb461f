/* The parts of a model under any naming: its shape from the sides of tensors, then all the weights. */
#include "core/names.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME = 192 };

static const char *outside(const vx_names *names, const char *part, char name[NAME]) {
  snprintf(name, NAME, "%s%s", names->stem, part);
  return name;
}

static const char *inside(const vx_names *names, int layer, const char *part, char name[NAME]) {
  snprintf(name, NAME, "%s%d.%s", names->block, layer, part);
  return name;
}

bool vx_names_has(const vx_fetch *fetch, const vx_names *names, const char *part, const char *end) {
  return part && vx_fetch_has(fetch, "%s%s%s", names->stem, part, end);
}

bool vx_names_block_has(const vx_fetch *fetch, const vx_names *names, const char *part, const char *end) {
  return part && vx_fetch_has(fetch, "%s0.%s%s", names->block, part, end);
}

bool vx_names_missing(vx_fetch *fetch, const vx_names *names, const char *part) {
  char name[NAME];
  return vx_fetch_fail(fetch, outside(names, part, name), "tensor is missing");
}

/* ---- shape ----------------------------------------------------------------------------------------------------- */

static bool patch_sides(vx_fetch *fetch, const vx_names *names, vx_shape *s) {
  char name[NAME];
  size_t p[4];
  outside(names, names->patch, name);
  strncat(name, "weight", NAME - strlen(name) - 1);
  if (!vx_fetch_sides(fetch, name, 4, p)) return false;
  if (p[1] != 3) return vx_fetch_fail(fetch, name, "does not take 3 colour channels");
  if (p[2] != p[3]) return vx_fetch_fail(fetch, name, "patches are not square");
  if (p[2] > 4096) return vx_fetch_fail(fetch, name, "patches have a side of more than 4096");
  s->dim = (int)p[0];
  s->patch = (int)p[2];
  return true;
}

static bool leading_sides(vx_fetch *fetch, const vx_names *names, vx_shape *s) {
  char name[NAME];
  size_t r[2] = {0, 0};
  s->no_cls = !vx_names_has(fetch, names, names->cls, "");
  s->distillation = vx_names_has(fetch, names, names->distillation, "");
  if (vx_names_has(fetch, names, names->registers, "") &&
      !vx_fetch_sides(fetch, outside(names, names->registers, name), 2, r))
    return false;
  s->registers = (int)r[0];
  s->leading = !s->no_cls + s->distillation + s->registers;
  return true;
}

bool vx_names_shape(vx_fetch *fetch, const vx_names *names, vx_shape *s) {
  char fc1[NAME], head[NAME];
  size_t f[2], h[2];
  inside(names, 0, names->fc1, fc1);
  strncat(fc1, "weight", NAME - strlen(fc1) - 1);
  snprintf(head, NAME, "%sweight", names->head);
  if (!patch_sides(fetch, names, s) || !leading_sides(fetch, names, s) || !vx_fetch_sides(fetch, fc1, 2, f) ||
      !vx_fetch_sides(fetch, head, 2, h))
    return false;
  s->mlp = (int)f[0];
  s->classes = (int)h[0];
  s->pre_norm = vx_names_has(fetch, names, names->pre_norm, "weight");
  s->qk_norm = vx_names_block_has(fetch, names, names->q_norm, "weight");
  s->scaled = vx_names_block_has(fetch, names, names->scale1, "");
  for (s->layers = 1; vx_fetch_has(fetch, "%s%d.%sweight", names->block, s->layers, names->norm1);) s->layers++;
  return true;
}

int vx_names_grid(const vx_fetch *fetch, const vx_names *names, const vx_shape *s, int unplaced) {
  char name[NAME];
  const vx_tensor *tensor = vx_tensors_find(fetch->model->tensors, outside(names, names->position, name));
  double patches = tensor && tensor->rank > 1 ? (double)tensor->shape[tensor->rank - 2] - (s->leading - unplaced) : 0;
  int grid = patches > 0 && patches < 1 << 20 ? (int)lround(sqrt(patches)) : 0;
  return grid > 0 && (double)grid * grid == patches ? grid : 0;
}

bool vx_names_place(vx_fetch *fetch, const vx_names *names, vx_shape *s, int unplaced) {
  char name[NAME], why[128];
  size_t sides[2];
  if (!vx_fetch_sides(fetch, outside(names, names->position, name), 2, sides)) return false;
  int grid = vx_names_grid(fetch, names, s, unplaced);
  if (!grid) {
    snprintf(why, sizeof why, "does not have %d + a square number of positions", s->leading - unplaced);
    return vx_fetch_fail(fetch, name, why);
  }
  s->unplaced = unplaced;
  s->image = grid * s->patch;
  return true;
}

/* ---- weights --------------------------------------------------------------------------------------------------- */

static vx_norm outer_norm(vx_fetch *fetch, const vx_names *names, const char *part) {
  char name[NAME];
  return vx_fetch_norm(fetch, fetch->model->shape.dim, outside(names, part, name));
}

static vx_norm inner_norm(vx_fetch *fetch, const vx_names *names, int layer, int width, const char *part) {
  char name[NAME];
  return vx_fetch_norm(fetch, width, inside(names, layer, part, name));
}

/* [leading][d]: in place where there is [CLS] alone. */
static const float *leading_tokens(vx_fetch *fetch, const vx_names *names) {
  const vx_shape *s = &fetch->model->shape;
  const struct {
    const char *name;
    size_t count;
  } parts[] = {
      {names->cls, !s->no_cls}, {names->distillation, s->distillation}, {names->registers, (size_t)s->registers}};
  size_t d = (size_t)s->dim, first = 0;
  float *all = NULL;
  char name[NAME];
  for (int i = 0; i < 3 && fetch->ok; i++) {
    if (!parts[i].count) continue;
    outside(names, parts[i].name, name);
    const float *one = vx_fetch_floats(fetch, (size_t[]){parts[i].count, d, 0}, "%s", name);
    if (s->leading == (int)parts[i].count) return one;
    if (!all) all = vx_fetch_take(fetch, (size_t)s->leading * d, sizeof *all);
    if (one && all) memcpy(all + first * d, one, parts[i].count * d * sizeof *all);
    first += parts[i].count;
  }
  return all;
}

/* [n][d]: in place where every token has a position, else with zeros for those without. */
static const float *positions(vx_fetch *fetch, const vx_names *names) {
  const vx_shape *s = &fetch->model->shape;
  char name[NAME];
  size_t d = (size_t)s->dim, placed = (size_t)(s->leading - s->unplaced), none = (size_t)s->unplaced;
  const float *in =
      vx_fetch_floats(fetch, (size_t[]){(size_t)s->tokens - none, d, 0}, "%s", outside(names, names->position, name));
  if (!none || !in) return in;
  float *all = vx_fetch_take(fetch, (size_t)s->tokens * d, sizeof *all);
  if (!all) return NULL;
  memcpy(all, in, placed * d * sizeof *all);
  memcpy(all + (placed + none) * d, in + placed * d, ((size_t)s->tokens - none - placed) * d * sizeof *all);
  return all;
}

/* q, k and v as one product, which is in the file as one matrix or as three. */
static vx_linear stacked(vx_fetch *fetch, const vx_names *names, int layer) {
  char name[NAME];
  bool bias = !names->no_qkv_bias;
  int dim = fetch->model->shape.dim;
  if (!names->qkv[1]) return vx_fetch_linear(fetch, dim, 3 * dim, bias, inside(names, layer, names->qkv[0], name));
  size_t d = (size_t)dim;
  float *weight = vx_fetch_take(fetch, 3 * d * d, sizeof(float)), *shift = vx_fetch_take(fetch, 3 * d, sizeof(float));
  for (size_t i = 0; i < 3 && weight && shift; i++) {
    vx_linear one = vx_fetch_linear(fetch, dim, dim, bias, inside(names, layer, names->qkv[i], name));
    if (!fetch->ok) break;
    memcpy(weight + i * d * d, one.weight, d * d * sizeof(float));
    memcpy(shift + i * d, one.bias, d * sizeof(float));
  }
  return (vx_linear){.in = dim, .out = 3 * dim, .weight = weight, .bias = shift};
}

/* A layer whose output is scaled per channel where the model has layer scale. */
static vx_linear scaled(vx_fetch *fetch, const vx_names *names, int layer, int in, const char *part,
                        const char *scale) {
  char name[NAME];
  const vx_shape *s = &fetch->model->shape;
  vx_linear linear = vx_fetch_linear(fetch, in, s->dim, true, inside(names, layer, part, name));
  if (!s->scaled || !fetch->ok) return linear;
  const float *factor = vx_fetch_floats(fetch, (size_t[]){(size_t)s->dim, 0}, "%s", inside(names, layer, scale, name));
  if (factor) vx_fold_scale(fetch, &linear, factor);
  return linear;
}

static void block_weights(vx_fetch *fetch, const vx_names *names, int l) {
  const vx_shape *s = &fetch->model->shape;
  vx_block *b = &fetch->model->block[l];
  char name[NAME];
  b->norm1 = inner_norm(fetch, names, l, s->dim, names->norm1);
  b->qkv = stacked(fetch, names, l);
  if (s->qk_norm) {
    b->q_norm = inner_norm(fetch, names, l, s->head_dim, names->q_norm);
    b->k_norm = inner_norm(fetch, names, l, s->head_dim, names->k_norm);
  }
  b->proj = scaled(fetch, names, l, s->dim, names->proj, names->scale1);
  b->norm2 = inner_norm(fetch, names, l, s->dim, names->norm2);
  b->fc1 = vx_fetch_linear(fetch, s->dim, s->mlp, true, inside(names, l, names->fc1, name));
  b->fc2 = scaled(fetch, names, l, s->mlp, names->fc2, names->scale2);
}

static vx_linear head(vx_fetch *fetch, const vx_names *names) {
  const vx_shape *s = &fetch->model->shape;
  int width = s->readout == VX_READ_CLS_AND_PATCHES ? 2 * s->dim : s->dim;
  vx_linear first = vx_fetch_linear(fetch, width, s->classes, true, names->head);
  if (s->readout != VX_READ_TWO || !fetch->ok) return first;
  vx_linear second = vx_fetch_linear(fetch, width, s->classes, true, names->second);
  return fetch->ok ? vx_fold_heads(fetch, &first, &second) : first;
}

void vx_names_weights(vx_fetch *fetch, const vx_names *names) {
  vx_model *m = fetch->model;
  const vx_shape *s = &m->shape;
  char name[NAME];
  m->leading = leading_tokens(fetch, names);
  m->position = positions(fetch, names);
  m->patch = vx_fetch_patch(fetch, !s->pre_norm, outside(names, names->patch, name));
  if (s->pre_norm) m->pre_norm = outer_norm(fetch, names, names->pre_norm);
  for (int l = 0; l < s->layers && fetch->ok; l++) block_weights(fetch, names, l);
  /* an fc_norm on one token that is read is the norm of every token */
  m->norm =
      outer_norm(fetch, names, vx_names_has(fetch, names, names->fc_norm, "weight") ? names->fc_norm : names->norm);
  m->head = head(fetch, names);
}
