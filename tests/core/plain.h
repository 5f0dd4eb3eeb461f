/* The Vision Transformer a second time, for tests: plain loops over the formulas of the specification, all in double,
   nothing shared with core but the weights. Slow, and meant to be read beside the papers. */
#ifndef VX_TEST_PLAIN_H
#define VX_TEST_PLAIN_H

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "core/model.h"

/* ---- models and pictures --------------------------------------------------------------------------------------- */

enum { PLAIN_SHAPES = 14 };

/* A small model of random weights: one layer, one head, two classes, patch 32, widths that no vector divides, a
   head that reads the patches …; then one of every kind of the family, and all that goes together. */
static inline vx_model *plain_model(int which, unsigned seed) {
  static const vx_shape shapes[PLAIN_SHAPES] = {
      {.layers = 1, .heads = 1, .dim = 5, .mlp = 7, .patch = 4, .image = 8, .classes = 2, .epsilon = 1e-6},
      {.layers = 2, .heads = 2, .dim = 8, .mlp = 16, .patch = 2, .image = 6, .classes = 3, .epsilon = 1e-12},
      {.layers = 3, .heads = 3, .dim = 21, .mlp = 10, .patch = 3, .image = 9, .classes = 5, .epsilon = 1e-6},
      {.layers = 2, .heads = 1, .dim = 12, .mlp = 48, .patch = 32, .image = 32, .classes = 2, .epsilon = 1e-5},
      {.layers = 4, .heads = 4, .dim = 20, .mlp = 33, .patch = 2, .image = 8, .classes = 150, .epsilon = 1e-6},
      {.layers = 1, .heads = 6, .dim = 6, .mlp = 1, .patch = 1, .image = 3, .classes = 1, .epsilon = 1e-6},
      {.layers = 3,
       .heads = 2,
       .dim = 10,
       .mlp = 12,
       .patch = 3,
       .image = 9,
       .classes = 4,
       .epsilon = 1e-6,
       .readout = VX_READ_PATCHES},
      {.layers = 2, /* DeiT with a teacher */
       .heads = 2,
       .dim = 8,
       .mlp = 9,
       .patch = 2,
       .image = 6,
       .classes = 3,
       .epsilon = 1e-6,
       .distillation = true,
       .readout = VX_READ_TWO,
       .activation = VX_QUICK_GELU},
      {.layers = 3, /* DINOv2 of transformers, with registers */
       .heads = 2,
       .dim = 10,
       .mlp = 14,
       .patch = 3,
       .image = 9,
       .classes = 4,
       .epsilon = 1e-6,
       .registers = 2,
       .unplaced = 2,
       .scaled = true,
       .readout = VX_READ_CLS_AND_PATCHES},
      {.layers = 2, /* fc_norm, no [CLS] */
       .heads = 3,
       .dim = 9,
       .mlp = 11,
       .patch = 2,
       .image = 6,
       .classes = 3,
       .epsilon = 1e-6,
       .no_cls = true,
       .fc_norm = true,
       .readout = VX_READ_PATCHES,
       .activation = VX_GELU_TANH},
      {.layers = 3, /* registers, a position for the patches only, norms of q and k */
       .heads = 2,
       .dim = 12,
       .mlp = 10,
       .patch = 2,
       .image = 6,
       .classes = 5,
       .epsilon = 1e-5,
       .registers = 3,
       .unplaced = 4,
       .qk_norm = true}, /* relu has kinks, which differences trip over: test_elementary.c */
      {.layers = 2,      /* pretrained by CLIP */
       .heads = 2,
       .dim = 8,
       .mlp = 12,
       .patch = 3,
       .image = 9,
       .classes = 3,
       .epsilon = 1e-5,
       .pre_norm = true,
       .activation = VX_QUICK_GELU},
      {.layers = 2, /* registers without [CLS] */
       .heads = 1,
       .dim = 7,
       .mlp = 5,
       .patch = 2,
       .image = 4,
       .classes = 2,
       .epsilon = 1e-6,
       .no_cls = true,
       .registers = 1,
       .readout = VX_READ_PATCHES},
      {.layers = 2, /* all at once */
       .heads = 2,
       .dim = 12,
       .mlp = 7,
       .patch = 3,
       .image = 9,
       .classes = 4,
       .epsilon = 1e-6,
       .distillation = true,
       .registers = 1,
       .unplaced = 1,
       .readout = VX_READ_TWO,
       .activation = VX_GELU_TANH,
       .pre_norm = true,
       .qk_norm = true,
       .scaled = true}};
  vx_error error = {0};
  vx_model *model = vx_model_random(&shapes[which], seed, &error);
  ck_assert_msg(model != NULL, "%s: %s", error.where, error.why);
  return model;
}

/* Normal numbers [3][S][S]; to be freed. */
static inline float *plain_picture(const vx_model *model, unsigned seed) {
  size_t count = 3 * (size_t)model->shape.image * (size_t)model->shape.image;
  float *x = malloc(count * sizeof *x);
  for (size_t i = 0; i < count; i++) x[i] = (float)vx_random_normal(vx_random_stream(seed, 99), i);
  return x;
}

/* ---- forward ----------------------------------------------------------------------------------------------------- */

typedef struct plain_layer {
  double *x, *norm1, *qkv;             /* [n][d], [n][d], [n][3d] */
  double *scores, *attention;          /* [H][n][n], without 1/√dh and with softmax */
  double *context, *projected;         /* [n][d] */
  double *middle, *norm2;              /* [n][d] */
  double *hidden, *active, *mlp, *out; /* [n][mlp] twice, [n][d] twice */
} plain_layer;

typedef struct plain {
  vx_model own; /* the model, with as many tokens as go in */
  const vx_model *model;
  vx_arena *arena;
  plain_layer *layer;
  double *patches, *embedded; /* [patches][3PP], [patches][d] */
  double *stream;             /* [n][d] with positions, before any norm */
  double *tokens;             /* [n][d] that are read */
  double *pooled, *read;      /* [parts][d] what is read, and what the head gets */
  double *logits;             /* [C] */
} plain;

/* What is different from the plain pass. */
typedef struct plain_change {
  vx_site site;       /* where `push` is added: the logits are then a function of what is there, … */
  const double *push; /* … whose derivative at 0 is the gradient [L][what the site has]; NULL: nothing */
  int kept;           /* patches that go in, in the order of `place`; 0: all */
  const int *place;
} plain_change;

static inline int plain_parts(const vx_shape *s) {
  return s->readout == VX_READ_CLS || s->readout == VX_READ_PATCHES ? 1 : 2;
}

static inline double plain_part(const vx_shape *s, int part, int token) {
  double mean = token < s->leading ? 0 : 1.0 / (s->tokens - s->leading);
  switch (s->readout) {
  case VX_READ_CLS:
    return token == 0;
  case VX_READ_PATCHES:
    return mean;
  case VX_READ_TWO:
    return token == part;
  default:
    return part == 0 ? token == 0 : mean;
  }
}

/* r */
static inline double plain_weight(const vx_shape *s, int token) {
  double sum = 0;
  for (int part = 0; part < plain_parts(s); part++) sum += plain_part(s, part, token) / plain_parts(s);
  return sum;
}

/* A weight in double: of a folded layer what single precision left over belongs to it. */
static inline double plain_at(const vx_linear *w, int i) {
  return (double)w->weight[i] + (w->rest ? (double)w->rest[i] : 0);
}

static inline double plain_activation(vx_activation kind, double h) {
  double z = sqrt(2 / acos(-1)) * (h + 0.044715 * h * h * h);
  switch (kind) {
  case VX_GELU:
    return h * erfc(-h / sqrt(2)) / 2;
  case VX_GELU_TANH:
    return h * (1 + tanh(z)) / 2;
  case VX_QUICK_GELU:
    return h / (1 + exp(-1.702 * h));
  default:
    return h > 0 ? h : 0;
  }
}

static inline double plain_slope(vx_activation kind, double h) {
  if (kind == VX_RELU) return h > 0;
  double step = 1e-3; /* of sixth order: 1e-14 */
#define AT(k) plain_activation(kind, h + (k)*step)
  return (45 * (AT(1) - AT(-1)) - 9 * (AT(2) - AT(-2)) + (AT(3) - AT(-3))) / (60 * step);
#undef AT
}

static inline void plain_add(const plain_change *change, vx_site site, int layer, int count, int width, int stride,
                             double *to) {
  if (!change || !change->push || change->site != site) return;
  for (int i = 0; i < count; i++)
    for (int k = 0; k < width; k++) to[i * stride + k] += change->push[(layer * count + i) * width + k];
}

static inline double *plain_take(plain *p, int rows, int width) {
  return VX_TAKE(p->arena, (size_t)rows * (size_t)width, double);
}

/* y [rows][out] = x Wᵀ + b */
static inline double *plain_linear(plain *p, const vx_linear *w, int rows, const double *x) {
  double *y = plain_take(p, rows, w->out);
  for (int r = 0; r < rows; r++)
    for (int o = 0; o < w->out; o++) {
      double sum = (double)w->bias[o] + (w->rest ? (double)w->rest_bias[o] : 0);
      for (int i = 0; i < w->in; i++) sum += plain_at(w, o * w->in + i) * x[r * w->in + i];
      y[r * w->out + o] = sum;
    }
  return y;
}

/* One row of `width`; y may be x. */
static inline void plain_norm_row(const plain *p, const vx_norm *norm, int width, const double *x, double *y) {
  double mean = 0, variance = 0;
  for (int i = 0; i < width; i++) mean += x[i] / width;
  for (int i = 0; i < width; i++) variance += (x[i] - mean) * (x[i] - mean) / width;
  for (int i = 0; i < width; i++)
    y[i] = (x[i] - mean) / sqrt(variance + p->model->shape.epsilon) * (double)norm->weight[i] + (double)norm->bias[i];
}

static inline double *plain_norm(plain *p, const vx_norm *norm, const double *x) {
  int n = p->model->shape.tokens, d = p->model->shape.dim;
  double *y = plain_take(p, n, d);
  for (int t = 0; t < n; t++) plain_norm_row(p, norm, d, x + t * d, y + t * d);
  return y;
}

/* g [d] += the norm's Jacobian at x, transposed and written out, times dy. */
static inline void plain_norm_back(plain *p, const vx_norm *norm, const double *x, const double *dy, double *g) {
  int d = p->model->shape.dim;
  double mean = 0, variance = 0;
  for (int i = 0; i < d; i++) mean += x[i] / d;
  for (int i = 0; i < d; i++) variance += (x[i] - mean) * (x[i] - mean) / d;
  double sigma = sqrt(variance + p->model->shape.epsilon);
  for (int i = 0; i < d; i++)
    for (int j = 0; j < d; j++)
      g[j] += dy[i] * (double)norm->weight[i] *
              ((i == j) - 1.0 / d - (x[i] - mean) * (x[j] - mean) / (sigma * sigma * d)) / sigma;
}

static inline double *plain_sum(plain *p, const double *a, const double *b) {
  int count = p->model->shape.tokens * p->model->shape.dim;
  double *sum = plain_take(p, count, 1);
  for (int i = 0; i < count; i++) sum[i] = a[i] + b[i];
  return sum;
}

static inline void plain_attend(plain *p, plain_layer *l, int layer, const plain_change *change) {
  const vx_shape *s = &p->model->shape;
  int n = s->tokens, d = s->dim, dh = s->head_dim;
  l->scores = plain_take(p, s->heads * n, n);
  l->attention = plain_take(p, s->heads * n, n);
  l->context = plain_take(p, n, d);
  for (int h = 0; h < s->heads; h++)
    for (int i = 0; i < n; i++) {
      double *row = l->scores + (h * n + i) * n, *a = l->attention + (h * n + i) * n, total = 0;
      for (int j = 0; j < n; j++)
        for (int k = 0; k < dh; k++) row[j] += l->qkv[i * 3 * d + h * dh + k] * l->qkv[j * 3 * d + d + h * dh + k];
      for (int j = 0; j < n; j++) total += exp(row[j] / sqrt(dh));
      for (int j = 0; j < n; j++) a[j] = exp(row[j] / sqrt(dh)) / total;
    }
  plain_add(change, VX_AT_ATTENTION, layer, s->heads * n, n, n, l->attention);
  for (int h = 0; h < s->heads; h++)
    for (int i = 0; i < n; i++) {
      const double *a = l->attention + (h * n + i) * n;
      for (int k = 0; k < dh; k++)
        for (int j = 0; j < n; j++) l->context[i * d + h * dh + k] += a[j] * l->qkv[j * 3 * d + 2 * d + h * dh + k];
    }
}

static inline plain *plain_forward(const vx_model *model, const double *x, const plain_change *change) {
  plain *p = calloc(1, sizeof *p);
  const int *place = change && change->kept ? change->place : NULL;
  p->own = *model;
  if (place) p->own.shape.tokens = p->own.shape.leading + change->kept;
  p->model = model = &p->own;
  p->arena = vx_arena_new();
  const vx_shape *s = &model->shape;
  int n = s->tokens, d = s->dim, side = s->patch, lead = s->leading;
  p->layer = VX_TAKE(p->arena, s->layers, plain_layer);
  p->patches = plain_take(p, n - lead, 3 * side * side);
  for (int t = 0; t < n - lead; t++)
    for (int i = 0; i < 3 * side * side; i++) {
      int patch = place ? place[t] : t;
      int c = i / (side * side), row = patch / s->grid * side + i / side % side;
      int column = patch % s->grid * side + i % side;
      p->patches[t * 3 * side * side + i] = x[(c * s->image + row) * s->image + column];
    }
  p->embedded = plain_linear(p, &model->patch, n - lead, p->patches);
  double *in = p->stream = plain_take(p, n, d);
  for (int t = 0; t < n; t++)
    for (int i = 0; i < d; i++) {
      bool leads = t < lead, placed = !leads || t < lead - s->unplaced;
      int where = leads || !place ? t : lead + place[t - lead];
      in[t * d + i] = (leads ? (double)model->leading[t * d + i] : p->embedded[(t - lead) * d + i]) +
                      (placed ? (double)model->position[where * d + i] : 0);
    }
  if (s->pre_norm) in = plain_norm(p, &model->pre_norm, in);
  for (int k = 0; k < s->layers; k++) {
    plain_layer *l = &p->layer[k];
    const vx_block *b = &model->block[k];
    l->x = in;
    plain_add(change, VX_AT_STREAM, k, n, d, d, l->x);
    l->norm1 = plain_norm(p, &b->norm1, l->x);
    plain_add(change, VX_AT_NORM1, k, n, d, d, l->norm1);
    l->qkv = plain_linear(p, &b->qkv, n, l->norm1);
    for (int i = 0; s->qk_norm && i < n * 2 * s->heads; i++) {
      double *row = l->qkv + i / (2 * s->heads) * 3 * d + i % (2 * s->heads) * s->head_dim;
      plain_norm_row(p, i % (2 * s->heads) < s->heads ? &b->q_norm : &b->k_norm, s->head_dim, row, row);
    }
    plain_add(change, VX_AT_VALUES, k, n, d, 3 * d, l->qkv + 2 * d);
    plain_attend(p, l, k, change);
    plain_add(change, VX_AT_CONTEXT, k, n, d, d, l->context);
    l->projected = plain_linear(p, &b->proj, n, l->context);
    l->middle = plain_sum(p, l->x, l->projected);
    l->norm2 = plain_norm(p, &b->norm2, l->middle);
    l->hidden = plain_linear(p, &b->fc1, n, l->norm2);
    l->active = plain_take(p, n, s->mlp);
    for (int i = 0; i < n * s->mlp; i++) l->active[i] = plain_activation(s->activation, l->hidden[i]);
    l->mlp = plain_linear(p, &b->fc2, n, l->active);
    in = l->out = plain_sum(p, l->middle, l->mlp);
  }
  p->tokens = s->fc_norm ? in : plain_norm(p, &model->norm, in);
  p->pooled = p->read = plain_take(p, plain_parts(s), d);
  for (int part = 0; part < plain_parts(s); part++)
    for (int t = 0; t < n; t++)
      for (int i = 0; i < d; i++) p->pooled[part * d + i] += plain_part(s, part, t) * p->tokens[t * d + i];
  if (s->fc_norm) plain_norm_row(p, &model->norm, d, p->pooled, p->read = plain_take(p, d, 1));
  p->logits = plain_linear(p, &model->head, 1, p->read);
  return p;
}

static inline void plain_free(plain *p) {
  vx_arena_free(p->arena);
  free(p);
}

/* The logit, the probability or the loss -ln p of a class. */
static inline double plain_output(const plain *p, int target, vx_output output) {
  double total = 0;
  for (int c = 0; c < p->model->shape.classes; c++) total += exp(p->logits[c]);
  double own = exp(p->logits[target]), alone = own / (1 + own);
  double probability = p->model->shape.problem == VX_EACH_CLASS ? alone : own / total;
  return output == VX_LOGIT ? p->logits[target] : output == VX_PROBABILITY ? probability : -log(probability);
}

/* ---- AG-CAM's gradient --------------------------------------------------------------------------------------------
 */

/* Of one token that the head reads: g is the gradient at its residual stream; nothing passes into an attention block.
   Adds `weight` times what arrives at its row of A to cut [L][H][n]. */
static inline void plain_cut_of(plain *p, const double *seed, int token, double weight, double *cut) {
  const vx_model *m = p->model;
  const vx_shape *s = &m->shape;
  int n = s->tokens, d = s->dim, dh = s->head_dim, parts = plain_parts(s);
  double *g = plain_take(p, d, 1), *dy = plain_take(p, d, 1), *head = plain_take(p, parts, d);
  for (int c = 0; c < s->classes; c++)
    for (int i = 0; i < parts * d; i++) head[i] += seed[c] * plain_at(&m->head, c * parts * d + i);
  if (s->fc_norm) {
    double *before = plain_take(p, d, 1);
    plain_norm_back(p, &m->norm, p->pooled, head, before);
    head = before;
  }
  for (int i = 0; i < parts * d; i++) dy[i % d] += plain_part(s, i / d, token) * head[i];
  if (s->fc_norm)
    memcpy(g, dy, (size_t)d * sizeof *g);
  else
    plain_norm_back(p, &m->norm, p->layer[s->layers - 1].out + token * d, dy, g);
  for (int l = s->layers - 1; l >= 0; l--) {
    const vx_block *b = &m->block[l];
    memset(dy, 0, (size_t)d * sizeof *dy);
    for (int k = 0; k < s->mlp; k++) {
      double through = 0;
      for (int i = 0; i < d; i++) through += g[i] * plain_at(&b->fc2, i * s->mlp + k);
      through *= plain_slope(s->activation, p->layer[l].hidden[token * s->mlp + k]);
      for (int i = 0; i < d; i++) dy[i] += through * plain_at(&b->fc1, k * d + i);
    }
    plain_norm_back(p, &b->norm2, p->layer[l].middle + token * d, dy, g);
    for (int h = 0; h < s->heads; h++)
      for (int j = 0; j < n; j++)
        for (int k = 0; k < dh; k++) {
          double context = 0;
          for (int i = 0; i < d; i++) context += g[i] * plain_at(&b->proj, i * d + h * dh + k);
          cut[(l * s->heads + h) * n + j] += weight * context * p->layer[l].qkv[j * 3 * d + 2 * d + h * dh + k];
        }
  }
}

/* [L][H][n], the rows that the head reads; to be freed. */
static inline double *plain_cut_gradient(plain *p, const double *seed) {
  const vx_shape *s = &p->model->shape;
  double *cut = calloc((size_t)(s->layers * s->heads * s->tokens), sizeof *cut);
  for (int t = 0; t < s->tokens; t++)
    if (plain_weight(s, t) > 0) plain_cut_of(p, seed, t, plain_weight(s, t), cut);
  return cut;
}

/* ---- relevance ----------------------------------------------------------------------------------------------------
 */

typedef struct plain_rules {
  vx_rule rules;
  double delta;
} plain_rules;

/* safe(a, b) for every element of b [count], R / b in the large. */
static inline double *plain_divide(plain *p, plain_rules r, int count, const double *a, const double *b) {
  double *q = plain_take(p, count, 1), square = 0;
  for (int i = 0; i < count; i++) square += b[i] * b[i] / count;
  for (int i = 0; i < count; i++)
    q[i] = b[i] == 0     ? 0
           : r.delta > 0 ? a[i] * b[i] / (b[i] * b[i] + r.delta * r.delta * square)
                         : a[i] / (b[i] + 1e-9);
  return q;
}

static inline double plain_safe(plain_rules r, double a, double b) {
  return b == 0 ? 0 : r.delta > 0 ? a * b / (b * b + r.delta * r.delta * b * b) : a / (b + 1e-9);
}

static inline double *plain_rule_linear(plain *p, plain_rules r, const vx_linear *w, int rows, const double *x,
                                        const double *relevance) {
  double *z1 = plain_take(p, rows, w->out), *z2 = plain_take(p, rows, w->out), *result = plain_take(p, rows, w->in);
  for (int t = 0; t < rows; t++)
    for (int o = 0; o < w->out; o++)
      for (int i = 0; i < w->in; i++) {
        double weight = plain_at(w, o * w->in + i), value = x[t * w->in + i];
        if (weight > 0 && value > 0) z1[t * w->out + o] += weight * value;
        if (weight < 0 && value < 0) z2[t * w->out + o] += weight * value;
      }
  if (r.rules == VX_LRP_IMPROVED)
    for (int i = 0; i < rows * w->out; i++) z1[i] = z2[i] = z1[i] + z2[i];
  const double *s1 = plain_divide(p, r, rows * w->out, relevance, z1);
  const double *s2 = plain_divide(p, r, rows * w->out, relevance, z2);
  for (int t = 0; t < rows; t++)
    for (int i = 0; i < w->in; i++)
      for (int o = 0; o < w->out; o++) {
        double weight = plain_at(w, o * w->in + i), value = x[t * w->in + i];
        if (weight > 0 && value > 0) result[t * w->in + i] += value * weight * s1[t * w->out + o];
        if (weight < 0 && value < 0) result[t * w->in + i] += value * weight * s2[t * w->out + o];
      }
  return result;
}

static inline void plain_rule_sum(plain *p, plain_rules r, int count, const double *a, const double *b,
                                  const double *relevance, double **to_a, double **to_b) {
  double *both = plain_take(p, count, 1), total = 0, sum[2] = {0};
  for (int i = 0; i < count; i++) both[i] = a[i] + b[i];
  const double *s = plain_divide(p, r, count, relevance, both);
  *to_a = plain_take(p, count, 1);
  *to_b = plain_take(p, count, 1);
  for (int i = 0; i < count; i++) {
    sum[0] += (*to_a)[i] = a[i] * s[i];
    sum[1] += (*to_b)[i] = b[i] * s[i];
    total += relevance[i];
  }
  if (r.rules == VX_LRP_PLAIN) return;
  for (int k = 0; k < 2; k++) {
    double share = plain_safe(r, fabs(sum[k]), fabs(sum[0]) + fabs(sum[1]));
    double factor = plain_safe(r, share * total, sum[k]);
    for (int i = 0; i < count; i++) (k ? *to_b : *to_a)[i] *= factor;
  }
}

static inline double *plain_rule_copy(plain *p, plain_rules r, int count, const double *x, const double *first,
                                      const double *second) {
  const double *s1 = plain_divide(p, r, count, first, x), *s2 = plain_divide(p, r, count, second, x);
  double *result = plain_take(p, count, 1);
  for (int i = 0; i < count; i++) result[i] = x[i] * (s1[i] + s2[i]);
  return result;
}

/* From relevance of the context to that of A [H][n][n] and of q, k, v [n][3d]. */
static inline double *plain_rule_attention(plain *p, plain_rules r, const plain_layer *l, const double *relevance,
                                           double *to_a) {
  const vx_shape *shape = &p->model->shape;
  int n = shape->tokens, d = shape->dim, dh = shape->head_dim, heads = shape->heads;
  double *to_qkv = plain_take(p, n, 3 * d);
  const double *s = plain_divide(p, r, n * d, relevance, l->context);
  for (int h = 0; h < heads; h++)
    for (int i = 0; i < n; i++)
      for (int j = 0; j < n; j++)
        for (int k = 0; k < dh; k++) {
          int v = j * 3 * d + 2 * d + h * dh + k, a = (h * n + i) * n + j;
          double part = l->attention[a] * s[i * d + h * dh + k] * l->qkv[v] / 2;
          to_a[a] += part;
          to_qkv[v] += part;
        }
  s = plain_divide(p, r, heads * n * n, to_a, l->scores);
  for (int h = 0; h < heads; h++)
    for (int i = 0; i < n; i++)
      for (int j = 0; j < n; j++)
        for (int k = 0; k < dh; k++) {
          int q = i * 3 * d + h * dh + k, key = j * 3 * d + d + h * dh + k;
          double part = l->qkv[q] * l->qkv[key] * s[(h * n + i) * n + j] / 2;
          to_qkv[q] += part;
          to_qkv[key] += part;
        }
  return to_qkv;
}

static inline void plain_rule_pixels(plain *p, const double *relevance, double *pixels) {
  const vx_shape *s = &p->model->shape;
  const vx_linear *w = &p->model->patch;
  int side = s->patch, count = s->tokens - s->leading;
  double low = INFINITY, high = -INFINITY;
  for (int i = 0; i < count * w->in; i++) {
    low = fmin(low, p->patches[i]);
    high = fmax(high, p->patches[i]);
  }
  for (int t = 0; t < count; t++)
    for (int o = 0; o < w->out; o++) {
      double z = 1e-9;
      for (int i = 0; i < w->in; i++) {
        double weight = (double)w->weight[o * w->in + i];
        z += weight * p->patches[t * w->in + i] - fmax(weight, 0) * low - fmin(weight, 0) * high;
      }
      double q = relevance[t * w->out + o] / z;
      for (int i = 0; i < w->in; i++) {
        double weight = (double)w->weight[o * w->in + i];
        int row = t / s->grid * side + i / side % side, column = t % s->grid * side + i % side;
        pixels[row * s->image + column] +=
            q * (weight * p->patches[t * w->in + i] - fmax(weight, 0) * low - fmin(weight, 0) * high);
      }
    }
}

/* attention [L][H][n][n] and pixels [S][S], both zero before. */
static inline void plain_relevance(plain *p, vx_rule rules, double stabilizer, int target, double *attention,
                                   double *pixels) {
  const vx_model *m = p->model;
  const vx_shape *s = &m->shape;
  int n = s->tokens, d = s->dim;
  plain_rules r = {rules, stabilizer};
  double *one = plain_take(p, s->classes, 1), *relevance = plain_take(p, n, d);
  one[target] = 1;
  const double *read = plain_rule_linear(p, r, &m->head, 1, p->read, one), *quotient;
  for (int part = 0; part < plain_parts(s); part++) {
    quotient = plain_divide(p, r, d, read + part * d, p->pooled + part * d);
    for (int i = 0; i < n * d; i++) relevance[i] += plain_part(s, part, i / d) * p->tokens[i] * quotient[i % d];
  }
  for (int k = s->layers - 1; k >= 0; k--) {
    const plain_layer *l = &p->layer[k];
    const vx_block *b = &m->block[k];
    double *main, *branch;
    plain_rule_sum(p, r, n * d, l->middle, l->mlp, relevance, &main, &branch);
    branch = plain_rule_linear(p, r, &b->fc2, n, l->active, branch);
    branch = plain_rule_linear(p, r, &b->fc1, n, l->norm2, branch);
    relevance = plain_rule_copy(p, r, n * d, l->middle, main, branch);
    plain_rule_sum(p, r, n * d, l->x, l->projected, relevance, &main, &branch);
    branch = plain_rule_linear(p, r, &b->proj, n, l->context, branch);
    branch = plain_rule_attention(p, r, l, branch, attention + k * s->heads * n * n);
    branch = plain_rule_linear(p, r, &b->qkv, n, l->norm1, branch);
    relevance = plain_rule_copy(p, r, n * d, l->x, main, branch);
  }
  /* the sums with a position alone, one below the other */
  int lead = s->leading, placed = lead - s->unplaced, patches = n - lead;
  double *sums = plain_take(p, placed + patches, d), *of = plain_take(p, placed + patches, d);
  for (int i = 0; i < (placed + patches) * d; i++) {
    int from = i < placed * d ? i : i + s->unplaced * d;
    sums[i] = p->stream[from];
    of[i] = relevance[from];
  }
  quotient = plain_divide(p, r, (placed + patches) * d, of, sums);
  double *embedded = plain_take(p, patches, d);
  for (int i = 0; i < patches * d; i++) embedded[i] = p->embedded[i] * quotient[placed * d + i];
  plain_rule_pixels(p, embedded, pixels);
}

#endif
