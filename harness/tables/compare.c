#include "harness/tables/compare.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/tables/compare_data.h"
#include "harness/tables/truth_note.h"

vx_compare_options vx_compare_defaults(void) {
  return (vx_compare_options){.metric = "iou", .min_confidence = NAN, .resamples = 10000, .seed = 1};
}

/* Each method in the one run against itself in the other, over one group's images. */
static bool pair_runs(const vx_compare_data *d, int group, const vx_resampling *how, vx_pair *pairs, vx_error *error) {
  double *a = malloc(2 * (size_t)(d->images + 1) * sizeof *a), *b = a + d->images + 1;
  if (!a) return vx_fail(error, "comparison", "out of memory");
  bool ok = true;
  for (int c = 0; ok && c < d->columns; c++) {
    size_t n = 0;
    for (int k = 0; k < d->images; k++) {
      if (d->groups.group[k] != group) continue;
      size_t at = (size_t)k * (size_t)d->columns + (size_t)c;
      a[n] = d->first[at];
      b[n++] = d->second[at];
    }
    ok = vx_compare_pair(a, b, n, how, &pairs[c], error);
    pairs[c].a = pairs[c].b = (size_t)c;
  }
  free(a);
  return ok;
}

static bool make_rows(const vx_compare_data *d, vx_compare_rows *r, vx_error *error) {
  vx_resampling how = {.resamples = (size_t)d->options->resamples, .seed = d->options->seed};
  size_t groups = (size_t)d->groups.count;
  r->each = d->two_runs ? d->columns : (int)vx_pairs((size_t)d->columns);
  r->pairs = VX_TAKE(d->arena, (size_t)r->each * groups + 1, vx_pair);
  if (!r->pairs) return vx_fail(error, "comparison", "out of memory");
  if (!d->two_runs) {
    return vx_compare_groups(d->first, (size_t)d->images, (size_t)d->columns, d->groups.group, groups, &how, r->pairs,
                             error);
  }
  for (int g = 0; g < d->groups.count; g++)
    if (!pair_runs(d, g, &how, r->pairs + (size_t)g * (size_t)r->each, error)) return false;
  return vx_correct_pairs(r->pairs, (size_t)r->each * groups, error);
}

/* Pairs that could be compared. */
static int count_pairs(const vx_compare_data *d, const vx_compare_rows *r) {
  int count = 0;
  for (int i = 0; i < r->each * d->groups.count; i++) count += r->pairs[i].n > 0;
  return count;
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
  P_FLOOR,
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
    [P_PERMUTATION] = {"permutation_p", "p (sign flips)", 4, false},
    [P_FLOOR] = {"permutation_floor", NULL, -1, false}, /* the lowest that the draws can give; none: exact or normal */
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

/* "1e-4" of 9.999e-05 */
static void floor_text(size_t flips, char text[16]) {
  snprintf(text, 16, "%.0e", 1 / (double)(flips + 1));
  snprintf(text + 2, 14, "%d", atoi(text + 2));
}

static void put_permutation(vx_sheet *sheet, const vx_pair *p) {
  char text[16];
  put_p(sheet, P_PERMUTATION, p->permutation_p);
  if (!p->flips) return;
  vx_sheet_real(sheet, P_FLOOR, 1 / (double)(p->flips + 1));
  if (!vx_pair_at_floor(p)) return;
  floor_text(p->flips, text);
  vx_sheet_show(sheet, P_PERMUTATION, "≤ %s", text);
}

static void put_pair(const vx_compare_data *d, vx_sheet *sheet, const char *group, const vx_pair *p) {
  const vx_effect *e = &p->effect;
  int decimals = d->scale == 100 ? 2 : 4;
  vx_sheet_row(sheet);
  if (d->options->by) vx_sheet_text(sheet, GROUP, "%s", group);
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
  put_permutation(sheet, p);
  if (isfinite(e->d_z)) vx_sheet_real(sheet, D_Z, e->d_z);
  vx_sheet_real(sheet, RANK_BISERIAL, e->rank_biserial);
  vx_sheet_real(sheet, SUPERIORITY, e->superiority);
  vx_sheet_int(sheet, WINS, (long long)e->wins);
  vx_sheet_int(sheet, TIES, (long long)e->ties);
  vx_sheet_int(sheet, LOSSES, (long long)e->losses);
  vx_sheet_text(sheet, DIFFERS, vx_pair_differs(p) ? "yes" : "no");
}

static vx_sheet *pair_sheet(const vx_compare_data *d, const vx_compare_rows *r) {
  vx_sheet *sheet = vx_sheet_new(pair_columns, PAIR_COLUMNS);
  if (!sheet) return NULL;
  if (d->options->by) vx_sheet_head(sheet, GROUP, d->options->by);
  if (d->two_runs) {
    vx_sheet_head(sheet, FIRST, "method");
    vx_sheet_head(sheet, SECOND, NULL);
  }
  bool any = false;
  for (int g = 0; g < d->groups.count; g++) {
    if (!vx_compare_has_images(d, g)) continue;
    if (any) vx_sheet_rule(sheet);
    any = true;
    for (int i = 0; i < r->each; i++) put_pair(d, sheet, d->groups.names[g], &r->pairs[g * r->each + i]);
  }
  return sheet;
}

/* ---- the whole ------------------------------------------------------------------------------------------------ */

static void put_title(const vx_compare_data *d, vx_sheet *sheet) {
  const char *unit = d->scale == 100 ? ", in percent" : "";
  if (d->two_runs) {
    vx_sheet_title(sheet, "%s%s: %s less %s", d->title, unit, d->heading.title, d->heading2.title);
    vx_sheet_note(sheet, "%d images matched by id; %d only in the first, %d only in the second.", d->images,
                  d->only_first, d->only_second);
  } else {
    vx_sheet_title(sheet, "%s%s: methods of %s, %d images", d->title, unit, d->heading.title, d->images);
  }
  vx_heading_put(&d->heading, d->two_runs ? &d->heading2 : NULL, sheet);
}

/* The largest number of images that any pair has. */
static size_t most_images(const vx_compare_data *d, const vx_compare_rows *r) {
  size_t most = 0;
  for (int i = 0; i < r->each * d->groups.count; i++) most = r->pairs[i].n > most ? r->pairs[i].n : most;
  return most;
}

static void put_floor_note(const vx_compare_data *d, const vx_compare_rows *r, vx_sheet *sheet) {
  char text[16];
  for (int i = 0; i < r->each * d->groups.count; i++) {
    if (!vx_pair_at_floor(&r->pairs[i])) continue;
    floor_text(r->pairs[i].flips, text);
    vx_sheet_note(sheet, "≤ %s: the floor of %zu draws, which no p can be below.", text, r->pairs[i].flips);
    return;
  }
}

static void put_notes(const vx_compare_data *d, const vx_compare_rows *r, vx_sheet *sheet, bool ranking) {
  int count = count_pairs(d, r);
  size_t odd = vx_pairs_at_odds(r->pairs, (size_t)r->each * (size_t)d->groups.count);
  if (ranking) {
    vx_sheet_note(
        sheet, "level with the best: not told apart from rank 1; ranks: those that cannot be excluded, which are 1 + "
               "the methods that it is worse than, to the number of methods - those that it is better than.");
    vx_sheet_note(sheet, "better than, worse than: how many methods are told apart. * never looks at the model.");
  } else {
    vx_sheet_note(sheet, "difference: first less second, paired; 95 %%: %s.",
                  most_images(d, r) > VX_BOOTSTRAP_IMAGES ? "normal interval" : "bootstrap over images");
  }
  vx_sheet_note(sheet,
                "%s: Wilcoxon's signed-rank test on the images that both have, p below 0.05 after Holm's correction "
                "over all %d %s.",
                ranking ? "Told apart" : "differ", count, d->two_runs ? "rows" : "pairs");
  if (vx_pairs_hopeless(most_images(d, r), (size_t)count)) {
    vx_sheet_note(sheet, "%zu images are too few to tell any of %d pairs apart: no p can be below %.2g.",
                  most_images(d, r), count, fmin(1, ldexp(2, -(int)most_images(d, r)) * count));
  }
  if (odd) vx_sheet_note(sheet, "Of those told apart, %zu have means and signed ranks that point different ways.", odd);
  if (ranking) return;
  put_floor_note(d, r, sheet);
  vx_sheet_note(sheet, "d_z: mean of the differences over their standard deviation.");
}

static void find_lowest(const vx_compare_data *d, const vx_compare_rows *r, vx_compare_verdict *verdict) {
  verdict->lowest = NAN;
  for (int i = 0; i < r->each * d->groups.count; i++) {
    const vx_pair *p = &r->pairs[i];
    if (p->n == 0 || p->difference * d->scale >= verdict->lowest) continue; /* NaN: none yet */
    verdict->lowest = p->difference * d->scale;
    snprintf(verdict->what, sizeof verdict->what, "%s%s%s%s%s", d->names[p->a], d->two_runs ? "" : " less ",
             d->two_runs ? "" : d->names[p->b], d->options->by ? ", " : "",
             d->options->by ? d->groups.names[i / r->each] : "");
  }
}

static vx_sheet *compare(vx_store *store, vx_store *second, vx_compare_data *d, vx_compare_verdict *verdict,
                         vx_error *error) {
  vx_compare_rows r = {0};
  if (!vx_compare_gather(store, second, d, error)) return NULL;
  if (!d->two_runs && d->columns < 2)
    return vx_fail(error, vx_store_path(store), "one method alone has nothing to be compared with"), NULL;
  if (!make_rows(d, &r, error)) return NULL;
  bool ranking = !d->two_runs && d->columns > 2 && !d->options->pairs;
  vx_sheet *sheet = ranking ? vx_compare_ranking(d, &r) : pair_sheet(d, &r);
  if (!sheet) return vx_fail(error, vx_store_path(store), "out of memory"), NULL;
  put_title(d, sheet);
  int untrue;
  if (!vx_truth_note(store, d->run.id, d->arena, sheet, &untrue, error) ||
      (d->two_runs && !vx_truth_note(second ? second : store, d->run2.id, d->arena, sheet, &untrue, error))) {
    vx_sheet_free(sheet);
    return NULL;
  }
  put_notes(d, &r, sheet, ranking);
  find_lowest(d, &r, verdict);
  return sheet;
}

vx_sheet *vx_compare_make(vx_store *store, vx_store *second, const vx_compare_options *options,
                          vx_compare_verdict *verdict, vx_error *error) {
  vx_compare_data data = {.options = options, .arena = vx_arena_new()};
  if (!data.arena) return vx_fail(error, vx_store_path(store), "out of memory"), NULL;
  vx_sheet *sheet = compare(store, second, &data, verdict, error);
  vx_arena_free(data.arena);
  return sheet;
}
