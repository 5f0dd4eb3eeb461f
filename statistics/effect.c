#include "statistics/effect.h"

#include "statistics/rank.h"
#include "statistics/summary.h"
#include "statistics/wilcoxon.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool vx_effect_sizes(const double *a, const double *b, size_t n, vx_effect *effect, vx_error *error) {
  *effect = (vx_effect){.d_z = NAN, .rank_biserial = NAN, .superiority = NAN};
  double *d = malloc((n ? n : 1) * sizeof *d);
  if (!d) return vx_fail(error, "effect size", "out of memory for %zu numbers", n);
  for (size_t i = 0; i < n; i++) {
    d[i] = a[i] - b[i];
    (*(d[i] > 0 ? &effect->wins : d[i] < 0 ? &effect->losses : &effect->ties))++;
  }
  vx_summary s;
  vx_wilcoxon w;
  bool ok = vx_summarise(d, n, &s, error) && vx_wilcoxon_test(d, n, &w, error);
  if (ok && n > 0) {
    if (n > 1) effect->d_z = s.mean == 0 ? 0 : s.mean / s.sd;
    effect->rank_biserial = w.n > 0 ? (w.plus - w.minus) / (w.plus + w.minus) : 0;
    effect->superiority = ((double)effect->wins + 0.5 * (double)effect->ties) / (double)n;
  }
  free(d);
  return ok;
}

/* From the rank sum of a in the joint list: U = R_a - n(n+1)/2 counts wins plus half of the ties. */
bool vx_cliffs_delta(const double *a, size_t n, const double *b, size_t m, double *delta, vx_error *error) {
  *delta = NAN;
  if (n == 0 || m == 0) return true;
  double *joint = malloc((n + m) * 2 * sizeof *joint), *ranks = joint ? joint + n + m : NULL;
  if (!joint) return vx_fail(error, "Cliff's delta", "out of memory for %zu numbers", n + m);
  memcpy(joint, a, n * sizeof *a);
  memcpy(joint + n, b, m * sizeof *b);
  bool ok = vx_rank(joint, n + m, ranks, NULL, error);
  if (ok) {
    double u = vx_sum(ranks, n) - 0.5 * (double)n * (double)(n + 1);
    *delta = 2 * u / ((double)n * (double)m) - 1;
  }
  free(joint);
  return ok;
}
