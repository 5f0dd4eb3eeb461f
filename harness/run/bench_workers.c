/* The same work by one worker and by several at once, each a thread with a worker and a single BLAS thread of its own,
   as in a run. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "harness/run/bench_parts.h"

typedef struct team {
  const vx_bench_job *job;
  const vx_passes *passes;
  bool group;          /* groups of variants of a picture, through vx_again */
  bool suite;          /* all methods of the suite; else forward passes alone */
  const char *without; /* a method left out; may be NULL */
  int pictures;        /* each worker's */
  pthread_barrier_t ready, over;
} team;

typedef struct hand {
  pthread_t id;
  team *crew;
  vx_worker *worker;
  vx_view *view; /* of a group's picture */
  double *heat;
  double cpu; /* ms */
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
    vx_args_default(explainer, &args);
    if (!vx_explainer_run(explainer, view, &args, h->heat, &h->error)) return false;
  }
  return view != NULL;
}

/* Makes its worker, sends a first picture through it, then waits for the others. */
static void *work(void *argument) {
  hand *h = argument;
  size_t side = (size_t)h->crew->job->shape->image;
  h->heat = calloc(side * side, sizeof *h->heat);
  h->worker = vx_worker_new(h->crew->job->model, h->crew->passes, VX_MIXED, &h->error);
  h->good = h->heat && h->worker && (h->crew->job->options->quick || one_picture(h));
  pthread_barrier_wait(&h->crew->ready);
  vx_moment start = vx_moment_now();
  for (int i = 0; h->good && i < h->crew->pictures; i++) h->good = one_picture(h);
  h->cpu = 1e3 * (vx_moment_now().cpu - start.cpu);
  pthread_barrier_wait(&h->crew->over);
  vx_worker_free(h->worker);
  free(h->heat);
  return NULL;
}

/* Seconds by the wall from the first to the last of the workers, and a picture's processor time. */
static bool work_together(team *crew, int count, double *seconds, double *cpu, vx_error *error) {
  hand *hands = calloc((size_t)count, sizeof *hands);
  if (!hands) return vx_fail(error, "bench", "out of memory");
  pthread_barrier_init(&crew->ready, NULL, (unsigned)count + 1);
  pthread_barrier_init(&crew->over, NULL, (unsigned)count + 1);
  int started = 0;
  for (; started < count; started++) {
    hands[started].crew = crew;
    if (pthread_create(&hands[started].id, NULL, work, &hands[started]) != 0) break;
  }
  if (started < count) abort(); /* threads wait at the barrier for one that will never come */
  pthread_barrier_wait(&crew->ready);
  vx_moment start = vx_moment_now();
  pthread_barrier_wait(&crew->over);
  *seconds = vx_moment_now().wall - start.wall;
  bool good = true;
  *cpu = 0;
  for (int i = 0; i < count; i++) {
    pthread_join(hands[i].id, NULL);
    *cpu += hands[i].cpu / count / crew->pictures;
    if (good && !hands[i].good) {
      if (error) *error = hands[i].error;
      good = false;
    }
  }
  pthread_barrier_destroy(&crew->ready);
  pthread_barrier_destroy(&crew->over);
  free(hands);
  return good;
}

/* Best of the repeats, alone and together in turns: what disturbs can only slow down. */
static bool measure(vx_bench_job *job, const char *id, team crew, vx_error *error) {
  crew.job = job;
  int pictures = crew.pictures * (crew.group ? VX_BENCH_GROUP : 1);
  int jobs = job->options->jobs;
  vx_bench_scaling *scaling = &job->bench->scaling[job->bench->scalings++];
  double least_one = 0, least_many = 0;
  *scaling = (vx_bench_scaling){.id = id};
  for (int i = 0; i < job->options->repeats; i++) {
    double one = 0, many = 0, cpu_one = 0, cpu_many = 0;
    if (!work_together(&crew, 1, &one, &cpu_one, error) || !work_together(&crew, jobs, &many, &cpu_many, error))
      return false;
    if (pictures / one > scaling->one) scaling->one = pictures / one;
    if (jobs * pictures / many > scaling->many) scaling->many = jobs * pictures / many;
    if (i == 0 || cpu_one < least_one) least_one = cpu_one;
    if (i == 0 || cpu_many < least_many) least_many = cpu_many;
  }
  scaling->ratio = scaling->many / scaling->one;
  scaling->cpu_ratio = jobs * least_one / least_many;
  return true;
}

bool vx_bench_workers(vx_bench_job *job, vx_error *error) {
  vx_passes forward = {0}, suite;
  bool quick = job->options->quick;
  vx_passes again = {.set = VX_PASS_AGAIN};
  team one = {.passes = &forward, .pictures = quick ? 2 : 8};
  team four = {.passes = &again, .group = true, .pictures = quick ? 1 : 3}, all = {.passes = &suite, .suite = true},
       no_flow = {.passes = &suite, .suite = true, .without = "attention-flow"};
  all.pictures = no_flow.pictures = quick ? 1 : 2;
  return vx_bench_suite_passes(job->shape, &suite, error) && measure(job, "forward", one, error) &&
         measure(job, "forward-4", four, error) && measure(job, "suite", all, error) &&
         (quick || measure(job, "suite-no-flow", no_flow, error));
}
