#include "metrics/heat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where one output coordinate reads: input positions i0 <= i1 and the share t of i1. */
typedef struct tap {
  int i0, i1;
  double t;
} tap;

static tap tap_at(int i, int in, int out) {
  double position = ((double)i + 0.5) * ((double)in / (double)out) - 0.5;
  if (position < 0) position = 0;
  int i0 = (int)position;
  if (i0 > in - 1) i0 = in - 1;
  return (tap){.i0 = i0, .i1 = i0 + 1 < in ? i0 + 1 : i0, .t = position - (double)i0};
}

/* row [w] of the input to out [out_w] */
static void between_columns(const double *row, const tap *taps, double *out, int out_w) {
  for (int x = 0; x < out_w; x++) {
    double a = row[taps[x].i0], b = row[taps[x].i1];
    out[x] = a + taps[x].t * (b - a);
  }
}

static void between_rows(const double *restrict a, const double *restrict b, double t, double *restrict out, int w) {
  for (int x = 0; x < w; x++) out[x] = a[x] + t * (b[x] - a[x]);
}

bool vx_upsample(const double *heat, int h, int w, double *out, int out_h, int out_w, vx_error *error) {
  if (h < 1 || w < 1 || out_h < 1 || out_w < 1)
    return vx_fail(error, "upsampling", "%dx%d to %dx%d: every side has to be at least 1", h, w, out_h, out_w);
  if (h == out_h && w == out_w) { /* every t is 0: the same bits */
    memcpy(out, heat, (size_t)h * (size_t)w * sizeof *out);
    return true;
  }
  tap *taps = malloc((size_t)out_w * sizeof *taps);
  double *rows = malloc(2 * (size_t)out_w * sizeof *rows); /* the two input rows in use, already out_w wide */
  bool ok = taps && rows;
  if (!ok) vx_fail(error, "upsampling", "out of memory for a row of %d", out_w);
  int held[2] = {-1, -1}; /* which input row each half of `rows` holds: row i lies in half i % 2 */
  for (int x = 0; ok && x < out_w; x++) taps[x] = tap_at(x, w, out_w);
  for (int y = 0; ok && y < out_h; y++) {
    tap row = tap_at(y, h, out_h);
    const int needed[2] = {row.i0, row.i1};
    for (int k = 0; k < 2; k++) {
      int half = needed[k] % 2;
      if (held[half] == needed[k]) continue;
      between_columns(heat + (size_t)needed[k] * (size_t)w, taps, rows + (size_t)half * (size_t)out_w, out_w);
      held[half] = needed[k];
    }
    between_rows(rows + (size_t)(row.i0 % 2) * (size_t)out_w, rows + (size_t)(row.i1 % 2) * (size_t)out_w, row.t,
                 out + (size_t)y * (size_t)out_w, out_w);
  }
  free(rows);
  free(taps);
  return ok;
}

static bool reserve(vx_heat *heat, int height, int width, vx_error *error) {
  if (height < 1 || width < 1 || height > 65536 || width > 65536)
    return vx_fail(error, "heat map", "evaluation size %dx%d, expected sides from 1 to 65536", height, width);
  size_t pixels = (size_t)height * (size_t)width;
  if (pixels > heat->capacity) {
    vx_heat_free(heat);
    heat->h = malloc(pixels * sizeof *heat->h);
    heat->u = malloc(pixels);
    if (!heat->h || !heat->u) {
      vx_heat_free(heat);
      return vx_fail(error, "heat map", "out of memory for %dx%d pixels", height, width);
    }
    heat->capacity = pixels;
  }
  heat->height = height;
  heat->width = width;
  heat->peak = 0;
  heat->flat = heat->is_mask = heat->is_bytes = false;
  return true;
}

static bool check_finite(const double *map, int rows, int columns, vx_error *error) {
  size_t n = (size_t)rows * (size_t)columns;
  for (size_t i = 0; i < n; i++)
    if (!isfinite(map[i]))
      return vx_fail(error, "heat map", "row %zu, column %zu is %f, expected a finite number", i / (size_t)columns,
                     i % (size_t)columns, map[i]);
  return true;
}

/* Range of v [n], n >= 1; four at a time, so that the comparisons do not wait for each other. */
static void range(const double *v, size_t n, double *low, double *high) {
  double lo[4] = {v[0], v[0], v[0], v[0]}, hi[4] = {v[0], v[0], v[0], v[0]};
  size_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (size_t k = 0; k < 4; k++) {
      lo[k] = v[i + k] < lo[k] ? v[i + k] : lo[k];
      hi[k] = v[i + k] > hi[k] ? v[i + k] : hi[k];
    }
  for (; i < n; i++) {
    lo[0] = v[i] < lo[0] ? v[i] : lo[0];
    hi[0] = v[i] > hi[0] ? v[i] : hi[0];
  }
  for (size_t k = 1; k < 4; k++) {
    lo[0] = lo[k] < lo[0] ? lo[k] : lo[0];
    hi[0] = hi[k] > hi[0] ? hi[k] : hi[0];
  }
  *low = lo[0];
  *high = hi[0];
}

static void scale(double *restrict h, uint8_t *restrict u, size_t n, double low, double high) {
  const double span = high - low;
  for (size_t i = 0; i < n; i++) {
    h[i] = (h[i] - low) / span;
    u[i] = (uint8_t)(int)(255.0 * h[i]); /* not negative: cutting is floor */
  }
}

bool vx_heat_from_map(vx_heat *heat, const double *map, int rows, int columns, int height, int width, vx_error *error) {
  if (rows < 1 || columns < 1) return vx_fail(error, "heat map", "%dx%d values, expected at least 1", rows, columns);
  if (!check_finite(map, rows, columns, error) || !reserve(heat, height, width, error) ||
      !vx_upsample(map, rows, columns, heat->h, height, width, error))
    return false;
  size_t n = (size_t)height * (size_t)width;
  range(heat->h, n, &heat->low, &heat->high);
  if (!isfinite(heat->high - heat->low))
    return vx_fail(error, "heat map", "values from %g to %g: the range is beyond double precision", heat->low,
                   heat->high);
  heat->flat = heat->low == heat->high;
  if (heat->flat) {
    memset(heat->h, 0, n * sizeof *heat->h);
    memset(heat->u, 0, n);
    return true;
  }
  while (heat->h[heat->peak] != heat->high) heat->peak++;
  scale(heat->h, heat->u, n, heat->low, heat->high);
  return true;
}

bool vx_heat_from_bytes(vx_heat *heat, const uint8_t *u, int height, int width, vx_error *error) {
  if (!reserve(heat, height, width, error)) return false;
  size_t n = (size_t)height * (size_t)width;
  uint8_t high = 0;
  for (size_t i = 0; i < n; i++)
    if (u[i] > high) high = u[i], heat->peak = i;
  if (high != 0 && high != 255)
    return vx_fail(error, "stored heat map", "its maximum is %d, expected 255 (or 0: a flat map)", high);
  memcpy(heat->u, u, n);
  for (size_t i = 0; i < n; i++) heat->h[i] = u[i] / 255.0;
  heat->low = 0;
  heat->high = high;
  heat->flat = high == 0;
  heat->is_bytes = true;
  return true;
}

bool vx_heat_from_mask(vx_heat *heat, const double *mask, int rows, int columns, int height, int width,
                       vx_error *error) {
  if (rows < 1 || columns < 1) return vx_fail(error, "mask", "%dx%d values, expected at least 1", rows, columns);
  if (!check_finite(mask, rows, columns, error) || !reserve(heat, height, width, error) ||
      !vx_upsample(mask, rows, columns, heat->h, height, width, error))
    return false;
  size_t n = (size_t)height * (size_t)width;
  for (size_t i = 0; i < n; i++) {
    heat->h[i] = heat->h[i] > 0.5;
    heat->u[i] = heat->h[i] > 0 ? 255 : 0;
  }
  range(heat->h, n, &heat->low, &heat->high);
  while (heat->h[heat->peak] != heat->high) heat->peak++;
  heat->is_mask = true;
  return true;
}

void vx_heat_free(vx_heat *heat) {
  free(heat->h);
  free(heat->u);
  heat->h = NULL;
  heat->u = NULL;
  heat->capacity = 0;
}
