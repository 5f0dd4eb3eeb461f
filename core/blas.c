/* The matrix product: which OpenBLAS runs, and whether it multiplies. */
#include "core/vx.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

/* Of OpenBLAS itself; declared here since distributions differ in which header does. */
char *openblas_get_config(void);
char *openblas_get_corename(void);
void openblas_set_num_threads(int threads);

void vx_blas_threads(int threads) {
  openblas_set_num_threads(threads);
}

const char *vx_blas_kernel(void) {
  return openblas_get_corename();
}

const char *vx_blas_version(void) {
  static _Thread_local char version[64];
  snprintf(version, sizeof version, "%s", openblas_get_config());
  char *space = strchr(version, ' '), *second = space ? strchr(space + 1, ' ') : NULL;
  if (second) *second = 0;
  return version;
}

/* A product to check: c [m][n] = a [m][k] b [k][n], in single or double precision, either factor stored transposed as
   the passes have it (q kᵀ, Aᵀ s). */
typedef struct product {
  int m, n, k;
  bool wide;
  CBLAS_TRANSPOSE a, b;
} product;

static double factor_a(const product *p, int row, int i) {
  return vx_random_uniform(vx_random_bits(1, (uint64_t)row * (uint64_t)p->k + (uint64_t)i)) - 0.5;
}

static double factor_b(const product *p, int i, int col) {
  return vx_random_uniform(vx_random_bits(2, (uint64_t)col * (uint64_t)p->k + (uint64_t)i)) - 0.5;
}

/* The factors as stored, rounded to single precision whatever the product's. */
static void fill(const product *p, double *a, double *b) {
  for (int row = 0; row < p->m; row++)
    for (int i = 0; i < p->k; i++)
      a[p->a == CblasTrans ? (size_t)i * (size_t)p->m + (size_t)row : (size_t)row * (size_t)p->k + (size_t)i] =
          (double)(float)factor_a(p, row, i);
  for (int i = 0; i < p->k; i++)
    for (int col = 0; col < p->n; col++)
      b[p->b == CblasTrans ? (size_t)col * (size_t)p->k + (size_t)i : (size_t)i * (size_t)p->n + (size_t)col] =
          (double)(float)factor_b(p, i, col);
}

static void narrow(size_t count, const double *from, float *to) {
  for (size_t i = 0; i < count; i++) to[i] = (float)from[i];
}

/* c by OpenBLAS; false when memory is out. */
static bool multiply(const product *p, const double *a, const double *b, double *c) {
  int lda = p->a == CblasTrans ? p->m : p->k, ldb = p->b == CblasTrans ? p->k : p->n;
  if (p->wide) {
    cblas_dgemm(CblasRowMajor, p->a, p->b, p->m, p->n, p->k, 1, a, lda, b, ldb, 0, c, p->n);
    return true;
  }
  size_t m = (size_t)p->m, n = (size_t)p->n, k = (size_t)p->k;
  float *fa = malloc(m * k * sizeof *fa), *fb = malloc(k * n * sizeof *fb), *fc = malloc(m * n * sizeof *fc);
  bool ok = fa && fb && fc;
  if (ok) {
    narrow(m * k, a, fa);
    narrow(k * n, b, fb);
    cblas_sgemm(CblasRowMajor, p->a, p->b, p->m, p->n, p->k, 1, fa, lda, fb, ldb, 0, fc, p->n);
    for (size_t i = 0; i < m * n; i++) c[i] = (double)fc[i];
  }
  free(fa);
  free(fb);
  free(fc);
  return ok;
}

/* Largest error of c over three of its rows, as a share of the sum of its terms' sizes. */
static double product_error(const product *p, const double *c) {
  int rows[] = {0, p->m / 2, p->m - 1};
  double worst = 0;
  for (int r = 0; r < 3; r++)
    for (int col = 0; col < p->n; col++) {
      double sum = 0, size = 0;
      for (int i = 0; i < p->k; i++) {
        double term = (double)(float)factor_a(p, rows[r], i) * (double)(float)factor_b(p, i, col);
        sum += term;
        size += fabs(term);
      }
      double off = fabs(c[(size_t)rows[r] * (size_t)p->n + (size_t)col] - sum) / (size > 0 ? size : 1);
      if (!(off <= worst)) worst = off; /* NaN stays */
    }
  return worst;
}

static bool check_product(product p, vx_error *error) {
  size_t m = (size_t)p.m, n = (size_t)p.n, k = (size_t)p.k;
  double *a = malloc(m * k * sizeof *a), *b = malloc(k * n * sizeof *b), *c = malloc(m * n * sizeof *c);
  bool ok = a && b && c;
  if (ok) {
    fill(&p, a, b);
    ok = multiply(&p, a, b, c);
  }
  if (!ok) {
    vx_fail(error, "OpenBLAS check", "out of memory");
  } else {
    double worst = product_error(&p, c);
    if (!(worst < (p.wide ? 1e-13 : 1e-5)))
      ok = vx_fail(error, vx_where(error, "OpenBLAS kernel %s", vx_blas_kernel()),
                   "a product of %d x %d x %d in %s precision is off by %g of its terms: this kernel computes wrong "
                   "results here; set OPENBLAS_CORETYPE to another (Haswell, for instance)",
                   p.m, p.n, p.k, p.wide ? "double" : "single", worst);
  }
  free(a);
  free(b);
  free(c);
  return ok;
}

/* Kernels by the widest vectors they use; those not listed are taken to suit their processor. */
static int kernel_width(const char *kernel) {
  static const struct {
    const char *name;
    int bits;
  } known[] = {{"Prescott", 128}, {"Core2", 128},       {"Nehalem", 128},   {"Barcelona", 128},
               {"Atom", 128},     {"Sandybridge", 256}, {"Bulldozer", 256}, {"Piledriver", 256},
               {"Haswell", 257},  {"Zen", 257},         {"Excavator", 257}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(known[i].name, kernel) == 0) return known[i].bits;
  return 512;
}

static void advise(char *advice, size_t size) {
  advice[0] = 0;
#if defined(__x86_64__)
  int able = __builtin_cpu_supports("avx512f") ? 512 : __builtin_cpu_supports("avx2") ? 257 : 128;
  if (kernel_width(vx_blas_kernel()) < able)
    snprintf(advice, size, "OpenBLAS runs its %s kernels, this processor can do %s: is OPENBLAS_CORETYPE set?",
             vx_blas_kernel(), able == 512 ? "AVX-512" : "AVX2");
#else
  (void)size;
#endif
}

bool vx_blas_check(const vx_shape *s, char *advice, size_t advice_size, vx_error *error) {
  if (advice && advice_size) advise(advice, advice_size);
  bool ok = true;
  for (int wide = 0; ok && wide < 2; wide++) { /* relevance is computed in double */
    const product products[] = {
        {s->tokens, 3 * s->dim, s->dim, wide, CblasNoTrans, CblasNoTrans},
        {s->tokens, s->dim, s->mlp, wide, CblasNoTrans, CblasNoTrans},
        {s->tokens, s->tokens, s->head_dim, wide, CblasNoTrans, CblasTrans},
        {s->tokens, s->head_dim, s->tokens, wide, CblasTrans, CblasNoTrans},
    };
    for (size_t i = 0; ok && i < sizeof products / sizeof *products; i++) ok = check_product(products[i], error);
  }
  return ok;
}
