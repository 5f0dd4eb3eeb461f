/* The matrix product: which OpenBLAS runs, and whether it multiplies. */
#include "core/vx.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/random.h"

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

/* Largest error of c = a b over three of its rows, as a share of the product of the norms. */
static double product_error(int m, int n, int k, const float *a, const float *b, const float *c) {
  int rows[] = {0, m / 2, m - 1};
  double worst = 0;
  for (int i = 0; i < 3; i++)
    for (int col = 0; col < n; col++) {
      double sum = 0, size = 0;
      for (int p = 0; p < k; p++) {
        double term =
            (double)a[(size_t)rows[i] * (size_t)k + (size_t)p] * (double)b[(size_t)p * (size_t)n + (size_t)col];
        sum += term;
        size += fabs(term);
      }
      double off = fabs((double)c[(size_t)rows[i] * (size_t)n + (size_t)col] - sum) / (size > 0 ? size : 1);
      if (!(off <= worst)) worst = off; /* NaN stays */
    }
  return worst;
}

static bool check_product(int m, int n, int k, vx_error *error) {
  float *a = malloc(sizeof(float) * (size_t)m * (size_t)k), *b = malloc(sizeof(float) * (size_t)k * (size_t)n);
  float *c = malloc(sizeof(float) * (size_t)m * (size_t)n);
  bool ok = a && b && c;
  if (!ok) {
    vx_fail(error, "OpenBLAS check", "out of memory");
  } else {
    for (size_t i = 0; i < (size_t)m * (size_t)k; i++) a[i] = (float)(vx_random_uniform(vx_random_bits(1, i)) - 0.5);
    for (size_t i = 0; i < (size_t)k * (size_t)n; i++) b[i] = (float)(vx_random_uniform(vx_random_bits(2, i)) - 0.5);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, k, b, n, 0, c, n);
    double worst = product_error(m, n, k, a, b, c);
    if (!(worst < 1e-5))
      ok = vx_fail(error, vx_where(error, "OpenBLAS kernel %s", vx_blas_kernel()),
                   "a product of %d x %d x %d is off by %g of its terms: this kernel computes wrong results here; set "
                   "OPENBLAS_CORETYPE to another (Haswell, for instance)",
                   m, n, k, worst);
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
  return check_product(s->tokens, 3 * s->dim, s->dim, error) && check_product(s->tokens, s->dim, s->mlp, error) &&
         check_product(s->tokens, s->tokens, s->head_dim, error);
}
