/* Running images of a finished run again, to see whether the same numbers come out: bit for bit. */
#ifndef VX_RERUN_H
#define VX_RERUN_H

#include "base/error.h"
#include "harness/store/query.h"
#include "harness/store/result.h"

typedef struct vx_rerun_options {
  int images; /* how many, drawn from those through the gate */
  bool any;   /* drawn from all of the list */
  uint64_t seed;
  const char *const *set; /* keys over the run's own config: where model and data lie now */
  int set_count;
} vx_rerun_options;

typedef struct vx_rerun_report {
  int images, methods, compared; /* images run again; methods that the run's config names; maps with scores compared */
  int wrong;                     /* that differ */
  char first[300];               /* the first that differs; "" */
} vx_rerun_report;

struct vx_run;

/* Whether `run`, opened anew, stands on the model, list, input and kernel of the file's run; the error names what does
   not, of a run that cannot be `done`: "repeated", "measured". */
bool vx_rerun_same(vx_store *store, const vx_run_row *row, const struct vx_run *run, const char *done, vx_error *error);

/* Opens model and data of the run by its own config, checks that they are still the same (digests) and that OpenBLAS
   has the same kernel, evaluates images again and compares predictions, counts, scores and maps with the file's. False
   when it cannot be done; what differs is in the report. */
bool vx_rerun(vx_store *store, const vx_run_row *run, const vx_rerun_options *options, vx_rerun_report *report,
              vx_error *error);

/* What differs between a stored evaluation and one made again, milliseconds apart; NULL: nothing. Of further measures
   only those count that both have. */
const char *vx_evaluation_difference(const vx_evaluation *then, const vx_evaluation *now);

#endif
