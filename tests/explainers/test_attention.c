/* Methods that read attention, gradients of it and relevance, on a hand-made view, against their formulas written down
   a second time in the plainest way: whole matrices, whole products, no shortcut. */
#include "tests/explainers/scene.h"
#include "tests/support/suite.h"

typedef double matrix[N][N];

static double fuse(const double *head, int heads) { /* 0 mean, 1 max, 2 min */
  double mean = 0, most = head[0], least = head[0];
  for (int h = 0; h < H; h++) {
    mean += head[h] / H;
    most = fmax(most, head[h]);
    least = fmin(least, head[h]);
  }
  return heads == 0 ? mean : heads == 1 ? most : least;
}

/* M = fused(relu?(a * b)) + I, rows normalised or not. b may be NULL. */
static void augmented(const scene *s, const double *a, const double *b, int l, int heads, bool relu, bool normalise,
                      matrix out) {
  (void)s;
  for (int i = 0; i < N; i++) {
    double sum = 0;
    for (int j = 0; j < N; j++) {
      double head[H];
      for (int h = 0; h < H; h++) {
        size_t at = (size_t)(((l * H + h) * N + i) * N + j);
        head[h] = a[at] * (b ? b[at] : 1);
        if (relu) head[h] = fmax(0, head[h]);
      }
      out[i][j] = fuse(head, heads) + (i == j);
      sum += out[i][j];
    }
    for (int j = 0; j < N && normalise; j++) out[i][j] /= sum;
  }
}

/* The whole product M_{L-1} ... M_start, then its [CLS] row. */
static void whole_product(const scene *s, const double *a, const double *b, int start, int heads, bool relu,
                          bool normalise, double *heat) {
  matrix product = {{0}}, layer, next;
  for (int i = 0; i < N; i++) product[i][i] = 1;
  for (int l = start; l < L; l++) {
    augmented(s, a, b, l, heads, relu, normalise, layer);
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++) {
        next[i][j] = 0;
        for (int k = 0; k < N; k++) next[i][j] += layer[i][k] * product[k][j];
      }
    memcpy(product, next, sizeof product);
  }
  for (int j = 1; j < N; j++) heat[j - 1] = product[0][j];
}

START_TEST(rollouts_are_the_whole_product) {
  static scene s;
  make_scene(&s);
  static const char *const fusions[] = {"mean", "max", "min"};
  static const char *const starts[] = {"0", "1", "2", "3"};
  double heat[N - 1], wanted[N - 1];
  for (int start = 0; start < L; start++)
    for (int f = 0; f < 3; f++) {
      const char *const with[] = {"start_layer", starts[start], "heads", fusions[f], NULL};
      const double *a = &s.attention[0][0][0][0], *g = &s.gradient[0][0][0][0], *r = &s.relevance[0][0][0][0];
      run(&s, "rollout", with, heat);
      whole_product(&s, a, NULL, start, f, false, true, wanted);
      same(heat, wanted, N - 1);
      run(&s, "generic-attention", with, heat);
      whole_product(&s, a, g, start, f, true, false, wanted);
      same(heat, wanted, N - 1);
      run(&s, "transformer-attribution", with, heat);
      whole_product(&s, r, g, start, f, true, false, wanted);
      same(heat, wanted, N - 1);
      run(&s, "lrp-rollout", with, heat);
      whole_product(&s, r, NULL, start, f, true, false, wanted);
      same(heat, wanted, N - 1);
    }
  vx_arena_free(s.view.scratch);
}
END_TEST

START_TEST(last_layer_methods) {
  static scene s;
  make_scene(&s);
  double heat[N - 1], wanted[N - 1], weight[H] = {0};
  run(&s, "raw-attention", NULL, heat);
  for (int j = 1; j < N; j++)
    wanted[j - 1] = (s.attention[L - 1][0][0][j] + s.attention[L - 1][1][0][j] + s.attention[L - 1][2][0][j]) / 3;
  same(heat, wanted, N - 1);
  run(&s, "partial-lrp", (const char *const[]){"heads", "max", NULL}, heat);
  for (int j = 1; j < N; j++) {
    wanted[j - 1] = 0;
    for (int h = 0; h < H; h++) wanted[j - 1] = fmax(wanted[j - 1], s.relevance[L - 1][h][0][j]);
  }
  same(heat, wanted, N - 1);
  run(&s, "attn-gradcam", NULL, heat);
  for (int h = 0; h < H; h++)
    for (int j = 1; j < N; j++) weight[h] += s.gradient[L - 1][h][0][j] / (N - 1);
  for (int j = 1; j < N; j++) {
    double sum = 0;
    for (int h = 0; h < H; h++) sum += weight[h] * s.attention[L - 1][h][0][j] / H;
    wanted[j - 1] = fmax(0, sum);
  }
  same(heat, wanted, N - 1);
  vx_arena_free(s.view.scratch);
}
END_TEST

START_TEST(attention_and_gradient_sums) {
  static scene s;
  make_scene(&s);
  double heat[N - 1], clamped[N - 1] = {0}, plain[N - 1] = {0}, of_relevance[N - 1] = {0}, saw[N - 1] = {0};
  double alpha[L] = {0}, total = 0;
  for (int l = 0; l < L; l++)
    for (int h = 0; h < H; h++)
      for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) alpha[l] += fmax(0, s.gradient[l][h][i][j]);
  for (int l = 0; l < L; l++) total += alpha[l];
  for (int l = 0; l < L; l++)
    for (int h = 0; h < H; h++)
      for (int j = 1; j < N; j++) {
        double g = s.gradient[l][h][0][j], product = s.attention[l][h][0][j] * g;
        clamped[j - 1] += fmax(0, product);
        plain[j - 1] += product;
        of_relevance[j - 1] += fmax(0, s.relevance[l][h][0][j] * g);
        saw[j - 1] += alpha[l] / total * fmax(0, product) / H;
      }
  run(&s, "attention-gradient", NULL, heat);
  same(heat, clamped, N - 1);
  run(&s, "attention-gradient", (const char *const[]){"clamp", "false", NULL}, heat);
  same(heat, plain, N - 1);
  run(&s, "attention-gradient", (const char *const[]){"of", "relevance", NULL}, heat);
  same(heat, of_relevance, N - 1);
  run(&s, "i-saw", NULL, heat);
  same(heat, saw, N - 1);
  memset(s.gradient, 0, sizeof s.gradient); /* no gradient: a flat map, not 0 / 0 */
  run(&s, "i-saw", NULL, heat);
  same(heat, (double[N - 1]){0}, N - 1);
  vx_arena_free(s.view.scratch);
}
END_TEST

static double fuse_by(const char *by, const double *value, int count) {
  double sum = 0, most = value[0];
  for (int i = 0; i < count; i++) {
    sum += value[i];
    most = fmax(most, value[i]);
  }
  return strcmp(by, "sum") == 0 ? sum : strcmp(by, "mean") == 0 ? sum / count : most;
}

START_TEST(ag_cam_fuses_as_asked) {
  static scene s;
  make_scene(&s);
  static const char *const ways[] = {"sum", "mean", "max"}, *const layers[] = {"0", "1", "2", "3"};
  double heat[N - 1], full[N - 1];
  for (int first = 0; first < L; first++)
    for (int last = first; last < L; last++)
      for (int way = 0; way < 9; way++) {
        const char *by_head = ways[way / 3], *by_layer = ways[way % 3];
        const char *const with[] = {"first_layer", layers[first], "last_layer", layers[last], "heads",
                                    by_head,       "layers",      by_layer,     NULL};
        run(&s, "ag-cam", with, heat);
        run(&s, "ag-cam-full", with, full);
        for (int j = 1; j < N; j++) {
          double layer[2][L] = {{0}}, head[2][H];
          for (int l = first; l <= last; l++) {
            for (int h = 0; h < H; h++) {
              double sigmoid = 1 / (1 + exp(-s.score_rows[l][h][j]));
              head[0][h] = fmax(0, s.cut[l][h][j]) * sigmoid;
              head[1][h] = fmax(0, s.gradient[l][h][0][j]) * sigmoid;
            }
            for (int v = 0; v < 2; v++) layer[v][l - first] = fuse_by(by_head, head[v], H);
          }
          ck_assert_double_eq_tol(heat[j - 1], fuse_by(by_layer, layer[0], last - first + 1), 1e-12);
          ck_assert_double_eq_tol(full[j - 1], fuse_by(by_layer, layer[1], last - first + 1), 1e-12);
        }
      }
  vx_args args;
  vx_error error;
  const vx_explainer *ag_cam = vx_explainer_find("ag-cam");
  vx_args_default(&ag_cam->params, &args);
  ck_assert(vx_args_set(&ag_cam->params, ag_cam->id, &args, "first_layer", "2", NULL) &&
            vx_args_set(&ag_cam->params, ag_cam->id, &args, "last_layer", "1", NULL));
  ck_assert(!vx_explainer_run(ag_cam, &s.view, &args, heat, &error));
  ck_assert_ptr_nonnull(strstr(error.why, "at most last_layer"));
  vx_arena_free(s.view.scratch);
}
END_TEST

/* NaN must not be hidden by a clamp. */
START_TEST(nan_is_an_error) {
  static scene s;
  static const char *const ids[] = {"raw-attention", "rollout", "generic-attention", "attention-gradient", "i-saw"};
  make_scene(&s);
  s.attention[L - 1][1][0][4] = s.attention_rows[L - 1][1][4] = NAN;
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
    const vx_explainer *explainer = vx_explainer_find(ids[i]);
    vx_args args;
    vx_error error;
    double heat[N - 1];
    vx_args_default(&explainer->params, &args);
    ck_assert_msg(!vx_explainer_run(explainer, &s.view, &args, heat, &error), "%s", ids[i]);
    ck_assert_ptr_nonnull(strstr(error.why, "expected a finite number"));
  }
  vx_arena_free(s.view.scratch);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("attention methods");
  tcase_add_test(tests, rollouts_are_the_whole_product);
  tcase_add_test(tests, last_layer_methods);
  tcase_add_test(tests, attention_and_gradient_sums);
  tcase_add_test(tests, ag_cam_fuses_as_asked);
  tcase_add_test(tests, nan_is_an_error);
  return run_suite("attention methods", tests);
}
