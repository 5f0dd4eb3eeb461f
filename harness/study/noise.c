#include "harness/study/noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/file.h"
#include "base/random.h"
#include "harness/run/predict.h"
#include "harness/run/subject.h"
#include "metrics/measure.h"
#include "statistics/rank.h"

/* ---- the input's noise --------------------------------------------------------------------------------------------
 */

enum { STREAM_ULP = 500000 };

void vx_noise_move(const float *x, size_t n, uint64_t seed, int draw, float *moved) {
  for (size_t i = 0; i < n; i++) {
    double u = vx_uniform_at(seed, STREAM_ULP + (uint64_t)draw, i);
    float up = nextafterf(x[i], INFINITY), down = nextafterf(x[i], -INFINITY);
    moved[i] = u < 1.0 / 3 ? down : u < 2.0 / 3 ? x[i] : up;
  }
}

typedef enum outcome { BELOW_GATE, MEASURED, FAILED } outcome;

/* One picture's rows, until they are taken. */
typedef struct measured {
  outcome outcome;
  vx_movement *single, *ulp; /* [methods], [draws][methods] */
} measured;

typedef struct crowd {
  const vx_noise_request *request;
  vx_noise *noise;
  measured *measured; /* [places] */
  vx_progress progress;
} crowd;

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
  vx_subject *exact, *single;
  float *moved;  /* [3][S][S] */
  float *prior;  /* [S][S] */
  double **base; /* [methods] the maps in double precision, of those that the run stores */
  scored *of_base, of_other;
  vx_truth truth;
  vx_result *result;
  vx_arena *arena;
} bench;

static void close_bench(void *hand) {
  bench *b = hand;
  for (int i = 0; b->of_base && i < b->run->plan.count; i++) {
    vx_sized_free(&b->of_base[i].sized);
    free(b->of_base[i].mask);
  }
  vx_sized_free(&b->of_other.sized);
  free(b->of_other.mask);
  vx_truth_free(&b->truth);
  vx_result_free(b->result);
  vx_subject_free(b->exact);
  vx_subject_free(b->single);
  vx_arena_free(b->arena);
  free(b);
}

static bool take_memory(bench *b) {
  const vx_run *run = b->run;
  size_t pixels = (size_t)run->shape->image * (size_t)run->shape->image;
  b->result = vx_result_new();
  b->arena = vx_arena_new();
  if (!b->arena) return false;
  b->moved = VX_TAKE(b->arena, 3 * pixels, float);
  b->prior = VX_TAKE(b->arena, pixels, float);
  b->base = VX_TAKE(b->arena, run->plan.count + 1, double *);
  b->of_base = VX_TAKE(b->arena, run->plan.count + 1, scored);
  bool good = b->result && b->moved && b->prior && b->base && b->of_base;
  for (int i = 0; good && i < run->plan.count; i++) {
    size_t side = (size_t)vx_explainer_side(run->plan.methods[i].explainer, run->shape);
    good = run->stored[i] < 0 || (b->base[i] = VX_TAKE(b->arena, side * side, double));
  }
  return good;
}

static void *open_bench(void *user, vx_error *error) {
  const vx_run *run = ((crowd *)user)->request->run;
  bench *b = calloc(1, sizeof *b);
  if (b) b->run = run;
  bool good = (b && take_memory(b)) || vx_fail(error, "noise", "out of memory");
  good = good && (b->exact = vx_subject_new(run->model, &run->plan, &run->input, VX_DOUBLE, error)) &&
         (b->single = vx_subject_new(run->model, &run->plan, &run->input, VX_SINGLE, error));
  if (good) return b;
  if (b) close_bench(b);
  return NULL;
}

/* ---- one picture --------------------------------------------------------------------------------------------------
 */

typedef struct scene {
  const char *id;
  vx_mask mask; /* empty: there is none, and IoU changes are not known */
  vx_question question;
} scene;

/* Cuts a map at evaluation size and lays it on the truth. */
static bool score_map(bench *b, int index, const vx_heatmap *map, const scene *s, scored *out, vx_error *error) {
  const vx_run *run = b->run;
  const vx_scoring *scoring = &run->config->score.scoring;
  int height = b->truth.geometry.height, width = b->truth.geometry.width;
  vx_levels levels;
  vx_case in;
  double column[VX_MEASURE_COLUMNS];
  uint8_t *mask = realloc(out->mask, (size_t)height * (size_t)width);
  if (!mask) return vx_fail(error, s->id, "out of memory");
  out->mask = mask;
  if (!vx_to_size(&out->sized, map, run->config->methods[index].name, height, width, error) ||
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

/* Keeps the maps of what `exact` was asked. */
static bool keep_base(bench *b, const scene *s, vx_error *error) {
  vx_heatmap map;
  for (int i = 0; i < b->run->plan.count; i++) {
    if (b->run->stored[i] < 0) continue;
    if (!vx_subject_map(b->exact, i, &map, error) || !score_map(b, i, &map, s, &b->of_base[i], error)) return false;
    memcpy(b->base[i], map.value, (size_t)map.rows * (size_t)map.columns * sizeof *map.value);
  }
  return true;
}

/* How far the answers of `other` are from those kept, for every method that the run stores: row [methods of
   run->info]. */
static bool compare_all(bench *b, const scene *s, vx_subject *other, vx_movement *row, vx_error *error) {
  const vx_run *run = b->run;
  size_t pixels = (size_t)b->truth.geometry.width * (size_t)b->truth.geometry.height;
  vx_heatmap map;
  for (int i = 0; i < run->plan.count; i++) {
    if (run->stored[i] < 0) continue;
    const scored *base = &b->of_base[i];
    vx_movement *m = &row[run->stored[i]];
    if (!vx_subject_map(other, i, &map, error) || !score_map(b, i, &map, s, &b->of_other, error)) return false;
    size_t n = (size_t)map.rows * (size_t)map.columns;
    if (!vx_spearman(b->base[i], map.value, n, &m->spearman, error)) return false;
    m->difference = difference_of(b->base[i], map.value, n);
    m->overlap = overlap_of(base->mask, b->of_other.mask, pixels);
    m->iou_change = b->of_other.iou - base->iou;
  }
  return true;
}

/* Asks `exact` about an input of the picture that `single` was shown. */
static bool ask_exact(bench *b, const scene *s, const float *x, vx_error *error) {
  vx_subject_show_input(b->exact, x, vx_subject_rgb(b->single));
  return vx_subject_predict(b->exact, error) && vx_subject_ask(b->exact, &s->question, error);
}

/* Both floors of one picture that is through the gate. */
static bool measure_scene(bench *b, const scene *s, int draws, vx_movement *single, vx_movement *ulp, vx_error *error) {
  const vx_run *run = b->run;
  const float *x = vx_subject_input(b->single);
  size_t values = 3 * (size_t)run->shape->image * (size_t)run->shape->image;
  if (!ask_exact(b, s, x, error) || !keep_base(b, s, error) || !vx_subject_ask(b->single, &s->question, error) ||
      !compare_all(b, s, b->single, single, error))
    return false;
  for (int k = 0; k < draws; k++) {
    vx_noise_move(x, values, s->question.seed, k, b->moved);
    if (!ask_exact(b, s, b->moved, error) ||
        !compare_all(b, s, b->exact, ulp + (size_t)k * (size_t)run->info.method_count, error))
      return false;
  }
  return true;
}

/* Sends the picture through the gate; one that is through it gets its question and its truth. */
static bool read_scene(bench *b, const vx_picture *picture, scene *s, vx_error *error) {
  const vx_run *run = b->run;
  vx_result *result = b->result;
  if (!vx_subject_show(b->single, picture, error) || !vx_subject_predict(b->single, error)) return false;
  const double *probability = vx_subject_probability(b->single);
  int main_class = s->mask.label && !s->mask.nameless ? vx_mask_main_class(&s->mask) : 0;
  result->main_class = main_class > 0 ? main_class : -1;
  vx_predict(run, probability, result);
  if (!result->prediction.passed) return true;
  s->question = (vx_question){.output = (vx_output)run->config->output,
                              .seed = vx_subject_seed((uint64_t)run->config->seed, s->id)};
  return vx_choose_target(run, probability, result, &s->question.target, error) &&
         vx_prior_give(run->prior, &s->mask, b->prior, &s->question.prior, error) &&
         vx_setting_truth(&run->config->score, &run->input, &s->mask, picture->width, picture->height,
                          run->map.label[result->prediction.top[0].label], &b->truth, error);
}

/* Reads the picture, and its mask when there is one. */
static bool prepare(bench *b, int position, scene *s, vx_error *error) {
  const vx_voc_entry *entry = &b->run->voc.entry[position];
  vx_picture picture;
  s->id = entry->id;
  if (vx_file_exists(entry->mask) && !vx_voc_mask(&b->run->voc, entry, &s->mask, error)) return false;
  if (!vx_picture_read_as(entry->image, (vx_exif)b->run->config->exif, &picture, error)) return false;
  bool good = vx_result_reset(b->result, position, entry->id) && read_scene(b, &picture, s, error);
  vx_picture_free(&picture);
  return good;
}

/* ---- all pictures --------------------------------------------------------------------------------------------------
 */

static bool measure_one(void *user, void *hand, int task, int place, vx_error *error) {
  crowd *c = user;
  bench *b = hand;
  measured *m = &c->measured[place];
  scene s = {0};
  vx_error reason; /* why it cannot be measured is not told, only that */
  (void)error;
  m->outcome = FAILED;
  if (prepare(b, task, &s, &reason)) {
    m->outcome = BELOW_GATE;
    if (b->result->prediction.passed)
      m->outcome = measure_scene(b, &s, c->request->draws, m->single, m->ulp, &reason) ? MEASURED : FAILED;
  }
  vx_mask_free(&s.mask);
  return true;
}

/* More rows at the end of those that there are. */
static bool append(vx_movement **rows, size_t used, const vx_movement *more, size_t count) {
  vx_movement *longer = realloc(*rows, (used + count + 1) * sizeof **rows);
  if (!longer) return false;
  memcpy(longer + used, more, count * sizeof **rows);
  *rows = longer;
  return true;
}

static bool take_one(void *user, int task, int place, vx_error *error) {
  crowd *c = user;
  vx_noise *n = c->noise;
  const measured *m = &c->measured[place];
  size_t single = (size_t)n->methods, ulp = single * (size_t)n->draws, images = (size_t)n->images;
  (void)task;
  vx_progress_step(&c->progress, m->outcome == MEASURED);
  n->failed += m->outcome == FAILED;
  if (m->outcome != MEASURED) return true;
  if (!append(&n->single, images * single, m->single, single) || !append(&n->ulp, images * ulp, m->ulp, ulp))
    return vx_fail(error, "noise", "out of memory");
  n->images++;
  return true;
}

static bool take_places(crowd *c, int places) {
  size_t single = (size_t)c->noise->methods, ulp = single * (size_t)c->noise->draws;
  c->measured = calloc((size_t)places, sizeof *c->measured);
  bool good = c->measured != NULL;
  for (int i = 0; good && i < places; i++) {
    c->measured[i].single = calloc(single + 1, sizeof *c->measured[i].single);
    c->measured[i].ulp = calloc(ulp + 1, sizeof *c->measured[i].ulp);
    good = c->measured[i].single && c->measured[i].ulp;
  }
  return good;
}

bool vx_noise_measure(const vx_noise_request *request, vx_noise *noise, vx_error *error) {
  const vx_run *run = request->run;
  int all = (int)run->voc.count, count = request->limit > 0 && request->limit < all ? request->limit : all;
  int places = vx_crew_places(request->jobs, count);
  *noise = (vx_noise){.draws = request->draws, .methods = run->info.method_count};
  crowd c = {.request = request, .noise = noise};
  const vx_crew crew = {.jobs = request->jobs,
                        .count = count,
                        .in_order = true,
                        .user = &c,
                        .open = open_bench,
                        .close = close_bench,
                        .work = measure_one,
                        .give = take_one};
  bool good = take_places(&c, places) || vx_fail(error, "noise", "out of memory");
  vx_progress_start(&c.progress, request->report, request->terminal, count, 0, 0);
  good = good && vx_crew_run(&crew, error);
  vx_progress_end(&c.progress);
  for (int i = 0; c.measured && i < places; i++) {
    free(c.measured[i].single);
    free(c.measured[i].ulp);
  }
  free(c.measured);
  return good;
}

void vx_noise_free(vx_noise *noise) {
  free(noise->single);
  free(noise->ulp);
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
