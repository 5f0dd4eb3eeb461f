/* Maps of another program as a further method of a run: image by image, several images a transaction. What is written
   are rows like the run's own. */
#ifndef VX_STORE_IMPORTED_H
#define VX_STORE_IMPORTED_H

#include "harness/store/query.h"

/* Adds the method behind the run's others, or finds it: then *there. Its id, or 0; fails when the run has another of
   its name. method->place is set. */
int64_t vx_imported_begin(vx_store *store, int64_t run, vx_method_row *method, bool *there, vx_error *error);

/* Which images of the set have it under a scoring, whatever came of it: has [set->count]. */
bool vx_imported_has(vx_store *store, int64_t scoring, int64_t method, const vx_image_set *set, bool *has,
                     vx_error *error);

/* Begins a batch; keeps all that was written since, or forgets it. */
bool vx_imported_batch(vx_store *store, vx_error *error);
bool vx_imported_batch_end(vx_store *store, bool keep, vx_error *error);

/* The result's one evaluation with its map, scores and failures. */
bool vx_imported_write(vx_store *store, int64_t scoring, int64_t method, int64_t image, const vx_result *result,
                       vx_error *error);

#endif
