#include "harness/study/oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SETTINGS = 3, LEVELS = 256 };

typedef struct sums {
  const vx_rescore *source;
  vx_oracle_row *rows;
  double *levels; /* [methods][256] sums of IoU */
} sums;

static bool take(void *user, const vx_rescored *one, vx_error *error) {
  sums *s = user;
  (void)error;
  if (!one->level_iou) return true;
  size_t method = (size_t)(one->method - s->source->methods);
  vx_oracle_row *row = &s->rows[method];
  double best = 0;
  for (int t = 0; t < LEVELS; t++) {
    s->levels[method * LEVELS + (size_t)t] += one->level_iou[t];
    best = fmax(best, one->level_iou[t]);
  }
  row->n++;
  row->image += best;
  row->otsu += vx_iou(&one->cuts[0].counts);
  row->mean += vx_iou(&one->cuts[1].counts);
  row->half += vx_iou(&one->cuts[2].counts);
  return true;
}

static void finish(vx_oracle_row *row, const double *levels) {
  row->level = 0;
  for (int t = 1; t < LEVELS; t++) {
    if (levels[t] > levels[row->level]) row->level = t;
  }
  row->data_set = levels[row->level] / row->n; /* without images 0/0: NaN */
  row->image /= row->n;
  row->otsu /= row->n;
  row->mean /= row->n;
  row->half /= row->n;
}

bool vx_oracle_make(vx_rescore *source, const vx_scoring_row *scoring, int jobs, vx_oracle_row *rows, vx_error *error) {
  static const char *const thresholds[SETTINGS] = {"otsu", "mean", "0.5"};
  vx_setting settings[SETTINGS];
  sums s = {.source = source, .rows = rows};
  for (int k = 0; k < SETTINGS; k++) {
    if (!vx_setting_make(scoring, &settings[k], error) ||
        !vx_setting_set(&settings[k], "threshold", thresholds[k], NULL, error))
      return false;
  }
  if (!vx_rescore_check(source, &settings[0], NULL, 0, error)) return false;
  s.levels = calloc((size_t)source->method_count * LEVELS + 1, sizeof *s.levels);
  if (!s.levels) return vx_fail(error, "oracle", "out of memory");
  for (int m = 0; m < source->method_count; m++) rows[m] = (vx_oracle_row){.method = &source->methods[m]};
  source->every_level = true;
  bool ok = vx_rescore_all(source, settings, SETTINGS, jobs, take, &s, error);
  for (int m = 0; ok && m < source->method_count; m++) finish(&rows[m], s.levels + (size_t)m * LEVELS);
  free(s.levels);
  return ok;
}
