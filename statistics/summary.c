#include "statistics/summary.h"

#include <math.h>
#include <stdlib.h>

/* Brings the k-th smallest of v [n] to v[k], nothing larger before it, nothing smaller behind (Hoare 1961). */
static double select_kth(double *v, size_t n, size_t k) {
  ptrdiff_t lo = 0, hi = (ptrdiff_t)n - 1, at = (ptrdiff_t)k;
  while (lo < hi) {
    double pivot = v[k];
    ptrdiff_t i = lo, j = hi;
    while (i <= j) {
      while (v[i] < pivot) i++;
      while (pivot < v[j]) j--;
      if (i > j) break;
      double swap = v[i];
      v[i++] = v[j];
      v[j--] = swap;
    }
    if (j < at) lo = i;
    if (at < i) hi = j;
  }
  return v[k];
}

double vx_quantile(double *values, size_t n, double q) {
  double at = q * (double)(n - 1);
  size_t k = (size_t)at;
  if (k > n - 1) k = n - 1;
  double low = select_kth(values, n, k), t = at - (double)k;
  if (t <= 0 || k + 1 >= n) return low;
  double high = values[k + 1]; /* the smallest of what lies behind */
  for (size_t i = k + 2; i < n; i++) high = values[i] < high ? values[i] : high;
  return low + t * (high - low);
}

double vx_sum(const double *values, size_t n) {
  double sum = 0, lost = 0;
  for (size_t i = 0; i < n; i++) {
    double y = values[i] - lost, t = sum + y;
    lost = (t - sum) - y;
    sum = t;
  }
  return sum;
}

bool vx_summarise(const double *values, size_t n, vx_summary *summary, vx_error *error) {
  *summary = (vx_summary){.mean = NAN, .sd = NAN, .median = NAN, .low = NAN, .high = NAN};
  double *there = malloc((n ? n : 1) * sizeof *there);
  if (!there) return vx_fail(error, "summary", "out of memory for %zu numbers", n);
  size_t m = 0;
  for (size_t i = 0; i < n; i++)
    if (!isnan(values[i])) there[m++] = values[i];
  summary->n = m;
  if (m > 0) {
    double mean = vx_sum(there, m) / (double)m, squares = 0;
    summary->mean = mean;
    summary->low = summary->high = there[0];
    for (size_t i = 0; i < m; i++) {
      squares += (there[i] - mean) * (there[i] - mean);
      summary->low = fmin(summary->low, there[i]);
      summary->high = fmax(summary->high, there[i]);
    }
    if (m > 1) summary->sd = sqrt(squares / (double)(m - 1));
    summary->median = vx_quantile(there, m, 0.5);
  }
  free(there);
  return true;
}
