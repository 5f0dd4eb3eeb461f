/* What measures are given, and what they have in common. */
#include "core/vx.h"
#include "metrics/answers.h"
#include "metrics/measure.h"

#include <math.h>

bool vx_case_prepare(const vx_heat *heat, const uint8_t *truth, const vx_scoring *scoring, vx_levels *levels,
                     vx_case *of, vx_error *error) {
  if (!vx_levels_count(levels, heat->u, truth, (size_t)heat->height * (size_t)heat->width, error)) return false;
  *of = (vx_case){.heat = heat, .truth = truth, .levels = levels, .scoring = *scoring};
  of->cut = vx_threshold_cut(&scoring->threshold, heat, truth, levels);
  return true;
}

bool vx_case_curve(const vx_case *of, const char *name, const double *values, int count) {
  return !of->keep_curve || of->keep_curve(of->user, name, values, count);
}

double vx_view_probability(const vx_view *view) {
  return vx_probability_of(view->shape, view->logits, view->target);
}
