/* A picture and a heat map in one: what is laid over what, pixel by pixel, in double, rounded once to a byte.

   `rgb` is [pixels][3] or [height][width][3]; `h` is the map at the same size, scaled to [0,1] (metrics/heat.h); `mask`
   is 0 or 1 a pixel (metrics/threshold.h). `out` may be `rgb` itself. */
#ifndef VX_DRAW_OVERLAY_H
#define VX_DRAW_OVERLAY_H

#include <stddef.h>
#include <stdint.h>

#include "harness/draw/colour.h"

/* (1 - alpha) I + alpha C(h): alpha 0 leaves the picture, 1 draws the map alone (then `rgb` may be NULL). */
void vx_overlay_blend(const uint8_t *rgb, const double *h, size_t pixels, const vx_colours *colours, double alpha,
                      uint8_t *out);

/* The paper's V = I (.) A: the picture times the map, so that what is not looked at is dark. */
void vx_overlay_product(const uint8_t *rgb, const double *h, size_t pixels, uint8_t *out);

/* V with the thresholded map: the picture where the mask is, black elsewhere. */
void vx_overlay_masked(const uint8_t *rgb, const uint8_t *mask, size_t pixels, uint8_t *out);

/* Draws the mask's outline onto the picture: those of its pixels from which one outside the mask (or the picture's
   edge) is at most `thickness` - 1 steps further, a step being to one of eight neighbours; and around them, outside the
   mask, half as wide a dark seam, so that the line shows on any ground. `colour` is 0xRRGGBB. `thickness` 1 or more. */
void vx_overlay_outline(uint8_t *rgb, const uint8_t *mask, int width, int height, int thickness, uint32_t colour);

/* A line width that looks the same at any size: a 150th of the shorter side, at least 1. */
int vx_overlay_thickness(int width, int height);

/* A class mask [pixels] in VOC's own colours, blended with the picture where there is a label; 255 is drawn white. */
void vx_overlay_labels(const uint8_t *rgb, const uint8_t *label, size_t pixels, double alpha, uint8_t *out);

/* VOC's colour of a label, 0xRRGGBB: bits of the label spread over the three channels. */
uint32_t vx_overlay_label_colour(int label);

#endif
