/* The measures of a map against the truth: one line each. */
#include "metrics/metric.h"

#include "metrics/measures.h"

#include <string.h>

static const vx_metric *const metrics[] = {
    &vx_metric_overlap,  &vx_metric_retrieval,         &vx_metric_two_class, &vx_metric_oracle,
    &vx_metric_pointing, &vx_metric_average_precision, &vx_metric_focus,
};

const vx_metric *const *vx_metrics(int *n) {
  *n = (int)(sizeof metrics / sizeof *metrics);
  return metrics;
}

const vx_metric *vx_metric_find(const char *id) {
  for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
    if (strcmp(metrics[i]->id, id) == 0) return metrics[i];
  return NULL;
}

const vx_metric *vx_metric_with_column(const char *name, int *column) {
  for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
    for (int c = 0; c < metrics[i]->n_columns; c++)
      if (strcmp(metrics[i]->columns[c].name, name) == 0) {
        *column = c;
        return metrics[i];
      }
  return NULL;
}

bool vx_metric_prepare(const vx_heat *heat, const uint8_t *truth, const vx_scoring *scoring, vx_levels *levels,
                       vx_metric_input *in, vx_error *error) {
  if (!vx_levels_count(levels, heat->u, truth, (size_t)heat->height * (size_t)heat->width, error)) return false;
  *in = (vx_metric_input){.heat = heat, .truth = truth, .levels = levels, .scoring = *scoring};
  in->cut = vx_threshold_cut(&scoring->threshold, heat, truth, levels);
  return true;
}
