/* The registry, and parameters: defaults, text, ranges, layers. */
#include <strings.h>

#include "tests/explainers/scene.h"
#include "tests/support/files.h"
#include "tests/support/suite.h"

START_TEST(every_method_is_described) {
  for (int i = 0; i < vx_explainer_count(); i++) {
    const vx_explainer *e = vx_explainer_at(i);
    ck_assert(e->id && e->title && e->formula && e->source && e->cite && e->explain);
    ck_assert_ptr_eq(vx_explainer_find(e->id), e);
    ck_assert_int_le(e->params.count, VX_PARAMS_MAX);
    ck_assert_ptr_nonnull(vx_family_name(e->family));
    for (const char *c = e->id; *c; c++) ck_assert_msg(strchr("abcdefghijklmnopqrstuvwxyz-", *c) != NULL, "%s", e->id);
    for (int p = 0; p < e->params.count; p++) {
      ck_assert(e->params.param[p].name && e->params.param[p].meaning);
      if (e->params.param[p].type == VX_PARAM_CHOICE) ck_assert_ptr_nonnull(e->params.param[p].choices);
    }
  }
  ck_assert_ptr_null(vx_explainer_find("no-such"));
  ck_assert_ptr_null(vx_explainer_at(vx_explainer_count()));
  ck_assert_ptr_null(vx_explainer_at(-1));
}
END_TEST

START_TEST(titles_are_told_apart) {
  for (int i = 0; i < vx_explainer_count(); i++)
    for (int k = 0; k < i; k++) {
      const vx_explainer *a = vx_explainer_at(i), *b = vx_explainer_at(k);
      ck_assert_msg(strcasecmp(a->title, b->title) != 0, "%s and %s are both called %s", a->id, b->id, a->title);
    }
}
END_TEST

/* Whatever a method's parameters are, their text is read back as the same values. */
START_TEST(arguments_survive_their_text) {
  for (int i = 0; i < vx_explainer_count(); i++) {
    const vx_explainer *e = vx_explainer_at(i);
    vx_args args, back;
    vx_text text = {0};
    vx_args_default(&e->params, &args);
    vx_args_print(&e->params, &args, &text);
    char *rest = text.text;
    vx_args_default(&e->params, &back);
    for (char *pair; (pair = strsep(&rest, " "));) {
      char *value = strchr(pair, '=');
      *value++ = '\0';
      ck_assert(vx_args_set(&e->params, e->id, &back, pair, value, NULL));
    }
    ck_assert(vx_args_equal(&e->params, &args, &back));
    free(text.text);
  }
}
END_TEST

static void refuses(const char *id, const char *name, const char *text, const char *says) {
  const vx_explainer *explainer = vx_explainer_find(id);
  vx_args args, before;
  vx_error error;
  vx_args_default(&explainer->params, &args);
  before = args;
  ck_assert(!vx_args_set(&explainer->params, explainer->id, &args, name, text, &error));
  ck_assert_msg(strstr(error.why, says) != NULL, "%s %s: %s", name, text, error.why);
  ck_assert_mem_eq(&args, &before, sizeof args);
}

START_TEST(wrong_arguments_are_told) {
  refuses("rollout", "start_layr", "1", "start_layer");
  refuses("rollout", "heads", "sum", "mean|max|min");
  refuses("rollout", "start_layer", "1.5", "whole number");
  refuses("rollout", "start_layer", "", "whole number");
  refuses("rollout", "start_layer", "1x", "whole number");
  refuses("saliency", "samples", "3", "no parameters");
  refuses("smoothgrad", "samples", "0", "1 to");
  refuses("smoothgrad", "sigma", "nan", "number");
  refuses("attention-gradient", "clamp", "maybe", "true or false");
  refuses("transformer-attribution", "stabilizer", "-1", "0 to 1");
  refuses("mix", "by", "prod", "product|sqrt|geometric-mean|mean");
}
END_TEST

START_TEST(layers_are_checked_against_the_model) {
  const vx_explainer *rollout = vx_explainer_find("rollout");
  static const struct {
    const char *text;
    int layer; /* -1: refused */
  } cases[] = {{"0", 0}, {"3", 3}, {"4", -1}, {"-1", 3}, {"-4", 0}, {"-5", -1}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    vx_args args;
    vx_error error;
    vx_needs needs;
    vx_args_default(&rollout->params, &args);
    ck_assert(vx_args_set(&rollout->params, rollout->id, &args, "start_layer", cases[i].text, &error));
    ck_assert_int_eq(vx_args_check(&rollout->params, rollout->id, &args, shape.layers, &error), cases[i].layer >= 0);
    vx_explainer_needs(rollout, &shape, &args, &needs);
    ck_assert_int_eq(needs.wants.count, 1);
    if (cases[i].layer >= 0) ck_assert_int_eq(needs.wants.want[0].first, cases[i].layer);
  }
}
END_TEST

/* A method that reads what its needs() do not name, and a view that lacks what they do: refused by name. */
static void ask_little(const vx_shape *of, const vx_args *args, vx_needs *needs) {
  (void)args;
  vx_want_rows(&needs->wants, VX_AT_ATTENTION, vx_by(VX_FORWARD), of->layers - 1, of->layers - 1);
}

static bool read_more(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)args, (void)error;
  vx_patches_of_row(view, vx_rows_at(view, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0), heat);
  return true;
}

START_TEST(what_is_not_named_is_refused) {
  static scene s;
  make_scene(&s);
  const vx_explainer greedy = {.id = "greedy", .grid = VX_GRID_PATCH, .needs = ask_little, .explain = read_more};
  double heat[N];
  vx_error error = {0};
  vx_args args = {0};
  ck_assert(!vx_explainer_run(&greedy, &s.view, &args, heat, &error));
  check_error(&error, "greedy", "reads the value of the attention, rows read, layers 0 to 0");
  s.view.seen_count = 1; /* whole matrices only */
  ck_assert(!vx_explainer_run(&greedy, &s.view, &args, heat, &error));
  check_error(&error, "greedy", "needs the value of the attention, rows read, layers 3 to 3");
  s.view.prior = NULL;
  ck_assert(!vx_explainer_run(vx_explainer_find("class-prior"), &s.view, &args, heat, &error));
  check_error(&error, "class-prior", "no other mask");
  vx_arena_free(s.view.scratch);
}
END_TEST

START_TEST(all_leaves_out_mixes_and_what_is_dear) {
  ck_assert(!vx_explainer_in_all(vx_explainer_find("mix")));
  ck_assert(!vx_explainer_in_all(vx_explainer_find("occlusion"))); /* a forward pass a patch */
  int count = 0;
  for (int i = 0; i < vx_explainer_count(); i++) count += vx_explainer_in_all(vx_explainer_at(i));
  ck_assert_int_eq(count, vx_explainer_count() - 2);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("registry");
  tcase_add_test(tests, every_method_is_described);
  tcase_add_test(tests, titles_are_told_apart);
  tcase_add_test(tests, arguments_survive_their_text);
  tcase_add_test(tests, wrong_arguments_are_told);
  tcase_add_test(tests, layers_are_checked_against_the_model);
  tcase_add_test(tests, what_is_not_named_is_refused);
  tcase_add_test(tests, all_leaves_out_mixes_and_what_is_dear);
  return run_suite("registry", tests);
}
