/* Two floors under every published number: how far a map in single precision is from the one in double, and how far the
   map moves when each input value moves by at most one unit in its last place. */
#ifndef VX_NOISE_RUN_H
#define VX_NOISE_RUN_H

#include "harness/run/progress.h"
#include "harness/run/run.h"

/* One map against another of the same picture and method. */
typedef struct vx_movement {
  double difference; /* largest difference, as a share of the double-precision map's maximum */
  double spearman;   /* of the two maps' values; NaN where one is flat */
  double overlap;    /* IoU of the two masks at evaluation size */
  double iou_change; /* IoU with the truth, less that of the double-precision map; NaN without a mask */
} vx_movement;

typedef struct vx_noise {
  int images;          /* measured: through the gate */
  int draws;           /* of the input's noise an image */
  int methods;         /* as in run->info */
  vx_movement *single; /* [images][methods] */
  vx_movement *ulp;    /* [images * draws][methods] */
  int failed;          /* images that could not be measured */
} vx_noise;

typedef struct vx_noise_request {
  const vx_run *run;
  int jobs, limit, draws; /* limit: images of the list; 0: all */
  FILE *report;           /* progress; NULL: none */
  bool terminal;
} vx_noise_request;

/* Measures. The passes of the double-precision maps run three times an image (itself, single, perturbed) and more with
   more draws. Does not depend on `jobs`. */
bool vx_noise_measure(const vx_noise_request *request, vx_noise *noise, vx_error *error);
void vx_noise_free(vx_noise *noise);

/* Of column values [n] (NaN left out): the median, the largest and the mean. */
typedef struct vx_spread {
  int n;
  double median, mean, low, high;
} vx_spread;
bool vx_spread_of(double *values, int n, vx_spread *spread); /* sorts values; false when none is left */

/* x [n] with each value moved by -1, 0 or 1 units in its last place, drawn from (seed, draw). */
void vx_noise_move(const float *x, size_t n, uint64_t seed, int draw, float *moved);

#endif
