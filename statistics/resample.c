#include "statistics/resample.h"

#include "base/random.h"

#include <cblas.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

void vx_weights(vx_weighting kind, uint64_t seed, size_t r, const size_t *place, double *weights, size_t images) {
  const uint64_t stream = vx_random_stream(seed, r);
  if (kind == VX_SIGN_WEIGHTS) {
    uint64_t bits = 0;
    for (size_t i = 0; i < images; i++) {
      if (i % 64 == 0) bits = vx_random_bits(stream, i / 64);
      weights[place ? place[i] : i] = (bits >> (i % 64) & 1) ? 1.0 : -1.0;
    }
    return;
  }
  memset(weights, 0, images * sizeof *weights);
  for (size_t i = 0; i < images; i++) {
    size_t drawn = vx_random_below(vx_random_bits(stream, i), (uint32_t)images);
    weights[place ? place[drawn] : drawn] += 1;
  }
}

/* Resamples at a time: their weights should stay in the second-level cache. */
static size_t rows_at_a_time(size_t images, size_t resamples) {
  size_t rows = 65536 / (images ? images : 1);
  rows = rows < 8 ? 8 : rows > 512 ? 512 : rows;
  return rows < resamples ? rows : resamples;
}

bool vx_resample_sums(vx_weighting kind, uint64_t seed, size_t resamples, const double *values, size_t images,
                      size_t columns, const vx_groups *groups, double *sums, vx_error *error) {
  if (images > INT_MAX || columns > INT_MAX || resamples > INT_MAX)
    return vx_fail(error, "resampling", "%zu images, %zu columns, %zu resamples: expected each below 2^31", images,
                   columns, resamples);
  const size_t rows = rows_at_a_time(images, resamples), whole[2] = {0, images};
  const vx_groups one = {.count = 1, .start = whole};
  if (!groups) groups = &one;
  if (images == 0 || columns == 0 || resamples == 0) {
    memset(sums, 0, groups->count * columns * resamples * sizeof *sums);
    return true;
  }
  double *weights = malloc(rows * images * sizeof *weights); /* [rows][images] */
  if (!weights) return vx_fail(error, "resampling", "out of memory for %zu x %zu weights", rows, images);
  for (size_t first = 0; first < resamples; first += rows) {
    size_t m = first + rows < resamples ? rows : resamples - first;
    for (size_t r = 0; r < m; r++) vx_weights(kind, seed, first + r, groups->place, weights + r * images, images);
    for (size_t g = 0; g < groups->count; g++) {
      /* sums [columns][m] = values^T [columns][n] * weights^T [n][m], n the images of the group; n = 0 gives zeros */
      cblas_dgemm(CblasRowMajor, CblasTrans, CblasTrans, (int)columns, (int)m,
                  (int)(groups->start[g + 1] - groups->start[g]), 1, values + groups->start[g] * columns, (int)columns,
                  weights + groups->start[g], (int)images, 0, sums + g * columns * resamples + first, (int)resamples);
    }
  }
  free(weights);
  return true;
}
