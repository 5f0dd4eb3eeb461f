/* How a checkpoint wants its pictures: what both kinds of config mean, and what is refused. */
#include <jansson.h>
#include <math.h>

#include "harness/data/input.h"
#include "tests/support/files.h"

/* Reads options for image size 224 from one file of a fresh folder. */
static bool read_from(const char *file, const char *text, vx_input_options *o, vx_error *error) {
  char folder[512];
  make_folder(folder);
  char *path = write_text(folder, file, text);
  bool ok = vx_input_from_checkpoint(folder, 224, o, error);
  remove_folder(folder);
  free(path);
  return ok;
}

static vx_input_options hugging_face(const char *text) {
  vx_input_options o;
  vx_error error = {"", ""};
  ck_assert_msg(read_from("preprocessor_config.json", text, &o, &error), "%s: %s", error.where, error.why);
  return o;
}

static vx_input_options timm(const char *text) {
  vx_input_options o;
  vx_error error = {"", ""};
  ck_assert_msg(read_from("config.json", text, &o, &error), "%s: %s", error.where, error.why);
  return o;
}

START_TEST(hugging_face_squashes) {
  vx_input_options o =
      hugging_face("{\"do_normalize\": true, \"do_resize\": true, \"image_mean\": [0.1, 0.2, 0.3],"
                   "\"image_std\": [0.4, 0.5, 0.6], \"resample\": 3,"
                   "\"size\": {\"height\": 224, \"width\": 224}, \"rescale_factor\": 0.00392156862745098}");
  ck_assert(o.resize == VX_RESIZE_SQUASH && o.filter == VX_FILTER_BICUBIC && o.normalize && o.size == 224);
  ck_assert(o.mean[1] == 0.2 && o.std[2] == 0.6 && o.arithmetic == VX_ARITHMETIC_PILLOW);
  o = hugging_face("{\"size\": 224, \"resample\": 2, \"do_normalize\": false, \"crop_size\": null}");
  ck_assert(o.resize == VX_RESIZE_SQUASH && o.filter == VX_FILTER_BILINEAR && !o.normalize);
  o = hugging_face("{}");
  ck_assert(o.resize == VX_RESIZE_SQUASH && o.filter == VX_FILTER_BILINEAR && o.mean[0] == 0.5 && o.std[0] == 0.5);
}
END_TEST

START_TEST(hugging_face_crops) {
  static const char *const forms[] = {
      "{\"do_center_crop\": true, \"size\": {\"shortest_edge\": 256}, \"crop_size\": 224}",
      "{\"feature_extractor_type\": \"CLIPFeatureExtractor\", \"size\": 256,"
      "\"crop_size\": {\"height\": 224, \"width\": 224}}",
      "{\"image_processor_type\": \"BitImageProcessorFast\", \"size\": {\"shortest_edge\": 256}}"};
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    vx_input_options o = hugging_face(forms[i]);
    ck_assert(o.resize == VX_RESIZE_CROP && o.shorter_side == 256 && o.size == 224);
  }
}
END_TEST

START_TEST(timm_nested_and_flat) {
  static const char *const forms[] = {
      "{\"architecture\": \"vit_x\", \"pretrained_cfg\": {\"input_size\": [3, 224, 224], \"mean\": [0.5, 0.5, 0.5],"
      "\"std\": [0.5, 0.5, 0.5], \"interpolation\": \"bicubic\", \"crop_pct\": 0.9}}",
      "{\"architecture\": \"vit_x\", \"input_size\": [3, 224, 224], \"mean\": [0.5, 0.5, 0.5],"
      "\"std\": [0.5, 0.5, 0.5], \"interpolation\": \"bicubic\", \"crop_pct\": 0.9}"};
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    vx_input_options o = timm(forms[i]);
    ck_assert(o.resize == VX_RESIZE_CROP && o.shorter_side == 248 && o.filter == VX_FILTER_BICUBIC);
    ck_assert(o.normalize && o.mean[0] == 0.5 && o.std[2] == 0.5);
  }
  vx_input_options o = timm("{\"pretrained_cfg\": {\"crop_pct\": 1.0, \"crop_mode\": \"squash\","
                            "\"interpolation\": \"bilinear\"}}");
  ck_assert(o.resize == VX_RESIZE_SQUASH && o.filter == VX_FILTER_BILINEAR && o.mean[0] == 0.485 && o.std[1] == 0.224);
  o = timm("{\"pretrained_cfg\": {}}");
  ck_assert(o.resize == VX_RESIZE_CROP && o.shorter_side == 256 && o.filter == VX_FILTER_BICUBIC);
}
END_TEST

/* One form of a processor: 60 of the values that transformers 5.24.0 (Pillow back end) or timm 1.0.31 made of a picture
   of noise, with Pillow's passes in the order before 13. */
static void check_form(const char *line) {
  json_t *form = json_loads(line, 0, NULL), *probe = json_object_get(form, "probe");
  char *text = json_dumps(json_object_get(form, "config"), JSON_COMPACT), folder[512];
  int w = (int)json_integer_value(json_object_get(form, "width"));
  int h = (int)json_integer_value(json_object_get(form, "height"));
  vx_input_options o, again;
  vx_picture picture = {.rgb = malloc((size_t)(w * h * 3)), .width = w, .height = h};
  vx_error error = {"", ""};
  float x[3 * 24 * 24];
  for (int i = 0; i < w * h * 3; i++) picture.rgb[i] = (uint8_t)((uint32_t)i * 2654435761u >> 13);
  make_folder(folder);
  char *path = write_text(folder, json_string_value(json_object_get(form, "file")), text);
  ck_assert_msg(vx_input_from_checkpoint(folder, 24, &o, &error), "%s: %s: %s", text, error.where, error.why);
  ck_assert(vx_input_from_checkpoint(folder, 0, &again, &error) && again.size == 24);
  ck_assert_msg(vx_input_make(&picture, &o, x, NULL, &error), "%s: %s", text, error.why);
  for (size_t i = 0; i < json_array_size(probe); i++) {
    double expected = json_number_value(json_array_get(probe, i)), got = (double)x[29 * i];
    ck_assert_msg(fabs(got - expected) <= 1e-6 * fmax(1, fabs(expected)), "%s, %d x %d, value %zu: %.9g, not %.9g",
                  text, w, h, 29 * i, got, expected);
  }
  /* what a results file keeps of it tells the same part of the picture */
  char kept[600];
  vx_geometry a, b;
  vx_input_print(&o, kept, sizeof kept);
  ck_assert(vx_input_parse(kept, "kept", &again, NULL) && vx_input_cuts(&o) == vx_input_cuts(&again));
  ck_assert(vx_input_geometry(&o, w, h, &a, NULL) && vx_input_geometry(&again, w, h, &b, NULL));
  ck_assert_mem_eq(&a, &b, sizeof a);
  remove_folder(folder);
  free(path);
  free(text);
  free(picture.rgb);
  json_decref(form);
}

START_TEST(forms_give_the_libraries_values) {
  FILE *f = fopen("tests/golden/processors/forms.jsonl", "r");
  char line[4096];
  int lines = 0;
  ck_assert_ptr_nonnull(f);
  for (; fgets(line, sizeof line, f); lines++) check_form(line);
  fclose(f);
  ck_assert_int_ge(lines, 60);
}
END_TEST

START_TEST(golden_checkpoints) {
  static const char *const folders[] = {"tests/golden/models/vit-micro", "tests/golden/models/vit-micro-timm"};
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
    vx_input_options o;
    vx_error error;
    ck_assert_msg(vx_input_from_checkpoint(folders[i], 224, &o, &error), "%s", error.why);
    ck_assert(o.resize == (i ? VX_RESIZE_CROP : VX_RESIZE_SQUASH) && o.shorter_side == (i ? 248 : 256));
    ck_assert(!vx_input_from_checkpoint(folders[i], 384, &o, &error));
    check_error(&error, folders[i], "expected the model's image size 384");
  }
}
END_TEST

START_TEST(what_is_refused_names_file_and_key) {
  static const struct {
    const char *file, *text, *where, *why;
  } cases[] = {
      {"preprocessor_config.json", "{\"resample\": 7}", "json: resample", "is 7, expected 0 to 5"},
      {"preprocessor_config.json", "{\"resample\": \"bicubic\"}", "json: resample", "expected a number"},
      {"preprocessor_config.json", "{\"size\": 256}", "json: size", "is 256, expected the model's image size 224"},
      {"preprocessor_config.json", "{\"size\": {\"shortest_edge\": 224}}", "json: size", "stay oblong"},
      {"preprocessor_config.json", "{\"size\": {\"height\": 224, \"width\": 225}}", "json: size", "equal height"},
      {"preprocessor_config.json", "{\"size\": \"large\"}", "json: size", "is \"large\""},
      {"preprocessor_config.json", "{\"size\": -224}", "json: size", "is -224"},
      {"preprocessor_config.json", "{\"size\": [224]}", "json: size", "[224]"},
      {"preprocessor_config.json", "{\"size\": {\"shortest_edge\": 224, \"longest_edge\": 300}}", "json: size",
       "longest_edge"},
      {"preprocessor_config.json", "{\"rescale_factor\": -1}", "json: rescale_factor", "a number above 0"},
      {"preprocessor_config.json", "{\"do_normalize\": 1}", "json: do_normalize", "true or false"},
      {"preprocessor_config.json", "{\"image_mean\": [0.5, 0.5]}", "json: image_mean", "three numbers"},
      {"preprocessor_config.json", "{\"image_std\": [1, 0, 1]}", "preprocessor_config.json", "std 0"},
      {"preprocessor_config.json", "{\"do_center_crop\": true, \"size\": 256}", "json: crop_size", "is missing"},
      {"preprocessor_config.json", "{\"do_center_crop\": true, \"crop_size\": 192}", "json: crop_size", "is 192"},
      {"preprocessor_config.json", "{\"image_processor_type\": \"LevitImageProcessor\"}", "json: image_processor_type",
       "LevitImageProcessor"},
      {"preprocessor_config.json", "{\"image_processor_type\": \"TimmWrapperImageProcessor\"}",
       "json: image_processor_type", "TimmWrapper"},
      {"preprocessor_config.json", "{\"do_flip_channel_order\": true}", "json: do_flip_channel_order", "no such key"},
      {"preprocessor_config.json", "{\"do_pad\": true, \"pad_size\": 256}", "json: do_pad", "borders"},
      {"preprocessor_config.json", "{\"size_divisor\": 32}", "json: size_divisor", "does to the picture"},
      {"preprocessor_config.json", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
       "preprocessor_config.json", "git lfs pull"},
      {"preprocessor_config.json", "[1]", "preprocessor_config.json", "not a JSON object"},
      {"preprocessor_config.json", "{\"size\": 224", "preprocessor_config.json:1:", "not JSON"},
      {"config.json", "{\"pretrained_cfg\": {\"crop_pct\": -1}}", "pretrained_cfg.crop_pct", "is -1"},
      {"config.json", "{\"pretrained_cfg\": {\"crop_pct\": \"1\"}}", "pretrained_cfg.crop_pct", "a number"},
      {"config.json", "{\"pretrained_cfg\": {\"interpolation\": \"random\"}}", "pretrained_cfg.interpolation",
       "lanczos"},
      {"config.json", "{\"pretrained_cfg\": {\"crop_mode\": \"middle\"}}", "pretrained_cfg.crop_mode", "\"middle\""},
      {"config.json", "{\"pretrained_cfg\": {\"input_size\": [3, 384, 384]}}", "pretrained_cfg.input_size",
       "expected the model's image size 224"},
      {"config.json", "{\"pretrained_cfg\": 3}", "json: pretrained_cfg", "an object"},
      {"config.json", "{\"hidden_size\": 192}", "config.json", "no pretrained_cfg"},
      {"other.json", "{}", "config.json", "No such file"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    vx_input_options o;
    vx_error error = {"", ""};
    ck_assert_msg(!read_from(cases[i].file, cases[i].text, &o, &error), "%s is read", cases[i].text);
    check_error(&error, cases[i].where, cases[i].why);
  }
}
END_TEST

/* A config cut off anywhere is refused, or is a shorter config that says so. */
START_TEST(truncated_configs_never_crash) {
  size_t size;
  uint8_t *bytes = read_bytes("tests/golden/models/vit-micro/preprocessor_config.json", &size);
  char folder[512];
  make_folder(folder);
  char *path = path_in(folder, "preprocessor_config.json");
  for (size_t length = 0; length < size; length += size / 40 + 1) {
    vx_input_options o;
    vx_error error = {"", ""};
    write_bytes(path, bytes, length);
    ck_assert(!vx_input_from_checkpoint(folder, 224, &o, &error));
    check_error(&error, path, "not JSON");
  }
  free(path);
  free(bytes);
  remove_folder(folder);
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("preprocessor");
  tcase_add_test(tcase, hugging_face_squashes);
  tcase_add_test(tcase, hugging_face_crops);
  tcase_add_test(tcase, timm_nested_and_flat);
  tcase_add_test(tcase, forms_give_the_libraries_values);
  tcase_add_test(tcase, golden_checkpoints);
  tcase_add_test(tcase, what_is_refused_names_file_and_key);
  tcase_add_test(tcase, truncated_configs_never_crash);
  return run_suite("preprocessor", tcase);
}
