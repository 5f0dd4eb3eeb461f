/* Tasks by hands: every task once, results on the caller's thread and in order, failures and stops. */
#include <pthread.h>
#include <time.h>

#include "base/crew.h"
#include "tests/support/files.h"

enum { TASKS = 300, JOBS_MAX = 17 };

typedef struct site {
  pthread_t caller;
  int opened, closed;          /* hands */
  int prepared, given;         /* tasks */
  int order[TASKS];            /* as they were given */
  atomic_int begun[TASKS];     /* how often */
  int place[2 * JOBS_MAX + 2]; /* task whose result lies there, -1: none */
  int fails[2];                /* tasks that fail, -1: none */
  int gives_up;                /* task whose giving fails */
  int stops;                   /* task whose work sets `stop` */
  atomic_bool stop;
} site;

static void *open_hand(void *user, vx_error *error) {
  site *s = user;
  (void)error;
  ck_assert(pthread_equal(pthread_self(), s->caller));
  s->opened++;
  int *tools = malloc(sizeof *tools);
  *tools = 0;
  return tools;
}

static site *the_site; /* close() is given the tools alone */

static void close_hand(void *hand) {
  the_site->closed++;
  free(hand);
}

static bool prepare(void *user, int task, int place, vx_error *error) {
  site *s = user;
  (void)error;
  ck_assert(pthread_equal(pthread_self(), s->caller));
  ck_assert_int_eq(task, s->prepared++);
  ck_assert_int_eq(s->place[place], -1); /* nobody else's result lies there */
  s->place[place] = task;
  return true;
}

static bool work(void *user, void *hand, int task, int place, vx_error *error) {
  site *s = user;
  ++*(int *)hand; /* a race here is one hand used by two threads */
  atomic_fetch_add(&s->begun[task], 1);
  ck_assert_int_eq(s->place[place], task);
  struct timespec moment = {.tv_nsec = task * 7919 % 13 * 10000}; /* some take longer than others */
  nanosleep(&moment, NULL);
  if (task == s->stops) atomic_store(&s->stop, true);
  for (int i = 0; i < 2; i++)
    if (task == s->fails[i]) return vx_fail(error, "task", "%d has failed", task);
  return true;
}

static bool give(void *user, int task, int place, vx_error *error) {
  site *s = user;
  ck_assert(pthread_equal(pthread_self(), s->caller));
  ck_assert_int_eq(s->place[place], task);
  s->place[place] = -1;
  s->order[s->given++] = task;
  return task != s->gives_up || vx_fail(error, "give", "%d cannot be written", task);
}

static site new_site(void) {
  site s = {.caller = pthread_self(), .fails = {-1, -1}, .gives_up = -1, .stops = -1};
  for (int i = 0; i < 2 * JOBS_MAX + 2; i++) s.place[i] = -1;
  return s;
}

static bool run_site(site *s, int jobs, bool in_order, vx_error *error) {
  the_site = s;
  vx_crew crew = {.jobs = jobs,
                  .count = TASKS,
                  .in_order = in_order,
                  .stop = &s->stop,
                  .user = s,
                  .open = open_hand,
                  .close = close_hand,
                  .prepare = prepare,
                  .work = work,
                  .give = give};
  bool good = vx_crew_run(&crew, error);
  ck_assert_int_eq(s->opened, jobs);
  ck_assert_int_eq(s->closed, jobs);
  return good;
}

START_TEST(every_task_is_done_once_and_given_in_order) {
  static const int jobs[] = {1, 2, 3, JOBS_MAX};
  for (int i = 0; i < 4; i++) {
    site s = new_site();
    vx_error error;
    ck_assert_msg(run_site(&s, jobs[i], true, &error), "%s", error.why);
    ck_assert_int_eq(s.given, TASKS);
    for (int t = 0; t < TASKS; t++) {
      ck_assert_int_eq(s.order[t], t);
      ck_assert_int_eq(atomic_load(&s.begun[t]), 1);
    }
  }
}
END_TEST

START_TEST(without_order_every_task_is_given_all_the_same) {
  bool seen[TASKS] = {false};
  site s = new_site();
  vx_error error;
  ck_assert_msg(run_site(&s, 4, false, &error), "%s", error.why);
  ck_assert_int_eq(s.given, TASKS);
  for (int t = 0; t < TASKS; t++) {
    ck_assert(!seen[s.order[t]]);
    seen[s.order[t]] = true;
  }
}
END_TEST

START_TEST(the_earliest_failure_is_told_and_ends_it) {
  for (int jobs = 1; jobs < 9; jobs += 3) {
    site s = new_site();
    vx_error error;
    s.fails[0] = 41, s.fails[1] = 40;
    ck_assert(!run_site(&s, jobs, true, &error));
    ck_assert_str_eq(error.why, "40 has failed");
    ck_assert_int_le(s.given, 40);
    ck_assert_int_eq(atomic_load(&s.begun[TASKS - 1]), 0);
    for (int t = 0; t < 40; t++) ck_assert_int_eq(atomic_load(&s.begun[t]), 1);
  }
}
END_TEST

START_TEST(what_cannot_be_given_ends_it) {
  site s = new_site();
  vx_error error;
  s.gives_up = 12;
  ck_assert(!run_site(&s, 3, true, &error));
  ck_assert_str_eq(error.why, "12 cannot be written");
  ck_assert_int_eq(s.given, 13);
  ck_assert_int_eq(atomic_load(&s.begun[TASKS - 1]), 0);
}
END_TEST

START_TEST(a_stop_lets_what_was_begun_be_given) {
  for (int in_order = 0; in_order < 2; in_order++) {
    site s = new_site();
    vx_error error;
    int begun = 0;
    s.stops = 30;
    ck_assert_msg(run_site(&s, 4, in_order, &error), "%s", error.why);
    for (int t = 0; t < TASKS; t++) begun += atomic_load(&s.begun[t]);
    ck_assert_int_eq(s.given, begun);
    ck_assert(begun > 30 && begun < TASKS);
    if (in_order) ck_assert_int_le(begun, 31 + vx_crew_places(4, TASKS));
  }
}
END_TEST

static void *open_two(void *user, vx_error *error) {
  site *s = user;
  if (s->opened == 2) return vx_fail(error, "hand", "no third one"), NULL;
  return open_hand(user, error);
}

START_TEST(too_few_hands_do_nothing) {
  site s = new_site();
  vx_error error;
  the_site = &s;
  vx_crew crew = {
      .jobs = 3, .count = TASKS, .user = &s, .open = open_two, .close = close_hand, .work = work, .give = give};
  ck_assert(!vx_crew_run(&crew, &error));
  ck_assert_str_eq(error.why, "no third one");
  ck_assert(s.opened == 2 && s.closed == 2 && s.given == 0 && atomic_load(&s.begun[0]) == 0);
}
END_TEST

static bool count_up(void *user, void *hand, int task, int place, vx_error *error) {
  (void)hand, (void)task, (void)place, (void)error;
  atomic_fetch_add((atomic_int *)user, 1);
  return true;
}

START_TEST(only_the_work_has_to_be_there) {
  atomic_int done = 0;
  vx_crew crew = {.jobs = 8, .count = 5, .user = &done, .work = count_up};
  ck_assert(vx_crew_run(&crew, NULL));
  ck_assert_int_eq(atomic_load(&done), 5);
  crew.count = 0;
  ck_assert(vx_crew_run(&crew, NULL));
  ck_assert_int_eq(atomic_load(&done), 5);
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("crew");
  tcase_add_test(tcase, every_task_is_done_once_and_given_in_order);
  tcase_add_test(tcase, without_order_every_task_is_given_all_the_same);
  tcase_add_test(tcase, the_earliest_failure_is_told_and_ends_it);
  tcase_add_test(tcase, what_cannot_be_given_ends_it);
  tcase_add_test(tcase, a_stop_lets_what_was_begun_be_given);
  tcase_add_test(tcase, too_few_hands_do_nothing);
  tcase_add_test(tcase, only_the_work_has_to_be_there);
  return run_suite("crew", tcase);
}
