/* Many results files as a static site: index.html, a leaderboard with a link to the report of each run beside it. */
#ifndef VX_SITE_H
#define VX_SITE_H

#include "base/error.h"
#include "harness/report/report.h"

typedef struct vx_site_made {
  int files, runs;
} vx_site_made;

/* Writes index.html and a report for each run of files [count] into `folder`, which is made when it is missing.
   `options` are those of every report, its run apart. Each page is complete or not there; on failure the pages so far
   stay. */
bool vx_site_write(const char *folder, const char *const *files, int count, const vx_report_options *options,
                   vx_site_made *made, vx_error *error);

#endif
