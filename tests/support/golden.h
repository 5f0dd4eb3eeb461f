/* What tests of golden vectors share: where files are, and how far two arrays are apart. */
#ifndef VX_TEST_GOLDEN_H
#define VX_TEST_GOLDEN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/safetensors.h"

/* The optional extra vectors: the folder named by VITX_SHARED, else ../shared; NULL where there is none. */
const char *vx_test_shared(void);

/* "FOLDER/a/b" in a static buffer of its own per call site use: valid until the fourth next call. */
const char *vx_test_path(const char *folder, const char *format, ...) __attribute__((format(printf, 2, 3)));

bool vx_test_exists(const char *path);

/* A tensor as doubles (malloc'ed); NULL when the file has none of that name. */
double *vx_test_doubles(const vx_tensors *file, const char *name, size_t *count);

/* max |a - b| / max |b|; 0 / 0 counts as 0, and NaN as infinite. */
double vx_test_difference(size_t count, const double *a, const double *b);

/* Prints "SKIPPED: why" once per call. */
void vx_test_skipped(const char *why);

#endif
