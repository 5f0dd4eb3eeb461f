/* The whole line on the six drawn scenes: the same numbers however it is run, and rows for whatever is wrong. */
#include "harness/run/predict.h"
#include "tests/support/pngs.h"
#include "tests/support/run_files.h"

#define SMOKE "model: tests/golden/models/vit-micro\ndata: {root: data/smoke, split: val}\nmin_confidence: 0\n"
#define CHEAP "methods: [raw-attention, rollout, saliency, attn-gradcam, ag-cam, foreground, center, random, edges]\n"

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

/* ---- the same numbers however it is run -----------------------------------------------------------------------------
 */

START_TEST(results_do_not_depend_on_jobs) {
  static const char yaml[] =
      SMOKE "methods: all\nall_mixes: {of: [rollout, saliency, transformer-attribution], by: sqrt}\n"
            "metrics: all\n";
  run_it((run_request){.yaml = yaml, .out = path_a, .jobs = 1});
  run_it((run_request){.yaml = yaml, .out = path_b, .jobs = 3});
  same_dump(path_a, path_b);
  ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM failures WHERE severity = 'failure'"), 0);
  ck_assert_double_eq(number_of(path_a, "SELECT count(DISTINCT image_id) FROM per_image WHERE iou IS NOT NULL"), 6);
}
END_TEST

START_TEST(a_run_in_two_parts_is_the_whole_run) {
  vx_worked worked = run_it((run_request){.yaml = SMOKE CHEAP, .out = path_a, .limit = 2});
  ck_assert_int_eq(worked.done, 2);
  worked = run_it((run_request){.yaml = SMOKE CHEAP, .out = path_a, .jobs = 2});
  ck_assert_int_eq(worked.before, 2);
  ck_assert_int_eq(worked.done, 4);
  worked = run_it((run_request){.yaml = SMOKE CHEAP, .out = path_a});
  ck_assert_int_eq(worked.done, 0);
  run_it((run_request){.yaml = SMOKE CHEAP, .out = path_b});
  same_dump(path_a, path_b);
}
END_TEST

START_TEST(methods_added_later_extend_the_run) {
  run_it((run_request){.yaml = SMOKE "methods: [rollout, saliency]\n", .out = path_a});
  run_it((run_request){.yaml = SMOKE "methods: [rollout, saliency, ag-cam, {mix: [rollout, cam], by: mean}]\n",
                       .out = path_a});
  ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM runs"), 1);
  run_it((run_request){.yaml = SMOKE "methods: [rollout, saliency, ag-cam, {mix: [rollout, cam], by: mean}]\n",
                       .out = path_b});
  same_dump(path_a, path_b);
}
END_TEST

START_TEST(a_method_alone_and_among_all_gives_the_same_bits) {
  char alone[200], among[200];
  static const char *const names[] = {"rollout", "ag-cam", "lrp", "random", "transformer-attribution-stable"};
  run_it((run_request){.yaml = SMOKE "methods: all\n", .out = path_a, .limit = 2});
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    snprintf(alone, sizeof alone, SMOKE "methods: [%s]\n", names[i]);
    remove(path_b);
    run_it((run_request){.yaml = alone, .out = path_b, .limit = 2});
    snprintf(among, sizeof among,
             "SELECT group_concat(hex(m.bytes)) FROM maps m JOIN run_methods r ON r.id = m.method WHERE r.name = '%s'",
             names[i]);
    char *a = whole_text_of(path_a, among), *b = whole_text_of(path_b, among);
    ck_assert_msg(a[0] != '\0', "no map of %s", names[i]);
    if (strcmp(a, b) != 0) ck_abort_msg("%s alone differs", names[i]);
    free(a);
    free(b);
  }
}
END_TEST

START_TEST(a_signal_ends_it_cleanly) {
  static atomic_bool stop = true;
  vx_worked worked = run_it((run_request){.yaml = SMOKE CHEAP, .out = path_a, .jobs = 2, .stop = &stop});
  ck_assert(worked.stopped);
  ck_assert_int_eq(worked.done, 0);
  ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM images"), 0);
}
END_TEST

/* ---- what is wrong with one picture is a row ------------------------------------------------------------------------
 */

static void copy_file(const char *from, const char *to_folder, const char *to_name) {
  size_t size;
  uint8_t *bytes = read_bytes(from, &size);
  char *to = path_in(to_folder, to_name);
  write_bytes(to, bytes, size);
  free(to);
  free(bytes);
}

/* A copy of the smoke set with these ids, in the test's folder. */
static void copy_smoke(const char *const *ids, int count) {
  char from[200], to[200], list[600] = "";
  for (int i = 0; i < count; i++) {
    static const char *const places[][2] = {
        {"JPEGImages", "jpg"}, {"SegmentationClass", "png"}, {"Annotations", "xml"}};
    for (int p = 0; p < 3; p++) {
      snprintf(from, sizeof from, "data/smoke/%s/%s.%s", places[p][0], ids[i], places[p][1]);
      snprintf(to, sizeof to, "%s/%s.%s", places[p][0], ids[i], places[p][1]);
      copy_file(from, folder, to);
    }
    snprintf(list + strlen(list), sizeof list - strlen(list), "%s\n", ids[i]);
  }
  copy_file("data/smoke/classes.txt", folder, "classes.txt");
  free(write_text(folder, "ImageSets/Segmentation/val.txt", list));
}

/* Cuts a file to `size` bytes. */
static void cut(const char *name, off_t size) {
  char *path = path_in(folder, name);
  ck_assert_int_eq(truncate(path, size), 0);
  free(path);
}

static void drop(const char *name) {
  char *path = path_in(folder, name);
  ck_assert_int_eq(remove(path), 0);
  free(path);
}

static const char *const ids[] = {"smoke_0001", "smoke_0002", "smoke_0003", "smoke_0004", "smoke_0005", "smoke_0006"};

static const char *here(const char *rest, char yaml[1500]) {
  snprintf(yaml, 1500, "model: tests/golden/models/vit-micro\ndata: {root: %s, split: val}\nmin_confidence: 0\n%s",
           folder, rest);
  return yaml;
}

static double failures(const char *id, const char *severity, const char *stage) {
  char sql[300];
  snprintf(sql, sizeof sql, "SELECT count(*) FROM missing WHERE image_id = '%s' AND severity = '%s' AND stage = '%s'",
           id, severity, stage);
  return number_of(path_a, sql);
}

static double evaluated(const char *id) {
  char sql[200];
  snprintf(sql, sizeof sql, "SELECT count(*) FROM per_image WHERE image_id = '%s' AND iou IS NOT NULL", id);
  return number_of(path_a, sql);
}

START_TEST(bad_files_are_rows) {
  char yaml[1500];
  copy_smoke(ids, 6);
  drop("SegmentationClass/smoke_0001.png");
  cut("JPEGImages/smoke_0002.jpg", 3000);
  cut("Annotations/smoke_0003.xml", 120);
  drop("Annotations/smoke_0004.xml");
  char *mask = path_in(folder, "SegmentationClass/smoke_0005.png");
  uint8_t labels[12] = {0};
  write_png(mask, 4, 3, (png_kind){PNG_COLOR_TYPE_PALETTE, 8, false, false}, labels);
  free(mask);
  cut("SegmentationClass/smoke_0006.png", 100);
  vx_worked worked =
      run_it((run_request){.yaml = here("methods: [rollout, center]\n", yaml), .out = path_a, .jobs = 2});
  ck_assert_int_eq(worked.done, 6);
  ck_assert_double_eq(failures(ids[0], "failure", "mask"), 1);
  ck_assert_double_eq(failures(ids[1], "failure", "picture"), 1);
  ck_assert_double_eq(failures(ids[2], "warning", "annotation"), 1);
  ck_assert_double_eq(failures(ids[3], "warning", "annotation"), 1);
  ck_assert_double_eq(failures(ids[4], "failure", "mask"), 1);
  ck_assert_double_eq(failures(ids[5], "failure", "mask"), 1);
  for (int i = 0; i < 6; i++) ck_assert_double_eq(evaluated(ids[i]), i == 2 || i == 3 ? 2 : 0);
  /* The prediction of a picture without mask is kept, that of a broken picture cannot be. */
  ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM predictions"), 5);
  /* What failed is tried again, as often as it likes; the rest is not done twice. */
  for (int again = 0; again < 2; again++) {
    worked = run_it((run_request){.yaml = yaml, .out = path_a});
    ck_assert_int_eq(worked.done, 4);
    ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM failures"), 6);
  }
  /* Once the files are whole it ends as if they had always been. */
  copy_smoke(ids, 6);
  cut("Annotations/smoke_0003.xml", 120);
  drop("Annotations/smoke_0004.xml");
  worked = run_it((run_request){.yaml = yaml, .out = path_a});
  ck_assert_int_eq(worked.done, 4);
  run_it((run_request){.yaml = yaml, .out = path_b});
  same_dump(path_a, path_b);
}
END_TEST

/* A run does not go on over other files under the same names, and changes nothing in the file then. */
START_TEST(other_files_are_refused) {
  static const char *const files[] = {"SegmentationClass/smoke_0002.png", "JPEGImages/smoke_0002.jpg",
                                      "Annotations/smoke_0002.xml"};
  static const char *const others[] = {"SegmentationClass/smoke_0003.png", "JPEGImages/smoke_0003.jpg",
                                       "Annotations/smoke_0003.xml"};
  char yaml[1500], from[300];
  vx_error error;
  copy_smoke(ids, 3);
  run_it((run_request){.yaml = here("methods: [center]\n", yaml), .out = path_a, .limit = 2});
  for (int i = 0; i < 3; i++) {
    snprintf(from, sizeof from, "data/smoke/%s", others[i]);
    copy_file(from, folder, files[i]);
    vx_config *config = config_of(yaml);
    vx_run *run = vx_run_open(config, NULL, 0, &error);
    vx_store *store = vx_store_open(path_a, VX_STORE_WRITE, &error);
    ck_assert(run && store);
    run->info.data = "elsewhere val";
    ck_assert(!vx_run_begin(run, store, 1, NULL, &error));
    ck_assert_msg(strstr(error.where, files[i]) && strstr(error.why, "1 of its 2 images"), "%s: %s", error.where,
                  error.why);
    vx_store_close(store);
    vx_run_close(run);
    vx_config_free(config);
    ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM runs WHERE data LIKE 'elsewhere%'"), 0);
    snprintf(from, sizeof from, "data/smoke/%s", files[i]);
    copy_file(from, folder, files[i]);
  }
  ck_assert_int_eq(run_it((run_request){.yaml = yaml, .out = path_a}).done, 1);
}
END_TEST

START_TEST(a_missing_picture_is_a_row) {
  char yaml[1500];
  copy_smoke(ids, 2);
  drop("JPEGImages/smoke_0001.jpg");
  run_it((run_request){.yaml = here("methods: [center]\n", yaml), .out = path_a});
  ck_assert_double_eq(failures(ids[0], "failure", "picture"), 1);
  ck_assert_double_eq(evaluated(ids[1]), 1);
}
END_TEST

/* A copy of vit-micro whose tensor `name` holds `value` everywhere (single precision). */
static void spoil_model(const char *name, float value) {
  static const char *const files[] = {"config.json", "preprocessor_config.json", "model.safetensors"};
  char from[200], to[200];
  for (int i = 0; i < 3; i++) {
    snprintf(from, sizeof from, "tests/golden/models/vit-micro/%s", files[i]);
    snprintf(to, sizeof to, "model/%s", files[i]);
    copy_file(from, folder, to);
  }
  size_t size;
  char *path = path_in(folder, "model/model.safetensors");
  uint8_t *bytes = read_bytes(path, &size);
  uint64_t header;
  memcpy(&header, bytes, sizeof header);
  char *json = strndup((const char *)bytes + 8, header), *entry = strstr(json, name);
  ck_assert_msg(entry != NULL, "no tensor %s", name);
  size_t begin, end;
  char *offsets = strchr(strstr(entry, "data_offsets"), '[');
  ck_assert_int_eq(sscanf(offsets, "[%zu ,%zu", &begin, &end), 2);
  for (size_t at = 8 + header + begin; at + 4 <= 8 + header + end; at += 4) memcpy(bytes + at, &value, 4);
  write_bytes(path, bytes, size);
  free(json);
  free(bytes);
  free(path);
}

/* NaN among the weights, or finite ones whose products are not: a failure that names the layer, never a silent score.
 */
START_TEST(what_is_not_finite_is_a_failure_that_names_the_layer) {
  char yaml[1500], why[600];
  spoil_model("vit.encoder.layer.1.output.dense.weight", _i == 0 ? 3e38f : NAN);
  snprintf(yaml, sizeof yaml,
           "model: %s/model\ndata: {root: data/smoke, split: val}\nmin_confidence: 0\nmethods: [rollout]\n", folder);
  run_it((run_request){.yaml = yaml, .out = path_a, .limit = 2});
  ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM missing WHERE severity = 'failure' AND stage = 'model'"),
                      2);
  ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM evaluations"), 0);
  text_of(path_a, "SELECT place || ' ' || reason FROM failures", why);
  ck_assert_msg(strstr(why, "layer 1") != NULL, "\"%s\" does not name layer 1", why);
}
END_TEST

/* ---- which class is explained
 * ---------------------------------------------------------------------------------------- */

/* The target of saliency on the first image under this key. */
static double target_of(const char *key) {
  char yaml[600];
  remove(path_a);
  snprintf(yaml, sizeof yaml, SMOKE "methods: [saliency]\n%s\n", key);
  run_it((run_request){.yaml = yaml, .out = path_a, .limit = 1});
  return number_of(path_a, "SELECT target FROM evaluations");
}

START_TEST(targets) {
  double top = target_of("target: top");
  double best = number_of(path_a, "SELECT label FROM top5 WHERE rank = 1");
  double second = number_of(path_a, "SELECT label FROM top5 WHERE rank = 2");
  ck_assert_double_eq(top, best);
  ck_assert_double_eq(target_of("target: second"), second);
  ck_assert_double_eq(target_of("target: 3"), 3);
  ck_assert_double_eq(target_of("target: class 17"), 17);
}
END_TEST

/* A class map that sends every third class of the model to the first scene's main class. */
START_TEST(the_ground_truths_class) {
  char text[4000] = "", yaml[1500], name[600];
  run_it((run_request){.yaml = SMOKE "methods: [center]\n", .out = path_b, .limit = 1});
  text_of(path_b, "SELECT main_class FROM per_image", name);
  for (int c = 0; c < 20; c++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "%d\tclass %d\t%s\n", c, c, c % 3 == 1 ? name : "-");
  char *map = write_text(folder, "map.tsv", text);
  snprintf(yaml, sizeof yaml, SMOKE "methods: [saliency, rollout]\nclasses: %s\ntarget: ground-truth\n", map);
  run_it((run_request){.yaml = yaml, .out = path_a, .limit = 6});
  double target = number_of(path_a, "SELECT e.target FROM evaluations e JOIN images i ON i.id = e.image"
                                    " WHERE i.position = 0 AND e.target IS NOT NULL");
  ck_assert_int_eq((int)target % 3, 1);
  /* The first image's class is no other's: those have nothing to explain, which is said. */
  ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM failures WHERE stage = 'target'"), 5);
  ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM evaluations"), 2);
  free(map);
}
END_TEST

START_TEST(a_target_that_is_none_is_refused) {
  static const char *const keys[] = {"target: 20", "target: zebra", "target: ground-truth",
                                     "score: {foreground: predicted}"};
  static const char *const whys[] = {"0 to 19", "nor a label", "name a map", "name a map"};
  for (int i = 0; i < 4; i++) {
    char yaml[600];
    vx_error error;
    snprintf(yaml, sizeof yaml, SMOKE "methods: [saliency]\n%s\n", keys[i]);
    vx_config *config = config_of(yaml);
    ck_assert_ptr_null(vx_run_open(config, NULL, 0, &error));
    check_error(&error, "test.yaml", whys[i]);
    vx_config_free(config);
  }
}
END_TEST

/* The gate is strict, and only what passes is explained. */
START_TEST(the_gate) {
  char yaml[600];
  run_it((run_request){.yaml = SMOKE "methods: [center]\n", .out = path_b});
  double p = number_of(path_b, "SELECT max(probability) FROM predictions");
  snprintf(yaml, sizeof yaml, SMOKE "methods: [center]\n");
  char *at = strstr(yaml, "min_confidence: 0\n");
  snprintf(at, 200, "min_confidence: %.17g\nmethods: [center]\n", p);
  run_it((run_request){.yaml = yaml, .out = path_a});
  ck_assert_double_eq(number_of(path_a, "SELECT sum(passed) FROM predictions"), 0);
  ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM evaluations"), 0);
  ck_assert_double_eq(number_of(path_a, "SELECT count(*) FROM predictions"), 6);
}
END_TEST

START_TEST(softmax_and_the_best) {
  double p[4];
  vx_probabilities((const double[]){1000, 1001, 1001, -1e9}, 4, VX_ONE_CLASS, p);
  ck_assert_double_eq_tol(p[0] + p[1] + p[2] + p[3], 1, 1e-15);
  ck_assert_double_eq_tol(p[1] / p[0], exp(1), 1e-12);
  vx_top top[3];
  vx_most_probable(p, 4, 3, top);
  ck_assert_int_eq(top[0].label, 1); /* the smaller index among equals */
  ck_assert_int_eq(top[1].label, 2);
  ck_assert_int_eq(top[2].label, 0);
}
END_TEST

/* torch.sigmoid's values in double; transformers' pipeline shows 36.7, 97.4, 90.7, 82.3 and 63.1 % of such logits. */
START_TEST(sigmoid_where_each_class_stands_for_itself) {
  static const double logits[] = {-0.545, 3.62, 2.275, 1.54, 0.535, -800, 800}, expected[] = {0.36702522331953935,
                                                                                              0.973915924853617,
                                                                                              0.90678527691817634,
                                                                                              0.82346472522088332,
                                                                                              0.63064852565107443,
                                                                                              0,
                                                                                              1};
  double p[7];
  vx_top top[2];
  vx_probabilities(logits, 7, VX_EACH_CLASS, p);
  for (int i = 0; i < 7; i++) ck_assert_double_eq_tol(p[i], expected[i], 1e-15);
  vx_most_probable(p, 5, 2, top);
  ck_assert(top[0].label == 1 && top[1].label == 2);
}
END_TEST

/* ---- the class prior
 * -------------------------------------------------------------------------------------------------- */

START_TEST(the_class_prior_leaves_the_image_out) {
  /* Three masks of 2 x 2 of class 1, one of class 2; 255 is no class. */
  static const uint8_t labels[4][4] = {{1, 1, 0, 0}, {1, 0, 0, 255}, {1, 0, 1, 1}, {2, 2, 2, 0}};
  vx_voc_entry entries[4];
  vx_mask masks[4];
  vx_error error;
  for (int i = 0; i < 4; i++) {
    char name[20];
    snprintf(name, sizeof name, "%d.png", i);
    entries[i] = (vx_voc_entry){.mask = path_in(folder, name)};
    write_png(entries[i].mask, 2, 2, (png_kind){PNG_COLOR_TYPE_GRAY, 8, false, false}, labels[i]);
    ck_assert(vx_mask_read(entries[i].mask, NULL, &masks[i], &error));
  }
  vx_voc voc = {.count = 4, .entry = entries};
  vx_input_options input = vx_input_default(2);
  vx_prior *prior = vx_prior_make(&voc, &input, VX_MASK_PILLOW, &error);
  ck_assert_ptr_nonnull(prior);
  float out[4];
  ck_assert(vx_prior_without(prior, &masks[0], out, &error));
  static const float others[4] = {1, 0, 0.5f, 0.5f}; /* of the second and third */
  ck_assert_mem_eq(out, others, sizeof out);
  ck_assert(vx_prior_without(prior, &masks[3], out, &error));
  static const float none[4] = {0};
  ck_assert_mem_eq(out, none, sizeof out);
  vx_prior_free(prior);
  for (int i = 0; i < 4; i++) {
    vx_mask_free(&masks[i]);
    free(entries[i].mask);
  }
}
END_TEST

/* Foreground `predicted`: a top class that maps to none leaves the map unscored, but counted. */
START_TEST(an_image_without_counterpart_is_not_scored_but_counted) {
  char text[4000] = "", yaml[1500];
  run_it((run_request){.yaml = SMOKE "methods: [center]\n", .out = path_b, .limit = 1});
  int top = (int)number_of(path_b, "SELECT label FROM predictions");
  for (int c = 0; c < 20; c++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "%d\tclass %d\t%s\n", c, c, c == top ? "-" : "star");
  char *map = write_text(folder, "map.tsv", text);
  snprintf(yaml, sizeof yaml, SMOKE "methods: [center]\nclasses: %s\nscore: {foreground: predicted}\n", map);
  run_it((run_request){.yaml = yaml, .out = path_a, .limit = 1});
  char status[600];
  ck_assert_str_eq(text_of(path_a, "SELECT status FROM evaluations", status), "unscored");
  ck_assert(isnan(number_of(path_a, "SELECT iou FROM evaluations")));
  free(map);
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("run");
  tcase_set_timeout(tcase, 600);
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, results_do_not_depend_on_jobs);
  tcase_add_test(tcase, a_run_in_two_parts_is_the_whole_run);
  tcase_add_test(tcase, methods_added_later_extend_the_run);
  tcase_add_test(tcase, a_method_alone_and_among_all_gives_the_same_bits);
  tcase_add_test(tcase, a_signal_ends_it_cleanly);
  tcase_add_test(tcase, bad_files_are_rows);
  tcase_add_test(tcase, other_files_are_refused);
  tcase_add_test(tcase, a_missing_picture_is_a_row);
  tcase_add_loop_test(tcase, what_is_not_finite_is_a_failure_that_names_the_layer, 0, 2);
  tcase_add_test(tcase, targets);
  tcase_add_test(tcase, the_ground_truths_class);
  tcase_add_test(tcase, a_target_that_is_none_is_refused);
  tcase_add_test(tcase, the_gate);
  tcase_add_test(tcase, softmax_and_the_best);
  tcase_add_test(tcase, sigmoid_where_each_class_stands_for_itself);
  tcase_add_test(tcase, the_class_prior_leaves_the_image_out);
  tcase_add_test(tcase, an_image_without_counterpart_is_not_scored_but_counted);
  return run_suite("run", tcase);
}
