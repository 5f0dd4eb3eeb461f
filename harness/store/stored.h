/* Reading results as they were written: the inverse of vx_store_begin, vx_store_write and vx_scoring_write. A file
   copied row by row through both has the same dump (tests/store/test_store.c does it). */
#ifndef VX_STORE_STORED_H
#define VX_STORE_STORED_H

#include "harness/store/query.h"

/* A whole run, as vx_store_begin takes it: with its main scoring, classes, labels and methods. 0: the newest. */
bool vx_run_read(vx_store *store, int64_t id, vx_arena *arena, vx_run_row *run, vx_error *error);

/* All rows of an image, as vx_store_write takes them. Methods are matched by name with methods [count], whose indices
   evaluations and failures get; what others have is left out. */
bool vx_result_read(vx_store *store, int64_t image, const vx_method_row *methods, int count, vx_result *result,
                    vx_error *error);

/* Adds the image's evaluations under a further scoring, without maps: those are the main one's. */
bool vx_evaluations_read(vx_store *store, int64_t scoring, int64_t image, const vx_method_row *methods, int count,
                         vx_result *result, vx_error *error);

/* Of an image what is its own, without evaluations and failures: truth, prediction, objects. All in `arena`. */
bool vx_image_read(vx_store *store, int64_t image, vx_arena *arena, vx_result *result, vx_error *error);

typedef struct vx_map_row {
  int64_t method;
  vx_map map;
} vx_map_row;

/* All maps of an image. Fails on a map whose bytes are not as many as its sides say. */
bool vx_query_maps(vx_store *store, int64_t image, vx_arena *arena, vx_map_row **rows, int *count, vx_error *error);

/* A curve behind a number of one method's map. */
typedef struct vx_curve_row {
  int64_t method;
  vx_curve curve;
} vx_curve_row;

/* All curves of an image under a scoring (0: its main one), by method, measure and name. */
bool vx_query_curves(vx_store *store, int64_t scoring, int64_t image, vx_arena *arena, vx_curve_row **rows, int *count,
                     vx_error *error);

/* One map, with what its evaluation says of it. map.kind VX_MAP_NONE: there is none. */
typedef struct vx_made_row {
  vx_map map;
  int target;       /* -1: none */
  double threshold; /* NaN: it was not scored */
} vx_made_row;

bool vx_query_map(vx_store *store, int64_t scoring, int64_t method, int64_t image, vx_arena *arena, vx_made_row *row,
                  vx_error *error);

#endif
