/* What a run has in its file, in a few lines. */
#ifndef VX_RUN_SUMMARY_H
#define VX_RUN_SUMMARY_H

#include <stdio.h>

#include "harness/store/store.h"

typedef struct vx_run_summary {
  vx_store_counts counts;
  int evaluated;   /* images with at least one scored method */
  int failures;    /* rows */
  char first[300]; /* where and why, of one of them */
} vx_run_summary;

/* Reads the numbers of a run (vx_store_run) and prints them: images, passed, evaluated, failures and warnings by kind.
 */
bool vx_run_summary_print(vx_store *store, double min_confidence, FILE *to, vx_run_summary *summary, vx_error *error);

#endif
