/* What every table says of truths that are none. */
#ifndef VX_TRUTH_NOTE_H
#define VX_TRUTH_NOTE_H

#include "harness/store/query.h"
#include "harness/tables/sheet.h"

/* A note "Truth: 44 of 50 images scored; 3 without object, 3 all void." where not every mask is as it should be;
   nothing else. *unscored: the images through the run's gate that have no truth. */
bool vx_truth_note(vx_store *store, int64_t run, vx_arena *arena, vx_sheet *sheet, int *unscored, vx_error *error);

#endif
