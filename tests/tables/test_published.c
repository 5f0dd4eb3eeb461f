/* configs/published.yaml is well-formed, speaks of methods and measures that there are, and holds the numbers. */
#include "harness/config/yaml.h"
#include "metrics/measure.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static vx_yaml *published;

static const vx_yaml *entry(const char *list, const char *id) {
  const vx_yaml *entries = vx_yaml_find(published, list);
  for (int i = 0; i < entries->count; i++)
    if (strcmp(vx_yaml_find(entries->items[i], "id")->text, id) == 0) return entries->items[i];
  ck_abort_msg("%s has no %s", list, id);
  return NULL;
}

static double number(const char *row, const char *key) {
  double value = NAN;
  ck_assert_msg(vx_yaml_real(vx_yaml_find(entry("rows", row), key), &value), "%s has no number %s", row, key);
  return value;
}

START_TEST(the_numbers) {
  static const struct {
    const char *row, *key;
    double value;
  } numbers[] = {
      {"coporan-table1", "iou", 12.43},
      {"coporan-table1", "f1", 19.13},
      {"coporan-table1", "pixel_accuracy", 65.94},
      {"coporan-table1", "images", 347},
      {"coporan-table1", "index_sum", 250757},
      {"coporan-final-cam", "iou", 4.36},
      {"coporan-final-cam", "f1", 7.49},
      {"coporan-final-cam", "pixel_accuracy", 66.50},
      {"coporan-final-cam", "deletion_published", 24.67},
      {"coporan-final-cam", "index_sum", 250757},
      {"coporan-final-cam-pointing", "pointing_published", 44.24},
      {"coporan-final-cam-pointing", "index_sum", 1449 * 1448 / 2},
      {"coporan-final-lrp", "iou", 14.29},
      {"coporan-final-lrp", "f1", 22.96},
      {"coporan-final-lrp", "pixel_accuracy", 70.35},
      {"coporan-final-lrp", "deletion_published", 12.43},
      {"coporan-final-lrp-pointing", "pointing_published", 71.98},
      {"saco-imagenet-transformer-attribution", "saco", 39.02},
      {"saco-imagenet-generic-attention", "saco@5", 60.41},
      {"vitmix-lrp", "iou", 36.31},
      {"vitmix-lrp-rollout", "f1", 56.58},
      {"chefer-ours", "miou", 61.95},
      {"chefer-gradcam", "pixel_accuracy", 64.44},
      {"conceptattention-voc-transformer-attribution", "average_precision", 86.74},
  };
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    ck_assert_double_eq_tol(number(numbers[i].row, numbers[i].key), numbers[i].value, 1e-12);
  ck_assert_str_eq(vx_yaml_find(entry("rows", "coporan-table1"), "method")->text, "attn-gradcam");
  ck_assert_int_eq(vx_yaml_find(published, "rows")->count, 32);
}
END_TEST

START_TEST(every_row_is_complete) {
  const vx_yaml *rows = vx_yaml_find(published, "rows");
  for (int i = 0; i < rows->count; i++) {
    const vx_yaml *row = rows->items[i];
    const char *id = vx_yaml_find(row, "id")->text;
    const vx_yaml *method = vx_yaml_find(row, "method"); /* NULL: none of ours */
    ck_assert_ptr_eq(entry("rows", id), row);            /* ids are unique */
    entry("studies", vx_yaml_find(row, "study")->text);
    ck_assert_ptr_nonnull(vx_yaml_find(row, "label"));
    char file[128]; /* a method is one file of its name */
    snprintf(file, sizeof file, "explainers/%s.c", method ? method->text : "rollout");
    for (char *c = file; *c; c++) *c = *c == '-' ? '_' : *c;
    ck_assert_msg(access(file, R_OK) == 0, "%s: no method %s", id, file);
    int scores = 0;
    for (int k = 0; k < row->count; k++) {
      const char *key = row->keys[k];
      double value;
      if (strcmp(key, "images") == 0 || strcmp(key, "index_sum") == 0 || !vx_yaml_real(row->items[k], &value)) continue;
      int column;
      const vx_measure *measure = vx_measure_with_column(key, &column);
      ck_assert_msg(measure != NULL, "%s: no measure %s", id, key);
      const vx_measure_column *about = &measure->columns[column];
      ck_assert_msg(value >= 100 * about->low && value <= 100 * about->high, "%s: %s is %g", id, key, value);
      scores++;
    }
    ck_assert_int_ge(scores, 1);
    /* F1 of one image is 2 IoU/(1 + IoU), concave: the mean F1 cannot be above it at the mean IoU */
    double iou, f1;
    if (vx_yaml_real(vx_yaml_find(row, "iou"), &iou) && vx_yaml_real(vx_yaml_find(row, "f1"), &f1))
      ck_assert_msg(f1 <= 200 * iou / (100 + iou), "%s: IoU %g and F1 %g cannot be means of the same images", id, iou,
                    f1);
  }
  const vx_yaml *studies = vx_yaml_find(published, "studies");
  static const char *const keys[] = {"id", "title", "cite", "source", "protocol"};
  for (int i = 0; i < studies->count; i++)
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
      ck_assert_ptr_nonnull(vx_yaml_find(studies->items[i], keys[k]));
}
END_TEST

int main(void) {
  vx_error error;
  published = vx_yaml_read("configs/published.yaml", &error);
  if (!published) {
    printf("%s: %s\n", error.where, error.why);
    return 1;
  }
  TCase *rows = tcase_create("rows");
  tcase_add_test(rows, the_numbers);
  tcase_add_test(rows, every_row_is_complete);
  int failed = run_suite("published", rows);
  vx_yaml_free(published);
  return failed;
}
