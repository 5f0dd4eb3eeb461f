/* PNG decoding by libpng, for pictures and for masks. */
#ifndef VX_PNG_H
#define VX_PNG_H

#include <stddef.h>
#include <stdint.h>

#include "harness/data/picture.h"

/* Decodes `size` bytes of a PNG file as vx_picture_decode says: palette and grey expanded, 16 bits scaled to 8, over
   white where it is transparent. Fails, naming `name`, on a truncated or damaged file (checksums are checked); nothing
   is allocated then. */
bool vx_png_decode(const uint8_t *data, size_t size, const char *name, vx_picture *picture, vx_error *error);

/* A PNG's samples as they stand in the file, neither scaled nor expanded. */
typedef struct vx_png_samples {
  int width, height;
  int channels; /* 1 grey or palette, 2 grey and alpha, 3 RGB, 4 RGB and alpha */
  int depth;    /* bits a sample in the file: 1, 2, 4, 8, 16 */
  bool palette;
  int colours; /* of the palette */
  uint8_t colour[256][3];
  uint8_t *bytes; /* [height][width][channels]; two bytes a sample, the high one first, at depth 16 */
} vx_png_samples;

/* The same without any conversion; `samples->bytes` is the caller's to free. */
bool vx_png_samples_decode(const uint8_t *data, size_t size, const char *name, vx_png_samples *samples,
                           vx_error *error);

#endif
