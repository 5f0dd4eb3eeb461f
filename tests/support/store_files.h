/* Small results files for the tests of the store: a run of three methods over a list of images, scores made up. */
#ifndef VX_TEST_STORE_FILES_H
#define VX_TEST_STORE_FILES_H

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/store/dump.h"
#include "harness/store/store.h"
#include "metrics/overlap.h"

enum { METHODS = 3, IMAGES = 12, LABELS = 4, GRID = 2 };

static const vx_method_row methods[METHODS] = {
    {.name = "rollout",
     .explainer = "rollout",
     .title = "Rollout",
     .family = "attention",
     .source = "Abnar 2020",
     .parameters = "start_layer=0"},
    {.name = "saliency",
     .explainer = "saliency",
     .title = "Saliency",
     .family = "gradient",
     .source = "Simonyan 2014",
     .class_specific = true,
     .parameters = "",
     .pixel_map = true},
    {.name = "center",
     .explainer = "center",
     .title = "Centre",
     .family = "trivial",
     .source = "-",
     .trivial = true,
     .parameters = "",
     .pixel_map = true},
};

static const vx_metric_row metrics[] = {
    {.name = "overlap", .measure = "overlap", .kind = "truth", .parameters = "", .columns = ""},
    {.name = "oracle", .measure = "oracle", .kind = "truth", .parameters = "", .columns = "oracle_iou"},
    {.name = "pointing", .measure = "pointing", .kind = "truth", .parameters = "", .columns = "pointing"},
};

static const char *const class_names[] = {"background", "cat", "dog"};
static const char *const label_names[LABELS] = {"tabby", "beagle", "<b>\"rock\"</b>", "pug"};
static const int label_classes[LABELS] = {1, 2, -1, 2};

static inline vx_run_row run_info(int images, int method_count) {
  return (vx_run_row){
      .name = "tiny",
      .config = "model: m\ndata: {root: VOC}\nmethods: [rollout]\n",
      .model = "models/tiny",
      .model_digest = "0123456789abcdef",
      .data = "VOC val",
      .data_digest = "fedcba9876543210",
      .input = "resize=squash size=4",
      .min_confidence = 0.85,
      .target = "top",
      .output = "logit",
      .precision = "mixed",
      .metrics = metrics,
      .metric_count = 3,
      .seed = 7,
      .scoring = {.name = "main",
                  .size = "input",
                  .threshold = "otsu",
                  .foreground = "any",
                  .void_pixels = "ignore",
                  .mask_resize = "pillow",
                  .pixel_accuracy = "accuracy",
                  .aggregate = "mean"},
      .input_side = 4,
      .grid = GRID,
      .image_count = images,
      .program = "vitx test",
      .openblas = "OpenBLAS 0",
      .kernel = "Generic",
      .host = "here",
      .data_classes = class_names,
      .data_class_count = 3,
      .labels = label_names,
      .label_class = label_classes,
      .label_count = LABELS,
      .methods = methods,
      .method_count = method_count,
  };
}

static inline void set_counts(vx_evaluation *e, int tp, int fp, int fn, int tn) {
  vx_counts c = {.tp = tp, .fp = fp, .fn = fn, .tn = tn};
  e->tp = tp, e->fp = fp, e->fn = fn, e->tn = tn, e->void_pixels = 16 - tp - fp - fn - tn;
  e->iou = vx_iou(&c), e->f1 = vx_f1(&c), e->pixel_accuracy = vx_pixel_accuracy(&c);
}

/* Image i: every fourth does not pass the gate; the seventh has no mask; the others get counts that depend on i and
   the method. `which`: methods wanted, NULL for all. */
static inline void fill_result(vx_result *r, int i, int method_count, const bool *which) {
  char id[32];
  snprintf(id, sizeof id, "2007_%06d", i);
  ck_assert(vx_result_reset(r, i, id));
  bool mask = i != 7;
  r->width = 10, r->height = 8;
  if (mask) r->object_pixels = 4 + 5 * i, r->void_pixels = 3, r->main_class = 1 + i % 2, r->mask_digest = "00ff";
  r->prediction.known = true;
  r->prediction.top_count = LABELS;
  r->prediction.passed = i % 4 != 3 || i == 7;
  int first = i == 10 ? 1 : i % LABELS; /* a cat taken for a beagle */
  for (int k = 0; k < LABELS; k++) {
    r->prediction.top[k] = (vx_top){(first + k) % LABELS, k ? 0.01 / k : r->prediction.passed ? 0.9 + i / 1000.0 : 0.5};
  }
  int class = label_classes[first];
  r->prediction.correct = mask ? class == r->main_class ? VX_YES : VX_NO : VX_UNKNOWN;
  vx_stored_object *object = vx_result_add_object(r);
  object->name = class_names[1 + i % 2], object->data_class = 1 + i % 2;
  object->x_min = 1, object->y_min = 2.5, object->x_max = 7, object->y_max = 8, object->difficult = VX_NO;
  if (!mask) ck_assert(vx_result_add_failure(r, VX_FAILURE, -1, "mask", "x.png", "no such file"));
  if (i == 2) ck_assert(vx_result_add_failure(r, VX_WARNING, -1, "annotation", "2.xml", "line %d:\tbroken", 3));
  if (!mask || !r->prediction.passed) return;
  vx_perturbation whole = {"whole", "drop", 0, 0, "", i % LABELS, -1, 0.9, 1.0 / (i + 3), NAN};
  vx_perturbation cell = {"single-deletion", "drop", 1, i, "3", i % LABELS, 2, 1.0 / 3, -1e300, 5e-324};
  vx_perturbation subset = {"subsets", "own-mean", 2, 99, "0,3", i % LABELS, 2, 0, -0.0, i / 7.0};
  ck_assert(vx_result_add_perturbation(r, &whole) && vx_result_add_perturbation(r, &cell));
  ck_assert(vx_result_add_perturbation(r, &subset));
  for (int m = 0; m < method_count; m++) {
    if (which && !which[m]) continue;
    vx_evaluation *e = vx_result_add_evaluation(r, m);
    e->target = methods[m].class_specific ? i % LABELS : -1;
    e->milliseconds = 0.25 * (rand() % 100);
    if (m == 1 && i == 5) {
      e->status = VX_STATUS_FAILED;
      ck_assert(vx_result_add_failure(r, VX_FAILURE, m, "method", "saliency", "not finite"));
      continue;
    }
    e->status = m == 0 && i == 1 ? VX_STATUS_FLAT : VX_STATUS_OK;
    e->threshold = 40 + i;
    int hits = e->status == VX_STATUS_FLAT ? 0 : (i + m) % 4;
    set_counts(e, hits, m, 5 - hits, 8 - m);
    ck_assert(vx_result_add_score(r, e, "oracle_iou", e->iou / 2 + 0.5));
    ck_assert(vx_result_add_score(r, e, "pointing", i == 4 ? (double)NAN : 1));
    float curve[4] = {1, (float)i / 3, (float)m, -0.0f};
    ck_assert(vx_result_add_curve(r, e, "pointing", "steps", curve, i % 4));
    float heat[GRID * GRID] = {(float)i, (float)m, 0.1f, -3};
    uint8_t levels[16] = {(uint8_t)i, (uint8_t)m, 255};
    ck_assert(methods[m].pixel_map ? vx_result_keep_pixel_map(r, e, levels, 4, 4)
                                   : vx_result_keep_patch_map(r, e, heat, GRID, GRID));
  }
}

/* A path in the build's temporary folder; nothing is there. */
static inline const char *fresh_path(char path[256], const char *name) {
  const char *folder = getenv("TMPDIR");
  snprintf(path, 256, "%s/vitx-test-%d-%s.sqlite", folder ? folder : "/tmp", (int)getpid(), name);
  const char *ends[] = {"", "-wal", "-shm"};
  for (int i = 0; i < 3; i++) {
    char other[300];
    snprintf(other, sizeof other, "%s%s", path, ends[i]);
    unlink(other);
  }
  return path;
}

static inline void remove_path(const char *path) {
  char copy[300];
  snprintf(copy, sizeof copy, "%s-wal", path);
  unlink(copy);
  snprintf(copy, sizeof copy, "%s-shm", path);
  unlink(copy);
  unlink(path);
}

/* Asserts with the error's text. */
#define OK(call)                                                                                                       \
  do {                                                                                                                 \
    error = (vx_error){.why = ""};                                                                                     \
    if (!(call)) ck_abort_msg("%s: %s: %s", #call, error.where, error.why);                                            \
  } while (0)

/* The dump of a whole file as a text to free. */
static inline char *dump_text(const char *path) {
  vx_error error;
  vx_store *store;
  OK((store = vx_store_open(path, VX_STORE_READ, &error)) != NULL);
  char *text = NULL;
  size_t size = 0;
  FILE *to = open_memstream(&text, &size);
  OK(vx_store_dump(store, 0, to, &error));
  fclose(to);
  vx_store_close(store);
  return text;
}

/* Writes images in the given order (NULL: as listed) that the file does not have yet. */
static inline void write_images(const char *path, vx_run_row *run, const int *order, int count) {
  vx_error error;
  vx_store *store;
  OK((store = vx_store_open(path, VX_STORE_WRITE, &error)) != NULL);
  OK(vx_store_begin(store, run, &error));
  vx_result *result = vx_result_new();
  for (int k = 0; k < count; k++) {
    int i = order ? order[k] : k;
    bool missing[METHODS];
    if (vx_store_done(store, i, missing) == VX_DONE_ALL) continue;
    fill_result(result, i, run->method_count, missing);
    OK(vx_store_write(store, result, &error));
    ck_assert_int_eq(vx_store_done(store, i, NULL), VX_DONE_ALL);
  }
  OK(vx_store_finish(store, &error));
  vx_result_free(result);
  vx_store_close(store);
}

#endif
