#include "metrics/threshold.h"

#include "metrics/otsu.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool vx_threshold_parse(const char *text, vx_threshold *threshold, const char *where, vx_error *error) {
  *threshold = (vx_threshold){.kind = VX_THRESHOLD_OTSU};
  if (strcmp(text, "otsu") == 0) return true;
  threshold->kind = VX_THRESHOLD_MEAN;
  if (strcmp(text, "mean") == 0) return true;
  char *end;
  threshold->kind = VX_THRESHOLD_FIXED;
  threshold->value = strtod(text, &end);
  if (end == text || *end != 0 || !(threshold->value >= 0 && threshold->value <= 1))
    return vx_fail(error, where, "is '%s', expected otsu, mean or a number from 0 to 1", text);
  return true;
}

static size_t pixels_of(const vx_heat *heat) {
  return (size_t)heat->height * (size_t)heat->width;
}

/* Which of the pixels lie above: by bytes where Otsu or stored bytes ask for it, else by h. */
static bool cuts_bytes(const vx_threshold *threshold, const vx_heat *heat) {
  return threshold->kind == VX_THRESHOLD_OTSU || heat->is_bytes || heat->is_mask || heat->flat;
}

/* The largest byte that stays out of the mask, for maps that are cut by bytes. */
static int byte_level(const vx_threshold *threshold, double at) {
  return (int)floor(threshold->kind == VX_THRESHOLD_OTSU ? at : 255.0 * at);
}

static double mean_of(const vx_heat *heat) {
  double sum = 0;
  size_t n = pixels_of(heat);
  for (size_t i = 0; i < n; i++) sum += heat->h[i];
  return sum / (double)n;
}

/* The mean of stored bytes from their histogram: exact, and so equal for maps that hold the same bytes. */
static double mean_of_levels(const vx_levels *levels) {
  uint64_t sum = 0, n = 0;
  for (unsigned i = 0; i < 256; i++) {
    uint64_t count = (uint64_t)levels->count[0][i] + levels->count[1][i] + levels->count[2][i];
    sum += i * count;
    n += count;
  }
  return (double)sum / (255.0 * (double)n);
}

static double level_of(const vx_threshold *threshold, const vx_heat *heat, const vx_levels *levels) {
  if (heat->flat || heat->is_mask) return 0;
  if (threshold->kind == VX_THRESHOLD_FIXED) return threshold->value;
  if (threshold->kind == VX_THRESHOLD_MEAN) return heat->is_bytes ? mean_of_levels(levels) : mean_of(heat);
  uint32_t histogram[256];
  vx_levels_histogram(levels, histogram);
  return vx_otsu(histogram);
}

static vx_counts count_above(const double *h, const uint8_t *truth, size_t pixels, double at) {
  int64_t count[2][4] = {{0}};
  for (size_t i = 0; i < pixels; i++) count[h[i] > at][truth[i] & 3]++;
  return (vx_counts){.tp = count[1][VX_FOREGROUND],
                     .fp = count[1][VX_BACKGROUND],
                     .fn = count[0][VX_FOREGROUND],
                     .tn = count[0][VX_BACKGROUND],
                     .ignored = count[0][VX_IGNORED] + count[1][VX_IGNORED]};
}

vx_cut vx_threshold_cut(const vx_threshold *threshold, const vx_heat *heat, const uint8_t *truth,
                        const vx_levels *levels) {
  vx_cut cut = {.threshold = level_of(threshold, heat, levels)};
  cut.counts = cuts_bytes(threshold, heat) ? vx_levels_at(levels, byte_level(threshold, cut.threshold))
                                           : count_above(heat->h, truth, pixels_of(heat), cut.threshold);
  return cut;
}

void vx_threshold_mask(const vx_threshold *threshold, const vx_heat *heat, double at, uint8_t *mask) {
  size_t n = pixels_of(heat);
  if (cuts_bytes(threshold, heat)) {
    int level = byte_level(threshold, at);
    for (size_t i = 0; i < n; i++) mask[i] = heat->u[i] > level;
  } else {
    for (size_t i = 0; i < n; i++) mask[i] = heat->h[i] > at;
  }
}

int vx_threshold_otsu(const vx_heat *heat) {
  uint32_t histogram[256] = {0};
  size_t n = pixels_of(heat);
  for (size_t i = 0; i < n; i++) histogram[heat->u[i]]++;
  return vx_otsu(histogram);
}
