#include "tests/support/golden.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool vx_test_exists(const char *path) {
  return access(path, R_OK) == 0;
}

const char *vx_test_path(const char *folder, const char *format, ...) {
  static char buffers[4][4096];
  static int turn;
  char *buffer = buffers[turn = (turn + 1) % 4];
  int used = snprintf(buffer, sizeof buffers[0], "%s/", folder);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(buffer + used, sizeof buffers[0] - (size_t)used, format, arguments);
  va_end(arguments);
  return buffer;
}

const char *vx_test_shared(void) {
  const char *folder = getenv("VITX_SHARED");
  if (!folder) folder = "../shared";
  return vx_test_exists(vx_test_path(folder, "golden")) ? folder : NULL;
}

double *vx_test_doubles(const vx_tensors *file, const char *name, size_t *count) {
  const vx_tensor *tensor = vx_tensors_find(file, name);
  if (!tensor) return NULL;
  double *values = malloc(tensor->count * sizeof *values);
  if (values) vx_tensor_to_double(tensor, values);
  if (count) *count = tensor->count;
  return values;
}

double vx_test_difference(size_t count, const double *a, const double *b) {
  double most = 0, off = 0;
  for (size_t i = 0; i < count; i++) {
    double d = fabs(a[i] - b[i]);
    if (isnan(d)) return INFINITY;
    off = fmax(off, d);
    most = fmax(most, fabs(b[i]));
  }
  return off == 0 ? 0 : off / (most > 0 ? most : 1);
}

void vx_test_skipped(const char *why) {
  printf("SKIPPED: %s\n", why);
}
