/* What the files of the bench share. Private to harness/bench. */
#ifndef VX_BENCH_PARTS_H
#define VX_BENCH_PARTS_H

#include "explainers/explainer.h"
#include "harness/bench/bench.h"

/* ---- time (time.c) ------------------------------------------------------------------------------------ */

typedef struct vx_moment {
  double wall, cpu; /* seconds; cpu: of the calling thread */
} vx_moment;

typedef struct vx_series {
  int count;
  double wall[VX_BENCH_REPEATS_MAX], cpu[VX_BENCH_REPEATS_MAX]; /* milliseconds */
} vx_series;

vx_moment vx_moment_now(void);

/* Adds the time since `start`, divided by `share`; returns the present moment. */
vx_moment vx_series_add(vx_series *series, vx_moment start, double share);

/* Adds the i-th times of `more` to those of `sum`, which may be empty. */
void vx_series_plus(vx_series *sum, const vx_series *more);

/* Median and least; `less` (may be NULL): less the median and the least of that series. */
vx_bench_time vx_series_time(const vx_series *series, const vx_series *less);

/* Median of the ratios of what was timed in turns, by processor time: a core that runs faster or slower for a while
   does so for both. */
double vx_series_ratio(const vx_series *series, const vx_series *beside);

/* ---- products (products.c) -------------------------------------------------------------------------------- */

enum { VX_PRODUCTS_MAX = 40 };

/* c [m][n] = a [m][k] b [k][n], `count` times. */
typedef struct vx_product_shape {
  int m, n, k;
  bool wide; /* in double */
  double count;
  vx_series series; /* of one */
} vx_product_shape;

typedef struct vx_products {
  int count;
  vx_product_shape shape[VX_PRODUCTS_MAX];
  void *a, *b, *c; /* operands, large enough for each */
} vx_products;

/* The products of each pass as the formulas of its file in core have them; elementwise work is not counted. */
/* `to_read`: the last block is made for the tokens alone that the head reads. */
void vx_products_forward(const vx_shape *shape, int batch, bool wide, bool to_read, vx_products *products);
void vx_products_backward(const vx_shape *shape, int batch, bool to_input, vx_products *products);
void vx_products_cut(const vx_shape *shape, vx_products *products);
/* `beside`: the other rule set's pass, to the attention of every layer, has made the sums that both divide by. */
typedef struct vx_bench_relevance {
  double stabilizer;
  int lowest; /* layer whose attention is reached; L: of none */
  bool to_pixels;
} vx_bench_relevance;

/* What the wants say of the relevance by one rule set. */
vx_bench_relevance vx_bench_relevance_of(const vx_wants *wants, vx_rule rule, const vx_shape *shape);

void vx_products_relevance(const vx_shape *shape, const vx_bench_relevance *need, bool beside, bool wide,
                           vx_products *products);

double vx_products_gflop(const vx_products *products, bool wide);

/* Multiplies each shape once more and keeps the time. */
bool vx_products_begin(vx_products *products, vx_error *error); /* takes the operands */
void vx_products_measure(vx_products *products);
vx_series vx_products_series(const vx_products *products); /* all of them together, round by round */
void vx_products_end(vx_products *products);

/* ---- job (job.c) ----------------------------------------------------------------------------------------------------
 */

typedef struct vx_bench_job {
  const vx_bench_options *options;
  const vx_model *model;
  const vx_shape *shape;
  float *x;         /* [3][S][S] a random picture */
  uint8_t *picture; /* [S][S][3] */
  float *prior;     /* [S][S] */
  vx_worker *plain; /* forward in single precision: F, between all other measurements */
  vx_bench *bench;
} vx_bench_job;

/* One forward pass by job->plain into the series. */
bool vx_bench_forward(vx_bench_job *job, vx_series *series, vx_error *error);

/* One more, after what is compared with it: the last time in the series becomes the mean of both. */
bool vx_bench_forward_after(vx_bench_job *job, vx_series *series, vx_error *error);

/* Forward and planned passes; the view with all that methods may need. NULL on failure. */
vx_view *vx_bench_view(const vx_bench_job *job, vx_worker *worker, vx_error *error);

/* VX_GROUP times the picture through vx_again, in one group. */
bool vx_bench_group(const vx_bench_job *job, const vx_view *view, bool gradient, vx_error *error);

/* The text after "KEY…:" in a file of /proc, or "". */
void vx_bench_proc_line(const char *path, const char *key, char *text, size_t size);

/* The most memory that this process has held, MB. */
double vx_bench_peak_mb(void);

bool vx_bench_passes(vx_bench_job *job, vx_error *error);  /* passes.c */
bool vx_bench_suite(vx_bench_job *job, vx_error *error);   /* suite.c: methods and totals, peak memory */
bool vx_bench_samples(vx_bench_job *job, vx_error *error); /* samples.c: methods that run the model again */
bool vx_bench_workers(vx_bench_job *job, vx_error *error); /* workers.c: one worker against several */

/* The methods of spec section 4 but the sampling ones, without stabilizer: what `suite` means. Those
   that the model has. */
bool vx_bench_in_suite(const vx_explainer *explainer, const vx_shape *shape);

/* The union of the needs of the suite's methods. */
bool vx_bench_suite_needs(const vx_shape *shape, vx_needs *needs, vx_error *error);

#endif
