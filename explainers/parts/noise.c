#include "explainers/parts/noise.h"

#include <math.h>

#include "base/random.h"

uint64_t vx_noise_bits(uint64_t seed, uint64_t stream, uint64_t counter) {
  return vx_random_bits(vx_random_stream(seed, stream), counter);
}

double vx_noise_uniform(uint64_t seed, uint64_t stream, uint64_t counter) {
  return vx_random_uniform(vx_noise_bits(seed, stream, counter));
}

void vx_noise_normal(uint64_t seed, uint64_t stream, double *out, size_t count) {
  uint64_t start = vx_random_stream(seed, stream);
  for (size_t i = 0; i < count; i++) out[i] = vx_random_normal(start, i);
}
