/* The same work by one worker and by several at once, each a thread with a worker and a single BLAS thread of its own,
   as in a run. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "harness/bench/parts.h"

typedef struct team {
  const vx_bench_job *job;
  const vx_needs *needs;
  bool group;           /* groups of variants of a picture, through vx_again */
  bool suite;           /* all methods of the suite; else forward passes alone */
  const char *without;  /* a method left out; may be NULL */
  int pictures;         /* of each worker in a round */
  int active;           /* workers that take part in the round; 0: it is over for all */
  pthread_mutex_t gate; /* shut until all threads are there */
  bool abandoned;       /* one could not be started */
  pthread_barrier_t ready, over;
} team;

typedef struct hand {
  pthread_t id;
  team *crew;
  int index;
  vx_worker *worker;
  vx_view *view; /* of a group's picture */
  double *heat;
  double cpu; /* seconds, of a round */
  bool good;
  vx_error error;
} hand;

static bool one_picture(hand *h) {
  const vx_bench_job *job = h->crew->job;
  if (h->view) return vx_bench_group(job, h->view, false, &h->error);
  if (!vx_worker_forward(h->worker, job->x, &h->error)) return false;
  if (h->crew->group) return (h->view = vx_bench_view(job, h->worker, &h->error)) && one_picture(h);
  if (!h->crew->suite) return true;
  vx_view *view = vx_bench_view(job, h->worker, &h->error);
  for (int i = 0; view && i < vx_explainer_count(); i++) {
    const vx_explainer *explainer = vx_explainer_at(i);
    vx_args args;
    if (!vx_bench_in_suite(explainer)) continue;
    if (h->crew->without && strcmp(h->crew->without, explainer->id) == 0) continue;
    vx_args_default(&explainer->params, &args);
    if (!vx_explainer_run(explainer, view, &args, h->heat, &h->error)) return false;
  }
  return view != NULL;
}

/* Makes its worker, sends a first picture through it, then works in the rounds that it takes part in. */
static void *work(void *argument) {
  hand *h = argument;
  team *crew = h->crew;
  pthread_mutex_lock(&crew->gate);
  bool abandoned = crew->abandoned;
  pthread_mutex_unlock(&crew->gate);
  if (abandoned) return NULL;
  size_t side = (size_t)crew->job->shape->image;
  h->heat = calloc(side * side, sizeof *h->heat);
  h->worker = vx_worker_new(crew->job->model, crew->needs, VX_MIXED, &h->error);
  h->good = h->heat && h->worker && one_picture(h);
  for (;;) {
    pthread_barrier_wait(&crew->ready);
    if (crew->active == 0) break;
    vx_moment start = vx_moment_now();
    for (int i = 0; h->good && h->index < crew->active && i < crew->pictures; i++) h->good = one_picture(h);
    h->cpu = vx_moment_now().cpu - start.cpu;
    pthread_barrier_wait(&crew->over);
  }
  vx_worker_free(h->worker);
  free(h->heat);
  return NULL;
}

/* Each of the first `active` workers does its pictures: seconds by the wall, and one picture's processor time. */
static void round_of(team *crew, const hand *hands, int active, double *seconds, double *cpu) {
  crew->active = active;
  pthread_barrier_wait(&crew->ready);
  vx_moment start = vx_moment_now();
  pthread_barrier_wait(&crew->over);
  *seconds = vx_moment_now().wall - start.wall;
  *cpu = 0;
  for (int i = 0; i < active; i++) *cpu += hands[i].cpu / active / crew->pictures;
}

/* Best of the repeats, alone and together in turns: what disturbs can only slow down. */
static void rounds(team *crew, const hand *hands, int jobs, vx_bench_scaling *scaling) {
  double least_one = 0, least_many = 0, pictures = crew->pictures * (crew->group ? VX_GROUP : 1);
  for (int i = 0; i < crew->job->options->repeats; i++) {
    double one, many, cpu_one, cpu_many;
    round_of(crew, hands, 1, &one, &cpu_one);
    round_of(crew, hands, jobs, &many, &cpu_many);
    if (pictures / one > scaling->one) scaling->one = pictures / one;
    if (jobs * pictures / many > scaling->many) scaling->many = jobs * pictures / many;
    if (i == 0 || cpu_one < least_one) least_one = cpu_one;
    if (i == 0 || cpu_many < least_many) least_many = cpu_many;
  }
  scaling->ratio = scaling->many / scaling->one;
  scaling->cpu_ratio = jobs * least_one / least_many;
}

/* How many of the threads could be started; all are let go only if it is all of them. */
static int start(team *crew, hand *hands, int jobs) {
  int started = 0;
  pthread_mutex_lock(&crew->gate);
  for (; started < jobs; started++) {
    hands[started].crew = crew;
    hands[started].index = started;
    if (pthread_create(&hands[started].id, NULL, work, &hands[started]) != 0) break;
  }
  crew->abandoned = started < jobs;
  pthread_mutex_unlock(&crew->gate);
  return started;
}

static bool measure(vx_bench_job *job, const char *id, team crew, vx_error *error) {
  int jobs = job->options->jobs;
  hand *hands = calloc((size_t)jobs, sizeof *hands);
  if (!hands) return vx_fail(error, "bench", "out of memory");
  crew.job = job;
  pthread_mutex_init(&crew.gate, NULL);
  pthread_barrier_init(&crew.ready, NULL, (unsigned)jobs + 1);
  pthread_barrier_init(&crew.over, NULL, (unsigned)jobs + 1);
  int started = start(&crew, hands, jobs);
  bool good = started == jobs || vx_fail(error, "bench", "a thread could not be started");
  if (good) {
    vx_bench_scaling *scaling = &job->bench->scaling[job->bench->scalings++];
    *scaling = (vx_bench_scaling){.id = id};
    rounds(&crew, hands, jobs, scaling);
    crew.active = 0;
    pthread_barrier_wait(&crew.ready);
  }
  for (int i = 0; i < started; i++) pthread_join(hands[i].id, NULL);
  for (int i = 0; good && i < started; i++)
    if (!(good = hands[i].good) && error) *error = hands[i].error;
  pthread_barrier_destroy(&crew.ready);
  pthread_barrier_destroy(&crew.over);
  pthread_mutex_destroy(&crew.gate);
  free(hands);
  return good;
}

bool vx_bench_workers(vx_bench_job *job, vx_error *error) {
  vx_needs none = {0}, again = {.variant_count = VX_GROUP}, suite;
  bool quick = job->options->quick;
  team one = {.needs = &none, .pictures = quick ? 2 : 8};
  team four = {.needs = &again, .group = true, .pictures = quick ? 1 : 3};
  team all = {.needs = &suite, .suite = true, .without = "attention-flow", .pictures = 1};
  return vx_bench_suite_needs(job->shape, &suite, error) && measure(job, "forward", one, error) &&
         measure(job, "forward-4", four, error) && measure(job, "suite-no-flow", all, error);
}
