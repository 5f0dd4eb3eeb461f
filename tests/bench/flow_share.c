/* How much of attention flow is more than the first layer's column sums: the figures of docs/attention-flow.md.

   flow_share [--whole] MODEL IMAGE...   prints, over all pictures and for the first 1, 2, 3 … L layers of the model
   (with [CLS] at the top of them; --whole: for all L only): the share of tokens whose maximum flow equals min(1, column
   sum of layer 0), the share of pictures where all do, the largest distance from it, tokens that needed the full
   solver, and seconds a picture. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/vx.h"
#include "explainers/parts/flow.h"
#include "explainers/parts/fuse.h"
#include "harness/data/input.h"

typedef struct tally {
  double tokens, saturated, at_source, pictures, whole_pictures, farthest, solved, gap, seconds;
} tally;

enum { LAYERS_MAX = 64 };

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* capacity [L][n][n] = rownormalise(mean_h A + I). */
static void fill_capacity(const vx_view *view, double *capacity) {
  int n = view->shape->tokens;
  vx_stack stack = {.value = vx_by(VX_FORWARD), .fusion = VX_FUSE_MEAN};
  for (int row = 0; row < view->shape->layers * n; row++, capacity += n) {
    double sum = 0;
    vx_fused_row(view, &stack, row / n, row % n, capacity);
    capacity[row % n] += 1;
    for (int j = 0; j < n; j++) sum += capacity[j];
    for (int j = 0; j < n; j++) capacity[j] /= sum;
  }
}

static bool measure(const vx_view *view, const double *capacity, int layers, vx_flow *flows, tally *into) {
  int n = view->shape->tokens, whole = 1;
  vx_flow_graph graph = {.layers = layers, .tokens = n, .source = 0, .capacity = capacity};
  vx_arena_reset(view->scratch);
  double start = now();
  if (!vx_flow_all(&graph, view->scratch, flows, NULL)) return false;
  into->seconds += now() - start;
  for (int j = 0; j < n; j++) {
    double column = 0;
    for (int i = 0; i < n; i++) column += capacity[i * n + j];
    double apart = fmin(1, column) - flows[j].value;
    bool saturated = apart <= 1e-9;
    into->saturated += saturated;
    into->at_source += saturated && column >= 1;
    into->farthest = fmax(into->farthest, apart);
    into->gap = fmax(into->gap, fabs(flows[j].value - flows[j].cut));
    into->solved += flows[j].solved;
    whole = whole && saturated;
  }
  into->tokens += n;
  into->pictures++;
  into->whole_pictures += whole;
  return true;
}

static bool one_picture(vx_worker *worker, const vx_shape *shape, const vx_input_options *options, const char *path,
                        int first, float *x, double *capacity, vx_flow *flows, tally *tallies, vx_error *error) {
  vx_picture picture;
  if (!vx_picture_read(path, &picture, error)) return false;
  bool made = vx_input_make(&picture, options, x, NULL, error);
  vx_picture_free(&picture);
  if (!made || !vx_worker_forward(worker, x, error)) return false;
  vx_view *view = vx_worker_explain(worker, 0, VX_LOGIT, error);
  if (!view) return false;
  fill_capacity(view, capacity);
  for (int layers = first; layers <= shape->layers && layers <= LAYERS_MAX; layers++)
    if (!measure(view, capacity, layers, flows, &tallies[layers - 1])) return vx_fail(error, path, "out of memory");
  return true;
}

static void print(const tally *t, int layers) {
  printf("%6d %9.4f %9.4f %10.4f %10.2e %8.2f %8.1e %8.4f\n", layers, t->saturated / t->tokens,
         t->at_source / t->tokens, t->whole_pictures / t->pictures, t->farthest, t->solved / t->pictures, t->gap,
         t->seconds / t->pictures);
}

int main(int count, char **argument) {
  static tally tallies[LAYERS_MAX];
  bool whole = count > 1 && strcmp(argument[1], "--whole") == 0;
  count -= whole;
  argument += whole;
  vx_error error = {0};
  if (count < 3) return fprintf(stderr, "usage: flow_share [--whole] MODEL IMAGE...\n"), 2;
  vx_model *model = vx_model_open(argument[1], &error);
  if (!model) return fprintf(stderr, "%s: %s\n", error.where, error.why), 1;
  const vx_shape *shape = vx_model_shape(model);
  int first = whole ? shape->layers : 1;
  vx_needs plan = {0};
  vx_want_layers(&plan.wants, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0, vx_model_shape(model)->layers - 1);
  vx_blas_threads(1);
  vx_worker *worker = vx_worker_new(model, &plan, VX_SINGLE, &error);
  size_t n = (size_t)shape->tokens, side = (size_t)shape->image;
  float *x = malloc(3 * side * side * sizeof *x);
  double *capacity = malloc((size_t)shape->layers * n * n * sizeof *capacity);
  vx_flow *flows = malloc(n * sizeof *flows);
  vx_input_options options;
  bool ok = worker && x && capacity && flows && vx_input_from_checkpoint(argument[1], shape->image, &options, &error);
  for (int i = 2; ok && i < count; i++) {
    ok = one_picture(worker, shape, &options, argument[i], first, x, capacity, flows, tallies, &error);
    fprintf(stderr, "\r%d of %d", i - 1, count - 2);
  }
  if (!ok)
    fprintf(stderr, "\n%s: %s\n", error.where, error.why);
  else {
    printf("%d pictures, %d tokens each\n", count - 2, shape->tokens);
    printf("layers saturated at source all tokens   farthest   solver  cut gap  seconds\n");
    for (int l = first - 1; l < shape->layers && l < LAYERS_MAX; l++) print(&tallies[l], l + 1);
  }
  free(flows);
  free(capacity);
  free(x);
  vx_worker_free(worker);
  vx_model_close(model);
  return ok ? 0 : 1;
}
