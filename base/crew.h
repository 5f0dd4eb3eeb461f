/* Tasks by hands: `count` tasks, numbered from 0, done by `jobs` threads, each with tools of its own. Results go to the
   caller's thread, which alone may write what all share. What is computed does not depend on `jobs`. */
#ifndef VX_CREW_H
#define VX_CREW_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/error.h"

/* A task has a place from its beginning until it is given: the index of whatever its result lies in. Their number
   bounds what waits; places run from 0 to below vx_crew_places(jobs, count). */
typedef struct vx_crew {
  int jobs, count;         /* threads, at least 1 (never more than tasks); tasks */
  bool in_order;           /* give in the order of tasks; else as they are done */
  const atomic_bool *stop; /* once it is set no task is begun, those at hand are finished and given; may be NULL */
  void *user;              /* for all of these; what is NULL is not called */

  /* A hand's tools, on the caller's thread before any task: NULL on failure, and then nothing is done. */
  void *(*open)(void *user, vx_error *error);
  void (*close)(void *hand);

  /* On the caller's thread, in the order of tasks: what a task needs that hands may not fetch themselves. */
  bool (*prepare)(void *user, int task, int place, vx_error *error);

  /* On any thread. `hand` is what `open` gave to this thread, NULL without it. Must be there. */
  bool (*work)(void *user, void *hand, int task, int place, vx_error *error);

  /* On the caller's thread. */
  bool (*give)(void *user, int task, int place, vx_error *error);
} vx_crew;

/* How many places there are with so many jobs and tasks. */
static inline int vx_crew_places(int jobs, int count) {
  return 2 * (jobs < count ? jobs : count) + 2;
}

/* Does all tasks. False when a call has failed, a thread cannot be started or memory is out: no task is begun after
   that, those at hand are finished, none is given. Of several failures the error is that of the earliest task. Stopping
   is no failure. */
bool vx_crew_run(const vx_crew *crew, vx_error *error);

#endif
