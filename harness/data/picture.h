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
  int orientation; /* EXIF's, 1 (upright) to 8, of the pixels as they are here; 0 as 1 */
} vx_picture;

/* Reads a JPEG or PNG file (told apart by its first bytes, not by its name) as 8-bit RGB, as Pillow's
   `Image.open(path).convert("RGB")` does: grey and palette are expanded, CMYK is converted, gamma and colour profiles
   are left aside, pixels are as they are stored. Two things are other than Pillow's: transparent pixels are laid over
   white, where Pillow shows whatever colour hides behind them, and 16-bit samples are scaled to 8 (rounded), where
   Pillow cuts them or, grey, clips them. Fails with the file's name, also when the file is truncated or damaged, and
   then leaves `picture` empty. */
bool vx_picture_read(const char *path, vx_picture *picture, vx_error *error);
void vx_picture_free(vx_picture *picture);

/* What becomes of a picture that says by EXIF how it is to be turned. */
typedef enum vx_exif {
  VX_EXIF_APPLY,  /* it is turned, as whoever looks at it sees it */
  VX_EXIF_IGNORE, /* its pixels count as they are stored, where masks of VOC lie */
  VX_EXIF_WARN    /* likewise, and whoever asks is told */
} vx_exif;

/* Reads and, with VX_EXIF_APPLY, turns: picture->orientation is 1 then. */
bool vx_picture_read_as(const char *path, vx_exif exif, vx_picture *picture, vx_error *error);

/* Turns a picture upright by its orientation, as Pillow's ImageOps.exif_transpose. Fails without memory. */
bool vx_picture_upright(vx_picture *picture, const char *name, vx_error *error);

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
