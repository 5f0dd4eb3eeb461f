/* A crew over pictures: each hand owns an evaluator; the caller's thread alone writes to the store. */
#ifndef VX_WORKERS_H
#define VX_WORKERS_H

#include <stdatomic.h>

#include "harness/run/progress.h"
#include "harness/run/run.h"
#include "harness/store/store.h"

/* Measures of maps that are there, and nothing else. */
typedef struct vx_measuring {
  uint64_t metrics;   /* of the run's metrics those to be taken */
  const bool *images; /* [list] those to be measured, of the images in the file */
} vx_measuring;

typedef struct vx_work {
  const vx_run *run;
  vx_store *store;          /* the run has begun in it */
  int jobs;                 /* threads, at least 1 */
  int limit;                /* only the first `limit` images of the list; 0: all */
  const vx_measuring *only; /* NULL: everything that the store lacks */
  FILE *report;             /* where progress goes; NULL: nowhere */
  bool terminal;
  const atomic_bool *stop; /* set by a signal: finish the images at hand, then end; may be NULL */
} vx_work;

typedef struct vx_worked {
  int images;        /* that were to be there in the end */
  int before;        /* were there already */
  int passed_before; /* of those, through the gate */
  int done;          /* added now */
  bool stopped;
  double seconds;
} vx_worked;

/* Evaluates what the store lacks, images, methods and measures, image by image, and writes each in a transaction of its
   own. Results do not depend on `jobs`. False when memory is out or the store cannot be written: what was written
   stays. */
bool vx_work_all(const vx_work *work, vx_worked *worked, vx_error *error);

/* Threads to use by default: the processors this process may run on. */
int vx_work_jobs(void);

#endif
