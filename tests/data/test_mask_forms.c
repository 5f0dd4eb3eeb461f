/* One truth in every encoding that masks have: the same labels wherever the information is in the file, refused by name
   where it is not. The drawn masks of data/demo and, where they are, the three real ones of voc-real. */
#include <dirent.h>

#include "harness/data/mask.h"
#include "harness/data/mask_labels.h"
#include "harness/data/truth.h"
#include "metrics/map.h"
#include "metrics/overlap.h"
#include "tests/support/files.h"
#include "tests/support/pngs.h"

static char folder[512];
static char *path;

static void setup(void) {
  make_folder(folder);
  path = path_in(folder, "mask.png");
}

static void teardown(void) {
  free(path);
  remove_folder(folder);
}

/* Samples [height][width][channels] of any depth; `colours` (0xrrggbb) make a palette. */
static void write_samples(int width, int height, int type, int depth, int channels, const uint16_t *samples,
                          const uint32_t *colours, int count) {
  FILE *f = fopen(path, "wb");
  ck_assert_ptr_nonnull(f);
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png_create_info_struct(png);
  png_color palette[256];
  png_init_io(png, f);
  png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, depth, type, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  for (int i = 0; i < count; i++)
    palette[i] =
        (png_color){(png_byte)(colours[i] >> 16), (png_byte)(colours[i] >> 8 & 255), (png_byte)(colours[i] & 255)};
  if (count) png_set_PLTE(png, info, palette, count);
  png_write_info(png, info);
  png_set_packing(png);
  size_t row = (size_t)width * (size_t)channels;
  uint8_t *bytes = malloc(2 * row);
  for (int y = 0; y < height; y++) {
    for (size_t i = 0; i < row; i++) {
      uint16_t v = samples[(size_t)y * row + i];
      if (depth == 16) bytes[2 * i] = (uint8_t)(v >> 8), bytes[2 * i + 1] = (uint8_t)v;
      if (depth < 16) bytes[i] = (uint8_t)v;
    }
    png_write_row(png, bytes);
  }
  free(bytes);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  fclose(f);
}

/* The labels of `truth` through a table of samples: `channels` of `table[label][channel]`. */
static void encode(const vx_mask *truth, int type, int depth, int channels, uint16_t (*table)[4],
                   const uint32_t *colours, int count) {
  size_t pixels = (size_t)truth->width * (size_t)truth->height;
  uint16_t *samples = malloc(pixels * (size_t)channels * sizeof *samples);
  for (size_t i = 0; i < pixels; i++)
    for (int c = 0; c < channels; c++) samples[i * (size_t)channels + (size_t)c] = table[truth->label[i]][c];
  write_samples(truth->width, truth->height, type, depth, channels, samples, colours, count);
  free(samples);
}

static void same(const vx_mask *truth, const vx_mask_reading *reading, vx_truth_status status, const char *what) {
  vx_mask mask;
  vx_error error = {"", ""};
  ck_assert_msg(vx_mask_read(path, reading, &mask, &error), "%s: %s: %s", what, error.where, error.why);
  ck_assert(mask.width == truth->width && mask.height == truth->height);
  ck_assert_msg(!memcmp(mask.label, truth->label, (size_t)mask.width * (size_t)mask.height), "%s: other labels", what);
  ck_assert_msg(mask.status == status, "%s is %s", what, vx_truth_name(mask.status));
  vx_mask_free(&mask);
}

static void refused(const vx_mask_reading *reading, const char *why) {
  vx_mask mask;
  vx_error error = {"", ""};
  ck_assert_msg(!vx_mask_read(path, reading, &mask, &error), "is read, expected: %s", why);
  check_error(&error, path, why);
}

static vx_mask_reading reading_of(const vx_label_rules *rules) {
  vx_mask_reading reading;
  vx_classes classes;
  const char *source;
  vx_error error = {"", ""};
  ck_assert_msg(vx_mask_reading_make(NULL, rules, &reading, &classes, &source, &error), "%s: %s", error.where,
                error.why);
  vx_classes_free(&classes);
  return reading;
}

/* By index, by VOC's colour, and what has neither. */
static void check_indices_and_colours(const vx_mask *truth) {
  uint16_t index[256][4], rgb[256][4], strange[256][4], reordered[256][4];
  uint32_t voc[256], other[256];
  for (int i = 0; i < 256; i++) {
    voc[i] = vx_voc_colour(i);
    other[(i + 100) & 255] = voc[i]; /* every colour at another place */
    for (int c = 0; c < 3; c++) {
      index[i][c] = (uint16_t)i;
      rgb[i][c] = (uint16_t)(voc[i] >> (16 - 8 * c) & 255);
      strange[i][c] = (uint16_t)(c == 0 ? i : c == 1 ? 255 - i : 7);
    }
    index[i][1] = 255;
    rgb[i][3] = 255;
    reordered[i][0] = (uint16_t)((i + 100) & 255);
  }
  vx_mask_reading classes = {.class_count = 21};
  encode(truth, PNG_COLOR_TYPE_PALETTE, 8, 1, index, voc, 256);
  same(truth, &classes, VX_TRUTH_OK, "palette");
  encode(truth, PNG_COLOR_TYPE_GRAY, 8, 1, index, NULL, 0);
  same(truth, &classes, VX_TRUTH_OK, "grey");
  encode(truth, PNG_COLOR_TYPE_GRAY, 16, 1, index, NULL, 0);
  same(truth, &classes, VX_TRUTH_OK, "grey of 16 bits");
  encode(truth, PNG_COLOR_TYPE_GRAY_ALPHA, 8, 2, index, NULL, 0);
  same(truth, &classes, VX_TRUTH_OK, "grey and alpha");
  encode(truth, PNG_COLOR_TYPE_RGB, 8, 3, rgb, NULL, 0);
  same(truth, &classes, VX_TRUTH_OK, "RGB");
  encode(truth, PNG_COLOR_TYPE_RGB_ALPHA, 8, 4, rgb, NULL, 0);
  same(truth, &classes, VX_TRUTH_OK, "RGB and alpha");
  encode(truth, PNG_COLOR_TYPE_PALETTE, 8, 1, reordered, other, 256);
  same(truth, &classes, VX_TRUTH_COLOUR, "reordered palette");
  encode(truth, PNG_COLOR_TYPE_RGB, 8, 3, strange, NULL, 0);
  refused(&classes, "which is no class's; data.labels says");
}

/* Through data.labels: values and colours that mean nothing of themselves. */
static void check_labels(const vx_mask *truth) {
  enum { RULES = 22 };
  char from[RULES][12], colour[RULES][12], to[RULES][12];
  const char *froms[RULES], *colours[RULES], *tos[RULES];
  uint16_t value[256][4] = {{0}}, rgb[256][4] = {{0}};
  for (int i = 0; i < RULES; i++) {
    int label = i < 21 ? i : 255, v = 1000 + 7 * i;
    value[label][0] = (uint16_t)v;
    rgb[label][0] = (uint16_t)(200 - i), rgb[label][1] = (uint16_t)(3 * i), rgb[label][2] = 50;
    snprintf(from[i], sizeof from[i], "%d", v);
    snprintf(colour[i], sizeof colour[i], "#%02x%02x%02x", 200 - i, 3 * i, 50);
    snprintf(to[i], sizeof to[i], "%s", label == 255 ? "void" : label == 0 ? "background" : "");
    if (label > 0 && label < 255) snprintf(to[i], sizeof to[i], "%d", label);
    froms[i] = from[i], colours[i] = colour[i], tos[i] = to[i];
  }
  vx_label_rules by_value = {.count = RULES, .from = froms, .to = tos};
  vx_label_rules by_colour = {.count = RULES, .from = colours, .to = tos};
  vx_mask_reading reading = reading_of(&by_value);
  encode(truth, PNG_COLOR_TYPE_GRAY, 16, 1, value, NULL, 0);
  same(truth, &reading, VX_TRUTH_OK, "16 bits by data.labels");
  refused(NULL, "data.labels says what a value means");
  vx_mask_reading_free(&reading);
  reading = reading_of(&by_colour);
  encode(truth, PNG_COLOR_TYPE_RGB, 8, 3, rgb, NULL, 0);
  same(truth, &reading, VX_TRUTH_OK, "RGB by data.labels");
  vx_mask_reading_free(&reading);
  for (int i = 0; i < RULES; i++) { /* ImageNet-S: id = R + 256 G, 1000 void */
    int label = i < 21 ? i : 255, id = label == 255 ? 1000 : label;
    rgb[label][0] = (uint16_t)(id & 255), rgb[label][1] = (uint16_t)(id >> 8), rgb[label][2] = 0;
  }
  reading = reading_of(&(vx_label_rules){.preset = "imagenet-s"});
  encode(truth, PNG_COLOR_TYPE_RGB, 8, 3, rgb, NULL, 0);
  same(truth, &reading, VX_TRUTH_OK, "rgb-id");
  vx_mask_reading_free(&reading);
}

/* Any object, white on black, of 1, 8 and 16 bits and in RGB: the foreground `any` with void as background. */
static void check_binary(const vx_mask *truth) {
  size_t pixels = (size_t)truth->width * (size_t)truth->height;
  static const struct {
    int type, depth, channels;
    uint16_t white;
  } forms[] = {{PNG_COLOR_TYPE_GRAY, 1, 1, 1},
               {PNG_COLOR_TYPE_GRAY, 8, 1, 255},
               {PNG_COLOR_TYPE_GRAY, 16, 1, 65535},
               {PNG_COLOR_TYPE_RGB, 8, 3, 255}};
  vx_truth_options any = {.foreground = VX_FOREGROUND_ANY, .void_kind = VX_VOID_BACKGROUND};
  vx_geometry geometry = vx_geometry_squash(224, 224);
  uint8_t *expected = malloc(224 * 224), *got = malloc(224 * 224);
  ck_assert(vx_truth_make(truth, &any, &geometry, expected, NULL));
  for (size_t k = 0; k < sizeof forms / sizeof *forms; k++)
    for (int inverted = 0; inverted < 2; inverted++) {
      uint16_t table[256][4] = {{0}};
      size_t white = 0, border = 0;
      for (int i = 0; i < 256; i++)
        for (int c = 0; c < 3; c++) table[i][c] = (i > 0 && i < 255) != inverted ? forms[k].white : 0;
      for (size_t i = 0; i < pixels; i++) {
        size_t x = i % (size_t)truth->width, y = i / (size_t)truth->width;
        if (x && y && x + 1 < (size_t)truth->width && y + 1 < (size_t)truth->height) continue;
        border++;
        white += table[truth->label[i]][0] != 0;
      }
      encode(truth, forms[k].type, forms[k].depth, forms[k].channels, table, NULL, 0);
      if (2 * white > border) {
        refused(NULL, "object or background?");
        continue;
      }
      ck_assert(!inverted);
      vx_mask mask;
      vx_error error = {"", ""};
      ck_assert_msg(vx_mask_read(path, NULL, &mask, &error), "%s: %s", error.where, error.why);
      ck_assert(mask.status == VX_TRUTH_BINARY && mask.nameless);
      ck_assert(vx_truth_make(&mask, &any, &geometry, got, NULL));
      ck_assert_msg(!memcmp(got, expected, 224 * 224), "form %zu: another truth", k);
      vx_mask_free(&mask);
    }
  free(expected);
  free(got);
}

/* The classes of a mask packed into 2 or 4 bits: equal by data.labels; without, other classes' labels. */
static void check_few_bits(const vx_mask *truth) {
  size_t count[VX_LABELS];
  vx_mask_count(truth, count);
  char from[16][12], to[16][12];
  const char *froms[16], *tos[16];
  uint16_t table[256][4] = {{0}};
  int used = 0;
  for (int label = 0; label < 256; label++) {
    if (!count[label] || used == 15) continue;
    table[label][0] = (uint16_t)used;
    snprintf(from[used], sizeof from[used], "%d", used);
    snprintf(to[used], sizeof to[used], label == 255 ? "void" : label ? "%d" : "background", label);
    froms[used] = from[used], tos[used] = to[used];
    used++;
  }
  vx_mask_reading reading = reading_of(&(vx_label_rules){.count = used, .from = froms, .to = tos});
  for (int depth = used <= 4 ? 2 : 4; depth <= 8; depth *= 2) {
    encode(truth, PNG_COLOR_TYPE_GRAY, depth, 1, table, NULL, 0);
    same(truth, &reading, VX_TRUTH_OK, "few bits");
  }
  vx_mask_reading_free(&reading);
}

/* Scaled to half and back with interpolation, as NumPy's means of four pixels would be: invented labels. */
static void check_interpolated(const vx_mask *truth) {
  uint16_t *samples = malloc((size_t)truth->width * (size_t)truth->height * sizeof *samples);
  const vx_mask_reading classes = {.class_count = 21};
  for (int y = 0; y < truth->height; y++)
    for (int x = 0; x < truth->width; x++) {
      int sum = 0, n = 0;
      for (int dy = -2; dy <= 2; dy++)
        for (int dx = -2; dx <= 2; dx++) {
          int v = y + dy, u = x + dx;
          if (v < 0 || u < 0 || v >= truth->height || u >= truth->width) continue;
          int label = truth->label[v * truth->width + u];
          sum += label && label < 255 ? 20 : 0;
          n++;
        }
      samples[y * truth->width + x] = (uint16_t)(sum / n);
    }
  write_samples(truth->width, truth->height, PNG_COLOR_TYPE_GRAY, 8, 1, samples, NULL, 0);
  free(samples);
  vx_mask mask;
  vx_error error = {"", ""};
  ck_assert_msg(vx_mask_read(path, &classes, &mask, &error), "%s", error.why);
  ck_assert_str_eq(vx_truth_name(mask.status), "interpolated");
  ck_assert(!vx_truth_counts(mask.status) && !vx_mask_check(&mask, 21, path, &error));
  check_error(&error, path, "borders only");
  vx_mask_free(&mask);
}

static int check_masks(const char *of, int most) {
  struct dirent **item;
  int count = scandir(of, &item, NULL, alphasort), seen = 0;
  for (int i = 0; i < count; i++) {
    char file[2048];
    vx_mask truth;
    vx_error error = {"", ""};
    snprintf(file, sizeof file, "%s/%s", of, item[i]->d_name);
    free(item[i]);
    if (seen == most || !strstr(file, ".png")) continue;
    ck_assert_msg(vx_mask_read(file, NULL, &truth, &error), "%s: %s", error.where, error.why);
    check_indices_and_colours(&truth);
    check_labels(&truth);
    check_binary(&truth);
    check_few_bits(&truth);
    check_interpolated(&truth);
    vx_mask_free(&truth);
    seen++;
  }
  free(item);
  return seen;
}

START_TEST(one_truth_in_every_encoding) {
  char real[1024];
  ck_assert_int_eq(check_masks("data/demo/SegmentationClass", 6), 6);
  if (shared_path("voc-real/VOC2012/SegmentationClass", real)) ck_assert_int_eq(check_masks(real, 6), 3);
}
END_TEST

START_TEST(what_is_no_truth_is_told) {
  enum { N = 16 };
  static const struct {
    uint16_t background, object;
    vx_truth_status status;
  } cases[] = {{0, 0, VX_TRUTH_NO_OBJECT}, {255, 255, VX_TRUTH_ALL_VOID}, {0, 97, VX_TRUTH_FOREIGN},
               {0, 255, VX_TRUTH_BINARY},  {0, 5, VX_TRUTH_OK},           {255, 5, VX_TRUTH_OK},
               {0, 254, VX_TRUTH_FOREIGN}};
  const vx_mask_reading classes = {.class_count = 21}, voc = {.class_count = 21, .voc = true};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    uint16_t samples[N * N];
    vx_mask mask;
    for (int i = 0; i < N * N; i++)
      samples[i] = abs(i % N - 8) < 4 && abs(i / N - 8) < 4 ? cases[k].object : cases[k].background;
    write_samples(N, N, PNG_COLOR_TYPE_GRAY, 8, 1, samples, NULL, 0);
    ck_assert(vx_mask_read(path, &classes, &mask, NULL));
    ck_assert_msg(mask.status == cases[k].status, "case %zu is %s", k, vx_truth_name(mask.status));
    vx_mask_free(&mask);
    ck_assert(vx_mask_read(path, &voc, &mask, NULL)); /* {0, 255} is a void border then */
    if (cases[k].status == VX_TRUTH_BINARY) ck_assert_int_eq(mask.status, VX_TRUTH_NO_OBJECT);
    vx_mask_free(&mask);
  }
}
END_TEST

static vx_classes classes_of(const char *root, const vx_label_rules *rules, vx_mask_reading *reading,
                             const char **source) {
  vx_classes classes;
  vx_error error = {"", ""};
  ck_assert_msg(vx_mask_reading_make(root, rules, reading, &classes, source, &error), "%s: %s", error.where, error.why);
  return classes;
}

START_TEST(labels_of_files_and_rules) {
  vx_mask_reading reading;
  const char *source;
  /* CVAT's labelmap.txt: its names are the classes, its colours theirs */
  free(write_text(folder, "labelmap.txt",
                  "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncrack:250,50,83::\nrust:1,2,3:a,b:c\n"));
  vx_classes classes = classes_of(folder, NULL, &reading, &source);
  ck_assert(classes.count == 3 && !strcmp(classes.name[2], "rust") && !strcmp(source, "labelmap.txt"));
  ck_assert(reading.count == 3 && reading.label[1].colour && reading.label[1].from == 0xfa3253 &&
            reading.label[1].label == 1);
  vx_classes_free(&classes);
  vx_mask_reading_free(&reading);
  /* a rule by a name of the map; by names that no list has: they are the classes */
  const char *from[] = {"rust"}, *to[] = {"crack"}, *colour[] = {"#0a0B0c", "7", "other"},
             *names[] = {"hole", "background", "void"};
  classes = classes_of(folder, &(vx_label_rules){.count = 1, .from = from, .to = to}, &reading, &source);
  ck_assert(reading.label[2].from == 0x010203 && reading.label[2].label == 1);
  vx_classes_free(&classes);
  vx_mask_reading_free(&reading);
  classes = classes_of(NULL, &(vx_label_rules){.count = 3, .from = colour, .to = names}, &reading, &source);
  ck_assert(classes.count == 2 && !strcmp(classes.name[1], "hole") && !strcmp(source, "data.labels"));
  ck_assert(reading.label[0].from == 0x0a0b0c && reading.label[0].label == 1 && reading.other_given &&
            reading.other == 255);
  vx_classes_free(&classes);
  vx_mask_reading_free(&reading);
  classes = classes_of(NULL, &(vx_label_rules){.preset = "pet"}, &reading, &source);
  ck_assert(classes.count == 2 && reading.count == 3 && reading.label[0].label == 1 && reading.label[1].label == 0 &&
            reading.label[2].label == 255);
  vx_classes_free(&classes);
  vx_mask_reading_free(&reading);
  /* what is wrong is named */
  vx_error error;
  const char *bad[] = {"#12345", "-3", "unheard", "1"}, *unknown[] = {"unicorn"};
  for (int i = 0; i < 4; i++) {
    vx_label_rules rules = {.count = 1, .from = &bad[i], .to = i < 3 ? to : unknown};
    ck_assert(!vx_mask_reading_make(folder, &rules, &reading, &classes, &source, &error));
    check_error(&error, "data.labels", i < 3 ? "is neither a value" : "\"unicorn\", expected a class");
  }
  free(write_text(folder, "labelmap.txt", "crack:250,50\n"));
  ck_assert(!vx_mask_reading_make(folder, NULL, &reading, &classes, &source, &error));
  check_error(&error, "labelmap.txt:1", "expected name:r,g,b");
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("mask forms");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_set_timeout(tcase, 120);
  tcase_add_test(tcase, one_truth_in_every_encoding);
  tcase_add_test(tcase, what_is_no_truth_is_told);
  tcase_add_test(tcase, labels_of_files_and_rules);
  return run_suite("mask forms", tcase);
}
