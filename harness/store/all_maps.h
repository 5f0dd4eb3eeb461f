/* All maps of a method, one after the other, and scores that hang on all of them: unlike any other score they are
   written anew when images were added. Methods are indices of the run that vx_store_begin began. */
#ifndef VX_STORE_ALL_MAPS_H
#define VX_STORE_ALL_MAPS_H

#include "harness/store/store.h"

/* Told a map, in the order of the list; it is gone after the call. May fill `values` where scores are asked for. */
typedef bool vx_all_maps_see(void *user, const vx_map *map, double *values, vx_error *error);

/* Whether any map of the method has no score of this name, in *lack. */
bool vx_all_maps_lack(vx_store *store, int method, const char *score, bool *lack, vx_error *error);

/* How many evaluations of a run's main scoring that had a map have none in the file. */
bool vx_all_maps_missing(vx_store *store, int64_t run, int64_t *count, vx_error *error);

/* Tells all maps of the method; memory is that of one. */
bool vx_all_maps_read(vx_store *store, int method, vx_all_maps_see *see, void *user, vx_error *error);

/* The same, and writes what `see` fills in under these names [count] instead of what was there, in one transaction. */
bool vx_all_maps_score(vx_store *store, int method, const char *const *scores, int count, vx_all_maps_see *see,
                       void *user, vx_error *error);

#endif
