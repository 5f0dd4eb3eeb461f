/* Measures added to a finished run, from its stored maps: bit for bit what they give within the run. */
#ifndef VX_STUDY_MEASURE_H
#define VX_STUDY_MEASURE_H

#include "harness/run/workers.h"
#include "harness/store/query.h"

typedef struct vx_measure_options {
  const char *metrics;    /* as in a configuration: "deletion,{id: saco, remove: drop, as: s}", "default", "all" */
  const char *const *set; /* keys over the run's own config: where model and data lie now */
  int set_count;
  int limit;  /* only images among the first `limit` of the list; 0: all */
  int sample; /* of these only so many, drawn by the run's seed; 0: all. A larger sample holds a smaller one */
  int jobs;
  FILE *report; /* what is to be done, how long it may take, progress; NULL: nowhere */
  bool terminal;
  const atomic_bool *stop;
} vx_measure_options;

typedef struct vx_measured {
  vx_worked worked;
  int metrics; /* that were asked for */
} vx_measured;

/* Opens model and data of the run by its own config and adds the measures; those that are there stay. Fails when model,
   list, input, kernel or files are no longer those of the run, when maps are not in the file, on an unknown measure, or
   on one whose name the run has given to another. What was written before a failure or stop stays. */
bool vx_measure_run(vx_store *store, const vx_run_row *row, const vx_measure_options *options, vx_measured *measured,
                    vx_error *error);

#endif
