/* What a run in a results file was made from: its configuration, its list of images, its input. */
#ifndef VX_ORIGIN_H
#define VX_ORIGIN_H

#include "harness/config/config.h"
#include "harness/data/voc.h"
#include "harness/store/query.h"

typedef struct vx_origin {
  vx_config *config;
  vx_voc voc; /* the images; count 0: not open */
  vx_voc val; /* what numbers them, when the run's list was a file of its own (a few images picked out) */
} vx_origin;

/* The configuration that the file keeps, with `set` texts over it (vx_config_parse). NULL on failure. */
vx_config *vx_origin_config(const vx_run_row *run, const char *const *set, int set_count, vx_error *error);

/* Reads the configuration and opens the data set; `root` and `split` (each may be NULL) replace what it says. On
   failure `origin` is empty and the error names what is not there. */
bool vx_origin_open(const vx_run_row *run, const char *root, const char *split, vx_origin *origin, vx_error *error);
void vx_origin_close(vx_origin *origin);

/* How pictures came to the model, which needs no other file: the cut of the maps. Fails on a text that no run writes.
 */
bool vx_origin_input(const vx_run_row *run, vx_input_options *input, vx_error *error);

/* The entry of an image by its place in the list or, where the list is another one, by its name; NULL: none. */
const vx_voc_entry *vx_origin_entry(const vx_origin *origin, const vx_image_row *image);

/* Whether the mask of an entry is still the one that run `run` saw, whose digest was `then` (NULL: it had none). */
bool vx_origin_same_mask(const vx_voc_entry *entry, const vx_mask *mask, int64_t run, const char *then,
                         vx_error *error);

/* Opens the data set's own list `val` where the run's was another one; where that is not there it stays empty. */
void vx_origin_open_val(vx_origin *origin);

/* The image's index in the data set: its place in `val`, else in the run's list. */
int vx_origin_index(const vx_origin *origin, const vx_image_row *image);

#endif
