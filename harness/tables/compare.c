#include "harness/tables/compare.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/tables/compare_data.h"
#include "statistics/holm.h"

vx_compare_options vx_compare_defaults(void) {
  return (vx_compare_options){.metric = "iou", .min_confidence = NAN, .resamples = 10000, .seed = 1};
}

/* Columns of one group: [group's images][columns]. */
static int take_group(const vx_compare_data *d, const double *from, int group, double *into) {
  int n = 0;
  for (int k = 0; k < d->images; k++) {
    if (d->groups.group[k] != group) continue;
    memcpy(into + (size_t)n++ * (size_t)d->columns, from + (size_t)k * (size_t)d->columns,
           (size_t)d->columns * sizeof *into);
  }
  return n;
}

static void take_column(const double *values, int n, int columns, int column, double *into) {
  for (int k = 0; k < n; k++) into[k] = values[(size_t)k * (size_t)columns + (size_t)column];
}

/* All pairs of methods over one group's images. */
static bool pair_methods(const vx_compare_data *d, const double *values, int n, const vx_resampling *how,
                         vx_pair *pairs, vx_error *error) {
  if (n <= VX_SCORE_BOOTSTRAP_IMAGES) {
    return vx_compare_all(values, (size_t)n, (size_t)d->columns, how, pairs, error);
  }
  double *a = malloc(2 * (size_t)n * sizeof *a), *b = a + n;
  if (!a) return vx_fail(error, "comparison", "out of memory");
  bool ok = true;
  vx_pair *pair = pairs;
  for (int i = 0; ok && i < d->columns; i++) {
    take_column(values, n, d->columns, i, a);
    for (int j = i + 1; ok && j < d->columns; j++, pair++) {
      take_column(values, n, d->columns, j, b);
      ok = vx_compare_one(a, b, (size_t)n, how, pair, error);
      pair->a = (size_t)i;
      pair->b = (size_t)j;
    }
  }
  free(a);
  return ok;
}

/* Each method in the one run against itself in the other. */
static bool pair_runs(const vx_compare_data *d, const double *first, const double *second, int n,
                      const vx_resampling *how, vx_pair *pairs, vx_error *error) {
  double *a = malloc(2 * (size_t)(n + 1) * sizeof *a), *b = a + n + 1;
  if (!a) return vx_fail(error, "comparison", "out of memory");
  bool ok = true;
  for (int c = 0; ok && c < d->columns; c++) {
    take_column(first, n, d->columns, c, a);
    take_column(second, n, d->columns, c, b);
    ok = vx_compare_one(a, b, (size_t)n, how, &pairs[c], error);
    pairs[c].a = pairs[c].b = (size_t)c;
  }
  free(a);
  return ok;
}

/* Holm's correction over all rows of the table, whatever their group. */
static bool correct_rows(vx_compare_rows *r, vx_arena *arena, vx_error *error) {
  double *p = VX_TAKE(arena, 2 * r->count + 2, double), *q = p + r->count;
  if (!p) return vx_fail(error, "comparison", "out of memory");
  for (int i = 0; i < r->count; i++) {
    p[i] = r->list[i].pair.wilcoxon_p;
    q[i] = r->list[i].pair.permutation_p;
  }
  if (!vx_holm(p, (size_t)r->count, p, error) || !vx_holm(q, (size_t)r->count, q, error)) return false;
  for (int i = 0; i < r->count; i++) {
    r->list[i].pair.wilcoxon_holm = p[i];
    r->list[i].pair.permutation_holm = q[i];
  }
  return true;
}

static bool make_rows(const vx_compare_data *d, vx_compare_rows *r, vx_error *error) {
  size_t pairs = d->two_runs ? (size_t)d->columns : vx_pairs((size_t)d->columns);
  size_t size = (size_t)d->images * (size_t)d->columns + 1;
  vx_resampling how = {.resamples = (size_t)d->options->resamples, .seed = d->options->seed};
  double *first = VX_TAKE(d->arena, size, double), *second = VX_TAKE(d->arena, size, double);
  vx_pair *of_group = VX_TAKE(d->arena, pairs + 1, vx_pair);
  r->list = VX_TAKE(d->arena, pairs * (size_t)d->groups.count + 1, vx_compare_row);
  if (!first || !second || !of_group || !r->list) return vx_fail(error, "comparison", "out of memory");
  for (int g = 0; g < d->groups.count; g++) {
    int n = take_group(d, d->first, g, first);
    if (n == 0) continue;
    if (d->two_runs) take_group(d, d->second, g, second);
    if (d->two_runs ? !pair_runs(d, first, second, n, &how, of_group, error)
                    : !pair_methods(d, first, n, &how, of_group, error)) {
      return false;
    }
    for (size_t i = 0; i < pairs; i++) r->list[r->count++] = (vx_compare_row){d->groups.names[g], of_group[i]};
  }
  return correct_rows(r, d->arena, error);
}

/* ---- pairs as a table --------------------------------------------------------------------------------------- */

enum {
  GROUP,
  FIRST,
  SECOND,
  N,
  MEAN_FIRST,
  MEAN_SECOND,
  DIFFERENCE,
  LOW,
  HIGH,
  P_WILCOXON,
  P_HOLM,
  P_PERMUTATION,
  P_PERMUTATION_HOLM,
  D_Z,
  RANK_BISERIAL,
  SUPERIORITY,
  WINS,
  TIES,
  LOSSES,
  DIFFERS,
  PAIR_COLUMNS
};

static const vx_sheet_column pair_columns[PAIR_COLUMNS] = {
    [GROUP] = {"group", NULL, 0, true},
    [FIRST] = {"first", "first", 0, true},
    [SECOND] = {"second", "second", 0, true},
    [N] = {"n", "n", 0, false},
    [MEAN_FIRST] = {"mean_first", "mean", 2, false},
    [MEAN_SECOND] = {"mean_second", "mean", 2, false},
    [DIFFERENCE] = {"difference", "difference", 2, false},
    [LOW] = {"low", "95 %", 2, false},
    [HIGH] = {"high", NULL, 2, false},
    [P_WILCOXON] = {"wilcoxon_p", NULL, 4, false},
    [P_HOLM] = {"wilcoxon_holm", "p (Holm)", 4, false},
    [P_PERMUTATION] = {"permutation_p", NULL, 4, false},
    [P_PERMUTATION_HOLM] = {"permutation_holm", NULL, 4, false},
    [D_Z] = {"d_z", "d_z", 2, false},
    [RANK_BISERIAL] = {"rank_biserial", NULL, 3, false},
    [SUPERIORITY] = {"superiority", NULL, 3, false},
    [WINS] = {"wins", "win", 0, false},
    [TIES] = {"ties", "tie", 0, false},
    [LOSSES] = {"losses", "loss", 0, false},
    [DIFFERS] = {"differs", "differ", 0, true},
};

static void put_p(vx_sheet *sheet, int column, double p) {
  vx_sheet_real(sheet, column, p);
  if (p < 0.0001) vx_sheet_show(sheet, column, "< 0.0001");
}

static void put_pair(const vx_compare_data *d, vx_sheet *sheet, const vx_compare_row *r) {
  const vx_pair *p = &r->pair;
  const vx_effect *e = &p->effect;
  int decimals = d->scale == 100 ? 2 : 4;
  vx_sheet_row(sheet);
  if (d->options->by) vx_sheet_text(sheet, GROUP, "%s", r->group);
  vx_sheet_text(sheet, FIRST, "%s", d->names[p->a]);
  vx_sheet_text(sheet, SECOND, "%s", d->names[p->b]);
  vx_sheet_int(sheet, N, (long long)p->n);
  if (p->n == 0) return;
  const double shown[] = {p->mean_a, p->mean_b, p->difference};
  for (int i = 0; i < 3; i++) {
    double value = d->scale * shown[i];
    vx_sheet_real(sheet, MEAN_FIRST + i, value);
    vx_sheet_show(sheet, MEAN_FIRST + i, i == 2 ? "%+.*f" : "%.*f", decimals, value);
  }
  vx_sheet_real(sheet, LOW, d->scale * p->low);
  vx_sheet_real(sheet, HIGH, d->scale * p->high);
  vx_sheet_show(sheet, LOW, "[%+.*f, %+.*f]", decimals, d->scale * p->low, decimals, d->scale * p->high);
  put_p(sheet, P_WILCOXON, p->wilcoxon_p);
  put_p(sheet, P_HOLM, p->wilcoxon_holm);
  put_p(sheet, P_PERMUTATION, p->permutation_p);
  put_p(sheet, P_PERMUTATION_HOLM, p->permutation_holm);
  if (isfinite(e->d_z)) vx_sheet_real(sheet, D_Z, e->d_z);
  vx_sheet_real(sheet, RANK_BISERIAL, e->rank_biserial);
  vx_sheet_real(sheet, SUPERIORITY, e->superiority);
  vx_sheet_int(sheet, WINS, (long long)e->wins);
  vx_sheet_int(sheet, TIES, (long long)e->ties);
  vx_sheet_int(sheet, LOSSES, (long long)e->losses);
  vx_sheet_text(sheet, DIFFERS, p->wilcoxon_holm < VX_COMPARE_LEVEL ? "yes" : "no");
}

static vx_sheet *pair_sheet(const vx_compare_data *d, const vx_compare_rows *r) {
  vx_sheet *sheet = vx_sheet_new(pair_columns, PAIR_COLUMNS);
  if (!sheet) return NULL;
  if (d->options->by) vx_sheet_head(sheet, GROUP, d->options->by);
  if (d->two_runs) {
    vx_sheet_head(sheet, FIRST, "method");
    vx_sheet_head(sheet, SECOND, NULL);
  }
  for (int i = 0; i < r->count; i++) {
    if (i && r->list[i].group != r->list[i - 1].group) vx_sheet_rule(sheet);
    put_pair(d, sheet, &r->list[i]);
  }
  return sheet;
}

/* ---- the whole ------------------------------------------------------------------------------------------------ */

static void put_titles(const vx_compare_data *d, const vx_compare_rows *r, vx_sheet *sheet, bool ranking) {
  const char *unit = d->scale == 100 ? ", in percent" : "";
  if (d->two_runs) {
    vx_sheet_title(sheet, "%s%s: %s (run %" PRId64 ", scoring %s) less %s (run %" PRId64 ", scoring %s)", d->title,
                   unit, d->run.name, d->run.id, d->scoring.info.name, d->run2.name, d->run2.id, d->scoring2.info.name);
    vx_sheet_note(sheet, "%d images matched by id; %d only in the first, %d only in the second.", d->images,
                  d->only_first, d->only_second);
  } else {
    vx_sheet_title(sheet, "%s%s: methods of %s (run %" PRId64 ", scoring %s), %d images", d->title, unit, d->run.name,
                   d->run.id, d->scoring.info.name, d->images);
  }
  if (ranking) {
    vx_sheet_note(sheet,
                  "Methods that share a letter are not told apart: Wilcoxon's signed-rank test on the images that "
                  "both have, Holm's correction over all %d pairs, level 0.05.",
                  r->count);
    vx_sheet_note(sheet, "better than, worse than: how many methods differ by that test. * never looks at the model.");
    return;
  }
  bool many = d->images > VX_SCORE_BOOTSTRAP_IMAGES;
  vx_sheet_note(sheet, "difference: first less second, paired; 95 %%: %s.",
                many ? "normal interval" : "bootstrap over images");
  vx_sheet_note(sheet, "p: Wilcoxon's signed-rank test, Holm's correction over all %d rows; differ: p < 0.05.",
                r->count);
  vx_sheet_note(sheet, "d_z: mean of the differences over their standard deviation.");
}

static void find_lowest(const vx_compare_data *d, const vx_compare_rows *r, vx_compare_verdict *verdict) {
  verdict->lowest = NAN;
  for (int i = 0; i < r->count; i++) {
    const vx_pair *p = &r->list[i].pair;
    if (p->n == 0 || p->difference * d->scale >= verdict->lowest) continue; /* NaN: none yet */
    verdict->lowest = p->difference * d->scale;
    snprintf(verdict->what, sizeof verdict->what, "%s%s%s%s%s", d->names[p->a], d->two_runs ? "" : " less ",
             d->two_runs ? "" : d->names[p->b], d->options->by ? ", " : "", d->options->by ? r->list[i].group : "");
  }
}

static vx_sheet *compare(vx_store *store, vx_store *second, vx_compare_data *d, vx_compare_verdict *verdict,
                         vx_error *error) {
  vx_compare_rows r = {0};
  if (!vx_compare_gather(store, second, d, error)) return NULL;
  if (!d->two_runs && d->columns < 2) {
    vx_fail(error, vx_store_path(store), "one method alone has nothing to be compared with");
    return NULL;
  }
  if (!make_rows(d, &r, error)) return NULL;
  bool ranking = !d->two_runs && d->columns > 2 && !d->options->pairs;
  vx_sheet *sheet = ranking ? vx_compare_ranking(d, &r) : pair_sheet(d, &r);
  if (!sheet) {
    vx_fail(error, vx_store_path(store), "out of memory");
    return NULL;
  }
  put_titles(d, &r, sheet, ranking);
  find_lowest(d, &r, verdict);
  return sheet;
}

vx_sheet *vx_compare_make(vx_store *store, vx_store *second, const vx_compare_options *options,
                          vx_compare_verdict *verdict, vx_error *error) {
  vx_compare_data data = {.options = options, .arena = vx_arena_new()};
  if (!data.arena) {
    vx_fail(error, vx_store_path(store), "out of memory");
    return NULL;
  }
  vx_sheet *sheet = compare(store, second, &data, verdict, error);
  vx_arena_free(data.arena);
  return sheet;
}
