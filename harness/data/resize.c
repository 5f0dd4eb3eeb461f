#include "harness/data/resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/data/picture.h"

#define WEIGHT_BITS 22 /* 32 less 8 for the pixel less 2 for overshoot: Pillow's PRECISION_BITS */

/* The weights of one axis: place i of the window is the sum over j < count[i] of weight[i * taps + j] times the source
   at first[i] + j. One of the two arrays of weights is used. */
typedef struct vx_axis {
  int places, taps;
  int *first, *count;
  int32_t *fixed;
  float *single;
} vx_axis;

const char *vx_filter_name(vx_filter filter) {
  static const char *const names[VX_FILTERS] = {"bilinear", "bicubic", "nearest", "lanczos", "box", "hamming"};
  return names[filter];
}

vx_geometry vx_geometry_squash(int width, int height) {
  return (vx_geometry){.scaled_width = width, .scaled_height = height, .width = width, .height = height};
}

static double bilinear(double x) {
  x = fabs(x);
  return x < 1 ? 1 - x : 0;
}

/* Keys' cubic with a = -1/2, in the order of Pillow's operations. */
static double bicubic(double x) {
  const double a = -0.5;
  x = fabs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static double sinc(double x) {
  return x == 0 ? 1 : sin(x * M_PI) / (x * M_PI);
}

static double lanczos(double x) {
  return -3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

static double box(double x) {
  return -0.5 < x && x <= 0.5 ? 1 : 0;
}

/* The window's two constants are single-precision ones in Pillow. */
static double hamming(double x) {
  x = fabs(x);
  return x == 0 ? 1 : x < 1 ? sinc(x) * ((double)0.54f + (double)0.46f * cos(x * M_PI)) : 0;
}

static const struct {
  double (*shape)(double);
  double support; /* at a scale of 1 */
} filters[VX_FILTERS] = {[VX_FILTER_BILINEAR] = {bilinear, 1},
                         [VX_FILTER_BICUBIC] = {bicubic, 2},
                         [VX_FILTER_LANCZOS] = {lanczos, 3},
                         [VX_FILTER_BOX] = {box, 0.5},
                         [VX_FILTER_HAMMING] = {hamming, 1}};

static void axis_free(vx_axis *axis) {
  free(axis->first);
  free(axis->count);
  free(axis->fixed);
  free(axis->single);
  *axis = (vx_axis){0};
}

static bool axis_allocate(vx_axis *axis, int places, double support, bool fixed, vx_error *error) {
  *axis = (vx_axis){.places = places, .taps = (int)ceil(support) * 2 + 1};
  size_t n = (size_t)places, weights = n * (size_t)axis->taps;
  axis->first = malloc(n * sizeof *axis->first);
  axis->count = malloc(n * sizeof *axis->count);
  if (fixed) axis->fixed = calloc(weights, sizeof *axis->fixed);
  if (!fixed) axis->single = calloc(weights, sizeof *axis->single);
  if (axis->first && axis->count && (axis->fixed || axis->single)) return true;
  axis_free(axis);
  return vx_fail(error, "resize", "no memory for %zu weights", weights);
}

static int32_t to_fixed(double weight) {
  double scaled = weight * (1 << WEIGHT_BITS);
  return (int32_t)(weight < 0 ? scaled - 0.5 : scaled + 0.5);
}

/* Pillow's precompute_coeffs and normalize_coeffs_8bpc, for places start to start + places - 1 of `out`. */
static bool axis_fixed(vx_axis *axis, int in, int out, int start, int places, vx_filter filter, vx_error *error) {
  double scale = (double)in / out, filter_scale = scale < 1 ? 1 : scale, inverse = 1 / filter_scale;
  double support = filters[filter].support * filter_scale;
  double (*shape)(double) = filters[filter].shape;
  if (!axis_allocate(axis, places, support, true, error)) return false;
  double *weight = malloc((size_t)axis->taps * sizeof *weight);
  if (!weight) {
    axis_free(axis);
    return vx_fail(error, "resize", "no memory for a row of weights");
  }
  for (int i = 0; i < places; i++) {
    double center = (start + i + 0.5) * scale, sum = 0;
    int first = (int)(center - support + 0.5), last = (int)(center + support + 0.5);
    if (first < 0) first = 0;
    if (last > in) last = in;
    for (int j = 0; j < last - first; j++) sum += weight[j] = shape((j + first - center + 0.5) * inverse);
    for (int j = 0; j < last - first; j++)
      axis->fixed[(size_t)i * (size_t)axis->taps + (size_t)j] = to_fixed(sum != 0 ? weight[j] / sum : weight[j]);
    axis->first[i] = first;
    axis->count[i] = last - first;
  }
  free(weight);
  return true;
}

/* PyTorch's compute_indices_min_size_weights_aa with scalar_t = float. */
static bool axis_single(vx_axis *axis, int in, int out, int start, int places, vx_error *error) {
  float scale = (float)in / (float)out, support = scale >= 1 ? scale : 1, inverse = scale >= 1 ? 1 / scale : 1;
  if (!axis_allocate(axis, places, (double)support, false, error)) return false;
  for (int i = 0; i < places; i++) {
    float *weight = axis->single + (size_t)i * (size_t)axis->taps;
    float center = (float)((double)scale * (start + i + 0.5)), sum = 0;
    int first = (int)((double)(center - support) + 0.5), last = (int)((double)(center + support) + 0.5);
    if (first < 0) first = 0;
    if (last > in) last = in;
    if (last - first > axis->taps) last = first + axis->taps;
    for (int j = 0; j < last - first; j++) {
      float x = fabsf((float)(((double)((float)(j + first) - center) + 0.5) * (double)inverse));
      sum += weight[j] = x < 1 ? 1 - x : 0;
    }
    for (int j = 0; j < last - first && sum != 0; j++) weight[j] /= sum;
    axis->first[i] = first;
    axis->count[i] = last - first;
  }
  return true;
}

static uint8_t clip(int32_t sum) {
  int32_t v = sum >> WEIGHT_BITS;
  return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* One row: `in` [source width][3] to `out` [places][3]. */
static void row_fixed(const vx_axis *axis, const uint8_t *in, uint8_t *out) {
  for (int i = 0; i < axis->places; i++) {
    const int32_t *weight = axis->fixed + (size_t)i * (size_t)axis->taps;
    const uint8_t *p = in + (size_t)axis->first[i] * 3;
    int32_t r = 1 << (WEIGHT_BITS - 1), g = r, b = r;
    for (int j = 0; j < axis->count[i]; j++, p += 3) {
      r += weight[j] * p[0];
      g += weight[j] * p[1];
      b += weight[j] * p[2];
    }
    out[3 * i] = clip(r), out[3 * i + 1] = clip(g), out[3 * i + 2] = clip(b);
  }
}

/* One column step: `out` [width] from `count` rows of `in` [][pitch]. `sum` is room for one row. */
static void column_fixed(const int32_t *weight, int count, const uint8_t *in, size_t pitch, size_t width, int32_t *sum,
                         uint8_t *out) {
  for (size_t x = 0; x < width; x++) sum[x] = 1 << (WEIGHT_BITS - 1);
  for (int j = 0; j < count; j++, in += pitch)
    for (size_t x = 0; x < width; x++) sum[x] += weight[j] * in[x];
  for (size_t x = 0; x < width; x++) out[x] = clip(sum[x]);
}

/* What of the window lies on the picture: places from..to of one of its sides. */
static void on_picture(int start, int places, int scaled, int *from, int *to) {
  *from = start < 0 ? -start : 0;
  *to = places < scaled - start ? places : scaled - start;
}

/* The part of the window that the picture covers, as a geometry, and how far from the window's corner it begins. */
static vx_geometry covered(const vx_geometry *g, int *right, int *down) {
  vx_geometry inner = *g;
  int to_x, to_y;
  on_picture(g->left, g->width, g->scaled_width, right, &to_x);
  on_picture(g->top, g->height, g->scaled_height, down, &to_y);
  inner.left += *right, inner.top += *down;
  inner.width = to_x - *right, inner.height = to_y - *down;
  return inner;
}

static bool check(int width, int height, const vx_geometry *g, vx_error *error) {
  int most = 1 << 24, right, down;
  if (width < 1 || height < 1) return vx_fail(error, "resize", "the picture is %d x %d pixels", width, height);
  if (g->width < 1 || g->height < 1 || g->width > most || g->height > most || g->scaled_width < 1 ||
      g->scaled_height < 1 || abs(g->left) > most || abs(g->top) > most || covered(g, &right, &down).width < 1 ||
      covered(g, &right, &down).height < 1)
    return vx_fail(error, "resize", "a window of %d x %d at (%d, %d) is not inside %d x %d pixels", g->width, g->height,
                   g->left, g->top, g->scaled_width, g->scaled_height);
  if ((uint64_t)g->width > VX_PICTURE_PIXELS / (uint64_t)g->height)
    return vx_fail(error, "resize", "%d x %d pixels are more than %llu", g->width, g->height,
                   (unsigned long long)VX_PICTURE_PIXELS);
  return true;
}

/* The source places that a pass reads: from the first place's first to the last place's last. */
static void needed(const vx_axis *axis, int *first, int *count) {
  int last = axis->places - 1;
  *first = axis->first[0];
  *count = axis->first[last] + axis->count[last] - *first;
}

/* Rows `in` [rows][pitch] to `out` [places][pitch_out], `width` bytes of each. */
static void columns_fixed(const vx_axis *vertical, const uint8_t *in, size_t pitch, size_t width, int32_t *sum,
                          uint8_t *out, size_t pitch_out) {
  for (int i = 0; i < vertical->places; i++)
    column_fixed(vertical->fixed + (size_t)i * (size_t)vertical->taps, vertical->count[i],
                 in + (size_t)vertical->first[i] * pitch, pitch, width, sum, out + (size_t)i * pitch_out);
}

/* Both passes, `out` in rows of `pitch` bytes: the width first, or the height. What the second pass does not read, the
   first does not make. */
static bool passes_fixed(const uint8_t *rgb, int width, vx_axis *horizontal, vx_axis *vertical, bool height_first,
                         uint8_t *out, size_t pitch, vx_error *error) {
  int first, count;
  size_t row = (size_t)width * 3, made = (size_t)horizontal->places * 3;
  vx_axis *second = height_first ? horizontal : vertical;
  needed(second, &first, &count);
  for (int i = 0; i < second->places; i++) second->first[i] -= first; /* counted in what the first pass makes */
  size_t middle_row = height_first ? (size_t)count * 3 : made;
  uint8_t *middle = malloc(middle_row * (size_t)(height_first ? vertical->places : count));
  int32_t *sum = malloc(middle_row * sizeof *sum);
  bool ok = middle && sum;
  if (!ok) {
    vx_fail(error, "resize", "no memory for %d rows of %zu bytes", count, middle_row);
  } else if (height_first) {
    columns_fixed(vertical, rgb + (size_t)first * 3, row, middle_row, sum, middle, middle_row);
    for (int y = 0; y < vertical->places; y++)
      row_fixed(horizontal, middle + (size_t)y * middle_row, out + (size_t)y * pitch);
  } else {
    for (int y = 0; y < count; y++)
      row_fixed(horizontal, rgb + (size_t)(first + y) * row, middle + (size_t)y * middle_row);
    columns_fixed(vertical, middle, middle_row, middle_row, sum, out, pitch);
  }
  free(middle);
  free(sum);
  return ok;
}

/* Pillow from 13.0.0 on scales the height first where that leaves it less to do (fitted to its behaviour). */
static bool is_height_first(const vx_geometry *g, int width, int height) {
  return g->pillow13 && height > g->scaled_height &&
         (int64_t)height - g->scaled_height > 2 * ((int64_t)width - g->scaled_width);
}

static bool resize_filtered(const uint8_t *rgb, int width, int height, const vx_geometry *g, vx_filter filter,
                            uint8_t *out, size_t pitch, vx_error *error) {
  vx_axis horizontal = {0}, vertical = {0};
  bool ok = axis_fixed(&horizontal, width, g->scaled_width, g->left, g->width, filter, error) &&
            axis_fixed(&vertical, height, g->scaled_height, g->top, g->height, filter, error) &&
            passes_fixed(rgb, width, &horizontal, &vertical, is_height_first(g, width, height), out, pitch, error);
  axis_free(&horizontal);
  axis_free(&vertical);
  return ok;
}

/* The places' source columns, then rows; to be freed. */
static int *nearest_places(int width, int height, const vx_geometry *g, vx_mask_resize form, vx_error *error) {
  int *column = malloc(((size_t)g->width + (size_t)g->height) * sizeof *column);
  if (!column) {
    vx_fail(error, "resize", "no memory for %d + %d indices", g->width, g->height);
    return NULL;
  }
  vx_nearest_indices(width, g->scaled_width, g->left, g->width, form, column);
  vx_nearest_indices(height, g->scaled_height, g->top, g->height, form, column + g->width);
  return column;
}

/* `bytes` a pixel, picked. */
static bool pick(const uint8_t *in, size_t bytes, int width, int height, const vx_geometry *g, vx_mask_resize form,
                 uint8_t *out, size_t pitch, vx_error *error) {
  int *column = nearest_places(width, height, g, form, error);
  if (!column) return false;
  for (int y = 0; y < g->height; y++, out += pitch) {
    const uint8_t *row = in + (size_t)column[g->width + y] * (size_t)width * bytes;
    uint8_t *to = out;
    for (int x = 0; x < g->width; x++)
      for (size_t b = 0; b < bytes; b++) *to++ = row[(size_t)column[x] * bytes + b];
  }
  free(column);
  return true;
}

bool vx_resize_rgb(const uint8_t *rgb, int width, int height, const vx_geometry *g, vx_filter filter, uint8_t *out,
                   vx_error *error) {
  if (!check(width, height, g, error)) return false;
  int right, down;
  vx_geometry inner = covered(g, &right, &down);
  size_t pitch = (size_t)g->width * 3, pixels = (size_t)g->width * (size_t)g->height;
  if (inner.width < g->width || inner.height < g->height)
    for (size_t i = 0; i < pixels; i++) memcpy(out + 3 * i, g->fill, 3);
  out += (size_t)down * pitch + (size_t)right * 3;
  return filter == VX_FILTER_NEAREST ? pick(rgb, 3, width, height, &inner, VX_MASK_PILLOW, out, pitch, error)
                                     : resize_filtered(rgb, width, height, &inner, filter, out, pitch, error);
}

/* The sum of `count` products, rounded as in PyTorch's compiled loop: after the first, groups of four are multiplied
   and added one by one (its compiler multiplies them as a vector), what is left over is fused. So the resize agrees
   with PyTorch's, on x86-64 with FMA, bit for bit; relevance maps are comparable for nothing less. */
static float sum_products(const float *weight, const float *in, size_t stride, int count) {
  float sum = count > 0 ? weight[0] * in[0] : 0;
  int j = 1;
  for (; j + 4 <= count; j += 4)
    for (int k = j; k < j + 4; k++) sum += weight[k] * in[(size_t)k * stride];
  for (; j < count; j++) sum = fmaf(weight[j], in[(size_t)j * stride], sum);
  return sum;
}

/* One row `in` [source width][3] to `out` [places][3]. */
static void row_single(const vx_axis *axis, const float *in, float *out) {
  for (int i = 0; i < axis->places; i++) {
    const float *weight = axis->single + (size_t)i * (size_t)axis->taps, *p = in + (size_t)axis->first[i] * 3;
    for (size_t c = 0; c < 3; c++) out[3 * (size_t)i + c] = sum_products(weight, p + c, 3, axis->count[i]);
  }
}

/* One output row of the vertical pass, from rows of `width` pixels, into `out` in planes of `plane` values. */
static void column_single(const vx_axis *axis, int place, const float *in, int width, float *out, size_t plane) {
  const float *weight = axis->single + (size_t)place * (size_t)axis->taps;
  size_t stride = (size_t)width * 3;
  for (size_t x = 0; x < stride; x++)
    out[(x % 3) * plane + x / 3] = sum_products(weight, in + x, stride, axis->count[place]);
}

static bool passes_single(const uint8_t *rgb, int width, const vx_axis *horizontal, const vx_axis *vertical, float *out,
                          size_t pitch, size_t plane, vx_error *error) {
  int first, count;
  size_t stride = (size_t)horizontal->places * 3, values = (size_t)width * 3;
  needed(vertical, &first, &count);
  float *middle = malloc(stride * (size_t)count * sizeof *middle), *row = malloc(values * sizeof *row);
  bool ok = middle && row;
  if (!ok) vx_fail(error, "resize", "no memory for %d rows of %zu floats", count, stride);
  for (int y = 0; ok && y < count; y++) {
    const uint8_t *in = rgb + (size_t)(first + y) * values;
    for (size_t i = 0; i < values; i++) row[i] = (float)in[i] / 255.0f;
    row_single(horizontal, row, middle + (size_t)y * stride);
  }
  for (int i = 0; ok && i < vertical->places; i++)
    column_single(vertical, i, middle + (size_t)(vertical->first[i] - first) * stride, horizontal->places,
                  out + (size_t)i * pitch, plane);
  free(middle);
  free(row);
  return ok;
}

bool vx_resize_float(const uint8_t *rgb, int width, int height, const vx_geometry *g, float *out, vx_error *error) {
  vx_axis horizontal = {0}, vertical = {0};
  if (!check(width, height, g, error)) return false;
  int right, down;
  vx_geometry inner = covered(g, &right, &down);
  size_t pitch = (size_t)g->width, plane = pitch * (size_t)g->height;
  if (inner.width < g->width || inner.height < g->height)
    for (size_t i = 0; i < 3 * plane; i++) out[i] = (float)g->fill[i / plane] / 255.0f;
  bool ok = axis_single(&horizontal, width, g->scaled_width, inner.left, inner.width, error) &&
            axis_single(&vertical, height, g->scaled_height, inner.top, inner.height, error) &&
            passes_single(rgb, width, &horizontal, &vertical, out + (size_t)down * pitch + (size_t)right, pitch, plane,
                          error);
  axis_free(&horizontal);
  axis_free(&vertical);
  return ok;
}

/* Pillow's affine transform: the position is accumulated, and the closed form (i + 1/2) s differs on some sides. */
static void pillow_indices(int in, int out, int start, int count, int *index) {
  double step = (double)in / out, t = step * 0.5;
  for (int i = 0; i < start + count; i++, t += step)
    if (i >= start) index[i - start] = (int)t < in ? (int)t : in - 1;
}

static void opencv_indices(int in, int out, int start, int count, int *index) {
  double inverse = 1.0 / ((double)out / in);
  for (int i = 0; i < count; i++) {
    int at = (int)floor((start + i) * inverse);
    index[i] = at < in - 1 ? at : in - 1;
  }
}

void vx_nearest_indices(int in, int out, int start, int count, vx_mask_resize form, int *index) {
  if (form == VX_MASK_OPENCV) {
    opencv_indices(in, out, start, count, index);
  } else {
    pillow_indices(in, out, start, count, index);
  }
}

bool vx_resize_labels(const uint8_t *label, int width, int height, const vx_geometry *g, vx_mask_resize form,
                      uint8_t *out, vx_error *error) {
  if (!check(width, height, g, error)) return false;
  int right, down;
  vx_geometry inner = covered(g, &right, &down);
  size_t pitch = (size_t)g->width;
  if (inner.width < g->width || inner.height < g->height) memset(out, VX_LABEL_OUTSIDE, pitch * (size_t)g->height);
  return pick(label, 1, width, height, &inner, form, out + (size_t)down * pitch + (size_t)right, pitch, error);
}
