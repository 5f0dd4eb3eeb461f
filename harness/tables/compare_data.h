/* What is compared: columns of numbers over matched images, in groups. Private to compare*. */
#ifndef VX_TABLES_COMPARE_DATA_H
#define VX_TABLES_COMPARE_DATA_H

#include "harness/tables/compare.h"
#include "harness/tables/heading.h"
#include "harness/tables/scores.h"
#include "statistics/standing.h"

typedef struct vx_compare_data {
  vx_arena *arena;
  const vx_compare_options *options;
  vx_run_row run, run2;
  vx_scoring_row scoring, scoring2;
  vx_heading heading, heading2;
  bool two_runs;
  int only_first, only_second; /* images through the gate of one run only */

  const char **names;     /* [columns] of methods */
  const bool *trivial;    /* [columns] */
  int columns;            /* methods */
  int images;             /* matched */
  double *first;          /* [images][columns] */
  double *second;         /* of two runs: the same methods in the other one; else NULL */
  vx_image_groups groups; /* [images]; one group of all when not asked for */

  double scale;      /* 100 for what tables print in percent */
  bool higher;       /* is better */
  const char *title; /* of the metric */
} vx_compare_data;

/* Pairs of methods, a block of `each` a group; in a group without images they have n = 0. */
typedef struct vx_compare_rows {
  vx_pair *pairs; /* [groups][each] */
  int each;
} vx_compare_rows;

bool vx_compare_has_images(const vx_compare_data *data, int group);

/* The ranking of one run's methods, a block a group; rows are all their pairs, corrected. NULL when memory is out. */
vx_sheet *vx_compare_ranking(const vx_compare_data *data, const vx_compare_rows *rows);

bool vx_compare_gather(vx_store *store, vx_store *second, vx_compare_data *data, vx_error *error);

#endif
