#include "harness/run/score.h"

#include <math.h>
#include <stdlib.h>

#include "metrics/measure.h"

struct vx_scorer {
  const vx_run *run;
  vx_truth truth; /* of the image at hand */
  vx_sized sized; /* the map at hand */
  vx_levels levels;
  vx_view plain; /* the model's shape, and nothing of a picture: for measures of the map alone */
};

vx_scorer *vx_scorer_new(const vx_run *run, vx_error *error) {
  vx_scorer *scorer = calloc(1, sizeof *scorer);
  if (scorer) {
    scorer->run = run;
    scorer->plain = (vx_view){.shape = run->shape, .scratch = vx_arena_new()};
    if (scorer->plain.scratch) return scorer;
  }
  vx_scorer_free(scorer);
  vx_fail(error, "worker", "out of memory");
  return NULL;
}

void vx_scorer_free(vx_scorer *scorer) {
  if (!scorer) return;
  vx_sized_free(&scorer->sized);
  vx_truth_free(&scorer->truth);
  vx_arena_free(scorer->plain.scratch);
  free(scorer);
}

bool vx_scorer_truth(vx_scorer *scorer, const vx_mask *mask, int width, int height, const vx_result *result,
                     vx_error *error) {
  const vx_run *run = scorer->run;
  int predicted = run->map.label[result->prediction.top[0].label];
  return vx_setting_truth(&run->config->score, &run->input, mask, width, height, predicted, &scorer->truth, error);
}

void vx_score_cut(const vx_cut *cut, const vx_scoring *scoring, vx_evaluation *evaluation) {
  evaluation->threshold = cut->threshold;
  evaluation->tp = cut->counts.tp;
  evaluation->fp = cut->counts.fp;
  evaluation->fn = cut->counts.fn;
  evaluation->tn = cut->counts.tn;
  evaluation->void_pixels = cut->counts.ignored;
  evaluation->iou = vx_iou(&cut->counts);
  evaluation->f1 = vx_f1(&cut->counts);
  evaluation->pixel_accuracy = scoring->accuracy_is_recall ? vx_recall(&cut->counts) : vx_pixel_accuracy(&cut->counts);
}

/* Where a measure's curve goes. */
typedef struct curves {
  vx_result *result;
  vx_evaluation *evaluation;
  const char *metric;
} curves;

static bool keep_curve(void *user, const char *name, const double *values, int count) {
  const curves *to = user;
  float *single = VX_TAKE(to->result->arena, count + 1, float);
  if (!single) return false;
  for (int i = 0; i < count; i++) single[i] = (float)values[i];
  return vx_result_add_curve(to->result, to->evaluation, to->metric, name, single, count);
}

/* One measure's numbers. What a measure that asks the model cannot tell is undefined, and a failure of the picture. */
static vx_score_outcome fill_metric(const vx_run *run, int index, vx_case *of, vx_result *result,
                                    vx_evaluation *evaluation, vx_error *error) {
  const vx_metric *metric = &run->config->metrics[index];
  const vx_measure *measure = metric->measure;
  double column[VX_MEASURE_COLUMNS];
  curves to = {result, evaluation, metric->name};
  of->keep_curve = keep_curve;
  of->user = &to;
  bool good = measure->measure(of, &metric->args, column, error);
  if (of->view) vx_arena_reset(of->view->scratch);
  if (!good && measure->kind == VX_MAP_AND_TRUTH) return VX_SCORE_NO_MEMORY;
  if (!good && !vx_result_add_failure(result, VX_FAILURE, evaluation->method, "measure", metric->name, "%s: %s",
                                      error->where, error->why))
    return VX_SCORE_NO_MEMORY;
  for (int c = 0; c < measure->column_count; c++)
    if (!vx_result_add_score(result, evaluation, run->columns[index][c], good ? column[c] : (double)NAN))
      return VX_SCORE_NO_MEMORY;
  return VX_SCORE_DONE;
}

/* The metrics whose bits are set: those against the truth where there is one, those that ask the model. */
static vx_score_outcome fill_metrics(const vx_scorer *scorer, uint64_t metrics, const vx_case *truth, const vx_map *map,
                                     const vx_view *view, vx_result *result, vx_evaluation *evaluation,
                                     vx_error *error) {
  const vx_run *run = scorer->run;
  vx_score_outcome outcome = VX_SCORE_DONE;
  for (int i = 0; i < run->config->metric_count && outcome == VX_SCORE_DONE; i++) {
    const vx_measure *measure = run->config->metrics[i].measure;
    bool against_truth = measure->kind == VX_MAP_AND_TRUTH;
    if (!(metrics >> i & 1) || measure == &vx_measure_overlap || (against_truth && !scorer->truth.known)) continue;
    vx_case of = against_truth ? *truth : (vx_case){.map = map, .view = view};
    if (measure->kind == VX_MAP_ALONE) of.view = &scorer->plain;
    outcome = fill_metric(run, i, &of, result, evaluation, error);
  }
  return outcome;
}

static bool prepare(vx_scorer *scorer, vx_case *of, vx_error *error) {
  return vx_case_prepare(&scorer->sized.heat, scorer->truth.label, &scorer->run->config->score.scoring, &scorer->levels,
                         of, error);
}

vx_score_outcome vx_scorer_score(vx_scorer *scorer, const vx_method *method, const vx_heatmap *map, const vx_view *view,
                                 uint64_t metrics, vx_result *result, vx_evaluation *evaluation, vx_error *error) {
  const vx_geometry *size = &scorer->truth.geometry;
  vx_case of = {0};
  if (!vx_to_size(&scorer->sized, map, method->name, size->height, size->width, error)) return VX_SCORE_FAILED;
  if (!vx_sized_keep(&scorer->sized, result, evaluation)) return VX_SCORE_NO_MEMORY;
  evaluation->status = scorer->sized.heat.flat ? VX_STATUS_FLAT : VX_STATUS_OK;
  if (scorer->truth.known) {
    if (!prepare(scorer, &of, error)) return VX_SCORE_FAILED;
    vx_score_cut(&of.cut, &of.scoring, evaluation);
  } else {
    evaluation->status = VX_STATUS_UNSCORED;
  }
  return fill_metrics(scorer, metrics, &of, &evaluation->map, view, result, evaluation, error);
}

vx_score_outcome vx_scorer_measure(vx_scorer *scorer, const vx_method *method, const vx_evaluation *stored,
                                   const vx_view *view, uint64_t metrics, vx_result *result, vx_evaluation *evaluation,
                                   vx_error *error) {
  const vx_geometry *size = &scorer->truth.geometry;
  vx_case of = {0};
  *evaluation = *stored;
  evaluation->score_count = evaluation->score_room = evaluation->curve_count = evaluation->curve_room = 0;
  evaluation->map = (vx_map){.kind = VX_MAP_NONE};
  if (scorer->truth.known) {
    if (!vx_to_size_stored(&scorer->sized, &stored->map, method->explainer->is_mask, method->name, size->height,
                           size->width, error) ||
        !prepare(scorer, &of, error))
      return VX_SCORE_FAILED;
    of.cut.threshold = stored->threshold; /* of a map kept in bytes a cut may have read more than them */
    of.cut.counts = (vx_counts){
        .tp = stored->tp, .fp = stored->fp, .fn = stored->fn, .tn = stored->tn, .ignored = stored->void_pixels};
  }
  return fill_metrics(scorer, metrics, &of, &stored->map, view, result, evaluation, error);
}
