#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/bench/parts.h"

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

vx_moment vx_moment_now(void) {
  return (vx_moment){seconds(CLOCK_MONOTONIC), seconds(CLOCK_THREAD_CPUTIME_ID)};
}

vx_moment vx_series_add(vx_series *series, vx_moment start, double share) {
  vx_moment now = vx_moment_now();
  if (series->count < VX_BENCH_REPEATS_MAX) {
    series->wall[series->count] = 1e3 * (now.wall - start.wall) / share;
    series->cpu[series->count++] = 1e3 * (now.cpu - start.cpu) / share;
  }
  return now;
}

void vx_series_plus(vx_series *sum, const vx_series *more) {
  if (sum->count == 0) sum->count = more->count;
  for (int i = 0; i < sum->count && i < more->count; i++) {
    sum->wall[i] += more->wall[i];
    sum->cpu[i] += more->cpu[i];
  }
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void order(int count, const double *values, double *median, double *least) {
  double sorted[VX_BENCH_REPEATS_MAX];
  *median = *least = 0;
  if (count == 0) return;
  memcpy(sorted, values, (size_t)count * sizeof *sorted);
  qsort(sorted, (size_t)count, sizeof *sorted, ascending);
  *least = sorted[0];
  *median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

double vx_series_ratio(const vx_series *series, const vx_series *beside) {
  double ratio[VX_BENCH_REPEATS_MAX], median, least;
  int count = series->count < beside->count ? series->count : beside->count;
  for (int i = 0; i < count; i++) ratio[i] = series->cpu[i] / beside->cpu[i];
  order(count, ratio, &median, &least);
  return median;
}

vx_bench_time vx_series_time(const vx_series *series, const vx_series *less) {
  vx_bench_time time, base = {0};
  order(series->count, series->wall, &time.ms, &time.ms_min);
  order(series->count, series->cpu, &time.cpu_ms, &time.cpu_ms_min);
  if (less) base = vx_series_time(less, NULL);
  return (vx_bench_time){time.ms - base.ms, time.ms_min - base.ms_min, time.cpu_ms - base.cpu_ms,
                         time.cpu_ms_min - base.cpu_ms_min};
}
