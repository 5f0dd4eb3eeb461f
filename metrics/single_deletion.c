/* single-deletion: does the map rank the cells as their removal ranks them?

   Spearman's correlation, over the cells of `cells` x `cells` patches, between the mean of a in the cell and
   f(x) - f(x without the cell), f the logit; 0 where either is constant. One variant a cell, the same for every map of
   the picture. The drops are the method `occlusion` under the same `remove`, whose own score is 1: the ceiling.
   Source: single deletion, Alvarez-Melis & Jaakkola 2018 (faithfulness), arXiv:1806.07538, by ranks. */
#include "metrics/cells.h"
#include "statistics/rank.h"

enum { REMOVE, CELLS };

static const vx_param params[] = {
    [REMOVE] = {.name = "remove",
                .type = VX_PARAM_CHOICE,
                .standard = VX_REMOVE_DROP,
                .choices = VX_REMOVE_WORDS,
                .meaning = "what a removed cell becomes; drop: its tokens do not enter the model"},
    [CELLS] = {.name = "cells",
               .type = VX_PARAM_INT,
               .standard = 1,
               .low = 1,
               .high = 64,
               .meaning = "side of a cell in patches; has to divide the grid"},
};

static bool check(const vx_shape *shape, const vx_args *args, vx_error *error) {
  int cells = (int)args->value[CELLS];
  return shape->grid % cells == 0 ||
         vx_fail(error, "cells", "of %d patches a side do not tile a grid of %d", cells, shape->grid);
}

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  int side = shape->grid / (int)args->value[CELLS];
  needs->shared_count = side * side;
}

static bool measure(const vx_case *of, const vx_args *args, double *columns, vx_error *error) {
  vx_cells patches;
  vx_reply whole, without;
  int cell = (int)args->value[CELLS], grid = of->view->shape->grid, side = grid / cell;
  if (!vx_cells_of(of, VX_UNIT_PATCH, false, &patches, error) || !vx_answers_whole(of->view, &whole, error))
    return false;
  double *a = VX_TAKE(of->view->scratch, side * side, double), *drop = VX_TAKE(of->view->scratch, side * side, double);
  if (!a || !drop) return vx_fail(error, "single-deletion", "out of memory");
  bool moves = false, falls = false;
  for (int i = 0; i < side * side; i++) {
    vx_shared_key key = {VX_SHARED_CELL, (vx_remove)args->value[REMOVE], cell, i};
    if (!vx_answers_shared(of->view, &key, &without, error)) return false;
    drop[i] = whole.logit - without.logit;
    a[i] = 0;
    for (int k = 0; k < cell * cell; k++)
      a[i] += patches.value[(i / side * cell + k / cell) * grid + i % side * cell + k % cell];
    a[i] /= cell * cell;
    moves |= a[i] < a[0] || a[i] > a[0];
    falls |= drop[i] < drop[0] || drop[i] > drop[0];
  }
  columns[0] = 0;
  return !moves || !falls || patches.constant || vx_spearman(a, drop, (size_t)(side * side), columns, error);
}

const vx_measure vx_measure_single_deletion = {
    .id = "single-deletion",
    .title = "Single deletion",
    .cite = "Alvarez-Melis & Jaakkola 2018, arXiv:1806.07538",
    .meaning = "Rank correlation between the map and what the class' logit loses without each cell; perturbed once a "
               "picture for all maps.",
    .kind = VX_MAP_AND_MODEL,
    .params = VX_PARAMS(params),
    .column_count = 1,
    .columns = {{.name = "single_deletion",
                 .title = "Single deletion",
                 .meaning = "1: the map ranks the cells as their removal does; a flat map has 0",
                 .low = -1,
                 .high = 1,
                 .higher_is_better = true}},
    .check = check,
    .needs = ask,
    .measure = measure,
};
