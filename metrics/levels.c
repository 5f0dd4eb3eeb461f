#include "metrics/levels.h"

#include "base/error.h"

#include <string.h>

bool vx_levels_count(vx_levels *levels, const uint8_t *u, const uint8_t *truth, size_t pixels, vx_error *error) {
  if (pixels > UINT32_MAX) return vx_fail(error, "heat map", "%zu pixels, expected at most 2^32 - 1", pixels);
  /* Neighbours are often equal: in one table each would wait for the other's addition, so they take turns in four.
     `& 3` keeps a bad truth inside the table, where its row is found afterwards. */
  uint32_t table[4][4 * 256];
  memset(table, 0, sizeof table);
  size_t i = 0;
  for (; i + 4 <= pixels; i += 4)
    for (size_t k = 0; k < 4; k++) table[k][(size_t)(truth[i + k] & 3) << 8 | u[i + k]]++;
  for (; i < pixels; i++) table[0][(size_t)(truth[i] & 3) << 8 | u[i]]++;
  uint8_t seen = 0;
  for (i = 0; i < pixels; i++) seen |= truth[i];
  uint32_t wrong = seen & 0xFC;
  for (size_t bin = 0; bin < 4 * 256; bin++) {
    uint32_t sum = table[0][bin] + table[1][bin] + table[2][bin] + table[3][bin];
    if (bin < 3 * 256)
      levels->count[bin >> 8][bin & 255] = sum;
    else
      wrong |= sum;
  }
  if (wrong) return vx_fail(error, "truth", "a pixel is none of 0 (background), 1 (foreground), 2 (ignored)");
  return true;
}

void vx_levels_histogram(const vx_levels *levels, uint32_t histogram[256]) {
  for (int i = 0; i < 256; i++) histogram[i] = levels->count[0][i] + levels->count[1][i] + levels->count[2][i];
}

vx_counts vx_levels_at(const vx_levels *levels, int threshold) {
  vx_counts c = {0};
  for (int i = 0; i < 256; i++) {
    *(i > threshold ? &c.fp : &c.tn) += levels->count[VX_BACKGROUND][i];
    *(i > threshold ? &c.tp : &c.fn) += levels->count[VX_FOREGROUND][i];
    c.ignored += levels->count[VX_IGNORED][i];
  }
  return c;
}

void vx_levels_all(const vx_levels *levels, vx_counts counts[256]) {
  vx_counts c = vx_levels_at(levels, -1);
  for (int t = 0; t < 256; t++) { /* raising the threshold to t takes the pixels of byte t out of the mask */
    c.fp -= levels->count[VX_BACKGROUND][t];
    c.tn += levels->count[VX_BACKGROUND][t];
    c.tp -= levels->count[VX_FOREGROUND][t];
    c.fn += levels->count[VX_FOREGROUND][t];
    counts[t] = c;
  }
}

int vx_levels_best(const vx_levels *levels, double *iou) {
  vx_counts counts[256];
  vx_levels_all(levels, counts);
  int best = 0;
  *iou = vx_iou(&counts[0]);
  for (int t = 1; t < 256; t++) {
    double at = vx_iou(&counts[t]);
    if (at > *iou) {
      *iou = at;
      best = t;
    }
  }
  return best;
}
