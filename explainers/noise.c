#include "explainers/noise.h"

#include <math.h>

static uint64_t mix(uint64_t z) {
  z += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

uint64_t vx_noise_bits(uint64_t seed, uint64_t stream, uint64_t counter) {
  return mix(mix(mix(seed) ^ stream) ^ counter);
}

double vx_noise_uniform(uint64_t seed, uint64_t stream, uint64_t counter) {
  return (double)(vx_noise_bits(seed, stream, counter) >> 11) * 0x1p-53;
}

void vx_noise_normal(uint64_t seed, uint64_t stream, double *out, size_t count) {
  for (size_t i = 0; i < count; i += 2) {
    double radius = sqrt(-2 * log(1 - vx_noise_uniform(seed, stream, i))); /* 1 - u is in (0, 1] */
    double angle = 2 * M_PI * vx_noise_uniform(seed, stream, i + 1);
    out[i] = radius * cos(angle);
    if (i + 1 < count) out[i + 1] = radius * sin(angle);
  }
}
