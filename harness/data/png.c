#include "harness/data/png.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "harness/data/exif.h"

/* Everything that must survive libpng's longjmp lies here, not in local variables. */
typedef struct decoder {
  png_structp png;
  png_infop info;
  const uint8_t *data;
  size_t size, at;
  const char *name;
  vx_error *error;
  int width, height, orientation;
  bool alpha;
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

/* With alpha where anything may be transparent: white is laid below. */
static void ask_for_rgb(decoder *d) {
  int color_type = png_get_color_type(d->png, d->info);
  bool mask = png_get_valid(d->png, d->info, PNG_INFO_tRNS) != 0;
  d->alpha = mask || (color_type & PNG_COLOR_MASK_ALPHA);
  png_set_scale_16(d->png);
  if (color_type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(d->png);
  if (color_type == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(d->png);
  if (mask) png_set_tRNS_to_alpha(d->png);
  if (!(color_type & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(d->png);
}

/* RGBA to RGB in place, rounded: as Pillow's Image.alpha_composite over white. */
static void lay_over_white(decoder *d) {
  size_t pixels = (size_t)d->width * (size_t)d->height;
  for (size_t i = 0; i < pixels; i++) {
    const uint8_t *in = d->bytes + 4 * i;
    uint32_t alpha = in[3], rgb[3] = {in[0], in[1], in[2]};
    for (size_t c = 0; c < 3; c++) d->bytes[3 * i + c] = (uint8_t)((rgb[c] * alpha + 255 * (255 - alpha) + 127) / 255);
  }
}

static int orientation_of(decoder *d) {
#ifdef PNG_eXIf_SUPPORTED
  png_uint_32 size = 0;
  png_bytep exif = NULL;
  if (png_get_eXIf_1(d->png, d->info, &size, &exif) && exif) return vx_exif_orientation(exif, size);
#endif
  (void)d;
  return 1;
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
  size_t channels = samples ? (size_t)samples->channels * (samples->depth == 16 ? 2 : 1) : d->alpha ? 4 : 3;
  if (png_get_rowbytes(d->png, d->info) != (size_t)d->width * channels)
    return vx_fail(d->error, d->name, "PNG: rows of %zu bytes, expected %zu", png_get_rowbytes(d->png, d->info),
                   (size_t)d->width * channels);
  if (!allocate(d, channels)) return false;
  png_read_image(d->png, d->rows);
  png_read_end(d->png, d->info);
  d->orientation = orientation_of(d);
  if (!samples && d->alpha) lay_over_white(d);
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

bool vx_png_decode(const uint8_t *data, size_t size, const char *name, vx_picture *picture, vx_error *error) {
  decoder d = {.data = data, .size = size, .name = name, .error = error};
  *picture = (vx_picture){0};
  if (!run(&d, NULL)) return false;
  *picture = (vx_picture){.width = d.width, .height = d.height, .rgb = d.bytes, .orientation = d.orientation};
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
