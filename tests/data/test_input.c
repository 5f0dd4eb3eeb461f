/* From a JPEG to the model's numbers: the golden pictures, byte for byte, and what is made of the bytes. */
#include <math.h>

#include "base/digest.h"
#include "core/safetensors.h"
#include "harness/data/input.h"
#include "tests/support/files.h"

enum { S = 224, PIXELS = S * S };

/* Options of a golden array's name, "crop248.bicubic" for one. */
static vx_input_options options_of(const char *name) {
  vx_input_options o = vx_input_default(S);
  o.normalize = false;
  if (!strncmp(name, "crop", 4)) {
    o.resize = VX_RESIZE_CROP;
    o.shorter_side = vx_input_shorter_side(S, strncmp(name, "crop248", 7) ? 0.875 : 0.9);
  }
  if (strstr(name, ".bicubic")) o.filter = VX_FILTER_BICUBIC;
  if (strstr(name, "-float")) o.arithmetic = VX_ARITHMETIC_FLOAT;
  return o;
}

/* The bytes that a golden array holds; float ones agree bit for bit, too, though the specification asks for 1e-5. */
static void check_digest(const vx_picture *picture, int number, const char *name, const char *expected) {
  uint8_t *rgb = malloc(PIXELS * 3);
  float *values = malloc(PIXELS * 3 * sizeof *values);
  vx_input_options o = options_of(name);
  vx_error error;
  char text[17];
  uint64_t digest;
  ck_assert_msg(vx_input_make(picture, &o, values, rgb, &error), "%s", error.why);
  if (!strcmp(name, "decoded")) {
    digest = fnv1a(picture->rgb, (size_t)picture->width * (size_t)picture->height * 3);
  } else if (o.arithmetic == VX_ARITHMETIC_FLOAT) {
    digest = fnv1a(values, PIXELS * 3 * sizeof *values);
  } else {
    digest = fnv1a(rgb, PIXELS * 3);
  }
  snprintf(text, sizeof text, "%016llx", (unsigned long long)digest);
  ck_assert_msg(!strcmp(text, expected), "%d.jpg %s has digest %s, expected %s", number, name, text, expected);
  free(rgb);
  free(values);
}

START_TEST(what_is_printed_is_read_back) {
  vx_input_options options[] = {vx_input_default(224), vx_input_default(32), vx_input_default(384)};
  options[1].resize = VX_RESIZE_CROP;
  options[1].shorter_side = 37;
  options[1].filter = VX_FILTER_BICUBIC;
  options[1].mean[1] = 0.1 + 0.2; /* 17 digits */
  options[1].std[2] = 1.0 / 3;
  options[2].arithmetic = VX_ARITHMETIC_FLOAT;
  options[2].normalize = false;
  for (int i = 0; i < 3; i++) {
    char text[400];
    vx_input_options back;
    vx_error error;
    vx_input_print(&options[i], text, sizeof text);
    ck_assert_msg(vx_input_parse(text, "x", &back, &error), "%s: %s", text, error.why);
    ck_assert(back.size == options[i].size && back.resize == options[i].resize && back.filter == options[i].filter &&
              back.arithmetic == options[i].arithmetic && back.normalize == options[i].normalize);
    if (back.resize == VX_RESIZE_CROP) ck_assert_int_eq(back.shorter_side, options[i].shorter_side);
    for (int c = 0; c < 3 && back.normalize; c++)
      ck_assert(back.mean[c] == options[i].mean[c] && back.std[c] == options[i].std[c]);
  }
}
END_TEST

START_TEST(a_text_that_is_no_input_is_refused_with_its_words) {
  static const char *const bad[] = {"",
                                    "resize=squash",
                                    "size=0 resize=squash",
                                    "size=224 resize=crop shorter_side=0",
                                    "size=224 resize=sideways",
                                    "size=224 mean=0.5,0.5",
                                    "size=224 std=0,1,1",
                                    "224"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    vx_input_options options;
    vx_error error;
    ck_assert_msg(!vx_input_parse(bad[i], "run's input", &options, &error), "'%s' is read", bad[i]);
    ck_assert_msg(strstr(error.why, bad[i]) && !strcmp(error.where, "run's input"), "%s", error.why);
  }
}
END_TEST

START_TEST(a_crop_keeps_its_share_at_another_side) {
  vx_input_options input = vx_input_default(224);
  input.resize = VX_RESIZE_CROP;
  input.shorter_side = 256;
  vx_input_options twice = vx_input_at(&input, 448), same = vx_input_at(&input, 224), point = vx_input_at(&input, 1);
  ck_assert(twice.size == 448 && twice.shorter_side == 512 && twice.resize == VX_RESIZE_CROP);
  ck_assert(same.size == 224 && same.shorter_side == 256);
  ck_assert(point.size == 1 && point.shorter_side == 1);
}
END_TEST

START_TEST(golden_pictures_give_golden_arrays) {
  FILE *f = fopen("tests/golden/preprocess/digests.txt", "r");
  char line[256];
  int lines = 0;
  ck_assert_ptr_nonnull(f);
  while (fgets(line, sizeof line, f)) {
    int number, used;
    char name[64], path[128];
    vx_picture picture;
    vx_error error;
    if (line[0] == '#') continue;
    line[strcspn(line, "\n")] = 0;
    ck_assert_int_eq(sscanf(line, "%d %63s %n", &number, name, &used), 2);
    snprintf(path, sizeof path, "tests/golden/preprocess/%d.jpg", number);
    ck_assert_msg(vx_picture_read(path, &picture, &error), "%s", error.why);
    check_digest(&picture, number, name, line + used);
    vx_picture_free(&picture);
    lines++;
  }
  fclose(f);
  ck_assert_int_gt(lines, 50);
}
END_TEST

static void check_tensor(const vx_picture *picture, const vx_tensor *tensor, int number) {
  float *values = malloc(PIXELS * 3 * sizeof *values), *expected = malloc(PIXELS * 3 * sizeof *expected);
  uint8_t *rgb = malloc(PIXELS * 3);
  vx_input_options o = options_of(tensor->name);
  if (!strcmp(tensor->name, "decoded")) {
    ck_assert_uint_eq(tensor->count, (size_t)picture->width * (size_t)picture->height * 3);
    ck_assert_mem_eq(picture->rgb, tensor->data, tensor->count);
  } else {
    ck_assert_uint_eq(tensor->count, PIXELS * 3);
    ck_assert(vx_input_make(picture, &o, values, rgb, NULL));
    if (tensor->dtype == VX_U8) {
      ck_assert_msg(!memcmp(rgb, tensor->data, tensor->count), "%d.jpg %s differs", number, tensor->name);
    } else {
      ck_assert(vx_tensor_to_float(tensor, expected));
      ck_assert_msg(!memcmp(values, expected, PIXELS * 3 * sizeof *values), "%d.jpg %s differs", number, tensor->name);
    }
  }
  free(values);
  free(expected);
  free(rgb);
}

START_TEST(all_golden_vectors) {
  char folder[1024], path[1100];
  vx_error error;
  if (!shared_path("golden/preprocess", folder)) return;
  for (int number = 0; number < 11; number++) {
    vx_picture picture;
    snprintf(path, sizeof path, "%s/%d.jpg", folder, number);
    ck_assert_msg(vx_picture_read(path, &picture, &error), "%s", error.why);
    snprintf(path, sizeof path, "%s/%d.safetensors", folder, number);
    vx_tensors *tensors = vx_tensors_open(path, &error);
    ck_assert_msg(tensors != NULL, "%s", error.why);
    for (int i = 0; i < vx_tensors_count(tensors); i++) check_tensor(&picture, vx_tensors_at(tensors, i), number);
    vx_tensors_close(tensors);
    vx_picture_free(&picture);
  }
}
END_TEST

/* Real pictures through a real checkpoint's settings: the golden x bit for bit. */
START_TEST(real_inputs) {
  static const char *const ids[] = {"2007_000033", "2007_000039", "2007_000042",
                                    "2011_000003", "2011_000006", "2011_000025"};
  char pictures[1024], vectors[1024], model[1024], path[1100];
  if (!shared_path("voc-real/VOC2012/JPEGImages", pictures) || !shared_path("golden/real", vectors) ||
      !shared_path("models/vit-tiny-patch16-224", model))
    return;
  float *x = malloc(PIXELS * 3 * sizeof *x), *expected = malloc(PIXELS * 3 * sizeof *expected);
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    vx_picture picture;
    vx_input_options o;
    snprintf(path, sizeof path, "%s/%s.jpg", pictures, ids[i]);
    ck_assert(vx_input_from_checkpoint(model, S, &o, NULL) && vx_picture_read(path, &picture, NULL));
    ck_assert(vx_input_make(&picture, &o, x, NULL, NULL));
    snprintf(path, sizeof path, "%s/%s.safetensors", vectors, ids[i]);
    vx_tensors *tensors = vx_tensors_open(path, NULL);
    ck_assert(vx_tensor_to_float(vx_tensors_find(tensors, "x"), expected));
    ck_assert_msg(!memcmp(x, expected, PIXELS * 3 * sizeof *x), "%s: x differs", ids[i]);
    vx_tensors_close(tensors);
    vx_picture_free(&picture);
  }
  free(x);
  free(expected);
}
END_TEST

/* x is the double formula rounded once, bit for bit, and goes by planes. */
START_TEST(input_is_rounded_once) {
  static const double mean[3] = {0.485, 0.456, 0.406}, std[3] = {0.229, 0.224, 0.225};
  vx_picture picture;
  vx_input_options o = vx_input_default(S);
  float *x = malloc(PIXELS * 3 * sizeof *x), *plain = malloc(PIXELS * 3 * sizeof *plain);
  uint8_t *rgb = malloc(PIXELS * 3);
  memcpy(o.mean, mean, sizeof mean);
  memcpy(o.std, std, sizeof std);
  ck_assert(vx_picture_read("tests/golden/preprocess/7.jpg", &picture, NULL));
  ck_assert(vx_input_make(&picture, &o, x, rgb, NULL));
  o.normalize = false;
  ck_assert(vx_input_make(&picture, &o, plain, NULL, NULL));
  int wrong = 0;
  for (int c = 0; c < 3; c++)
    for (int i = 0; i < PIXELS; i++) {
      double v = (double)rgb[3 * i + c] / 255;
      float expected = (float)((v - mean[c]) / std[c]), unit = (float)v;
      wrong += memcmp(&x[c * PIXELS + i], &expected, sizeof expected) != 0;
      wrong += memcmp(&plain[c * PIXELS + i], &unit, sizeof unit) != 0;
    }
  ck_assert_int_eq(wrong, 0);
  vx_picture_free(&picture);
  free(x);
  free(plain);
  free(rgb);
}
END_TEST

/* The float arithmetic's bytes are the nearest to its values. */
START_TEST(float_arithmetic_also_gives_bytes) {
  vx_picture picture;
  vx_input_options o = options_of("squash.bilinear-float");
  float *x = malloc(PIXELS * 3 * sizeof *x);
  uint8_t *rgb = malloc(PIXELS * 3), *only = malloc(PIXELS * 3);
  ck_assert(vx_picture_read("tests/golden/preprocess/8.jpg", &picture, NULL));
  ck_assert(vx_input_make(&picture, &o, x, rgb, NULL));
  ck_assert(vx_input_make(&picture, &o, NULL, only, NULL));
  ck_assert_mem_eq(rgb, only, PIXELS * 3);
  int wrong = 0;
  for (int c = 0; c < 3; c++)
    for (int i = 0; i < PIXELS; i++) wrong += !(fabsf(x[c * PIXELS + i] * 255 - (float)rgb[3 * i + c]) <= 0.5001f);
  ck_assert_int_eq(wrong, 0);
  vx_picture_free(&picture);
  free(x);
  free(rgb);
  free(only);
}
END_TEST

START_TEST(crops_are_placed_as_python_rounds) {
  static const struct {
    int width, height, shorter, scaled_width, scaled_height, left, top;
  } cases[] = {{500, 375, 256, 341, 256, 58, 16}, /* (341 - 224)/2 = 58.5 to even 58 */
               {375, 500, 256, 256, 341, 16, 58}, {501, 333, 248, 373, 248, 74, 12}, /* 74.5 to 74 */
               {333, 501, 256, 256, 385, 16, 80},                                    /* 80.5 to 80 */
               {100, 147, 256, 256, 376, 16, 76}, {300, 301, 225, 225, 225, 0, 0},   /* 0.5 to 0 */
               {300, 303, 225, 225, 227, 0, 2},                                      /* 0.5 to 0, 1.5 to 2 */
               {224, 224, 224, 224, 224, 0, 0}};
  vx_input_options o = vx_input_default(S);
  o.resize = VX_RESIZE_CROP;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    vx_geometry g;
    o.shorter_side = cases[i].shorter;
    ck_assert(vx_input_geometry(&o, cases[i].width, cases[i].height, &g, NULL));
    ck_assert_msg(g.scaled_width == cases[i].scaled_width && g.scaled_height == cases[i].scaled_height &&
                      g.left == cases[i].left && g.top == cases[i].top && g.width == S && g.height == S,
                  "case %zu: %d x %d at %d, %d", i, g.scaled_width, g.scaled_height, g.left, g.top);
  }
  ck_assert_int_eq(vx_input_shorter_side(224, 0.875), 256);
  ck_assert_int_eq(vx_input_shorter_side(224, 0.9), 248);
  ck_assert_int_eq(vx_input_shorter_side(384, 1), 384);
  ck_assert_int_eq(vx_input_shorter_side(224, 0), 0);
  ck_assert_int_eq(vx_input_shorter_side(224, 1.5), 0);
  ck_assert_int_eq(vx_input_shorter_side(224, NAN), 0);
}
END_TEST

START_TEST(senseless_options_are_refused) {
  vx_picture picture = {.width = 1, .height = 2000000};
  vx_input_options o = vx_input_default(S);
  vx_geometry g;
  vx_error error;
  o.filter = VX_FILTER_BICUBIC, o.arithmetic = VX_ARITHMETIC_FLOAT;
  ck_assert(!vx_input_make(&picture, &o, NULL, NULL, &error));
  check_error(&error, "input", "bilinear");
  o = vx_input_default(S), o.std[1] = 0;
  ck_assert(!vx_input_make(&picture, &o, NULL, NULL, &error));
  check_error(&error, "input", "std 0");
  o = vx_input_default(S), o.resize = VX_RESIZE_CROP, o.shorter_side = 0;
  ck_assert(!vx_input_geometry(&o, 10, 10, &g, &error));
  check_error(&error, "input", "scaled to 0 pixels");
  o.shorter_side = 16384;
  ck_assert(!vx_input_geometry(&o, picture.width, picture.height, &g, &error));
  check_error(&error, "input", "too narrow");
  o = vx_input_default(0);
  ck_assert(!vx_input_geometry(&o, 10, 10, &g, &error));
  check_error(&error, "input", "input size is 0");
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("input");
  tcase_add_test(tcase, what_is_printed_is_read_back);
  tcase_add_test(tcase, a_text_that_is_no_input_is_refused_with_its_words);
  tcase_add_test(tcase, a_crop_keeps_its_share_at_another_side);
  tcase_add_test(tcase, golden_pictures_give_golden_arrays);
  tcase_add_test(tcase, all_golden_vectors);
  tcase_add_test(tcase, real_inputs);
  tcase_add_test(tcase, input_is_rounded_once);
  tcase_add_test(tcase, float_arithmetic_also_gives_bytes);
  tcase_add_test(tcase, crops_are_placed_as_python_rounds);
  tcase_add_test(tcase, senseless_options_are_refused);
  return run_suite("input", tcase);
}
