#include "harness/data/input.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

vx_input_options vx_input_default(int size) {
  return (vx_input_options){.size = size,
                            .resize = VX_RESIZE_SQUASH,
                            .scaled_width = size,
                            .scaled_height = size,
                            .shorter_side = vx_input_shorter_side(size, 0.875),
                            .longer_side = size,
                            .zoom = 1,
                            .filter = VX_FILTER_BILINEAR,
                            .arithmetic = VX_ARITHMETIC_PILLOW,
                            .divisor = 255,
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
  const int sides[] = {o->scaled_width, o->scaled_height, o->shorter_side, o->longer_side};
  for (int i = 0; i < 4; i++)
    if (sides[i] < 1 || sides[i] > 1 << 20)
      return vx_fail(error, where, "the picture is scaled to %d pixels, expected 1 to %d", sides[i], 1 << 20);
  if (!(o->divisor > 0 && isfinite(o->divisor)))
    return vx_fail(error, where, "pixels are divided by %g, expected a number above 0", o->divisor);
  if (o->arithmetic == VX_ARITHMETIC_FLOAT && o->filter != VX_FILTER_BILINEAR)
    return vx_fail(error, where, "float arithmetic knows the bilinear filter only");
  for (int c = 0; o->normalize && c < 3; c++)
    if (!isfinite(o->mean[c]) || !isfinite(o->std[c]) || o->std[c] == 0)
      return vx_fail(error, where, "channel %d has mean %g and std %g, expected numbers and a std other than 0", c,
                     o->mean[c], o->std[c]);
  return true;
}

/* Where the centre of `size` begins on a side of `scaled`: negative where the side is shorter. timm and torchvision
   round as Python, half to even, and pad the smaller half first. */
static int offset_of(const vx_input_options *o, int scaled) {
  int difference = scaled - o->size, half = (difference - (difference < 0 && difference % 2)) / 2; /* floor */
  if (o->floor_offset) return half;
  return difference % 2 && (difference < 0 || half % 2) ? half + 1 : half;
}

static bool is_too_narrow(int width, int height, int64_t longer, vx_error *error) {
  if (longer <= INT_MAX / 2) return false;
  return !vx_fail(error, "input", "%d x %d pixels are too narrow to crop: the longer side would be %lld", width, height,
                  (long long)longer);
}

/* timm's ResizeKeepRatio, in Python's rounding: half to even. */
static int keep_ratio(int side, double ratio) {
  double scaled = nearbyint(side / ratio);
  return scaled < 1 ? 1 : (int)scaled;
}

bool vx_input_geometry(const vx_input_options *o, int width, int height, vx_geometry *g, vx_error *error) {
  if (width < 1 || height < 1) return vx_fail(error, "input", "the picture is %d x %d pixels", width, height);
  if (!vx_input_check(o, "input", error)) return false;
  int shorter = width < height ? width : height, longer = width < height ? height : width;
  int64_t scaled = (int64_t)o->shorter_side * longer / shorter;
  *g = vx_geometry_squash(o->size, o->size);
  memcpy(g->fill, o->fill, sizeof g->fill);
  g->pillow13 = o->arithmetic == VX_ARITHMETIC_PILLOW13;
  switch (o->resize) {
  case VX_RESIZE_SQUASH:
    g->scaled_width = o->scaled_width, g->scaled_height = o->scaled_height;
    break;
  case VX_RESIZE_CROP:
    if (is_too_narrow(width, height, scaled, error)) return false;
    g->scaled_width = width <= height ? o->shorter_side : (int)scaled;
    g->scaled_height = width <= height ? (int)scaled : o->shorter_side;
    break;
  case VX_RESIZE_BORDER: {
    double ratio = (double)longer / o->longer_side;
    g->scaled_width = keep_ratio(width, ratio), g->scaled_height = keep_ratio(height, ratio);
    break;
  }
  case VX_RESIZE_NONE:
    g->scaled_width = keep_ratio(width, 1 / o->zoom), g->scaled_height = keep_ratio(height, 1 / o->zoom);
    if (!o->cuts && (g->scaled_width != o->size || g->scaled_height != o->size))
      return vx_fail(error, "input",
                     "the picture is %d x %d pixels, and the checkpoint's processor takes %d x %d as it "
                     "is (do_resize is false): resize it before, or set input.resize",
                     width, height, o->size, o->size);
    break;
  }
  g->left = offset_of(o, g->scaled_width);
  g->top = offset_of(o, g->scaled_height);
  return true;
}

bool vx_input_cuts(const vx_input_options *o) {
  return o->resize == VX_RESIZE_SQUASH ? o->scaled_width != o->size || o->scaled_height != o->size
                                       : o->resize != VX_RESIZE_NONE || o->cuts;
}

vx_input_options vx_input_at(const vx_input_options *options, int side) {
  vx_input_options o = *options;
  int *sides[] = {&o.scaled_width, &o.scaled_height, &o.shorter_side, &o.longer_side};
  for (int i = 0; i < 4; i++) {
    int scaled = (int)lround((double)*sides[i] * side / options->size);
    *sides[i] = *sides[i] >= options->size && scaled < side ? side : scaled < 1 ? 1 : scaled;
  }
  o.zoom *= (double)side / options->size;
  o.size = side;
  return o;
}

/* ---- in words ---------------------------------------------------------------------------------------------------- */

static const char *const resize_words[] = {"squash", "crop", "border", "none"};
static const char *const arithmetic_words[] = {"pillow", "float", "pillow13"};

void vx_input_print(const vx_input_options *o, char *text, size_t room) {
  char part[64] = "", fill[64] = "", scale[240], divisor[64] = "";
  bool cuts = vx_input_cuts(o);
  if (o->resize == VX_RESIZE_SQUASH && cuts)
    snprintf(part, sizeof part, " scaled=%dx%d", o->scaled_width, o->scaled_height);
  if (o->resize == VX_RESIZE_CROP) snprintf(part, sizeof part, " shorter_side=%d", o->shorter_side);
  if (o->resize == VX_RESIZE_BORDER) snprintf(part, sizeof part, " longer_side=%d", o->longer_side);
  if (o->resize == VX_RESIZE_NONE && cuts) snprintf(part, sizeof part, " cuts=1");
  if (o->fill[0] || o->fill[1] || o->fill[2])
    snprintf(fill, sizeof fill, " fill=%d,%d,%d", o->fill[0], o->fill[1], o->fill[2]);
  if (o->normalize)
    snprintf(scale, sizeof scale, "mean=%.17g,%.17g,%.17g std=%.17g,%.17g,%.17g", o->mean[0], o->mean[1], o->mean[2],
             o->std[0], o->std[1], o->std[2]);
  else
    snprintf(scale, sizeof scale, "normalize=none");
  if (o->divisor != 255) snprintf(divisor, sizeof divisor, "divisor=%.17g ", o->divisor);
  snprintf(text, room, "size=%d resize=%s%s%s%s filter=%s arithmetic=%s %s%s", o->size, resize_words[o->resize], part,
           cuts && o->floor_offset ? " offset=floor" : "", fill, vx_filter_name(o->filter),
           arithmetic_words[o->arithmetic], divisor, scale);
}

static bool is_word(const char *at, size_t length, const char *word) {
  return strlen(word) == length && strncmp(at, word, length) == 0;
}

/* The index of the word after `key` at `at`, of `count` words; -1: another key or word. */
static int choice_of(const char *at, size_t length, const char *key, const char *const *words, int count) {
  size_t skip = strlen(key);
  if (length < skip || strncmp(at, key, skip) != 0) return -1;
  for (int i = 0; i < count; i++)
    if (is_word(at + skip, length - skip, words[i])) return i;
  return -1;
}

static bool read_word(const char *at, size_t length, vx_input_options *o) {
  double *m = o->mean, *s = o->std;
  unsigned red, green, blue;
  const char *filters[VX_FILTERS];
  for (int i = 0; i < VX_FILTERS; i++) filters[i] = vx_filter_name((vx_filter)i);
  int resize = choice_of(at, length, "resize=", resize_words, 4);
  int filter = choice_of(at, length, "filter=", filters, VX_FILTERS);
  int arithmetic = choice_of(at, length, "arithmetic=", arithmetic_words, 3);
  if (resize >= 0) o->resize = (vx_resize)resize;
  if (filter >= 0) o->filter = (vx_filter)filter;
  if (arithmetic >= 0) o->arithmetic = (vx_arithmetic)arithmetic;
  if (resize >= 0 || filter >= 0 || arithmetic >= 0) return true;
  if (sscanf(at, "size=%d", &o->size) == 1) {
    o->scaled_width = o->scaled_height = o->longer_side = o->size;
    return true;
  }
  if (sscanf(at, "shorter_side=%d", &o->shorter_side) == 1 || sscanf(at, "longer_side=%d", &o->longer_side) == 1 ||
      sscanf(at, "scaled=%dx%d", &o->scaled_width, &o->scaled_height) == 2 ||
      sscanf(at, "mean=%lf,%lf,%lf", &m[0], &m[1], &m[2]) == 3 ||
      sscanf(at, "std=%lf,%lf,%lf", &s[0], &s[1], &s[2]) == 3 || sscanf(at, "divisor=%lf", &o->divisor) == 1)
    return true;
  if (sscanf(at, "fill=%u,%u,%u", &red, &green, &blue) == 3 && red < 256 && green < 256 && blue < 256) {
    o->fill[0] = (uint8_t)red, o->fill[1] = (uint8_t)green, o->fill[2] = (uint8_t)blue;
    return true;
  }
  if (is_word(at, length, "normalize=none")) return !(o->normalize = false);
  if (is_word(at, length, "offset=floor")) return o->floor_offset = true;
  return is_word(at, length, "cuts=1") && (o->cuts = true);
}

bool vx_input_parse(const char *text, const char *where, vx_input_options *o, vx_error *error) {
  bool good = true;
  *o = vx_input_default(1);
  o->size = o->shorter_side = 0; /* wanted, and with crop so is the other */
  for (const char *at = text; good && *at; at += *at == ' ') {
    size_t length = strcspn(at, " ");
    good = length == 0 || read_word(at, length, o);
    at += length;
  }
  if (good && o->resize != VX_RESIZE_CROP && o->size > 0) o->shorter_side = vx_input_shorter_side(o->size, 0.875);
  if (good && vx_input_check(o, where, NULL)) return true;
  return vx_fail(error, where, "is '%.300s', which names no way from a picture to an input", text);
}

void vx_input_describe(const vx_input_options *o, char *text, size_t room) {
  char way[96] = "squashed", divisor[64] = "", scale[160] = "not normalised";
  if (o->resize == VX_RESIZE_SQUASH && vx_input_cuts(o))
    snprintf(way, sizeof way, "squashed to %d x %d, then the centre", o->scaled_width, o->scaled_height);
  if (o->resize == VX_RESIZE_CROP)
    snprintf(way, sizeof way, "crop (shorter side to %d, then the centre)", o->shorter_side);
  if (o->resize == VX_RESIZE_BORDER)
    snprintf(way, sizeof way, "longer side to %d, then the centre with a border of %d %d %d", o->longer_side,
             o->fill[0], o->fill[1], o->fill[2]);
  if (o->resize == VX_RESIZE_NONE) snprintf(way, sizeof way, o->cuts ? "not resized, the centre" : "not resized");
  if (o->divisor != 255) snprintf(divisor, sizeof divisor, "divided by %g, ", o->divisor);
  if (o->normalize)
    snprintf(scale, sizeof scale, "mean %g %g %g, std %g %g %g", o->mean[0], o->mean[1], o->mean[2], o->std[0],
             o->std[1], o->std[2]);
  snprintf(text, room, "%s, %s (%s), %s%s", way, vx_filter_name(o->filter), arithmetic_words[o->arithmetic], divisor,
           scale);
}

/* ---- the numbers ------------------------------------------------------------------------------------------------- */

/* `rgb` [S][S][3] to `x` [3][S][S]. A byte has 256 values: the formula is evaluated once for each. */
static void normalize_bytes(const vx_input_options *o, const uint8_t *rgb, float *x) {
  size_t plane = (size_t)o->size * (size_t)o->size;
  for (size_t c = 0; c < 3; c++) {
    float value[256];
    for (int v = 0; v < 256; v++)
      value[v] = (float)(o->normalize ? ((double)v / o->divisor - o->mean[c]) / o->std[c] : (double)v / o->divisor);
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
    float mean = (float)o->mean[c], std = (float)o->std[c], factor = (float)(255 / o->divisor);
    for (size_t i = 0; i < plane; i++) {
      float *v = &x[c * plane + i];
      if (rgb) rgb[3 * i + c] = (uint8_t)lrintf(fminf(fmaxf(*v, 0), 1) * 255);
      if (o->divisor != 255) *v *= factor;
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
