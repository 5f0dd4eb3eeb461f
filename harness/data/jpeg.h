/* JPEG decoding by libjpeg-turbo with its accurate integer transform and "fancy" upsampling, the defaults of Pillow. */
#ifndef VX_JPEG_H
#define VX_JPEG_H

#include "harness/data/picture.h"

/* Decodes `size` bytes of a JPEG file to 8-bit RGB. CMYK and YCCK are taken as inverted, as Adobe writes them, and
   converted as Pillow does. Fails, naming `name`, where libjpeg ends with an error and where it would go on with
   invented pixels (truncated file, damaged entropy data); `picture` is then empty. */
bool vx_jpeg_decode(const uint8_t *data, size_t size, const char *name, vx_picture *picture, vx_error *error);

#endif
