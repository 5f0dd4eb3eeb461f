/* deletion, insertion, abpc: how the class' probability falls as the map's cells are removed, the most relevant first
   or the least relevant first.

   m_k = (2kT + N) div (2N) of T cells, k = 0 … N, N = `steps`. deletion: p_k = p without the first m_k cells of the
   order; insertion: without the last m_(N-k), which is the least-relevant-first curve read backwards; each number is
   the curve's mean height by trapezoids. abpc = insertion - deletion. p_0 of the one and p_N of the other are the run's
   own prediction; p_N of the one is p_0 of the other, without all cells: 2 N - 1 variants for all three together.
   Source: Petsiuk et al. 2018 (deletion, insertion), Samek et al. 2017 (both orders); the tokens left out after
   Jain et al. 2022. A constant map is removed in row order. */
#include "metrics/cells.h"

enum { REMOVE, UNIT, STEPS, MOST = 1000 };

static const vx_param params[] = {
    [REMOVE] = {.name = "remove",
                .type = VX_PARAM_CHOICE,
                .standard = VX_REMOVE_DROP,
                .choices = VX_REMOVE_WORDS,
                .meaning = "what a removed cell becomes; drop: its token does not enter the model"},
    [UNIT] = {.name = "unit",
              .type = VX_PARAM_CHOICE,
              .standard = VX_UNIT_PATCH,
              .choices = VX_UNIT_WORDS,
              .meaning = "what is removed at once; pixels cannot be dropped"},
    [STEPS] = {.name = "steps",
               .type = VX_PARAM_INT,
               .standard = 20,
               .low = 1,
               .high = MOST,
               .meaning = "steps from all cells to none"},
};

static bool check(const vx_shape *shape, const vx_args *args, vx_error *error) {
  (void)shape;
  return vx_remove_check((vx_remove)args->value[REMOVE], (vx_unit)args->value[UNIT], error);
}

static void ask_one(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)shape;
  needs->answer_count = (int)args->value[STEPS];
}

static void ask_both(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)shape;
  needs->answer_count = 2 * (int)args->value[STEPS] - 1;
}

/* curve [N + 1]. Insertion's point k is without the last m_(N-k). */
static bool make_curve(const vx_case *of, const vx_cells *cells, const vx_args *args, bool insert, double *curve,
                       vx_error *error) {
  int64_t steps = (int64_t)args->value[STEPS], count = cells->count;
  for (int64_t k = 0; k <= steps; k++) {
    vx_reply reply;
    int gone = (int)((2 * (insert ? steps - k : k) * count + steps) / (2 * steps));
    if (!vx_cells_without(of, cells, (vx_remove)args->value[REMOVE], insert ? (int)count - gone : 0,
                          insert ? (int)count : gone, &reply, error))
      return false;
    curve[k] = reply.probability;
  }
  return true;
}

static bool one_curve(const vx_case *of, const vx_args *args, bool insert, double *column, vx_error *error) {
  vx_cells cells;
  double curve[MOST + 1];
  int steps = (int)args->value[STEPS];
  if (!vx_cells_of(of, (vx_unit)args->value[UNIT], true, &cells, error) ||
      !make_curve(of, &cells, args, insert, curve, error))
    return false;
  *column = vx_trapezoids(curve, steps);
  return vx_case_curve(of, "p", curve, steps + 1) || vx_fail(error, "curve", "out of memory");
}

static bool deletion(const vx_case *of, const vx_args *args, double *columns, vx_error *error) {
  return one_curve(of, args, false, columns, error);
}

static bool insertion(const vx_case *of, const vx_args *args, double *columns, vx_error *error) {
  return one_curve(of, args, true, columns, error);
}

static bool abpc(const vx_case *of, const vx_args *args, double *columns, vx_error *error) {
  vx_cells cells;
  double down[MOST + 1], up[MOST + 1];
  int steps = (int)args->value[STEPS];
  if (!vx_cells_of(of, (vx_unit)args->value[UNIT], true, &cells, error) ||
      !make_curve(of, &cells, args, false, down, error) || !make_curve(of, &cells, args, true, up, error))
    return false;
  columns[0] = vx_trapezoids(up, steps) - vx_trapezoids(down, steps);
  return true;
}

const vx_measure vx_measure_deletion = {
    .id = "deletion",
    .title = "Deletion",
    .cite = "Petsiuk et al. 2018 (RISE), arXiv:1806.07421",
    .meaning = "How probable the class stays while the cells are removed, the most relevant first: lower is better.",
    .kind = VX_MAP_AND_MODEL,
    .params = VX_PARAMS(params),
    .column_count = 1,
    .columns = {{.name = "deletion",
                 .title = "Deletion",
                 .meaning = "mean height of the curve of p over the share removed",
                 .high = 1,
                 .percent = true}},
    .check = check,
    .needs = ask_one,
    .measure = deletion,
};

const vx_measure vx_measure_insertion = {
    .id = "insertion",
    .title = "Insertion",
    .cite = "Petsiuk et al. 2018 (RISE), arXiv:1806.07421",
    .meaning = "How probable the class becomes while the cells come back, the most relevant first: higher is better.",
    .kind = VX_MAP_AND_MODEL,
    .params = VX_PARAMS(params),
    .column_count = 1,
    .columns = {{.name = "insertion",
                 .title = "Insertion",
                 .meaning = "mean height of the curve of p over the share shown",
                 .high = 1,
                 .higher_is_better = true,
                 .percent = true}},
    .check = check,
    .needs = ask_one,
    .measure = insertion,
};

const vx_measure vx_measure_abpc = {
    .id = "abpc",
    .title = "Area between the curves",
    .cite = "Samek et al. 2017, arXiv:1509.06321",
    .meaning = "insertion - deletion: between the least-relevant-first and the most-relevant-first curve.",
    .kind = VX_MAP_AND_MODEL,
    .params = VX_PARAMS(params),
    .column_count = 1,
    .columns = {{.name = "abpc",
                 .title = "ABPC",
                 .meaning = "0 for an order that says nothing; below it the order is upside down",
                 .low = -1,
                 .high = 1,
                 .higher_is_better = true,
                 .percent = true}},
    .check = check,
    .needs = ask_both,
    .measure = abpc,
};
