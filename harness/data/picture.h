/* A decoded picture, whatever the file's format. */
#ifndef VX_PICTURE_H
#define VX_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* `rgb` is [height][width][3]. Empty: {0}. */
typedef struct vx_picture {
  int width, height;
  uint8_t *rgb;
} vx_picture;

/* Reads a JPEG or PNG file (told apart by its first bytes, not by its name) as 8-bit RGB, as Pillow's
   `Image.open(path).convert("RGB")` does: grey and palette are expanded, CMYK is converted, alpha, gamma, colour
   profiles and EXIF orientation are left aside. Fails with the file's name, also when the file is truncated or damaged,
   and then leaves `picture` empty. */
bool vx_picture_read(const char *path, vx_picture *picture, vx_error *error);
void vx_picture_free(vx_picture *picture);

/* The same from bytes in memory; `name` is what errors call them. */
bool vx_picture_decode(const uint8_t *data, size_t size, const char *name, vx_picture *picture, vx_error *error);

/* Most pixels a picture may have (2^27, 384 MiB as RGB); more is refused before anything is allocated. */
#define VX_PICTURE_PIXELS ((uint64_t)1 << 27)

/* What a file's first bytes say that it is: "a GIF picture, …" with how to convert it where it can be converted, "a Git
   LFS pointer, …", "neither JPEG nor PNG". */
const char *vx_picture_kind(const uint8_t *data, size_t size);

/* For decoders: whether a header's width and height are sensible. */
bool vx_picture_check(uint64_t width, uint64_t height, const char *name, vx_error *error);

#endif
