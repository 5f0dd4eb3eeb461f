/* Methods of a run in the order of their means, with what the tests can tell apart. */
#include "harness/tables/compare_data.h"

enum { RANK_GROUP, RANK, METHOD, MEAN, RANK_N, BETTER, WORSE, LEVEL, LOW, HIGH, RANKING_COLUMNS };

static const vx_sheet_column ranking_columns[RANKING_COLUMNS] = {
    [RANK_GROUP] = {"group", NULL, 0, true},
    [RANK] = {"rank", "rank", 0, false},
    [METHOD] = {"method", "method", 0, true},
    [MEAN] = {"mean", "mean", 2, false},
    [RANK_N] = {"n", "n", 0, false},
    [BETTER] = {"better_than", "better than", 0, false},
    [WORSE] = {"worse_than", "worse than", 0, false},
    [LEVEL] = {"level_with_best", "level with the best", 0, true},
    [LOW] = {"rank_low", "ranks", 0, false},
    [HIGH] = {"rank_high", NULL, 0, false},
};

bool vx_compare_has_images(const vx_compare_data *d, int group) {
  for (int k = 0; k < d->images; k++)
    if (d->groups.group[k] == group) return true;
  return false;
}

static void put_method(const vx_compare_data *d, vx_sheet *sheet, int c, const vx_standing *s) {
  vx_sheet_text(sheet, METHOD, "%s", d->names[c]);
  if (d->trivial[c]) vx_sheet_show(sheet, METHOD, "%s *", d->names[c]);
  vx_sheet_int(sheet, RANK_N, (long long)s->n);
  if (!s->rank) return;
  vx_sheet_int(sheet, RANK, s->rank);
  vx_sheet_real(sheet, MEAN, d->scale * s->mean);
  if (d->scale != 100) vx_sheet_show(sheet, MEAN, "%.4f", s->mean);
  vx_sheet_int(sheet, BETTER, s->better_than);
  vx_sheet_int(sheet, WORSE, s->worse_than);
  vx_sheet_text(sheet, LEVEL, s->level ? "yes" : "no");
  vx_sheet_int(sheet, LOW, s->low);
  if (s->high > s->low) vx_sheet_show(sheet, LOW, "%d–%d", s->low, s->high);
  vx_sheet_int(sheet, HIGH, s->high);
}

/* One group's methods, best first, those without a mean last. */
static void put_ranking(const vx_compare_data *d, vx_sheet *sheet, int group, const vx_standing *standings) {
  for (int rank = 1; rank <= d->columns + 1; rank++) {
    for (int c = 0; c < d->columns; c++) {
      if (standings[c].rank != (rank <= d->columns ? rank : 0)) continue;
      vx_sheet_row(sheet);
      if (d->options->by) vx_sheet_text(sheet, RANK_GROUP, "%s", d->groups.names[group]);
      put_method(d, sheet, c, &standings[c]);
    }
  }
}

vx_sheet *vx_compare_ranking(const vx_compare_data *d, const vx_compare_rows *r) {
  size_t columns = (size_t)d->columns, groups = (size_t)d->groups.count;
  vx_standing *standings = VX_TAKE(d->arena, columns * groups + 1, vx_standing);
  vx_sheet *sheet = standings ? vx_sheet_new(ranking_columns, RANKING_COLUMNS) : NULL;
  if (!sheet) return NULL;
  if (d->options->by) vx_sheet_head(sheet, RANK_GROUP, d->options->by);
  vx_stand(d->first, (size_t)d->images, columns, d->groups.group, groups, r->pairs, d->higher, standings);
  bool any = false;
  for (int g = 0; g < d->groups.count; g++) {
    if (!vx_compare_has_images(d, g)) continue;
    if (any) vx_sheet_rule(sheet);
    any = true;
    put_ranking(d, sheet, g, standings + (size_t)g * columns);
  }
  return sheet;
}
