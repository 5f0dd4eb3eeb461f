/* Which methods really differ, and which runs: paired on the images that both have. */
#ifndef VX_TABLES_COMPARE_H
#define VX_TABLES_COMPARE_H

#include "harness/store/query.h"
#include "harness/tables/many.h"
#include "harness/tables/sheet.h"

typedef struct vx_compare_options {
  int64_t run, run2;              /* 0: the newest; run2 counts with the second store */
  const char *scoring, *scoring2; /* NULL: main */
  const char *methods;            /* "a,b,…"; NULL: all */
  const char *metric;             /* iou, f1, pixel_accuracy or any other that the file has */
  const char *metrics;            /* measures against each other, "a,b,…" or "all"; NULL: methods by `metric` */
  bool ranks;                     /* of methods under each of `metrics`, not the pairs of measures */
  const char *by;                 /* class, correct, size; NULL: all images together */
  double min_confidence;          /* NaN: the run's own */
  bool pairs;                     /* all pairs, not a ranking */
  int resamples;
  uint64_t seed;
} vx_compare_options;

vx_compare_options vx_compare_defaults(void);

typedef struct vx_compare_verdict {
  double lowest;  /* smallest difference (first less second) of all rows, in the metric's own unit; NaN: none */
  char what[160]; /* the row it is from */
} vx_compare_verdict;

/* Within a run (second NULL): two methods give one pair; more a ranking, or all pairs. With `second`, or
   with run2 in the same file, each method that both runs have against itself, images matched by their id. NULL on
   failure. */
vx_sheet *vx_compare_make(vx_store *store, vx_store *second, const vx_compare_options *options,
                          vx_compare_verdict *verdict, vx_error *error);

/* Three runs and more: each less the first, method by method, all rows corrected together; the verdict is over all of
   them. The runs' places are those of `runs`, not of `options`; the sheet's texts lie in the arena. NULL on failure. */
vx_sheet *vx_compare_many(const vx_many_run *runs, int count, const vx_compare_options *options, vx_arena *arena,
                          vx_compare_verdict *verdict, vx_error *error);

#endif
