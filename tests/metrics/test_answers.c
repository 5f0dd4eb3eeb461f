/* Measures that ask the model, by hand: the model is a sum over patches, so that every answer can be told beforehand.
 */
#include "base/random.h"
#include "explainers/explainer.h"
#include "metrics/cells.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GRID = 2, CELLS = GRID * GRID, P = 2, S = GRID * P, PIXELS = S * S, CURVE = 128 };

static const vx_shape shape = {.patch = P, .image = S, .grid = GRID, .leading = 1, .tokens = 5, .classes = 2};

/* f = Σ weight[i] · (mean of patch i), of the picture of ones Σ weight; a dropped patch and one of zeros add nothing.
 */
typedef struct scene {
  double weight[CELLS];
  int asked; /* variants that went through the model */
  float x[3 * PIXELS];
  double logits[2];
  vx_again again;
  vx_view view;
  double curve[CURVE];
  int points;
} scene;

static bool ask(const vx_again *again, const double *x, const uint8_t *keep, double *logits, vx_error *error) {
  scene *s = again->worker;
  (void)error;
  s->asked++;
  logits[0] = logits[1] = 0;
  for (int i = 0; i < CELLS; i++) {
    double mean = 0;
    for (int k = 0; k < 3 * P * P; k++) {
      int at = k / (P * P) * PIXELS + (i / GRID * P + k / P % P) * S + i % GRID * P + k % P;
      mean += (x ? x[at] : (double)s->x[at]) / (3 * P * P);
    }
    if (!keep || keep[i]) logits[0] += s->weight[i] * mean;
  }
  return true;
}

static void setup(scene *s, const double weight[CELLS]) {
  vx_error error;
  memset(s, 0, sizeof *s);
  memcpy(s->weight, weight, sizeof s->weight);
  for (int i = 0; i < 3 * PIXELS; i++) s->x[i] = 1;
  for (int i = 0; i < CELLS; i++) s->logits[0] += weight[i];
  s->again = (vx_again){.worker = s, .ask = ask};
  s->view = (vx_view){.shape = &shape, .input = s->x, .logits = s->logits, .again = &s->again, .seed = 5};
  s->view.scratch = vx_arena_new();
  s->view.answers = vx_answers_new(&shape, (double[3]){0, 0, 0}, &error);
  vx_answers_start(s->view.answers, 0);
}

static void teardown(scene *s) {
  vx_answers_free(s->view.answers);
  vx_arena_free(s->view.scratch);
}

static bool keep_curve(void *user, const char *name, const double *values, int count) {
  scene *s = user;
  (void)name;
  ck_assert_int_le(s->points + count, CURVE);
  memcpy(s->curve + s->points, values, (size_t)count * sizeof *values);
  s->points += count;
  return true;
}

/* The first column of a measure of a patch map; parameters as "name=value name=value". */
static double measured(scene *s, const char *id, const char *parameters, const float map[CELLS]) {
  const vx_measure *measure = vx_measure_find(id);
  vx_args args;
  vx_error error = {0};
  double columns[VX_MEASURE_COLUMNS];
  char text[200], *rest = text;
  vx_map kept = {.kind = VX_MAP_PATCH, .width = GRID, .height = GRID, .heat = map};
  vx_case of = {.map = &kept, .view = &s->view, .keep_curve = keep_curve, .user = s};
  ck_assert_msg(measure != NULL, "%s", id);
  vx_args_default(&measure->params, &args);
  snprintf(text, sizeof text, "%s", parameters);
  for (char *one; (one = strsep(&rest, " ")) && *one;) {
    char *value = strchr(one, '=');
    *value++ = '\0';
    ck_assert_msg(vx_args_set(&measure->params, id, &args, one, value, &error), "%s", error.why);
  }
  s->points = 0;
  bool good = measure->measure(&of, &args, columns, &error);
  ck_assert_msg(good, "%s: %s: %s", id, error.where, error.why);
  vx_arena_reset(s->view.scratch);
  return columns[0];
}

static double sigmoid(double f) {
  return 1 / (1 + exp(-f));
}

#define NEAR(a, b) ck_assert_double_eq_tol(a, b, 1e-12)

static const double weight[CELLS] = {2, 1, 0.5, -1};
static const float down[CELLS] = {4, 3, 2, 1}, up[CELLS] = {1, 2, 3, 4}, flat[CELLS] = {3, 3, 3, 3};

/* ---- curves ------------------------------------------------------------------------------------------------------ */

START_TEST(curves_by_hand) {
  scene s;
  setup(&s, weight);
  double gone[] = {2.5, 0.5, -0.5, -1, 0}, shown[] = {0, 2, 3, 3.5, 2.5}, deletion = 0, insertion = 0;
  for (int k = 0; k < 4; k++) deletion += (sigmoid(gone[k]) + sigmoid(gone[k + 1])) / 8;
  for (int k = 0; k < 4; k++) insertion += (sigmoid(shown[k]) + sigmoid(shown[k + 1])) / 8;
  NEAR(measured(&s, "deletion", "steps=4", down), deletion);
  ck_assert_int_eq(s.points, 5);
  for (int k = 0; k < 5; k++) NEAR(s.curve[k], sigmoid(gone[k]));
  ck_assert_int_eq(s.asked, 4); /* the picture itself is the run's prediction */
  NEAR(measured(&s, "insertion", "steps=4", down), insertion);
  for (int k = 0; k < 5; k++) NEAR(s.curve[k], sigmoid(shown[k]));
  ck_assert_int_eq(s.asked, 7); /* the empty picture is shared: 2 N - 1 */
  ck_assert(measured(&s, "abpc", "steps=4", down) ==
            measured(&s, "insertion", "steps=4", down) - measured(&s, "deletion", "steps=4", down));
  /* a map upside down swaps the curves, and asks nothing more */
  NEAR(measured(&s, "deletion", "steps=4", up), insertion);
  for (int k = 0; k < 5; k++) NEAR(s.curve[k], sigmoid(shown[4 - k]));
  NEAR(measured(&s, "insertion", "steps=4", up), deletion);
  NEAR(measured(&s, "abpc", "steps=4", up), deletion - insertion);
  ck_assert_int_eq(s.asked, 7);
  /* m_k = (2 k T + N) div (2 N): 0, 1 (of 0.8), 2 (1.6), 2 (2.4), 3 (3.2), 4 */
  measured(&s, "deletion", "steps=5", down);
  int steps[] = {0, 1, 2, 2, 3, 4};
  for (int k = 0; k < 6; k++) NEAR(s.curve[k], sigmoid(gone[steps[k]]));
  /* a constant map goes in row order */
  NEAR(measured(&s, "deletion", "steps=4", flat), deletion);
  ck_assert_int_eq(s.asked, 7);
  teardown(&s);
}
END_TEST

/* Every way to remove: zeros add what a token left out adds; the mean, the blur and the neighbours of a picture of ones
   are ones, and change nothing. */
START_TEST(what_a_removed_cell_becomes) {
  scene s;
  setup(&s, weight);
  double dropped = measured(&s, "deletion", "", down), nothing = sigmoid(2.5);
  ck_assert(measured(&s, "deletion", "remove=black", down) == dropped);
  ck_assert(measured(&s, "deletion", "remove=mean", down) == dropped);
  NEAR(measured(&s, "deletion", "remove=own-mean", down), nothing);
  NEAR(measured(&s, "deletion", "remove=blur", down), nothing);
  ck_assert_double_eq_tol(measured(&s, "deletion", "remove=impute", down), nothing, 1e-7);
  ck_assert(measured(&s, "deletion", "remove=black unit=pixel steps=4", down) < nothing);
  const vx_measure *deletion = vx_measure_find("deletion");
  vx_args args;
  vx_error error;
  vx_args_default(&deletion->params, &args);
  ck_assert(vx_args_set(&deletion->params, "deletion", &args, "unit", "pixel", &error));
  ck_assert(!deletion->check(&shape, &args, &error)); /* pixels cannot be dropped */
  ck_assert_ptr_nonnull(strstr(error.why, "drop"));
  teardown(&s);
}
END_TEST

/* The mean of deletion over random maps is that over all orders. */
START_TEST(random_maps) {
  scene s;
  setup(&s, weight);
  double expected = 0, sum = 0, square = 0;
  for (int k = 0; k < 256; k++) {
    float map[CELLS] = {(float)(k & 3), (float)(k >> 2 & 3), (float)(k >> 4 & 3), (float)(k >> 6)};
    bool order = true;
    for (int i = 0; i < CELLS; i++)
      for (int j = 0; j < i; j++) order &= map[i] > map[j] || map[i] < map[j];
    if (order) expected += measured(&s, "deletion", "steps=4", map) / 24;
  }
  enum { DRAWS = 1000 };
  for (int d = 0; d < DRAWS; d++) {
    float map[CELLS];
    for (int i = 0; i < CELLS; i++) map[i] = (float)vx_uniform_at(9, (uint64_t)d, (uint64_t)i);
    double one = measured(&s, "deletion", "steps=4", map);
    sum += one;
    square += one * one;
  }
  double mean = sum / DRAWS, error = sqrt((square / DRAWS - mean * mean) / DRAWS);
  ck_assert_double_eq_tol(mean, expected, 4 * error);
  ck_assert(error > 0);
  ck_assert_int_eq(s.asked, 15); /* every subset but the whole, once */
  teardown(&s);
}
END_TEST

START_TEST(published_curves) {
  scene s;
  setup(&s, weight);
  /* Without ties upside down swaps hits: the most relevant first is the least relevant first of the other. */
  const float ranks[CELLS] = {0.93f, 0.41f, 0.17f, 0.02f}, reversed[CELLS] = {-0.93f, -0.41f, -0.17f, -0.02f};
  double hits[20], height[2] = {0, 0};
  double positive = measured(&s, "perturbation", "", ranks);
  ck_assert_int_eq(s.points, 20);
  memcpy(hits, s.curve, sizeof hits);
  for (int i = 0; i < 20; i++) ck_assert(hits[i] == 0 || hits[i] == 1);
  for (int i = 0; i < 9; i++)
    height[0] += (hits[i] + hits[i + 1]) / 18, height[1] += (hits[10 + i] + hits[11 + i]) / 18;
  NEAR(positive, height[0]);
  NEAR(measured(&s, "perturbation", "", reversed), height[1]);
  ck_assert(hits[0] == 1 && hits[9] == 0 && height[1] > height[0]); /* without the first 14 of 16 pixels f < 0 */
  for (int i = 0; i < 20; i++) ck_assert(s.curve[i] == hits[(i + 10) % 20]);
  NEAR(measured(&s, "deletion-published", "", ranks), sigmoid(2.5)); /* floor(16/100) pixels a step: none */
  ck_assert_int_eq(s.points, 101);
  double abpc = measured(&s, "abpc-published", "", down);
  double sum = 0;
  for (int k = 0; k <= 10; k++) sum += s.curve[k] - s.curve[11 + k];
  NEAR(abpc, sum / 11);
  NEAR(s.curve[0], sigmoid(2.5));
  NEAR(s.curve[10], sigmoid(0));
  ck_assert(s.curve[5] > s.curve[16]);                       /* a good order: the least relevant pixels leave more */
  NEAR(measured(&s, "road", "noise=0", down), sigmoid(2.5)); /* ones are imputed by ones */
  teardown(&s);
}
END_TEST

/* ---- groups and cells -------------------------------------------------------------------------------------------- */

START_TEST(saco_by_hand) {
  scene s;
  setup(&s, weight);
  NEAR(measured(&s, "saco", "remove=drop groups=4", down), 1);
  NEAR(measured(&s, "saco", "remove=drop groups=4", up), -1);
  ck_assert(measured(&s, "saco", "remove=drop groups=4", flat) == 0);
  /* in order 1, 0, 2, 3: only the first pair, 1 apart of 3 + 2·2 + 3·1 = 10 …, is the wrong way round */
  const float wrong[CELLS] = {3, 4, 2, 1};
  NEAR(measured(&s, "saco", "remove=drop groups=4", wrong), (10 - 2) / 10.0);
  /* more groups than patches: the empty ones are left out */
  NEAR(measured(&s, "saco", "remove=drop groups=9", wrong), 0.8);
  /* two groups of two: s = 3.5, 1.5; without the first -0.5, without the second 3 */
  NEAR(measured(&s, "saco", "remove=drop groups=2", down), 1);
  NEAR(s.curve[0], 3.5);
  NEAR(s.curve[2], sigmoid(2.5) - sigmoid(-0.5));
  teardown(&s);
}
END_TEST

START_TEST(single_deletion_and_occlusion) {
  static const char *const removes[] = {"drop", "black", "mean"};
  for (int r = 0; r < 3; r++) {
    scene s;
    setup(&s, weight);
    const vx_explainer *occlusion = vx_explainer_find("occlusion");
    vx_args args;
    vx_error error;
    double heat[CELLS];
    char parameters[40];
    vx_args_default(&occlusion->params, &args);
    ck_assert(vx_args_set(&occlusion->params, "occlusion", &args, "remove", removes[r], &error));
    ck_assert(vx_explainer_run(occlusion, &s.view, &args, heat, &error));
    float map[CELLS];
    for (int i = 0; i < CELLS; i++) {
      NEAR(heat[i], weight[i]);
      map[i] = (float)heat[i];
    }
    ck_assert_int_eq(s.asked, CELLS);
    snprintf(parameters, sizeof parameters, "remove=%s", removes[r]);
    NEAR(measured(&s, "single-deletion", parameters, map), 1); /* the ceiling */
    NEAR(measured(&s, "single-deletion", parameters, down), 1);
    NEAR(measured(&s, "single-deletion", parameters, up), -1);
    ck_assert(measured(&s, "single-deletion", parameters, flat) == 0);
    ck_assert_int_eq(s.asked, CELLS);                                 /* perturbed once, every map is scored */
    ck_assert(measured(&s, "single-deletion", "cells=2", down) == 0); /* one cell */
    teardown(&s);
  }
  const vx_measure *single = vx_measure_find("single-deletion");
  vx_args args;
  vx_error error;
  vx_args_default(&single->params, &args);
  ck_assert(vx_args_set(&single->params, "single-deletion", &args, "cells", "3", &error));
  ck_assert(!single->check(&shape, &args, &error));
}
END_TEST

START_TEST(random_subsets) {
  scene s;
  setup(&s, weight);
  const float own[CELLS] = {2, 1, 0.5, -1}, against[CELLS] = {-2, -1, -0.5, 1};
  NEAR(measured(&s, "faithfulness-correlation", "size=0.5", own), 1); /* of a sum, a subset's loss is its sum */
  ck_assert_int_le(s.asked, 6);
  NEAR(measured(&s, "faithfulness-correlation", "size=0.5", against), -1);
  ck_assert(measured(&s, "faithfulness-correlation", "size=0.5", flat) == 0);
  ck_assert(measured(&s, "faithfulness-correlation", "size=1", own) == 0); /* every subset is all of it */
  uint8_t gone[CELLS];
  int seen[CELLS] = {0};
  for (int i = 0; i < 400; i++) { /* each patch as often as another */
    vx_shared_key key = {VX_SHARED_SUBSET, VX_REMOVE_DROP, 2, i};
    ck_assert(vx_answers_gone(&s.view, &key, gone, NULL));
    ck_assert_int_eq(gone[0] + gone[1] + gone[2] + gone[3], 2);
    for (int k = 0; k < CELLS; k++) seen[k] += gone[k];
  }
  for (int k = 0; k < CELLS; k++) ck_assert_int_ge(seen[k], 150);
  teardown(&s);
}
END_TEST

/* ---- the memo ---------------------------------------------------------------------------------------------------- */

/* What was kept answers for the picture without the model, bit for bit; what was not is refused. */
START_TEST(kept_answers_need_no_model) {
  scene s, later;
  setup(&s, weight);
  setup(&later, weight);
  const float map[CELLS] = {0.3f, 1, -2, 0.1f};
  double single = measured(&s, "single-deletion", "", map),
         subsets = measured(&s, "faithfulness-correlation", "size=0.5", map);
  later.view.again = NULL;
  later.view.logits = NULL;
  later.view.input = NULL;
  int count, again;
  vx_reply reply;
  vx_error error;
  const vx_shared *kept = vx_answers_kept(s.view.answers, &count);
  ck_assert_int_eq(count, 1 + CELLS + 100);
  ck_assert(!vx_answers_whole(&later.view, &reply, &error));
  for (int i = 0; i < count; i++) {
    ck_assert_int_eq(kept[i].target, 0);
    ck_assert_int_eq(kept[i].second, 1);
    NEAR(kept[i].probability, sigmoid(kept[i].logit - kept[i].second_logit));
    ck_assert(vx_answers_add(&later.view, &kept[i], &error));
    ck_assert(vx_answers_add(&later.view, &kept[i], &error)); /* twice is once */
  }
  vx_answers_kept(later.view.answers, &again);
  ck_assert_int_eq(again, count);
  ck_assert(measured(&later, "single-deletion", "", map) == single);
  ck_assert(measured(&later, "faithfulness-correlation", "size=0.5", map) == subsets);
  uint8_t gone[CELLS] = {1, 1, 1, 1};
  ck_assert(!vx_answers_ask(&later.view, &(vx_removal){.gone = gone}, &reply, &error));
  ck_assert_ptr_nonnull(strstr(error.why, "not planned"));
  vx_answers_start(later.view.answers, 0); /* another picture: all is forgotten */
  ck_assert(!vx_answers_shared(&later.view, &(vx_shared_key){VX_SHARED_CELL, VX_REMOVE_DROP, 1, 0}, &reply, &error));
  /* another class of the same picture is answered from the same variants */
  s.view.target = 1;
  int asked = s.asked;
  ck_assert(vx_answers_shared(&s.view, &(vx_shared_key){VX_SHARED_CELL, VX_REMOVE_DROP, 1, 0}, &reply, &error));
  ck_assert(reply.logit == 0);
  ck_assert_int_eq(s.asked, asked);
  teardown(&s);
  teardown(&later);
}
END_TEST

START_TEST(a_key_is_all_that_matters) {
  scene s;
  setup(&s, weight);
  uint8_t one[CELLS] = {1}, none[CELLS] = {0};
  vx_reply a, b;
  ck_assert(vx_answers_ask(&s.view, &(vx_removal){.remove = VX_REMOVE_DROP, .gone = one}, &a, NULL));
  ck_assert(vx_answers_ask(&s.view, &(vx_removal){.remove = VX_REMOVE_OWN_MEAN, .gone = one}, &b, NULL));
  ck_assert_int_eq(s.asked, 2);
  NEAR(a.logit, 0.5);
  NEAR(b.logit, 2.5);
  ck_assert(vx_answers_ask(&s.view, &(vx_removal){.remove = VX_REMOVE_BLUR, .gone = none}, &b, NULL));
  ck_assert_int_eq(s.asked, 2); /* nothing removed is the picture, however it is not removed */
  uint8_t pixels[PIXELS] = {1};
  vx_removal noisy = {VX_REMOVE_IMPUTE, VX_UNIT_PIXEL, pixels, 0.5, 0};
  ck_assert(vx_answers_ask(&s.view, &noisy, &a, NULL));
  noisy.draw = 1;
  ck_assert(vx_answers_ask(&s.view, &noisy, &b, NULL));
  ck_assert(a.logit < b.logit || a.logit > b.logit); /* another draw is another variant */
  ck_assert_int_eq(s.asked, 4);
  noisy.draw = 0;
  ck_assert(vx_answers_ask(&s.view, &noisy, &b, NULL));
  ck_assert(a.logit == b.logit && s.asked == 4);
  teardown(&s);
}
END_TEST

/* ---- removing ---------------------------------------------------------------------------------------------------- */

START_TEST(imputation_by_hand) {
  enum { N = 5 };
  double x[3 * N * N], before[3 * N * N];
  uint8_t gone[N * N] = {0};
  vx_normals(3, 1, before, 3 * N * N);
  memcpy(x, before, sizeof x);
  gone[0] = 1;         /* a corner: right and below 1/6, the diagonal 1/12, of 5/12 */
  gone[2 * N + 3] = 1; /* inside: all eight */
  ck_assert(vx_remove_impute(x, N, gone, NULL));
  for (int c = 0; c < 3; c++) {
    const double *b = before + c * N * N, *at = b + 2 * N + 3;
    ck_assert_double_eq_tol(x[c * N * N], (2 * b[1] + 2 * b[N] + b[N + 1]) / 5, 1e-7);
    double direct = at[1] + at[-1] + at[N] + at[-N], diagonal = at[N + 1] + at[N - 1] + at[-N + 1] + at[-N - 1];
    ck_assert_double_eq_tol(x[c * N * N + 2 * N + 3], direct / 6 + diagonal / 12, 1e-7);
    ck_assert(x[c * N * N + 7] == b[7]);
  }
  /* whatever is gone, it is the mean of its neighbours, those that are gone as well */
  memcpy(x, before, sizeof x);
  for (int i = 0; i < N * N; i++) gone[i] = i % 7 != 0;
  ck_assert(vx_remove_impute(x, N, gone, NULL));
  const double *middle = x + 2 * N + 2;
  ck_assert_double_eq_tol(*middle,
                          (middle[1] + middle[-1] + middle[N] + middle[-N]) / 6 +
                              (middle[N + 1] + middle[N - 1] + middle[1 - N] + middle[-N - 1]) / 12,
                          1e-6);
  memset(gone, 1, sizeof gone);
  memcpy(x, before, sizeof x);
  double own[3];
  vx_remove_own_mean(x, N, own);
  ck_assert(vx_remove_impute(x, N, gone, NULL));
  for (int i = 0; i < 3 * N * N; i++) ck_assert(x[i] == own[i / (N * N)]);
}
END_TEST

START_TEST(blur_by_hand) {
  enum { N = 13 };
  double x[3 * N * N] = {0}, blurred[3 * N * N], room[N * N], sum = 0, total = 0;
  x[6 * N + 6] = 1; /* a point in the middle of the first channel becomes the window */
  vx_remove_blur(x, N, blurred, room);
  for (int i = -5; i <= 5; i++) sum += exp(-i * i / 50.0);
  for (int i = 0; i < N * N; i++) total += blurred[i];
  NEAR(total, 1);
  NEAR(blurred[6 * N + 6], 1 / (sum * sum));
  NEAR(blurred[4 * N + 9], exp(-(4 + 9) / 50.0) / (sum * sum));
  ck_assert(blurred[0] == 0 && blurred[N * N] == 0);
}
END_TEST

/* ---- of the map alone -------------------------------------------------------------------------------------------- */

START_TEST(maps_alone) {
  scene s;
  setup(&s, weight);
  const float one[CELLS] = {0, 0, 7, 0}, none[CELLS] = {0, -1, -2, 0}, row[CELLS] = {1, 3, -5, 0};
  NEAR(measured(&s, "sparseness", "", one), 0.75); /* (n - 1)/n */
  NEAR(measured(&s, "sparseness", "", flat), 0);
  NEAR(measured(&s, "sparseness", "", none), 0);
  NEAR(measured(&s, "sparseness", "", row), (1 * 1 + 3 * 3) / 16.0); /* 0, 0, 1, 3: (2i - 5) = 1, 3 */
  NEAR(measured(&s, "complexity", "", one), 0);
  NEAR(measured(&s, "complexity", "", flat), log(4));
  NEAR(measured(&s, "complexity", "", none), log(4));
  NEAR(measured(&s, "complexity", "", row), -(0.25 * log(0.25) + 0.75 * log(0.75)));
  NEAR(measured(&s, "roughness", "", flat), 0);
  const float edge[CELLS] = {0, 1, 0, 1}; /* 0, 1/4, 3/4, 1 in every row: 4 rows of a sum of 1, of 24 pairs */
  NEAR(measured(&s, "roughness", "", edge), 4 / 24.0);
  NEAR(measured(&s, "roughness", "", (const float[CELLS]){5, 9, 5, 9}), 4 / 24.0); /* however it is scaled */
  ck_assert_int_eq(s.asked, 0);
  teardown(&s);
}
END_TEST

/* Pixel maps are measured from the bytes that are kept. */
START_TEST(pixel_maps) {
  scene s;
  setup(&s, weight);
  uint8_t levels[PIXELS];
  for (int i = 0; i < PIXELS; i++) levels[i] = (uint8_t)(255 - 16 * i);
  vx_map map = {.kind = VX_MAP_PIXEL, .width = S, .height = S, .levels = levels};
  vx_case of = {.map = &map, .view = &s.view};
  vx_cells cells;
  vx_error error;
  ck_assert(vx_cells_of(&of, VX_UNIT_PIXEL, true, &cells, &error));
  for (int i = 0; i < PIXELS; i++) {
    ck_assert(cells.value[i] == levels[i] / 255.0);
    ck_assert_int_eq(cells.order[i], i);
  }
  ck_assert(vx_cells_of(&of, VX_UNIT_PATCH, true, &cells, &error));
  NEAR(cells.value[0], (255 + 239 + 191 + 175) / (4 * 255.0));
  map.width = map.height = 6; /* kept at another size than the input's */
  ck_assert(!vx_cells_of(&of, VX_UNIT_PIXEL, true, &cells, &error));
  ck_assert_ptr_nonnull(strstr(error.why, "input"));
  teardown(&s);
}
END_TEST

/* The order of many cells with ties is that of a stable sort. */
START_TEST(orders) {
  enum { N = 3000 };
  double *value = malloc(N * sizeof *value);
  int *order = malloc(N * sizeof *order);
  for (unsigned i = 0; i < N; i++) value[i] = vx_random_below(vx_random_bits(1, i), 40);
  vx_map_order(value, N, order);
  for (int i = 1; i < N; i++) {
    double a = value[order[i - 1]], b = value[order[i]];
    ck_assert(a > b || (a == b && order[i - 1] < order[i]));
  }
  free(value);
  free(order);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("answers");
  tcase_add_test(tests, curves_by_hand);
  tcase_add_test(tests, what_a_removed_cell_becomes);
  tcase_add_test(tests, random_maps);
  tcase_add_test(tests, published_curves);
  tcase_add_test(tests, saco_by_hand);
  tcase_add_test(tests, single_deletion_and_occlusion);
  tcase_add_test(tests, random_subsets);
  tcase_add_test(tests, kept_answers_need_no_model);
  tcase_add_test(tests, a_key_is_all_that_matters);
  tcase_add_test(tests, imputation_by_hand);
  tcase_add_test(tests, blur_by_hand);
  tcase_add_test(tests, maps_alone);
  tcase_add_test(tests, pixel_maps);
  tcase_add_test(tests, orders);
  return run_suite("answers", tests);
}
