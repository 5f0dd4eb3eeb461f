/* PNG decoding by libpng, for pictures and for masks. */
#ifndef VX_PNG_H
#define VX_PNG_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef enum vx_png_form {
  VX_PNG_RGB,  /* any PNG as 8-bit RGB: palette and grey expanded, 16 bits cut to the upper 8, alpha dropped */
  VX_PNG_LABEL /* one byte a pixel: the palette index or the grey value as it stands; other kinds are refused */
} vx_png_form;

/* Decodes `size` bytes of a PNG file. `bytes` becomes [height][width][3] or [height][width], to be freed by the caller.
   Fails, naming `name`, on a truncated or damaged file (checksums are checked); nothing is allocated then. */
bool vx_png_decode(const uint8_t *data, size_t size, const char *name, vx_png_form form, int *width, int *height,
                   uint8_t **bytes, vx_error *error);

#endif
