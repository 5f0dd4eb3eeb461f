#include "statistics/compare.h"

#include "statistics/holm.h"
#include "statistics/permutation.h"
#include "statistics/resample.h"
#include "statistics/summary.h"
#include "statistics/wilcoxon.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double LEVEL = 0.05;

size_t vx_pairs(size_t columns) {
  return columns > 1 ? columns * (columns - 1) / 2 : 0;
}

bool vx_pair_differs(const vx_pair *pair) {
  return pair->wilcoxon_holm < LEVEL;
}

bool vx_pair_at_floor(const vx_pair *pair) {
  return pair->flips > 0 && pair->permutation_p * (double)(pair->flips + 1) < 1.5;
}

bool vx_pairs_hopeless(size_t n, size_t pairs) {
  return n < 40 && ldexp(2, -(int)n) * (double)pairs >= LEVEL; /* all n differences of one sign */
}

/* What all pairs of complete columns draw on: one set of resamples and one of sign vectors for the whole table. */
typedef struct shared_draws {
  double *means;  /* [columns][resamples] bootstrap means */
  double *flips;  /* [columns][resamples] sums under random signs */
  bool *complete; /* [columns] */
} shared_draws;

/* Room for one pair's numbers, reused for all. */
typedef struct pair_room {
  double *a, *b, *d;      /* [images] what both have */
  double *first, *second; /* [resamples] */
} pair_room;

static bool make_room(pair_room *room, size_t images, size_t resamples, vx_error *error) {
  double *block = malloc((3 * images + 2 * resamples + 1) * sizeof *block);
  if (!block) return vx_fail(error, "comparison", "out of memory for %zu images", images);
  room->a = block;
  room->b = block + images;
  room->d = block + 2 * images;
  room->first = block + 3 * images;
  room->second = room->first + resamples;
  return true;
}

/* Means, differences, ranks: all that draws nothing. a, b [n] have no NaN. */
static bool describe(const pair_room *room, size_t n, vx_pair *pair, vx_error *error) {
  for (size_t i = 0; i < n; i++) room->d[i] = room->a[i] - room->b[i];
  vx_wilcoxon w;
  if (!vx_effect_sizes(room->a, room->b, n, &pair->effect, error) || !vx_wilcoxon_test(room->d, n, &w, error))
    return false;
  pair->n = n;
  pair->mean_a = vx_sum(room->a, n) / (double)n;
  pair->mean_b = vx_sum(room->b, n) / (double)n;
  pair->difference = vx_sum(room->d, n) / (double)n;
  pair->wilcoxon_p = w.p;
  return true;
}

/* Interval and sign-flip test from draws of its own, for columns that miss images. */
static bool draw(const pair_room *room, size_t n, const vx_resampling *how, vx_pair *pair, vx_error *error) {
  const vx_sample sample = {.images = n, .columns = 1, .numerators = room->d};
  if (!vx_bootstrap(&sample, how, room->first, error)) return false;
  vx_percentile_interval(room->first, how->resamples, 0.95, &pair->low, &pair->high);
  if (n > VX_PERMUTATION_EXACT) pair->flips = how->resamples;
  return vx_permutation_test(room->d, n, how->resamples, how->seed, &pair->permutation_p, error);
}

/* The same without draws, by the normal distribution. */
static void approximate(const pair_room *room, size_t n, vx_pair *pair) {
  double sum = 0, squares = 0, count = (double)n;
  for (size_t i = 0; i < n; i++) sum += room->d[i], squares += room->d[i] * room->d[i];
  double variance = fmax(0, (squares - sum * sum / count) / (count - 1));
  double half = 1.959963984540054 * sqrt(variance / count);
  pair->low = pair->difference - half;
  pair->high = pair->difference + half;
  pair->permutation_p = squares > 0 ? erfc(fabs(sum) / sqrt(2 * squares)) : 1;
}

/* The same from the shared draws: differences of what both columns gave. */
static bool share(const shared_draws *draws, const pair_room *room, size_t n, const vx_resampling *how, vx_pair *pair,
                  vx_error *error) {
  const size_t r = how->resamples, a = pair->a * r, b = pair->b * r;
  vx_difference_interval(draws->means + a, draws->means + b, r, 0.95, room->first, &pair->low, &pair->high);
  if (n <= VX_PERMUTATION_EXACT) return vx_permutation_test(room->d, n, r, how->seed, &pair->permutation_p, error);
  double observed = 0, scale = 0;
  for (size_t i = 0; i < n; i++) {
    observed += room->d[i];
    scale += fabs(room->a[i]) + fabs(room->b[i]); /* the sums were rounded before they were subtracted */
  }
  for (size_t k = 0; k < r; k++) room->second[k] = draws->flips[a + k] - draws->flips[b + k];
  pair->flips = r;
  pair->permutation_p = (double)(vx_permutation_extreme(room->second, r, observed, scale) + 1) / (double)(r + 1);
  return true;
}

static bool make_draws(shared_draws *draws, const double *values, size_t images, size_t columns,
                       const vx_resampling *how, vx_error *error) {
  const size_t room = columns * how->resamples + 1;
  double *clean = malloc((images * columns + 1) * sizeof *clean); /* a NaN would spoil its neighbours' products */
  draws->means = malloc(room * sizeof *draws->means);
  draws->flips = malloc(room * sizeof *draws->flips);
  draws->complete = malloc(columns + 1);
  bool ok = clean && draws->means && draws->flips && draws->complete;
  if (!ok) vx_fail(error, "comparison", "out of memory for %zu images of %zu columns", images, columns);
  for (size_t c = 0; ok && c < columns; c++) draws->complete[c] = true;
  for (size_t i = 0; ok && i < images * columns; i++) {
    clean[i] = isnan(values[i]) ? 0 : values[i];
    if (isnan(values[i])) draws->complete[i % columns] = false;
  }
  const vx_sample sample = {.images = images, .columns = columns, .numerators = clean};
  ok = ok && vx_bootstrap(&sample, how, draws->means, error) &&
       vx_resample_sums(VX_SIGN_WEIGHTS, how->seed, how->resamples, clean, images, columns, NULL, draws->flips, error);
  free(clean);
  return ok;
}

static const vx_pair undefined = {.mean_a = NAN,
                                  .mean_b = NAN,
                                  .difference = NAN,
                                  .low = NAN,
                                  .high = NAN,
                                  .wilcoxon_p = NAN,
                                  .wilcoxon_holm = NAN,
                                  .permutation_p = NAN,
                                  .effect = {.d_z = NAN, .rank_biserial = NAN, .superiority = NAN}};

/* values [images] `stride` apart; draws NULL: none are shared */
static bool compare(const double *a, const double *b, size_t stride, size_t images, const shared_draws *draws,
                    const pair_room *room, const vx_resampling *how, vx_pair *pair, vx_error *error) {
  size_t n = 0;
  for (size_t i = 0; i < images; i++) {
    if (isnan(a[i * stride]) || isnan(b[i * stride])) continue;
    room->a[n] = a[i * stride];
    room->b[n++] = b[i * stride];
  }
  if (n == 0) return true;
  if (!describe(room, n, pair, error)) return false;
  if (how->resamples == 0) return true;
  bool shared = draws && draws->means && draws->complete[pair->a] && draws->complete[pair->b];
  if (n > VX_BOOTSTRAP_IMAGES)
    approximate(room, n, pair);
  else if (!(shared ? share(draws, room, n, how, pair, error) : draw(room, n, how, pair, error)))
    return false;
  if (pair->effect.ties == n) pair->low = pair->high = 0; /* equal columns: without the products' rounding */
  return true;
}

bool vx_correct_pairs(vx_pair *pairs, size_t n, vx_error *error) {
  double *p = calloc(n + 1, sizeof *p);
  if (!p) return vx_fail(error, "comparison", "out of memory for %zu pairs", n);
  for (size_t k = 0; k < n; k++) p[k] = pairs[k].wilcoxon_p;
  bool ok = vx_holm(p, n, p, error);
  for (size_t k = 0; ok && k < n; k++) pairs[k].wilcoxon_holm = p[k];
  free(p);
  return ok;
}

/* All pairs of one group, uncorrected. */
static bool compare_columns(const double *values, size_t images, size_t columns, const vx_resampling *how,
                            vx_pair *pairs, vx_error *error) {
  shared_draws draws = {0};
  pair_room room = {0};
  bool drawn = how->resamples > 0 && images > 0 && images <= VX_BOOTSTRAP_IMAGES;
  bool ok = make_room(&room, images, how->resamples, error) &&
            (!drawn || make_draws(&draws, values, images, columns, how, error));
  for (size_t a = 0; ok && a < columns; a++)
    for (size_t b = a + 1; ok && b < columns; b++, pairs++) {
      *pairs = undefined;
      pairs->a = a;
      pairs->b = b;
      ok = compare(values + a, values + b, columns, images, &draws, &room, how, pairs, error);
    }
  free(room.a);
  free(draws.means);
  free(draws.flips);
  free(draws.complete);
  return ok;
}

bool vx_compare_groups(const double *values, size_t images, size_t columns, const int *group, size_t groups,
                       const vx_resampling *how, vx_pair *pairs, vx_error *error) {
  const size_t each = vx_pairs(columns);
  double *own = group ? malloc((images * columns + 1) * sizeof *own) : NULL;
  if (group && !own) return vx_fail(error, "comparison", "out of memory for %zu images", images);
  bool ok = true;
  for (size_t g = 0; ok && g < groups; g++) {
    size_t n = group ? 0 : images;
    for (size_t i = 0; group && i < images; i++)
      if (group[i] == (int)g) memcpy(own + n++ * columns, values + i * columns, columns * sizeof *own);
    ok = compare_columns(group ? own : values, n, columns, how, pairs + g * each, error);
  }
  free(own);
  return ok && vx_correct_pairs(pairs, groups * each, error);
}

bool vx_compare_pair(const double *a, const double *b, size_t n, const vx_resampling *how, vx_pair *pair,
                     vx_error *error) {
  pair_room room = {0};
  *pair = undefined;
  pair->b = 1;
  bool ok = make_room(&room, n, how->resamples, error) && compare(a, b, 1, n, NULL, &room, how, pair, error);
  pair->wilcoxon_holm = pair->wilcoxon_p;
  free(room.a);
  return ok;
}
