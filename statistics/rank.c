#include "statistics/rank.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct placed {
  double value, second; /* sorted by value, then by second */
  size_t at;
} placed;

static int by_value(const void *a, const void *b) {
  const placed *x = a, *y = b;
  if (x->value != y->value) return x->value < y->value ? -1 : 1;
  return (x->second > y->second) - (x->second < y->second);
}

bool vx_rank(const double *values, size_t n, double *ranks, double *ties, vx_error *error) {
  placed *sorted = malloc((n ? n : 1) * sizeof *sorted);
  if (!sorted) return vx_fail(error, "ranks", "out of memory for %zu numbers", n);
  for (size_t i = 0; i < n; i++) sorted[i] = (placed){.value = values[i], .at = i};
  qsort(sorted, n, sizeof *sorted, by_value);
  double cubes = 0;
  for (size_t start = 0, end; start < n; start = end) {
    for (end = start + 1; end < n && sorted[end].value == sorted[start].value;) end++;
    double t = (double)(end - start);
    cubes += t * t * t - t;
    for (size_t i = start; i < end; i++) ranks[sorted[i].at] = 0.5 * (double)(start + 1 + end);
  }
  if (ties) *ties = cubes;
  free(sorted);
  return true;
}

bool vx_spearman(const double *x, const double *y, size_t n, double *rho, vx_error *error) {
  *rho = NAN;
  double *ranks = malloc((n ? n : 1) * 2 * sizeof *ranks);
  if (!ranks) return vx_fail(error, "Spearman", "out of memory for %zu numbers", n);
  bool ok = vx_rank(x, n, ranks, NULL, error) && vx_rank(y, n, ranks + n, NULL, error);
  double mean = 0.5 * (double)(n + 1), xy = 0, xx = 0, yy = 0;
  for (size_t i = 0; ok && i < n; i++) {
    double a = ranks[i] - mean, b = ranks[n + i] - mean;
    xy += a * b;
    xx += a * a;
    yy += b * b;
  }
  if (ok && xx > 0 && yy > 0) *rho = fmax(-1, fmin(1, xy / sqrt(xx * yy)));
  free(ranks);
  return ok;
}

/* Sorts v [n] upwards and returns how many pairs stood in the wrong order. */
static uint64_t count_swaps(double *v, double *spare, size_t n) {
  if (n < 2) return 0;
  size_t half = n / 2, i = 0, j = half, k = 0;
  uint64_t swaps = count_swaps(v, spare, half) + count_swaps(v + half, spare, n - half);
  while (i < half && j < n) {
    if (v[j] < v[i]) {
      swaps += half - i;
      spare[k++] = v[j++];
    } else {
      spare[k++] = v[i++];
    }
  }
  while (i < half) spare[k++] = v[i++]; /* what is left of the second half stands where it belongs */
  for (size_t p = 0; p < k; p++) v[p] = spare[p];
  return swaps;
}

static uint64_t pairs(uint64_t t) {
  return t * (t - 1) / 2;
}

bool vx_kendall(const double *x, const double *y, size_t n, double *tau, vx_error *error) {
  *tau = NAN;
  placed *sorted = malloc((n ? n : 1) * sizeof *sorted);
  double *v = malloc((n ? n : 1) * 2 * sizeof *v);
  bool ok = sorted && v;
  if (!ok) vx_fail(error, "Kendall", "out of memory for %zu numbers", n);
  if (ok && n > 1) {
    for (size_t i = 0; i < n; i++) sorted[i] = (placed){.value = x[i], .second = y[i]};
    qsort(sorted, n, sizeof *sorted, by_value);
    uint64_t tied_x = 0, tied_y = 0, tied_both = 0;
    for (size_t i = 0, run_x = 1, run_both = 1; i < n; i++, run_x++, run_both++) {
      v[i] = sorted[i].second;
      bool same_x = i + 1 < n && sorted[i + 1].value == sorted[i].value;
      bool same_both = same_x && sorted[i + 1].second == sorted[i].second;
      if (!same_both) tied_both += pairs(run_both), run_both = 0;
      if (!same_x) tied_x += pairs(run_x), run_x = 0;
    }
    uint64_t discordant = count_swaps(v, v + n, n);
    for (size_t i = 0, run = 1; i < n; i++, run++)
      if (i + 1 == n || v[i + 1] != v[i]) tied_y += pairs(run), run = 0;
    double all = (double)pairs(n), free_x = all - (double)tied_x, free_y = all - (double)tied_y;
    double concordant = all - (double)tied_x - (double)tied_y + (double)tied_both - (double)discordant;
    if (free_x > 0 && free_y > 0)
      *tau = fmax(-1, fmin(1, (concordant - (double)discordant) / sqrt(free_x) / sqrt(free_y)));
  }
  free(sorted);
  free(v);
  return ok;
}
