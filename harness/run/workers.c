#include "harness/run/workers.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/run/evaluate.h"

typedef struct task {
  int position;
  bool *wanted; /* [methods]; NULL: all */
} task;

/* Results go round: free -> worker -> done -> writer -> free. Their number bounds what waits. */
typedef struct queue {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  const vx_work *work;
  task *tasks;
  int count, next;
  vx_result **free, **done; /* stack and first-in-first-out ring, both of `results` places */
  int results, free_count, done_count, done_first;
  int active; /* threads at work */
  bool broken;
  vx_error error; /* of the first that broke */
} queue;

typedef struct thread {
  pthread_t id;
  queue *queue;
  vx_evaluator *evaluator;
} thread;

int vx_work_jobs(void) {
  cpu_set_t set;
  int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return count < 1 ? 1 : count;
}

/* ---- worker's side ------------------------------------------------------------------------------------------------
 */

static bool is_over(const queue *q) {
  bool stopped = q->work->stop && *q->work->stop;
  return q->broken || stopped || q->next == q->count;
}

/* The next task and a result to fill, or NULL when there is nothing left to do. */
static vx_result *take(queue *q, task *what) {
  vx_result *result = NULL;
  pthread_mutex_lock(&q->lock);
  while (!is_over(q) && q->free_count == 0) pthread_cond_wait(&q->changed, &q->lock);
  if (!is_over(q)) {
    result = q->free[--q->free_count];
    *what = q->tasks[q->next++];
  } else {
    q->active--;
    pthread_cond_broadcast(&q->changed);
  }
  pthread_mutex_unlock(&q->lock);
  return result;
}

static void put(queue *q, vx_result *result, bool good, const vx_error *error) {
  pthread_mutex_lock(&q->lock);
  if (good) {
    q->done[(q->done_first + q->done_count++) % q->results] = result;
  } else {
    q->free[q->free_count++] = result;
    if (!q->broken) q->error = *error;
    q->broken = true;
  }
  pthread_cond_broadcast(&q->changed);
  pthread_mutex_unlock(&q->lock);
}

static void *work_through(void *argument) {
  thread *t = argument;
  task what = {0, NULL};
  vx_result *result;
  while ((result = take(t->queue, &what))) {
    vx_error error = {.where = "", .why = ""};
    bool good = vx_evaluate(t->evaluator, what.position, what.wanted, result, &error);
    put(t->queue, result, good, &error);
  }
  return NULL;
}

/* ---- writer's side ------------------------------------------------------------------------------------------------
 */

/* The next finished result, or NULL when all threads have ended and nothing waits; *broken: it is not to be kept. Wakes
   now and then, so that a signal is seen by threads that wait. */
static vx_result *next_done(queue *q, bool *broken) {
  vx_result *result = NULL;
  pthread_mutex_lock(&q->lock);
  while (q->done_count == 0 && q->active > 0) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    pthread_cond_timedwait(&q->changed, &q->lock, &until);
  }
  if (q->done_count > 0) {
    result = q->done[q->done_first];
    q->done_first = (q->done_first + 1) % q->results;
    q->done_count--;
  }
  *broken = q->broken;
  pthread_mutex_unlock(&q->lock);
  return result;
}

static void give_back(queue *q, vx_result *result) {
  pthread_mutex_lock(&q->lock);
  q->free[q->free_count++] = result;
  pthread_cond_broadcast(&q->changed);
  pthread_mutex_unlock(&q->lock);
}

static void break_off(queue *q, const vx_error *error) {
  pthread_mutex_lock(&q->lock);
  if (!q->broken) q->error = *error;
  q->broken = true;
  pthread_cond_broadcast(&q->changed);
  pthread_mutex_unlock(&q->lock);
}

static int write_all(queue *q, vx_progress *progress) {
  int written = 0;
  bool broken;
  vx_result *result;
  while ((result = next_done(q, &broken))) {
    vx_error error;
    if (!broken) {
      if (!vx_store_write(q->work->store, result, &error))
        break_off(q, &error);
      else {
        written++;
        vx_progress_step(progress, result->prediction.passed);
      }
    }
    give_back(q, result);
  }
  return written;
}

/* ---- the whole ----------------------------------------------------------------------------------------------------
 */

/* What the store lacks. */
static bool list_tasks(queue *q, int images) {
  const vx_work *work = q->work;
  size_t methods = (size_t)work->run->info.method_count;
  q->tasks = calloc((size_t)images + 1, sizeof *q->tasks);
  bool *missing = calloc(methods + 1, sizeof *missing);
  bool good = q->tasks && missing;
  for (int i = 0; i < images && good; i++) {
    vx_done done = vx_store_done(work->store, i, missing);
    if (done == VX_DONE_ALL) continue;
    task *t = &q->tasks[q->count++];
    t->position = i;
    if (done != VX_DONE_PARTLY) continue;
    t->wanted = malloc(methods + 1);
    good = t->wanted != NULL;
    if (good) memcpy(t->wanted, missing, methods * sizeof *missing);
  }
  free(missing);
  return good;
}

static bool make_results(queue *q) {
  q->results = 2 * q->work->jobs + 2;
  q->free = calloc((size_t)q->results, sizeof *q->free);
  q->done = calloc((size_t)q->results, sizeof *q->done);
  if (!q->free || !q->done) return false;
  for (int i = 0; i < q->results; i++) {
    q->free[q->free_count] = vx_result_new();
    if (!q->free[q->free_count]) return false;
    q->free_count++;
  }
  return true;
}

static void free_queue(queue *q) {
  for (int i = 0; i < q->free_count; i++) vx_result_free(q->free[i]);
  for (int i = 0; i < q->count; i++) free(q->tasks[i].wanted);
  free(q->free);
  free(q->done);
  free(q->tasks);
}

/* Starts the threads; how many of them run (0: none, the error says why). */
static int start_threads(queue *q, thread *threads, int jobs, vx_error *error) {
  int started = 0;
  for (; started < jobs; started++) {
    thread *t = &threads[started];
    t->queue = q;
    t->evaluator = vx_evaluator_new(q->work->run, error);
    if (!t->evaluator) break;
  }
  if (started < jobs) { /* too little memory for so many: say so instead of running with fewer */
    for (int i = 0; i < started; i++) vx_evaluator_free(threads[i].evaluator);
    return 0;
  }
  q->active = jobs;
  for (started = 0; started < jobs; started++) {
    int wrong = pthread_create(&threads[started].id, NULL, work_through, &threads[started]);
    if (wrong == 0) continue;
    vx_error reason;
    vx_fail(&reason, "worker", "thread %d of %d cannot be started: %s", started + 1, jobs, strerror(wrong));
    break_off(q, &reason);
    pthread_mutex_lock(&q->lock);
    q->active -= jobs - started;
    pthread_mutex_unlock(&q->lock);
    for (int i = started; i < jobs; i++) vx_evaluator_free(threads[i].evaluator);
    break;
  }
  return started;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool work_queue(queue *q, vx_worked *worked, vx_error *error) {
  int jobs = q->work->jobs < q->count ? q->work->jobs : q->count;
  thread *threads = calloc((size_t)jobs + 1, sizeof *threads);
  if (!threads) return vx_fail(error, "worker", "out of memory");
  vx_progress progress;
  vx_progress_start(&progress, q->work->report, q->work->terminal, worked->images, worked->before);
  int started = start_threads(q, threads, jobs, error);
  bool good = started > 0 || jobs == 0;
  worked->done = write_all(q, &progress);
  for (int i = 0; i < started; i++) {
    pthread_join(threads[i].id, NULL);
    vx_evaluator_free(threads[i].evaluator);
  }
  vx_progress_end(&progress);
  free(threads);
  worked->stopped = q->work->stop && *q->work->stop && worked->done < q->count;
  if (!q->broken) return good;
  if (error) *error = q->error;
  return false;
}

bool vx_work_all(const vx_work *work, vx_worked *worked, vx_error *error) {
  int all = (int)work->run->voc.count;
  *worked = (vx_worked){.images = work->limit > 0 && work->limit < all ? work->limit : all};
  queue q = {.work = work};
  double start = now();
  pthread_mutex_init(&q.lock, NULL);
  pthread_cond_init(&q.changed, NULL);
  bool good = list_tasks(&q, worked->images) && make_results(&q);
  if (!good) vx_fail(error, "worker", "out of memory");
  worked->before = worked->images - q.count;
  good = good && work_queue(&q, worked, error);
  free_queue(&q);
  pthread_cond_destroy(&q.changed);
  pthread_mutex_destroy(&q.lock);
  worked->seconds = now() - start;
  return good;
}
