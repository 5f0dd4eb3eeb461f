/* Average precision as in Chefer's segmentation protocol (utils/metrices.py: get_ap_scores): both classes in one
   list. A pixel enters twice, as foreground with score h and as background with score 1 - h; the average precision
   of that list is scikit-learn's (a step per distinct score, AP = sum (R_n - R_{n-1}) P_n). Ignored pixels stay
   out. One number an image; the protocol's mAP is the mean over images. */
#include "metrics/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A pixel: its h, and whether it is foreground. */
typedef struct pixel {
  double h;
  bool foreground;
} pixel;

static int by_h(const void *a, const void *b) {
  const pixel *x = a, *y = b;
  return (x->h > y->h) - (x->h < y->h);
}

static void insert_sorted(pixel *p, size_t n) {
  for (size_t i = 1; i < n; i++) {
    pixel moved = p[i];
    size_t k = i;
    for (; k > 0 && p[k - 1].h > moved.h; k--) p[k] = p[k - 1];
    p[k] = moved;
  }
}

enum { BUCKETS = 1 << 14 };

static size_t bucket_of(double h) {
  return (size_t)(h * (BUCKETS - 1));
}

/* in [n] to out [n], upwards by h in [0,1]: dealt into buckets, which are then sorted one by one. Most maps spread
   over the buckets, so that this takes a tenth of qsort's time. `start` [BUCKETS + 1]. */
static void sort_upwards(const pixel *in, pixel *out, size_t n, size_t *start) {
  memset(start, 0, (BUCKETS + 1) * sizeof *start);
  for (size_t i = 0; i < n; i++) start[bucket_of(in[i].h) + 1]++;
  for (size_t b = 0; b < BUCKETS; b++) start[b + 1] += start[b];
  for (size_t i = 0; i < n; i++) out[start[bucket_of(in[i].h)]++] = in[i];
  for (size_t b = 0, from = 0; b < BUCKETS; from = start[b++]) { /* start[b] has moved to the bucket's end */
    size_t count = start[b] - from;
    if (count > 32)
      qsort(out + from, count, sizeof *out, by_h);
    else
      insert_sorted(out + from, count);
  }
}

/* sorted [n] upwards by h. The scores h downwards are the list from its end, the scores 1 - h downwards the list
   from its start: the two are merged. */
static double average_precision(const pixel *sorted, size_t n) {
  size_t down = n, up = 0, hits = 0, seen = 0, hits_before = 0;
  double sum = 0;
  while (down > 0 || up < n) {
    double h = down > 0 ? sorted[down - 1].h : -1, g = up < n ? 1.0 - sorted[up].h : -1;
    double score = h > g ? h : g;
    for (; down > 0 && sorted[down - 1].h == score; down--, seen++) hits += sorted[down - 1].foreground;
    for (; up < n && 1.0 - sorted[up].h == score; up++, seen++) hits += !sorted[up].foreground;
    sum += (double)(hits - hits_before) / (double)n * ((double)hits / (double)seen); /* each pixel is right once */
    hits_before = hits;
  }
  return sum;
}

static bool measure(const vx_case *in, const vx_args *args, double *columns, vx_error *error) {
  (void)args;
  const vx_heat *heat = in->heat;
  size_t pixels = (size_t)heat->height * (size_t)heat->width, n = 0;
  pixel *counted = malloc(2 * pixels * sizeof *counted), *sorted = counted ? counted + pixels : NULL;
  size_t *start = malloc((BUCKETS + 1) * sizeof *start);
  bool ok = counted && start;
  if (!ok) vx_fail(error, "average precision", "out of memory for %zu pixels", pixels);
  for (size_t i = 0; ok && i < pixels; i++)
    if (in->truth[i] != VX_IGNORED)
      counted[n++] = (pixel){.h = heat->h[i], .foreground = in->truth[i] == VX_FOREGROUND};
  if (ok) {
    sort_upwards(counted, sorted, n, start);
    columns[0] = n > 0 ? average_precision(sorted, n) : (double)NAN;
  }
  free(counted);
  free(start);
  return ok;
}

const vx_measure vx_measure_average_precision = {
    .id = "average-precision",
    .title = "Average precision",
    .cite = "Chefer et al. 2021 (CVPR), utils/metrices.py",
    .meaning = "Quality of the map as a ranking of pixels, no threshold: both classes in one list, scores h and 1 - h.",
    .reads_heat = true,
    .column_count = 1,
    .columns = {VX_SHARE_COLUMN("average_precision", "mAP",
                                "mean over images is the protocol's mAP; undefined where every pixel is ignored")},
    .measure = measure,
};
