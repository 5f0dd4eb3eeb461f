/* The scoring chain against the golden scores: heat map and mask in, threshold, counts and scores out. */
#include "metrics/measure.h"

#include "tests/metrics/score_files.h"
#include "tests/support/suite.h"

#include <dirent.h>
#include <math.h>

static int tried; /* keys compared */

/* size.mask_resize.foreground.void of one file against the stored seven numbers */
static void check_key(const golden *g, const char *path, const char *key, const uint8_t *labels, int h, int w) {
  char text[128], *rest = text;
  snprintf(text, sizeof text, "%s", key);
  const char *size = strsep(&rest, "."), *arithmetic = strsep(&rest, "."), *foreground = strsep(&rest, "."),
             *void_is = rest;
  int rows, columns, out_h = strcmp(size, "image") == 0 ? h : atoi(size);
  int out_w = strcmp(size, "image") == 0 ? w : out_h;
  char name[128];
  snprintf(name, sizeof name, "otsu.%s", size);
  double *otsu = golden_tensor(g, name, &rows, &columns), *expected = golden_tensor(g, key, &rows, &columns);
  double *map = golden_tensor(g, "heat", &rows, &columns);
  uint8_t *truth = make_truth(labels, h, w, out_h, out_w, arithmetic, foreground, void_is);

  vx_heat heat = {0};
  vx_levels levels;
  vx_case in;
  vx_error error;
  ck_assert_msg(vx_heat_from_map(&heat, map, rows, columns, out_h, out_w, &error), "%s", error.why);
  ck_assert(vx_case_prepare(&heat, truth, &(vx_scoring){0}, &levels, &in, &error));
  double scores[VX_MEASURE_COLUMNS];
  ck_assert(vx_measure_find("overlap")->measure(&in, NULL, scores, &error));
  const vx_counts c = in.cut.counts;
  const double got[7] = {scores[0], scores[1], scores[2], (double)c.tp, (double)c.fp, (double)c.fn, (double)c.tn};
  ck_assert_msg(in.cut.threshold == otsu[0], "%s %s: threshold %g, golden %g", path, key, in.cut.threshold, otsu[0]);
  for (int i = 0; i < 7; i++)
    ck_assert_msg(fabs(got[i] - expected[i]) < 1e-12, "%s %s [%d]: %.17g, golden %.17g", path, key, i, got[i],
                  expected[i]);
  tried++;

  /* the mask itself gives the same counts */
  uint8_t *mask = malloc((size_t)out_h * (size_t)out_w);
  vx_threshold_mask(&in.scoring.threshold, &heat, in.cut.threshold, mask);
  vx_counts counted = vx_count(mask, truth, (size_t)out_h * (size_t)out_w);
  ck_assert_mem_eq(&counted, &c, sizeof c);
  free(mask);
  free(truth);
  free(map);
  free(expected);
  free(otsu);
  vx_heat_free(&heat);
}

static void check_folder(const char *folder) {
  DIR *d = opendir(folder);
  ck_assert_msg(d != NULL, "%s is missing", folder);
  for (struct dirent *entry; (entry = readdir(d));) {
    char path[512], *end;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (!(end = strstr(path, ".safetensors"))) continue;
    golden g = golden_open(path);
    strcpy(end, ".png");
    int h, w;
    uint8_t *labels = read_labels(path, &h, &w);
    const char *key;
    json_t *value;
    json_object_foreach(g.header, key, value) {
      int dots = 0;
      for (const char *c = key; *c; c++) dots += *c == '.';
      if (dots == 3) check_key(&g, path, key, labels, h, w);
    }
    free(labels);
    golden_close(&g);
  }
  closedir(d);
}

START_TEST(golden_scores) {
  tried = 0;
  check_folder("tests/golden/score");
  ck_assert_int_ge(tried, 5 * 27);
}
END_TEST

/* The older files: threshold, mask at 224 by both arithmetics, min-max map, and scores at the picture's size. */
static void check_older(const char *path, const char *png) {
  golden g = golden_open(path);
  int h, w, rows, columns;
  uint8_t *labels = read_labels(png, &h, &w);
  double *map = golden_tensor(&g, "heat", &rows, &columns);
  vx_heat heat = {0};
  vx_error error;
  int mh, mw;
  double *otsu = golden_tensor(&g, "otsu", &mh, &mw), *normalised = golden_tensor(&g, "normalised", &mh, &mw);
  ck_assert(vx_heat_from_map(&heat, map, rows, columns, mh, mw, &error));
  int wrong = 0; /* an assertion a pixel would take longer than the work */
  for (size_t i = 0; i < (size_t)mh * (size_t)mw; i++) wrong += !(fabs(heat.h[i] - normalised[i]) < 1e-6);
  ck_assert_double_eq(vx_threshold_otsu(&heat), otsu[0]);
  double *mask = golden_tensor(&g, "mask", &mh, &mw);
  for (size_t i = 0; i < (size_t)mh * (size_t)mw; i++) wrong += (heat.u[i] > otsu[0]) != (mask[i] != 0);
  ck_assert_int_eq(wrong, 0);
  static const char *const keys[4][3] = {{"any.void_ignored", "any", "ignore"},
                                         {"any.void_background", "any", "background"},
                                         {"class12.void_ignored", "class=12", "ignore"},
                                         {"class12.void_background", "class=12", "background"}};
  for (int k = 0; k < 4; k++) {
    uint8_t *truth = make_truth(labels, h, w, mh, mw, "pillow", keys[k][1], keys[k][2]);
    int one, n;
    double *expected = golden_tensor(&g, keys[k][0], &one, &n), scores[VX_MEASURE_COLUMNS];
    vx_levels levels;
    vx_case in;
    ck_assert(vx_case_prepare(&heat, truth, &(vx_scoring){0}, &levels, &in, &error));
    vx_measure_find("overlap")->measure(&in, NULL, scores, &error);
    for (int i = 0; i < 3; i++)
      ck_assert_msg(fabs(scores[i] - expected[i]) < 1e-12, "%s %s [%d]: %.17g, golden %.17g", path, keys[k][0], i,
                    scores[i], expected[i]);
    free(expected);
    free(truth);
    tried++;
  }
  free(mask);
  free(normalised);
  free(otsu);
  free(map);
  free(labels);
  vx_heat_free(&heat);
  golden_close(&g);
}

START_TEST(shared_golden_scores) {
  const char *shared = getenv("VITX_SHARED");
  char folder[256], path[512], png[512];
  snprintf(folder, sizeof folder, "%s/golden/score", shared ? shared : "../shared");
  DIR *d = opendir(folder);
  if (!d) {
    printf("SKIPPED: the rest of the golden scores, %s is not there\n", folder);
    return;
  }
  closedir(d);
  tried = 0;
  check_folder(folder);
  for (int i = 0; i < 6; i++) {
    snprintf(path, sizeof path, "%s/%d.safetensors", folder, i);
    snprintf(png, sizeof png, "%s/%d.png", folder, i);
    check_older(path, png);
  }
  ck_assert_int_ge(tried, 6 * 27 + 6 * 4);
}
END_TEST

int main(void) {
  TCase *golden_case = tcase_create("golden");
  tcase_add_test(golden_case, golden_scores);
  tcase_add_test(golden_case, shared_golden_scores);
  return run_suite("score", golden_case);
}
