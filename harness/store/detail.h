/* Reading results: what hangs on a single image, and the lists that explain its numbers. As in query.h, everything read
   is copied into the caller's arena. */
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

/* Names of the further metrics that a scoring has, in alphabetical order. */
bool vx_query_metric_names(vx_store *store, int64_t scoring, vx_arena *arena, const char ***names, int *count,
                           vx_error *error);

typedef struct vx_failure_row {
  int position;                                                      /* of the image in the list */
  const char *image_id, *method, *severity, *stage, *place, *reason; /* method "": the image as a whole */
} vx_failure_row;

/* Failures and warnings in the order of the list, the first `limit` of them; *all: how many there are. */
bool vx_query_failures(vx_store *store, int64_t run, int limit, vx_arena *arena, vx_failure_row **rows, int *count,
                       int64_t *all, vx_error *error);

typedef struct vx_image_detail {
  int width, height; /* of the picture; -1: not known */
  vx_top *top;       /* best first */
  int top_count;
  vx_stored_object *objects;
  int object_count;
} vx_image_detail;

bool vx_query_image_detail(vx_store *store, int64_t image, vx_arena *arena, vx_image_detail *detail, vx_error *error);

typedef struct vx_map_row {
  int64_t method;
  vx_map map;
} vx_map_row;

/* All maps of an image. Fails on a map whose bytes are not as many as its sides say. */
bool vx_query_maps(vx_store *store, int64_t image, vx_arena *arena, vx_map_row **rows, int *count, vx_error *error);

#endif
