/* Time that only goes forward. */
#ifndef VX_CLOCK_H
#define VX_CLOCK_H

#include <time.h>

/* Seconds since some moment. */
static inline double vx_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
