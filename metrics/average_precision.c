/* Average precision as in Chefer's segmentation protocol (utils/metrices.py: get_ap_scores): both classes in one
   list. A pixel enters twice, as foreground with score h and as background with score 1 - h; the average precision
   of that list is scikit-learn's (a step per distinct score, AP = sum (R_n - R_{n-1}) P_n). Ignored pixels stay
   out. One number an image; the protocol's mAP is the mean over images. */
#include "metrics/measures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A score and whether it is the pixel's true class. */
typedef struct scored {
  uint64_t key; /* the double's bits: ordered as the numbers are, since none is negative */
  uint64_t foreground;
} scored;

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, PASSES = 6 };

/* Sorts items [n] upwards by key; `spare` [n]. Least digit first, digits that all share are skipped. */
static scored *sort_upwards(scored *items, scored *spare, size_t n) {
  for (int pass = 0; pass < PASSES; pass++) {
    size_t start[DIGITS] = {0};
    int shift = pass * DIGIT_BITS;
    for (size_t i = 0; i < n; i++) start[items[i].key >> shift & (DIGITS - 1)]++;
    if (start[items[0].key >> shift & (DIGITS - 1)] == n) continue;
    size_t sum = 0;
    for (size_t d = 0; d < DIGITS; d++) {
      size_t count = start[d];
      start[d] = sum;
      sum += count;
    }
    for (size_t i = 0; i < n; i++) spare[start[items[i].key >> shift & (DIGITS - 1)]++] = items[i];
    scored *swap = items;
    items = spare;
    spare = swap;
  }
  return items;
}

static double value_of(const scored *item) {
  double v;
  memcpy(&v, &item->key, sizeof v);
  return v;
}

/* sorted [n] upwards by h. The scores h downwards are the list from its end, the scores 1 - h downwards the list
   from its start: the two are merged. */
static double average_precision(const scored *sorted, size_t n) {
  size_t down = n, up = 0, hits = 0, seen = 0, hits_before = 0;
  double sum = 0;
  while (down > 0 || up < n) {
    double h = down > 0 ? value_of(&sorted[down - 1]) : -1, g = up < n ? 1.0 - value_of(&sorted[up]) : -1;
    double score = h > g ? h : g;
    for (; down > 0 && value_of(&sorted[down - 1]) == score; down--, seen++) hits += sorted[down - 1].foreground;
    for (; up < n && 1.0 - value_of(&sorted[up]) == score; up++, seen++) hits += !sorted[up].foreground;
    sum += (double)(hits - hits_before) / (double)n * ((double)hits / (double)seen); /* each pixel is right once */
    hits_before = hits;
  }
  return sum;
}

static bool measure(const vx_metric_input *in, double *columns, vx_error *error) {
  const vx_heat *heat = in->heat;
  size_t pixels = (size_t)heat->height * (size_t)heat->width, n = 0;
  scored *items = malloc(2 * pixels * sizeof *items);
  if (!items) return vx_fail(error, "average precision", "out of memory for %zu pixels", pixels);
  for (size_t i = 0; i < pixels; i++) {
    if (in->truth[i] == VX_IGNORED) continue;
    double h = heat->h[i] + 0.0; /* no negative zero */
    items[n].foreground = in->truth[i] == VX_FOREGROUND;
    memcpy(&items[n++].key, &h, sizeof h);
  }
  columns[0] = n > 0 ? average_precision(sort_upwards(items, items + pixels, n), n) : (double)NAN;
  free(items);
  return true;
}

const vx_metric vx_metric_average_precision = {
    .id = "average-precision",
    .title = "Average precision",
    .cite = "Chefer et al. 2021 (CVPR), utils/metrices.py",
    .meaning = "Quality of the map as a ranking of pixels, no threshold: both classes in one list, scores h and 1 - h.",
    .n_columns = 1,
    .columns = {{.name = "average_precision",
                 .title = "mAP",
                 .meaning = "mean over images is the protocol's mAP; undefined where every pixel is ignored",
                 .high = 1,
                 .higher_is_better = true,
                 .percent = true}},
    .measure = measure,
};
