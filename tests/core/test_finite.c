/* NaN and infinity, in weights, in the input or made by an overflow, end in an error that names the layer. */
#include "core/model.h"

#include <math.h>

#include "base/random.h"
#include "tests/core/checkpoint.h"

#define GOLDEN "tests/golden/models/"

static char folder[512];

static void setup(void) {
  make_folder(folder);
}

static void teardown(void) {
  remove_folder(folder);
}

static vx_needs everything(const vx_shape *s) {
  vx_needs plan = {.variant_count = 1};
  int last = s->layers - 1;
  vx_want_rows(&plan.wants, VX_AT_SCORES, vx_by(VX_FORWARD), 0, last);
  vx_want_rows(&plan.wants, VX_AT_ATTENTION, vx_by(VX_CUT_GRADIENT), 0, last);
  vx_want_at(&plan.wants, VX_AT_INPUT, vx_by(VX_GRADIENT));
  vx_want_at(&plan.wants, VX_AT_TOKENS, vx_by(VX_FORWARD));
  vx_want_layers(&plan.wants, VX_AT_NORM1, vx_by(VX_GRADIENT), last, last);
  vx_want_layers(&plan.wants, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0, last);
  vx_want_layers(&plan.wants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 0, last);
  vx_want_layers(&plan.wants, VX_AT_ATTENTION, vx_by(VX_LRP_IMPROVED), 0, last);
  vx_want_layers(&plan.wants, VX_AT_ATTENTION, vx_by_with(VX_LRP_PLAIN, 1e-2), last, last);
  vx_want_at(&plan.wants, VX_AT_INPUT, vx_by_with(VX_LRP_PLAIN, 1e-2));
  vx_want_at(&plan.variants, VX_AT_INPUT, vx_by(VX_GRADIENT));
  return plan;
}

static float *picture(const vx_shape *s) {
  size_t pixels = 3 * (size_t)s->image * (size_t)s->image;
  float *x = malloc(pixels * sizeof *x);
  for (size_t i = 0; i < pixels; i++) x[i] = (float)vx_random_normal(3, i);
  return x;
}

/* The model's forward pass must fail in every precision, at one of the layers that may notice first. */
static void must_fail(const vx_model *model, const float *x, const char *layer, const char *what) {
  vx_needs plan = everything(vx_model_shape(model));
  for (vx_precision p = VX_SINGLE; p <= VX_DOUBLE; p++) {
    vx_error error = {0};
    vx_worker *worker = vx_worker_new(model, &plan, p, &error);
    ck_assert_ptr_nonnull(worker);
    ck_assert_msg(!vx_worker_forward(worker, x, &error), "%s went through in precision %d", what, p);
    ck_assert_msg(strcmp(error.where, layer) == 0, "%s: \"%s\" instead of \"%s\"", what, error.where, layer);
    ck_assert_msg(strstr(error.why, "NaN or infinite") != NULL, "%s: %s", what, error.why);
    vx_worker_free(worker);
  }
}

static void weights(const char *golden, const char *name, const char *layer) {
  static const float bad[] = {NAN, INFINITY, -INFINITY};
  for (int i = 0; i < 3; i++) {
    checkpoint *c = checkpoint_load(golden);
    size_t count = checkpoint_find(c, name)->count;
    checkpoint_floats(c, name)[count / 2] = bad[i];
    checkpoint_save(c, folder);
    checkpoint_free(c);
    vx_error error = {0};
    vx_model *model = vx_model_open(folder, &error);
    ck_assert_msg(model != NULL, "%s: %s", error.where, error.why);
    float *x = picture(vx_model_shape(model));
    char what[320];
    snprintf(what, sizeof what, "%g in %s", (double)bad[i], name);
    must_fail(model, x, layer, what);
    free(x);
    vx_model_close(model);
  }
}

START_TEST(test_weights_of_every_layer) {
  static const char *const parts[] = {"layernorm_before.weight",
                                      "layernorm_before.bias",
                                      "attention.attention.query.weight",
                                      "attention.attention.query.bias",
                                      "attention.attention.key.weight",
                                      "attention.attention.key.bias",
                                      "attention.attention.value.weight",
                                      "attention.attention.value.bias",
                                      "attention.output.dense.weight",
                                      "attention.output.dense.bias",
                                      "layernorm_after.weight",
                                      "layernorm_after.bias",
                                      "intermediate.dense.weight",
                                      "intermediate.dense.bias",
                                      "output.dense.weight",
                                      "output.dense.bias"};
  for (int l = 0; l < 4; l++)
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
      char name[256], layer[32];
      snprintf(name, sizeof name, "vit.encoder.layer.%d.%s", l, parts[i]);
      snprintf(layer, sizeof layer, "layer %d", l);
      weights(GOLDEN "vit-nano", name, layer);
    }
}
END_TEST

START_TEST(test_other_weights) {
  static const char *const embedding[] = {"cls_token", "pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias"};
  for (int i = 0; i < 4; i++) weights(GOLDEN "vit-nano-timm", embedding[i], "patch embedding");
  weights(GOLDEN "vit-nano-timm", "norm.weight", "final norm");
  weights(GOLDEN "vit-nano-timm", "norm.bias", "final norm");
  weights(GOLDEN "vit-nano-timm", "head.weight", "head");
  weights(GOLDEN "vit-nano-timm", "head.bias", "head");
}
END_TEST

START_TEST(test_input) {
  vx_error error = {0};
  vx_model *model = vx_model_open(GOLDEN "vit-nano", &error);
  ck_assert_msg(model != NULL, "%s: %s", error.where, error.why);
  const vx_shape *s = vx_model_shape(model);
  size_t pixels = 3 * (size_t)s->image * (size_t)s->image;
  static const float bad[] = {NAN, INFINITY, -INFINITY};
  float *x = picture(s);
  for (size_t i = 0; i < 30; i++) {
    size_t at = i * (pixels - 1) / 29; /* from the first to the last */
    float was = x[at];
    x[at] = bad[i % 3];
    must_fail(model, x, "patch embedding", "a pixel");
    x[at] = was;
  }
  free(x);
  vx_model_close(model);
}
END_TEST

/* All weights and the input finite, but not what they make in single precision. */
START_TEST(test_overflow) {
  vx_error error = {0};
  vx_shape shape = {
      .layers = 3, .heads = 2, .dim = 8, .mlp = 12, .patch = 4, .image = 8, .classes = 3, .epsilon = 1e-6};
  vx_needs plan = everything(&shape);
  float *x = picture(&shape);
  for (int what = 0; what < 4; what++) {
    vx_model *model = vx_model_random(&shape, 1, &error);
    ck_assert_ptr_nonnull(model);
    float *scaled = (float *)(what == 0   ? model->block[1].fc2.bias
                              : what == 1 ? model->block[1].norm1.weight
                              : what == 2 ? model->block[1].fc1.bias
                                          : model->norm.weight);
    for (int i = 0; i < shape.dim; i++) scaled[i] *= 1e37f; /* 0, 2: LN1 of the next block squares it */
    vx_worker *worker = vx_worker_new(model, &plan, VX_SINGLE, &error);
    bool ok = vx_worker_forward(worker, x, &error);
    const char *layer = what == 1 ? "layer 1" : what < 3 ? "layer 2" : "final norm";
    if (what == 3 && !ok) layer = error.where; /* may show in the head first */
    ck_assert_msg(!ok || what == 3, "overflow %d went through", what);
    if (!ok) ck_assert_str_eq(error.where, layer);
    if (ok) { /* then every value that was made is finite */
      const vx_view *view = vx_worker_explain(worker, 0, VX_LOGIT, &error);
      for (int l = 0; view && l < shape.layers; l++)
        for (int i = 0; i < shape.heads * 25; i++)
          ck_assert(isfinite(vx_at(view, VX_AT_ATTENTION, vx_by(VX_GRADIENT), l)[i]));
    }
    vx_worker_free(worker);
    vx_model_close(model);
  }
  free(x);
}
END_TEST

/* A finite forward pass whose gradient is not: the backward passes look themselves. */
START_TEST(test_gradient_overflow) {
  vx_error error = {0};
  vx_shape shape = {.layers = 2, .heads = 1, .dim = 4, .mlp = 4, .patch = 4, .image = 8, .classes = 2, .epsilon = 1e-6};
  vx_model *model = vx_model_random(&shape, 2, &error);
  ck_assert_ptr_nonnull(model);
  float *x = picture(&shape), *head = (float *)model->head.weight;
  for (int i = 0; i < shape.dim; i++) head[i] = i ? 1e38f : -1e38f; /* logits of about 1e38 */
  float *proj = (float *)model->block[0].proj.weight;
  for (int i = 0; i < 16; i++) proj[i] *= 1e3f;
  vx_needs gradient = {0}, cut = {0}, input = {0};
  vx_want_layers(&gradient.wants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 0, 1);
  vx_want_rows(&cut.wants, VX_AT_ATTENTION, vx_by(VX_CUT_GRADIENT), 0, 1);
  vx_want_at(&input.wants, VX_AT_INPUT, vx_by(VX_GRADIENT));
  const vx_needs *plans[] = {&gradient, &cut, &input};
  int refused = 0;
  for (int i = 0; i < 3; i++) {
    vx_worker *worker = vx_worker_new(model, plans[i], VX_SINGLE, &error);
    if (vx_worker_forward(worker, x, &error) && !vx_worker_explain(worker, 0, VX_LOGIT, &error)) {
      ck_assert_msg(strncmp(error.where, "layer ", 6) == 0 || strcmp(error.where, "patch embedding") == 0, "%s: %s",
                    error.where, error.why);
      ck_assert_ptr_nonnull(strstr(error.why, "gradient"));
      refused++;
    }
    vx_worker_free(worker);
  }
  ck_assert_int_eq(refused, 3);
  free(x);
  vx_model_close(model);
}
END_TEST

/* Layers that are not there, in a plan: an error, not a write beyond the arrays. */
START_TEST(test_plan) {
  vx_error error = {0};
  vx_shape shape = {.layers = 2, .heads = 1, .dim = 4, .mlp = 4, .patch = 4, .image = 8, .classes = 2, .epsilon = 1e-6};
  vx_model *model = vx_model_random(&shape, 2, &error);
  for (int i = 0; i < 3; i++)
    for (int lowest = -1; lowest <= 3; lowest++) {
      static const vx_rule rules[] = {VX_FORWARD, VX_GRADIENT, VX_LRP_PLAIN};
      vx_needs plan = {0};
      vx_want_layers(&plan.wants, VX_AT_ATTENTION, vx_by(rules[i]), lowest, lowest);
      vx_worker *worker = vx_worker_new(model, &plan, VX_DOUBLE, &error);
      ck_assert_int_eq(worker != NULL, lowest >= 0 && lowest <= 1);
      float *x = picture(&shape);
      if (worker) ck_assert(vx_worker_forward(worker, x, &error) && vx_worker_explain(worker, 1, VX_LOSS, &error));
      if (worker) ck_assert(!vx_worker_explain(worker, 2, VX_LOSS, &error));
      if (worker) ck_assert(!vx_worker_explain(worker, -1, VX_LOSS, &error));
      check_error(&error, worker ? "target" : "plan", worker ? "the model has 0 to 1" : "the model has layers 0 to 1");
      free(x);
      vx_worker_free(worker);
    }
  vx_model_close(model);
}
END_TEST

/* What nothing makes is refused when the worker is made, by name, of the picture and of its variants alike. */
START_TEST(test_refused) {
  static const struct {
    vx_want want;
    const char *name;
  } refused[] = {
      {{VX_AT_INPUT, {.rule = VX_FORWARD}, false, 0, 0}, "value of the input"},
      {{VX_AT_SCORES, {.rule = VX_GRADIENT}, false, 0, 1}, "gradient of the scores"},
      {{VX_AT_TOKENS, {.rule = VX_GRADIENT}, false, 0, 0}, "gradient of the last norm"},
      {{VX_AT_INPUT, {.rule = VX_GRADIENT}, true, 0, 0}, "gradient of the input, rows"},
      {{VX_AT_INPUT, {.rule = VX_GRADIENT}, false, 0, 1}, "gradient of the input"},
      {{VX_AT_NORM1, {.rule = VX_CUT_GRADIENT}, false, 0, 1}, "cut_gradient of LN1"},
      {{VX_AT_STREAM, {.rule = VX_LRP_PLAIN}, false, 0, 1}, "lrp_plain of the stream"},
      {{VX_AT_ATTENTION, {.rule = VX_LRP_IMPROVED, .parameter = NAN}, false, 0, 1}, "lrp_improved of the attention"},
      {{VX_AT_ATTENTION, {.rule = VX_FORWARD}, false, 1, 0}, "value of the attention"},
  };
  vx_error error = {0};
  vx_shape shape = {.layers = 2, .heads = 1, .dim = 4, .mlp = 4, .patch = 4, .image = 8, .classes = 2, .epsilon = 1e-6};
  vx_model *model = vx_model_random(&shape, 2, &error);
  for (size_t i = 0; i < 2 * sizeof refused / sizeof *refused; i++) {
    vx_needs plan = {.variant_count = 1};
    vx_wants *wants = i % 2 ? &plan.variants : &plan.wants;
    wants->want[wants->count++] = refused[i / 2].want;
    for (vx_precision precision = VX_SINGLE; precision <= VX_DOUBLE; precision++) {
      ck_assert_ptr_null(vx_worker_new(model, &plan, precision, &error));
      check_error(&error, "plan", refused[i / 2].name);
    }
  }
  vx_model_close(model);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("finite");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_set_timeout(tests, 600);
  tcase_add_test(tests, test_weights_of_every_layer);
  tcase_add_test(tests, test_other_weights);
  tcase_add_test(tests, test_input);
  tcase_add_test(tests, test_overflow);
  tcase_add_test(tests, test_gradient_overflow);
  tcase_add_test(tests, test_plan);
  tcase_add_test(tests, test_refused);
  return run_suite("core/finite", tests);
}
