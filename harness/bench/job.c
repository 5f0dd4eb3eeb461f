/* What the parts of the bench share: the forward pass that others are compared with, a view, a group, the machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/bench/parts.h"

void vx_bench_proc_line(const char *path, const char *key, char *text, size_t size) {
  char line[512];
  text[0] = '\0';
  FILE *file = fopen(path, "r");
  while (file && !text[0] && fgets(line, sizeof line, file)) {
    char *colon = strchr(line, ':');
    if (!colon || strncmp(line, key, strlen(key)) != 0) continue;
    colon += 1 + strspn(colon + 1, " \t");
    colon[strcspn(colon, "\n")] = '\0';
    snprintf(text, size, "%s", colon);
  }
  if (file) fclose(file);
}

double vx_bench_peak_mb(void) {
  char text[64];
  vx_bench_proc_line("/proc/self/status", "VmHWM", text, sizeof text);
  return 1.024e-3 * atof(text); /* written in KiB */
}

bool vx_bench_forward(vx_bench_job *job, vx_series *series, vx_error *error) {
  vx_moment start = vx_moment_now();
  if (!vx_worker_forward(job->plain, job->x, error)) return false;
  vx_series_add(series, start, 1);
  return true;
}

bool vx_bench_forward_after(vx_bench_job *job, vx_series *series, vx_error *error) {
  vx_series after = {0};
  if (!vx_bench_forward(job, &after, error)) return false;
  int last = series->count - 1;
  series->wall[last] = (series->wall[last] + after.wall[0]) / 2;
  series->cpu[last] = (series->cpu[last] + after.cpu[0]) / 2;
  return true;
}

vx_view *vx_bench_view(const vx_bench_job *job, vx_worker *worker, vx_error *error) {
  vx_view *view = vx_worker_explain(worker, 0, VX_LOGIT, error);
  if (!view) return NULL;
  view->picture = job->picture;
  view->prior = job->prior;
  return view;
}

static void make_same(void *user, int index, vx_variant *variant) {
  const vx_bench_job *job = user;
  size_t values = 3 * (size_t)job->shape->image * (size_t)job->shape->image;
  (void)index;
  for (size_t i = 0; i < values; i++) variant->x[i] = (double)job->x[i];
}

static void see_nothing(void *user, int index, const vx_view *view) {
  (void)user, (void)index, (void)view;
}

bool vx_bench_group(const vx_bench_job *job, const vx_view *view, bool gradient, vx_error *error) {
  return view->again->run(view->again, VX_GROUP, gradient, make_same, see_nothing, (void *)job, error);
}
