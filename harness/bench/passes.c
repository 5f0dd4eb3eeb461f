/* Each pass by a worker that plans nothing else; forward passes take turns with it, so that both meet the machine in
   the same state. Relevance is timed when it is asked for again: the double forward pass is made by then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/bench/parts.h"
#include "harness/bench/peak.h"

typedef enum how {
  FORWARD,       /* vx_worker_forward */
  EXPLAIN,       /* vx_worker_explain after it */
  EXPLAIN_AGAIN, /* the same once more */
  AGAIN,         /* a group of four through vx_again, logits only */
  AGAIN_GRADIENT /* and gradients */
} how;

typedef struct measure {
  how how;
  vx_precision precision;
  vx_needs needs;
  const struct measure *less; /* taken off */
  vx_products products;
  vx_series series, forward, peak; /* F beside it; what GFLOP at the processor's peak take, at the same time */
} measure;

/* ---- one measurement -------------------------------------------------------------------------------------------- */

static bool once(vx_bench_job *job, const measure *m, vx_worker *worker, vx_series *series, vx_error *error) {
  vx_moment start = vx_moment_now();
  if (!vx_worker_forward(worker, job->x, error)) return false;
  if (m->how == FORWARD) {
    vx_series_add(series, start, 1);
    return true;
  }
  if (m->how == EXPLAIN_AGAIN && !vx_worker_explain(worker, 0, VX_LOGIT, error)) return false;
  start = vx_moment_now();
  vx_view *view = vx_worker_explain(worker, 0, VX_LOGIT, error);
  if (!view) return false;
  if (m->how == EXPLAIN || m->how == EXPLAIN_AGAIN) {
    vx_series_add(series, start, 1);
    return true;
  }
  start = vx_moment_now();
  if (!vx_bench_group(job, view, m->how == AGAIN_GRADIENT, error)) return false;
  vx_series_add(series, start, VX_GROUP);
  return true;
}

static void add_peak(measure *m, double peak, vx_bench *bench) {
  if (peak > bench->peak_single) bench->peak_single = peak;
  m->peak.cpu[m->peak.count++] =
      1e3 * (vx_products_gflop(&m->products, false) / peak + vx_products_gflop(&m->products, true) / (peak / 2));
}

/* The first time is for the memory and the caches. */
static bool repeat(vx_bench_job *job, measure *m, vx_error *error) {
  vx_worker *worker = vx_worker_new(job->model, &m->needs, m->precision, error);
  if (!worker) return false;
  vx_series first = {0};
  bool good = vx_products_begin(&m->products, error) && once(job, m, worker, &first, error);
  for (int i = 0; good && i < job->options->repeats; i++) {
    good = vx_bench_forward(job, &m->forward, error) && once(job, m, worker, &m->series, error) &&
           vx_bench_forward_after(job, &m->forward, error);
    vx_products_measure(&m->products);
    add_peak(m, vx_peak_gflops(0.005), job->bench);
  }
  vx_products_end(&m->products);
  vx_worker_free(worker);
  return good;
}

static bool measure_pass(vx_bench_job *job, const char *id, const char *title, measure *m, vx_error *error) {
  if (!repeat(job, m, error)) return false;
  double share = m->how == AGAIN || m->how == AGAIN_GRADIENT ? VX_GROUP : 1;
  vx_bench_pass *pass = &job->bench->pass[job->bench->passes++];
  pass->id = id;
  pass->title = title;
  pass->time = vx_series_time(&m->series, m->less ? &m->less->series : NULL);
  pass->single_gflop = vx_products_gflop(&m->products, false) / share;
  pass->double_gflop = vx_products_gflop(&m->products, true) / share;
  pass->forwards = vx_series_ratio(&m->series, &m->forward);
  if (m->less) pass->forwards -= vx_series_ratio(&m->less->series, &m->less->forward);
  if (pass->single_gflop + pass->double_gflop > 0 && pass->time.cpu_ms > 0) {
    vx_series products = vx_products_series(&m->products);
    pass->gflops = 1e3 * (pass->single_gflop + pass->double_gflop) / pass->time.cpu_ms;
    pass->of_products = vx_series_ratio(&products, &m->forward) / share / pass->forwards;
    pass->of_peak = vx_series_ratio(&m->peak, &m->forward) / share / pass->forwards;
  }
  return true;
}

/* ---- all of them ------------------------------------------------------------------------------------------------- */

/* The relevance passes that a method plans, and nothing else of it. */
static bool add_relevance(const vx_bench_job *job, const char *id, vx_needs *needs, vx_error *error) {
  const vx_explainer *explainer = vx_explainer_find(id);
  vx_args args;
  vx_needs own, relevance = {0};
  if (!explainer) return vx_fail(error, "bench", "there is no method %s", id);
  vx_args_default(&explainer->params, &args);
  vx_explainer_needs(explainer, job->shape, &args, &own);
  for (int i = 0; i < own.wants.count; i++) {
    vx_rule rule = own.wants.want[i].descent.rule;
    if (rule == VX_LRP_IMPROVED || rule == VX_LRP_PLAIN)
      relevance.wants.want[relevance.wants.count++] = own.wants.want[i];
  }
  return vx_needs_add(needs, &relevance, error);
}

static bool simple_passes(vx_bench_job *job, measure *m, vx_error *error) {
  const vx_shape *s = job->shape;
  *m = (measure){.how = FORWARD};
  vx_products_forward(s, 1, false, false, &m->products);
  if (!measure_pass(job, "forward", "forward (F)", m, error)) return false;
  *m = (measure){.how = AGAIN, .needs.variant_count = VX_GROUP};
  vx_products_forward(s, VX_GROUP, false, false, &m->products);
  if (!measure_pass(job, "forward-4", "forward, one of a group of 4", m, error)) return false;
  *m = (measure){.how = EXPLAIN};
  vx_want_at(&m->needs.wants, VX_AT_INPUT, vx_by(VX_GRADIENT));
  vx_products_backward(s, 1, true, &m->products);
  if (!measure_pass(job, "backward-input", "backward to the input", m, error)) return false;
  *m = (measure){.how = EXPLAIN};
  vx_want_layers(&m->needs.wants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 0, s->layers - 1);
  vx_products_backward(s, 1, false, &m->products);
  if (!measure_pass(job, "backward-attention", "backward to attention, G in double", m, error)) return false;
  *m = (measure){.how = AGAIN_GRADIENT, .needs.variant_count = VX_GROUP};
  vx_want_at(&m->needs.variants, VX_AT_INPUT, vx_by(VX_GRADIENT));
  vx_products_forward(s, VX_GROUP, false, false, &m->products);
  vx_products_backward(s, VX_GROUP, true, &m->products);
  if (!measure_pass(job, "sample-4", "forward and backward, one of 4", m, error)) return false;
  *m = (measure){.how = EXPLAIN};
  vx_want_rows(&m->needs.wants, VX_AT_ATTENTION, vx_by(VX_CUT_GRADIENT), 0, s->layers - 1);
  vx_products_cut(s, &m->products);
  if (!measure_pass(job, "cut-gradient", "ag-cam's cut gradient", m, error)) return false;
  *m = (measure){.how = EXPLAIN};
  vx_want_layers(&m->needs.wants, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0, s->layers - 1);
  return measure_pass(job, "convert", "attention shown in double", m, error);
}

/* Improved rules as transformer-attribution and lrp-rollout plan them, then plain ones too as partial-lrp and lrp do;
   `suffix` makes other ids of theirs. */
static bool relevance_passes(vx_bench_job *job, const char *suffix, const char *id[2], const char *title[2], bool wide,
                             measure m[2], vx_error *error) {
  static const char *const methods[] = {"transformer-attribution", "lrp-rollout", "partial-lrp", "lrp"};
  for (int i = 0; i < 2; i++) {
    m[i] = (measure){.how = EXPLAIN_AGAIN, .precision = VX_MIXED, .less = i ? &m[0] : NULL};
    for (int k = 0; k < 2 * (i + 1); k++) {
      char name[64];
      snprintf(name, sizeof name, "%s%s", methods[k], suffix);
      if (!add_relevance(job, name, &m[i].needs, error)) return false;
    }
    vx_bench_relevance need = vx_bench_relevance_of(&m[i].needs.wants, i ? VX_LRP_PLAIN : VX_LRP_IMPROVED, job->shape);
    vx_products_relevance(job->shape, &need, i == 1, wide, &m[i].products);
    if (!measure_pass(job, id[i], title[i], &m[i], error)) return false;
  }
  return true;
}

/* The double forward pass as relevance without stabilizer needs it: a pass that ends where it begins. */
static bool forward_for_relevance(vx_bench_job *job, measure *m, vx_error *error) {
  *m = (measure){.how = EXPLAIN, .precision = VX_MIXED};
  vx_want_layers(&m->needs.wants, VX_AT_ATTENTION, vx_by(VX_LRP_IMPROVED), job->shape->layers, job->shape->layers - 1);
  vx_products_forward(job->shape, 1, true, true, &m->products);
  return measure_pass(job, "forward-relevance", "forward in double, last block read", m, error);
}

static bool all_relevance(vx_bench_job *job, measure m[2], vx_error *error) {
  const char *mixed[] = {"improved", "plain"}, *stable[] = {"improved-stable", "plain-stable"};
  const char *mixed_titles[] = {"improved relevance, mixed", "plain relevance on top, mixed"};
  const char *stable_titles[] = {"improved, stabilised, single", "plain on top, stabilised, single"};
  m[0] = (measure){.how = FORWARD, .precision = VX_DOUBLE};
  vx_products_forward(job->shape, 1, true, false, &m[0].products);
  return measure_pass(job, "forward-double", "forward in double", &m[0], error) &&
         forward_for_relevance(job, &m[0], error) && relevance_passes(job, "", mixed, mixed_titles, true, m, error) &&
         relevance_passes(job, "-stable", stable, stable_titles, false, m, error);
}

bool vx_bench_passes(vx_bench_job *job, vx_error *error) {
  measure *m = calloc(2, sizeof *m);
  bool good = m || vx_fail(error, "bench", "out of memory");
  good = good && simple_passes(job, &m[0], error) && all_relevance(job, m, error);
  job->bench->peak_double = job->bench->peak_single / 2;
  free(m);
  return good;
}
