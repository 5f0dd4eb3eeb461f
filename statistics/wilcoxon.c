#include "statistics/wilcoxon.h"

#include "statistics/rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EXACT_N = 50, EXACT_N_TIED = 13 };

/* P(sum of the ranks with a positive sign <= statistic) when every sign is a fair coin. Ranks come in halves (ties),
   so the distribution is built over twice the rank sum, one rank after the other. */
static double lower_tail(const double *ranks, size_t n, double statistic) {
  enum { MOST = EXACT_N * (EXACT_N + 1) + 1 };
  double share[MOST] = {1};
  size_t most = 0;
  for (size_t i = 0; i < n; i++) {
    size_t twice = (size_t)(2 * ranks[i]);
    most += twice;
    for (size_t s = most + 1; s-- > 0;) share[s] = 0.5 * (share[s] + (s >= twice ? share[s - twice] : 0));
  }
  double tail = 0;
  for (size_t s = 0; s <= most && (double)s <= 2 * statistic; s++) tail += share[s];
  return tail;
}

static double normal_p(double n, double ties, double plus) {
  double mean = n * (n + 1) * 0.25, sd = sqrt((n * (n + 1) * (2 * n + 1) - ties / 2) / 24);
  return sd > 0 ? erfc(fabs(plus - mean) / sd / sqrt(2)) : 1;
}

bool vx_wilcoxon_test(const double *differences, size_t n, vx_wilcoxon *result, vx_error *error) {
  *result = (vx_wilcoxon){.p = 1, .exact = true};
  double *size = calloc(2 * n + 1, sizeof *size), *ranks = size ? size + n : NULL, ties;
  if (!size) return vx_fail(error, "Wilcoxon test", "out of memory for %zu numbers", n);
  for (size_t i = 0; i < n; i++)
    if (differences[i] != 0) size[result->n++] = fabs(differences[i]);
  bool ok = vx_rank(size, result->n, ranks, &ties, error);
  size_t k = 0;
  for (size_t i = 0; ok && i < n; i++)
    if (differences[i] != 0) *(differences[i] > 0 ? &result->plus : &result->minus) += ranks[k++];
  if (ok && result->n > 0) {
    bool plain = ties == 0 && result->n == n;
    result->exact = n <= (plain ? EXACT_N : EXACT_N_TIED);
    result->p = result->exact ? fmin(1, 2 * lower_tail(ranks, result->n, fmin(result->plus, result->minus)))
                              : normal_p((double)result->n, ties, result->plus);
  }
  free(size);
  return ok;
}
