/* What a measure is. A new measure is one file with its vx_measure and one line in registry.c. */
#ifndef VX_MEASURE_H
#define VX_MEASURE_H

#include "base/error.h"
#include "base/param.h"
#include "core/view.h"
#include "metrics/heat.h"
#include "metrics/levels.h"
#include "metrics/map.h"
#include "metrics/threshold.h"

#include <stdbool.h>
#include <stdint.h>

/* What a measure compares: a kind tells which members of vx_case are there. */
typedef enum vx_measure_kind {
  VX_MAP_AND_TRUTH,    /* heat, truth, levels, scoring, cut: without the model, any time */
  VX_MAP_ALONE,        /* map, and view with nothing but the shape and scratch: without the model, any time */
  VX_MAP_AND_MODEL,    /* map and view, whose answers (metrics/answers.h) are what the model says of variants */
  VX_METHOD_AND_MODEL, /* the method made again, by another model or of another picture; no run makes these yet */
  VX_MAPS_OF_METHOD,   /* all maps of a method; no run makes these yet */
} vx_measure_kind;

/* Choices of a run that change what is counted, beyond the truth itself (harness/data makes that). */
typedef struct vx_scoring {
  vx_threshold threshold;
  bool accuracy_is_recall; /* score.pixel_accuracy: recall, as ViTmiX has it */
} vx_scoring;

/* One map in front of a measure; what its kind does not have is NULL or 0. */
typedef struct vx_case {
  const vx_heat *heat;     /* the map at evaluation size: h, u, flat, peak */
  const uint8_t *truth;    /* [height][width] of VX_BACKGROUND, VX_FOREGROUND, VX_IGNORED */
  const vx_levels *levels; /* histograms of heat->u by truth */
  vx_scoring scoring;
  vx_cut cut; /* threshold and counts */

  const vx_map *map;   /* as it is kept: the same in the run that makes it and in one that measures it later */
  const vx_view *view; /* the picture, the class explained, its logits; answers; scratch */

  bool (*keep_curve)(void *user, const char *name, const double *values, int count); /* see vx_case_curve */
  void *user;
} vx_case;

/* Keeps a curve of the measure beside its numbers, in single precision. False when memory is out; true, and nothing
   kept, where nobody wants curves. */
bool vx_case_curve(const vx_case *of, const char *name, const double *values, int count);

/* The softmax probability of the class explained: of the picture, or of a variant in its view; of the picture that of
   the run's prediction. */
double vx_view_probability(const vx_view *view);

/* One number that a measure gives. */
typedef struct vx_measure_column {
  const char *name;    /* as in SQL: iou, f1 … */
  const char *title;   /* as in a table's head */
  const char *meaning; /* one sentence */
  double low, high;    /* its range */
  bool higher_is_better;
  bool percent; /* tables print it x 100 */
} vx_measure_column;

/* A column from 0 to 1, the higher the better, in per cent. */
#define VX_SHARE_COLUMN(name_, title_, meaning_)                                                                       \
  { .name = (name_), .title = (title_), .meaning = (meaning_), .high = 1, .higher_is_better = true, .percent = true }

enum { VX_MEASURE_COLUMNS = 4 }; /* the most columns a measure may have */

typedef struct vx_measure {
  const char *id, *title, *cite, *meaning;
  vx_measure_kind kind;
  bool by_name_only; /* not part of `all` */
  /* Of a map and the truth: reads heat->h or heat->peak, of which a map at input resolution keeps 8 bits only; added to
     a finished run, it has such maps made again. Others read what is kept: heat->u, levels, cut. */
  bool reads_heat;
  vx_params params;
  int column_count;
  vx_measure_column columns[VX_MEASURE_COLUMNS];

  /* Refuses arguments that make no sense together or for this model, before a run starts. NULL: none. */
  bool (*check)(const struct vx_shape *shape, const vx_args *args, vx_error *error);

  /* Adds to `needs` what measure() reads of the view and of variants. NULL: nothing of the model. */
  void (*needs)(const struct vx_shape *shape, const vx_args *args, vx_needs *needs);

  /* Fills columns [column_count]; NaN where a number is not defined for this picture. Of a map and the truth it fails
     only for want of memory; a failure of a measure that asks the model is a row of the picture's failures. */
  bool (*measure)(const vx_case *of, const vx_args *args, double *columns, vx_error *error);
} vx_measure;

/* All measures in the order of the table; n tells how many. */
const vx_measure *const *vx_measures(int *n);

/* NULL where no measure has this id. */
const vx_measure *vx_measure_find(const char *id);

/* IoU, F1 and pixel accuracy: what every evaluation has. */
extern const vx_measure vx_measure_overlap;

/* "truth", "map", "model", "method", "maps": what is compared. */
const char *vx_measure_kind_name(vx_measure_kind kind);

/* The measure that has a column of this name, and the column's number; NULL where none has. Of a name made by
   vx_measure_column_name too, where `as` is the measure's id, @ and more ("deletion@black"). */
const vx_measure *vx_measure_with_column(const char *name, int *column);

/* Adds how a column is called in a run that gives the measure the name `as`: its own name where that is the measure's
   id; else `as`, and after a dot the column's name where there are several. */
void vx_measure_column_name(const vx_measure *measure, const char *as, int column, vx_text *text);

/* Counts and cuts: heat and truth [height][width] in; levels and the case out (they point to each other: keep `levels`
   and `heat` as long as `of`). Fails on a truth of other values than 0, 1, 2. */
bool vx_case_prepare(const vx_heat *heat, const uint8_t *truth, const vx_scoring *scoring, vx_levels *levels,
                     vx_case *of, vx_error *error);

#endif
