/* Private to submission*.c. */
#ifndef VX_SUBMISSION_PARTS_H
#define VX_SUBMISSION_PARTS_H

#include "harness/study/rescore.h"
#include "harness/study/submission.h"

typedef struct vx_submission {
  vx_store *store;
  const vx_submission_options *options;
  vx_arena *arena;
  vx_run_row run; /* whole */
} vx_submission;

/* One more of `looked_at`; what is wrong with it, or NULL. */
void vx_finding_count(vx_finding *finding, const char *id, const char *method, const char *wrong);

/* Tells the finding: ok, or where something is wrong `bad`. */
void vx_finding_tell(const vx_submission *s, vx_finding *finding, vx_verdict bad);

/* A finding of one thing, with why: wrong or a warning; why NULL: ok. */
void vx_submission_say(const vx_submission *s, vx_verdict bad, const char *what, const char *why);

/* submission_maps.c: pictures, masks, scores and trivial rows made again. */
bool vx_submission_remake(vx_submission *s, vx_error *error);

#endif
