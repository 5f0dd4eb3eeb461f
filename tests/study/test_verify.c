/* vitx verify: a sound file passes every check, and each kind of damage is found by the check that is about it. */
#include <sqlite3.h>

#include "harness/store/check.h"
#include "harness/store/stored.h"
#include "tests/support/store_files.h"
#include "tests/support/suite.h"

static char path[256];

static void setup(void) {
  fresh_path(path, "verify");
  vx_run_row run = run_info(IMAGES, METHODS);
  write_images(path, &run, NULL, IMAGES);
}

static void teardown(void) {
  remove_path(path);
}

typedef struct found {
  int checks, wrong;
  char what[200], first[240];
} found;

static void note(const vx_check *check, void *user) {
  found *f = user;
  f->checks++;
  if (!check->wrong) return;
  if (!f->wrong++) {
    snprintf(f->what, sizeof f->what, "%s", check->what);
    snprintf(f->first, sizeof f->first, "%s", check->first);
  }
}

static found verify(void) {
  vx_error error;
  vx_store *store;
  found f = {0};
  int wrong;
  OK((store = vx_store_open(path, VX_STORE_READ, &error)) != NULL);
  OK(vx_store_check(store, 0, note, &f, &wrong, &error));
  ck_assert_int_eq(wrong, f.wrong);
  vx_store_close(store);
  return f;
}

START_TEST(a_sound_file_passes) {
  found f = verify();
  if (f.wrong) ck_abort_msg("%s: %s", f.what, f.first);
  ck_assert_int_ge(f.checks, 20);
}
END_TEST

/* Damage that the triggers would refuse, and the words of the check that must find it first. */
static const struct {
  const char *sql, *check, *first;
} damages[] = {
    {"UPDATE evaluations SET iou = iou + 1e-15 WHERE image = 7 AND method = 1", "IoU is that of its counts",
     "2007_000006, rollout (main): 0.4"},
    {"UPDATE evaluations SET f1 = 0.5 WHERE image = 7 AND method = 2", "F1 is that of its counts", "saliency"},
    {"UPDATE evaluations SET pixel_accuracy = NULL WHERE image = 7 AND method = 2", "pixel accuracy is that", "NULL"},
    {"UPDATE evaluations SET status = 'unscored' WHERE image = 7 AND method = 2", "scored means ok or flat",
     "unscored"},
    {"UPDATE evaluations SET status = 'flat' WHERE image = 7 AND method = 2", "flat map has an empty mask", "4 pixels"},
    {"UPDATE evaluations SET void = void + 1 WHERE image = 7 AND method = 2", "all pixels of the evaluation size",
     "17 pixels at size input"},
    {"UPDATE totals SET n = n + 1 WHERE method = 3", "sums kept in the file", "center (main): rows n 9"},
    {"UPDATE totals SET iou = iou + 0.001 WHERE method = 1 AND class = 2", "sums kept in the file", "rollout"},
    {"DELETE FROM totals WHERE method = 2", "sums kept in the file", "sums n 0"},
    {"UPDATE predictions SET passed = 0 WHERE image = 7", "probability is above the gate", "2007_000006"},
    {"UPDATE runs SET min_confidence = 0.95", "probability is above the gate", "2007_00000"},
    {"UPDATE top5 SET label = 0 WHERE image = 7 AND rank = 1", "start with the prediction", "rank 1"},
    {"UPDATE top5 SET probability = 0.9 WHERE image = 4 AND rank = 3", "start with the prediction", "rank 3"},
    {"UPDATE predictions SET correct = 1 WHERE image = 3", "what the class map says", "<b>"},
    {"UPDATE predictions SET correct = NULL WHERE image = 2", "what the class map says", "NULL"},
    {"UPDATE images SET size = 'large' WHERE id = 2", "object share and size", "2007_000001: large"},
    {"UPDATE images SET position = 99 WHERE id = 2", "lie in the list", "99 of 12"},
    {"DELETE FROM scores WHERE image = 7 AND method = 2; DELETE FROM curves WHERE image = 7 AND method = 2; DELETE "
     "FROM evaluations WHERE image = 7 AND method = 2;"
     "DELETE FROM totals; INSERT INTO totals SELECT 1, e.method, 0, 0, 'none', count(iou), total(status = 'flat'),"
     " total(iou), total(f1), total(pixel_accuracy), total(iou * iou), total(f1 * f1), total(pixel_accuracy *"
     " pixel_accuracy), sum(tp), sum(fp), sum(fn), sum(tn) FROM evaluations e GROUP BY e.method",
     "has every method", "2007_000006, saliency"},
    {"DELETE FROM failures WHERE method = 2", "failure that says why", "2007_000005, saliency"},
    {"UPDATE maps SET bytes = substr(bytes, 1, 15) WHERE image = 7 AND method = 1", "size and kind", "15 bytes"},
    {"UPDATE maps SET bytes = x'0000C07F000000000000000000000000' WHERE image = 7 AND method = 1", "size and kind",
     "rollout"},
    {"PRAGMA foreign_keys=OFF; DELETE FROM images WHERE id = 4", "reference points at a row", "point nowhere"},
};

START_TEST(each_damage_is_found_by_its_check) {
  sqlite3 *db;
  char *says = NULL;
  ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
  sqlite3_exec(db, "DROP TRIGGER evaluations_stay; DROP TRIGGER evaluations_kept", NULL, NULL, NULL);
  if (sqlite3_exec(db, damages[_i].sql, NULL, NULL, &says) != SQLITE_OK) ck_abort_msg("%s: %s", damages[_i].sql, says);
  sqlite3_close(db);
  found f = verify();
  if (!f.wrong) ck_abort_msg("not found: %s", damages[_i].sql);
  if (!strstr(f.what, damages[_i].check)) ck_abort_msg("%s: found by \"%s\"", damages[_i].sql, f.what);
  if (!strstr(f.first, damages[_i].first)) ck_abort_msg("%s: first \"%s\"", damages[_i].sql, f.first);
}
END_TEST

START_TEST(stored_rows_come_back_as_a_result) {
  vx_error error;
  vx_store *store;
  OK((store = vx_store_open(path, VX_STORE_READ, &error)) != NULL);
  vx_result *result = vx_result_new(), *made = vx_result_new();
  /* only two of the methods, in another order */
  const vx_method_row two[] = {methods[2], methods[0]};
  OK(vx_result_read(store, 7, two, 2, result, &error));
  fill_result(made, 6, METHODS, NULL);
  ck_assert_str_eq(result->id, made->id);
  ck_assert_int_eq(result->position, 6);
  ck_assert_int_eq(result->evaluation_count, 2);
  const vx_evaluation *rollout = &result->evaluations[0], *center = &result->evaluations[1];
  ck_assert_int_eq(rollout->method, 1);
  ck_assert_int_eq(center->method, 0);
  ck_assert_double_eq(rollout->iou, made->evaluations[0].iou);
  ck_assert_int_eq((int)center->fp, (int)made->evaluations[2].fp);
  ck_assert_int_eq(rollout->map.kind, VX_MAP_PATCH);
  ck_assert_mem_eq(rollout->map.heat, made->evaluations[0].map.heat, 4 * sizeof(float));
  ck_assert_mem_eq(center->map.levels, made->evaluations[2].map.levels, 16);
  ck_assert_int_eq(rollout->score_count, 2);
  ck_assert_double_eq(result->prediction.top[1].probability, made->prediction.top[1].probability);
  ck_assert_int_eq(result->prediction.top_count, 4);
  ck_assert(!vx_result_read(store, 999, two, 2, result, &error));
  vx_result_free(result);
  vx_result_free(made);
  vx_store_close(store);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("verify");
  tcase_add_checked_fixture(cases, setup, teardown);
  tcase_add_test(cases, a_sound_file_passes);
  tcase_add_loop_test(cases, each_damage_is_found_by_its_check, 0, (int)(sizeof damages / sizeof *damages));
  tcase_add_test(cases, stored_rows_come_back_as_a_result);
  return run_suite("verify", cases);
}
