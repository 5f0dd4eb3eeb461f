#include "harness/bench/print.h"

#include <jansson.h>

/* ---- for eyes ----------------------------------------------------------------------------------------------- */

static void print_head(const vx_bench *b, FILE *to) {
  const vx_shape *s = &b->shape;
  fprintf(to, "%s: %d layers, %d heads, width %d, %d tokens, %.1f million parameters\n", b->model, s->layers, s->heads,
          s->dim, s->tokens, 1e-6 * b->parameters);
  fprintf(to, "%s, %d cores; %s, %s kernels, one thread a worker\n", b->processor, b->cores, b->blas, b->kernel);
  if (b->passes)
    fprintf(to, "peak of a core %.0f GFLOP/s in single, %.0f in double (%s multiply-adds between registers)\n",
            b->peak_single, b->peak_double, b->vectors);
  if (b->advice[0]) fprintf(to, "%s\n", b->advice);
  if (b->open_ms >= 0)
    fprintf(to, "opened in %.0f ms, %.0f of them for transposed copies of the weights\n", b->open_ms, b->transpose_ms);
  if (b->worker_mb > 0)
    fprintf(to, "memory: weights %.0f MB, a worker with all passes %.0f MB, at most %.0f MB in all with one worker\n",
            b->weights_mb, b->worker_mb, b->peak_mb);
  fprintf(to, "%d repeats%s; cpu: the worker's own processor time, which the ratios are from\n\n", b->repeats,
          b->quick ? ", quick: not for reports" : "");
}

/* The begin of a line: what was timed, and its time. */
static void print_time(const char *title, const vx_bench_time *time, FILE *to) {
  fprintf(to, "%-32s %9.2f %9.2f %9.2f %9.2f", title, time->ms, time->ms_min, time->cpu_ms, time->cpu_ms_min);
}

static void print_passes(const vx_bench *b, FILE *to) {
  if (b->passes == 0) return;
  fprintf(to, "%-32s %9s %9s %9s %9s %7s %8s %8s %8s %6s\n", "pass", "ms", "least", "cpu ms", "least", "GFLOP",
          "GFLOP/s", "OpenBLAS", "peak", "F");
  for (int i = 0; i < b->passes; i++) {
    const vx_bench_pass *p = &b->pass[i];
    print_time(p->title, &p->time, to);
    if (p->gflops > 0)
      fprintf(to, " %7.2f %8.1f %7.0f%% %7.0f%%", p->single_gflop + p->double_gflop, p->gflops, 100 * p->of_products,
              100 * p->of_peak);
    else
      fprintf(to, " %7s %8s %8s %8s", "", "", "", "");
    fprintf(to, " %6.3f\n", p->forwards);
  }
}

static void print_methods(const vx_bench *b, FILE *to) {
  if (b->methods == 0) return;
  fprintf(to, "\n%-32s %9s %9s %9s %9s %44s\n", "method's own work", "ms", "least", "cpu ms", "least", "F");
  for (int i = 0; i < b->methods; i++) {
    const vx_bench_method *m = &b->method[i];
    print_time(m->id, &m->time, to);
    fprintf(to, " %42.3f", m->forwards);
    if (m->samples) fprintf(to, "  %d samples: %.2f of single passes", m->samples, m->of_samples);
    fputc('\n', to);
  }
}

static void print_rest(const vx_bench *b, FILE *to) {
  fprintf(to, "\n%-32s %9s %9s %9s %9s %44s\n", "together", "ms", "least", "cpu ms", "least", "F");
  for (int i = 0; i < b->totals; i++) {
    print_time(b->total[i].title, &b->total[i].time, to);
    fprintf(to, " %42.3f\n", b->total[i].forwards);
  }
  if (b->scalings == 0) return;
  fprintf(to, "\n%-32s %14s %14s %9s %18s\n", "pictures per second", "1 worker", "all workers", "ratio",
          "by processor time");
  for (int i = 0; i < b->scalings; i++) {
    const vx_bench_scaling *s = &b->scaling[i];
    fprintf(to, "%-22s %d workers %14.3f %14.3f %9.2f %18.2f\n", s->id, b->jobs, s->one, s->many, s->ratio,
            s->cpu_ratio);
  }
}

void vx_bench_print(const vx_bench *bench, FILE *to) {
  print_head(bench, to);
  print_passes(bench, to);
  print_methods(bench, to);
  print_rest(bench, to);
}

/* ---- for programs ----------------------------------------------------------------------------------------------- */

static json_t *with_time(json_t *object, const vx_bench_time *time, double forwards) {
  static const char *const keys[] = {"ms", "ms_min", "cpu_ms", "cpu_ms_min", "forwards"};
  const double values[] = {time->ms, time->ms_min, time->cpu_ms, time->cpu_ms_min, forwards};
  for (int i = 0; i < 5; i++) json_object_set_new(object, keys[i], json_real(values[i]));
  return object;
}

static json_t *passes(const vx_bench *b) {
  json_t *list = json_array();
  for (int i = 0; i < b->passes; i++) {
    const vx_bench_pass *p = &b->pass[i];
    json_t *one = with_time(json_pack("{s:s, s:s}", "id", p->id, "title", p->title), &p->time, p->forwards);
    static const char *const keys[] = {"gflops", "of_products", "of_peak"};
    const double values[] = {p->gflops, p->of_products, p->of_peak};
    json_object_set_new(one, "gflop", json_real(p->single_gflop + p->double_gflop));
    json_object_set_new(one, "gflop_double", json_real(p->double_gflop));
    for (int k = 0; k < 3; k++) json_object_set_new(one, keys[k], p->gflops > 0 ? json_real(values[k]) : json_null());
    json_array_append_new(list, one);
  }
  return list;
}

static json_t *methods(const vx_bench *b) {
  json_t *list = json_array();
  for (int i = 0; i < b->methods; i++) {
    const vx_bench_method *m = &b->method[i];
    json_t *one = with_time(json_pack("{s:s, s:b}", "id", m->id, "in_suite", m->in_suite), &m->time, m->forwards);
    json_object_set_new(one, "samples", m->samples ? json_integer(m->samples) : json_null());
    json_object_set_new(one, "of_samples", m->samples ? json_real(m->of_samples) : json_null());
    json_array_append_new(list, one);
  }
  return list;
}

static json_t *totals(const vx_bench *b) {
  json_t *list = json_array();
  for (int i = 0; i < b->totals; i++)
    json_array_append_new(list, with_time(json_pack("{s:s, s:s}", "id", b->total[i].id, "title", b->total[i].title),
                                          &b->total[i].time, b->total[i].forwards));
  return list;
}

static json_t *scalings(const vx_bench *b) {
  json_t *list = json_array();
  for (int i = 0; i < b->scalings; i++) {
    const vx_bench_scaling *s = &b->scaling[i];
    json_array_append_new(list, json_pack("{s:s, s:i, s:f, s:f, s:f, s:f}", "id", s->id, "jobs", b->jobs, "one", s->one,
                                          "many", s->many, "ratio", s->ratio, "cpu_ratio", s->cpu_ratio));
  }
  return list;
}

static json_t *model(const vx_bench *b) {
  const vx_shape *s = &b->shape;
  return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:f, s:o, s:o}", "name", b->model, "layers",
                   s->layers, "heads", s->heads, "dim", s->dim, "mlp", s->mlp, "patch", s->patch, "image", s->image,
                   "tokens", s->tokens, "classes", s->classes, "parameters", b->parameters, "open_ms",
                   b->open_ms >= 0 ? json_real(b->open_ms) : json_null(), "transpose_ms",
                   b->open_ms >= 0 ? json_real(b->transpose_ms) : json_null());
}

bool vx_bench_print_json(const vx_bench *b, FILE *to, vx_error *error) {
  json_t *all = json_object();
  json_object_set_new(
      all, "machine",
      json_pack("{s:s, s:i, s:s}", "processor", b->processor, "cores", b->cores, "vectors", b->vectors));
  json_object_set_new(all, "blas",
                      json_pack("{s:s, s:s, s:s}", "version", b->blas, "kernel", b->kernel, "advice", b->advice));
  json_object_set_new(all, "model", model(b));
  json_object_set_new(all, "repeats", json_integer(b->repeats));
  json_object_set_new(all, "quick", json_boolean(b->quick));
  json_object_set_new(all, "peak_gflops", json_pack("{s:f, s:f}", "single", b->peak_single, "double", b->peak_double));
  json_object_set_new(all, "passes", passes(b));
  json_object_set_new(all, "methods", methods(b));
  json_object_set_new(all, "totals", totals(b));
  json_object_set_new(all, "workers", scalings(b));
  json_object_set_new(
      all, "memory",
      json_pack("{s:f, s:f, s:f}", "weights_mb", b->weights_mb, "worker_mb", b->worker_mb, "peak_mb", b->peak_mb));
  bool good = (json_dumpf(all, to, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) == 0 || ferror(to));
  json_decref(all);
  fputc('\n', to);
  return good || vx_fail(error, "bench", "the JSON could not be made");
}
