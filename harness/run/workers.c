#include "harness/run/workers.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crew.h"
#include "harness/run/evaluate.h"
#include "harness/store/query.h"

typedef struct lacking {
  int position;
  bool *wanted; /* [methods]; NULL: all */
} lacking;

typedef struct working {
  const vx_work *work;
  vx_worked *worked;
  lacking *tasks;
  int count;
  vx_result **results; /* [places] */
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
  return vx_evaluator_new(w->work->run, error);
}

static void close_evaluator(void *hand) {
  vx_evaluator_free(hand);
}

static bool evaluate(void *user, void *hand, int task, int place, vx_error *error) {
  const working *w = user;
  return vx_evaluate(hand, w->tasks[task].position, w->tasks[task].wanted, w->results[place], error);
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

/* What the store lacks. */
static bool list_tasks(working *w, int images) {
  const vx_work *work = w->work;
  size_t methods = (size_t)work->run->info.method_count;
  w->tasks = calloc((size_t)images + 1, sizeof *w->tasks);
  bool *missing = calloc(methods + 1, sizeof *missing);
  bool good = w->tasks && missing;
  for (int i = 0; i < images && good; i++) {
    vx_done done = vx_store_done(work->store, i, missing);
    if (done == VX_DONE_ALL) continue;
    lacking *t = &w->tasks[w->count++];
    t->position = i;
    if (done != VX_DONE_PARTLY) continue;
    t->wanted = malloc(methods + 1);
    good = t->wanted != NULL;
    if (good) memcpy(t->wanted, missing, methods * sizeof *missing);
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

static bool make_results(working *w, int places) {
  w->results = calloc((size_t)places, sizeof *w->results);
  for (int i = 0; w->results && i < places; i++)
    if (!(w->results[i] = vx_result_new())) return false;
  return w->results != NULL;
}

static void free_all(working *w, int places) {
  for (int i = 0; w->results && i < places; i++) vx_result_free(w->results[i]);
  for (int i = 0; i < w->count; i++) free(w->tasks[i].wanted);
  free(w->results);
  free(w->tasks);
}

bool vx_work_all(const vx_work *work, vx_worked *worked, vx_error *error) {
  int all = (int)work->run->voc.count;
  *worked = (vx_worked){.images = work->limit > 0 && work->limit < all ? work->limit : all};
  working w = {.work = work, .worked = worked};
  double start = vx_seconds();
  bool good = list_tasks(&w, worked->images);
  int places = vx_crew_places(work->jobs, w.count);
  good = (good && make_results(&w, places)) || vx_fail(error, "worker", "out of memory");
  worked->before = worked->images - w.count;
  good = good && (worked->before == 0 || count_passed(&w, error));
  const vx_crew crew = {.jobs = work->jobs,
                        .count = w.count,
                        .stop = work->stop,
                        .user = &w,
                        .open = open_evaluator,
                        .close = close_evaluator,
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
