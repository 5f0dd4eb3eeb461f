/* Reading results: runs, methods, images through a gate, columns of scores. Everything read is copied into an arena of
   the caller. */
#ifndef VX_STORE_QUERY_H
#define VX_STORE_QUERY_H

#include "harness/store/store.h"

/* All runs, oldest first. */
bool vx_query_runs(vx_store *store, vx_arena *arena, vx_run_row **rows, int *count, vx_error *error);

/* One run by its id; 0: the newest. */
bool vx_query_run(vx_store *store, int64_t id, vx_arena *arena, vx_run_row *row, vx_error *error);

bool vx_query_scorings(vx_store *store, int64_t run, vx_arena *arena, vx_scoring_row **rows, int *count,
                       vx_error *error);

/* A scoring of the run by name (NULL: "main"). The error names those that there are. */
bool vx_query_scoring(vx_store *store, int64_t run, const char *name, vx_arena *arena, vx_scoring_row *row,
                      vx_error *error);

/* Methods of the run in the order of tables. */
bool vx_query_methods(vx_store *store, int64_t run, vx_arena *arena, vx_method_row **rows, int *count, vx_error *error);

/* Measures of the run in the order of the newest command. */
bool vx_query_run_metrics(vx_store *store, int64_t run, vx_arena *arena, vx_metric_row **rows, int *count,
                          vx_error *error);

typedef struct vx_class_row {
  int index; /* value in the masks */
  const char *name;
} vx_class_row;

bool vx_query_classes(vx_store *store, int64_t run, vx_arena *arena, vx_class_row **rows, int *count, vx_error *error);

/* For every label of the model the class of the data that it stands for, -1: none. */
bool vx_query_label_classes(vx_store *store, int64_t run, vx_arena *arena, const int **classes, int *count,
                            vx_error *error);

typedef struct vx_image_row {
  int64_t id;
  int position;
  const char *image_id, *size; /* the data set's name; small, medium, large, none */
  int main_class, label;
  vx_answer correct;
  double probability;
} vx_image_row;

/* Ids of all images of the run that are there, in the order of the list. */
bool vx_query_image_ids(vx_store *store, int64_t run, vx_arena *arena, int64_t **ids, int *count, vx_error *error);

typedef struct vx_image_place {
  int64_t id;
  int place;
} vx_image_place;

/* Images through a gate, in the order of the list. */
typedef struct vx_image_set {
  vx_image_row *rows;
  int count;
  vx_image_place *by_id; /* [count] by ascending id: where it stands in rows */
} vx_image_set;

/* `min_confidence` NaN: the run's own; a lower one than that is an error: those images have not been evaluated. */
bool vx_query_images(vx_store *store, const vx_run_row *run, double min_confidence, vx_arena *arena, vx_image_set *set,
                     vx_error *error);

/* Evaluations of one method under one scoring, in the order of the set: what is missing or undefined is NaN. */
typedef struct vx_score_columns {
  double *iou, *f1, *pixel_accuracy;   /* [count] */
  double *tp, *fp, *fn, *tn;           /* [count] */
  bool *flat;                          /* [count] */
  int scored, flats, failed, unscored; /* how many */
} vx_score_columns;

/* Arrays for a set of this size; false when memory is out. */
bool vx_score_columns_take(vx_score_columns *columns, int count, vx_arena *arena);
bool vx_query_evaluations(vx_store *store, int64_t scoring, int64_t method, const vx_image_set *set,
                          vx_score_columns *columns, vx_error *error);

/* One number an evaluation: iou, f1, pixel_accuracy, threshold, milliseconds, or a metric of the table scores.
   values [set->count], NaN where it is missing. */
bool vx_query_values(vx_store *store, int64_t scoring, int64_t method, const vx_image_set *set, const char *metric,
                     double *values, vx_error *error);

/* Fails when no evaluation of the scoring has this metric; the error names those that there are. */
bool vx_query_check_metric(vx_store *store, int64_t scoring, const char *metric, vx_error *error);

/* Names of the further measures (table scores) of a scoring, in alphabetical order. */
bool vx_query_metrics(vx_store *store, int64_t scoring, vx_arena *arena, const char ***names, int *count,
                      vx_error *error);

/* A line on sums that triggers keep: for tables over more rows than one wants to read. */
typedef struct vx_total {
  int64_t n, flat;
  double iou, f1, pixel_accuracy, iou2, f1_2, pixel_accuracy2; /* sums, sums of squares */
} vx_total;

/* `condition`: SQL over the columns class, correct and size of the table totals; NULL: all. */
bool vx_query_total(vx_store *store, int64_t scoring, int64_t method, const char *condition, vx_total *total,
                    vx_error *error);

/* trouble.c: failures and warnings of a run by kind, the most frequent first. */
typedef struct vx_trouble_row {
  const char *severity, *stage;
  int rows, images;
  const char *first; /* place: reason, of one of them */
} vx_trouble_row;

bool vx_query_troubles(vx_store *store, int64_t run, vx_arena *arena, vx_trouble_row **rows, int *count,
                       vx_error *error);

/* What the masks of the images through the run's gate are as truths, and how many are: "" for those without a mask that
   can be used. The most frequent first. */
typedef struct vx_truth_row {
  const char *truth;
  int images;
} vx_truth_row;

bool vx_query_truths(vx_store *store, int64_t run, vx_arena *arena, vx_truth_row **rows, int *count, vx_error *error);

/* How many images of the run have at least one scored method. */
bool vx_query_evaluated(vx_store *store, int64_t run, int *count, vx_error *error);

#endif
