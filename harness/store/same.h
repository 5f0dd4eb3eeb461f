/* What a run was made from: the files of its images, and what tells it from the others of its name. */
#ifndef VX_STORE_SAME_H
#define VX_STORE_SAME_H

#include "base/text.h"
#include "harness/store/query.h"

/* An image that is there, with the digests of its files as they were; "": there was no such file. */
typedef struct vx_seen_row {
  int position;
  const char *image_id, *picture, *mask, *annotation;
  bool untrue; /* its mask is no truth */
} vx_seen_row;

/* The images of a run that did not fail as a whole, or only because their mask is no truth, in the order of the list.
 */
bool vx_query_seen(vx_store *store, int64_t run, vx_arena *arena, vx_seen_row **rows, int *count, vx_error *error);

/* Of the other runs of the current run's name the one that differs least from it (0: there is none), and in what: "seed
   (1, now 2), the list of images (8, now 6)". `ids` [images] are the current run's. The text is the caller's to free.
 */
bool vx_store_differs(vx_store *store, const char *const *ids, int64_t *from, int *keys, vx_text *text,
                      vx_error *error);

#endif
