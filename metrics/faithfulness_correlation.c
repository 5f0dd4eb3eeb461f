/* faithfulness-correlation: does the map's sum over random patches tell what their removal costs?

   `subsets` random subsets of floor(size T + 1/2) patches, at least one, drawn from the run's seed and the picture's
   id; Pearson's correlation between the sum of a over the subset and f(x) - f(x without it), f the logit; 0 where
   either is constant. One variant a subset, the same for every map of the picture. Source: Bhatt et al. 2020,
   arXiv:2005.00631. */
#include "metrics/cells.h"

#include <math.h>

enum { REMOVE, SUBSETS, SIZE };

static const vx_param params[] = {
    [REMOVE] = {.name = "remove",
                .type = VX_PARAM_CHOICE,
                .standard = VX_REMOVE_DROP,
                .choices = VX_REMOVE_WORDS,
                .meaning = "what a removed patch becomes; drop: its token does not enter the model"},
    [SUBSETS] = {.name = "subsets",
                 .type = VX_PARAM_INT,
                 .standard = 100,
                 .low = 2,
                 .high = 10000,
                 .meaning = "random subsets of patches"},
    [SIZE] = {.name = "size",
              .type = VX_PARAM_REAL,
              .standard = 0.1,
              .low = 0,
              .high = 1,
              .meaning = "patches of a subset, as a share of all"},
};

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)shape;
  needs->shared_count = (int)args->value[SUBSETS];
}

static bool measure(const vx_case *of, const vx_args *args, double *columns, vx_error *error) {
  const vx_view *view = of->view;
  vx_cells cells;
  vx_reply whole, without;
  int count = (int)args->value[SUBSETS];
  if (!vx_cells_of(of, VX_UNIT_PATCH, false, &cells, error) || !vx_answers_whole(view, &whole, error)) return false;
  double *sum = VX_TAKE(view->scratch, count, double), *drop = VX_TAKE(view->scratch, count, double);
  uint8_t *gone = VX_TAKE(view->scratch, cells.count, uint8_t);
  if (!sum || !drop || !gone) return vx_fail(error, "faithfulness-correlation", "out of memory");
  int size = (int)floor(args->value[SIZE] * cells.count + 0.5);
  for (int i = 0; i < count; i++) {
    vx_shared_key key = {VX_SHARED_SUBSET, (vx_remove)args->value[REMOVE], size > 1 ? size : 1, i};
    if (!vx_answers_gone(view, &key, gone, error) || !vx_answers_shared(view, &key, &without, error)) return false;
    sum[i] = 0;
    for (int k = 0; k < cells.count; k++) sum[i] += gone[k] ? cells.value[k] : 0;
    drop[i] = whole.logit - without.logit;
  }
  columns[0] = cells.constant ? 0 : vx_pearson(sum, drop, count);
  return true;
}

const vx_measure vx_measure_faithfulness_correlation = {
    .id = "faithfulness-correlation",
    .title = "Faithfulness correlation",
    .cite = "Bhatt et al. 2020, arXiv:2005.00631",
    .meaning = "Correlation between the map's sum over random patches and what the class' logit loses without them; "
               "perturbed once a picture for all maps.",
    .kind = VX_MAP_AND_MODEL,
    .params = VX_PARAMS(params),
    .column_count = 1,
    .columns = {{.name = "faithfulness_correlation",
                 .title = "Faithfulness correlation",
                 .meaning = "1: the sum tells the loss; a flat map has 0",
                 .low = -1,
                 .high = 1,
                 .higher_is_better = true}},
    .needs = ask,
    .measure = measure,
};
