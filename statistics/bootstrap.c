#include "statistics/bootstrap.h"

#include "statistics/resample.h"
#include "statistics/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The sample with its images in order of their group, missing numbers as 0/0. */
typedef struct ordered {
  double *numerators, *denominators; /* [images][columns]; denominators NULL: 1, nothing is missing */
  size_t *start, *place;             /* [groups + 1], [images]: see vx_groups */
  size_t images, groups;
} ordered;

static void ordered_free(ordered *o) {
  free(o->numerators);
  free(o->denominators);
  free(o->start);
  free(o->place);
}

static bool any_missing(const vx_sample *s) {
  for (size_t i = 0; i < s->images * s->columns; i++)
    if (isnan(s->numerators[i])) return true;
  return false;
}

/* Where each group starts (counting sort), images without a group at the end. */
static bool group_starts(const vx_sample *s, ordered *o, size_t *next, vx_error *error) {
  memset(o->start, 0, (o->groups + 1) * sizeof *o->start);
  for (size_t i = 0; i < s->images; i++) {
    int g = s->group ? s->group[i] : 0;
    if (g < -1 || g >= (int)o->groups)
      return vx_fail(error, "bootstrap", "image %zu is in group %d, expected -1 to %d", i, g, (int)o->groups - 1);
    if (g >= 0) o->start[g + 1]++;
  }
  for (size_t g = 0; g < o->groups; g++) {
    next[g] = o->start[g];
    o->start[g + 1] += o->start[g];
  }
  next[o->groups] = o->start[o->groups];
  return true;
}

/* Resampling draws among all images, those in no group too: they take part in the draw, not in the sums. */
static bool order(const vx_sample *s, ordered *o, vx_error *error) {
  const size_t numbers = s->images * s->columns;
  *o = (ordered){.images = s->images, .groups = s->group ? (size_t)s->groups : 1};
  bool quotients = s->denominators || any_missing(s);
  size_t *next = malloc((o->groups + 1) * sizeof *next);
  o->start = malloc((o->groups + 1) * sizeof *o->start);
  o->place = malloc((s->images ? s->images : 1) * sizeof *o->place);
  o->numerators = malloc((numbers ? numbers : 1) * sizeof *o->numerators);
  if (quotients) o->denominators = malloc((numbers ? numbers : 1) * sizeof *o->denominators);
  bool ok = next && o->start && o->place && o->numerators && (!quotients || o->denominators);
  if (!ok) vx_fail(error, "bootstrap", "out of memory for %zu images of %zu columns", s->images, s->columns);
  ok = ok && group_starts(s, o, next, error);
  for (size_t i = 0; ok && i < s->images; i++) {
    int g = s->group ? s->group[i] : 0;
    size_t to = next[g < 0 ? o->groups : (size_t)g]++;
    o->place[i] = to;
    for (size_t c = 0; c < s->columns; c++) {
      double value = s->numerators[i * s->columns + c];
      double under = s->denominators ? s->denominators[i * s->columns + c] : 1;
      bool missing = isnan(value) || isnan(under);
      o->numerators[to * s->columns + c] = missing ? 0 : value;
      if (quotients) o->denominators[to * s->columns + c] = missing ? 0 : under;
    }
  }
  free(next);
  if (!ok) ordered_free(o);
  return ok;
}

bool vx_estimate(const vx_sample *s, double *estimates, vx_error *error) {
  ordered o;
  if (!order(s, &o, error)) return false;
  for (size_t c = 0; c < s->columns; c++) {
    double sum = 0, groups = 0;
    for (size_t g = 0; g < o.groups; g++) {
      double above = 0, below = 0;
      for (size_t i = o.start[g]; i < o.start[g + 1]; i++) {
        above += o.numerators[i * s->columns + c];
        below += o.denominators ? o.denominators[i * s->columns + c] : 1;
      }
      if (below > 0) sum += above / below, groups++;
    }
    estimates[c] = groups > 0 ? sum / groups : NAN;
  }
  ordered_free(&o);
  return true;
}

/* replicates[r] from the sums of one column, above and below [groups] strides apart */
static void combine(const double *above, const double *below, size_t groups, size_t above_stride, size_t below_stride,
                    size_t resamples, double *replicates) {
  for (size_t r = 0; r < resamples; r++) {
    double sum = 0, present = 0;
    for (size_t g = 0; g < groups; g++) {
      double under = below[g * below_stride + r];
      if (under > 0) sum += above[g * above_stride + r] / under, present++;
    }
    replicates[r] = present > 0 ? sum / present : NAN;
  }
}

/* The sums under the fraction bar, [groups][columns or 1][resamples]: without denominators all columns share one row a
   group, how many of its images were drawn. */
static bool sums_below(const vx_sample *s, const ordered *o, const vx_groups *groups, const vx_resampling *how,
                       double *below, vx_error *error) {
  if (o->denominators)
    return vx_resample_sums(VX_BOOTSTRAP_WEIGHTS, how->seed, how->resamples, o->denominators, o->images, s->columns,
                            groups, below, error);
  if (!s->group) { /* every draw has as many images as there are */
    for (size_t r = 0; r < how->resamples; r++) below[r] = (double)s->images;
    return true;
  }
  double *ones = malloc((s->images ? s->images : 1) * sizeof *ones);
  if (!ones) return vx_fail(error, "bootstrap", "out of memory for %zu images", s->images);
  for (size_t i = 0; i < s->images; i++) ones[i] = 1;
  bool ok = vx_resample_sums(VX_BOOTSTRAP_WEIGHTS, how->seed, how->resamples, ones, o->images, 1, groups, below, error);
  free(ones);
  return ok;
}

bool vx_bootstrap(const vx_sample *s, const vx_resampling *how, double *replicates, vx_error *error) {
  ordered o;
  if (!order(s, &o, error)) return false;
  const size_t r = how->resamples, below_columns = o.denominators ? s->columns : 1;
  const vx_groups groups = {.count = o.groups, .start = o.start, .place = s->group ? o.place : NULL};
  double *above = malloc((o.groups * s->columns * r + 1) * sizeof *above); /* [groups][columns][resamples] */
  double *below = malloc((o.groups * below_columns * r + 1) * sizeof *below);
  bool ok = above && below;
  if (!ok) vx_fail(error, "bootstrap", "out of memory for %zu resamples of %zu columns", r, s->columns);
  ok =
      ok &&
      vx_resample_sums(VX_BOOTSTRAP_WEIGHTS, how->seed, r, o.numerators, o.images, s->columns, &groups, above, error) &&
      sums_below(s, &o, &groups, how, below, error);
  for (size_t c = 0; ok && c < s->columns; c++)
    combine(above + c * r, below + (o.denominators ? c * r : 0), o.groups, s->columns * r, below_columns * r, r,
            replicates + c * r);
  free(above);
  free(below);
  ordered_free(&o);
  return ok;
}

void vx_percentile_interval(double *replicates, size_t n, double level, double *low, double *high) {
  size_t m = 0;
  for (size_t i = 0; i < n; i++)
    if (!isnan(replicates[i])) replicates[m++] = replicates[i];
  *low = m > 0 ? vx_quantile(replicates, m, 0.5 * (1 - level)) : NAN;
  *high = m > 0 ? vx_quantile(replicates, m, 0.5 * (1 + level)) : NAN;
}

void vx_difference_interval(const double *a, const double *b, size_t n, double level, double *spare, double *low,
                            double *high) {
  for (size_t i = 0; i < n; i++) spare[i] = a[i] - b[i];
  vx_percentile_interval(spare, n, level, low, high);
}

bool vx_bootstrap_intervals(const vx_sample *s, const vx_resampling *how, double level, vx_interval *intervals,
                            vx_error *error) {
  size_t room = s->columns * how->resamples;
  double *replicates = malloc((room ? room : 1) * sizeof *replicates);
  double *estimates = malloc((s->columns ? s->columns : 1) * sizeof *estimates);
  bool ok = replicates && estimates;
  if (!ok) vx_fail(error, "bootstrap", "out of memory for %zu resamples of %zu columns", how->resamples, s->columns);
  ok = ok && vx_estimate(s, estimates, error) && vx_bootstrap(s, how, replicates, error);
  for (size_t c = 0; ok && c < s->columns; c++) {
    intervals[c].estimate = estimates[c];
    vx_percentile_interval(replicates + c * how->resamples, how->resamples, level, &intervals[c].low,
                           &intervals[c].high);
  }
  free(replicates);
  free(estimates);
  return ok;
}
