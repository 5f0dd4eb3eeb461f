#include "harness/run/score.h"

#include <stdlib.h>

#include "metrics/measure.h"

struct vx_scorer {
  const vx_run *run;
  vx_truth truth; /* of the image at hand */
  vx_sized sized; /* the map at hand */
  vx_levels levels;
};

vx_scorer *vx_scorer_new(const vx_run *run, vx_error *error) {
  vx_scorer *scorer = calloc(1, sizeof *scorer);
  if (scorer)
    scorer->run = run;
  else
    vx_fail(error, "worker", "out of memory");
  return scorer;
}

void vx_scorer_free(vx_scorer *scorer) {
  if (!scorer) return;
  vx_sized_free(&scorer->sized);
  vx_truth_free(&scorer->truth);
  free(scorer);
}

bool vx_scorer_truth(vx_scorer *scorer, const vx_mask *mask, int width, int height, const vx_result *result,
                     vx_error *error) {
  const vx_run *run = scorer->run;
  int predicted = run->map.label[result->prediction.top[0].label];
  return vx_setting_truth(&run->config->score, &run->input, mask, width, height, predicted, &scorer->truth, error);
}

static void fill_counts(const vx_cut *cut, vx_evaluation *evaluation) {
  evaluation->threshold = cut->threshold;
  evaluation->tp = cut->counts.tp;
  evaluation->fp = cut->counts.fp;
  evaluation->fn = cut->counts.fn;
  evaluation->tn = cut->counts.tn;
  evaluation->void_pixels = cut->counts.ignored;
}

static bool fill_scores(const vx_run *run, const vx_case *in, vx_result *result, vx_evaluation *evaluation,
                        vx_error *error) {
  double column[VX_MEASURE_COLUMNS];
  if (!vx_measure_overlap.measure(in, NULL, column, error)) return false;
  evaluation->iou = column[0];
  evaluation->f1 = column[1];
  evaluation->pixel_accuracy = column[2];
  for (int i = 0; i < run->metric_count; i++) {
    const vx_measure *metric = run->metrics[i];
    if (metric == &vx_measure_overlap) continue;
    if (!metric->measure(in, NULL, column, error)) return false;
    for (int c = 0; c < metric->column_count; c++)
      if (!vx_result_add_score(result, evaluation, metric->columns[c].name, column[c]))
        return vx_fail(error, metric->id, "out of memory");
  }
  return true;
}

vx_score_outcome vx_scorer_score(vx_scorer *scorer, const vx_method *method, const vx_heatmap *map, vx_result *result,
                                 vx_evaluation *evaluation, vx_error *error) {
  const vx_geometry *size = &scorer->truth.geometry;
  if (!vx_to_size(&scorer->sized, map, method->name, size->height, size->width, error)) return VX_SCORE_FAILED;
  if (!vx_sized_keep(&scorer->sized, result, evaluation)) return VX_SCORE_NO_MEMORY;
  evaluation->status = scorer->sized.heat.flat ? VX_STATUS_FLAT : VX_STATUS_OK;
  if (!scorer->truth.known) {
    evaluation->status = VX_STATUS_UNSCORED;
    return VX_SCORE_DONE;
  }
  vx_case in;
  if (!vx_case_prepare(&scorer->sized.heat, scorer->truth.label, &scorer->run->config->score.scoring, &scorer->levels,
                         &in, error))
    return VX_SCORE_FAILED;
  fill_counts(&in.cut, evaluation);
  return fill_scores(scorer->run, &in, result, evaluation, error) ? VX_SCORE_DONE : VX_SCORE_NO_MEMORY;
}
