/* The methods: each one's own work on a ready view, and what a whole set of them costs a picture. */
#include <stdlib.h>
#include <string.h>

#include "harness/bench/parts.h"

/* ---- sets of methods -------------------------------------------------------------------------------------------- */

bool vx_bench_in_suite(const vx_explainer *explainer, const vx_shape *shape) {
  static const char *const ids[] = {"raw-attention",
                                    "rollout",
                                    "attention-flow",
                                    "saliency",
                                    "gradient-x-input",
                                    "cam",
                                    "gradcam",
                                    "attn-gradcam",
                                    "ag-cam",
                                    "ag-cam-full",
                                    "attention-gradient",
                                    "i-saw",
                                    "generic-attention",
                                    "transformer-attribution",
                                    "lrp-rollout",
                                    "partial-lrp",
                                    "lrp"};
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
    if (strcmp(ids[i], explainer->id) == 0) return vx_explainer_fits(explainer, shape, NULL);
  return false;
}

static vx_needs needs_of(const vx_explainer *explainer, const vx_shape *shape) {
  vx_args args;
  vx_needs needs;
  vx_args_default(&explainer->params, &args);
  vx_explainer_needs(explainer, shape, &args, &needs);
  return needs;
}

static bool is_stable(const vx_explainer *explainer, const vx_shape *shape) {
  vx_needs needs = needs_of(explainer, shape);
  for (int i = 0; i < needs.wants.count; i++)
    if (needs.wants.want[i].descent.parameter > 0) return true;
  return false;
}

/* Every method that neither fuses others' maps nor runs the model again. */
static bool in_rest(const vx_explainer *explainer, const vx_shape *shape) {
  return vx_explainer_in_all(explainer) && vx_explainer_fits(explainer, shape, NULL) &&
         needs_of(explainer, shape).variant_count == 0;
}

typedef bool (*member)(const vx_explainer *explainer, const vx_shape *shape);

static bool union_of(member in, const vx_shape *shape, vx_needs *all, vx_error *error) {
  *all = (vx_needs){0};
  for (int i = 0; i < vx_explainer_count(); i++) {
    if (!in(vx_explainer_at(i), shape)) continue;
    vx_needs needs = needs_of(vx_explainer_at(i), shape);
    if (!vx_needs_add(all, &needs, error)) return false;
  }
  return true;
}

bool vx_bench_suite_needs(const vx_shape *shape, vx_needs *needs, vx_error *error) {
  return union_of(vx_bench_in_suite, shape, needs, error);
}

/* ---- a set's time ----------------------------------------------------------------------------------------------- */

typedef struct method_set {
  member in;
  vx_needs needs;
  vx_series single, forward, explain; /* F beside it; the worker's own forward and its other passes */
  vx_series *method;                  /* [vx_explainer_count()] */
  double *heat;                       /* [S][S] */
  size_t bytes;                       /* of its worker */
} method_set;

static bool once(vx_bench_job *job, method_set *set, vx_worker *worker, bool keep, vx_error *error) {
  vx_series waste = {0};
  vx_moment start = vx_moment_now();
  if (!vx_worker_forward(worker, job->x, error)) return false;
  start = vx_series_add(keep ? &set->forward : &waste, start, 1);
  vx_view *view = vx_bench_view(job, worker, error);
  if (!view) return false;
  vx_series_add(keep ? &set->explain : &waste, start, 1);
  for (int i = 0; i < vx_explainer_count(); i++) {
    const vx_explainer *explainer = vx_explainer_at(i);
    vx_args args;
    if (!set->in(explainer, job->shape)) continue;
    vx_args_default(&explainer->params, &args);
    start = vx_moment_now();
    if (!vx_explainer_run(explainer, view, &args, set->heat, error)) return false;
    vx_series_add(keep ? &set->method[i] : &waste, start, 1);
  }
  return true;
}

static bool measure(vx_bench_job *job, member in, method_set *set, vx_error *error) {
  size_t side = (size_t)job->shape->image;
  *set = (method_set){.in = in};
  set->method = calloc((size_t)vx_explainer_count(), sizeof *set->method);
  set->heat = calloc(side * side, sizeof *set->heat);
  if (!set->method || !set->heat) return vx_fail(error, "bench", "out of memory");
  if (!union_of(in, job->shape, &set->needs, error)) return false;
  vx_worker *worker = vx_worker_new(job->model, &set->needs, VX_MIXED, error);
  bool good = worker && (job->options->quick || once(job, set, worker, false, error)); /* memory and caches first */
  for (int i = 0; good && i < job->options->repeats; i++)
    good = vx_bench_forward(job, &set->single, error) && once(job, set, worker, true, error) &&
           vx_bench_forward_after(job, &set->single, error);
  if (good) set->bytes = vx_worker_bytes(worker);
  vx_worker_free(worker);
  return good;
}

/* What the -stable methods need that the suite does not make: their relevance passes. Into set->explain. */
static bool measure_stable(vx_bench_job *job, method_set *set, vx_error *error) {
  vx_needs all;
  if (!union_of(is_stable, job->shape, &all, error)) return false;
  set->needs = (vx_needs){0};
  for (int i = 0; i < all.wants.count; i++)
    if (all.wants.want[i].descent.parameter > 0) set->needs.wants.want[set->needs.wants.count++] = all.wants.want[i];
  vx_worker *worker = vx_worker_new(job->model, &set->needs, VX_MIXED, error);
  bool good = worker != NULL;
  for (int i = job->options->quick ? 1 : 0; good && i <= job->options->repeats; i++) {
    vx_series waste = {0}, *single = i ? &set->single : &waste;
    good = vx_bench_forward(job, single, error) && vx_worker_forward(worker, job->x, error);
    vx_moment start = vx_moment_now();
    good = good && vx_worker_explain(worker, 0, VX_LOGIT, error);
    vx_series_add(i ? &set->explain : &waste, start, 1);
    good = good && vx_bench_forward_after(job, single, error);
  }
  vx_worker_free(worker);
  return good;
}

static void release(method_set *set) {
  free(set->method);
  free(set->heat);
}

/* `sum` and every method's own work but that of `without`. */
static vx_series with_methods(const method_set *set, vx_series sum, const char *without) {
  for (int i = 0; i < vx_explainer_count(); i++)
    if (strcmp(without, vx_explainer_at(i)->id) != 0) vx_series_plus(&sum, &set->method[i]);
  return sum;
}

/* ---- what the bench says of it ---------------------------------------------------------------------------------- */

static void add_total(vx_bench *bench, const char *id, const char *title, const vx_series *series,
                      const method_set *set) {
  bench->total[bench->totals++] =
      (vx_bench_total){id, title, vx_series_time(series, NULL), vx_series_ratio(series, &set->single)};
}

static void add_methods(vx_bench *bench, const vx_shape *shape, const method_set *set) {
  for (int i = 0; i < vx_explainer_count() && bench->methods < VX_BENCH_METHODS_MAX; i++) {
    const vx_explainer *explainer = vx_explainer_at(i);
    if (set->method[i].count == 0) continue;
    vx_bench_method *method = &bench->method[bench->methods++];
    method->id = explainer->id;
    method->in_suite = vx_bench_in_suite(explainer, shape);
    method->time = vx_series_time(&set->method[i], NULL);
    method->forwards = vx_series_ratio(&set->method[i], &set->single);
  }
}

/* The passes, and the methods' own work, which `rest` has timed. */
static void add_stable(vx_bench *bench, const method_set *stable, const method_set *rest, const vx_shape *shape) {
  vx_series more = stable->explain;
  double forwards = vx_series_ratio(&more, &stable->single);
  for (int i = 0; i < vx_explainer_count(); i++)
    if (is_stable(vx_explainer_at(i), shape)) {
      vx_series_plus(&more, &rest->method[i]);
      forwards += vx_series_ratio(&rest->method[i], &rest->single);
    }
  bench->total[bench->totals++] =
      (vx_bench_total){"stable", "the four -stable ones more", vx_series_time(&more, NULL), forwards};
}

static void add_totals(vx_bench *bench, const method_set *suite, const method_set *stable, const method_set *rest,
                       const vx_shape *shape) {
  vx_series passes = suite->forward, flow = {0};
  vx_series_plus(&passes, &suite->explain);
  for (int i = 0; i < vx_explainer_count(); i++)
    if (strcmp(vx_explainer_at(i)->id, "attention-flow") == 0) flow = suite->method[i];
  vx_series all = with_methods(suite, passes, ""), no_flow = with_methods(suite, passes, "attention-flow");
  vx_series own = with_methods(suite, (vx_series){0}, "");
  add_total(bench, "suite", "all methods but the sampling ones", &all, suite);
  add_total(bench, "suite-no-flow", "the same without attention-flow", &no_flow, suite);
  add_stable(bench, stable, rest, shape);
  add_total(bench, "flow", "attention-flow alone", &flow, suite);
  add_total(bench, "explainers", "the methods' own work in the suite", &own, suite);
}

/* The suite comes first: the program has then held one worker of the default precision and no more. */
bool vx_bench_suite(vx_bench_job *job, vx_error *error) {
  method_set suite = {0}, stable = {0}, rest = {0};
  bool good = measure(job, vx_bench_in_suite, &suite, error);
  if (good) {
    job->bench->worker_mb = 1e-6 * (double)suite.bytes;
    job->bench->peak_mb = vx_bench_peak_mb();
  }
  good = good && measure_stable(job, &stable, error) && measure(job, in_rest, &rest, error);
  if (good) {
    add_totals(job->bench, &suite, &stable, &rest, job->shape);
    add_methods(job->bench, job->shape, &rest);
  }
  release(&suite);
  release(&stable);
  release(&rest);
  return good;
}
