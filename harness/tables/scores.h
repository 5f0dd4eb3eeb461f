/* What the images of a run come to, method by method: means, intervals, counts, for tables and the report. A sweep sums
   its own combinations, and of other measures than the paper's the report makes the intervals. */
#ifndef VX_TABLES_SCORES_H
#define VX_TABLES_SCORES_H

#include "base/arena.h"
#include "base/error.h"
#include "harness/store/query.h"

/* The measures of the paper, and the IoU above what a random mask as dense as the method's would reach. */
enum { VX_SCORE_IOU, VX_SCORE_F1, VX_SCORE_PIXEL_ACCURACY, VX_SCORE_OVER_CHANCE, VX_SCORE_MEASURES };

/* How images come to one number. */
typedef enum vx_aggregate {
  VX_AGGREGATE_MEAN,   /* mean over images */
  VX_AGGREGATE_POOLED, /* from counts summed over images */
  VX_AGGREGATE_CLASS,  /* mean over the classes' means, a picture counted under its main class */
} vx_aggregate;

bool vx_aggregate_parse(const char *text, vx_aggregate *aggregate, vx_error *error);
const char *vx_aggregate_title(vx_aggregate aggregate); /* "mean over images", … */

typedef struct vx_score_value {
  double estimate, low, high; /* 0..1 (over chance: -1..1); NaN: none */
} vx_score_value;

typedef struct vx_score_row {
  const vx_method_row *method;
  vx_score_value of[VX_SCORE_MEASURES];
  vx_score_value *more; /* [more_count] of the request: further measures, in their own unit */
  int *more_n;          /* [more_count] images that have the measure: fewer than n where it was made on a sample */
  int64_t n, flat;      /* scored images, of which flat maps */
  int failed, unscored;
} vx_score_row;

typedef struct vx_score_request {
  const vx_run_row *run;
  const vx_scoring_row *scoring;
  const vx_method_row *methods;
  int method_count;
  const vx_image_set *images; /* through the gate of the table */
  const bool *wanted;         /* [images->count] the group of images asked for; NULL: all */
  const char *condition;      /* of that group over the file's sums, from vx_image_groups; NULL without one */
  bool whole;                 /* images is all of the run's own gate: sums kept in the file may be used */
  vx_aggregate aggregate;
  int resamples; /* of the bootstrap; 0: no intervals */
  uint64_t seed;
  const char *const *more; /* [more_count] names of further measures (table scores) */
  int more_count;
} vx_score_request;

/* rows [method_count], taken from the arena. With more than VX_BOOTSTRAP_IMAGES images the interval is the normal one
   (mean ± 1.96 standard errors); over a whole run the file's own sums are used then and over_chance is left out. */
bool vx_scores_summarise(vx_store *store, const vx_score_request *request, vx_arena *arena, vx_score_row **rows,
                         vx_error *error);

/* Groups of images: "class", "correct" or "size". */
typedef struct vx_image_groups {
  int count;
  const char *const *names;      /* [count] "cat", "right", "small" … */
  int *group;                    /* [images] -1: in none */
  const char *const *conditions; /* [count] SQL over the table totals */
} vx_image_groups;

bool vx_image_groups_make(vx_store *store, const vx_run_row *run, const vx_image_set *images, const char *by,
                          vx_arena *arena, vx_image_groups *groups, vx_error *error);

#endif
