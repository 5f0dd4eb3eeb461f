/* Pictures: decoded pixels as Pillow has them, every PNG kind, and files that are not what they should be. */
#include <stdio.h>

#include <jpeglib.h>

#include "base/digest.h"
#include "harness/data/jpeg.h"
#include <math.h>

#include "harness/data/exif.h"
#include "harness/data/picture.h"
#include "tests/support/files.h"
#include "tests/support/pngs.h"

/* A JPEG of `channels` (1, 3 or 4) made by libjpeg; 4 is CMYK, with Adobe's marker as libjpeg writes it. */
static void write_jpeg(const char *path, int width, int height, int channels, const uint8_t *samples) {
  struct jpeg_compress_struct info;
  struct jpeg_error_mgr manager;
  info.err = jpeg_std_error(&manager);
  jpeg_create_compress(&info);
  FILE *f = fopen(path, "wb");
  ck_assert_ptr_nonnull(f);
  jpeg_stdio_dest(&info, f);
  info.image_width = (JDIMENSION)width, info.image_height = (JDIMENSION)height;
  info.input_components = channels;
  info.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 100, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    uint8_t *row = malloc((size_t)(width * channels));
    memcpy(row, samples + (size_t)info.next_scanline * (size_t)(width * channels), (size_t)(width * channels));
    jpeg_write_scanlines(&info, &row, 1);
    free(row);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  fclose(f);
}

START_TEST(grey_becomes_three_equal_channels) {
  vx_picture picture;
  vx_error error;
  ck_assert(vx_picture_read("tests/golden/preprocess/4.jpg", &picture, &error));
  ck_assert_int_eq(picture.width, 640);
  ck_assert_int_eq(picture.height, 480);
  size_t coloured = 0;
  for (size_t i = 0; i < (size_t)640 * 480; i++)
    coloured += picture.rgb[3 * i] != picture.rgb[3 * i + 1] || picture.rgb[3 * i] != picture.rgb[3 * i + 2];
  ck_assert_uint_eq(coloured, 0);
  vx_picture_free(&picture);
  ck_assert_ptr_null(picture.rgb);
}
END_TEST

/* Flat CMYK at full quality: inverted as Adobe has it, R = (255 - K) - (255 - K) C / 255. */
START_TEST(cmyk_is_converted_as_pillow_does) {
  static const uint8_t inks[][4] = {{255, 255, 255, 255}, {0, 255, 255, 255}, {255, 255, 255, 0}, {200, 100, 50, 128}};
  static const int expected[][3] = {{255, 255, 255}, {0, 255, 255}, {0, 0, 0}, {100, 50, 25}};
  char folder[512];
  make_folder(folder);
  char *path = path_in(folder, "cmyk.jpg");
  for (size_t k = 0; k < sizeof inks / sizeof *inks; k++) {
    uint8_t samples[16 * 16 * 4];
    vx_picture picture;
    vx_error error;
    for (size_t i = 0; i < sizeof samples; i++) samples[i] = inks[k][i % 4];
    write_jpeg(path, 16, 16, 4, samples);
    ck_assert_msg(vx_picture_read(path, &picture, &error), "%s", error.why);
    for (int c = 0; c < 3; c++)
      ck_assert_msg(abs(picture.rgb[c] - expected[k][c]) <= 1, "case %zu channel %d is %d", k, c, picture.rgb[c]);
    vx_picture_free(&picture);
  }
  free(path);
  remove_folder(folder);
}
END_TEST

/* Over white: Pillow 13's Image.alpha_composite gives these for all 65536 pairs of value and alpha. */
static int over_white(int v, int alpha) {
  return (int)floor((v * alpha + 255 * (255 - alpha)) / 255.0 + 0.5);
}

/* What a sample of a PNG is in RGB; palette and transparency are those of write_png. */
static int png_expected(png_kind kind, const uint8_t *sample, int c) {
  int v = sample[0], colour;
  switch (kind.color_type) {
  case PNG_COLOR_TYPE_PALETTE:
    colour = c == 0 ? 255 - v : c == 1 ? (v * 7) & 255 : v ^ 0x55;
    return kind.transparent && v < 2 ? over_white(colour, v ? 128 : 0) : colour;
  case PNG_COLOR_TYPE_GRAY_ALPHA:
    return over_white(v, sample[1]);
  case PNG_COLOR_TYPE_GRAY:
    return kind.depth < 8 ? v * 255 / ((1 << kind.depth) - 1) : v;
  case PNG_COLOR_TYPE_RGB_ALPHA:
    return over_white(sample[c], sample[3]);
  default:
    return sample[c];
  }
}

START_TEST(sixteen_bits_are_scaled) {
  /* 6 x 1, grey 0, 128, 129, 32767, 65406, 65535; expected by NumPy: round(v / 257) */
  static const uint8_t png[] = {0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49,
                                0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x06, 0x00, 0x00, 0x00, 0x01, 0x10, 0x00,
                                0x00, 0x00, 0x00, 0x88, 0x32, 0x5c, 0x6f, 0x00, 0x00, 0x00, 0x15, 0x49, 0x44,
                                0x41, 0x54, 0x78, 0x9c, 0x63, 0x60, 0x60, 0x60, 0x68, 0x60, 0x68, 0xac, 0xff,
                                0xff, 0xbf, 0xee, 0xff, 0x7f, 0x00, 0x18, 0x7c, 0x05, 0xfb, 0x20, 0x13, 0x1e,
                                0xad, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};
  static const int expected[] = {0, 0, 1, 127, 254, 255};
  vx_picture picture;
  vx_error error;
  ck_assert_msg(vx_picture_decode(png, sizeof png, "16.png", &picture, &error), "%s", error.why);
  for (int i = 0; i < 6; i++) ck_assert_int_eq(picture.rgb[3 * i], expected[i]);
  vx_picture_free(&picture);
}
END_TEST

/* The JPEG with an EXIF block that says orientation `o`, in either byte order; to be freed. */
static uint8_t *with_orientation(const uint8_t *jpeg, size_t size, int o, bool big, size_t *length) {
  static const uint8_t head[2][24] = {
      {0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'I', 'I', '*', 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0},
      {0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, '*', 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3}};
  uint8_t tail[12] = {1, 0, 0, 0, (uint8_t)o}; /* one value, the orientation, no next block */
  if (big) memcpy(tail, (uint8_t[]){0, 0, 0, 1, 0, (uint8_t)o}, 6);
  uint8_t *out = malloc(size + 36);
  memcpy(out, jpeg, 2);
  memcpy(out + 2, head[big], 24);
  memcpy(out + 26, tail, 12);
  memcpy(out + 38, jpeg + 2, size - 2);
  *length = size + 36;
  return out;
}

/* Against Pillow 13: FNV-1a of ImageOps.exif_transpose(Image.open(…)).convert("RGB").tobytes(). */
START_TEST(orientations_are_told_and_turned) {
  static const uint64_t upright[] = {0x12221f2fa3f5d162, 0x98908ac25f091a84, 0x30a8227ae7335808, 0x4b043158b94d0f4e,
                                     0x7f7479b1b602ea68, 0x5553ed6c491cb152, 0xca0691d00a2c9176, 0xdd69d1801dddb674};
  size_t size, length;
  uint8_t *jpeg = read_bytes("tests/golden/preprocess/4.jpg", &size);
  for (int o = 1; o <= 8; o++)
    for (int big = 0; big < 2; big++) {
      vx_picture picture;
      vx_error error;
      uint8_t *turned = with_orientation(jpeg, size, o, big, &length);
      ck_assert_msg(vx_picture_decode(turned, length, "o.jpg", &picture, &error), "%s", error.why);
      ck_assert_int_eq(picture.orientation, o);
      ck_assert_uint_eq(fnv1a(picture.rgb, (size_t)3 * 640 * 480), upright[0]); /* as stored */
      ck_assert(vx_picture_upright(&picture, "o.jpg", &error));
      ck_assert_int_eq(picture.width, o < 5 ? 640 : 480);
      ck_assert_int_eq(picture.orientation, 1);
      ck_assert_uint_eq(fnv1a(picture.rgb, (size_t)3 * 640 * 480), upright[o - 1]);
      vx_picture_free(&picture);
      /* a block that is cut off anywhere, or points nowhere, says nothing */
      for (size_t cut = 0; cut < 26; cut++) ck_assert_int_eq(vx_exif_orientation(turned + 12, cut), cut < 20 ? 1 : o);
      free(turned);
    }
  ck_assert_int_eq(vx_exif_orientation((const uint8_t *)"II*\0\xff\xff\xff\xff", 8), 1);
  free(jpeg);
}
END_TEST

START_TEST(every_kind_of_png_is_a_picture) {
  static const png_kind kinds[] = {
      {PNG_COLOR_TYPE_GRAY, 1, false, false},      {PNG_COLOR_TYPE_GRAY, 4, true, false},
      {PNG_COLOR_TYPE_GRAY, 8, false, false},      {PNG_COLOR_TYPE_GRAY, 16, false, false},
      {PNG_COLOR_TYPE_PALETTE, 2, false, false},   {PNG_COLOR_TYPE_PALETTE, 8, true, true},
      {PNG_COLOR_TYPE_RGB, 8, false, false},       {PNG_COLOR_TYPE_RGB, 16, true, false},
      {PNG_COLOR_TYPE_GRAY_ALPHA, 8, true, false}, {PNG_COLOR_TYPE_RGB_ALPHA, 8, false, false}};
  static const int channels_of[] = {1, 0, 3, 1, 2, 0, 4};
  enum { W = 13, H = 9 };
  char folder[512];
  uint64_t state = 1;
  make_folder(folder);
  char *path = path_in(folder, "picture.jpg"); /* the name does not decide */
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    uint8_t samples[W * H * 4];
    int channels = channels_of[kinds[k].color_type];
    for (size_t i = 0; i < sizeof samples; i++)
      samples[i] = (uint8_t)(draw(&state) & (kinds[k].depth < 8 ? (1u << kinds[k].depth) - 1 : 255u));
    vx_picture picture;
    vx_error error;
    write_png(path, W, H, kinds[k], samples);
    ck_assert_msg(vx_picture_read(path, &picture, &error), "kind %zu: %s", k, error.why);
    ck_assert(picture.width == W && picture.height == H);
    for (int i = 0; i < W * H; i++)
      for (int c = 0; c < 3; c++)
        ck_assert_msg(picture.rgb[3 * i + c] == png_expected(kinds[k], samples + i * channels, c),
                      "kind %zu pixel %d channel %d is %d", k, i, c, picture.rgb[3 * i + c]);
    vx_picture_free(&picture);
  }
  free(path);
  remove_folder(folder);
}
END_TEST

/* A file cut off anywhere is an error with the file's name; at no offset a crash or a picture. */
static void check_truncated(const char *path, const char *cut, int offsets) {
  size_t size;
  uint8_t *bytes = read_bytes(path, &size);
  for (int i = 0; i <= offsets; i++) {
    size_t length = i < 4          ? (size_t)i
                    : i == offsets ? size - 1
                                   : size * (size_t)i / (size_t)offsets - (i == offsets - 1);
    vx_picture picture;
    vx_error error = {"", ""};
    write_bytes(cut, bytes, length);
    ck_assert_msg(!vx_picture_read(cut, &picture, &error), "%s cut to %zu of %zu bytes is read", path, length, size);
    ck_assert_ptr_null(picture.rgb);
    check_error(&error, cut, "");
    ck_assert(strlen(error.why) > 5);
  }
  free(bytes);
}

START_TEST(truncated_files_are_errors) {
  char folder[512];
  uint8_t samples[40 * 30 * 3];
  uint64_t state = 2;
  make_folder(folder);
  char *cut = path_in(folder, "cut.jpg"), *png = path_in(folder, "whole.png");
  for (size_t i = 0; i < sizeof samples; i++) samples[i] = (uint8_t)draw(&state);
  write_png(png, 40, 30, (png_kind){PNG_COLOR_TYPE_RGB, 8, false, false}, samples);
  check_truncated("tests/golden/preprocess/3.jpg", cut, 40);
  check_truncated("tests/golden/preprocess/8.jpg", cut, 40);
  check_truncated(png, cut, 40);
  free(cut);
  free(png);
  remove_folder(folder);
}
END_TEST

/* Random bytes changed: read or refused, never a crash, and a refusal names the file. */
START_TEST(damaged_files_never_crash) {
  static const char *const files[] = {"tests/golden/preprocess/3.jpg", "tests/golden/preprocess/5.jpg",
                                      "tests/golden/score/7.png"};
  uint64_t state = 3;
  int refused = 0;
  for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
    size_t size;
    uint8_t *bytes = read_bytes(files[k], &size);
    for (int round = 0; round < 200; round++) {
      size_t at = draw(&state) % size;
      uint8_t old = bytes[at];
      vx_picture picture;
      vx_error error = {"", ""};
      bytes[at] = (uint8_t)draw(&state);
      if (vx_picture_decode(bytes, size, "damaged", &picture, &error)) {
        vx_picture_free(&picture);
      } else {
        refused++;
        check_error(&error, "damaged", "");
        ck_assert(error.why[0] != 0);
      }
      bytes[at] = old;
    }
    free(bytes);
  }
  ck_assert_int_gt(refused, 200); /* at least every change of the PNG, whose chunks carry checksums */
}
END_TEST

/* By their first bytes, with what converts them. */
START_TEST(other_kinds_are_named) {
  static const struct {
    const char *bytes;
    size_t size;
    const char *kind;
  } kinds[] = {{"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n", 57, "a Git LFS pointer, not the file"},
               {"RIFF\x24\0\0\0WEBPVP8 ", 16, "a WebP picture (dwebp"},
               {"GIF89a", 6, "a GIF picture"},
               {"II*\0\x08\0\0\0", 8, "a TIFF picture"},
               {"MM\0*\0\0\0\x08", 8, "a TIFF picture"},
               {"BM\x36\0", 4, "a BMP picture"},
               {"\0\0\0\x18"
                "ftypheic",
                12, "a HEIC picture"},
               {"\0\0\0\x1c"
                "ftypavif",
                12, "an AVIF picture"},
               {"\x93NUMPY\x01\0", 8, "a NumPy array"},
               {"<!DOCTYPE html>", 15, "a web page"},
               {"%PDF-1.7", 8, "a PDF"},
               {"", 0, "is empty"},
               {"hello", 5, "neither JPEG nor PNG: it begins with byte 0x68"}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    vx_picture picture;
    vx_error error;
    ck_assert(!vx_picture_decode((const uint8_t *)kinds[i].bytes, kinds[i].size, "x.jpg", &picture, &error));
    check_error(&error, "x.jpg", kinds[i].kind);
    ck_assert(!picture.rgb);
  }
}
END_TEST

START_TEST(other_files_are_named) {
  char folder[512];
  vx_picture picture;
  vx_error error;
  make_folder(folder);
  char *empty = write_text(folder, "empty.jpg", ""), *text = write_text(folder, "text.jpg", "GIF89a"),
       *missing = path_in(folder, "missing.jpg");
  ck_assert(!vx_picture_read(empty, &picture, &error));
  check_error(&error, empty, "empty");
  ck_assert(!vx_picture_read(text, &picture, &error));
  check_error(&error, text, "is a GIF picture");
  ck_assert(!vx_picture_read(missing, &picture, &error));
  check_error(&error, missing, "No such file");
  ck_assert(!vx_picture_read(folder, &picture, &error));
  check_error(&error, folder, "not a regular file");
  ck_assert(!vx_picture_read(missing, &picture, NULL));
  free(empty);
  free(text);
  free(missing);
  remove_folder(folder);
}
END_TEST

/* A header that promises more pixels than any picture has is refused before anything is allocated. */
START_TEST(absurd_sizes_are_refused) {
  size_t size;
  uint8_t *bytes = read_bytes("tests/golden/preprocess/3.jpg", &size);
  vx_picture picture;
  vx_error error;
  for (size_t i = 0; i + 9 < size; i++)
    if (bytes[i] == 0xff && bytes[i + 1] == 0xc0) memset(bytes + i + 5, 0xf0, 4); /* SOF0: 61,680 x 61,680 */
  ck_assert(!vx_picture_decode(bytes, size, "huge.jpg", &picture, &error));
  check_error(&error, "huge.jpg", "61680 x 61680 pixels");
  free(bytes);
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("picture");
  tcase_add_test(tcase, grey_becomes_three_equal_channels);
  tcase_add_test(tcase, cmyk_is_converted_as_pillow_does);
  tcase_add_test(tcase, every_kind_of_png_is_a_picture);
  tcase_add_test(tcase, sixteen_bits_are_scaled);
  tcase_add_test(tcase, orientations_are_told_and_turned);
  tcase_add_test(tcase, truncated_files_are_errors);
  tcase_add_test(tcase, damaged_files_never_crash);
  tcase_add_test(tcase, other_kinds_are_named);
  tcase_add_test(tcase, other_files_are_named);
  tcase_add_test(tcase, absurd_sizes_are_refused);
  return run_suite("picture", tcase);
}
