/* Models of permuted weights: each tensor has the same values in another order, drawn by the seed; a blend takes the
   layers of two models from the head down. */
#include <stdlib.h>
#include <string.h>

#include "core/model.h"
#include "tests/support/suite.h"

static const vx_shape shape = {.layers = 3, .heads = 2, .dim = 16, .mlp = 32, .patch = 4, .image = 16, .classes = 5};

static int by_value(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

static void same_values(const float *a, const float *b, size_t count) {
  float *x = malloc(count * sizeof *x), *y = malloc(count * sizeof *y);
  ck_assert(memcmp(a, b, count * sizeof *a) != 0);
  memcpy(x, a, count * sizeof *x);
  memcpy(y, b, count * sizeof *y);
  qsort(x, count, sizeof *x, by_value);
  qsort(y, count, sizeof *y, by_value);
  ck_assert(memcmp(x, y, count * sizeof *x) == 0);
  free(x);
  free(y);
}

START_TEST(tensors_keep_their_values) {
  vx_error error;
  vx_model *model = vx_model_random(&shape, 1, &error), *one = vx_model_permuted(model, 7, &error);
  vx_model *again = vx_model_permuted(model, 7, &error), *other = vx_model_permuted(model, 8, &error);
  ck_assert(model && one && again && other);
  size_t qkv = 16 * 48;
  same_values(model->block[1].qkv.weight, one->block[1].qkv.weight, qkv);
  same_values(model->position, one->position, 17 * 16);
  same_values(model->norm.weight, one->norm.weight, 16);
  same_values(model->head.weight, one->head.weight, 5 * 16);
  same_values(model->patch.weight, one->patch.weight, 48 * 16);
  ck_assert(memcmp(one->block[1].qkv.weight, again->block[1].qkv.weight, qkv * sizeof(float)) == 0);
  ck_assert(memcmp(one->block[1].qkv.weight, other->block[1].qkv.weight, qkv * sizeof(float)) != 0);
  vx_model_close(other);
  vx_model_close(again);
  vx_model_close(one);
  vx_model_close(model);
}
END_TEST

START_TEST(a_blend_goes_from_the_head_down) {
  vx_error error;
  vx_model *model = vx_model_random(&shape, 1, &error), *top = vx_model_permuted(model, 7, &error);
  vx_model *blend = vx_model_blend(model, &error);
  ck_assert(model && top && blend);
  ck_assert_int_eq(vx_model_blend_steps(vx_model_shape(model)), 5);
  for (int steps = 0; steps <= 5; steps++) {
    vx_model_blend_set(blend, model, top, steps);
    ck_assert_ptr_eq(blend->head.weight, (steps >= 1 ? top : model)->head.weight);
    ck_assert_ptr_eq(blend->norm.weight, (steps >= 1 ? top : model)->norm.weight);
    for (int l = 0; l < 3; l++) /* the last block goes first */
      ck_assert_ptr_eq(blend->block[l].qkv.weight, (steps >= 4 - l ? top : model)->block[l].qkv.weight);
    ck_assert_ptr_eq(blend->patch.weight, (steps >= 5 ? top : model)->patch.weight);
    ck_assert_ptr_eq(blend->position, (steps >= 5 ? top : model)->position);
  }
  vx_model_close(blend);
  vx_model_close(top);
  vx_model_close(model);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("permuted");
  tcase_add_test(tests, tensors_keep_their_values);
  tcase_add_test(tests, a_blend_goes_from_the_head_down);
  return run_suite("core/permuted", tests);
}
