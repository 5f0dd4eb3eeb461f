/* What a measure is. Three kinds: a map against the truth, a map and the model (deletion, insertion …), a method
   and the model (randomisation, sensitivity …); this header describes the first, whose table is in registry.c.
   A new measure is one file with its vx_metric and one line in that table. */
#ifndef VX_METRIC_H
#define VX_METRIC_H

#include "base/error.h"
#include "metrics/heat.h"
#include "metrics/levels.h"
#include "metrics/threshold.h"

#include <stdbool.h>
#include <stdint.h>

/* Choices of a run that change what is counted, beyond the truth itself (harness/data makes that). */
typedef struct vx_scoring {
  vx_threshold threshold;
  bool accuracy_is_recall; /* score.pixel_accuracy: recall, as ViTmiX has it */
} vx_scoring;

/* All that a measure of a map against the truth may see. */
typedef struct vx_metric_input {
  const vx_heat *heat;     /* the map at evaluation size: h, u, flat, peak */
  const uint8_t *truth;    /* [height][width] of VX_BACKGROUND, VX_FOREGROUND, VX_IGNORED */
  const vx_levels *levels; /* histograms of heat->u by truth */
  vx_scoring scoring;
  vx_cut cut; /* threshold and counts */
} vx_metric_input;

/* One number that a measure gives. */
typedef struct vx_metric_column {
  const char *name;    /* as in SQL: iou, f1 … */
  const char *title;   /* as in a table's head */
  const char *meaning; /* one sentence */
  double low, high;    /* its range */
  bool higher_is_better;
  bool percent; /* tables print it x 100 */
} vx_metric_column;

enum { VX_METRIC_COLUMNS = 4 }; /* the most columns a measure may have */

typedef struct vx_metric {
  const char *id, *title, *cite, *meaning;
  int n_columns;
  vx_metric_column columns[VX_METRIC_COLUMNS];
  /* Fills columns [n_columns]; NaN where a number is not defined for this picture. Fails only for want of memory. */
  bool (*measure)(const vx_metric_input *in, double *columns, vx_error *error);
} vx_metric;

/* The measures of a map against the truth, in the order of the table; n tells how many. */
const vx_metric *const *vx_metrics(int *n);

/* NULL where no measure has this id. */
const vx_metric *vx_metric_find(const char *id);

/* The measure that has a column of this name, and the column's number; NULL where none has. */
const vx_metric *vx_metric_with_column(const char *name, int *column);

/* Counts and cuts: heat and truth [height][width] in; levels and input out (they point to each other: keep `levels`
   and `heat` as long as `in`). Fails on a truth of other values than 0, 1, 2. */
bool vx_metric_prepare(const vx_heat *heat, const uint8_t *truth, const vx_scoring *scoring, vx_levels *levels,
                       vx_metric_input *in, vx_error *error);

#endif
