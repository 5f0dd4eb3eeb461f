#include "harness/draw/overlay.h"

#include <math.h>
#include <stdbool.h>

static uint8_t to_byte(double value) {
  return (uint8_t)lround(fmin(fmax(value, 0), 255));
}

void vx_overlay_blend(const uint8_t *rgb, const double *h, size_t pixels, const vx_colours *colours, double alpha,
                      uint8_t *out) {
  for (size_t i = 0; i < pixels; i++) {
    double colour[3];
    vx_colour_of(colours, h[i], colour);
    for (size_t c = 0; c < 3; c++) {
      double below = rgb ? (double)rgb[3 * i + c] : 0;
      out[3 * i + c] = to_byte((1 - alpha) * below + alpha * colour[c]);
    }
  }
}

void vx_overlay_product(const uint8_t *rgb, const double *h, size_t pixels, uint8_t *out) {
  for (size_t i = 0; i < pixels; i++)
    for (size_t c = 0; c < 3; c++) out[3 * i + c] = to_byte((double)rgb[3 * i + c] * h[i]);
}

void vx_overlay_masked(const uint8_t *rgb, const uint8_t *mask, size_t pixels, uint8_t *out) {
  for (size_t i = 0; i < pixels; i++)
    for (size_t c = 0; c < 3; c++) out[3 * i + c] = mask[i] ? rgb[3 * i + c] : 0;
}

/* ---- outline ------------------------------------------------------------------------------------------------- */

typedef struct plane {
  const uint8_t *mask;
  int width, height;
} plane;

/* Whether a pixel whose mask is the other one than `inside` lies within `reach` steps; outside the picture the mask is
   empty. */
static bool touches_other(const plane *p, int x, int y, int reach, bool inside) {
  for (int v = y - reach; v <= y + reach; v++)
    for (int u = x - reach; u <= x + reach; u++) {
      bool in_picture = u >= 0 && v >= 0 && u < p->width && v < p->height;
      bool here = in_picture && p->mask[(size_t)v * (size_t)p->width + (size_t)u];
      if (here != inside) return true;
    }
  return false;
}

void vx_overlay_outline(uint8_t *rgb, const uint8_t *mask, int width, int height, int thickness, uint32_t colour) {
  plane p = {mask, width, height};
  int seam = (thickness + 1) / 2;
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      size_t at = (size_t)y * (size_t)width + (size_t)x;
      bool inside = mask[at] != 0;
      if (!touches_other(&p, x, y, inside ? thickness : seam, inside)) continue;
      for (int c = 0; c < 3; c++) rgb[3 * at + (size_t)c] = (uint8_t)(inside ? colour >> (16 - 8 * c) & 255 : 20);
    }
}

int vx_overlay_thickness(int width, int height) {
  int shorter = width < height ? width : height;
  return shorter < 225 ? 1 : (shorter + 75) / 150;
}

/* ---- class masks --------------------------------------------------------------------------------------------- */

uint32_t vx_overlay_label_colour(int label) {
  uint32_t r = 0, g = 0, b = 0;
  if (label == 255) return 0xffffff;
  for (int bit = 7, rest = label; bit >= 0 && rest; bit--, rest >>= 3) {
    r |= (uint32_t)(rest & 1) << bit;
    g |= (uint32_t)(rest >> 1 & 1) << bit;
    b |= (uint32_t)(rest >> 2 & 1) << bit;
  }
  return r << 16 | g << 8 | b;
}

void vx_overlay_labels(const uint8_t *rgb, const uint8_t *label, size_t pixels, double alpha, uint8_t *out) {
  for (size_t i = 0; i < pixels; i++) {
    uint32_t colour = vx_overlay_label_colour(label[i]);
    double weight = label[i] ? alpha : 0;
    for (size_t c = 0; c < 3; c++) {
      double on_top = (double)(colour >> (16 - 8 * c) & 255);
      out[3 * i + c] = to_byte((1 - weight) * (double)rgb[3 * i + c] + weight * on_top);
    }
  }
}
