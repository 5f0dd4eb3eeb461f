/* A results file that others are to believe: all that can be made again without the model is made again, and compared.

   On top of what the file says of itself (store/check.h): its protocol (config/protocol.h), the list of images, the
   masks and pictures, every score out of the stored maps, every trivial row out of nothing; and on request images
   through the model (study/rerun.h). Reads only. */
#ifndef VX_SUBMISSION_H
#define VX_SUBMISSION_H

#include "harness/config/protocol.h"
#include "harness/store/check.h"
#include "harness/store/query.h"

typedef enum vx_verdict { VX_FOUND_OK, VX_FOUND_WARNING, VX_FOUND_WRONG } vx_verdict;

typedef struct vx_finding {
  vx_verdict verdict;
  const char *what; /* one line: what has to hold, or what is to be known */
  int64_t looked_at, wrong;
  char first[700]; /* the first that is wrong; "" */
} vx_finding;

typedef struct vx_submission_options {
  const char *protocol; /* name or file to check against; NULL: the run's own */
  const char *root;     /* where the data set is now; NULL: where the run found it */
  const char *const *set;
  int set_count; /* keys over the run's own config, for images that are run again */
  int rerun;     /* how many; 0: none */
  uint64_t seed;
  int jobs;
  void (*report)(const vx_finding *finding, void *user);
  void *user;
} vx_submission_options;

/* Checks one run and reports finding after finding. What cannot be checked, since the data are not there, say, is a
   finding that is wrong. False only when the file cannot be read or memory is out. */
bool vx_submission_check(vx_store *store, int64_t run, const vx_submission_options *options, vx_error *error);

/* SHA-256 of what `vitx dump` prints of a run (0: of all), as `vitx dump FILE | sha256sum` has it. */
bool vx_submission_digest(vx_store *store, int64_t run, char text[VX_SHA256_SIZE], vx_error *error);

#endif
