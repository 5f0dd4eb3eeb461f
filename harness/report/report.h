/* A report to open in a browser: one HTML file with everything in it, tables, plots, pictures and maps. */
#ifndef VX_REPORT_H
#define VX_REPORT_H

#include "harness/store/store.h"

typedef struct vx_report_options {
  int64_t run;                          /* 0: the newest */
  const char *scoring;                  /* NULL: main */
  double min_confidence;                /* a gate above the run's own; NaN: the run's own */
  const char *compare_with, *published; /* as in vx_table_options */
  const char *root, *split;             /* of the data set; NULL: as the run says */
  const char *attention; /* ids of images for the attention plots, parted by commas; NULL: some are chosen */
  int resamples;         /* of the bootstrap */
  uint64_t seed;
  int megabytes; /* how large the file may become: pictures and maps are made smaller, then left out */
} vx_report_options;

vx_report_options vx_report_defaults(void);

typedef struct vx_report_made {
  int images, pictures; /* through the gate; of them with picture and maps in the file */
  int attention;        /* images with attention plots */
  int64_t bytes;        /* of the file */
  char note[1800];      /* why pictures or attention plots are missing; "" */
} vx_report_made;

/* Writes the report to `path`. What the data set or the model would add is left out where they are not there: tables
   and plots need the results file only. The file is complete or not there. */
bool vx_report_write(vx_store *store, const vx_report_options *options, const char *path, vx_report_made *made,
                     vx_error *error);

#endif
