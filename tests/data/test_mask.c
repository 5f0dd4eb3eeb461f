/* Masks: labels as they stand in PNGs of every depth, and the truth that is made of them. */
#include <dirent.h>

#include "core/safetensors.h"
#include "harness/data/mask.h"
#include "harness/data/truth.h"
#include "metrics/overlap.h"
#include "tests/support/files.h"
#include "tests/support/pngs.h"

static vx_mask read_mask(const char *path) {
  vx_mask mask;
  vx_error error = {"", ""};
  ck_assert_msg(vx_mask_read(path, NULL, &mask, &error), "%s: %s", error.where, error.why);
  return mask;
}

START_TEST(labels_come_back_at_every_depth) {
  static const int types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_PALETTE};
  char folder[512];
  uint64_t state = 21;
  make_folder(folder);
  char *path = path_in(folder, "mask.png");
  for (int depth = 1; depth <= 8; depth *= 2)
    for (int variant = 0; variant < 8; variant++) {
      png_kind kind = {types[variant & 1], depth, variant & 2, (variant & 4) && (variant & 1)};
      int w = draw_between(&state, 1, 40), h = draw_between(&state, 1, 40);
      uint8_t samples[1600];
      for (int i = 0; i < w * h; i++) samples[i] = (uint8_t)(draw(&state) & ((1u << depth) - 1));
      write_png(path, w, h, kind, samples);
      const vx_mask_reading index = {.encoding = VX_MASK_INDEX};
      vx_mask mask;
      vx_error error = {"", ""};
      ck_assert_msg(vx_mask_read(path, &index, &mask, &error), "%s: %s", error.where, error.why);
      ck_assert(mask.width == w && mask.height == h);
      ck_assert_mem_eq(mask.label, samples, (size_t)(w * h));
      vx_mask_free(&mask);
    }
  free(path);
  remove_folder(folder);
}
END_TEST

START_TEST(other_kinds_are_refused) {
  static const struct {
    png_kind kind;
    const char *why;
  } cases[] = {{{PNG_COLOR_TYPE_RGB, 8, false, false}, "the colour #010203 at 1 pixels (16 with 15 others"},
               {{PNG_COLOR_TYPE_RGB_ALPHA, 8, false, false}, "16 transparent pixels"},
               {{PNG_COLOR_TYPE_GRAY_ALPHA, 8, false, false}, "16 transparent pixels"},
               {{PNG_COLOR_TYPE_GRAY, 16, false, false}, "the value 257 at 1 pixels"}};
  char folder[512];
  uint8_t samples[64];
  vx_mask mask;
  vx_error error;
  for (int i = 0; i < 64; i++) samples[i] = (uint8_t)(i + 1);
  make_folder(folder);
  char *path = path_in(folder, "mask.png");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    write_png(path, 4, 4, cases[i].kind, samples);
    ck_assert(!vx_mask_read(path, NULL, &mask, &error));
    check_error(&error, path, cases[i].why);
    ck_assert_ptr_null(mask.label);
  }
  ck_assert(!vx_mask_read("tests/golden/preprocess/3.jpg", NULL, &mask, &error));
  check_error(&error, "3.jpg", "is a JPEG picture, expected a mask as PNG");
  free(path);
  remove_folder(folder);
}
END_TEST

/* No mask of a real data set is suspected of anything. */
static void check_all_good(const char *folder) {
  struct dirent **item;
  const vx_mask_reading voc = {.class_count = 21};
  int count = scandir(folder, &item, NULL, alphasort), seen = 0;
  ck_assert_int_gt(count, 2);
  for (int i = 0; i < count; i++) {
    char path[2048];
    vx_mask mask;
    vx_error error = {"", ""};
    snprintf(path, sizeof path, "%s/%s", folder, item[i]->d_name);
    free(item[i]);
    if (!strstr(path, ".png")) continue;
    ck_assert_msg(vx_mask_read(path, &voc, &mask, &error), "%s: %s", error.where, error.why);
    ck_assert_msg(mask.status == VX_TRUTH_OK, "%s is %s", path, vx_truth_name(mask.status));
    vx_mask_free(&mask);
    seen++;
  }
  free(item);
  ck_assert_int_gt(seen, 5);
}

START_TEST(good_masks_are_not_suspected) {
  char path[1024];
  check_all_good("data/demo/SegmentationClass");
  if (shared_path("voc2012-subset/VOC2012/SegmentationClass", path)) check_all_good(path);
}
END_TEST

START_TEST(truncated_masks_are_errors) {
  size_t size;
  char folder[512];
  uint8_t *bytes = read_bytes("tests/golden/score/9.png", &size);
  make_folder(folder);
  char *cut = path_in(folder, "cut.png");
  for (int i = 0; i <= 40; i++) {
    vx_mask mask;
    vx_error error = {"", ""};
    write_bytes(cut, bytes, i == 40 ? size - 1 : size * (size_t)i / 40);
    ck_assert_msg(!vx_mask_read(cut, NULL, &mask, &error), "cut %d of 40 is read", i);
    check_error(&error, cut, "");
    ck_assert(strlen(error.why) > 5 && !mask.label);
  }
  free(bytes);
  free(cut);
  remove_folder(folder);
}
END_TEST

START_TEST(main_class_is_the_largest_then_the_smallest) {
  uint8_t label[12] = {0, 0, 0, 0, 255, 255, 255, 255, 7, 3, 3, 7};
  vx_mask mask = {.width = 4, .height = 3, .label = label};
  size_t count[VX_LABELS];
  ck_assert_int_eq(vx_mask_main_class(&mask), 3);
  label[0] = 7;
  ck_assert_int_eq(vx_mask_main_class(&mask), 7);
  vx_mask_count(&mask, count);
  ck_assert(count[0] == 3 && count[3] == 2 && count[7] == 3 && count[255] == 4 && count[1] == 0);
  memset(label, 255, sizeof label);
  ck_assert_int_eq(vx_mask_main_class(&mask), -1);
  memset(label, 0, sizeof label);
  ck_assert_int_eq(vx_mask_main_class(&mask), -1);
  label[5] = 254;
  ck_assert_int_eq(vx_mask_main_class(&mask), 254);
}
END_TEST

/* All combinations on a mask whose labels are their own columns. */
START_TEST(truth_by_hand) {
  uint8_t label[5] = {0, 4, 4, 9, 255};
  vx_mask mask = {.width = 5, .height = 1, .label = label};
  vx_geometry same = vx_geometry_squash(5, 1);
  static const struct {
    const char *foreground, *void_pixels;
    uint8_t truth[5];
  } cases[] = {{"any", "ignore", {0, 1, 1, 1, 2}},      {"any", "background", {0, 1, 1, 1, 0}},
               {"any", "foreground", {0, 1, 1, 1, 1}},  {"main", "ignore", {0, 1, 1, 0, 2}},
               {"main", "foreground", {0, 1, 1, 0, 1}}, {"class=9", "background", {0, 0, 0, 1, 0}},
               {"class=5", "ignore", {0, 0, 0, 0, 2}}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    vx_truth_options o = {0};
    uint8_t truth[5];
    ck_assert(vx_truth_foreground(cases[i].foreground, &o, "x", NULL));
    ck_assert(vx_truth_void(cases[i].void_pixels, &o, "x", NULL));
    ck_assert(vx_truth_make(&mask, &o, &same, truth, NULL));
    ck_assert_mem_eq(truth, cases[i].truth, sizeof truth);
  }
}
END_TEST

/* `main` is judged at the mask's own size, also where resizing drops it altogether. */
START_TEST(main_is_judged_before_resizing) {
  uint8_t label[6] = {2, 2, 2, 1, 1, 1}, truth[2];
  vx_mask mask = {.width = 6, .height = 1, .label = label};
  vx_geometry two = vx_geometry_squash(2, 1);
  vx_truth_options o = {.foreground = VX_FOREGROUND_MAIN};
  ck_assert(vx_truth_make(&mask, &o, &two, truth, NULL));
  ck_assert(truth[0] == 0 && truth[1] == 1); /* a tie at full size: the smaller label */
  label[3] = 2;
  ck_assert(vx_truth_make(&mask, &o, &two, truth, NULL));
  ck_assert(truth[0] == 1 && truth[1] == 0);
}
END_TEST

START_TEST(options_are_read_or_refused) {
  static const char *const bad[] = {"", "Any", "class=", "class=0", "class=255", "class=5x", "class= 5", "class=-1"};
  vx_truth_options o = {0};
  vx_error error;
  ck_assert(vx_truth_foreground("predicted", &o, "x", NULL) && o.foreground == VX_FOREGROUND_PREDICTED);
  ck_assert(vx_truth_foreground("class=254", &o, "x", NULL) && o.label == 254 && o.foreground == VX_FOREGROUND_CLASS);
  ck_assert(vx_truth_resize("opencv", &o, "x", NULL) && o.resize == VX_MASK_OPENCV);
  ck_assert(vx_truth_resize("pillow", &o, "x", NULL) && o.resize == VX_MASK_PILLOW);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    ck_assert_msg(!vx_truth_foreground(bad[i], &o, "--foreground", &error), "\"%s\" is read", bad[i]);
    check_error(&error, "--foreground", "expected any, main, predicted or class=N");
  }
  ck_assert(!vx_truth_void("none", &o, "--void", &error));
  check_error(&error, "--void", "ignore, background or foreground");
  ck_assert(!vx_truth_resize("cv", &o, "--mask-resize", &error));
  check_error(&error, "--mask-resize", "pillow or opencv");
  o = (vx_truth_options){.foreground = VX_FOREGROUND_PREDICTED, .label = -1};
  vx_mask mask = {.width = 1, .height = 1, .label = (uint8_t[]){0}};
  vx_geometry one = vx_geometry_squash(1, 1);
  uint8_t truth;
  ck_assert(!vx_truth_make(&mask, &o, &one, &truth, &error));
  check_error(&error, "truth", "is -1");
}
END_TEST

/* The golden scores' counts give the number of foreground and background pixels under every choice of truth. */
static int check_golden(const char *folder, int number) {
  char path[1200];
  int checked = 0;
  vx_error error;
  snprintf(path, sizeof path, "%s/%d.png", folder, number);
  vx_mask mask = read_mask(path);
  snprintf(path, sizeof path, "%s/%d.safetensors", folder, number);
  vx_tensors *tensors = vx_tensors_open(path, &error);
  ck_assert_msg(tensors != NULL, "%s", error.why);
  for (int i = 0; i < vx_tensors_count(tensors); i++) {
    const vx_tensor *tensor = vx_tensors_at(tensors, i);
    char size[16], form[16], foreground[16], void_pixels[16];
    double v[7];
    vx_truth_options o = {0};
    if (sscanf(tensor->name, "%15[^.].%15[^.].%15[^.].%15[^.]", size, form, foreground, void_pixels) != 4) continue;
    ck_assert(tensor->count == 7 && vx_tensor_to_double(tensor, v));
    bool own = !strcmp(size, "image");
    vx_geometry g = own ? vx_geometry_squash(mask.width, mask.height) : vx_geometry_squash(atoi(size), atoi(size));
    size_t pixels = (size_t)g.width * (size_t)g.height, count[3] = {0};
    uint8_t *truth = malloc(pixels);
    ck_assert(vx_truth_foreground(foreground, &o, "x", NULL) && vx_truth_void(void_pixels, &o, "x", NULL) &&
              vx_truth_resize(form, &o, "x", NULL) && vx_truth_make(&mask, &o, &g, truth, &error));
    for (size_t p = 0; p < pixels; p++) count[truth[p]]++;
    ck_assert_msg((double)count[VX_FOREGROUND] == v[3] + v[5] && (double)count[VX_BACKGROUND] == v[4] + v[6] &&
                      count[0] + count[1] + count[2] == pixels,
                  "%d %s: %zu foreground, %zu background", number, tensor->name, count[1], count[0]);
    free(truth);
    checked++;
  }
  vx_tensors_close(tensors);
  vx_mask_free(&mask);
  return checked;
}

START_TEST(golden_truths) {
  static const int numbers[] = {6, 7, 9, 10, 11};
  int checked = 0;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    checked += check_golden("tests/golden/score", numbers[i]);
  ck_assert_int_ge(checked, 100);
}
END_TEST

/* The older files hold the resized masks themselves. */
START_TEST(all_golden_masks) {
  char folder[1024], path[1100];
  int compared = 0;
  if (!shared_path("golden/score", folder)) return;
  for (int number = 0; number < 12; number++) {
    check_golden(folder, number);
    snprintf(path, sizeof path, "%s/%d.png", folder, number);
    vx_mask mask = read_mask(path);
    snprintf(path, sizeof path, "%s/%d.safetensors", folder, number);
    vx_tensors *tensors = vx_tensors_open(path, NULL);
    vx_geometry g = vx_geometry_squash(224, 224);
    for (int form = 0; form < 2; form++) {
      const vx_tensor *tensor = vx_tensors_find(tensors, form ? "mask224_opencv" : "mask224_pillow");
      static uint8_t out[224 * 224];
      if (!tensor) continue;
      ck_assert(
          vx_resize_labels(mask.label, mask.width, mask.height, &g, form ? VX_MASK_OPENCV : VX_MASK_PILLOW, out, NULL));
      ck_assert_mem_eq(out, tensor->data, sizeof out);
      compared++;
    }
    vx_tensors_close(tensors);
    vx_mask_free(&mask);
  }
  ck_assert_int_eq(compared, 12);
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("mask");
  tcase_add_test(tcase, labels_come_back_at_every_depth);
  tcase_add_test(tcase, other_kinds_are_refused);
  tcase_add_test(tcase, good_masks_are_not_suspected);
  tcase_add_test(tcase, truncated_masks_are_errors);
  tcase_add_test(tcase, main_class_is_the_largest_then_the_smallest);
  tcase_add_test(tcase, truth_by_hand);
  tcase_add_test(tcase, main_is_judged_before_resizing);
  tcase_add_test(tcase, options_are_read_or_refused);
  tcase_add_test(tcase, golden_truths);
  tcase_add_test(tcase, all_golden_masks);
  return run_suite("mask", tcase);
}
