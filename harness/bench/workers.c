/* The same work by one worker and by several at once, each a thread with a worker and a single BLAS thread of its own,
   as in a run. */
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "harness/bench/parts.h"

typedef struct team {
  const vx_bench_job *job;
  const vx_needs *needs;
  bool group;          /* groups of variants of a picture, through vx_again */
  bool suite;          /* all methods of the suite; else forward passes alone */
  const char *without; /* a method left out; may be NULL */
  int pictures;        /* of each worker in a round */
  struct hand *hands;  /* [jobs] */
  int taken;           /* hands given to the crew in this round */
} team;

typedef struct hand {
  const team *crew;
  vx_worker *worker;
  vx_view *view; /* of a group's picture */
  double *heat;
  double cpu; /* seconds, of a round */
} hand;

static bool one_picture(hand *h, vx_error *error) {
  const vx_bench_job *job = h->crew->job;
  if (h->view) return vx_bench_group(job, h->view, false, error);
  if (!vx_worker_forward(h->worker, job->x, error)) return false;
  if (h->crew->group) return (h->view = vx_bench_view(job, h->worker, error)) && one_picture(h, error);
  if (!h->crew->suite) return true;
  vx_view *view = vx_bench_view(job, h->worker, error);
  for (int i = 0; view && i < vx_explainer_count(); i++) {
    const vx_explainer *explainer = vx_explainer_at(i);
    vx_args args;
    if (!vx_bench_in_suite(explainer, job->shape)) continue;
    if (h->crew->without && strcmp(h->crew->without, explainer->id) == 0) continue;
    vx_args_default(&explainer->params, &args);
    if (!vx_explainer_run(explainer, view, &args, h->heat, error)) return false;
  }
  return view != NULL;
}

/* Makes the workers and sends a first picture through each. */
static bool open_hands(team *crew, int jobs, vx_error *error) {
  size_t side = (size_t)crew->job->shape->image;
  bool good = true;
  for (int i = 0; good && i < jobs; i++) {
    hand *h = &crew->hands[i];
    h->crew = crew;
    h->heat = calloc(side * side, sizeof *h->heat);
    good = h->heat || vx_fail(error, "bench", "out of memory");
    good = good && (h->worker = vx_worker_new(crew->job->model, crew->needs, VX_MIXED, error)) && one_picture(h, error);
  }
  return good;
}

static void *take_hand(void *user, vx_error *error) {
  team *crew = user;
  (void)error;
  return &crew->hands[crew->taken++];
}

static bool pictures(void *user, void *the_hand, int task, int place, vx_error *error) {
  const team *crew = user;
  hand *h = the_hand;
  bool good = true;
  (void)task, (void)place;
  vx_moment start = vx_moment_now();
  for (int i = 0; good && i < crew->pictures; i++) good = one_picture(h, error);
  h->cpu += vx_moment_now().cpu - start.cpu;
  return good;
}

/* As many times `pictures` pictures as there are `active` workers: seconds by the wall, and one picture's processor
   time. */
static bool round_of(team *crew, int active, double *seconds, double *cpu, vx_error *error) {
  const vx_crew round = {.jobs = active, .count = active, .user = crew, .open = take_hand, .work = pictures};
  crew->taken = 0;
  *cpu = 0;
  for (int i = 0; i < active; i++) crew->hands[i].cpu = 0;
  vx_moment start = vx_moment_now();
  if (!vx_crew_run(&round, error)) return false;
  *seconds = vx_moment_now().wall - start.wall;
  for (int i = 0; i < active; i++) *cpu += crew->hands[i].cpu / active / crew->pictures;
  return true;
}

/* Best of the repeats, alone and together in turns: what disturbs can only slow down. */
static bool rounds(team *crew, int jobs, vx_bench_scaling *scaling, vx_error *error) {
  double least_one = 0, least_many = 0, each = crew->pictures * (crew->group ? VX_GROUP : 1);
  for (int i = 0; i < crew->job->options->repeats; i++) {
    double one, many, cpu_one, cpu_many;
    if (!round_of(crew, 1, &one, &cpu_one, error) || !round_of(crew, jobs, &many, &cpu_many, error)) return false;
    if (each / one > scaling->one) scaling->one = each / one;
    if (jobs * each / many > scaling->many) scaling->many = jobs * each / many;
    if (i == 0 || cpu_one < least_one) least_one = cpu_one;
    if (i == 0 || cpu_many < least_many) least_many = cpu_many;
  }
  scaling->ratio = scaling->many / scaling->one;
  scaling->cpu_ratio = jobs * least_one / least_many;
  return true;
}

static bool measure(vx_bench_job *job, const char *id, team crew, vx_error *error) {
  int jobs = job->options->jobs;
  crew.job = job;
  crew.hands = calloc((size_t)jobs, sizeof *crew.hands);
  bool good = crew.hands || vx_fail(error, "bench", "out of memory");
  good = good && open_hands(&crew, jobs, error);
  if (good) {
    vx_bench_scaling *scaling = &job->bench->scaling[job->bench->scalings++];
    *scaling = (vx_bench_scaling){.id = id};
    good = rounds(&crew, jobs, scaling, error);
  }
  for (int i = 0; crew.hands && i < jobs; i++) {
    vx_worker_free(crew.hands[i].worker);
    free(crew.hands[i].heat);
  }
  free(crew.hands);
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
