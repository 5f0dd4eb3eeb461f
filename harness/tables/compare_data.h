/* What is compared: columns of numbers over matched images, in groups. Private to compare*. */
#ifndef VX_SHOW_COMPARE_DATA_H
#define VX_SHOW_COMPARE_DATA_H

#include "harness/tables/compare.h"
#include "harness/tables/scores.h"
#include "statistics/compare.h"

typedef struct vx_compare_data {
  vx_arena *arena;
  const vx_compare_options *options;
  vx_run_row run, run2;
  vx_scoring_row scoring, scoring2;
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
  const char *title; /* of the metric */
} vx_compare_data;

/* A pair and the group it is from. */
typedef struct vx_compare_row {
  const char *group;
  vx_pair pair;
} vx_compare_row;

typedef struct vx_compare_rows {
  vx_compare_row *list;
  int count;
} vx_compare_rows;

#define VX_COMPARE_LEVEL 0.05 /* of significance */

/* The ranking of one run's methods, a block a group; rows are all their pairs, corrected. NULL when memory is out. */
vx_sheet *vx_compare_ranking(const vx_compare_data *data, const vx_compare_rows *rows);

bool vx_compare_gather(vx_store *store, vx_store *second, vx_compare_data *data, vx_error *error);

/* One pair, by the bootstrap and sign flips up to VX_SCORE_BOOTSTRAP_IMAGES images, beyond that by the normal
   distribution, which is their limit. */
bool vx_compare_one(const double *a, const double *b, size_t n, const vx_resampling *how, vx_pair *pair,
                    vx_error *error);

/* Letters of a ranking: two columns share a letter exactly when they are not significantly different (Piepho 2004,
   insert and absorb). differs [columns][columns]; letters [columns][room], "" where there are too many. */
bool vx_compare_letters(const bool *differs, int columns, char *letters, int room);

#endif
