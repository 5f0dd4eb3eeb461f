#include "harness/data/input.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

vx_input_options vx_input_default(int size) {
  return (vx_input_options){.size = size,
                            .resize = VX_RESIZE_SQUASH,
                            .shorter_side = vx_input_shorter_side(size, 0.875),
                            .filter = VX_FILTER_BILINEAR,
                            .arithmetic = VX_ARITHMETIC_PILLOW,
                            .normalize = true,
                            .mean = {0.5, 0.5, 0.5},
                            .std = {0.5, 0.5, 0.5}};
}

int vx_input_shorter_side(int size, double crop_pct) {
  if (!(crop_pct > 0 && crop_pct <= 1)) return 0;
  double side = floor(size / crop_pct);
  return side <= 1 << 20 ? (int)side : 0;
}

bool vx_input_check(const vx_input_options *o, const char *where, vx_error *error) {
  if (o->size < 1 || o->size > 1 << 14)
    return vx_fail(error, where, "input size is %d, expected 1 to %d", o->size, 1 << 14);
  if (o->resize == VX_RESIZE_CROP && o->shorter_side < o->size)
    return vx_fail(error, where, "the shorter side is scaled to %d, expected at least the crop's %d", o->shorter_side,
                   o->size);
  if (o->arithmetic == VX_ARITHMETIC_FLOAT && o->filter != VX_FILTER_BILINEAR)
    return vx_fail(error, where, "float arithmetic knows the bilinear filter only");
  for (int c = 0; o->normalize && c < 3; c++)
    if (!isfinite(o->mean[c]) || !isfinite(o->std[c]) || o->std[c] == 0)
      return vx_fail(error, where, "channel %d has mean %g and std %g, expected numbers and a std other than 0", c,
                     o->mean[c], o->std[c]);
  return true;
}

vx_input_options vx_input_at(const vx_input_options *o, int side) {
  vx_input_options own = *o;
  own.size = side;
  own.shorter_side = (int)lround((double)o->shorter_side * side / o->size);
  if (own.shorter_side < side) own.shorter_side = side;
  return own;
}

/* ---- as a text --------------------------------------------------------------------------------------------------- */

void vx_input_print(const vx_input_options *o, char *text, size_t size) {
  char crop[40] = "", scale[240] = "normalize=none";
  if (o->resize == VX_RESIZE_CROP) snprintf(crop, sizeof crop, " shorter_side=%d", o->shorter_side);
  if (o->normalize)
    snprintf(scale, sizeof scale, "mean=%.17g,%.17g,%.17g std=%.17g,%.17g,%.17g", o->mean[0], o->mean[1], o->mean[2],
             o->std[0], o->std[1], o->std[2]);
  snprintf(text, size, "size=%d resize=%s%s filter=%s arithmetic=%s %s", o->size,
           o->resize == VX_RESIZE_CROP ? "crop" : "squash", crop,
           o->filter == VX_FILTER_BICUBIC ? "bicubic" : "bilinear",
           o->arithmetic == VX_ARITHMETIC_FLOAT ? "float" : "pillow", scale);
}

static bool is_word(const char *at, size_t length, const char *word) {
  return strlen(word) == length && strncmp(at, word, length) == 0;
}

static bool read_word(const char *at, size_t length, vx_input_options *o) {
  double *m = o->mean, *s = o->std;
  if (sscanf(at, "size=%d", &o->size) == 1 || sscanf(at, "shorter_side=%d", &o->shorter_side) == 1 ||
      sscanf(at, "mean=%lf,%lf,%lf", &m[0], &m[1], &m[2]) == 3 ||
      sscanf(at, "std=%lf,%lf,%lf", &s[0], &s[1], &s[2]) == 3)
    return true;
  if (is_word(at, length, "resize=squash"))
    o->resize = VX_RESIZE_SQUASH;
  else if (is_word(at, length, "resize=crop"))
    o->resize = VX_RESIZE_CROP;
  else if (is_word(at, length, "filter=bilinear"))
    o->filter = VX_FILTER_BILINEAR;
  else if (is_word(at, length, "filter=bicubic"))
    o->filter = VX_FILTER_BICUBIC;
  else if (is_word(at, length, "arithmetic=pillow"))
    o->arithmetic = VX_ARITHMETIC_PILLOW;
  else if (is_word(at, length, "arithmetic=float"))
    o->arithmetic = VX_ARITHMETIC_FLOAT;
  else if (is_word(at, length, "normalize=none"))
    o->normalize = false;
  else
    return false;
  return true;
}

bool vx_input_parse(const char *text, const char *where, vx_input_options *o, vx_error *error) {
  bool good = true;
  *o = vx_input_default(0);
  for (const char *at = text; good && *at; at += *at == ' ') {
    size_t length = strcspn(at, " ");
    good = length == 0 || read_word(at, length, o);
    at += length;
  }
  if (good && vx_input_check(o, where, NULL)) return true;
  return vx_fail(error, where, "is '%.300s', which names no way from a picture to an input", text);
}

/* ---- the input --------------------------------------------------------------------------------------------------- */

/* Python's round(difference / 2): half to even. */
static int half_to_even(int difference) {
  int half = difference / 2;
  return difference % 2 && half % 2 ? half + 1 : half;
}

bool vx_input_geometry(const vx_input_options *o, int width, int height, vx_geometry *g, vx_error *error) {
  if (width < 1 || height < 1) return vx_fail(error, "input", "the picture is %d x %d pixels", width, height);
  if (!vx_input_check(o, "input", error)) return false;
  *g = vx_geometry_squash(o->size, o->size);
  if (o->resize == VX_RESIZE_SQUASH) return true;
  int shorter = width < height ? width : height, longer = width < height ? height : width;
  int64_t scaled = (int64_t)o->shorter_side * longer / shorter;
  if (scaled > INT_MAX / 2)
    return vx_fail(error, "input", "%d x %d pixels are too narrow to crop: the longer side would be %lld", width,
                   height, (long long)scaled);
  g->scaled_width = width <= height ? o->shorter_side : (int)scaled;
  g->scaled_height = width <= height ? (int)scaled : o->shorter_side;
  g->left = half_to_even(g->scaled_width - o->size);
  g->top = half_to_even(g->scaled_height - o->size);
  return true;
}

/* `rgb` [S][S][3] to `x` [3][S][S]. A byte has 256 values: the formula is evaluated once for each. */
static void normalize_bytes(const vx_input_options *o, const uint8_t *rgb, float *x) {
  size_t plane = (size_t)o->size * (size_t)o->size;
  for (size_t c = 0; c < 3; c++) {
    float value[256];
    for (int v = 0; v < 256; v++)
      value[v] = (float)(o->normalize ? ((double)v / 255 - o->mean[c]) / o->std[c] : (double)v / 255);
    for (size_t i = 0; i < plane; i++) x[c * plane + i] = value[rgb[3 * i + c]];
  }
}

static bool make_bytes(const vx_picture *p, const vx_input_options *o, const vx_geometry *g, float *x, uint8_t *rgb,
                       vx_error *error) {
  size_t bytes = (size_t)o->size * (size_t)o->size * 3;
  uint8_t *pixels = rgb ? rgb : malloc(bytes);
  if (!pixels) return vx_fail(error, "input", "no memory for %zu bytes", bytes);
  bool ok = vx_resize_rgb(p->rgb, p->width, p->height, g, o->filter, pixels, error);
  if (ok && x) normalize_bytes(o, pixels, x);
  if (!rgb) free(pixels);
  return ok;
}

/* Pixels in [0,1] `x` [3][S][S]: the bytes nearest to them, then mean and std in single precision as PyTorch. */
static void finish_float(const vx_input_options *o, float *x, uint8_t *rgb) {
  size_t plane = (size_t)o->size * (size_t)o->size;
  for (size_t c = 0; c < 3; c++) {
    float mean = (float)o->mean[c], std = (float)o->std[c];
    for (size_t i = 0; i < plane; i++) {
      float *v = &x[c * plane + i];
      if (rgb) rgb[3 * i + c] = (uint8_t)lrintf(fminf(fmaxf(*v, 0), 1) * 255);
      if (o->normalize) *v = (*v - mean) / std;
    }
  }
}

static bool make_float(const vx_picture *p, const vx_input_options *o, const vx_geometry *g, float *x, uint8_t *rgb,
                       vx_error *error) {
  size_t bytes = (size_t)o->size * (size_t)o->size * 3 * sizeof *x;
  float *values = x ? x : malloc(bytes);
  if (!values) return vx_fail(error, "input", "no memory for %zu bytes", bytes);
  bool ok = vx_resize_float(p->rgb, p->width, p->height, g, values, error);
  if (ok) finish_float(o, values, rgb);
  if (!x) free(values);
  return ok;
}

bool vx_input_make(const vx_picture *picture, const vx_input_options *options, float *x, uint8_t *rgb,
                   vx_error *error) {
  vx_geometry geometry;
  if (!vx_input_geometry(options, picture->width, picture->height, &geometry, error)) return false;
  if (options->arithmetic == VX_ARITHMETIC_FLOAT) return make_float(picture, options, &geometry, x, rgb, error);
  return make_bytes(picture, options, &geometry, x, rgb, error);
}
