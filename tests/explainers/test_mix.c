/* Mixes of golden maps against golden mixes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/safetensors.h"
#include "explainers/explainer.h"
#include "tests/support/files.h"
#include "tests/support/suite.h"

/* "a+b+c:by" from the golden maps of golden/explain, against golden/mix. */
static void check_mix(const vx_tensors *parts, const vx_tensor *wanted) {
  char name[256], *by, *rest = name;
  snprintf(name, sizeof name, "%s", wanted->name);
  by = strchr(name, ':');
  *by++ = '\0';
  vx_part part[3];
  vx_view view = {.parts = part, .scratch = vx_arena_new()};
  for (char *id; (id = strsep(&rest, "+")) != NULL; view.part_count++) {
    char key[128];
    snprintf(key, sizeof key, "heat.%s", id);
    const vx_tensor *heat = vx_tensors_find(parts, key);
    ck_assert_msg(heat != NULL, "%s", key);
    double *map = malloc(heat->count * sizeof *map);
    ck_assert(vx_tensor_to_double(heat, map));
    part[view.part_count] = (vx_part){.map = map, .side = (int)heat->shape[0]};
  }
  vx_shape of = {.grid = (int)wanted->shape[0], .leading = 1, .tokens = 1 + (int)wanted->count};
  view.shape = &of;
  double *made = malloc(wanted->count * sizeof *made), *golden = malloc(wanted->count * sizeof *golden), most = 0;
  const vx_explainer *mix = vx_explainer_find("mix");
  vx_args args;
  vx_error error;
  vx_args_default(&mix->params, &args);
  ck_assert(vx_args_set(&mix->params, mix->id, &args, "by", by, &error));
  ck_assert(vx_explainer_run(mix, &view, &args, made, &error));
  ck_assert(vx_tensor_to_double(wanted, golden));
  for (size_t i = 0; i < wanted->count; i++) most = fmax(most, fabs(golden[i]));
  for (size_t i = 0; i < wanted->count; i++)
    ck_assert_msg(fabs(made[i] - golden[i]) <= 1e-8 * most, "%s at %zu: %g, %g", wanted->name, i, made[i], golden[i]);
  for (int i = 0; i < view.part_count; i++) free((void *)(uintptr_t)part[i].map);
  free(made);
  free(golden);
  vx_arena_free(view.scratch);
}

static void check_mixes(const char *folder, const char *name) {
  char path[1200];
  snprintf(path, sizeof path, "%s/explain/%s.safetensors", folder, name);
  vx_tensors *parts = vx_tensors_open(path, NULL);
  snprintf(path, sizeof path, "%s/mix/%s.safetensors", folder, name);
  vx_tensors *mixes = vx_tensors_open(path, NULL);
  ck_assert(parts && mixes);
  ck_assert_int_ge(vx_tensors_count(mixes), 20);
  for (int i = 0; i < vx_tensors_count(mixes); i++) check_mix(parts, vx_tensors_at(mixes, i));
  vx_tensors_close(parts);
  vx_tensors_close(mixes);
}

START_TEST(golden_mixes) {
  check_mixes("tests/golden", "vit-nano-0-top");
  check_mixes("tests/golden", "vit-nano-1-top");
  char shared[1024];
  if (shared_path("golden", shared)) check_mixes(shared, "vit-micro-0-top");
}
END_TEST

START_TEST(a_mix_needs_two_parts) {
  double map[4] = {0, 1, 2, 3}, heat[4];
  vx_part part = {.map = map, .side = 2};
  vx_shape of = {.grid = 2, .leading = 1, .tokens = 5};
  vx_view view = {.shape = &of, .parts = &part, .part_count = 1, .scratch = vx_arena_new()};
  const vx_explainer *mix = vx_explainer_find("mix");
  vx_args args;
  vx_error error;
  vx_args_default(&mix->params, &args);
  ck_assert(!vx_explainer_run(mix, &view, &args, heat, &error));
  ck_assert_ptr_nonnull(strstr(error.why, "at least 2"));
  vx_arena_free(view.scratch);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("mix");
  tcase_add_test(tests, golden_mixes);
  tcase_add_test(tests, a_mix_needs_two_parts);
  return run_suite("mix", tests);
}
