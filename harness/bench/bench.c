#include "harness/bench/bench.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/random.h"
#include "harness/bench/parts.h"
#include "harness/bench/peak.h"
#include "harness/run/workers.h"

/* ---- the machine ------------------------------------------------------------------------------------------------ */

static void describe_machine(vx_bench *bench) {
  vx_bench_proc_line("/proc/cpuinfo", "model name", bench->processor, sizeof bench->processor);
  bench->cores = vx_work_jobs();
  bench->vectors = vx_peak_vectors();
  bench->kernel = vx_blas_kernel();
  snprintf(bench->blas, sizeof bench->blas, "%s", vx_blas_version());
}

/* ---- the model -------------------------------------------------------------------------------------------------- */

static const struct {
  const char *name;
  vx_shape shape;
} shapes[] = {
    {"base-16-224",
     {.layers = 12,
      .heads = 12,
      .dim = 768,
      .mlp = 3072,
      .patch = 16,
      .image = 224,
      .classes = 1000,
      .epsilon = 1e-12}},
    {"small-16-224",
     {.layers = 12, .heads = 6, .dim = 384, .mlp = 1536, .patch = 16, .image = 224, .classes = 1000, .epsilon = 1e-12}},
    {"tiny-16-224",
     {.layers = 12, .heads = 3, .dim = 192, .mlp = 768, .patch = 16, .image = 224, .classes = 1000, .epsilon = 1e-12}},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static vx_model *random_model(const char *name, vx_error *error) {
  for (int i = 0; i < SHAPES; i++)
    if (strcmp(name, shapes[i].name) == 0) return vx_model_random(&shapes[i].shape, 1, error);
  vx_fail(error, "--random", "is '%s', expected base-16-224, small-16-224 or tiny-16-224%s", name,
          vx_meant(name, VX_WORDS(shapes, SHAPES, name), NULL).text);
  return NULL;
}

/* Opened again and again: from the second time its pages are in memory. */
static vx_model *open_model(const vx_bench_options *options, vx_bench *bench, vx_error *error) {
  bench->open_ms = bench->transpose_ms = -1;
  if (!options->model) {
    snprintf(bench->model, sizeof bench->model, "random %s", options->random);
    return random_model(options->random, error);
  }
  snprintf(bench->model, sizeof bench->model, "%s", options->model);
  vx_model *model = NULL;
  for (int i = 0; i < 4; i++) {
    vx_series series = {0};
    vx_model_close(model);
    vx_moment start = vx_moment_now();
    if (!(model = vx_model_open(options->model, error))) return NULL;
    vx_series_add(&series, start, 1);
    double ms = vx_series_time(&series, NULL).ms;
    if (i > 0 && ms >= bench->open_ms) continue;
    bench->open_ms = ms;
    bench->transpose_ms = vx_model_transpose_ms(model);
  }
  return model;
}

/* ---- the input -------------------------------------------------------------------------------------------------- */

static bool make_input(vx_bench_job *job, vx_error *error) {
  size_t pixels = (size_t)job->shape->image * (size_t)job->shape->image;
  job->x = malloc(3 * pixels * sizeof *job->x);
  job->picture = malloc(3 * pixels);
  job->prior = malloc(pixels * sizeof *job->prior);
  if (!job->x || !job->picture || !job->prior) return vx_fail(error, "bench", "out of memory");
  for (size_t i = 0; i < 3 * pixels; i++) {
    double u = vx_random_uniform(vx_random_bits(7, i));
    job->x[i] = (float)(2 * u - 1);
    job->picture[i] = (uint8_t)(255 * u);
  }
  for (size_t i = 0; i < pixels; i++) job->prior[i] = (float)vx_random_uniform(vx_random_bits(8, i));
  return true;
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static bool measure_all(vx_bench_job *job, vx_error *error) {
  vx_needs none = {0};
  vx_series first = {0};
  return vx_blas_check(job->shape, job->bench->advice, sizeof job->bench->advice, error) && make_input(job, error) &&
         (job->plain = vx_worker_new(job->model, &none, VX_SINGLE, error)) != NULL &&
         vx_bench_forward(job, &first, error) &&
         (job->options->measures || (vx_bench_suite(job, error) && vx_bench_passes(job, error) &&
                                     vx_bench_samples(job, error) && vx_bench_workers(job, error))) &&
         vx_bench_measures(job, error);
}

bool vx_bench_run(const vx_bench_options *options, vx_bench *bench, vx_error *error) {
  *bench = (vx_bench){.repeats = options->repeats, .jobs = options->jobs, .quick = options->quick};
  vx_blas_threads(1);
  describe_machine(bench);
  vx_model *model = open_model(options, bench, error);
  if (!model) return false;
  vx_bench_job job = {.options = options, .model = model, .shape = vx_model_shape(model), .bench = bench};
  bench->shape = *job.shape;
  bench->parameters = vx_model_parameters(model);
  bench->weights_mb = 4e-6 * bench->parameters;
  bool good = measure_all(&job, error);
  vx_worker_free(job.plain);
  free(job.x);
  free(job.picture);
  free(job.prior);
  vx_model_close(model);
  return good;
}
