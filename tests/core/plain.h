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

enum { PLAIN_SHAPES = 7 };

/* A small model of random weights: one layer, one head, two classes, patch 32, widths that no vector divides, a
   head that reads the patches … */
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
       .readout = VX_READ_PATCHES}};
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
  double *patches, *embedded, *tokens, *read, *logits; /* [n-1][3PP], [n-1][d], [n][d] after the last norm, [d], [C] */
} plain;

/* What is different from the plain pass. */
typedef struct plain_change {
  vx_site site;       /* where `push` is added: the logits are then a function of what is there, … */
  const double *push; /* … whose derivative at 0 is the gradient [L][what the site has]; NULL: nothing */
  int kept;           /* patches that go in, in the order of `place`; 0: all */
  const int *place;
} plain_change;

static inline double plain_weight(const vx_shape *s, int token) {
  if (s->readout == VX_READ_CLS) return token == 0;
  return token > 0 ? 1.0 / (s->tokens - 1) : 0;
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
      double sum = (double)w->bias[o];
      for (int i = 0; i < w->in; i++) sum += (double)w->weight[o * w->in + i] * x[r * w->in + i];
      y[r * w->out + o] = sum;
    }
  return y;
}

static inline double *plain_norm(plain *p, const vx_norm *norm, const double *x) {
  int n = p->model->shape.tokens, d = p->model->shape.dim;
  double *y = plain_take(p, n, d);
  for (int t = 0; t < n; t++) {
    double mean = 0, variance = 0;
    for (int i = 0; i < d; i++) mean += x[t * d + i] / d;
    for (int i = 0; i < d; i++) variance += (x[t * d + i] - mean) * (x[t * d + i] - mean) / d;
    for (int i = 0; i < d; i++)
      y[t * d + i] = (x[t * d + i] - mean) / sqrt(variance + p->model->shape.epsilon) * (double)norm->weight[i] +
                     (double)norm->bias[i];
  }
  return y;
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
  if (place) p->own.shape.tokens = 1 + change->kept;
  p->model = model = &p->own;
  p->arena = vx_arena_new();
  const vx_shape *s = &model->shape;
  int n = s->tokens, d = s->dim, side = s->patch;
  p->layer = VX_TAKE(p->arena, s->layers, plain_layer);
  p->patches = plain_take(p, n - 1, 3 * side * side);
  for (int t = 0; t < n - 1; t++)
    for (int i = 0; i < 3 * side * side; i++) {
      int patch = place ? place[t] : t;
      int c = i / (side * side), row = patch / s->grid * side + i / side % side;
      int column = patch % s->grid * side + i % side;
      p->patches[t * 3 * side * side + i] = x[(c * s->image + row) * s->image + column];
    }
  p->embedded = plain_linear(p, &model->patch, n - 1, p->patches);
  double *in = plain_take(p, n, d);
  for (int t = 0; t < n; t++)
    for (int i = 0; i < d; i++)
      in[t * d + i] = (t ? p->embedded[(t - 1) * d + i] : (double)model->leading[i]) +
                      (double)model->position[(t && place ? 1 + place[t - 1] : t) * d + i];
  for (int k = 0; k < s->layers; k++) {
    plain_layer *l = &p->layer[k];
    const vx_block *b = &model->block[k];
    l->x = in;
    plain_add(change, VX_AT_STREAM, k, n, d, d, l->x);
    l->norm1 = plain_norm(p, &b->norm1, l->x);
    plain_add(change, VX_AT_NORM1, k, n, d, d, l->norm1);
    l->qkv = plain_linear(p, &b->qkv, n, l->norm1);
    plain_add(change, VX_AT_VALUES, k, n, d, 3 * d, l->qkv + 2 * d);
    plain_attend(p, l, k, change);
    plain_add(change, VX_AT_CONTEXT, k, n, d, d, l->context);
    l->projected = plain_linear(p, &b->proj, n, l->context);
    l->middle = plain_sum(p, l->x, l->projected);
    l->norm2 = plain_norm(p, &b->norm2, l->middle);
    l->hidden = plain_linear(p, &b->fc1, n, l->norm2);
    l->active = plain_take(p, n, s->mlp);
    for (int i = 0; i < n * s->mlp; i++) l->active[i] = l->hidden[i] * erfc(-l->hidden[i] / sqrt(2)) / 2;
    l->mlp = plain_linear(p, &b->fc2, n, l->active);
    in = l->out = plain_sum(p, l->middle, l->mlp);
  }
  p->tokens = plain_norm(p, &model->norm, in);
  p->read = plain_take(p, d, 1);
  for (int t = 0; t < n; t++)
    for (int i = 0; i < d; i++) p->read[i] += plain_weight(s, t) * p->tokens[t * d + i];
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
  int n = s->tokens, d = s->dim, dh = s->head_dim;
  double *g = plain_take(p, d, 1), *dy = plain_take(p, d, 1), *jacobian = plain_take(p, d, d);
  for (int after = s->layers; after >= 0; after--) { /* after = L: the final norm and head; then LN2 of layer `after` */
    const vx_norm *norm = after == s->layers ? &m->norm : &m->block[after].norm2;
    const double *x = (after == s->layers ? p->layer[after - 1].out : p->layer[after].middle) + token * d;
    for (int i = 0; i < d; i++) dy[i] = 0;
    if (after == s->layers)
      for (int c = 0; c < s->classes; c++)
        for (int i = 0; i < d; i++) dy[i] += weight * seed[c] * (double)m->head.weight[c * d + i];
    else
      for (int k = 0; k < s->mlp; k++) {
        double h = p->layer[after].hidden[token * s->mlp + k], through = 0;
        for (int i = 0; i < d; i++) through += g[i] * (double)m->block[after].fc2.weight[i * s->mlp + k];
        through *= erfc(-h / sqrt(2)) / 2 + h * exp(-h * h / 2) / sqrt(2 * acos(-1));
        for (int i = 0; i < d; i++) dy[i] += through * (double)m->block[after].fc1.weight[k * d + i];
      }
    double mean = 0, variance = 0; /* the norm's Jacobian, written out */
    for (int i = 0; i < d; i++) mean += x[i] / d;
    for (int i = 0; i < d; i++) variance += (x[i] - mean) * (x[i] - mean) / d;
    double sigma = sqrt(variance + s->epsilon);
    for (int i = 0; i < d; i++)
      for (int j = 0; j < d; j++)
        jacobian[i * d + j] = (double)norm->weight[i] *
                              ((i == j) - 1.0 / d - (x[i] - mean) * (x[j] - mean) / (sigma * sigma * d)) / sigma;
    for (int j = 0; j < d; j++)
      for (int i = 0; i < d; i++) g[j] += dy[i] * jacobian[i * d + j];
    if (after == s->layers) continue;
    for (int h = 0; h < s->heads; h++)
      for (int j = 0; j < n; j++)
        for (int k = 0; k < dh; k++) {
          double context = 0;
          for (int i = 0; i < d; i++) context += g[i] * (double)m->block[after].proj.weight[i * d + h * dh + k];
          cut[(after * s->heads + h) * n + j] += weight * context * p->layer[after].qkv[j * 3 * d + 2 * d + h * dh + k];
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
        double weight = (double)w->weight[o * w->in + i], value = x[t * w->in + i];
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
        double weight = (double)w->weight[o * w->in + i], value = x[t * w->in + i];
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
  int side = s->patch;
  double low = INFINITY, high = -INFINITY;
  for (int i = 0; i < (s->tokens - 1) * w->in; i++) {
    low = fmin(low, p->patches[i]);
    high = fmax(high, p->patches[i]);
  }
  for (int t = 0; t < s->tokens - 1; t++)
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
  const double *pooled = plain_rule_linear(p, r, &m->head, 1, p->read, one);
  const double *quotient = plain_divide(p, r, d, pooled, p->read);
  for (int i = 0; i < n * d; i++) relevance[i] = plain_weight(s, i / d) * p->tokens[i] * quotient[i % d];
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
  quotient = plain_divide(p, r, n * d, relevance, p->layer[0].x);
  double *embedded = plain_take(p, n - 1, d);
  for (int i = 0; i < (n - 1) * d; i++) embedded[i] = p->embedded[i] * quotient[d + i];
  plain_rule_pixels(p, embedded, pixels);
}

#endif
