#include "harness/study/noise.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "explainers/parts/noise.h"
#include "harness/run/maps.h"
#include "harness/run/predict.h"
#include "harness/run/score.h"
#include "metrics/measure.h"
#include "statistics/rank.h"

/* ---- the input's noise --------------------------------------------------------------------------------------------
 */

enum { STREAM_ULP = 500000 };

void vx_noise_move(const float *x, size_t n, uint64_t seed, int draw, float *moved) {
  for (size_t i = 0; i < n; i++) {
    double u = vx_noise_uniform(seed, STREAM_ULP + (uint64_t)draw, i);
    float up = nextafterf(x[i], INFINITY), down = nextafterf(x[i], -INFINITY);
    moved[i] = u < 1.0 / 3 ? down : u < 2.0 / 3 ? x[i] : up;
  }
}

/* ---- one thread's tools -------------------------------------------------------------------------------------------
 */

/* A map as it is compared: at evaluation size, cut. */
typedef struct scored {
  vx_sized sized;
  uint8_t *mask; /* [height][width] */
  double iou;
} scored;

typedef struct bench {
  const vx_run *run;
  vx_worker *exact, *single;
  float *x, *moved; /* [3][S][S] */
  uint8_t *rgb;
  vx_truth truth;
  double *probability;
  float *prior;
  vx_maps *base, *other;
  scored *of_base; /* [methods] */
  scored of_other;
  vx_arena *arena;
} bench;

static bool open_bench(bench *b, const vx_run *run, vx_error *error) {
  const vx_shape *shape = run->shape;
  size_t pixels = (size_t)shape->image * (size_t)shape->image;
  int methods = run->config->method_count;
  *b = (bench){.run = run, .arena = vx_arena_new()};
  if (!b->arena) return vx_fail(error, "noise", "out of memory");
  b->x = VX_TAKE(b->arena, 3 * pixels, float);
  b->moved = VX_TAKE(b->arena, 3 * pixels, float);
  b->rgb = VX_TAKE(b->arena, 3 * pixels, uint8_t);
  b->probability = VX_TAKE(b->arena, shape->classes, double);
  b->prior = VX_TAKE(b->arena, pixels, float);
  b->base = vx_maps_new(run->config->methods, methods, shape, b->arena);
  b->other = vx_maps_new(run->config->methods, methods, shape, b->arena);
  b->of_base = VX_TAKE(b->arena, methods + 1, scored);
  if (!b->x || !b->moved || !b->rgb || !b->probability || !b->prior || !b->base || !b->other || !b->of_base)
    return vx_fail(error, "noise", "out of memory");
  b->exact = vx_worker_new(run->model, &run->plan.needs, VX_DOUBLE, error);
  b->single = b->exact ? vx_worker_new(run->model, &run->plan.needs, VX_SINGLE, error) : NULL;
  return b->single != NULL;
}

static void close_bench(bench *b) {
  for (int i = 0; b->of_base && i < b->run->config->method_count; i++) {
    vx_sized_free(&b->of_base[i].sized);
    free(b->of_base[i].mask);
  }
  vx_sized_free(&b->of_other.sized);
  free(b->of_other.mask);
  vx_truth_free(&b->truth);
  vx_worker_free(b->exact);
  vx_worker_free(b->single);
  vx_arena_free(b->arena);
}

/* ---- one picture --------------------------------------------------------------------------------------------------
 */

typedef struct scene {
  const char *id;
  vx_mask mask; /* empty: there is none, and IoU changes are not known */
  int target;
} scene;

static bool explain_all(bench *b, vx_worker *worker, const float *x, const scene *s, vx_maps *maps, vx_error *error) {
  const vx_run *run = b->run;
  if (!vx_worker_forward(worker, x, error)) return false;
  vx_view *view = vx_worker_explain(worker, s->target, (vx_output)run->config->output, error);
  if (!view) return false;
  view->picture = b->rgb;
  view->seed = vx_run_seed(run->config, s->id);
  view->prior = NULL;
  if (run->prior && s->mask.label && vx_mask_main_class(&s->mask) > 0) {
    if (!vx_prior_without(run->prior, &s->mask, b->prior, error)) return false;
    view->prior = b->prior;
  }
  vx_maps_clear(maps);
  for (int i = 0; i < run->plan.count; i++)
    if (!vx_maps_make(maps, run->plan.order[i], view, error)) return false;
  return true;
}

/* Cuts a map at evaluation size and lays it on the truth. */
static bool score_map(bench *b, int index, const vx_maps *maps, const scene *s, scored *out, vx_error *error) {
  const vx_run *run = b->run;
  const vx_scoring *scoring = &run->config->score.scoring;
  int height = b->truth.geometry.height, width = b->truth.geometry.width;
  vx_heatmap map = vx_maps_at(maps, index);
  vx_levels levels;
  vx_case in;
  double column[VX_MEASURE_COLUMNS];
  uint8_t *mask = realloc(out->mask, (size_t)height * (size_t)width);
  if (!mask) return vx_fail(error, s->id, "out of memory");
  out->mask = mask;
  if (!vx_to_size(&out->sized, &map, run->config->methods[index].name, height, width, error) ||
      !vx_case_prepare(&out->sized.heat, b->truth.label, scoring, &levels, &in, error) ||
      !vx_measure_overlap.measure(&in, NULL, column, error))
    return false;
  out->iou = b->truth.known ? column[0] : NAN;
  vx_threshold_mask(&scoring->threshold, &out->sized.heat, in.cut.threshold, out->mask);
  return true;
}

static double overlap_of(const uint8_t *a, const uint8_t *b, size_t pixels) {
  size_t both = 0, either = 0;
  for (size_t i = 0; i < pixels; i++) {
    both += a[i] && b[i];
    either += a[i] || b[i];
  }
  return either ? (double)both / (double)either : 1;
}

static double difference_of(const double *base, const double *other, size_t n) {
  double largest = 0, difference = 0;
  for (size_t i = 0; i < n; i++) {
    largest = fmax(largest, fabs(base[i]));
    difference = fmax(difference, fabs(base[i] - other[i]));
  }
  if (difference == 0) return 0;
  return largest > 0 ? difference / largest : INFINITY;
}

/* How far `other` is from `base`, for every method that the run stores: row [methods of run->info]. */
static bool compare_all(bench *b, const scene *s, vx_movement *row, vx_error *error) {
  const vx_run *run = b->run;
  size_t pixels = (size_t)b->truth.geometry.width * (size_t)b->truth.geometry.height;
  for (int i = 0; i < run->config->method_count; i++) {
    if (run->stored[i] < 0) continue;
    const scored *base = &b->of_base[i];
    vx_movement *m = &row[run->stored[i]];
    size_t n = vx_maps_size(b->base, i);
    if (!score_map(b, i, b->other, s, &b->of_other, error) ||
        !vx_spearman(b->base->map[i], b->other->map[i], n, &m->spearman, error))
      return false;
    m->difference = difference_of(b->base->map[i], b->other->map[i], n);
    m->overlap = overlap_of(base->mask, b->of_other.mask, pixels);
    m->iou_change = b->of_other.iou - base->iou;
  }
  return true;
}

static bool make_truth(bench *b, const scene *s, const vx_picture *picture, const vx_result *result, vx_error *error) {
  const vx_run *run = b->run;
  int predicted = run->map.label[result->prediction.top[0].label];
  return vx_setting_truth(&run->config->score, &run->input, &s->mask, picture->width, picture->height, predicted,
                          &b->truth, error);
}

/* Both floors of one picture that is through the gate. */
static bool measure_scene(bench *b, const scene *s, int draws, vx_movement *single, vx_movement *ulp, vx_error *error) {
  const vx_run *run = b->run;
  size_t values = 3 * (size_t)run->shape->image * (size_t)run->shape->image;
  if (!explain_all(b, b->exact, b->x, s, b->base, error)) return false;
  for (int i = 0; i < run->config->method_count; i++)
    if (run->stored[i] >= 0 && !score_map(b, i, b->base, s, &b->of_base[i], error)) return false;
  if (!explain_all(b, b->single, b->x, s, b->other, error) || !compare_all(b, s, single, error)) return false;
  for (int k = 0; k < draws; k++) {
    vx_noise_move(b->x, values, vx_run_seed(run->config, s->id), k, b->moved);
    if (!explain_all(b, b->exact, b->moved, s, b->other, error) ||
        !compare_all(b, s, ulp + (size_t)k * (size_t)run->info.method_count, error))
      return false;
  }
  return true;
}

/* Sends the picture through the gate; one that is through it gets its target and its truth. */
static bool read_scene(bench *b, const vx_picture *picture, scene *s, vx_result *result, vx_error *error) {
  const vx_run *run = b->run;
  if (!vx_input_make(picture, &run->input, b->x, b->rgb, error) || !vx_worker_forward(b->single, b->x, error))
    return false;
  vx_softmax(vx_worker_logits(b->single), run->shape->classes, b->probability);
  int main_class = s->mask.label ? vx_mask_main_class(&s->mask) : 0;
  result->main_class = main_class > 0 ? main_class : -1;
  vx_predict(run, b->probability, result);
  return !result->prediction.passed ||
         (vx_choose_target(run, b->probability, result, &s->target, error) && make_truth(b, s, picture, result, error));
}

/* Reads the picture, and its mask when there is one. Fills the input and the scene. */
static bool prepare(bench *b, int position, scene *s, vx_result *result, vx_error *error) {
  const vx_run *run = b->run;
  const vx_voc_entry *entry = &run->voc.entry[position];
  vx_picture picture;
  s->id = entry->id;
  if (vx_file_exists(entry->mask) && !vx_mask_read(entry->mask, &s->mask, error)) return false;
  if (!vx_picture_read(entry->image, &picture, error)) return false;
  bool good = vx_result_reset(result, position, entry->id) && read_scene(b, &picture, s, result, error);
  vx_picture_free(&picture);
  return good;
}

/* ---- all pictures --------------------------------------------------------------------------------------------------
 */

typedef enum outcome { BELOW_GATE, MEASURED, FAILED } outcome;

typedef struct crowd {
  const vx_noise_request *request;
  int count, next;
  char *outcome;               /* [count] */
  vx_movement **single, **ulp; /* [count], rows of the pictures measured */
  vx_progress progress;
  pthread_mutex_t lock;
} crowd;

typedef struct member {
  pthread_t id;
  crowd *crowd;
  bench bench;
  vx_result *result;
} member;

static outcome measure_one(member *m, int position) {
  const vx_run *run = m->bench.run;
  crowd *c = m->crowd;
  size_t methods = (size_t)run->info.method_count, draws = (size_t)c->request->draws;
  scene s = {0};
  vx_error error;
  outcome result = FAILED;
  if (prepare(&m->bench, position, &s, m->result, &error)) {
    result = BELOW_GATE;
    if (m->result->prediction.passed) {
      c->single[position] = calloc(methods, sizeof **c->single);
      c->ulp[position] = calloc(methods * draws, sizeof **c->ulp);
      bool good = c->single[position] && c->ulp[position] &&
                  measure_scene(&m->bench, &s, (int)draws, c->single[position], c->ulp[position], &error);
      result = good ? MEASURED : FAILED;
    }
  }
  vx_mask_free(&s.mask);
  return result;
}

static void *work(void *argument) {
  member *m = argument;
  crowd *c = m->crowd;
  for (;;) {
    pthread_mutex_lock(&c->lock);
    int position = c->next < c->count ? c->next++ : -1;
    pthread_mutex_unlock(&c->lock);
    if (position < 0) return NULL;
    outcome result = measure_one(m, position);
    pthread_mutex_lock(&c->lock);
    c->outcome[position] = (char)result;
    vx_progress_step(&c->progress, result == MEASURED);
    pthread_mutex_unlock(&c->lock);
  }
}

/* The rows of the pictures measured, in list order. */
static bool gather(const crowd *c, vx_noise *noise) {
  const vx_run *run = c->request->run;
  size_t methods = (size_t)run->info.method_count, draws = (size_t)c->request->draws;
  *noise = (vx_noise){.draws = c->request->draws, .methods = run->info.method_count, .arena = vx_arena_new()};
  for (int i = 0; i < c->count; i++) {
    noise->images += c->outcome[i] == MEASURED;
    noise->failed += c->outcome[i] == FAILED;
  }
  if (!noise->arena) return false;
  noise->single = VX_TAKE(noise->arena, (size_t)noise->images * methods + 1, vx_movement);
  noise->ulp = VX_TAKE(noise->arena, (size_t)noise->images * methods * draws + 1, vx_movement);
  if (!noise->single || !noise->ulp) return false;
  size_t row = 0;
  for (int i = 0; i < c->count; i++) {
    if (c->outcome[i] != MEASURED) continue;
    memcpy(noise->single + row * methods, c->single[i], methods * sizeof *noise->single);
    memcpy(noise->ulp + row * methods * draws, c->ulp[i], methods * draws * sizeof *noise->ulp);
    row++;
  }
  return true;
}

static bool run_crowd(crowd *c, vx_error *error) {
  int jobs = c->request->jobs < c->count ? c->request->jobs : c->count, ready = 0, started = 0;
  member *members = calloc((size_t)jobs + 1, sizeof *members);
  bool good = members || vx_fail(error, "noise", "out of memory");
  for (; good && ready < jobs; ready++) {
    members[ready].crowd = c;
    members[ready].result = vx_result_new();
    good = members[ready].result || vx_fail(error, "noise", "out of memory");
    good = open_bench(&members[ready].bench, c->request->run, good ? error : NULL) && good;
  }
  for (; good && started < jobs; started++)
    if (pthread_create(&members[started].id, NULL, work, &members[started]) != 0) break;
  if (good && started == 0 && jobs > 0) good = vx_fail(error, "noise", "no thread could be started");
  for (int i = 0; i < started; i++) pthread_join(members[i].id, NULL);
  for (int i = 0; i < ready; i++) {
    close_bench(&members[i].bench);
    vx_result_free(members[i].result);
  }
  free(members);
  return good;
}

bool vx_noise_measure(const vx_noise_request *request, vx_noise *noise, vx_error *error) {
  int all = (int)request->run->voc.count;
  crowd c = {.request = request, .count = request->limit > 0 && request->limit < all ? request->limit : all};
  size_t count = (size_t)c.count + 1;
  c.outcome = calloc(count, 1);
  c.single = calloc(count, sizeof *c.single);
  c.ulp = calloc(count, sizeof *c.ulp);
  pthread_mutex_init(&c.lock, NULL);
  *noise = (vx_noise){0};
  bool good = c.outcome && c.single && c.ulp;
  if (!good) vx_fail(error, "noise", "out of memory");
  vx_progress_start(&c.progress, request->report, request->terminal, c.count, 0);
  good = good && run_crowd(&c, error);
  vx_progress_end(&c.progress);
  if (good && !gather(&c, noise)) good = vx_fail(error, "noise", "out of memory");
  for (int i = 0; i < c.count && c.single && c.ulp; i++) {
    free(c.single[i]);
    free(c.ulp[i]);
  }
  free(c.outcome);
  free(c.single);
  free(c.ulp);
  pthread_mutex_destroy(&c.lock);
  return good;
}

void vx_noise_free(vx_noise *noise) {
  vx_arena_free(noise->arena);
  *noise = (vx_noise){0};
}

/* ---- summaries -----------------------------------------------------------------------------------------------------
 */

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

bool vx_spread_of(double *values, int n, vx_spread *spread) {
  int kept = 0;
  double sum = 0;
  for (int i = 0; i < n; i++)
    if (!isnan(values[i])) {
      sum += values[i];
      values[kept++] = values[i];
    }
  *spread = (vx_spread){.n = kept, .median = NAN, .mean = NAN, .low = NAN, .high = NAN};
  if (kept == 0) return false;
  qsort(values, (size_t)kept, sizeof *values, ascending);
  spread->median = 0.5 * (values[(kept - 1) / 2] + values[kept / 2]);
  spread->mean = sum / kept;
  spread->low = values[0];
  spread->high = values[kept - 1];
  return true;
}
