#include "harness/draw/png.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jpeglib.h>
#include <png.h>

/* ---- files --------------------------------------------------------------------------------------------------- */

bool vx_bytes_write(const char *path, const void *data, size_t size, vx_error *error) {
  char *temporary = NULL;
  if (asprintf(&temporary, "%s.part", path) < 0) return vx_fail(error, path, "no memory for its name");
  FILE *file = fopen(temporary, "wb");
  bool good = file != NULL;
  if (file) {
    good = fwrite(data, 1, size, file) == size;
    good = fclose(file) == 0 && good; /* a full disk may show only here */
  }
  good = good && rename(temporary, path) == 0;
  if (!good) {
    vx_fail(error, path, "cannot be written: %s", strerror(errno));
    if (file) unlink(temporary);
  }
  free(temporary);
  return good;
}

bool vx_folder_make(const char *path, vx_error *error) {
  char *part = strdup(path);
  bool good = part != NULL;
  if (!good) errno = ENOMEM;
  for (char *slash = part; good && (slash = strchr(slash + 1, '/'));) {
    *slash = '\0';
    good = mkdir(part, 0777) == 0 || errno == EEXIST;
    *slash = '/';
  }
  good = good && (mkdir(path, 0777) == 0 || errno == EEXIST);
  free(part);
  return good || vx_fail(error, path, "folder cannot be made: %s", strerror(errno));
}

static bool check(const vx_image *image, int channels_allowed, vx_error *error) {
  bool known = image->channels == 1 || image->channels == 3 || image->channels == 4;
  if (!known || image->channels > channels_allowed)
    return vx_fail(error, "picture", "has %d channels, which cannot be written", image->channels);
  if (image->width < 1 || image->height < 1 || image->width > 65500 || image->height > 65500)
    return vx_fail(error, "picture", "is %d x %d pixels, expected 1 to 65500 a side", image->width, image->height);
  return true;
}

/* libpng and libjpeg take pointers to what they only read. */
static uint8_t *row_of(const vx_image *image, size_t y) {
  size_t stride = (size_t)image->width * (size_t)image->channels;
  return (uint8_t *)(uintptr_t)(image->pixels + y * stride);
}

/* ---- PNG ----------------------------------------------------------------------------------------------------- */

/* What must survive libpng's longjmp. */
typedef struct encoder {
  png_structp png;
  png_infop info;
  vx_bytes out;
  size_t room;
  vx_error *error;
} encoder;

static void fail_and_jump(png_structp png, png_const_charp text) {
  const encoder *e = png_get_error_ptr(png);
  vx_fail(e->error, "PNG", "%s", text);
  png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void take_bytes(png_structp png, png_bytep bytes, size_t count) {
  encoder *e = png_get_io_ptr(png);
  if (count > e->room - e->out.size) {
    size_t room = 2 * e->room + count + 4096;
    uint8_t *larger = realloc(e->out.data, room);
    if (!larger) png_error(png, "out of memory");
    e->out.data = larger;
    e->room = room;
  }
  memcpy(e->out.data + e->out.size, bytes, count);
  e->out.size += count;
}

static void flush_nothing(png_structp png) {
  (void)png;
}

static bool encode(encoder *e, const vx_image *image) {
  static const int types[] = {
      0, PNG_COLOR_TYPE_GRAY, 0, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA,
  };
  if (setjmp(png_jmpbuf(e->png))) return false;
  png_set_write_fn(e->png, e, take_bytes, flush_nothing);
  png_set_IHDR(e->png, e->info, (png_uint_32)image->width, (png_uint_32)image->height, 8, types[image->channels],
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(e->png, 4); /* a third of the time of 6 for a few per cent of the bytes */
  png_write_info(e->png, e->info);
  for (size_t y = 0; y < (size_t)image->height; y++) png_write_row(e->png, row_of(image, y));
  png_write_end(e->png, NULL);
  return true;
}

bool vx_png_encode(const vx_image *image, vx_bytes *bytes, vx_error *error) {
  encoder e = {.error = error};
  *bytes = (vx_bytes){0};
  if (!check(image, 4, error)) return false;
  e.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &e, fail_and_jump, ignore_warning);
  e.info = e.png ? png_create_info_struct(e.png) : NULL;
  bool good = e.info ? encode(&e, image) : vx_fail(error, "PNG", "no memory for an encoder");
  png_destroy_write_struct(&e.png, &e.info);
  if (good)
    *bytes = e.out;
  else
    free(e.out.data);
  return good;
}

bool vx_png_write(const char *path, const vx_image *image, vx_error *error) {
  vx_bytes bytes;
  if (!vx_png_encode(image, &bytes, error)) return false;
  bool good = vx_bytes_write(path, bytes.data, bytes.size, error);
  free(bytes.data);
  return good;
}

/* ---- JPEG ---------------------------------------------------------------------------------------------------- */

/* What must survive libjpeg's longjmp. */
typedef struct jpeg_encoder {
  struct jpeg_error_mgr manager; /* first: libjpeg hands back a pointer to it */
  struct jpeg_compress_struct info;
  jmp_buf out;
  unsigned char *data;
  unsigned long size;
  vx_error *error;
} jpeg_encoder;

static void jpeg_fail_and_jump(j_common_ptr info) {
  jpeg_encoder *e = (jpeg_encoder *)(void *)info->err;
  char text[JMSG_LENGTH_MAX];
  e->manager.format_message(info, text);
  vx_fail(e->error, "JPEG", "%s", text);
  longjmp(e->out, 1);
}

static bool jpeg_encode(jpeg_encoder *e, const vx_image *image, int quality) {
  if (setjmp(e->out)) return false;
  jpeg_create_compress(&e->info);
  jpeg_mem_dest(&e->info, &e->data, &e->size);
  e->info.image_width = (JDIMENSION)image->width;
  e->info.image_height = (JDIMENSION)image->height;
  e->info.input_components = image->channels;
  e->info.in_color_space = image->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&e->info);
  jpeg_set_quality(&e->info, quality, TRUE);
  e->info.optimize_coding = TRUE; /* smaller thumbnails */
  jpeg_start_compress(&e->info, TRUE);
  while (e->info.next_scanline < e->info.image_height) {
    JSAMPROW row = row_of(image, e->info.next_scanline);
    jpeg_write_scanlines(&e->info, &row, 1);
  }
  jpeg_finish_compress(&e->info);
  return true;
}

bool vx_jpeg_encode(const vx_image *image, int quality, vx_bytes *bytes, vx_error *error) {
  *bytes = (vx_bytes){0};
  if (!check(image, 3, error)) return false;
  jpeg_encoder *e = calloc(1, sizeof *e);
  if (!e) return vx_fail(error, "JPEG", "no memory for an encoder");
  e->error = error;
  e->info.err = jpeg_std_error(&e->manager);
  e->manager.error_exit = jpeg_fail_and_jump;
  bool good = jpeg_encode(e, image, quality);
  jpeg_destroy_compress(&e->info);
  if (good)
    *bytes = (vx_bytes){e->data, e->size};
  else
    free(e->data);
  free(e);
  return good;
}
