/* One file holds runs and all their results (SQLite; results/README.md documents every table and column).

   A store belongs to one thread at a time. One transaction an image: a run that is killed at any moment leaves a file
   in which every image is there with all its rows or not at all. */
#ifndef VX_STORE_STORE_H
#define VX_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "harness/store/result.h"

enum {
  VX_STORE_APPLICATION = 0x76697478, /* "vitx", PRAGMA application_id */
  VX_STORE_VERSION = 4,              /* PRAGMA user_version */
};

typedef struct vx_store vx_store;

typedef enum vx_store_mode {
  VX_STORE_READ,  /* the file must be there */
  VX_STORE_WRITE, /* made when missing; its folder must be there */
} vx_store_mode;

/* Opens a results file. NULL with a clear error: no such file, not writable, not a database, another program's
   database, made by a newer vitx. An empty file is taken as new when opened to write. */
vx_store *vx_store_open(const char *path, vx_store_mode mode, vx_error *error);
void vx_store_close(vx_store *store); /* NULL is fine */
const char *vx_store_path(const vx_store *store);

/* `say` is told, on the store's thread and with the file's path, when a call has waited a second for another process;
   the wait goes on, for 30 seconds in all. */
void vx_store_on_wait(vx_store *store, void (*say)(void *user, const char *path), void *user);

/* Begins the run, or continues the one in the file that agrees in everything that decides results (marked * in
   vx_run_row); methods and measures not yet in it are added. From here on method indices are those of `run->methods`.
   Fails when a method of the same name has other parameters, or when the run in the file was made by another OpenBLAS
   kernel or program version: its second half would not be comparable with its first, bit for bit. */
bool vx_store_begin(vx_store *store, const vx_run_row *run, vx_error *error);

/* The run in the file that vx_store_begin would go on with; 0: it would begin one. */
bool vx_store_find(vx_store *store, const vx_run_row *run, int64_t *id, vx_error *error);

int64_t vx_store_run(const vx_store *store);    /* id of the current run */
bool vx_store_continues(const vx_store *store); /* the run was in the file before */

typedef enum vx_done {
  VX_DONE_NOTHING, /* the image has not been seen */
  VX_DONE_PARTLY,  /* its prediction is there, some methods or measures of them are missing */
  VX_DONE_ALL,     /* nothing to do: all there, or not through the gate, or a failure of the whole image */
} vx_done;

/* What the file has of the image at this place of the list; fills missing[method_count] (may be NULL). Answers from
   memory, read at vx_store_begin and kept up to date by vx_store_write. */
vx_done vx_store_done(const vx_store *store, int position, bool *missing);

/* From here on the image at this place is as if it had not been seen; vx_store_write replaces its rows, of which none
   may be a score. So it is of itself with images that failed as a whole (no picture, no mask), but not with those whose
   mask is no truth. */
void vx_store_again(vx_store *store, int position);

/* Which of run->metrics (bit i: metrics[i]) a method lacks for the image at this place: all when the method is missing,
   none where a measure has nothing to measure (no map; no truth, for a measure against it). */
uint64_t vx_store_lacking(const vx_store *store, int position, int method);

/* The file's id of the image at this place; 0: not there. */
int64_t vx_store_image(const vx_store *store, int position);

/* Writes all rows of one image in one transaction. An image that is there already keeps its rows and gets those of
   the methods and measures that it lacks; that its id is still the same is checked. */
bool vx_store_write(vx_store *store, const vx_result *result, vx_error *error);

typedef struct vx_store_counts {
  int images;               /* in the list */
  int done;                 /* seen */
  int passed;               /* through the gate */
  int64_t passed_index_sum; /* sum of their 0-based places in the list: a fingerprint of the gate */
  int failed;               /* images with a failure (not a warning) */
  int warnings;             /* rows */
  int evaluations;          /* of the main scoring, scored ones */
} vx_store_counts;

bool vx_store_count(vx_store *store, int64_t run, vx_store_counts *counts, vx_error *error);

/* Marks the run as finished (time), and folds the write-ahead log into the file. */
bool vx_store_finish(vx_store *store, vx_error *error);

#endif
