/* How fast the passes and the methods are on this machine, measured against what it can do: `vitx bench`. */
#ifndef VX_BENCH_H
#define VX_BENCH_H

#include <stdbool.h>

#include "core/vx.h"

typedef struct vx_bench_options {
  const char *model;  /* folder of a checkpoint; or */
  const char *random; /* base-16-224, small-16-224 or tiny-16-224 */
  int jobs;           /* workers in the last part */
  int repeats;        /* of each measurement, 1 to VX_BENCH_REPEATS_MAX */
  bool quick;         /* few samples and pictures: to see that it works */
  bool measures;      /* what measures ask of the model, and nothing else */
} vx_bench_options;

enum { VX_BENCH_REPEATS_MAX = 99, VX_BENCH_PASSES_MAX = 16, VX_BENCH_METHODS_MAX = 128, VX_BENCH_TOTALS_MAX = 8 };

/* Milliseconds of one picture: by the clock on the wall, and of the worker's own processor time, which other programs
   on the machine disturb less. Median and least of the repeats. */
typedef struct vx_bench_time {
  double ms, ms_min, cpu_ms, cpu_ms_min;
} vx_bench_time;

/* All ratios are of medians of processor time; a pass's `forwards` are against forward passes that took turns with
   it. */
typedef struct vx_bench_pass {
  const char *id, *title;
  vx_bench_time time;
  double single_gflop, double_gflop; /* counted, of one picture's products in either precision */
  double forwards;
  double gflops, of_products, of_peak;
} vx_bench_pass;

typedef struct vx_bench_method {
  const char *id;
  bool in_suite;
  vx_bench_time time; /* explain() alone, all passes made */
  double forwards;
  int samples;       /* of a method that runs the model again; 0: does not */
  double of_samples; /* its time over samples x (forward + backward) of single pictures */
} vx_bench_method;

typedef struct vx_bench_total {
  const char *id, *title;
  vx_bench_time time;
  double forwards;
} vx_bench_total;

/* The same work by one worker and by `jobs` at once. */
typedef struct vx_bench_scaling {
  const char *id;
  double one, many; /* pictures per second */
  double ratio;     /* many / one */
  double cpu_ratio; /* the same if each worker had a core to itself: from processor time */
} vx_bench_scaling;

typedef struct vx_bench {
  char processor[128], model[256];
  int cores, jobs, repeats;
  bool quick;
  const char *vectors, *kernel;
  char blas[64], advice[256];
  double peak_single, peak_double; /* GFLOP/s of a core */
  vx_shape shape;
  double parameters;
  double open_ms, transpose_ms; /* the whole, and of it the transposed copies; < 0: no checkpoint was opened */
  double weights_mb, worker_mb, peak_mb;
  vx_bench_pass pass[VX_BENCH_PASSES_MAX];
  vx_bench_method method[VX_BENCH_METHODS_MAX];
  vx_bench_total total[VX_BENCH_TOTALS_MAX];
  vx_bench_scaling scaling[4];
  int passes, methods, totals, scalings;
} vx_bench;

/* Measures everything, into *bench. */
bool vx_bench_run(const vx_bench_options *options, vx_bench *bench, vx_error *error);

#endif
