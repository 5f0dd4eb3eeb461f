/* Which matrix products a pass consists of, and how fast OpenBLAS alone does them. */
#include <cblas.h>
#include <stdlib.h>

#include "base/random.h"
#include "harness/bench/parts.h"

static void add(vx_products *products, double count, int m, int n, int k, bool wide) {
  for (int i = 0; i < products->count; i++) {
    vx_product_shape *p = &products->shape[i];
    if (p->m != m || p->n != n || p->k != k || p->wide != wide) continue;
    p->count += count;
    return;
  }
  if (products->count == VX_PRODUCTS_MAX) return;
  products->shape[products->count++] = (vx_product_shape){.m = m, .n = n, .k = k, .wide = wide, .count = count};
}

/* ---- passes ------------------------------------------------------------------------------------------------- */

/* core/forward.c: patches, then per block qkv, q kᵀ and A V per head, projection and the MLP's two; the head. */
static void blocks_forward(const vx_shape *s, double blocks, int batch, int queries, bool wide, vx_products *products) {
  int n = s->tokens, rows = batch * queries, d = s->dim, maps = batch * s->heads;
  add(products, blocks, batch * n, 3 * d, d, wide);
  add(products, blocks * maps, queries, n, s->head_dim, wide);
  add(products, blocks * maps, queries, s->head_dim, n, wide);
  add(products, blocks, rows, d, d, wide);
  add(products, blocks, rows, s->mlp, d, wide);
  add(products, blocks, rows, d, s->mlp, wide);
}

void vx_products_forward(const vx_shape *s, int batch, bool wide, bool to_read, vx_products *products) {
  int n = s->tokens;
  add(products, 1, batch * (n - s->leading), s->dim, 3 * s->patch * s->patch, wide);
  blocks_forward(s, s->layers - 1, batch, n, wide, products);
  blocks_forward(s, 1, batch, to_read ? vx_read_high(s, n) : n, wide, products);
  add(products, batch, 1, s->classes, vx_read_parts(s) * s->dim, wide);
}

/* The MLP and the projection, `rows` high, and the gradient of A, `queries` high for each head. */
static void back_to_attention(const vx_shape *s, double blocks, int batch, int queries, vx_products *products) {
  int rows = batch * queries;
  add(products, blocks, rows, s->mlp, s->dim, false);
  add(products, blocks, rows, s->dim, s->mlp, false);
  add(products, blocks, rows, s->dim, s->dim, false);
  add(products, blocks * batch * s->heads, queries, s->tokens, s->head_dim, false);
}

/* On to q, k and v of every head. */
static void back_through_attention(const vx_shape *s, double maps, int queries, vx_products *products) {
  add(products, maps * 2, s->tokens, s->head_dim, queries, false);
  add(products, maps, queries, s->head_dim, s->tokens, false);
}

/* core/descents/gradient.c: what is read alone in the last block, until it has passed through A; then every token.
   Without the input the lowest block ends at its A. */
void vx_products_backward(const vx_shape *s, int batch, bool to_input, vx_products *products) {
  int n = s->tokens, rows = batch * n, d = s->dim, maps = batch * s->heads, read = vx_read_high(s, n);
  bool only = s->layers == 1 && !to_input; /* the last block is the lowest too */
  double whole = s->layers - (to_input ? 1 : 2);
  back_to_attention(s, 1, batch, read, products);
  back_to_attention(s, s->layers - 1, batch, n, products);
  if (!only) {
    back_through_attention(s, maps, read, products);
    add(products, 1, rows, d, 2 * d, false);
    add(products, batch, read, d, d, false);
  }
  if (whole > 0) {
    back_through_attention(s, whole * maps, n, products);
    add(products, whole, rows, d, 3 * d, false);
  }
  if (to_input) add(products, batch, n - s->leading, 3 * s->patch * s->patch, d, false);
}

/* The rows read of each layer. */
void vx_products_cut(const vx_shape *s, vx_products *products) {
  double layers = s->layers;
  int read = vx_read_high(s, s->tokens);
  add(products, layers, read, s->mlp, s->dim, false);
  add(products, layers, read, s->dim, s->mlp, false);
  add(products, layers, read, s->dim, s->dim, false);
  add(products, layers * s->heads * read, 1, s->tokens, s->head_dim, false);
}

/* A linear rule of either rule set: two products forward, `all` rows high, unless the other set's pass has made them;
   two back. */
static void linear_rule(double blocks, double made, int all, int rows, int in, int out, vx_products *products) {
  if (blocks > made) add(products, (blocks - made) * 2, all, out, in, false);
  add(products, blocks * 2, rows, in, out, false);
}

/* Blocks down to their A; `rows` have relevance. With a stabilizer its mean is over all rows. */
static void rules_to_attention(const vx_shape *s, const vx_bench_relevance *need, double blocks, double made, int rows,
                               bool wide, vx_products *products) {
  int all = need->stabilizer > 0 ? s->tokens : rows;
  double maps = blocks * s->heads;
  linear_rule(blocks, made, all, rows, s->mlp, s->dim, products);
  linear_rule(blocks, made, all, rows, s->dim, s->mlp, products);
  linear_rule(blocks, made, all, rows, s->dim, s->dim, products);
  add(products, maps, rows, s->tokens, s->head_dim, wide);
  add(products, maps, s->tokens, s->head_dim, rows, wide);
}

/* On through q kᵀ and the stacked weight. */
static void rules_through_scores(const vx_shape *s, const vx_bench_relevance *need, double blocks, double made,
                                 int rows, bool wide, vx_products *products) {
  int queries = need->stabilizer > 0 ? s->tokens : rows;
  double maps = blocks * s->heads;
  add(products, maps, queries, s->tokens, s->head_dim, wide);
  add(products, maps, rows, s->head_dim, s->tokens, wide);
  add(products, maps, s->tokens, s->head_dim, rows, wide);
  linear_rule(blocks, made, s->tokens, s->tokens, s->dim, 3 * s->dim, products);
}

vx_bench_relevance vx_bench_relevance_of(const vx_wants *wants, vx_rule rule, const vx_shape *shape) {
  vx_bench_relevance of = {.lowest = shape->layers};
  for (int i = 0; i < wants->count; i++) {
    const vx_want *want = &wants->want[i];
    if (want->descent.rule != rule) continue;
    of.stabilizer = want->descent.parameter;
    if (want->site == VX_AT_INPUT)
      of.to_pixels = true;
    else if (want->first < of.lowest)
      of.lowest = want->first;
  }
  return of;
}

/* core/descents/lrp.c: linear rules' products in single, those of the heads in the values' precision. */
void vx_products_relevance(const vx_shape *s, const vx_bench_relevance *need, bool beside, bool wide,
                           vx_products *products) {
  int lowest = need->to_pixels ? 0 : need->lowest, last = s->layers - 1, read = vx_read_high(s, s->tokens);
  linear_rule(1, beside, 1, 1, vx_read_parts(s) * s->dim, s->classes, products);
  if (lowest > last) return;
  rules_to_attention(s, need, 1, beside, read, wide, products);
  int below = last - lowest, whole = need->to_pixels ? below : below - 1;
  if (need->to_pixels || below > 0) rules_through_scores(s, need, 1, beside && last > 0, read, wide, products);
  if (below > 0) rules_to_attention(s, need, below, beside ? below : 0, s->tokens, wide, products);
  if (whole > 0) rules_through_scores(s, need, whole, beside ? below - 1 : 0, s->tokens, wide, products);
  if (need->to_pixels) add(products, 3, s->tokens - s->leading, 3 * s->patch * s->patch, s->dim, false);
}

double vx_products_gflop(const vx_products *products, bool wide) {
  double flop = 0;
  for (int i = 0; i < products->count; i++) {
    const vx_product_shape *p = &products->shape[i];
    if (p->wide == wide) flop += p->count * 2 * p->m * p->n * p->k;
  }
  return 1e-9 * flop;
}

/* ---- OpenBLAS alone --------------------------------------------------------------------------------------------- */

static size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

bool vx_products_begin(vx_products *products, vx_error *error) {
  size_t a = 1, b = 1, c = 1;
  for (int i = 0; i < products->count; i++) {
    size_t m = (size_t)products->shape[i].m, n = (size_t)products->shape[i].n, k = (size_t)products->shape[i].k;
    a = larger(a, m * k);
    b = larger(b, k * n);
    c = larger(c, m * n);
  }
  products->a = malloc(a * sizeof(double));
  products->b = malloc(b * sizeof(double));
  products->c = calloc(c, sizeof(double));
  if (!products->a || !products->b || !products->c) return vx_fail(error, "bench", "out of memory");
  /* As single numbers or as double ones: the bytes of doubles below 1 are harmless as either. */
  for (size_t i = 0; i < 2 * a; i++) ((float *)products->a)[i] = (float)(vx_random_uniform(vx_random_bits(1, i)) + 0.5);
  for (size_t i = 0; i < 2 * b; i++) ((float *)products->b)[i] = (float)(vx_random_uniform(vx_random_bits(2, i)) + 0.5);
  return true;
}

static void multiply(const vx_products *products, const vx_product_shape *p) {
  int m = p->m, n = p->n, k = p->k;
  if (p->wide && m == 1)
    cblas_dgemv(CblasRowMajor, CblasTrans, k, n, 1, products->b, n, products->a, 1, 0, products->c, 1);
  else if (p->wide)
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, products->a, k, products->b, n, 0, products->c,
                n);
  else if (m == 1)
    cblas_sgemv(CblasRowMajor, CblasTrans, k, n, 1, products->b, n, products->a, 1, 0, products->c, 1);
  else
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, products->a, k, products->b, n, 0, products->c,
                n);
}

/* Small products so often that the clock's own cost is none. */
void vx_products_measure(vx_products *products) {
  for (int i = 0; i < products->count; i++) {
    vx_product_shape *p = &products->shape[i];
    double flop = 2.0 * p->m * p->n * p->k;
    int turns = flop < 1e7 ? (int)(1e7 / flop) + 1 : 1;
    turns = turns > 100 ? 100 : turns;
    vx_moment start = vx_moment_now();
    for (int t = 0; t < turns; t++) multiply(products, p);
    vx_series_add(&p->series, start, turns);
  }
}

vx_series vx_products_series(const vx_products *products) {
  vx_series sum = {0};
  for (int i = 0; i < products->count; i++) {
    const vx_product_shape *p = &products->shape[i];
    sum.count = p->series.count;
    for (int k = 0; k < sum.count; k++) sum.cpu[k] += p->count * p->series.cpu[k];
  }
  return sum;
}

void vx_products_end(vx_products *products) {
  free(products->a);
  free(products->b);
  free(products->c);
  products->a = products->b = products->c = NULL;
}
