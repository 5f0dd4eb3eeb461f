#include "harness/data/png.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "harness/data/picture.h"

/* Everything that must survive libpng's longjmp lies here, not in local variables. */
typedef struct decoder {
  png_structp png;
  png_infop info;
  const uint8_t *data;
  size_t size, at;
  const char *name;
  vx_error *error;
  int width, height;
  uint8_t *bytes;
  png_bytepp rows;
} decoder;

static void fail_and_jump(png_structp png, png_const_charp text) {
  const decoder *d = png_get_error_ptr(png);
  vx_fail(d->error, d->name, "PNG: %s", text);
  png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void read_bytes(png_structp png, png_bytep out, size_t count) {
  decoder *d = png_get_io_ptr(png);
  if (count > d->size - d->at) png_error(png, "the file ends too early");
  memcpy(out, d->data + d->at, count);
  d->at += count;
}

static void ask_for_rgb(decoder *d) {
  int color_type = png_get_color_type(d->png, d->info);
  png_set_strip_16(d->png);
  if (color_type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(d->png);
  if (color_type == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(d->png);
  if (!(color_type & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(d->png);
  png_set_strip_alpha(d->png);
}

static bool allocate(decoder *d, size_t channels) {
  size_t stride = (size_t)d->width * channels, height = (size_t)d->height;
  d->bytes = malloc(stride * height);
  d->rows = malloc(height * sizeof *d->rows);
  if (!d->bytes || !d->rows) return vx_fail(d->error, d->name, "no memory for %zu x %zu bytes", height, stride);
  for (size_t y = 0; y < height; y++) d->rows[y] = d->bytes + y * stride;
  return true;
}

/* 1, 2 and 4 bits are unpacked to a byte each, not scaled. */
static void ask_for_samples(decoder *d, vx_png_samples *samples) {
  png_colorp palette = NULL;
  int colours = 0;
  samples->channels = png_get_channels(d->png, d->info);
  samples->depth = png_get_bit_depth(d->png, d->info);
  samples->palette = png_get_color_type(d->png, d->info) == PNG_COLOR_TYPE_PALETTE;
  if (samples->palette && png_get_PLTE(d->png, d->info, &palette, &colours) && colours <= 256) {
    samples->colours = colours;
    for (int i = 0; i < colours; i++) {
      samples->colour[i][0] = palette[i].red;
      samples->colour[i][1] = palette[i].green;
      samples->colour[i][2] = palette[i].blue;
    }
  }
  png_set_packing(d->png);
}

/* Without `samples`: as RGB. */
static bool decode(decoder *d, vx_png_samples *samples) {
  if (setjmp(png_jmpbuf(d->png))) return false;
  png_set_read_fn(d->png, d, read_bytes);
  png_set_user_limits(d->png, 0x7fffffff, 0x7fffffff); /* our own limit follows, with our own words */
  png_read_info(d->png, d->info);
  uint64_t width = png_get_image_width(d->png, d->info), height = png_get_image_height(d->png, d->info);
  if (!vx_picture_check(width, height, d->name, d->error)) return false;
  d->width = (int)width, d->height = (int)height;
  if (samples) {
    ask_for_samples(d, samples);
  } else {
    ask_for_rgb(d);
  }
  png_set_interlace_handling(d->png);
  png_read_update_info(d->png, d->info);
  size_t channels = samples ? (size_t)samples->channels * (samples->depth == 16 ? 2 : 1) : 3;
  if (png_get_rowbytes(d->png, d->info) != (size_t)d->width * channels)
    return vx_fail(d->error, d->name, "PNG: rows of %zu bytes, expected %zu", png_get_rowbytes(d->png, d->info),
                   (size_t)d->width * channels);
  if (!allocate(d, channels)) return false;
  png_read_image(d->png, d->rows);
  png_read_end(d->png, NULL);
  return true;
}

static bool run(decoder *d, vx_png_samples *samples) {
  d->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, d, fail_and_jump, ignore_warning);
  d->info = d->png ? png_create_info_struct(d->png) : NULL;
  bool ok = d->info ? decode(d, samples) : vx_fail(d->error, d->name, "no memory for a PNG decoder");
  png_destroy_read_struct(&d->png, &d->info, NULL);
  free(d->rows);
  if (ok) return true;
  free(d->bytes);
  return false;
}

bool vx_png_decode(const uint8_t *data, size_t size, const char *name, int *width, int *height, uint8_t **bytes,
                   vx_error *error) {
  decoder d = {.data = data, .size = size, .name = name, .error = error};
  *bytes = NULL;
  *width = *height = 0;
  if (!run(&d, NULL)) return false;
  *width = d.width, *height = d.height, *bytes = d.bytes;
  return true;
}

bool vx_png_samples_decode(const uint8_t *data, size_t size, const char *name, vx_png_samples *samples,
                           vx_error *error) {
  decoder d = {.data = data, .size = size, .name = name, .error = error};
  *samples = (vx_png_samples){0};
  if (!run(&d, samples)) return false;
  samples->width = d.width, samples->height = d.height, samples->bytes = d.bytes;
  return true;
}
