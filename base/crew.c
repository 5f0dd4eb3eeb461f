#include "base/crew.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef enum state { FREE, READY, AT_WORK, DONE } state;

typedef struct place {
  state state;
  int task;
} place;

typedef struct yard {
  const vx_crew *crew;
  pthread_mutex_t lock; /* of all that follows */
  pthread_cond_t changed;
  place *place; /* [places] */
  int places;
  int next;    /* task to be prepared */
  int given;   /* tasks given, which in order is the next one, too */
  bool closed; /* no task will be prepared any more */
  int failed;  /* the earliest task that failed, crew->count: none */
  vx_error error;
} yard;

typedef struct hand {
  pthread_t thread;
  yard *yard;
  void *tools;
} hand;

static bool is_over(const yard *y) {
  const vx_crew *crew = y->crew;
  return y->failed < crew->count || (crew->stop && atomic_load(crew->stop));
}

/* The place of this state whose task is the earliest, NULL: there is none. */
static place *earliest(const yard *y, state wanted) {
  place *found = NULL;
  for (int i = 0; i < y->places; i++)
    if (y->place[i].state == wanted && (!found || y->place[i].task < found->task)) found = &y->place[i];
  return found;
}

static int index_of(const yard *y, const place *p) {
  return (int)(p - y->place);
}

/* With the lock held. */
static void fail(yard *y, int task, const vx_error *error) {
  if (task < y->failed) {
    y->failed = task;
    y->error = *error;
  }
}

/* ---- a hand --------------------------------------------------------------------------------------------------------
 */

static void *work_through(void *argument) {
  hand *h = argument;
  yard *y = h->yard;
  const vx_crew *crew = y->crew;
  pthread_mutex_lock(&y->lock);
  for (;;) {
    place *p = is_over(y) ? NULL : earliest(y, READY);
    if (!p && (y->closed || is_over(y))) break;
    if (!p) {
      pthread_cond_wait(&y->changed, &y->lock);
      continue;
    }
    p->state = AT_WORK;
    int task = p->task;
    pthread_mutex_unlock(&y->lock);
    vx_error error = {.where = "", .why = ""};
    bool good = crew->work(crew->user, h->tools, task, index_of(y, p), &error);
    pthread_mutex_lock(&y->lock);
    p->state = DONE;
    if (!good) fail(y, task, &error);
    pthread_cond_broadcast(&y->changed);
  }
  pthread_mutex_unlock(&y->lock);
  return NULL;
}

/* ---- the caller ----------------------------------------------------------------------------------------------------
 */

/* One of the caller's own calls, without the lock, which is held before and after. */
static void call(yard *y, bool (*what)(void *user, int task, int place, vx_error *error), place *p, state then) {
  vx_error error = {.where = "", .why = ""};
  int task = p->task;
  pthread_mutex_unlock(&y->lock);
  bool good = !what || what(y->crew->user, task, index_of(y, p), &error);
  pthread_mutex_lock(&y->lock);
  p->state = good ? then : FREE;
  if (!good) fail(y, task, &error);
  pthread_cond_broadcast(&y->changed);
}

/* What is to be given next; NULL: nothing yet. */
static place *giveable(const yard *y) {
  place *done = earliest(y, DONE);
  return done && (!y->crew->in_order || done->task == y->given) ? done : NULL;
}

/* Wakes now and then, so that a stop is seen by threads that wait. */
static void wait_for_change(yard *y) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 1;
  pthread_cond_timedwait(&y->changed, &y->lock, &until);
  pthread_cond_broadcast(&y->changed);
}

/* Gives what is done, prepares what there is a place for, until nothing is at work any more. */
static void lead(yard *y) {
  const vx_crew *crew = y->crew;
  pthread_mutex_lock(&y->lock);
  for (;;) {
    bool over = is_over(y);
    place *p = y->failed < crew->count ? NULL : giveable(y);
    if (p) {
      call(y, crew->give, p, FREE);
      y->given++;
    } else if (!over && y->next < crew->count && (p = earliest(y, FREE))) {
      p->task = y->next++;
      p->state = AT_WORK; /* mine, until it is ready */
      call(y, crew->prepare, p, READY);
    } else if (earliest(y, AT_WORK) || (!over && earliest(y, READY))) {
      wait_for_change(y);
    } else {
      break;
    }
  }
  y->closed = true;
  pthread_cond_broadcast(&y->changed);
  pthread_mutex_unlock(&y->lock);
}

static bool open_hands(yard *y, hand *hands, int jobs, int *opened, vx_error *error) {
  const vx_crew *crew = y->crew;
  for (*opened = 0; *opened < jobs; (*opened)++) {
    hands[*opened].yard = y;
    if (!crew->open) continue;
    hands[*opened].tools = crew->open(crew->user, error);
    if (!hands[*opened].tools) return false; /* too little for so many: said, instead of doing with fewer */
  }
  return true;
}

static int start_threads(yard *y, hand *hands, int jobs) {
  int started = 0, wrong = 0;
  while (started < jobs && !(wrong = pthread_create(&hands[started].thread, NULL, work_through, &hands[started])))
    started++;
  if (started == jobs) return started;
  vx_error error;
  vx_fail(&error, "thread", "%d of %d cannot be started: %s", started + 1, jobs, strerror(wrong));
  pthread_mutex_lock(&y->lock);
  fail(y, -1, &error);
  pthread_mutex_unlock(&y->lock);
  return started;
}

static bool run(yard *y, hand *hands, int jobs, vx_error *error) {
  int opened;
  bool good = open_hands(y, hands, jobs, &opened, error);
  if (good) {
    int started = start_threads(y, hands, jobs);
    lead(y);
    for (int i = 0; i < started; i++) pthread_join(hands[i].thread, NULL);
    good = y->failed == y->crew->count;
    if (!good && error) *error = y->error;
  }
  for (int i = 0; i < opened; i++)
    if (y->crew->close && hands[i].tools) y->crew->close(hands[i].tools);
  return good;
}

bool vx_crew_run(const vx_crew *crew, vx_error *error) {
  int jobs = crew->jobs < crew->count ? crew->jobs : crew->count;
  if (jobs < 1) return true;
  yard y = {.crew = crew, .places = vx_crew_places(jobs, crew->count), .failed = crew->count};
  hand *hands = calloc((size_t)jobs, sizeof *hands);
  y.place = calloc((size_t)y.places, sizeof *y.place);
  bool good = (hands && y.place) || vx_fail(error, "crew", "out of memory");
  pthread_mutex_init(&y.lock, NULL);
  pthread_cond_init(&y.changed, NULL);
  good = good && run(&y, hands, jobs, error);
  pthread_cond_destroy(&y.changed);
  pthread_mutex_destroy(&y.lock);
  free(y.place);
  free(hands);
  return good;
}
