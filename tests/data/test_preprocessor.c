/* How a checkpoint wants its pictures: what both kinds of config mean, and what is refused. */
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
      "{\"do_center_crop\": true, \"size\": 256, \"crop_size\": {\"height\": 224, \"width\": 224}}",
      "{\"do_center_crop\": true, \"size\": {\"height\": 256, \"width\": 256}}"};
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
      {"preprocessor_config.json", "{\"resample\": 1}", "json: resample", "is 1, expected 2 (bilinear) or 3"},
      {"preprocessor_config.json", "{\"resample\": \"bicubic\"}", "json: resample", "expected a number"},
      {"preprocessor_config.json", "{\"size\": 256}", "json: size", "is 256, expected the model's image size 224"},
      {"preprocessor_config.json", "{\"size\": {\"shortest_edge\": 224}}", "json: size", "equal height and width"},
      {"preprocessor_config.json", "{\"size\": {\"height\": 224, \"width\": 225}}", "json: size", "equal height"},
      {"preprocessor_config.json", "{\"size\": \"large\"}", "json: size", "is \"large\""},
      {"preprocessor_config.json", "{\"size\": -224}", "json: size", "is -224"},
      {"preprocessor_config.json", "{\"do_resize\": false}", "json: do_resize", "expected true"},
      {"preprocessor_config.json", "{\"do_rescale\": false}", "json: do_rescale", "expected true"},
      {"preprocessor_config.json", "{\"rescale_factor\": 0.5}", "json: rescale_factor", "expected 1/255"},
      {"preprocessor_config.json", "{\"do_normalize\": 1}", "json: do_normalize", "true or false"},
      {"preprocessor_config.json", "{\"image_mean\": [0.5, 0.5]}", "json: image_mean", "three numbers"},
      {"preprocessor_config.json", "{\"image_std\": [1, 0, 1]}", "preprocessor_config.json", "std 0"},
      {"preprocessor_config.json", "{\"do_center_crop\": true, \"size\": 200}", "preprocessor_config.json", "at least"},
      {"preprocessor_config.json", "{\"do_center_crop\": true, \"crop_size\": 192}", "json: crop_size", "is 192"},
      {"preprocessor_config.json", "[1]", "preprocessor_config.json", "not a JSON object"},
      {"preprocessor_config.json", "{\"size\": 224", "preprocessor_config.json:1:", "not JSON"},
      {"config.json", "{\"pretrained_cfg\": {\"crop_pct\": 1.2}}", "pretrained_cfg.crop_pct", "is 1.2"},
      {"config.json", "{\"pretrained_cfg\": {\"crop_pct\": \"1\"}}", "pretrained_cfg.crop_pct", "a number"},
      {"config.json", "{\"pretrained_cfg\": {\"interpolation\": \"lanczos\"}}", "pretrained_cfg.interpolation",
       "bilinear or bicubic"},
      {"config.json", "{\"pretrained_cfg\": {\"crop_mode\": \"border\"}}", "pretrained_cfg.crop_mode", "\"border\""},
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
  tcase_add_test(tcase, golden_checkpoints);
  tcase_add_test(tcase, what_is_refused_names_file_and_key);
  tcase_add_test(tcase, truncated_configs_never_crash);
  return run_suite("preprocessor", tcase);
}
