#include "statistics/holm.h"

#include <math.h>
#include <stdlib.h>

typedef struct test {
  double p;
  size_t at;
} test;

static int by_p(const void *a, const void *b) {
  const test *x = a, *y = b;
  return (x->p > y->p) - (x->p < y->p);
}

bool vx_holm(const double *p, size_t n, double *adjusted, vx_error *error) {
  test *tests = malloc((n ? n : 1) * sizeof *tests);
  if (!tests) return vx_fail(error, "Holm's correction", "out of memory for %zu tests", n);
  size_t m = 0;
  for (size_t i = 0; i < n; i++) {
    adjusted[i] = p[i];
    if (!isnan(p[i])) tests[m++] = (test){.p = p[i], .at = i};
  }
  qsort(tests, m, sizeof *tests, by_p);
  double largest = 0;
  for (size_t k = 0; k < m; k++) {
    largest = fmax(largest, fmin(1, tests[k].p * (double)(m - k)));
    adjusted[tests[k].at] = largest;
  }
  free(tests);
  return true;
}
