/* How far a run is: a bar that redraws itself on a terminal, a line now and then otherwise. */
#ifndef VX_PROGRESS_H
#define VX_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

typedef struct vx_progress {
  FILE *to; /* NULL: silent */
  bool terminal;
  int total;          /* images of the run */
  int before;         /* done by an earlier, stopped run */
  int done;           /* by this one */
  int passed;         /* of both, through the gate */
  double start, last; /* seconds */
  bool drawn;
} vx_progress;

/* `before` images are done already, `passed` of them through the gate. */
void vx_progress_start(vx_progress *progress, FILE *to, bool terminal, int total, int before, int passed);

/* One more image is done. */
void vx_progress_step(vx_progress *progress, bool passed);

/* Leaves the bar as it is and goes to a new line. */
/* "0:09", "1:10", "2:03:04" */
void vx_progress_clock(double seconds, char *text, size_t size);

void vx_progress_end(vx_progress *progress);

#endif
