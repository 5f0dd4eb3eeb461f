/* From a heat map to the map that is scored: upsampled, scaled to [0,1] and to bytes (the first half of the
   scoring chain; the second is in threshold.h and levels.h). */
#ifndef VX_HEAT_H
#define VX_HEAT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bilinear, in double, half-pixel centres, edges clamped (torch: align_corners=False): heat [h][w] to
   out [out_h][out_w]. First between columns, then between rows, each as a + t*(b - a), so that a clamped border
   keeps the exact value. Without antialiasing where it shrinks. `out` may not overlap `heat`.
   Fails on a side below 1 or a want of memory. */
bool vx_upsample(const double *heat, int h, int w, double *out, int out_h, int out_w, vx_error *error);

/* A heat map at evaluation size. Reusable: the buffers grow to the largest map seen. Start from {0}, end with
   vx_heat_free. */
typedef struct vx_heat {
  int height, width;
  double *h;        /* [height][width] in [0,1] */
  uint8_t *u;       /* [height][width] floor(255*h) */
  double low, high; /* range before scaling */
  size_t peak;      /* index of the first maximum in row order, before scaling (rounding may make ties) */
  bool flat;        /* a heat map without contrast (low == high): h and u are 0 everywhere */
  bool is_mask;     /* a mask of 0 and 1, scored as it is (vx_heat_from_mask) */
  bool is_bytes;    /* made from stored bytes: h is only u/255 (vx_heat_from_bytes) */
  size_t capacity;  /* pixels the buffers hold */
} vx_heat;

/* Upsamples map [rows][columns] to [height][width] and scales it: h = (v - low)/(high - low), u = floor(255*h).
   A flat map becomes 0. Fails on NaN, infinity, or a range that is not finite, naming row and column. */
bool vx_heat_from_map(vx_heat *heat, const double *map, int rows, int columns, int height, int width, vx_error *error);

/* The stored 8-bit form of a map, u [height][width]: all that Otsu reads of it. A fixed threshold t is taken as
   u > 255*t. All zero means flat; otherwise the maximum has to be 255. */
bool vx_heat_from_bytes(vx_heat *heat, const uint8_t *u, int height, int width, vx_error *error);

/* A map that is a mask already (the trivial methods), values [rows][columns]: upsampled, and what is above 0.5 is the
   mask, whatever the threshold. h is 0 or 1, u 0 or 255; never flat. Fails on NaN and infinity. */
bool vx_heat_from_mask(vx_heat *heat, const double *mask, int rows, int columns, int height, int width,
                       vx_error *error);

void vx_heat_free(vx_heat *heat);

#endif
