/* Measures of a run: added to a finished run they give the bits that they give within it, from the stored maps where
   that can be; one that asks the model is called with the map, the picture and the model again. */
#include "tests/support/run_files.h"

#define SMOKE "model: tests/golden/models/vit-micro\ndata: {root: data/smoke, split: val}\nmin_confidence: 0\n"
#define METHODS "methods: [rollout, saliency, ag-cam, foreground, transformer-attribution, {mix: [rollout, cam]}]\n"

static char folder[512];
static char path_a[600], path_b[600];

static void setup(void) {
  make_folder(folder);
  snprintf(path_a, sizeof path_a, "%s/a.sqlite", folder);
  snprintf(path_b, sizeof path_b, "%s/b.sqlite", folder);
}

static void teardown(void) {
  remove_folder(folder);
}

/* ---- against the truth ------------------------------------------------------------------------------------------- */

/* The rows that are there stay (the schema forbids more); milliseconds show that nothing was written anew. */
static const char times[] = "SELECT group_concat(milliseconds) FROM (SELECT milliseconds FROM evaluations ORDER BY"
                            " method, image)";

static void add_later(const char *head) {
  char all[900], some[900];
  snprintf(some, sizeof some, "%s" METHODS "metrics: [overlap]\n", head);
  snprintf(all, sizeof all,
           "%s" METHODS "metrics: [focus, overlap, retrieval, two-class, oracle, pointing,"
           " average-precision]\n",
           head);
  run_it((run_request){.yaml = some, .out = path_a});
  char *before = whole_text_of(path_a, times);
  ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM scores"), 0);
  vx_worked worked = run_it((run_request){.yaml = all, .out = path_a, .limit = 2});
  ck_assert_int_eq(worked.done, 2);
  worked = run_it((run_request){.yaml = all, .out = path_a, .jobs = 2});
  ck_assert_int_eq(worked.done, 4);
  worked = run_it((run_request){.yaml = all, .out = path_a});
  ck_assert_int_eq(worked.done, 0);
  worked = run_it((run_request){.yaml = some, .out = path_a}); /* fewer are no other run and take nothing away */
  ck_assert_int_eq(worked.done, 0);
  run_it((run_request){.yaml = all, .out = path_b});
  same_dump(path_a, path_b);
  char *after = whole_text_of(path_a, times);
  ck_assert_str_eq(before, after);
  free(before);
  free(after);
  ck_assert_double_eq(number_of(path_a, "SELECT count(DISTINCT metric) FROM scores"), 10);
  ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM failures WHERE severity = 'failure'"), 0);
}

START_TEST(added_later_they_give_the_same_bits) {
  add_later(SMOKE);
}
END_TEST

/* A cut at the mean reads a pixel map's own values, of which the file has bytes. */
START_TEST(also_with_a_cut_that_the_bytes_do_not_show) {
  add_later(SMOKE "score: {threshold: mean, size: image, void: background}\n");
}
END_TEST

START_TEST(methods_and_measures_at_once) {
  run_it((run_request){.yaml = SMOKE "methods: [rollout, saliency]\n", .out = path_a});
  run_it((run_request){.yaml = SMOKE METHODS "metrics: all\n", .out = path_a});
  run_it((run_request){.yaml = SMOKE METHODS "metrics: all\n", .out = path_b});
  same_dump(path_a, path_b);
}
END_TEST

/* ---- the model asked --------------------------------------------------------------------------------------------- */

typedef struct answers {
  const vx_view *view;
  int target;
  double drop[8];
} answers;

static void make(void *user, int index, vx_variant *variant) {
  const answers *a = user;
  const vx_shape *shape = a->view->shape;
  size_t values = 3 * (size_t)shape->image * (size_t)shape->image;
  for (size_t i = 0; i < values; i++) variant->x[i] = (double)a->view->input[i];
  for (int i = 0; i < index; i++) variant->keep[i] = 0; /* without the first `index` patches */
}

static void seen(void *user, int index, const vx_view *view) {
  answers *a = user;
  a->drop[index] = view->logits[a->target];
}

enum { COUNT = 6 };

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)shape;
  needs->variant_count = (int)args->value[0];
}

static const vx_param params[] = {
    {.name = "count", .type = VX_PARAM_INT, .standard = COUNT, .low = 1, .high = 8, .meaning = "variants"},
    {.name = "class", .type = VX_PARAM_INT, .standard = -1, .low = -1, .high = 1000, .meaning = "to fail for"}};

/* Numbers that depend on the map, on the picture's logits and on the model's answers. */
static bool measure(const vx_case *of, const vx_args *args, double *columns, vx_error *error) {
  const vx_view *view = of->view;
  answers a = {.view = view, .target = view->target};
  int count = (int)args->value[0], grid = view->shape->grid;
  double cells[196];
  ck_assert_ptr_null(of->truth);
  ck_assert_int_le(grid * grid, 196);
  ck_assert(vx_map_cells(of->map, grid, cells));
  if (view->target == (int)args->value[1]) return vx_fail(error, "class", "is %d", view->target);
  if (!view->again->run(view->again, count, false, make, seen, &a, error)) return false;
  columns[0] = view->logits[view->target] - a.drop[0];
  columns[1] = a.drop[count - 1] * cells[grid];
  return vx_case_curve(of, "logits", a.drop, count);
}

static const vx_measure asking = {.id = "asking",
                                  .title = "Asking",
                                  .cite = "-",
                                  .meaning = "-",
                                  .kind = VX_MAP_AND_MODEL,
                                  .params = VX_PARAMS(params),
                                  .column_count = 2,
                                  .columns = {{.name = "same"}, {.name = "last"}},
                                  .needs = ask,
                                  .measure = measure};

/* A run with this measure beside those of the text. */
static vx_worked run_asking(const char *yaml, const char *out, const char *name, double class, bool with) {
  vx_error error;
  vx_config *config = config_of(yaml);
  vx_metric metric = {.measure = &asking, .name = name};
  vx_args_default(&asking.params, &metric.args);
  metric.args.value[1] = class;
  if (with) config->metrics[config->metric_count++] = metric;
  vx_blas_threads(1);
  vx_run *run = vx_run_open(config, NULL, 0, &error);
  ck_assert_msg(run != NULL, "%s: %s", error.where, error.why);
  vx_store *store = vx_store_open(out, VX_STORE_WRITE, &error);
  ck_assert_msg(store && vx_store_begin(store, &run->info, &error), "%s: %s", error.where, error.why);
  ck_assert(vx_run_make_prior(run, &error));
  vx_work work = {.run = run, .store = store, .jobs = 2};
  vx_worked worked;
  ck_assert_msg(vx_work_all(&work, &worked, &error), "%s: %s", error.where, error.why);
  vx_store_close(store);
  vx_run_close(run);
  vx_config_free(config);
  return worked;
}

static void ask_later(const char *yaml) {
  run_asking(yaml, path_a, "asking", -1, false);
  vx_worked worked = run_asking(yaml, path_a, "asking", -1, true);
  ck_assert_int_eq(worked.done, 6);
  worked = run_asking(yaml, path_a, "asking", -1, true);
  ck_assert_int_eq(worked.done, 0);
  run_asking(yaml, path_b, "asking", -1, true);
  same_dump(path_a, path_b);
  ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM scores WHERE metric IN ('same', 'last')"), 6 * 6 * 2);
  /* nothing taken away: the picture itself, up to the order of sums in a group */
  ck_assert_double_le(number_of(path_a, "SELECT max(abs(value)) FROM scores WHERE metric = 'same'"), 1e-5);
  ck_assert_double_ge(number_of(path_a, "SELECT count(DISTINCT value) FROM scores WHERE metric = 'last'"), 10);
  ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM curves WHERE length(bytes) = 4 * 6"), 6 * 6);
  ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM run_metrics WHERE kind = 'model'"), 1);
}

START_TEST(a_measure_that_asks_the_model) {
  ask_later(SMOKE METHODS);
}
END_TEST

START_TEST(also_in_double) {
  ask_later(SMOKE METHODS "precision: double\n");
}
END_TEST

/* Another name and other parameters beside it; a picture of which it cannot tell is told, once; and tried again. */
START_TEST(what_it_cannot_tell_is_a_failure) {
  static const char yaml[] = SMOKE "methods: [rollout]\ntarget: 1\n";
  run_asking(yaml, path_a, "asking", -1, true);
  vx_worked worked = run_asking(yaml, path_a, "asking@1", 1, true);
  ck_assert_int_eq(worked.done, 6);
  ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM failures WHERE stage = 'measure' AND place = 'asking@1'"
                                        " AND reason = 'class: is 1'"),
                      6);
  ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM scores WHERE metric LIKE 'asking@1%'"), 0);
  ck_assert_double_eq(number_of(path_a, "SELECT count(value) FROM scores WHERE metric IN ('same', 'last')"), 12);
  worked = run_asking(yaml, path_a, "asking@1", 1, true);
  ck_assert_int_eq(worked.done, 6);
  ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM failures WHERE stage = 'measure'"), 6);
}
END_TEST

/* ---- what does not belong ---------------------------------------------------------------------------------------- */

START_TEST(another_mask_is_refused) {
  char *command = NULL, *yaml = NULL;
  ck_assert_int_gt(asprintf(&command, "cp -r data/smoke '%s/set'", folder), 0);
  ck_assert_int_eq(system(command), 0);
  free(command);
  ck_assert_int_gt(asprintf(&yaml,
                            "model: tests/golden/models/vit-micro\ndata: {root: '%s/set', split: val}\n"
                            "min_confidence: 0\nmethods: [rollout]\nmetrics: [overlap, focus]\n",
                            folder),
                   0);
  char *focus = strstr(yaml, ", focus");
  memset(focus, ' ', strlen(", focus"));
  run_it((run_request){.yaml = yaml, .out = path_a});
  memcpy(focus, ", focus", strlen(", focus"));
  ck_assert_int_gt(asprintf(&command, "cd '%s/set/SegmentationClass' && set -- *.png && cp \"$2\" \"$1\"", folder), 0);
  ck_assert_int_eq(system(command), 0);
  free(command);
  vx_error error;
  vx_config *config = config_of(yaml);
  vx_run *run = vx_run_open(config, NULL, 0, &error);
  vx_store *store = vx_store_open(path_a, VX_STORE_WRITE, &error);
  ck_assert(run && store && vx_store_begin(store, &run->info, &error));
  vx_work work = {.run = run, .store = store, .jobs = 1};
  vx_worked worked;
  ck_assert(!vx_work_all(&work, &worked, &error));
  bool says = strstr(error.why, "is not the mask that the run saw") || strstr(error.why, "expected the picture's");
  ck_assert_msg(strstr(error.where, ".png") && says, "%s: %s", error.where, error.why);
  vx_store_close(store);
  vx_run_close(run);
  vx_config_free(config);
  free(yaml);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("metrics");
  tcase_add_checked_fixture(cases, setup, teardown);
  tcase_set_timeout(cases, 300);
  tcase_add_test(cases, added_later_they_give_the_same_bits);
  tcase_add_test(cases, also_with_a_cut_that_the_bytes_do_not_show);
  tcase_add_test(cases, methods_and_measures_at_once);
  tcase_add_test(cases, a_measure_that_asks_the_model);
  tcase_add_test(cases, also_in_double);
  tcase_add_test(cases, what_it_cannot_tell_is_a_failure);
  tcase_add_test(cases, another_mask_is_refused);
  return run_suite("metrics", cases);
}
