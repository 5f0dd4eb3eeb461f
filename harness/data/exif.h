/* EXIF: how a picture is to be turned to stand upright. */
#ifndef VX_EXIF_H
#define VX_EXIF_H

#include <stddef.h>
#include <stdint.h>

/* The orientation, 1 (upright) to 8, in `size` bytes that begin with a TIFF head ("II*" or "MM"); 1 where they say none
   or are broken. */
int vx_exif_orientation(const uint8_t *data, size_t size);

#endif
