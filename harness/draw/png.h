/* Writing pictures: PNG by libpng, JPEG by libjpeg for thumbnails. Reading them is in harness/data. */
#ifndef VX_DRAW_PNG_H
#define VX_DRAW_PNG_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* An 8-bit picture: pixels [height][width][channels]; 1 channel is grey, 3 RGB, 4 RGB and alpha. */
typedef struct vx_image {
  int width, height, channels;
  const uint8_t *pixels;
} vx_image;

/* Bytes of an encoded picture, to be freed with free(data). Empty: {0}. */
typedef struct vx_bytes {
  uint8_t *data;
  size_t size;
} vx_bytes;

/* The same pixels always give the same bytes: no time, no name in the file. Fail without memory, for another number of
   channels, or when the file cannot be written (path and reason); `bytes` is then empty. A file is there whole or, when
   it could not be written to its end, not at all. */
bool vx_png_encode(const vx_image *image, vx_bytes *bytes, vx_error *error);
bool vx_png_write(const char *path, const vx_image *image, vx_error *error);

/* 1 or 3 channels; quality 1 to 100. */
bool vx_jpeg_encode(const vx_image *image, int quality, vx_bytes *bytes, vx_error *error);

/* Writes a whole file, by way of a temporary name beside it. */
bool vx_bytes_write(const char *path, const void *data, size_t size, vx_error *error);

/* Makes a folder, and those above it that are missing; no error when it is there. */
bool vx_folder_make(const char *path, vx_error *error);

#endif
