/* The paper's Table 1 from a results file: a row a method, trivial rows marked, published rows beside ours. */
#ifndef VX_TABLES_TABLE_H
#define VX_TABLES_TABLE_H

#include "harness/store/query.h"
#include "harness/tables/sheet.h"

typedef struct vx_table_options {
  int64_t run;              /* 0: the newest */
  const char *scoring;      /* NULL: main */
  double min_confidence;    /* a gate above the run's own; NaN: the run's own */
  const char *aggregate;    /* mean, pooled, class; NULL: as the scoring says */
  const char *by;           /* class, correct, size; NULL: all images together */
  const char *sort;         /* run, or a column of the run's measures; NULL: run */
  const char *published;    /* file; NULL: see vx_published_read */
  const char *compare_with; /* NULL: as the run says; "none" */
  const char *metrics; /* what is for eyes: columns, measures, "all"; NULL: overlap and a few; files have them all */
  bool intervals;      /* for eyes, those of all measures; files have them anyway */
  int resamples;       /* of the bootstrap */
  uint64_t seed;
} vx_table_options;

/* run, no gate of its own, 10,000 resamples … */
vx_table_options vx_table_defaults(void);

/* NULL on failure. */
vx_sheet *vx_table_make(vx_store *store, const vx_table_options *options, vx_error *error);

#endif
