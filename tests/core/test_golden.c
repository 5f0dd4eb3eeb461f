/* The passes against golden vectors: logits, attention, its gradient and the input's, in all precisions. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/vx.h"
#include "tests/support/golden.h"
#include "tests/support/suite.h"

typedef struct limits {
  double logits, maps, input;
} limits;

static int compared;

static void compare(const vx_tensors *golden, const char *name, const double *ours, double limit, const char *what) {
  size_t count;
  double *expected = vx_test_doubles(golden, name, &count);
  if (!expected) return;
  ck_assert_msg(ours != NULL, "%s: no %s was made", what, name);
  double off = vx_test_difference(count, ours, expected);
  ck_assert_msg(off <= limit, "%s: %s is off by %g of its maximum, allowed %g", what, name, off, limit);
  free(expected);
  compared++;
}

static void run_one(const char *model_folder, const char *path, vx_precision precision, limits limit) {
  vx_error error = {0};
  vx_model *model = vx_model_open(model_folder, &error);
  ck_assert_msg(model != NULL, "%s: %s", error.where, error.why);
  vx_tensors *golden = vx_tensors_open(path, &error);
  ck_assert_msg(golden != NULL, "%s: %s", error.where, error.why);
  vx_needs plan = {0};
  int last = vx_model_shape(model)->layers - 1;
  vx_want_at(&plan.wants, VX_AT_INPUT, vx_by(VX_GRADIENT));
  vx_want_layers(&plan.wants, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0, last);
  vx_want_layers(&plan.wants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 0, last);
  vx_worker *worker = vx_worker_new(model, &plan, precision, &error);
  ck_assert_msg(worker != NULL, "%s: %s", error.where, error.why);

  const vx_tensor *x = vx_tensors_find(golden, "x");
  float *input = malloc(x->count * sizeof *input);
  vx_tensor_to_float(x, input);
  double *target = vx_test_doubles(golden, "target", NULL);
  ck_assert_msg(vx_worker_forward(worker, input, &error), "%s: %s", error.where, error.why);
  compare(golden, "logits", vx_worker_logits(worker), limit.logits, path);
  const vx_view *view = vx_worker_explain(worker, (int)target[0], VX_LOGIT, &error);
  ck_assert_msg(view != NULL, "%s: %s", error.where, error.why);
  compare(golden, "attention", vx_at(view, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0), /* layers side by side */
          limit.maps, path);
  compare(golden, "attention_grad", vx_at(view, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 0), limit.maps, path);
  compare(golden, "grad_x", vx_at(view, VX_AT_INPUT, vx_by(VX_GRADIENT), 0), limit.input, path);

  free(target);
  free(input);
  vx_worker_free(worker);
  vx_tensors_close(golden);
  vx_model_close(model);
}

/* "vit-nano-0-top.safetensors" is of model vit-nano. */
static bool model_of(const char *file, char *model, size_t size) {
  snprintf(model, size, "%s", file);
  for (int dashes = 0; dashes < 2; dashes++) {
    char *dash = strrchr(model, '-');
    if (!dash) return false;
    *dash = 0;
  }
  return true;
}

static void run_folder(const char *explain, const char *models) {
  static const struct {
    vx_precision precision;
    limits limit;
  } precisions[] = {{VX_SINGLE, {1e-5, 1e-5, 1e-5}}, {VX_MIXED, {1e-5, 1e-5, 1e-5}}, {VX_DOUBLE, {1e-9, 1e-9, 1e-7}}};
  DIR *folder = opendir(explain);
  ck_assert_msg(folder != NULL, "%s cannot be read", explain);
  for (struct dirent *entry; (entry = readdir(folder));) {
    char model[256], path[4096], model_path[4096];
    if (!strstr(entry->d_name, ".safetensors") || !model_of(entry->d_name, model, sizeof model)) continue;
    snprintf(path, sizeof path, "%s/%s", explain, entry->d_name);
    const char *suffixes[] = {"", "-timm"};
    for (int s = 0; s < 2; s++) {
      snprintf(model_path, sizeof model_path, "%s/%s%s", models, model, suffixes[s]);
      if (!vx_test_exists(model_path) || strstr(model_path, "vit-nano-timm")) continue; /* another epsilon by design */
      for (int p = 0; p < 3; p++) run_one(model_path, path, precisions[p].precision, precisions[p].limit);
    }
  }
  closedir(folder);
}

START_TEST(test_golden_in_tree) {
  run_folder("tests/golden/explain", "tests/golden/models");
  ck_assert_int_gt(compared, 0);
}
END_TEST

START_TEST(test_golden_shared) {
  const char *shared = vx_test_shared();
  if (!shared) {
    vx_test_skipped("no folder of extra golden vectors");
    return;
  }
  char explain[4096], models[4096];
  snprintf(explain, sizeof explain, "%s/golden/explain", shared);
  snprintf(models, sizeof models, "%s/golden/models", shared);
  run_folder(explain, models);
  ck_assert_int_gt(compared, 0);
}
END_TEST

START_TEST(test_golden_real) {
  const char *shared = vx_test_shared();
  char model[4096], path[4096];
  snprintf(model, sizeof model, "%s/models/vit-tiny-patch16-224", shared ? shared : "");
  if (!shared || !vx_test_exists(model)) {
    vx_test_skipped("no real ViT-Tiny");
    return;
  }
  snprintf(path, sizeof path, "%s/golden/real/2011_000003.safetensors", shared);
  run_one(model, path, VX_SINGLE, (limits){1e-5, 1e-5, 1e-5});
  run_one(model, path, VX_DOUBLE, (limits){1e-9, 1e-9, 1e-7});
  snprintf(model, sizeof model, "%s/models/vit-tiny-patch16-224-timm", shared);
  run_one(model, path, VX_DOUBLE, (limits){1e-9, 1e-9, 1e-7});
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("golden");
  tcase_set_timeout(tests, 600);
  tcase_add_test(tests, test_golden_in_tree);
  tcase_add_test(tests, test_golden_shared);
  tcase_add_test(tests, test_golden_real);
  return run_suite("core/golden", tests);
}
