#include "harness/run/workers.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crew.h"
#include "harness/run/evaluate.h"
#include "harness/store/query.h"
#include "harness/store/stored.h"

/* An image of which the store lacks something. */
typedef struct lacking {
  int position;
  vx_todo todo; /* make NULL: all */
  bool stored;  /* some of the stored maps are measured */
} lacking;

typedef struct working {
  const vx_work *work;
  vx_worked *worked;
  lacking *tasks;
  int count;
  vx_result **results; /* [places] */
  vx_result **stored;  /* [places] rows with maps that are measured again; of those that measure them */
  bool *make, all;     /* [methods] made for any image; everything, for some image */
  bool model;          /* for some image a measure asks the model */
  vx_progress progress;
} working;

int vx_work_jobs(void) {
  cpu_set_t set;
  int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return count < 1 ? 1 : count;
}

/* ---- the crew's calls ----------------------------------------------------------------------------------------------
 */

static void *open_evaluator(void *user, vx_error *error) {
  const working *w = user;
  return vx_evaluator_new(w->work->run, w->all ? NULL : w->make, w->model, error);
}

static void close_evaluator(void *hand) {
  vx_evaluator_free(hand);
}

/* The rows of maps that are measured without being made. */
static bool read_stored(void *user, int task, int place, vx_error *error) {
  const working *w = user;
  const lacking *t = &w->tasks[task];
  const vx_run_row *info = &w->work->run->info;
  if (!t->stored) return true;
  return vx_result_read(w->work->store, vx_store_image(w->work->store, t->position), info->methods, info->method_count,
                        w->stored[place], error);
}

static bool evaluate(void *user, void *hand, int task, int place, vx_error *error) {
  const working *w = user;
  const lacking *t = &w->tasks[task];
  vx_todo todo = t->todo;
  if (t->stored) todo.stored = w->stored[place];
  return vx_evaluate(hand, t->position, todo.make ? &todo : NULL, w->results[place], error);
}

static bool write_result(void *user, int task, int place, vx_error *error) {
  working *w = user;
  (void)task;
  if (!vx_store_write(w->work->store, w->results[place], error)) return false;
  w->worked->done++;
  vx_progress_step(&w->progress, w->results[place]->prediction.passed);
  return true;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------
 */

/* Of the run's metrics those that ask the model, and those that read more of a map than its bytes. */
static void sort_metrics(const vx_config *config, uint64_t *model, uint64_t *heat) {
  *model = *heat = 0;
  for (int i = 0; i < config->metric_count; i++) {
    const vx_measure *measure = config->metrics[i].measure;
    if (measure->kind >= VX_MAP_AND_MODEL) *model |= UINT64_C(1) << i;
    if (measure->reads_heat) *heat |= UINT64_C(1) << i;
  }
}

/* What an image lacks of which some is there. A map at input resolution is stored as bytes: for a measure that reads
   more it is made again. */
static bool list_rest(working *w, lacking *t, const bool *missing) {
  const vx_run *run = w->work->run;
  size_t methods = (size_t)run->info.method_count;
  uint64_t model, heat;
  sort_metrics(run->config, &model, &heat);
  t->todo.make = calloc(methods + 1, sizeof *t->todo.make);
  t->todo.metrics = calloc(methods + 1, sizeof *t->todo.metrics);
  if (!t->todo.make || !t->todo.metrics) return false;
  for (int m = 0; m < run->info.method_count; m++) {
    const vx_method_row *method = &run->info.methods[m];
    uint64_t bits = vx_store_lacking(w->work->store, t->position, m);
    bool as_bytes = method->pixel_map && !method->is_mask;
    t->todo.metrics[m] = bits;
    t->todo.make[m] = missing[m] || (as_bytes && (bits & heat));
    t->stored |= bits && !t->todo.make[m];
    w->make[m] |= t->todo.make[m];
    w->model |= (bits & model) != 0;
    t->todo.model |= t->todo.make[m] || (bits & model);
  }
  return true;
}

/* What the store lacks. */
static bool list_tasks(working *w, int images) {
  const vx_work *work = w->work;
  size_t methods = (size_t)work->run->info.method_count;
  w->tasks = calloc((size_t)images + 1, sizeof *w->tasks);
  w->make = calloc(methods + 1, sizeof *w->make);
  bool *missing = calloc(methods + 1, sizeof *missing);
  bool good = w->tasks && w->make && missing;
  for (int i = 0; i < images && good; i++) {
    vx_done done = vx_store_done(work->store, i, missing);
    if (done == VX_DONE_ALL) continue;
    lacking *t = &w->tasks[w->count++];
    t->position = i;
    w->all |= done == VX_DONE_NOTHING;
    if (done == VX_DONE_PARTLY) good = list_rest(w, t, missing);
  }
  free(missing);
  return good;
}

/* How many of the images that are done went through the gate: the run goes on counting from there. */
static bool count_passed(const working *w, vx_error *error) {
  vx_arena *arena = vx_arena_new();
  vx_store *store = w->work->store;
  vx_run_row run;
  vx_image_set set = {.count = 0};
  bool good = arena ? vx_query_run(store, vx_store_run(store), arena, &run, error) &&
                          vx_query_images(store, &run, NAN, arena, &set, error)
                    : vx_fail(error, "worker", "out of memory");
  w->worked->passed_before = 0;
  for (int i = 0, task = 0; good && i < set.count; i++) { /* both in the order of the list */
    while (task < w->count && w->tasks[task].position < set.rows[i].position) task++;
    bool again = task < w->count && w->tasks[task].position == set.rows[i].position;
    w->worked->passed_before += !again && set.rows[i].position < w->worked->images;
  }
  vx_arena_free(arena);
  return good;
}

static vx_result **make_results(int places) {
  vx_result **results = calloc((size_t)places, sizeof *results);
  bool good = results != NULL;
  for (int i = 0; good && i < places; i++) good = (results[i] = vx_result_new()) != NULL;
  return results;
}

static bool all_made(vx_result **results, int places) {
  return results && results[places - 1];
}

static void free_results(vx_result **results, int places) {
  for (int i = 0; results && i < places; i++) vx_result_free(results[i]);
  free(results);
}

static void free_all(working *w, int places) {
  free_results(w->results, places);
  free_results(w->stored, places);
  for (int i = 0; i < w->count; i++) {
    free(w->tasks[i].todo.make);
    free(w->tasks[i].todo.metrics);
  }
  free(w->tasks);
  free(w->make);
}

bool vx_work_all(const vx_work *work, vx_worked *worked, vx_error *error) {
  int all = (int)work->run->voc.count;
  *worked = (vx_worked){.images = work->limit > 0 && work->limit < all ? work->limit : all};
  working w = {.work = work, .worked = worked};
  double start = vx_seconds();
  bool good = list_tasks(&w, worked->images);
  int places = vx_crew_places(work->jobs, w.count);
  if (good) w.results = make_results(places);
  if (good) w.stored = make_results(places);
  good = (all_made(w.results, places) && all_made(w.stored, places)) || vx_fail(error, "worker", "out of memory");
  worked->before = worked->images - w.count;
  good = good && (worked->before == 0 || count_passed(&w, error));
  const vx_crew crew = {.jobs = work->jobs,
                        .count = w.count,
                        .stop = work->stop,
                        .user = &w,
                        .open = open_evaluator,
                        .close = close_evaluator,
                        .prepare = read_stored,
                        .work = evaluate,
                        .give = write_result};
  vx_progress_start(&w.progress, work->report, work->terminal, worked->images, worked->before, worked->passed_before);
  good = good && vx_crew_run(&crew, error);
  vx_progress_end(&w.progress);
  worked->stopped = work->stop && atomic_load(work->stop) && worked->done < w.count;
  free_all(&w, places);
  worked->seconds = vx_seconds() - start;
  return good;
}
