#include "statistics/agreement.h"

#include "statistics/bootstrap.h"
#include "statistics/rank.h"

#include <math.h>
#include <stdlib.h>

/* The numbers of two measures, better ones higher, of the methods that both have. */
typedef struct paired {
  size_t *place; /* [n] of the methods */
  size_t n;
  double *a, *b; /* [n] */
} paired;

static void take_common(const double *a, const double *b, size_t methods, paired *p) {
  p->n = 0;
  for (size_t m = 0; m < methods; m++)
    if (!isnan(a[m]) && !isnan(b[m])) p->place[p->n++] = m;
}

static bool correlate(const paired *p, bool kendall, double *rho, double *tau, vx_error *error) {
  *tau = NAN;
  return vx_spearman(p->a, p->b, p->n, rho, error) && (!kendall || vx_kendall(p->a, p->b, p->n, tau, error));
}

/* One pair of measures: a, b as above, ra, rb [methods][resamples]; rho, tau [resamples] to work with. */
static bool agree(const double *a, const double *b, const double *ra, const double *rb, double sign_a, double sign_b,
                  size_t methods, size_t resamples, bool kendall_interval, paired *p, double *rho, double *tau,
                  vx_rank_agreement *out, vx_error *error) {
  take_common(a, b, methods, p);
  for (size_t k = 0; k < p->n; k++) p->a[k] = sign_a * a[p->place[k]], p->b[k] = sign_b * b[p->place[k]];
  out->methods = p->n;
  if (!correlate(p, true, &out->spearman, &out->kendall, error)) return false;
  for (size_t r = 0; r < resamples; r++) {
    bool whole = true; /* not where the draw has no image of a method */
    for (size_t k = 0; k < p->n; k++) {
      p->a[k] = sign_a * ra[p->place[k] * resamples + r];
      p->b[k] = sign_b * rb[p->place[k] * resamples + r];
      whole = whole && !isnan(p->a[k]) && !isnan(p->b[k]);
    }
    rho[r] = tau[r] = NAN;
    if (whole && !correlate(p, kendall_interval, &rho[r], &tau[r], error)) return false;
  }
  vx_percentile_interval(rho, resamples, 0.95, &out->spearman_low, &out->spearman_high);
  vx_percentile_interval(tau, resamples, 0.95, &out->kendall_low, &out->kendall_high);
  return true;
}

bool vx_ranks_agree(const double *means, const double *replicates, const bool *higher, size_t measures, size_t methods,
                    size_t resamples, bool kendall_interval, vx_rank_agreement *agreements, vx_error *error) {
  size_t *place = malloc((methods + 1) * sizeof *place), at = 0;
  double *room = malloc((2 * (methods + resamples) + 1) * sizeof *room);
  bool ok = (place && room) || vx_fail(error, "rank correlation", "out of memory for %zu methods", methods);
  paired p = {.place = place, .a = room, .b = room ? room + methods : NULL};
  double *rho = room ? room + 2 * methods : NULL, *tau = rho ? rho + resamples : NULL;
  for (size_t i = 0; ok && i < measures; i++)
    for (size_t j = i + 1; ok && j < measures; j++)
      ok = agree(means + i * methods, means + j * methods, replicates + i * methods * resamples,
                 replicates + j * methods * resamples, higher[i] ? 1 : -1, higher[j] ? 1 : -1, methods, resamples,
                 kendall_interval, &p, rho, tau, &agreements[at++], error);
  free(place);
  free(room);
  return ok;
}
