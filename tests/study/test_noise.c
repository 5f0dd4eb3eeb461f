/* The two floors: one ulp is one ulp, what cannot move does not, and well-conditioned methods hardly do. */
#include "harness/study/noise.h"
#include "tests/support/run_files.h"

START_TEST(each_value_moves_by_at_most_one_ulp) {
  enum { N = 3000 };
  static float x[N], moved[N], again[N];
  uint64_t state = 5;
  int down = 0, up = 0;
  for (int i = 0; i < N; i++) x[i] = ((float)draw(&state) - 1e9f) / 3e8f;
  x[0] = 0;
  vx_noise_move(x, N, 7, 0, moved);
  for (int i = 0; i < N; i++) {
    ck_assert(moved[i] == x[i] || moved[i] == nextafterf(x[i], INFINITY) || moved[i] == nextafterf(x[i], -INFINITY));
    down += moved[i] < x[i];
    up += moved[i] > x[i];
  }
  ck_assert_int_gt(down, N / 4); /* a third each */
  ck_assert_int_gt(up, N / 4);
  ck_assert_int_lt(down + up, 3 * N / 4);
  vx_noise_move(x, N, 7, 0, again);
  ck_assert_mem_eq(moved, again, sizeof moved);
  vx_noise_move(x, N, 7, 1, again);
  ck_assert_mem_ne(moved, again, sizeof moved);
}
END_TEST

START_TEST(a_spread_leaves_nan_out) {
  double values[] = {3, NAN, 1, 10, 2, NAN};
  vx_spread s;
  ck_assert(vx_spread_of(values, 6, &s));
  ck_assert_int_eq(s.n, 4);
  ck_assert_double_eq(s.median, 2.5);
  ck_assert_double_eq(s.mean, 4);
  ck_assert_double_eq(s.low, 1);
  ck_assert_double_eq(s.high, 10);
  double none[] = {NAN};
  ck_assert(!vx_spread_of(none, 1, &s));
}
END_TEST

static vx_noise measured(int jobs) {
  vx_error error;
  vx_noise noise;
  vx_config *config = config_of("model: tests/golden/models/vit-micro\ndata: {root: data/smoke, split: val}\n"
                                "min_confidence: 0\nmethods: [rollout, lrp, foreground, {mix: [rollout, saliency]}]\n");
  vx_blas_threads(1);
  vx_run *run = vx_run_open(config, NULL, 0, &error);
  ck_assert_msg(run != NULL, "%s: %s", error.where, error.why);
  vx_noise_request request = {.run = run, .jobs = jobs, .limit = 3, .draws = 2};
  ck_assert_msg(vx_noise_measure(&request, &noise, &error), "%s: %s", error.where, error.why);
  vx_run_close(run);
  vx_config_free(config);
  return noise;
}

START_TEST(floors_of_three_scenes) {
  vx_noise noise = measured(1), twice = measured(2);
  ck_assert_int_eq(noise.images, 3);
  ck_assert_int_eq(noise.failed, 0);
  ck_assert_int_eq(noise.methods, 4);
  for (int i = 0; i < 3; i++) {
    const vx_movement *single = &noise.single[i * 4];
    ck_assert_double_gt(single[0].difference, 0); /* rollout, in another precision */
    ck_assert_double_lt(single[0].difference, 1e-4);
    ck_assert_double_gt(single[1].difference, single[0].difference); /* lrp is the one that moves */
    ck_assert_double_eq(single[2].difference, 0);                    /* foreground cannot */
    ck_assert_double_eq(single[2].overlap, 1);
    ck_assert_double_eq(single[2].iou_change, 0);
    ck_assert_double_lt(single[3].difference, 1e-3);
  }
  for (int row = 0; row < 6; row++) {
    const vx_movement *ulp = &noise.ulp[row * 4];
    ck_assert_double_lt(ulp[0].difference, 1e-5);
    ck_assert(ulp[0].spearman > 0.9999);
    ck_assert_double_eq(ulp[2].difference, 0);
  }
  for (int i = 0; i < 12; i++) {
    ck_assert_double_eq(noise.single[i].difference, twice.single[i].difference);
    ck_assert_double_eq(noise.ulp[i].difference, twice.ulp[i].difference);
    ck_assert_double_eq(noise.ulp[12 + i].iou_change, twice.ulp[12 + i].iou_change);
  }
  vx_noise_free(&noise);
  vx_noise_free(&twice);
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("noise");
  tcase_set_timeout(tcase, 600);
  tcase_add_test(tcase, each_value_moves_by_at_most_one_ulp);
  tcase_add_test(tcase, a_spread_leaves_nan_out);
  tcase_add_test(tcase, floors_of_three_scenes);
  return run_suite("noise", tcase);
}
