/* Methods of a run in the order of their means, with what the tests can tell apart. */
#include <math.h>
#include <string.h>

#include "harness/tables/compare_data.h"

enum { LETTER_ROOM = 56 };

enum { RANK_GROUP, RANK, METHOD, MEAN, RANK_N, BETTER, WORSE, ALIKE, RANKING_COLUMNS };

static const vx_sheet_column ranking_columns[RANKING_COLUMNS] = {
    [RANK_GROUP] = {"group", NULL, 0, true},
    [RANK] = {"rank", "rank", 0, false},
    [METHOD] = {"method", "method", 0, true},
    [MEAN] = {"mean", "mean", 2, false},
    [RANK_N] = {"n", "n", 0, false},
    [BETTER] = {"better_than", "better than", 0, false},
    [WORSE] = {"worse_than", "worse than", 0, false},
    [ALIKE] = {"letters", "not told apart", 0, true},
};

typedef struct ranks {
  int *order;    /* [columns] best first */
  double *mean;  /* [columns] */
  int *n;        /* [columns] */
  bool *differs; /* [columns][columns] in the order of ranks */
  char *letters; /* [columns][LETTER_ROOM] */
} ranks;

static void column_mean(const vx_compare_data *d, int group, int column, double *mean, int *n) {
  double sum = 0;
  *n = 0;
  for (int k = 0; k < d->images; k++) {
    double value = d->first[(size_t)k * (size_t)d->columns + (size_t)column];
    if (d->groups.group[k] != group || isnan(value)) continue;
    sum += value;
    ++*n;
  }
  *mean = *n ? sum / *n : NAN;
}

static bool take_ranked(const vx_compare_data *d, ranks *r) {
  size_t columns = (size_t)d->columns;
  r->order = VX_TAKE(d->arena, columns + 1, int);
  r->mean = VX_TAKE(d->arena, columns + 1, double);
  r->n = VX_TAKE(d->arena, columns + 1, int);
  r->differs = VX_TAKE(d->arena, columns * columns + 1, bool);
  r->letters = VX_TAKE(d->arena, columns * LETTER_ROOM + 1, char);
  return r->order && r->mean && r->n && r->differs && r->letters;
}

static void rank_columns(const vx_compare_data *d, int group, ranks *r) {
  for (int c = 0; c < d->columns; c++) {
    column_mean(d, group, c, &r->mean[c], &r->n[c]);
    int at = c;
    for (; at > 0 && (isnan(r->mean[r->order[at - 1]]) || r->mean[r->order[at - 1]] < r->mean[c]); at--) {
      r->order[at] = r->order[at - 1];
    }
    r->order[at] = c;
  }
}

static void mark_differences(const vx_compare_data *d, const vx_compare_row *pairs, int count, ranks *r) {
  memset(r->differs, 0, (size_t)d->columns * (size_t)d->columns);
  for (int i = 0; i < count; i++) {
    if (!(pairs[i].pair.wilcoxon_holm < VX_COMPARE_LEVEL)) continue;
    int a = 0, b = 0;
    for (int k = 0; k < d->columns; k++) {
      if (r->order[k] == (int)pairs[i].pair.a) a = k;
      if (r->order[k] == (int)pairs[i].pair.b) b = k;
    }
    r->differs[a * d->columns + b] = r->differs[b * d->columns + a] = true;
  }
}

static void put_ranking(const vx_compare_data *d, vx_sheet *sheet, const char *group, const ranks *r) {
  for (int k = 0; k < d->columns; k++) {
    int c = r->order[k], better = 0, worse = 0;
    for (int j = 0; j < d->columns; j++) {
      if (!r->differs[k * d->columns + j]) continue;
      better += j > k;
      worse += j < k;
    }
    vx_sheet_row(sheet);
    if (d->options->by) vx_sheet_text(sheet, RANK_GROUP, "%s", group);
    vx_sheet_int(sheet, RANK, k + 1);
    vx_sheet_text(sheet, METHOD, "%s", d->names[c]);
    if (d->trivial[c]) vx_sheet_show(sheet, METHOD, "%s *", d->names[c]);
    vx_sheet_real(sheet, MEAN, d->scale * r->mean[c]);
    if (d->scale != 100 && !isnan(r->mean[c])) vx_sheet_show(sheet, MEAN, "%.4f", r->mean[c]);
    vx_sheet_int(sheet, RANK_N, r->n[c]);
    vx_sheet_int(sheet, BETTER, better);
    vx_sheet_int(sheet, WORSE, worse);
    vx_sheet_text(sheet, ALIKE, "%s", r->letters + k * LETTER_ROOM);
  }
}

vx_sheet *vx_compare_ranking(const vx_compare_data *d, const vx_compare_rows *r) {
  vx_sheet *sheet = vx_sheet_new(ranking_columns, RANKING_COLUMNS);
  ranks ranked;
  if (!sheet || !take_ranked(d, &ranked)) {
    vx_sheet_free(sheet);
    return NULL;
  }
  if (d->options->by) vx_sheet_head(sheet, RANK_GROUP, d->options->by);
  int pairs = (int)vx_pairs((size_t)d->columns);
  for (int at = 0; at < r->count; at += pairs) {
    int group = 0;
    while (d->groups.names[group] != r->list[at].group) group++;
    rank_columns(d, group, &ranked);
    mark_differences(d, r->list + at, pairs, &ranked);
    if (!vx_compare_letters(ranked.differs, d->columns, ranked.letters, LETTER_ROOM)) {
      vx_sheet_free(sheet);
      return NULL;
    }
    if (at) vx_sheet_rule(sheet);
    put_ranking(d, sheet, d->groups.names[group], &ranked);
  }
  return sheet;
}
