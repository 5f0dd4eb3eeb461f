/* deletion-published, abpc-published, perturbation: pixel-wise curves as they were published, step by step.

   deletion-published (the final report): 100 steps of floor(S²/100) pixels, black; the rest is never removed. Mean
   height by trapezoids. 100 variants.
   abpc-published (the program of AG-CAM, Leem & Seo 2024): floor(k S²/10) pixels, k = 0 … 10, set to the normalised
   input's 0; mean over the eleven differences p(least relevant first) - p(most relevant first). 19 variants.
   perturbation (Chefer et al. 2021): floor(k S²/10) pixels, k = 0 … 9, black; a hit where the class explained is still
   the most probable; mean height by trapezoids over the nine steps, most relevant first (positive) and least relevant
   first (negative). Published without the division by 0.9 and against the label. 18 variants.
   By name only: 100 or some 20 full forward passes a map, for orders of pixels that patch maps do not have. */
#include "metrics/cells.h"

enum { REPORT_STEPS = 100, TENTHS = 10 };

static int tenths(const vx_cells *cells, int k) {
  return (int)((int64_t)k * cells->count / TENTHS);
}

static void ask_report(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)shape, (void)args;
  needs->answer_count = REPORT_STEPS;
}

static void ask_tenths(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)shape, (void)args;
  needs->answer_count = 2 * TENTHS - 1;
}

static bool keep(const vx_case *of, const char *name, const double *curve, int count, vx_error *error) {
  return vx_case_curve(of, name, curve, count) || vx_fail(error, "curve", "out of memory");
}

static bool deletion(const vx_case *of, const vx_args *args, double *columns, vx_error *error) {
  vx_cells cells;
  double curve[REPORT_STEPS + 1];
  (void)args;
  if (!vx_cells_of(of, VX_UNIT_PIXEL, true, &cells, error)) return false;
  for (int k = 0; k <= REPORT_STEPS; k++) {
    vx_reply reply;
    if (!vx_cells_without(of, &cells, VX_REMOVE_BLACK, 0, k * (cells.count / REPORT_STEPS), &reply, error))
      return false;
    curve[k] = reply.probability;
  }
  columns[0] = vx_trapezoids(curve, REPORT_STEPS);
  return keep(of, "p", curve, REPORT_STEPS + 1, error);
}

static bool abpc(const vx_case *of, const vx_args *args, double *columns, vx_error *error) {
  vx_cells cells;
  double least[TENTHS + 1], most[TENTHS + 1], sum = 0;
  (void)args;
  if (!vx_cells_of(of, VX_UNIT_PIXEL, true, &cells, error)) return false;
  for (int k = 0; k <= TENTHS; k++) {
    vx_reply first, last;
    int gone = tenths(&cells, k);
    if (!vx_cells_without(of, &cells, VX_REMOVE_MEAN, 0, gone, &first, error) ||
        !vx_cells_without(of, &cells, VX_REMOVE_MEAN, cells.count - gone, cells.count, &last, error))
      return false;
    least[k] = last.probability;
    most[k] = first.probability;
    sum += least[k] - most[k];
  }
  columns[0] = sum / (TENTHS + 1);
  return keep(of, "least relevant first", least, TENTHS + 1, error) &&
         keep(of, "most relevant first", most, TENTHS + 1, error);
}

/* Whether the class explained is the most probable without these cells. */
static bool hit(const vx_case *of, const vx_cells *cells, int first, int last, double *is, vx_error *error) {
  for (int i = 0; i < cells->count; i++) cells->gone[i] = 0;
  for (int i = first; i < last; i++) cells->gone[cells->order[i]] = 1;
  vx_removal removal = {.remove = VX_REMOVE_BLACK, .unit = cells->unit, .gone = cells->gone};
  const double *logits = vx_answers_logits(of->view, &removal, error);
  if (!logits) return false;
  int best = 0;
  for (int c = 1; c < of->view->shape->classes; c++)
    if (logits[c] > logits[best]) best = c;
  *is = best == of->view->target;
  return true;
}

static bool perturbation(const vx_case *of, const vx_args *args, double *columns, vx_error *error) {
  vx_cells cells;
  double most[TENTHS], least[TENTHS];
  (void)args;
  if (!vx_cells_of(of, VX_UNIT_PIXEL, true, &cells, error)) return false;
  for (int k = 0; k < TENTHS; k++) {
    int gone = tenths(&cells, k);
    if (!hit(of, &cells, 0, gone, &most[k], error) ||
        !hit(of, &cells, cells.count - gone, cells.count, &least[k], error))
      return false;
  }
  columns[0] = vx_trapezoids(most, TENTHS - 1);
  columns[1] = vx_trapezoids(least, TENTHS - 1);
  return keep(of, "most relevant first", most, TENTHS, error) && keep(of, "least relevant first", least, TENTHS, error);
}

const vx_measure vx_measure_deletion_published = {
    .id = "deletion-published",
    .title = "Deletion (as published)",
    .cite = "the final report, after Petsiuk et al. 2018, arXiv:1806.07421",
    .meaning = "Pixels are blackened in 100 steps, the most relevant first. 100 forward passes a map.",
    .kind = VX_MAP_AND_MODEL,
    .by_name_only = true,
    .column_count = 1,
    .columns = {{.name = "deletion_published",
                 .title = "Deletion (as published)",
                 .meaning = "mean height of the curve of p over the steps; lower is better",
                 .high = 1,
                 .percent = true}},
    .needs = ask_report,
    .measure = deletion,
};

const vx_measure vx_measure_abpc_published = {
    .id = "abpc-published",
    .title = "ABPC (as published)",
    .cite = "Leem & Seo 2024 (AG-CAM), arXiv:2402.04563",
    .meaning = "Pixels are set to the training data's mean, a tenth at a time. 19 forward passes a map.",
    .kind = VX_MAP_AND_MODEL,
    .by_name_only = true,
    .column_count = 1,
    .columns = {{.name = "abpc_published",
                 .title = "ABPC (as published)",
                 .meaning = "mean of p(least relevant first) - p(most relevant first) over eleven points",
                 .low = -1,
                 .high = 1,
                 .higher_is_better = true,
                 .percent = true}},
    .needs = ask_tenths,
    .measure = abpc,
};

const vx_measure vx_measure_perturbation = {
    .id = "perturbation",
    .title = "Perturbation tests",
    .cite = "Chefer et al. 2021 (CVPR), arXiv:2012.09838",
    .meaning = "Whether the class stays the most probable while pixels are blackened, a tenth at a time. 18 forward "
               "passes a map.",
    .kind = VX_MAP_AND_MODEL,
    .by_name_only = true,
    .column_count = 2,
    .columns = {{.name = "perturbation_positive",
                 .title = "Positive perturbation",
                 .meaning = "share of hits, the most relevant first; lower is better",
                 .high = 1,
                 .percent = true},
                {.name = "perturbation_negative",
                 .title = "Negative perturbation",
                 .meaning = "share of hits, the least relevant first",
                 .high = 1,
                 .higher_is_better = true,
                 .percent = true}},
    .needs = ask_tenths,
    .measure = perturbation,
};
