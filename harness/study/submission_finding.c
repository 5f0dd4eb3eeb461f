#include <stdio.h>

#include "harness/study/submission_parts.h"

void vx_finding_count(vx_finding *f, const char *id, const char *method, const char *wrong) {
  f->looked_at++;
  if (!wrong || f->wrong++) return;
  snprintf(f->first, sizeof f->first, "%.150s%s%.100s: %.400s", id, *method ? ", " : "", method, wrong);
}

void vx_finding_tell(const vx_submission *s, vx_finding *f, vx_verdict bad) {
  f->verdict = f->wrong ? bad : VX_FOUND_OK;
  s->options->report(f, s->options->user);
}

void vx_submission_say(const vx_submission *s, vx_verdict bad, const char *what, const char *why) {
  vx_finding f = {.what = what, .looked_at = 1, .wrong = why != NULL};
  snprintf(f.first, sizeof f.first, "%s", why ? why : "");
  vx_finding_tell(s, &f, bad);
}
