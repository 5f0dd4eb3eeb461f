/* Table of what the threshold does to each method: Otsu, mean and one half beside the oracles. */
#ifndef VX_TABLES_THRESHOLDS_H
#define VX_TABLES_THRESHOLDS_H

#include "harness/store/query.h"
#include "harness/tables/sheet.h"

typedef struct vx_thresholds_options {
  int64_t run;
  const char *scoring; /* whose truth; NULL: main */
  const char *root;    /* of the data set now; NULL: as the run says */
  int jobs;
} vx_thresholds_options;

/* NULL on failure: the masks are read again. */
vx_sheet *vx_thresholds_make(vx_store *store, const vx_thresholds_options *options, vx_error *error);

#endif
