/* A further scoring of a run's maps, written in one transaction: all of it is there, or nothing. */
#ifndef VX_STORE_SCORING_H
#define VX_STORE_SCORING_H

#include "harness/store/store.h"

/* Begins a scoring of the run under info->name; its id, or 0. A name that is taken is an error; with `replace` the
   scoring of that name (never "main") is removed first. */
int64_t vx_scoring_begin(vx_store *store, int64_t run, const vx_scoring_row *info, bool replace, vx_error *error);

/* One evaluation with its scores and curves, no map, by the ids of the file. */
bool vx_scoring_write(vx_store *store, int64_t scoring, int64_t method, int64_t image, const vx_evaluation *evaluation,
                      vx_error *error);

/* Keeps or forgets all since vx_scoring_begin. */
bool vx_scoring_end(vx_store *store, bool keep, vx_error *error);

#endif
