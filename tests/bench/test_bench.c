/* `vitx bench` runs and says what it promises; not how fast. */
#include "tests/support/suite.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *all; /* of one run, before the tests */
static json_error_t wrong;
static int status;

static void run_once(void) {
  char command[600];
  const char *program = getenv("VITX_PROGRAM");
  snprintf(command, sizeof command, "'%s' bench --random tiny-16-224 --quick --jobs 2 --json",
           program ? program : "build/release/vitx");
  FILE *pipe = popen(command, "r");
  if (!pipe) exit(EXIT_FAILURE);
  all = json_loadf(pipe, 0, &wrong);
  status = pclose(pipe);
}

static const json_t *entry(const char *list, const char *id) {
  const json_t *entries = json_object_get(all, list);
  for (size_t i = 0; i < json_array_size(entries); i++) {
    const json_t *one = json_array_get(entries, i);
    if (strcmp(json_string_value(json_object_get(one, "id")), id) == 0) return one;
  }
  ck_abort_msg("%s has no %s", list, id);
  return NULL;
}

static double number(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  ck_assert_msg(json_is_number(value), "%s is not a number", key);
  return json_number_value(value);
}

static void has_times(const char *list, const char *const *ids, int count) {
  static const char *const keys[] = {"ms", "ms_min", "cpu_ms", "cpu_ms_min", "forwards"};
  for (int i = 0; i < count; i++)
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) number(entry(list, ids[i]), keys[k]);
}

#define HAS_TIMES(list, ...)                                                                                           \
  do {                                                                                                                 \
    const char *const ids[] = {__VA_ARGS__};                                                                           \
    has_times(list, ids, (int)(sizeof ids / sizeof *ids));                                                             \
  } while (0)

START_TEST(everything_is_there) {
  ck_assert_int_eq(status, 0);
  ck_assert_msg(all != NULL, "line %d: %s", wrong.line, wrong.text);
  const char *processor, *vectors, *version, *kernel, *advice, *name;
  int cores;
  ck_assert_int_eq(json_unpack(all, "{s:{s:s, s:i, s:s}, s:{s:s, s:s, s:s}, s:{s:s}}", "machine", "processor",
                               &processor, "cores", &cores, "vectors", &vectors, "blas", "version", &version, "kernel",
                               &kernel, "advice", &advice, "model", "name", &name),
                   0);
  HAS_TIMES("passes", "forward", "forward-4", "backward-input", "backward-attention", "sample-4", "cut-gradient",
            "convert", "forward-double", "improved", "plain", "improved-stable", "plain-stable");
  HAS_TIMES("methods", "rollout", "attention-flow", "lrp-stable", "edges", "class-prior", "smoothgrad",
            "integrated-gradients");
  HAS_TIMES("totals", "suite", "suite-no-flow", "stable", "flow", "explainers", "curves-drop");
  ck_assert(number(json_object_get(all, "peak_gflops"), "single") > 0);
  ck_assert(number(json_object_get(all, "memory"), "peak_mb") > number(json_object_get(all, "memory"), "weights_mb"));
  ck_assert(number(entry("workers", "forward"), "many") > 0);
  ck_assert(number(entry("workers", "suite-no-flow"), "cpu_ratio") > 0);
  ck_assert(json_is_null(json_object_get(json_object_get(all, "model"), "open_ms")));
}
END_TEST

/* By hand for ViT-Ti/16: patches 2·196·768·192; a block 2·197·(12·192²) and, for 3 heads, 4·197²·64; the head
   2·192·1000. A cut gradient is one row of MLP and projection, and of A. */
START_TEST(operations_are_counted_right) {
  double block = 2.0 * 197 * 12 * 192 * 192 + 3 * 4.0 * 197 * 197 * 64, patches = 2.0 * 196 * 768 * 192;
  double forward = 1e-9 * (patches + 12 * block + 2.0 * 192 * 1000);
  ck_assert_double_eq_tol(number(entry("passes", "forward"), "gflop"), forward, 1e-5);
  ck_assert_double_eq_tol(number(entry("passes", "forward-4"), "gflop"), forward, 1e-5);
  ck_assert_double_eq_tol(number(entry("passes", "forward-double"), "gflop_double"), forward, 1e-5);
  double cut = 1e-9 * 12 * 2 * (9.0 * 192 * 192 + 197.0 * 192);
  ck_assert_double_eq_tol(number(entry("passes", "cut-gradient"), "gflop"), cut, 1e-6);
  /* Eleven whole blocks (linear layers once, four products a head), the last with [CLS] alone down to A. */
  double back = 11 * (2.0 * 197 * 12 * 192 * 192 + 3 * 8.0 * 197 * 197 * 64) + patches;
  back += 2 * 9.0 * 192 * 192 + 2 * 192.0 * 192 + 2 * 197.0 * 2 * 192 * 192 + 3 * 8.0 * 197 * 64;
  ck_assert_double_eq_tol(number(entry("passes", "backward-input"), "gflop"), 1e-9 * back, 1e-5);
}
END_TEST

int main(void) {
  run_once();
  TCase *core = tcase_create("bench");
  tcase_add_test(core, everything_is_there);
  tcase_add_test(core, operations_are_counted_right);
  int failed = run_suite("bench", core);
  json_decref(all);
  return failed;
}
