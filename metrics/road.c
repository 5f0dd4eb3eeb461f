/* road: the class' probability with the most (MoRF) and the least relevant (LeRF) pixels imputed from their neighbours,
   at nine percentiles.

   floor(k S²/10) pixels, k = 1 … 9, imputed (metrics/remove.h), then normal noise of sigma `noise` on them, drawn a
   picture and percentile, not a map. morf, lerf: means over k; road = (lerf - morf)/2. 18 variants, each with a linear
   system: by name only.
   Source: Rong et al. 2022 (ROAD), arXiv:2202.00449; the combination as in pytorch-grad-cam. Noise alone can move p by
   0.05. */
#include "metrics/cells.h"

#include <string.h>

enum { NOISE, POINTS = 9 };

static const vx_param params[] = {
    [NOISE] = {.name = "noise",
               .type = VX_PARAM_REAL,
               .standard = 0.01,
               .low = 0,
               .high = 10,
               .meaning = "sigma of the noise on imputed pixels, in units of the normalised input; 0: none"},
};

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)shape, (void)args;
  needs->answer_count = 2 * POINTS;
}

/* p with the pixels at places first … last - 1 of the order imputed. */
static bool imputed(const vx_case *of, const vx_cells *cells, const vx_args *args, int draw, int first, int last,
                    double *p, vx_error *error) {
  vx_reply reply;
  memset(cells->gone, 0, (size_t)cells->count);
  for (int i = first; i < last; i++) cells->gone[cells->order[i]] = 1;
  vx_removal removal = {VX_REMOVE_IMPUTE, VX_UNIT_PIXEL, cells->gone, args->value[NOISE], draw};
  if (!vx_answers_ask(of->view, &removal, &reply, error)) return false;
  *p = reply.probability;
  return true;
}

static bool measure(const vx_case *of, const vx_args *args, double *columns, vx_error *error) {
  vx_cells cells;
  double morf[POINTS], lerf[POINTS], sum[2] = {0, 0};
  if (!vx_cells_of(of, VX_UNIT_PIXEL, true, &cells, error)) return false;
  for (int k = 0; k < POINTS; k++) {
    int gone = (int)((int64_t)(k + 1) * cells.count / (POINTS + 1));
    if (!imputed(of, &cells, args, k, 0, gone, &morf[k], error) ||
        !imputed(of, &cells, args, k, cells.count - gone, cells.count, &lerf[k], error))
      return false;
    sum[0] += morf[k];
    sum[1] += lerf[k];
  }
  columns[0] = sum[0] / POINTS;
  columns[1] = sum[1] / POINTS;
  columns[2] = (columns[1] - columns[0]) / 2;
  return (vx_case_curve(of, "morf", morf, POINTS) && vx_case_curve(of, "lerf", lerf, POINTS)) ||
         vx_fail(error, "curve", "out of memory");
}

const vx_measure vx_measure_road = {
    .id = "road",
    .title = "ROAD",
    .cite = "Rong et al. 2022 (ROAD), arXiv:2202.00449",
    .meaning = "The class' probability with pixels imputed from their neighbours and a little noise, which alone can "
               "move it by 0.05. 18 forward passes a map.",
    .kind = VX_MAP_AND_MODEL,
    .by_name_only = true,
    .params = VX_PARAMS(params),
    .column_count = 3,
    .columns = {{.name = "road_morf",
                 .title = "ROAD MoRF",
                 .meaning = "mean p, the most relevant pixels imputed; lower is better",
                 .high = 1,
                 .percent = true},
                {.name = "road_lerf",
                 .title = "ROAD LeRF",
                 .meaning = "mean p, the least relevant pixels imputed",
                 .high = 1,
                 .higher_is_better = true,
                 .percent = true},
                {.name = "road",
                 .title = "ROAD",
                 .meaning = "(LeRF - MoRF)/2",
                 .low = -0.5,
                 .high = 0.5,
                 .higher_is_better = true,
                 .percent = true}},
    .needs = ask,
    .measure = measure,
};
