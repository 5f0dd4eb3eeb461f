/* Does a results file agree with itself? Every score from its counts, every sum from its rows, every rule that holds
   whatever the method. */
#ifndef VX_STORE_CHECK_H
#define VX_STORE_CHECK_H

#include "harness/store/store.h"

typedef struct vx_check {
  const char *what; /* one line: what has to hold */
  int64_t looked_at, wrong;
  char first[240]; /* the first that is wrong: image, method, what it is and should be; "" */
} vx_check;

/* Calls `report` for one check after the other. False only when the file cannot be read; *wrong counts the checks that
   failed. `run` 0: all runs. */
bool vx_store_check(vx_store *store, int64_t run, void (*report)(const vx_check *check, void *user), void *user,
                    int *wrong, vx_error *error);

/* What a file has to be beyond that to be handed in: this layout's tables and triggers, a finished run, every image of
   the list, every map. */
bool vx_store_check_whole(vx_store *store, int64_t run, void (*report)(const vx_check *check, void *user), void *user,
                          vx_error *error);

#endif
