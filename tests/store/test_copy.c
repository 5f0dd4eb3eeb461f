/* What is read is what was written: a whole file copied row by row through reader and writer has the same dump. */
#include "harness/store/scoring.h"
#include "harness/store/stored.h"
#include "tests/support/files.h"
#include "tests/support/program.h"
#include "tests/support/store_files.h"

/* ---- a copy, as a program that merges files makes it ----------------------------------------------------------- */

static void copy_scoring(vx_store *from, const vx_run_row *run, const vx_scoring_row *scoring, const int64_t *images,
                         int count, vx_store *to, vx_arena *arena) {
  vx_error error;
  vx_run_row copy;
  int64_t *ids;
  int there;
  OK(vx_run_read(to, vx_store_run(to), arena, &copy, &error));
  OK(vx_query_image_ids(to, copy.id, arena, &ids, &there, &error));
  ck_assert_int_eq(there, count);
  vx_result *result = vx_result_new();
  int64_t id = vx_scoring_begin(to, copy.id, scoring, false, &error);
  ck_assert(id > 0);
  for (int i = 0; i < count; i++) {
    ck_assert(vx_result_reset(result, i, ""));
    OK(vx_evaluations_read(from, scoring->id, images[i], run->methods, run->method_count, result, &error));
    for (int k = 0; k < result->evaluation_count; k++) {
      const vx_evaluation *e = &result->evaluations[k];
      OK(vx_scoring_write(to, id, copy.methods[e->method].id, ids[i], e, &error));
    }
  }
  OK(vx_scoring_end(to, true, &error));
  vx_result_free(result);
}

static void copy_run(vx_store *from, int64_t id, vx_store *to, vx_arena *arena) {
  vx_error error;
  vx_run_row run;
  vx_scoring_row *scorings;
  int64_t *images;
  int count, scoring_count;
  OK(vx_run_read(from, id, arena, &run, &error));
  OK(vx_store_begin(to, &run, &error));
  OK(vx_query_image_ids(from, id, arena, &images, &count, &error));
  vx_result *result = vx_result_new();
  for (int i = 0; i < count; i++) {
    OK(vx_result_read(from, images[i], run.methods, run.method_count, result, &error));
    OK(vx_store_write(to, result, &error));
  }
  vx_result_free(result);
  OK(vx_query_scorings(from, id, arena, &scorings, &scoring_count, &error));
  for (int i = 0; i < scoring_count; i++)
    if (strcmp(scorings[i].name, "main") != 0) copy_scoring(from, &run, &scorings[i], images, count, to, arena);
  if (*run.finished) OK(vx_store_finish(to, &error));
}

static void copy_file(const char *from_path, const char *to_path) {
  vx_error error;
  vx_store *from, *to;
  vx_arena *arena = vx_arena_new();
  vx_run_row *runs;
  int count;
  OK((from = vx_store_open(from_path, VX_STORE_READ, &error)) != NULL);
  OK((to = vx_store_open(to_path, VX_STORE_WRITE, &error)) != NULL);
  OK(vx_query_runs(from, arena, &runs, &count, &error));
  for (int i = 0; i < count; i++) copy_run(from, runs[i].id, to, arena);
  vx_store_close(from);
  vx_store_close(to);
  vx_arena_free(arena);
}

/* ---- two files --------------------------------------------------------------------------------------------------- */

static char path[256], copy[256];

static void setup(void) {
  fresh_path(path, "original");
  fresh_path(copy, "copy");
}

static void teardown(void) {
  remove_path(path);
  remove_path(copy);
}

static void rescore_some(void) {
  vx_error error;
  vx_store *store;
  vx_evaluation e = {.target = 2, .status = VX_STATUS_OK, .threshold = 0.5, .milliseconds = NAN};
  vx_scoring_row scoring = run_info(1, 1).scoring;
  scoring.name = "half";
  scoring.threshold = "0.5";
  scoring.note = "not exact:\tsome";
  OK((store = vx_store_open(path, VX_STORE_WRITE, &error)) != NULL);
  int64_t id = vx_scoring_begin(store, 1, &scoring, false, &error);
  for (int i = 0; i < 3; i++) {
    set_counts(&e, i, 1, 2, 3);
    OK(vx_scoring_write(store, id, 1 + i, 1 + 2 * i, &e, &error));
  }
  OK(vx_scoring_end(store, true, &error));
  vx_store_close(store);
}

static void expect_same(const char *has) {
  char *was = dump_text(path), *is = dump_text(copy);
  ck_assert_msg(strstr(was, has) != NULL, "no '%s' in what is copied", has);
  ck_assert_str_eq(is, was);
  free(was);
  free(is);
}

/* Methods and measures that no registry knows, objects, failures, warnings, two runs and a further scoring. */
START_TEST(a_made_up_file) {
  vx_run_row run = run_info(IMAGES, METHODS);
  run.class_map = "a map";
  write_images(path, &run, NULL, IMAGES);
  vx_method_row strange[2] = {methods[0], methods[2]};
  strange[0].explainer = "from-another-program";
  strange[1].parts = "a+b";
  static const char *const gaps[] = {NULL, "cat", NULL, "dog"};
  vx_run_row other = run_info(IMAGES, 2);
  other.seed = UINT64_MAX - 3;
  other.compare_with = "coporan-table1";
  other.methods = strange;
  other.data_classes = gaps;
  other.data_class_count = 4;
  write_images(path, &other, NULL, 5);
  rescore_some();
  copy_file(path, copy);
  expect_same("from-another-program");
  expect_same("not exact:\\tsome");
}
END_TEST

/* Everything that a real run, stopped and continued, and a rescoring leave. */
START_TEST(the_demo) {
  char folder[512], *command;
  make_folder(folder);
  ck_assert_int_gt(
      asprintf(&command,
               "run configs/demo.yaml --limit 5 --quiet --out '%s' --set"
               " 'methods=[rollout, saliency, ag-cam, random, foreground,"
               " {id: mix, of: [rollout, ag-cam], as: mixed}]' --set 'metrics=[overlap, oracle, pointing]'",
               path),
      0);
  ck_assert_int_eq(run_vitx(folder, command), 0);
  free(command);
  ck_assert_int_gt(asprintf(&command, "rescore '%s' --set score.threshold=mean --as mean", path), 0);
  ck_assert_int_eq(run_vitx(folder, command), 0);
  free(command);
  copy_file(path, copy);
  expect_same("\nobject\t");
  expect_same("\nscore\tmain\tsaliency\t");
  expect_same("\nevaluation\tmean\tmixed\t");
  remove_folder(folder);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("copy");
  tcase_add_checked_fixture(cases, setup, teardown);
  tcase_add_test(cases, a_made_up_file);
  tcase_add_test(cases, the_demo);
  return run_suite("copy", cases);
}
