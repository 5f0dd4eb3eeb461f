/* SmoothGrad and integrated gradients: what their samples cost, against as many forward and backward passes of single
   pictures. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/bench/parts.h"

/* Forward and backward pass of the picture alone. */
static bool single_passes(vx_bench_job *job, vx_worker *worker, vx_series *series, vx_error *error) {
  vx_moment start = vx_moment_now();
  if (!vx_worker_forward(worker, job->x, error) || !vx_worker_explain(worker, 0, VX_LOGIT, error)) return false;
  vx_series_add(series, start, 1);
  return true;
}

static bool measure(vx_bench_job *job, const char *id, const char *parameter, int samples, vx_error *error) {
  const vx_explainer *explainer = vx_explainer_find(id);
  vx_bench *bench = job->bench;
  if (!explainer || bench->methods == VX_BENCH_METHODS_MAX) return true;
  vx_args args;
  vx_needs needs, gradient = {0};
  char text[16];
  snprintf(text, sizeof text, "%d", samples);
  vx_args_default(&explainer->params, &args);
  if (!vx_args_set(&explainer->params, explainer->id, &args, parameter, text, error)) return false;
  vx_explainer_needs(explainer, job->shape, &args, &needs);
  vx_want_at(&gradient.wants, VX_AT_INPUT, vx_by(VX_GRADIENT));
  vx_worker *worker = vx_worker_new(job->model, &needs, VX_MIXED, error);
  vx_worker *single = worker ? vx_worker_new(job->model, &gradient, VX_MIXED, error) : NULL;
  size_t side = (size_t)job->shape->image;
  double *heat = calloc(side * side, sizeof *heat);
  vx_series series = {0}, forward = {0}, alone = {0}, waste = {0};
  bool good = single && (heat || vx_fail(error, "bench", "out of memory"));
  for (int i = job->options->quick ? 1 : 0; good && i <= job->options->repeats; i++) {
    good = vx_bench_forward(job, i ? &forward : &waste, error) &&
           single_passes(job, single, i ? &alone : &waste, error) && vx_worker_forward(worker, job->x, error);
    vx_view *view = good ? vx_bench_view(job, worker, error) : NULL;
    vx_moment start = vx_moment_now();
    good = view && vx_explainer_run(explainer, view, &args, heat, error);
    vx_series_add(i ? &series : &waste, start, 1);
  }
  vx_worker_free(single);
  vx_worker_free(worker);
  free(heat);
  if (!good) return false;
  vx_bench_method *method = &bench->method[bench->methods++];
  *method = (vx_bench_method){.id = id, .samples = samples, .time = vx_series_time(&series, NULL)};
  method->forwards = vx_series_ratio(&series, &forward);
  method->of_samples = vx_series_ratio(&series, &alone) / samples;
  return true;
}

/* Two groups of four: a sample costs the same in longer rows of them. */
bool vx_bench_samples(vx_bench_job *job, vx_error *error) {
  int samples = job->options->quick ? 4 : 8;
  return measure(job, "smoothgrad", "samples", samples, error) &&
         measure(job, "integrated-gradients", "steps", samples, error);
}
