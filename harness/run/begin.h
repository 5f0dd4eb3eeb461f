/* A run begins, or goes on with what is in the file: only when that was made from the same files. */
#ifndef VX_BEGIN_H
#define VX_BEGIN_H

#include <stdio.h>

#include "harness/run/run.h"
#include "harness/store/store.h"

/* vx_store_begin, and before it a look at the files of all images that the run in the store has: pictures and
   annotations by their bytes, masks by their labels, `jobs` at a time. Refuses when one is not as it was, naming the
   first and their number; then nothing in the file has changed. Images that failed are not looked at: they are made
   again, those whose mask was no truth when it is another mask now. `report` (may be NULL) gets a line when a run is
   begun beside others of its name, with what differs, and when the folder is another one. */
bool vx_run_begin(const vx_run *run, vx_store *store, int jobs, FILE *report, vx_error *error);

#endif
