/* JPEG in memory, through libjpeg. */
#ifndef SCENES_JPEG_H
#define SCENES_JPEG_H

#include <stddef.h>
#include <stdint.h>

/* Encodes rgb [height][width][3]; the caller frees *out. */
void jpeg_encode(const uint8_t *rgb, int width, int height, int quality, uint8_t **out, unsigned long *size);

/* Decodes what jpeg_encode made into rgb [height][width][3]. */
void jpeg_decode(const uint8_t *bytes, unsigned long size, uint8_t *rgb);

#endif
