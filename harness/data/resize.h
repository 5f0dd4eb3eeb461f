/* Resizing: pictures as Pillow or as PyTorch does, masks by nearest neighbour as Pillow or as OpenCV does. All of them
   compute a window of the scaled picture only, so a centre crop costs nothing outside it. */
#ifndef VX_RESIZE_H
#define VX_RESIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef enum vx_filter {
  VX_FILTER_BILINEAR,
  VX_FILTER_BICUBIC,
  VX_FILTER_NEAREST,
  VX_FILTER_LANCZOS,
  VX_FILTER_BOX,
  VX_FILTER_HAMMING,
  VX_FILTERS
} vx_filter;
typedef enum vx_mask_resize { VX_MASK_PILLOW, VX_MASK_OPENCV } vx_mask_resize;

/* Scale the picture to scaled_width x scaled_height, then keep the window of width x height whose upper left pixel is
   (left, top). Where the window reaches over the picture's border, pixels are `fill` and labels void. */
typedef struct vx_geometry {
  int scaled_width, scaled_height;
  int left, top;
  int width, height;
  uint8_t fill[3];
  bool pillow13; /* 8-bit passes in the order of Pillow >= 13: tall pictures are scaled in height first */
} vx_geometry;

enum { VX_LABEL_OUTSIDE = 255 }; /* VOC's void */

/* "bilinear", "bicubic", "nearest", "lanczos", "box", "hamming": as configurations and timm write them. */
const char *vx_filter_name(vx_filter filter);

/* Straight to width x height, nothing cut off. */
vx_geometry vx_geometry_squash(int width, int height);

/* Pillow's 8-bit resize, byte for byte: first the width, then the height, each rounded to 8 bits (weights in fixed
   point of 22 bits); nearest picks pixels. `rgb` is [height][width][3], `out` [window height][window width][3]. Fails
   without memory and for a window that has nothing of the scaled picture. */
bool vx_resize_rgb(const uint8_t *rgb, int width, int height, const vx_geometry *geometry, vx_filter filter,
                   uint8_t *out, vx_error *error);

/* PyTorch's antialiased bilinear resize of v/255 in single precision, bit for bit on the golden vectors. `out` is
 * [3][window height][window width]. */
bool vx_resize_float(const uint8_t *rgb, int width, int height, const vx_geometry *geometry, float *out,
                     vx_error *error);

/* Nearest neighbour. Pillow steps through the source in double precision, index = (int)t with t = s/2, then t += s for
   s = in/out; OpenCV takes min(in - 1, floor(i * (1 / (out/in)))). `label` is [height][width]. */
bool vx_resize_labels(const uint8_t *label, int width, int height, const vx_geometry *geometry, vx_mask_resize form,
                      uint8_t *out, vx_error *error);

/* The source index of each of the window's `count` places from `start` on an axis scaled from `in` to `out` places. */
void vx_nearest_indices(int in, int out, int start, int count, vx_mask_resize form, int *index);

#endif
