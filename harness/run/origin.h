/* The data set that a run in a results file was made from: where its configuration says it is. */
#ifndef VX_SHOW_DATA_OF_RUN_H
#define VX_SHOW_DATA_OF_RUN_H

#include "harness/data/voc.h"
#include "harness/store/query.h"

/* Opens it; `root` and `split` (each may be NULL) replace what the run's configuration says. On failure `voc` is empty
   and the error names what is not there. */
bool vx_data_of_run(const vx_run_row *run, const char *root, const char *split, vx_voc *voc, vx_error *error);

/* The entry of an image by its place in the list or, where the list is another one, by its name; NULL: none. */
const vx_voc_entry *vx_data_entry(const vx_voc *voc, const vx_image_row *image);

/* When the run's list was a file of its own (a few images picked out), opens the data set's own list `val`; else, or
   where that is not there, `val` is empty. */
void vx_data_val(const vx_run_row *run, const char *root, vx_voc *val);

/* The image's index in the data set: its place in `val`, else in the run's list. */
int vx_data_index(const vx_voc *val, const vx_image_row *image);

#endif
