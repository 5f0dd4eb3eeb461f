/* Counter-based random numbers: number k of a stream is a function of (seed, stream, k) alone, so that any thread can
   draw any part in any order and gets the same. SplitMix64 (Steele, Lea & Flood 2014), jumped to. */
#ifndef VX_RANDOM_H
#define VX_RANDOM_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

static inline uint64_t vx_mix64(uint64_t z) {
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

/* Where a stream starts; streams of one seed do not meet in practice (2^64 states). */
static inline uint64_t vx_random_stream(uint64_t seed, uint64_t stream) {
  return vx_mix64(vx_mix64(seed + UINT64_C(0x9E3779B97F4A7C15)) ^ (stream + 1) * UINT64_C(0xD1342543DE82EF95));
}

/* 64 random bits: number `counter` of the stream that starts at `start`. */
static inline uint64_t vx_random_bits(uint64_t start, uint64_t counter) {
  return vx_mix64(start + (counter + 1) * UINT64_C(0x9E3779B97F4A7C15));
}

/* An index in [0, n), n < 2^32, from the upper half of 64 random bits; its bias is below n/2^32. */
static inline uint32_t vx_random_below(uint64_t bits, uint32_t n) {
  return (uint32_t)((bits >> 32) * n >> 32);
}

/* A double in [0, 1) */
static inline double vx_random_uniform(uint64_t bits) {
  return (double)(bits >> 11) * 0x1p-53;
}

/* A standard normal, by Box and Muller from numbers 2 counter and 2 counter + 1 of a stream. */
static inline double vx_random_normal(uint64_t start, uint64_t counter) {
  double radius = sqrt(-2 * log(1 - vx_random_uniform(vx_random_bits(start, 2 * counter))));
  return radius * cos(6.283185307179586477 * vx_random_uniform(vx_random_bits(start, 2 * counter + 1)));
}

/* Number `counter` of a stream, uniform in [0, 1). */
static inline double vx_uniform_at(uint64_t seed, uint64_t stream, uint64_t counter) {
  return vx_random_uniform(vx_random_bits(vx_random_stream(seed, stream), counter));
}

/* out [count] = the stream's first standard normals. */
static inline void vx_normals(uint64_t seed, uint64_t stream, double *out, size_t count) {
  uint64_t start = vx_random_stream(seed, stream);
  for (size_t i = 0; i < count; i++) out[i] = vx_random_normal(start, i);
}

#endif
