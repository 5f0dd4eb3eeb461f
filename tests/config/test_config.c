/* Configurations: defaults, what each key accepts, and errors that say file, line, key and the nearest known one. */
#include "harness/config/config.h"
#include "tests/support/files.h"

static const char good[] = "model: m\n"
                           "data: {root: d}\n"
                           "methods: [rollout]\n";

/* A configuration from a text; `set` is one override or NULL. */
static vx_config *parse(const char *text, const char *set, vx_error *error) {
  *error = (vx_error){.where = "", .why = ""};
  vx_yaml *root = vx_yaml_parse(text, strlen(text), "c.yaml", error);
  if (!root) return NULL;
  vx_config *config = vx_config_from(root, "dir/c.yaml", &set, set ? 1 : 0, error);
  vx_yaml_free(root);
  return config;
}

static vx_config *parse_good(const char *text, const char *set) {
  vx_error error;
  vx_config *config = parse(text, set, &error);
  ck_assert_msg(config != NULL, "%s: %s", error.where, error.why);
  return config;
}

START_TEST(defaults_are_the_specifications) {
  vx_config *c = parse_good(good, NULL);
  ck_assert_str_eq(c->name, "c");
  ck_assert_str_eq(c->split, "val");
  ck_assert_double_eq(c->min_confidence, 0.85);
  ck_assert_str_eq(c->target, "top");
  ck_assert_int_eq(c->precision, VX_MIXED);
  ck_assert_int_eq(c->output, VX_LOGIT);
  ck_assert_int_eq(c->resize, VX_AS_CHECKPOINT);
  ck_assert_int_eq(c->arithmetic, VX_ARITHMETIC_PILLOW);
  ck_assert_int_eq(c->normalize, VX_CFG_NORMALIZE_CHECKPOINT);
  ck_assert_int_eq(c->score.size, VX_SIZE_INPUT);
  ck_assert_str_eq(vx_setting_word(&c->score, "threshold"), "otsu");
  ck_assert_int_eq(c->score.truth.foreground, VX_FOREGROUND_ANY);
  ck_assert_int_eq(c->score.truth.void_kind, VX_VOID_IGNORE);
  ck_assert_int_eq(c->score.truth.resize, VX_MASK_PILLOW);
  ck_assert_int_eq(c->score.scoring.accuracy_is_recall, 0);
  ck_assert_str_eq(vx_setting_word(&c->score, "aggregate"), "mean");
  ck_assert_int_eq(c->metric_count, 1);
  ck_assert_str_eq(c->metrics[0].name, "overlap");
  ck_assert_ptr_null(c->compare_with);
  ck_assert_ptr_null(c->classes);
  ck_assert_int_eq(c->method_count, 1);
  vx_config_free(c);
}
END_TEST

typedef struct refusal {
  const char *text, *set, *where, *why;
} refusal;

#define HEAD "model: m\ndata: {root: d}\n"

static const refusal refusals[] = {
    {"model: m\ndata: {root: d}\nmethds: all\n", NULL, "dir/c.yaml:3: methds", "did you mean 'methods'?"},
    {HEAD "methods: all\nscore:\n  thresold: otsu\n", NULL, "dir/c.yaml:5: score.thresold",
     "did you mean 'score.threshold'?"},
    {HEAD "methods: all\nthreshold: otsu\n", NULL, "dir/c.yaml:4: threshold", "did you mean 'score.threshold'?"},
    {HEAD "methods: all\nmin_confidence: high\n", NULL, "dir/c.yaml:4: min_confidence", "is 'high', expected a number"},
    {HEAD "methods: all\nmin_confidence: 1.5\n", NULL, "c.yaml:4: min_confidence", "expected 0 to 1"},
    {HEAD "methods: all\nprecision: triple\n", NULL, "c.yaml:4: precision", "single|mixed|double"},
    {HEAD "methods: all\nprecision: [single]\n", NULL, "c.yaml:4: precision", "is a list, expected one of"},
    {HEAD "methods: all\nhead: 3\n", NULL, "c.yaml:4: head", "is '3', expected a map"},
    {HEAD "methods: all\nhead: {random: 2.5}\n", NULL, "c.yaml:4: head.random", "expected a whole number"},
    {HEAD "methods: all\nscore: {size: 0}\n", NULL, "c.yaml:4: score.size", "input, image, or a side"},
    {HEAD "methods: all\nscore: {foreground: class=255}\n", NULL, "c.yaml:4: score.foreground", "class=N (1 to 254)"},
    {HEAD "methods: all\nscore: {threshold: 1.01}\n", NULL, "c.yaml:4: score.threshold", "a number from 0 to 1"},
    {HEAD "methods: all\nmetrics: [overlp]\n", NULL, "c.yaml:4: metrics", "did you mean 'overlap'?"},
    {HEAD "methods: all\nmetrics: [overlap, overlap]\n", NULL, "c.yaml:4: metrics", "twice"},
    {HEAD "methods: all\nmetrics: [focus, {id: pointing, as: focus}]\n", NULL, "c.yaml:4: metrics", "twice"},
    {HEAD "methods: all\nmetrics: [{id: pointing, steps: 3}]\n", NULL, "c.yaml:4: metrics", "steps"},
    {HEAD "methods: all\nmetrics: [{as: pointing}]\n", NULL, "c.yaml:4: metrics", "expected the name of a metric"},
    {HEAD "methods: all\nmetrics: [{id: pointing, as: 'a,b'}]\n", NULL, "c.yaml:4: metrics", "comma"},
    {HEAD "methods: all\ninput: {normalize: {mean: [0, 0, 0], std: [1, 0, 1]}}\n", NULL, "input.normalize",
     "std must be a list of three positive numbers"},
    {HEAD "methods: all\nmodel: n\n", NULL, "c.yaml:4:1", "'model' stands here twice"},
    {HEAD "methods: all\n  model: n\n", NULL, "c.yaml:4:8", "mapping values are not allowed"},
    {"data: {root: d}\nmethods: all\n", NULL, "dir/c.yaml: model", "is missing"},
    {"model: m\nmethods: all\n", NULL, "dir/c.yaml: data.root", "is missing"},
    {HEAD, NULL, "dir/c.yaml: methods", "is missing"},
    {"- a\n- b\n", NULL, "c.yaml:1", "expected a map of keys"},
    {HEAD "methods: []\n", NULL, "c.yaml:3: methods", "is empty"},
    {HEAD "methods: [rolout]\n", NULL, "c.yaml:3: methods", "did you mean 'rollout'?"},
    {HEAD "methods:\n- rollout\n- center\n- rollout\n", NULL, "c.yaml:6: methods",
     "'rollout' stands in line 4 already"},
    {HEAD "methods:\n- {id: rollout, start_layr: 2}\n", NULL, "c.yaml:4: methods", "did you mean 'start_layer'"},
    {HEAD "methods:\n- {id: rollout, heads: median}\n", NULL, "c.yaml:4: methods", "mean|max|min"},
    {HEAD "methods:\n- {id: rollout, as: 'a,b'}\n", NULL, "c.yaml:4: methods", "must not hold a comma"},
    {HEAD "methods:\n- {as: r}\n", NULL, "c.yaml:4: methods", "expected an id or"},
    {HEAD "methods:\n- {mix: [rollout], by: sqrt}\n", NULL, "c.yaml:4: methods", "list of 2 to"},
    {HEAD "methods:\n- {mix: [rollout, saliency], by: cube}\n", NULL, "c.yaml:4: methods", "geometric-mean"},
    {HEAD "methods:\n- {mix: [rollout, saliency], as: m}\n- {mix: [m, center]}\n", NULL, "c.yaml:5: methods",
     "is a mix itself"},
    {HEAD "methods: all\nall_mixes: {of: [rollout], sizes: [2]}\n", NULL, "c.yaml:4: all_mixes", "at least 2"},
    {HEAD "methods: all\nall_mixes: {of: all, sizes: [1]}\n", NULL, "c.yaml:4: all_mixes", "from 2 to"},
    {HEAD "methods: all\nall_mixes: {of: all, size: [2]}\n", NULL, "c.yaml:4: all_mixes", "unknown key 'size'"},
    {HEAD "methods: all\ninput: {resize: crop}\nscore: {size: image}\n", NULL, "score.size", "input.resize: crop"},
    {good, "score.thresold=0.5", "--set score.thresold", "did you mean 'score.threshold'?"},
    {good, "min_confidence=x", "--set min_confidence", "expected a number"},
    {good, "min_confidence", "--set min_confidence", "expected KEY=VALUE"},
    {good, "model.folder=m", "--set model.folder", "cannot be set inside"},
    {good, "methods=[a, {b]", "--set methods", "flow mapping"},
    {good, "methods=[a", "methods", "[a"},
    {good, "data.root=a\nb", "--set data.root", "control character"},
};

/* What is no YAML on purpose is the text itself, and the printed configuration reads back to it. */
START_TEST(a_set_value_is_a_text) {
  static const char *const values[][2] = {{"/tmp/run #3", "/tmp/run #3"},
                                          {"a: b", "a: b"},
                                          {"- a", "- a"},
                                          {"*star", "*star"},
                                          {"&a b", "&a b"},
                                          {"!tag", "!tag"},
                                          {"[a", "[a"},
                                          {"{x} y", "{x} y"},
                                          {"it's", "it's"},
                                          {"'quoted #'", "quoted #"},
                                          {"\"a\\x41\"", "aA"},
                                          {"7", "7"},
                                          {"a\\b", "a\\b"},
                                          {"| x", "| x"},
                                          {"%a", "%a"}};
  const size_t count = sizeof values / sizeof *values;
  for (size_t i = 0; i < count; i++) {
    vx_error error;
    char set[100];
    snprintf(set, sizeof set, "data.root=%s", values[i][0]);
    vx_config *config = parse(HEAD "methods: [rollout]\n", set, &error);
    ck_assert_msg(config != NULL, "%s: %s: %s", set, error.where, error.why);
    ck_assert_str_eq(config->root, values[i][1]);
    char *printed = vx_config_print(config);
    vx_config_free(config);
    config = parse(printed, NULL, &error);
    ck_assert_msg(config != NULL, "%s: %s: %s", printed, error.where, error.why);
    ck_assert_str_eq(config->root, values[i][1]);
    vx_config_free(config);
    free(printed);
  }
}
END_TEST

START_TEST(every_error_says_where_and_what_was_meant) {
  const refusal *r = &refusals[_i];
  vx_error error;
  vx_config *config = parse(r->text, r->set, &error);
  ck_assert_msg(config == NULL, "accepted: %s", r->text);
  check_error(&error, r->where, r->why);
}
END_TEST

START_TEST(a_missing_file_is_named) {
  vx_error error;
  ck_assert_ptr_null(vx_config_read("no/such.yaml", NULL, 0, &error));
  check_error(&error, "no/such.yaml", "No such file");
}
END_TEST

START_TEST(set_goes_over_the_file) {
  vx_config *c = parse_good(good, "score={size: 64, threshold: 0.25}");
  ck_assert_int_eq(c->score.size, VX_SIZE_OWN);
  ck_assert_int_eq(c->score.side, 64);
  ck_assert_str_eq(vx_setting_word(&c->score, "threshold"), "0.25");
  vx_config_free(c);
  c = parse_good(good, "data.split=lists/mine.txt");
  ck_assert_str_eq(c->split, "lists/mine.txt");
  ck_assert_str_eq(c->root, "d");
  vx_config_free(c);
  c = parse_good(good, "target=tench, Tinca tinca");
  ck_assert_str_eq(c->target, "tench, Tinca tinca");
  vx_config_free(c);
  c = parse_good(HEAD "methods: all\ncompare_with: x\n", "compare_with=");
  ck_assert_ptr_null(c->compare_with);
  vx_config_free(c);
}
END_TEST

/* What is printed reads back as the same configuration: printing that gives the same text. */
START_TEST(the_printed_configuration_is_itself_one) {
  static const char *const texts[] = {
      good, HEAD "methods: all\nmetrics: all\n",
      HEAD "methods: all\nmetrics: [overlap, {id: focus, as: 'focus@2: b'}, {id: retrieval, as: r}]\n",
      HEAD "methods: [center, {id: rollout, start_layer: 1, as: 'r 1: \"x\"'}, {mix: [rollout, 'r 1: \"x\"'], by: "
           "sqrt}]\n"
           "all_mixes: {of: [rollout, saliency, {id: rollout, heads: max}], sizes: [2, 3], by: mean}\n"
           "input: {resize: crop, crop_pct: 0.9, filter: bicubic, normalize: {mean: [0.1, 0.2, 0.3], std: [1, 2, 3]}}\n"
           "target: 'no'\nhead: {random: 3, seed: 7}\nscore: {foreground: class=12, void: background, "
           "mask_resize: opencv, pixel_accuracy: recall, aggregate: pooled, threshold: .1, size: 100}\n"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    vx_config *first = parse_good(texts[i], NULL);
    char *text = vx_config_print(first);
    vx_config *second = parse_good(text, NULL);
    char *again = vx_config_print(second);
    ck_assert_str_eq(text, again);
    free(text);
    free(again);
    vx_config_free(first);
    vx_config_free(second);
  }
}
END_TEST

static void changed_is(const char *text, const char *set, bool score, const char *expected) {
  vx_error error;
  vx_config *config = parse_good(text, set);
  char *printed = vx_config_print(config), *changed = vx_config_changed(printed, "c", score, &error);
  ck_assert_ptr_nonnull(changed);
  ck_assert_str_eq(changed, expected);
  free(changed);
  free(printed);
  vx_config_free(config);
}

/* Each key that decides a run by itself, set to something else, is the one that is told. */
START_TEST(what_is_not_the_default_is_told) {
  static const char *const sets[] = {"input.resize=crop",
                                     "input.crop_pct=0.9",
                                     "input.filter=bicubic",
                                     "input.arithmetic=float",
                                     "input.normalize=none",
                                     "min_confidence=0",
                                     "target=3",
                                     "output=loss",
                                     "precision=double",
                                     "head.random=20",
                                     "head.seed=3",
                                     "seed=5",
                                     "score.size=64",
                                     "score.threshold=0.5",
                                     "score.foreground=main",
                                     "score.void=background",
                                     "score.aggregate=pooled",
                                     "score.mask_resize=opencv",
                                     "score.pixel_accuracy=recall"};
  changed_is(good, NULL, true, "");
  changed_is(HEAD "methods: all\nmetrics: all\nclasses: c.tsv\ncompare_with: x\n", "data.split=other", true, "");
  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
    changed_is(good, sets[i], true, sets[i]);
    changed_is(good, sets[i], false, strncmp(sets[i], "score.", 6) == 0 ? "" : sets[i]);
  }
  changed_is(HEAD "methods: all\nhead: {random: 2}\nmin_confidence: 0.850\nscore: {void: foreground}\n", "seed=1", true,
             "head.random=2, seed=1, score.void=foreground");
  changed_is(good, "input.normalize={mean: [0.5, 0.5, 0.5], std: [1, 1, 1]}", true,
             "input.normalize={mean: [0.5, 0.5, 0.5], std: [1, 1, 1]}");
  /* a text of another version: what this one does not know is told as it stands */
  vx_error error;
  char *changed = vx_config_changed("model: m\nnew: {a: [1, x]}\ninput: {turn: 90}\nseed: 0\n", "c", true, &error);
  ck_assert_str_eq(changed, "new={a: [1, x]}, input.turn=90");
  free(changed);
  ck_assert_ptr_null(vx_config_changed("a: [", "c", true, &error));
  ck_assert_str_ne(error.why, "");
}
END_TEST

START_TEST(all_is_every_method_but_mixes) {
  vx_config *c = parse_good(HEAD "methods: all\n", NULL);
  int expected = 0;
  for (int i = 0; i < vx_explainer_count(); i++) expected += vx_explainer_in_all(vx_explainer_at(i));
  ck_assert_int_eq(c->method_count, expected);
  ck_assert_int_lt(vx_config_find_method(c, "mix"), 0);
  ck_assert_int_ge(vx_config_find_method(c, "transformer-attribution-stable"), 0);
  ck_assert_int_ge(vx_config_find_method(c, "foreground"), 0);
  vx_config_free(c);
  c = parse_good(HEAD "methods: [all, {id: rollout, start_layer: 1, as: rollout-1}]\n", NULL);
  ck_assert_int_eq(c->method_count, expected + 1);
  vx_config_free(c);
}
END_TEST

START_TEST(a_mix_shares_what_is_there_and_hides_what_is_not) {
  vx_config *c = parse_good(HEAD "methods:\n"
                                 "- {mix: [rollout, ag-cam, {id: rollout, start_layer: 1}], by: sqrt}\n"
                                 "- rollout\n"
                                 "- {id: rollout, start_layer: 1, as: late}\n",
                            NULL);
  int mix = vx_config_find_method(c, "rollout+ag-cam+late:sqrt");
  ck_assert_int_ge(mix, 0);
  ck_assert_int_eq(c->methods[mix].part_count, 3);
  ck_assert_int_eq(c->methods[mix].parts[0], vx_config_find_method(c, "rollout"));
  ck_assert_int_eq(c->methods[mix].parts[2], vx_config_find_method(c, "late"));
  int hidden = c->methods[mix].parts[1];
  ck_assert(c->methods[hidden].hidden);
  ck_assert_str_eq(c->methods[hidden].name, "ag-cam");
  ck_assert_int_eq(c->method_count, 4);
  vx_config_free(c);
}
END_TEST

START_TEST(all_mixes_are_all_of_them) {
  vx_config *c = parse_good(HEAD "methods: [rollout, center]\n"
                                 "all_mixes: {of: [rollout, saliency, ag-cam, cam], sizes: [2, 3], by: sqrt}\n",
                            NULL);
  int mixes = 0, hidden = 0;
  for (int i = 0; i < c->method_count; i++) {
    mixes += c->methods[i].part_count > 0;
    hidden += c->methods[i].hidden;
  }
  ck_assert_int_eq(mixes, 6 + 4);
  ck_assert_int_eq(hidden, 3);
  ck_assert_int_ge(vx_config_find_method(c, "rollout+saliency+cam:sqrt"), 0);
  vx_config_free(c);
  c = parse_good(HEAD "methods: [rollout, saliency, center]\nall_mixes: {of: all}\n", NULL);
  ck_assert_int_eq(c->method_count, 4); /* trivial rows are not mixed */
  ck_assert_int_ge(vx_config_find_method(c, "rollout+saliency:product"), 0);
  vx_config_free(c);
}
END_TEST

START_TEST(shipped_configurations_are_valid) {
  static const char *const names[] = {"smoke",   "table1",  "final-report",        "chefer-segmentation",
                                      "iia-voc", "figure3", "voc-subset-vit-tiny", "demo"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char path[200];
    vx_error error;
    snprintf(path, sizeof path, "configs/%s.yaml", names[i]);
    vx_config *c = vx_config_read(path, NULL, 0, &error);
    ck_assert_msg(c != NULL, "%s: %s", error.where, error.why);
    ck_assert_str_eq(c->name, names[i]);
    vx_config_free(c);
  }
}
END_TEST

/* Spec section 7: each choice of Table 1's protocol. */
START_TEST(table_1_is_the_papers_protocol) {
  vx_error error;
  vx_config *c = vx_config_read("configs/table1.yaml", NULL, 0, &error);
  ck_assert_msg(c != NULL, "%s: %s", error.where, error.why);
  ck_assert_int_eq(c->resize, VX_RESIZE_SQUASH);
  ck_assert_int_eq(c->filter, VX_FILTER_BILINEAR);
  ck_assert_int_eq(c->arithmetic, VX_ARITHMETIC_FLOAT);
  ck_assert_int_eq(c->normalize, VX_CFG_NORMALIZE_NONE);
  ck_assert_double_eq(c->min_confidence, 0.85);
  ck_assert_str_eq(c->methods[0].explainer->id, "attn-gradcam");
  ck_assert_str_eq(vx_setting_word(&c->score, "threshold"), "otsu");
  ck_assert_int_eq(c->score.truth.void_kind, VX_VOID_FOREGROUND);
  ck_assert_int_eq(c->score.truth.resize, VX_MASK_OPENCV);
  ck_assert_int_eq(c->score.size, VX_SIZE_INPUT);
  vx_config_free(c);
}
END_TEST

/* Configurations that a fuzzer would find: deep, recursive, huge. None may crash or hang. */
START_TEST(odd_yaml_is_refused) {
  char deep[4001];
  memset(deep, '[', 4000);
  deep[4000] = '\0';
  static const char *const texts[] = {
      "a: &x [*x, *x]\n",  "? [a, b]\n: c\n",
      "\xff\xfe",          "a: !!binary x\nb",
      "%YAML 9.9\n---\na", "{",
      "model: \"\\",       "a: &a [1,1]\nb: &b [*a,*a]\nc: &c [*b,*b]\nmodel: [*c,*c]\n"};
  vx_error error;
  ck_assert_ptr_null(parse(deep, NULL, &error));
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    ck_assert_ptr_null(parse(texts[i], NULL, &error));
    ck_assert_str_ne(error.why, "");
  }
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("config");
  tcase_add_test(tcase, defaults_are_the_specifications);
  tcase_add_loop_test(tcase, every_error_says_where_and_what_was_meant, 0, (int)(sizeof refusals / sizeof *refusals));
  tcase_add_test(tcase, a_missing_file_is_named);
  tcase_add_test(tcase, set_goes_over_the_file);
  tcase_add_test(tcase, a_set_value_is_a_text);
  tcase_add_test(tcase, the_printed_configuration_is_itself_one);
  tcase_add_test(tcase, what_is_not_the_default_is_told);
  tcase_add_test(tcase, all_is_every_method_but_mixes);
  tcase_add_test(tcase, a_mix_shares_what_is_there_and_hides_what_is_not);
  tcase_add_test(tcase, all_mixes_are_all_of_them);
  tcase_add_test(tcase, shipped_configurations_are_valid);
  tcase_add_test(tcase, table_1_is_the_papers_protocol);
  tcase_add_test(tcase, odd_yaml_is_refused);
  return run_suite("config", tcase);
}
