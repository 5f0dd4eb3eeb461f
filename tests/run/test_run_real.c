/* The main job on real pictures with a real ViT, against an independent implementation's numbers (../shared). */
#include <jansson.h>

#include "tests/support/run_files.h"

static char folder[512], path[600];

static void setup(void) {
  make_folder(folder);
  snprintf(path, sizeof path, "%s/real.sqlite", folder);
}

static void teardown(void) {
  remove_folder(folder);
}

static json_t *golden(const char *name) {
  char file[1024], whole[200];
  json_error_t error;
  snprintf(whole, sizeof whole, "golden/real/%s", name);
  if (!shared_path(whole, file)) return NULL;
  json_t *json = json_load_file(file, 0, &error);
  ck_assert_msg(json != NULL, "%s: %s", file, error.text);
  return json;
}

/* The beginning of a configuration on shared data: model, data, and `rest`. */
static bool shared_yaml(const char *model, const char *data, const char *split, const char *rest, char yaml[4000]) {
  char model_path[1024], data_path[1024];
  if (model[0] == '.')
    snprintf(model_path, sizeof model_path, "%s", model + 2);
  else if (!shared_path(model, model_path))
    return false;
  if (!shared_path(data, data_path)) return false;
  snprintf(yaml, 4000, "model: %s\ndata: {root: %s, split: %s}\n%s", model_path, data_path, split, rest);
  return true;
}

static const char TINY[] = "models/vit-tiny-patch16-224", MICRO[] = "./tests/golden/models/vit-micro";
static const char SUBSET[] = "voc2012-subset/VOC2012", REAL[] = "voc-real/VOC2012";

/* ---- rows
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct scores {
  double threshold, iou, f1, accuracy;
} scores;

/* One evaluation; false when there is none. */
static bool scores_of(sqlite3_stmt *read, const char *id, const char *method, scores *out) {
  sqlite3_reset(read);
  sqlite3_bind_text(read, 1, id, -1, SQLITE_STATIC);
  sqlite3_bind_text(read, 2, method, -1, SQLITE_STATIC);
  if (sqlite3_step(read) != SQLITE_ROW) return false;
  *out = (scores){sqlite3_column_double(read, 0), sqlite3_column_double(read, 1), sqlite3_column_double(read, 2),
                  sqlite3_column_double(read, 3)};
  return true;
}

static const char SCORES[] =
    "SELECT threshold, iou, f1, pixel_accuracy FROM per_image WHERE image_id = ?1 AND method = ?2";

static sqlite3 *open_file(const char *sql, sqlite3_stmt **read) {
  sqlite3 *db;
  ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
  if (sqlite3_prepare_v2(db, sql, -1, read, NULL) != SQLITE_OK) ck_abort_msg("%s", sqlite3_errmsg(db));
  return db;
}

static double at(const json_t *list, size_t index) {
  return json_number_value(json_array_get(list, index));
}

/* ---- voc-real
 * --------------------------------------------------------------------------------------------------------- */

START_TEST(three_of_six_have_masks) {
  char yaml[4000];
  const char *rest =
      "min_confidence: 0\nmethods: [raw-attention, rollout, saliency, attn-gradcam, ag-cam, foreground]\n";
  if (!shared_yaml(MICRO, REAL, "val", rest, yaml)) return;
  run_it((run_request){.yaml = yaml, .out = path, .jobs = 2});
  ck_assert_double_eq(number_of(path, "SELECT count(DISTINCT image_id) FROM per_image"), 3);
  ck_assert_double_eq(number_of(path, "SELECT count(*) FROM failures"), 0);
  remove(path);
  ck_assert(shared_yaml(MICRO, REAL, "trainval", rest, yaml));
  run_it((run_request){.yaml = yaml, .out = path, .jobs = 2});
  ck_assert_double_eq(number_of(path, "SELECT count(DISTINCT image_id) FROM per_image"), 3);
  ck_assert_double_eq(number_of(path, "SELECT count(*) FROM failures WHERE severity = 'failure' AND stage = 'mask'"),
                      3);
  ck_assert_double_eq(number_of(path, "SELECT count(*) FROM predictions"), 6);
}
END_TEST

/* Classes, probabilities (1e-4), thresholds (1) and scores (0.002) of the six pictures. */
START_TEST(six_real_pictures) {
  char yaml[4000];
  json_t *expected = golden("expected.json");
  if (!expected || !shared_yaml(TINY, REAL, "trainval", "min_confidence: 0\nmethods: all\n", yaml)) return;
  run_it((run_request){.yaml = yaml, .out = path, .jobs = 2});
  sqlite3_stmt *read, *predicted;
  sqlite3 *db = open_file(SCORES, &read);
  ck_assert_int_eq(sqlite3_prepare_v2(db,
                                      "SELECT p.label, p.probability FROM predictions p JOIN images i ON i.id = "
                                      "p.image WHERE i.image_id = ?1",
                                      -1, &predicted, NULL),
                   SQLITE_OK);
  const char *id, *method;
  json_t *image, *score;
  int compared = 0;
  json_object_foreach(expected, id, image) {
    sqlite3_reset(predicted);
    sqlite3_bind_text(predicted, 1, id, -1, SQLITE_STATIC);
    ck_assert_int_eq(sqlite3_step(predicted), SQLITE_ROW);
    ck_assert_int_eq(sqlite3_column_int(predicted, 0), json_integer_value(json_object_get(image, "top")));
    ck_assert_double_eq_tol(sqlite3_column_double(predicted, 1), json_real_value(json_object_get(image, "probability")),
                            1e-4);
    json_object_foreach(json_object_get(image, "scores"), method, score) {
      scores s;
      if (!scores_of(read, id, method, &s)) ck_abort_msg("%s: no scores of %s", id, method);
      compared++;
      double iou = json_number_value(json_object_get(score, "iou")),
             f1 = json_number_value(json_object_get(score, "f1"));
      double accuracy = json_number_value(json_object_get(score, "pixel_accuracy"));
      double threshold = json_number_value(json_object_get(score, "threshold"));
      if (!(fabs(s.iou - iou) <= 0.002 && fabs(s.f1 - f1) <= 0.002 && fabs(s.accuracy - accuracy) <= 0.002 &&
            fabs(s.threshold - threshold) <= 1))
        ck_abort_msg("%s %s: %g %g %g at %g, expected %g %g %g at %g", id, method, s.iou, s.f1, s.accuracy, s.threshold,
                     iou, f1, accuracy, threshold);
    }
  }
  printf("six real pictures: %d rows compared\n", compared);
  ck_assert_int_gt(compared, 50);
  sqlite3_finalize(read);
  sqlite3_finalize(predicted);
  sqlite3_close(db);
  json_decref(expected);
}
END_TEST

/* ---- the subset
 * -------------------------------------------------------------------------------------------------------- */

/* Which images are above the gate: all, ties of 1e-4 aside. */
static void check_gate(const json_t *images, double gate) {
  sqlite3_stmt *read;
  sqlite3 *db = open_file("SELECT i.image_id, p.label, p.probability, p.passed FROM images i JOIN predictions p ON "
                          "p.image = i.id",
                          &read);
  int seen = 0;
  while (sqlite3_step(read) == SQLITE_ROW) {
    const json_t *image = json_object_get(images, (const char *)sqlite3_column_text(read, 0));
    double p = json_real_value(json_object_get(image, "probability"));
    seen++;
    ck_assert_int_eq(sqlite3_column_int(read, 1), json_integer_value(json_object_get(image, "top")));
    ck_assert_double_eq_tol(sqlite3_column_double(read, 2), p, 1e-4);
    if (fabs(p - gate) > 1e-4) ck_assert_int_eq(sqlite3_column_int(read, 3), p > gate);
  }
  ck_assert_int_eq(seen, (int)json_object_size(images));
  sqlite3_finalize(read);
  sqlite3_close(db);
}

typedef struct sums {
  int n, off; /* off: more than 0.005 from the expected */
  double mean[3], expected[3];
} sums;

static void add_to(sums *all, const scores *s, const json_t *expected) {
  double got[3] = {s->iou, s->f1, s->accuracy}, worst = 0;
  for (size_t k = 0; k < 3; k++) {
    all->mean[k] += got[k];
    all->expected[k] += at(expected, k);
    worst = fmax(worst, fabs(got[k] - at(expected, k)));
  }
  all->n++;
  all->off += !(worst <= 0.005);
}

static void check_means(const sums *all, const char *method) {
  for (int k = 0; k < 3; k++)
    if (!(fabs(all->mean[k] - all->expected[k]) * 100 / all->n <= 0.05))
      ck_abort_msg("%s: mean %d is %.3f, expected %.3f", method, k, 100 * all->mean[k] / all->n,
                   100 * all->expected[k] / all->n);
}

static const char FILE_SUBSET[] = "min_confidence: 0.85\ninput: {resize: squash, filter: bilinear}\nmethods: ";

/* Every method that voc-subset.json lists: per-image scores within 0.005 for 99 %, means within 0.05 points. */
static void check_subset(const json_t *images) {
  sqlite3_stmt *read;
  sqlite3 *db = open_file(SCORES, &read);
  const json_t *first = json_object_get(json_object_get((json_t *)images, "2007_000033"), "scores");
  const char *method, *id;
  json_t *unused, *image;
  int rows = 0, off = 0;
  json_object_foreach((json_t *)first, method, unused) {
    sums all = {0};
    json_object_foreach((json_t *)images, id, image) {
      const json_t *expected = json_object_get(json_object_get(json_object_get(image, "scores"), method), "ignore");
      scores s;
      if (expected && scores_of(read, id, method, &s)) add_to(&all, &s, expected);
    }
    if (all.n == 0) ck_abort_msg("no scores of %s", method);
    printf("%-26s n %d, IoU %.2f (%.2f), %d more than 0.005 off\n", method, all.n, 100 * all.mean[0] / all.n,
           100 * all.expected[0] / all.n, all.off);
    check_means(&all, method);
    rows += all.n;
    off += all.off;
  }
  printf("%d of %d rows more than 0.005 off\n", off, rows);
  ck_assert_int_le(100 * off, rows);
  sqlite3_finalize(read);
  sqlite3_close(db);
}

/* The stabilised methods' means, at delta = 0.01. */
static void check_stable(void) {
  static const char *const ids[] = {"transformer-attribution", "lrp-rollout", "partial-lrp", "lrp"};
  json_t *json = golden("voc-subset-stable.json");
  if (!json) return;
  sqlite3_stmt *read;
  sqlite3 *db = open_file(SCORES, &read);
  for (int i = 0; i < 4; i++) {
    char key[64], name[64];
    snprintf(key, sizeof key, "%s@0.01", ids[i]);
    snprintf(name, sizeof name, "%s-stable", ids[i]);
    sums all = {0};
    const char *id;
    json_t *image;
    json_object_foreach(json_object_get(json, "images"), id, image) {
      scores s;
      const json_t *expected = json_object_get(image, key);
      if (expected && scores_of(read, id, name, &s)) add_to(&all, &s, expected);
    }
    ck_assert_int_gt(all.n, 80);
    printf("%-30s n %d, IoU %.2f (%.2f)\n", name, all.n, 100 * all.mean[0] / all.n, 100 * all.expected[0] / all.n);
    check_means(&all, name);
  }
  sqlite3_finalize(read);
  sqlite3_close(db);
  json_decref(json);
}

START_TEST(the_subset) {
  char yaml[4000], rest[1000];
  json_t *json = golden("voc-subset.json");
  snprintf(rest, sizeof rest,
           "%s[raw-attention, rollout, saliency, gradient-x-input, cam, gradcam, attn-gradcam, "
           "ag-cam, ag-cam-full, i-saw, attention-gradient, generic-attention, transformer-attribution, lrp-rollout, "
           "partial-lrp, lrp, transformer-attribution-stable, lrp-rollout-stable, partial-lrp-stable, "
           "lrp-stable, foreground, center]\n",
           FILE_SUBSET);
  if (!json || !shared_yaml(TINY, SUBSET, "subset", rest, yaml)) return;
  run_it((run_request){.yaml = yaml, .out = path, .jobs = 2});
  ck_assert_double_eq(number_of(path, "SELECT count(*) FROM failures WHERE severity = 'failure'"), 0);
  check_gate(json_object_get(json, "images"), 0.85);
  check_subset(json_object_get(json, "images"));
  check_stable();
  json_decref(json);
}
END_TEST

/* Table 1's protocol on the subset's val images: the same 38, the fingerprint of their val indices, all scores within
   0.005 but one, means within 0.05 points; 7 flat maps. */
START_TEST(table_1s_protocol) {
  char yaml[4000];
  json_t *json = golden("table1-protocol.json");
  const char *rest = "input: {resize: squash, filter: bilinear, arithmetic: float, normalize: none}\n"
                     "min_confidence: 0.85\nmethods: [attn-gradcam, ag-cam]\n"
                     "score: {size: input, threshold: otsu, foreground: any, void: foreground, mask_resize: opencv}\n";
  if (!json || !shared_yaml(TINY, SUBSET, "subset-val", rest, yaml)) return;
  run_it((run_request){.yaml = yaml, .out = path, .jobs = 2});
  json_t *images = json_object_get(json, "images"), *image;
  check_gate(images, 0.85);
  ck_assert_double_eq(number_of(path, "SELECT passed FROM gate"), 38);
  ck_assert_double_eq(number_of(path, "SELECT passed_index_sum FROM gate"), 5909);
  ck_assert_double_eq(number_of(path, "SELECT flat FROM table1 WHERE method = 'attn-gradcam'"), 7);
  sqlite3_stmt *read;
  sqlite3 *db = open_file(SCORES, &read);
  static const char *const methods[] = {"attn-gradcam", "ag-cam"};
  for (int m = 0; m < 2; m++) {
    sums all = {0};
    const char *id;
    json_object_foreach(images, id, image) {
      scores s;
      const json_t *expected = json_object_get(json_object_get(image, methods[m]), "otsu");
      if (scores_of(read, id, methods[m], &s)) add_to(&all, &s, expected);
    }
    ck_assert_int_eq(all.n, 38);
    ck_assert_int_le(all.off, 1);
    check_means(&all, methods[m]);
  }
  sqlite3_finalize(read);
  sqlite3_close(db);
  json_decref(json);
}
END_TEST

int main(void) {
  if (access(shared_folder(), R_OK) != 0) {
    printf("SKIPPED: %s is not there\n", shared_folder());
    return 77;
  }
  TCase *tcase = tcase_create("real");
  tcase_set_timeout(tcase, 1700);
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, three_of_six_have_masks);
  tcase_add_test(tcase, six_real_pictures);
  tcase_add_test(tcase, table_1s_protocol);
  tcase_add_test(tcase, the_subset);
  return run_suite("real", tcase);
}
