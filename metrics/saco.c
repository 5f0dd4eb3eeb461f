/* saco: do groups of patches that the map ranks higher move the class' probability more?

   The patches in order, group i = places floor(i T/K) … floor((i + 1) T/K) - 1, empty ones left out; s_i the mean of a
   over the group, d_i = p(x) - p(x without the group). saco = Σ_(i<j) σ_ij (s_i - s_j) / Σ_(i<j) |s_i - s_j|, σ_ij = 1
   where d_i >= d_j, else -1; 0 for a constant map. K variants.
   Source: Wu et al. 2024 (SaCo), arXiv:2404.01415, which removes by the picture's own mean: the default here. drop
   tells methods from blobs better. K belongs to the number: quote it. */
#include "metrics/cells.h"

#include <math.h>

enum { REMOVE, GROUPS, MOST = 200 };

static const vx_param params[] = {
    [REMOVE] = {.name = "remove",
                .type = VX_PARAM_CHOICE,
                .standard = VX_REMOVE_OWN_MEAN,
                .choices = VX_REMOVE_WORDS,
                .meaning = "what a removed patch becomes; own-mean as published"},
    [GROUPS] = {.name = "groups",
                .type = VX_PARAM_INT,
                .standard = 10,
                .low = 2,
                .high = MOST,
                .meaning = "groups of patches (K)"},
};

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  int groups = (int)args->value[GROUPS], cells = shape->grid * shape->grid;
  needs->answer_count = groups < cells ? groups : cells;
}

static double coefficient(const double *s, const double *d, int groups) {
  double sum = 0, all = 0;
  for (int i = 0; i < groups; i++)
    for (int j = i + 1; j < groups; j++) {
      sum += d[i] >= d[j] ? s[i] - s[j] : s[j] - s[i];
      all += fabs(s[i] - s[j]);
    }
  return all > 0 ? sum / all : 0;
}

static bool measure(const vx_case *of, const vx_args *args, double *columns, vx_error *error) {
  vx_cells cells;
  vx_reply whole, without;
  double s[MOST], d[MOST];
  int groups = (int)args->value[GROUPS], count = 0;
  if (!vx_cells_of(of, VX_UNIT_PATCH, true, &cells, error) || !vx_answers_whole(of->view, &whole, error)) return false;
  for (int i = 0; i < groups; i++) {
    int first = i * cells.count / groups, last = (i + 1) * cells.count / groups;
    if (first == last) continue;
    if (!vx_cells_without(of, &cells, (vx_remove)args->value[REMOVE], first, last, &without, error)) return false;
    s[count] = 0;
    for (int k = first; k < last; k++) s[count] += cells.value[cells.order[k]];
    s[count] /= last - first;
    d[count++] = whole.probability - without.probability;
  }
  columns[0] = cells.constant ? 0 : coefficient(s, d, count);
  return (vx_case_curve(of, "s", s, count) && vx_case_curve(of, "d", d, count)) ||
         vx_fail(error, "curve", "out of memory");
}

const vx_measure vx_measure_saco = {
    .id = "saco",
    .title = "Salience-guided faithfulness",
    .cite = "Wu et al. 2024 (SaCo), arXiv:2404.01415",
    .meaning = "Whether groups of patches of a higher value move the class' probability more, weighted by how much "
               "higher; it depends on the number of groups (10).",
    .kind = VX_MAP_AND_MODEL,
    .params = VX_PARAMS(params),
    .column_count = 1,
    .columns = {{.name = "saco",
                 .title = "SaCo",
                 .meaning = "1: every group moves as much as its value says; -1: upside down; a flat map has 0",
                 .low = -1,
                 .high = 1,
                 .higher_is_better = true}},
    .needs = ask,
    .measure = measure,
};
