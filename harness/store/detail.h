/* Reading results: the lists that explain a run's numbers. As in query.h, everything read is copied into the caller's
   arena. */
#ifndef VX_STORE_DETAIL_H
#define VX_STORE_DETAIL_H

#include "harness/store/query.h"

typedef struct vx_label_row {
  int label; /* index of the logit */
  const char *name;
  int data_class; /* -1: stands for no class of the data */
} vx_label_row;

/* The model's labels, in the order of the logits. */
bool vx_query_labels(vx_store *store, int64_t run, vx_arena *arena, vx_label_row **rows, int *count, vx_error *error);

typedef struct vx_failure_row {
  int position;                  /* of the image in the list */
  const char *image_id, *method; /* method "": the image as a whole */
  vx_stored_failure failure;     /* whose method is -1 */
} vx_failure_row;

/* Failures and warnings in the order of the list, the first `limit` of them; *all: how many there are. */
bool vx_query_failures(vx_store *store, int64_t run, int limit, vx_arena *arena, vx_failure_row **rows, int *count,
                       int64_t *all, vx_error *error);

/* Those of one image, as they were written. */
bool vx_query_image_failures(vx_store *store, int64_t image, vx_arena *arena, vx_failure_row **rows, int *count,
                             vx_error *error);

#endif
