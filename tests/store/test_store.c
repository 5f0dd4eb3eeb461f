/* The store: what is written is what is read; a run goes on where it stopped; what does not belong is refused. */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "tests/support/store_files.h"
#include "tests/support/suite.h"

static char path[256];

static void setup(void) {
  fresh_path(path, "store");
}

static void teardown(void) {
  remove_path(path);
}

static double number(const char *sql) {
  sqlite3 *db;
  sqlite3_stmt *read;
  ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
  if (sqlite3_prepare_v2(db, sql, -1, &read, NULL) != SQLITE_OK) ck_abort_msg("%s: %s", sql, sqlite3_errmsg(db));
  double value = NAN;
  if (sqlite3_step(read) == SQLITE_ROW && sqlite3_column_type(read, 0) != SQLITE_NULL) {
    value = sqlite3_column_double(read, 0);
  }
  sqlite3_finalize(read);
  sqlite3_close(db);
  return value;
}

/* Runs SQL that has to fail; returns nothing, aborts when it does not. */
static void refused(const char *sql, const char *because) {
  sqlite3 *db;
  char *says = NULL;
  ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
  sqlite3_exec(db, "PRAGMA foreign_keys=ON", NULL, NULL, NULL);
  if (sqlite3_exec(db, sql, NULL, NULL, &says) == SQLITE_OK) ck_abort_msg("accepted: %s", sql);
  if (!strstr(says, because)) ck_abort_msg("%s: %s", sql, says);
  sqlite3_free(says);
  sqlite3_close(db);
}

static void whole_run(void) {
  vx_run_row run = run_info(IMAGES, METHODS);
  write_images(path, &run, NULL, IMAGES);
}

START_TEST(rows_come_back_as_they_went_in) {
  whole_run();
  ck_assert_double_eq(number("SELECT count(*) FROM images"), 12);
  ck_assert_double_eq(number("SELECT count(*) FROM predictions"), 12);
  ck_assert_double_eq(number("SELECT count(*) FROM top5"), 48);
  ck_assert_double_eq(number("SELECT sum(passed) FROM predictions"), 10);
  /* 9 images with a mask through the gate, 3 methods */
  ck_assert_double_eq(number("SELECT count(*) FROM evaluations"), 27);
  ck_assert_double_eq(number("SELECT count(*) FROM maps"), 26);
  ck_assert_double_eq(number("SELECT count(*) FROM failures"), 3);
  ck_assert_double_eq(number("SELECT count(*) FROM scores WHERE value IS NULL"), 3);
  ck_assert_double_eq(number("SELECT y_min FROM objects WHERE image = 1"), 2.5);
  ck_assert_double_eq(number("SELECT truncated IS NULL FROM objects WHERE image = 1"), 1);
  ck_assert_double_eq(number("SELECT iou IS NULL AND tp IS NULL AND void IS NULL FROM per_image"
                             " WHERE image_id = '2007_000005' AND method = 'saliency'"),
                      1);
  /* image 6, rollout: tp 2, fp 0, fn 3, tn 8 */
  const char *where = " FROM per_image WHERE image_id = '2007_000006' AND method = 'rollout'";
  char sql[256];
  snprintf(sql, sizeof sql, "SELECT iou%s", where);
  ck_assert_double_eq(number(sql), 0.4);
  snprintf(sql, sizeof sql, "SELECT f1%s", where);
  ck_assert_double_eq(number(sql), 4.0 / 7);
  snprintf(sql, sizeof sql, "SELECT pixel_accuracy%s", where);
  ck_assert_double_eq(number(sql), 10.0 / 13);
  snprintf(sql, sizeof sql, "SELECT threshold%s", where);
  ck_assert_double_eq(number(sql), 46);
  snprintf(sql, sizeof sql, "SELECT typeof(image_id) = 'text' AND main_class = 'cat' AND predicted LIKE '<b>%%'%s",
           where);
  ck_assert_double_eq(number(sql), 1);
  ck_assert_double_eq(number("SELECT hex(bytes) = '0000C04000000000CDCCCC3D000040C0' FROM maps JOIN images i ON"
                             " i.id = image WHERE i.position = 6 AND kind = 'patch'"),
                      1);
  ck_assert_double_eq(number("PRAGMA application_id"), VX_STORE_APPLICATION);
  ck_assert_double_eq(number("PRAGMA user_version"), VX_STORE_VERSION);
  ck_assert_double_eq(number("SELECT finished IS NOT NULL FROM runs"), 1);
  ck_assert_double_eq(number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
}
END_TEST

START_TEST(views_hold_hand_computed_means) {
  whole_run();
  /* rollout over images 0 1 2 4 5 6 8 9 10: tp = i mod 4, but 0 for the flat image 1; fp 0, tp + fn = 5:
     IoU 0 0 .4 0 .2 .4 0 .2 .4 */
  const char *rollout = " FROM table1 WHERE method = 'rollout'";
  char sql[256];
  snprintf(sql, sizeof sql, "SELECT iou%s", rollout);
  ck_assert_double_eq_tol(number(sql), 100 * 1.6 / 9, 1e-12);
  snprintf(sql, sizeof sql, "SELECT n%s", rollout);
  ck_assert_double_eq(number(sql), 9);
  snprintf(sql, sizeof sql, "SELECT flat%s", rollout);
  ck_assert_double_eq(number(sql), 1);
  snprintf(sql, sizeof sql, "SELECT f1%s", rollout);
  ck_assert_double_eq_tol(number(sql), 100 * (3 * 4 / 7.0 + 2 * 2 / 6.0) / 9, 1e-12);
  ck_assert_double_eq(number("SELECT n FROM table1 WHERE method = 'saliency'"), 8);
  ck_assert_double_eq(number("SELECT trivial FROM table1 WHERE method = 'center'"), 1);
  /* cats are the even images: 0 2 4 6 8 10 */
  ck_assert_double_eq_tol(number("SELECT iou FROM per_class WHERE class = 'cat' AND method = 'rollout'"), 20, 1e-12);
  ck_assert_double_eq(number("SELECT n FROM per_class WHERE class = 'dog' AND method = 'rollout'"), 3);
  /* pooled: 0+0+2+0+1+2+0+1+2 = 8 hits of 9 x 5 object pixels */
  ck_assert_double_eq_tol(number("SELECT iou FROM pooled WHERE method = 'rollout'"), 100 * 8 / 45.0, 1e-12);
  /* gate: 0 1 2 4 5 6 7 8 9 10 */
  ck_assert_double_eq(number("SELECT passed FROM gate"), 10);
  ck_assert_double_eq(number("SELECT passed_index_sum FROM gate"), 52);
  ck_assert_double_eq(number("SELECT count(*) FROM missing WHERE severity = 'failure'"), 2);
  /* the sums that triggers keep are the sums of the rows */
  ck_assert_double_eq(number("SELECT count(*) FROM (SELECT method m, sum(n) n, sum(iou) a, sum(f1_2) b, sum(tn) c"
                             " FROM totals GROUP BY method) JOIN (SELECT method, count(iou) k, sum(iou) x,"
                             " sum(f1 * f1) y, sum(tn) z FROM evaluations GROUP BY method) ON m = method AND n = k"
                             " AND abs(a - x) < 1e-12 AND abs(b - y) < 1e-12 AND c = z"),
                      3);
  /* sizes: 4+5i of 80 pixels: small up to image 0, medium up to 4, large from 5 on */
  ck_assert_double_eq(number("SELECT sum(n) FROM totals WHERE size = 'small' AND method = 1"), 1);
  ck_assert_double_eq(number("SELECT sum(n) FROM totals WHERE size = 'medium' AND method = 1"), 3);
}
END_TEST

START_TEST(a_stopped_run_goes_on_and_ends_alike) {
  whole_run();
  char *undisturbed = dump_text(path);
  remove_path(path);
  vx_run_row run = run_info(IMAGES, METHODS);
  static const int first[] = {11, 3, 5, 0}, rest[] = {10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 11};
  write_images(path, &run, first, 4);
  run.config = "the same, written otherwise\n";
  run.host = "elsewhere";
  write_images(path, &run, rest, 12);
  write_images(path, &run, NULL, 12); /* nothing to do */
  char *resumed = dump_text(path);
  ck_assert_str_eq(resumed, undisturbed);
  ck_assert_double_eq(number("SELECT count(*) FROM runs"), 1);
  free(resumed);
  free(undisturbed);
}
END_TEST

START_TEST(a_method_added_later_extends_the_run) {
  whole_run();
  char *undisturbed = dump_text(path);
  remove_path(path);
  vx_run_row run = run_info(IMAGES, 1);
  write_images(path, &run, NULL, IMAGES);
  run.method_count = METHODS;
  vx_error error;
  vx_store *store;
  OK((store = vx_store_open(path, VX_STORE_WRITE, &error)) != NULL);
  OK(vx_store_begin(store, &run, &error));
  ck_assert(vx_store_continues(store));
  bool missing[METHODS];
  ck_assert_int_eq(vx_store_done(store, 0, missing), VX_DONE_PARTLY);
  ck_assert(!missing[0] && missing[1] && missing[2]);
  ck_assert_int_eq(vx_store_done(store, 3, missing), VX_DONE_ALL); /* not through the gate */
  ck_assert(!missing[0] && !missing[1]);
  ck_assert_int_eq(vx_store_done(store, 7, NULL), VX_DONE_NOTHING); /* no mask: tried again */
  ck_assert_int_eq(vx_store_done(store, 99, NULL), VX_DONE_NOTHING);
  vx_store_close(store);
  write_images(path, &run, NULL, IMAGES);
  char *extended = dump_text(path);
  ck_assert_str_eq(extended, undisturbed);
  free(extended);
  free(undisturbed);
}
END_TEST

/* What a measure added later lacks is told per method and image, and only that is written. */
START_TEST(a_measure_added_later_extends_the_run) {
  whole_run();
  char *undisturbed = dump_text(path);
  remove_path(path);
  vx_run_row run = run_info(IMAGES, METHODS);
  run.metric_count = 2;
  vx_error error;
  vx_store *store;
  OK((store = vx_store_open(path, VX_STORE_WRITE, &error)) != NULL);
  OK(vx_store_begin(store, &run, &error));
  vx_result *result = vx_result_new();
  for (int i = 0; i < IMAGES; i++) {
    fill_result(result, i, METHODS, NULL);
    for (int k = 0; k < result->evaluation_count; k++)
      if (result->evaluations[k].score_count == 2)
        result->evaluations[k].score_count = 1, result->evaluations[k].curve_count = 0;
    OK(vx_store_write(store, result, &error));
  }
  vx_store_close(store);
  run.metric_count = 3;
  OK((store = vx_store_open(path, VX_STORE_WRITE, &error)) != NULL);
  OK(vx_store_begin(store, &run, &error));
  ck_assert(vx_store_continues(store));
  bool missing[METHODS];
  ck_assert_int_eq(vx_store_done(store, 0, missing), VX_DONE_PARTLY);
  ck_assert(!missing[0] && !missing[1] && !missing[2]);
  ck_assert_uint_eq(vx_store_lacking(store, 0, 1), 4);
  ck_assert_uint_eq(vx_store_lacking(store, 5, 1), 7);      /* failed: tried again */
  ck_assert_uint_eq(vx_store_lacking(store, 3, 0), 0);      /* not through the gate */
  ck_assert_uint_eq(vx_store_lacking(store, IMAGES, 0), 7); /* never seen */
  ck_assert_int_eq(vx_store_done(store, 3, NULL), VX_DONE_ALL);
  for (int i = 0; i < IMAGES; i++) {
    fill_result(result, i, METHODS, NULL);
    for (int k = 0; k < result->evaluation_count; k++) {
      if (result->evaluations[k].score_count)
        result->evaluations[k].scores[0].value = 0.125; /* measured before: stays */
      if (result->evaluations[k].status != VX_STATUS_FAILED) result->evaluations[k].iou = 0.125;
    }
    OK(vx_store_write(store, result, &error));
    ck_assert_int_eq(vx_store_done(store, i, NULL), VX_DONE_ALL);
  }
  OK(vx_store_finish(store, &error));
  vx_result_free(result);
  vx_store_close(store);
  char *extended = dump_text(path);
  ck_assert_str_eq(extended, undisturbed);
  free(extended);
  free(undisturbed);
}
END_TEST

/* What failed is replaced when it is written again: the image without a mask (7), the method that made no map (5). */
START_TEST(what_failed_is_tried_again) {
  whole_run();
  vx_run_row run = run_info(IMAGES, METHODS);
  vx_error error;
  vx_store *store;
  vx_result *result = vx_result_new();
  OK((store = vx_store_open(path, VX_STORE_WRITE, &error)) != NULL);
  OK(vx_store_begin(store, &run, &error));
  ck_assert_int_eq(vx_store_done(store, 7, NULL), VX_DONE_NOTHING);
  bool missing[METHODS];
  ck_assert_int_eq(vx_store_done(store, 5, missing), VX_DONE_PARTLY);
  ck_assert(!missing[0] && missing[1] && !missing[2]);
  static const int at[] = {7, 5};
  for (int i = 0; i < 2; i++) {
    fill_result(result, 4, METHODS, NULL); /* as good as that of image 4 */
    char id[32];
    snprintf(id, sizeof id, "2007_%06d", at[i]);
    result->id = id;
    result->position = at[i];
    OK(vx_store_write(store, result, &error));
    ck_assert_int_eq(vx_store_done(store, at[i], NULL), VX_DONE_ALL);
  }
  vx_store_close(store);
  vx_result_free(result);
  ck_assert_double_eq(number("SELECT count(*) FROM images"), IMAGES);
  ck_assert_double_eq(number("SELECT count(*) FROM failures WHERE severity = 'failure'"), 0);
  ck_assert_double_eq(number("SELECT count(*) FROM evaluations WHERE status = 'failed'"), 0);
  ck_assert_double_eq(number("SELECT (SELECT sum(n) FROM totals) - (SELECT count(*) FROM evaluations)"), 0);
}
END_TEST

/* Two processes that do the same run: the second is told, nothing is written twice. */
START_TEST(the_same_image_by_another_process_is_refused) {
  vx_run_row run = run_info(IMAGES, METHODS);
  vx_error error;
  vx_store *one, *two;
  vx_result *result = vx_result_new();
  OK((one = vx_store_open(path, VX_STORE_WRITE, &error)) != NULL);
  OK(vx_store_begin(one, &run, &error));
  OK((two = vx_store_open(path, VX_STORE_WRITE, &error)) != NULL);
  OK(vx_store_begin(two, &run, &error));
  fill_result(result, 0, METHODS, NULL);
  OK(vx_store_write(one, result, &error));
  ck_assert(!vx_store_write(two, result, &error));
  ck_assert_msg(strstr(error.why, "another process works on the same run") != NULL, "%s", error.why);
  vx_store_close(two);
  vx_store_close(one);
  vx_result_free(result);
  ck_assert_double_eq(number("SELECT count(*) FROM images"), 1);
}
END_TEST

static void count_words(void *user, const char *file) {
  ck_assert_str_eq(file, path);
  ++*(int *)user;
}

/* A child holds the file for a moment: the other waits, says so once, and goes on. */
START_TEST(a_wait_is_said_and_ends) {
  whole_run();
  vx_run_row run = run_info(IMAGES, METHODS);
  vx_error error;
  vx_store *store;
  int held[2], said = 0;
  char byte;
  ck_assert_int_eq(pipe(held), 0);
  pid_t child = fork();
  if (child == 0) {
    sqlite3 *db;
    bool ok = sqlite3_open(path, &db) == SQLITE_OK && sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == 0;
    ok = write(held[1], "x", 1) == 1 && ok;
    usleep(1500000);
    _exit(ok && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK ? 0 : 1);
  }
  ck_assert_int_eq((int)read(held[0], &byte, 1), 1);
  OK((store = vx_store_open(path, VX_STORE_WRITE, &error)) != NULL);
  vx_store_on_wait(store, count_words, &said);
  OK(vx_store_begin(store, &run, &error));
  ck_assert_int_eq(said, 1);
  OK(vx_store_finish(store, &error));
  ck_assert_int_eq(said, 1);
  vx_store_close(store);
  int status;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  close(held[0]);
  close(held[1]);
}
END_TEST

/* A child writes image after image and is killed at some moment; the next goes on; in the end nobody can tell. */
START_TEST(killed_at_any_moment_it_ends_alike) {
  enum { MANY = 400 };
  vx_run_row run = run_info(MANY, METHODS);
  write_images(path, &run, NULL, MANY);
  char *undisturbed = dump_text(path);
  remove_path(path);
  srand(20261124);
  int kills = 0;
  for (int round = 0; round < 60 && kills < 10; round++) {
    pid_t child = fork();
    if (child == 0) {
      write_images(path, &run, NULL, MANY);
      _exit(0);
    }
    usleep((useconds_t)(rand() % 30000));
    kill(child, SIGKILL);
    int status;
    waitpid(child, &status, 0);
    kills += WIFSIGNALED(status);
  }
  ck_assert_int_gt(kills, 2);
  write_images(path, &run, NULL, MANY);
  char *resumed = dump_text(path);
  ck_assert(strcmp(resumed, undisturbed) == 0);
  free(resumed);
  free(undisturbed);
}
END_TEST

START_TEST(other_settings_are_another_run) {
  whole_run();
  vx_run_row run = run_info(IMAGES, METHODS);
  run.min_confidence = 0.8;
  write_images(path, &run, NULL, 3);
  run = run_info(IMAGES, METHODS);
  run.scoring.threshold = "0.5";
  write_images(path, &run, NULL, 3);
  ck_assert_double_eq(number("SELECT count(*) FROM runs"), 3);
  ck_assert_double_eq(number("SELECT count(*) FROM table1"), 9);
}
END_TEST

/* vx_store_begin has to refuse, naming `word`. */
static void begin_refused(const vx_run_row *run, const char *word) {
  vx_error error = {.why = ""};
  vx_store *store;
  OK((store = vx_store_open(path, VX_STORE_WRITE, &error)) != NULL);
  ck_assert(!vx_store_begin(store, run, &error));
  if (!strstr(error.why, word)) ck_abort_msg("%s", error.why);
  vx_store_close(store);
}

START_TEST(what_would_mix_results_is_refused) {
  whole_run();
  vx_run_row run = run_info(IMAGES, METHODS);
  run.kernel = "SkylakeX";
  begin_refused(&run, "OPENBLAS_CORETYPE=Generic");
  run = run_info(IMAGES, METHODS);
  run.program = "vitx 9";
  begin_refused(&run, "vitx 9");
  vx_method_row changed[METHODS];
  memcpy(changed, methods, sizeof changed);
  changed[0].parameters = "start_layer=3";
  run = run_info(IMAGES, METHODS);
  run.methods = changed;
  begin_refused(&run, "(start_layer=0), not rollout (start_layer=3)");
  ck_assert_double_eq(number("SELECT place FROM run_methods WHERE name = 'rollout'"), 0); /* nothing was changed */
  vx_metric_row other[3];
  memcpy(other, metrics, sizeof other);
  other[2].parameters = "steps=3";
  run = run_info(IMAGES, METHODS);
  run.metrics = other;
  begin_refused(&run, "measure pointing already, which is pointing (), not pointing (steps=3)");
  run = run_info(IMAGES, METHODS);
  run.methods = changed;
  changed[1].name = "rollout";
  changed[0].parameters = "start_layer=0";
  begin_refused(&run, "rollout");
}
END_TEST

START_TEST(a_wrong_result_leaves_no_trace) {
  vx_run_row run = run_info(IMAGES, METHODS);
  write_images(path, &run, NULL, 2);
  vx_error error;
  vx_store *store;
  OK((store = vx_store_open(path, VX_STORE_WRITE, &error)) != NULL);
  vx_result *result = vx_result_new();
  fill_result(result, 4, METHODS, NULL);
  ck_assert(!vx_store_write(store, result, &error)); /* no run begun */
  OK(vx_store_begin(store, &run, &error));
  result->evaluations[2].iou = 1.5;
  ck_assert(!vx_store_write(store, result, &error));
  ck_assert(strstr(error.why, "iou"));
  result->evaluations[2].iou = 0.5;
  result->evaluations[2].method = METHODS;
  ck_assert(!vx_store_write(store, result, &error));
  result->evaluations[2].method = 1; /* twice the same */
  ck_assert(!vx_store_write(store, result, &error));
  ck_assert_int_eq(vx_store_done(store, 4, NULL), VX_DONE_NOTHING);
  fill_result(result, IMAGES, METHODS, NULL);
  ck_assert(!vx_store_write(store, result, &error)); /* beyond the list */
  fill_result(result, 1, METHODS, NULL);
  result->id = "somebody else";
  ck_assert(!vx_store_write(store, result, &error));
  ck_assert(strstr(error.why, "2007_000001"));
  vx_result_free(result);
  vx_store_close(store);
  ck_assert_double_eq(number("SELECT count(*) FROM images"), 2);
  ck_assert_double_eq(number("SELECT count(*) FROM evaluations"), 6);
}
END_TEST

START_TEST(the_schema_defends_itself) {
  whole_run();
  refused("UPDATE evaluations SET iou = 1", "written once");
  refused("DELETE FROM evaluations", "with their scoring");
  refused("INSERT INTO evaluations (scoring, method, image, status) VALUES (1, 1, 4, 'great')", "CHECK");
  refused("INSERT INTO evaluations (scoring, method, image, status) VALUES (1, 1, 99, 'ok')", "FOREIGN KEY");
  refused("INSERT INTO evaluations (scoring, method, image, status, iou) VALUES (1, 1, 4, 'ok', 'half')", "REAL");
  refused("INSERT INTO images (run, position, image_id, size, main_class) VALUES (1, 0, 'x', 'none', 1)", "UNIQUE");
  refused("INSERT INTO images (run, position, image_id, size, main_class) VALUES (1, 50, '2007_000001', 'none', 1)",
          "UNIQUE");
  sqlite3 *db;
  ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
  sqlite3_exec(db, "PRAGMA foreign_keys=ON", NULL, NULL, NULL);
  ck_assert_int_eq(sqlite3_exec(db, "DELETE FROM runs", NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
  ck_assert_double_eq(number("SELECT (SELECT count(*) FROM evaluations) + (SELECT count(*) FROM totals) +"
                             " (SELECT count(*) FROM images) + (SELECT count(*) FROM maps) +"
                             " (SELECT count(*) FROM labels) + (SELECT count(*) FROM scores)"),
                      0);
}
END_TEST

static void write_file(const char *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  fwrite(bytes, 1, size, file);
  fclose(file);
}

static void open_refused(const char *file, vx_store_mode mode, const char *word) {
  vx_error error = {.why = ""};
  ck_assert_ptr_null(vx_store_open(file, mode, &error));
  if (!strstr(error.why, word)) ck_abort_msg("%s: %s", error.where, error.why);
  ck_assert_str_eq(error.where, file);
}

static void change(const char *sql) {
  sqlite3 *db;
  ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
  ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
}

START_TEST(files_that_are_not_ours_are_named) {
  open_refused(path, VX_STORE_READ, "No such file");
  open_refused("/nowhere/at/all.sqlite", VX_STORE_WRITE, "no folder /nowhere/at");
  open_refused("/tmp", VX_STORE_WRITE, "is a folder");
  write_file("", 0);
  open_refused(path, VX_STORE_READ, "holds no run");
  char text[4096];
  memset(text, 'x', sizeof text);
  write_file(text, sizeof text);
  open_refused(path, VX_STORE_READ, "not an SQLite database");
  open_refused(path, VX_STORE_WRITE, "not an SQLite database");
  unlink(path);
  change("CREATE TABLE guests (name TEXT)");
  open_refused(path, VX_STORE_WRITE, "another program");
  unlink(path);
  change("PRAGMA application_id = 77; CREATE TABLE guests (name TEXT)");
  open_refused(path, VX_STORE_READ, "0x0000004d");
  unlink(path);
  whole_run();
  change("PRAGMA user_version = 99");
  open_refused(path, VX_STORE_READ, "newer");
  change("PRAGMA user_version = 1");
  open_refused(path, VX_STORE_WRITE, "has version 1, this vitx knows version 4: it was made by an older one");
}
END_TEST

START_TEST(an_empty_file_becomes_a_results_file) {
  write_file("", 0);
  whole_run();
  ck_assert_double_eq(number("SELECT count(*) FROM runs"), 1);
}
END_TEST

/* A truncated or damaged file is an error or reads as what is left of it; never a crash. */
START_TEST(damaged_files_do_no_harm) {
  whole_run();
  struct stat about;
  ck_assert_int_eq(stat(path, &about), 0);
  size_t size = (size_t)about.st_size;
  char *bytes = malloc(size), *spoilt = malloc(size);
  FILE *file = fopen(path, "rb");
  ck_assert_uint_eq(fread(bytes, 1, size, file), size);
  fclose(file);
  srand(5);
  for (int trial = 0; trial < 60; trial++) {
    memcpy(spoilt, bytes, size);
    size_t left = size;
    if (trial % 2) left = (size_t)rand() % size;
    for (int i = 0; i < 40 && left > 200; i++) spoilt[100 + (size_t)rand() % (left - 100)] ^= (char)(1 + rand() % 255);
    remove_path(path);
    write_file(spoilt, left);
    vx_error error = {.why = ""};
    vx_store *store = vx_store_open(path, VX_STORE_READ, &error);
    bool ok = false;
    if (store) {
      FILE *nowhere = fopen("/dev/null", "w");
      ok = vx_store_dump(store, 0, nowhere, &error);
      fclose(nowhere);
    }
    if (!ok) ck_assert_int_ne(error.why[0], 0);
    vx_store_close(store);
  }
  free(spoilt);
  free(bytes);
}
END_TEST

START_TEST(a_dump_has_every_row_and_no_time) {
  whole_run();
  char *text = dump_text(path);
  const char *lines[] = {"\nimage\t6\t2007_000006\t10\t8\t34\t3\t0.42499999999999999\tlarge\t1\t00ff\n",
                         "\nevaluation\tmain\trollout\t6\t-\tok\t46\t2\t0\t3\t8\t3\t0.40000000000000002\t",
                         "\nevaluation\tmain\tsaliency\t5\t1\tfailed\t-\t-\t-\t-\t-\t-\t-\t-\t-\n",
                         "\nscore\tmain\tcenter\t4\tpointing\t-\n",
                         "\ncurve\tmain\tcenter\t4\tpointing\tsteps\t",
                         "\nfailure\t2\t-\twarning\tannotation\t2.xml\tline 3:\\tbroken\n",
                         "\nfailure\t5\tsaliency\tfailure\tmethod\tsaliency\tnot finite\n"};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    if (!strstr(text, lines[i])) ck_abort_msg("no line %s in\n%s", lines[i], text);
  }
  ck_assert_ptr_null(strstr(text, "here"));
  ck_assert_ptr_null(strstr(text, "2026-"));
  free(text);
}
END_TEST

START_TEST(counts_tell_where_a_run_stands) {
  whole_run();
  vx_error error;
  vx_store *store;
  vx_store_counts counts;
  OK((store = vx_store_open(path, VX_STORE_READ, &error)) != NULL);
  OK(vx_store_count(store, 1, &counts, &error));
  ck_assert_int_eq(counts.images, 12);
  ck_assert_int_eq(counts.done, 12);
  ck_assert_int_eq(counts.passed, 10);
  ck_assert_int_eq(counts.failed, 2);
  ck_assert_int_eq(counts.warnings, 1);
  ck_assert_int_eq(counts.evaluations, 26);
  ck_assert_int_eq((int)counts.passed_index_sum, 52);
  ck_assert(!vx_store_count(store, 9, &counts, &error));
  vx_store_close(store);
}
END_TEST

/* A finished file can be read where nobody may write, also under a name that means something in a URI. */
START_TEST(read_only_folders_can_be_read) {
  char folder[300], inside[400];
  whole_run();
  snprintf(folder, sizeof folder, "%s.d", path);
  snprintf(inside, sizeof inside, "%s/50%% #1?.sqlite", folder);
  mkdir(folder, 0755);
  ck_assert_int_eq(rename(path, inside), 0);
  chmod(inside, 0444);
  chmod(folder, 0555);
  pid_t child = fork(); /* as nobody where the test runs as root, who may write everywhere */
  if (child == 0) {
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(77);
    vx_error error;
    vx_store *store = vx_store_open(inside, VX_STORE_READ, &error);
    vx_store_counts counts;
    if (!store) fprintf(stderr, "%s: %s\n", error.where, error.why);
    _exit(store && vx_store_count(store, 1, &counts, &error) && counts.passed == 10 ? 0 : 1);
  }
  int status;
  waitpid(child, &status, 0);
  ck_assert_int_eq(status, 0);
  chmod(folder, 0755);
  unlink(inside);
  rmdir(folder);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("store");
  tcase_add_checked_fixture(cases, setup, teardown);
  tcase_add_test(cases, rows_come_back_as_they_went_in);
  tcase_add_test(cases, views_hold_hand_computed_means);
  tcase_add_test(cases, a_stopped_run_goes_on_and_ends_alike);
  tcase_add_test(cases, a_method_added_later_extends_the_run);
  tcase_add_test(cases, a_measure_added_later_extends_the_run);
  tcase_add_test(cases, what_failed_is_tried_again);
  tcase_add_test(cases, the_same_image_by_another_process_is_refused);
  tcase_add_test(cases, a_wait_is_said_and_ends);
  tcase_add_test(cases, killed_at_any_moment_it_ends_alike);
  tcase_add_test(cases, other_settings_are_another_run);
  tcase_add_test(cases, what_would_mix_results_is_refused);
  tcase_add_test(cases, a_wrong_result_leaves_no_trace);
  tcase_add_test(cases, the_schema_defends_itself);
  tcase_add_test(cases, files_that_are_not_ours_are_named);
  tcase_add_test(cases, an_empty_file_becomes_a_results_file);
  tcase_add_test(cases, damaged_files_do_no_harm);
  tcase_add_test(cases, a_dump_has_every_row_and_no_time);
  tcase_add_test(cases, counts_tell_where_a_run_stands);
  tcase_add_test(cases, read_only_folders_can_be_read);
  return run_suite("store", cases);
}
