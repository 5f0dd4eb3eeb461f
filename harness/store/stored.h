/* The rows of one image as they were written: for whoever compares or scores again. */
#ifndef VX_STORE_STORED_H
#define VX_STORE_STORED_H

#include "harness/store/store.h"

/* Reads prediction and evaluations (scoring main) of an image with their maps and further measures into `result`.
   Methods are matched by name with methods [count], whose indices the evaluations get; others are left out. */
bool vx_stored_result(vx_store *store, int64_t run, int64_t image, const vx_run_method *methods, int count,
                      vx_result *result, vx_error *error);

/* One map; kind VX_MAP_NONE when there is none. It lies in the result's arena. False also when its size is not what it
   says. */
bool vx_stored_map(vx_store *store, int64_t image, int64_t method, vx_result *result, vx_map *map, vx_error *error);

#endif
