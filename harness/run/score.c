#include "harness/run/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/measures.h"

struct vx_scorer {
  const vx_run *run;
  vx_geometry geometry; /* of the image at hand */
  bool has_truth;
  uint8_t *truth; /* [geometry.height][geometry.width] */
  size_t truth_room;
  float *rounded; /* [grid][grid] */
  double *map;    /* [side][side], what is scored */
  vx_heat heat;
  vx_levels levels;
};

vx_scorer *vx_scorer_new(const vx_run *run, vx_error *error) {
  vx_scorer *scorer = calloc(1, sizeof *scorer);
  size_t cells = (size_t)run->shape->grid * (size_t)run->shape->grid;
  if (scorer) {
    scorer->run = run;
    scorer->rounded = malloc(cells * sizeof *scorer->rounded);
    scorer->map = malloc(cells * sizeof *scorer->map);
  }
  if (scorer && scorer->rounded && scorer->map) return scorer;
  vx_scorer_free(scorer);
  vx_fail(error, "worker", "out of memory");
  return NULL;
}

void vx_scorer_free(vx_scorer *scorer) {
  if (!scorer) return;
  vx_heat_free(&scorer->heat);
  free(scorer->truth);
  free(scorer->rounded);
  free(scorer->map);
  free(scorer);
}

/* ---- truth ------------------------------------------------------------------------------------------------------- */

bool vx_score_geometry(const vx_config *config, const vx_input_options *input, int width, int height,
                       vx_geometry *geometry, vx_error *error) {
  vx_input_options own = *input;
  switch (config->size) {
  case VX_CFG_SIZE_IMAGE:
    *geometry = vx_geometry_squash(width, height);
    return true;
  case VX_CFG_SIZE_OWN: /* the same cut as at the model's size */
    own = vx_input_at(input, config->size_pixels);
    break;
  case VX_CFG_SIZE_INPUT:
    break;
  }
  return vx_input_geometry(&own, width, height, geometry, error);
}

static bool make_room(vx_scorer *scorer, size_t pixels) {
  if (pixels <= scorer->truth_room) return true;
  free(scorer->truth);
  scorer->truth = malloc(pixels);
  scorer->truth_room = scorer->truth ? pixels : 0;
  return scorer->truth != NULL;
}

bool vx_scorer_truth(vx_scorer *scorer, const vx_mask *mask, int width, int height, const vx_result *result,
                     vx_error *error) {
  const vx_run *run = scorer->run;
  vx_geometry *geometry = &scorer->geometry;
  scorer->has_truth = false;
  if (!vx_score_geometry(run->config, &run->input, width, height, geometry, error)) return false;
  if (!mask->label) return true;
  vx_truth_options options = run->truth;
  if (options.foreground == VX_FOREGROUND_PREDICTED) {
    options.label = run->map.label[result->prediction.top[0].label];
    if (options.label <= 0) return true;
  }
  if (!make_room(scorer, (size_t)geometry->width * (size_t)geometry->height))
    return vx_fail(error, result->id, "out of memory");
  scorer->has_truth = vx_truth_make(mask, &options, geometry, scorer->truth, error);
  return scorer->has_truth;
}

/* ---- map --------------------------------------------------------------------------------------------------------- */

/* Rounds a patch map to what is stored and takes that for scoring; false for a value beyond single precision. */
static bool round_map(vx_scorer *scorer, const vx_method *method, const double *map, size_t cells, vx_error *error) {
  for (size_t i = 0; i < cells; i++) {
    scorer->rounded[i] = (float)map[i];
    scorer->map[i] = (double)scorer->rounded[i];
    if (!isfinite(scorer->map[i]))
      return vx_fail(error, method->name, "value %zu of the map is %g, beyond single precision", i, map[i]);
  }
  return true;
}

/* The map at evaluation size, in scorer->heat; a patch map also in scorer->rounded. */
static bool bring_to_size(vx_scorer *scorer, const vx_method *method, const double *map, vx_error *error) {
  const vx_explainer *explainer = method->explainer;
  int side = vx_explainer_side(explainer, scorer->run->shape);
  if (explainer->grid == VX_GRID_PATCH) {
    if (!round_map(scorer, method, map, (size_t)side * (size_t)side, error)) return false;
    map = scorer->map;
  }
  int height = scorer->geometry.height, width = scorer->geometry.width;
  return explainer->is_mask ? vx_heat_from_mask(&scorer->heat, map, side, side, height, width, error)
                            : vx_heat_from_map(&scorer->heat, map, side, side, height, width, error);
}

static bool keep_map(vx_scorer *scorer, const vx_method *method, vx_result *result, vx_evaluation *evaluation) {
  int grid = scorer->run->shape->grid;
  if (method->explainer->grid == VX_GRID_PATCH)
    return vx_result_keep_patch_map(result, evaluation, scorer->rounded, grid, grid);
  return vx_result_keep_pixel_map(result, evaluation, scorer->heat.u, scorer->heat.width, scorer->heat.height);
}

/* ---- scores -------------------------------------------------------------------------------------------------------
 */

static void fill_counts(const vx_cut *cut, vx_evaluation *evaluation) {
  evaluation->threshold = cut->threshold;
  evaluation->tp = cut->counts.tp;
  evaluation->fp = cut->counts.fp;
  evaluation->fn = cut->counts.fn;
  evaluation->tn = cut->counts.tn;
  evaluation->void_pixels = cut->counts.ignored;
}

static bool fill_scores(const vx_run *run, const vx_metric_input *in, vx_result *result, vx_evaluation *evaluation,
                        vx_error *error) {
  double column[VX_METRIC_COLUMNS];
  if (!vx_metric_overlap.measure(in, column, error)) return false;
  evaluation->iou = column[0];
  evaluation->f1 = column[1];
  evaluation->pixel_accuracy = column[2];
  for (int i = 0; i < run->metric_count; i++) {
    const vx_metric *metric = run->metrics[i];
    if (metric == &vx_metric_overlap) continue;
    if (!metric->measure(in, column, error)) return false;
    for (int c = 0; c < metric->n_columns; c++)
      if (!vx_result_add_score(result, evaluation, metric->columns[c].name, column[c]))
        return vx_fail(error, metric->id, "out of memory");
  }
  return true;
}

vx_score_outcome vx_scorer_score(vx_scorer *scorer, const vx_method *method, const double *map, vx_result *result,
                                 vx_evaluation *evaluation, vx_error *error) {
  if (!bring_to_size(scorer, method, map, error)) return VX_SCORE_FAILED;
  if (!keep_map(scorer, method, result, evaluation)) return VX_SCORE_NO_MEMORY;
  evaluation->status = scorer->heat.flat ? VX_STATUS_FLAT : VX_STATUS_OK;
  if (!scorer->has_truth) {
    evaluation->status = VX_STATUS_UNSCORED;
    return VX_SCORE_DONE;
  }
  vx_metric_input in;
  if (!vx_metric_prepare(&scorer->heat, scorer->truth, &scorer->run->scoring, &scorer->levels, &in, error))
    return VX_SCORE_FAILED;
  fill_counts(&in.cut, evaluation);
  return fill_scores(scorer->run, &in, result, evaluation, error) ? VX_SCORE_DONE : VX_SCORE_NO_MEMORY;
}
