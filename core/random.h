/* Random numbers by counter: the i-th number of a seed is a pure function of both, so that results do not depend on
   who draws first. SplitMix64's finalizer (Steele, Lea & Flood 2014) over seed and counter. */
#ifndef VX_RANDOM_H
#define VX_RANDOM_H

#include <math.h>
#include <stdint.h>

static inline uint64_t vx_random_mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static inline uint64_t vx_random_bits(uint64_t seed, uint64_t counter) {
  return vx_random_mix(vx_random_mix(seed + 0x9e3779b97f4a7c15u) + (counter + 1) * 0x9e3779b97f4a7c15u);
}

/* Uniform in (0, 1), never 0 nor 1. */
static inline double vx_random_uniform(uint64_t seed, uint64_t counter) {
  return ((double)(vx_random_bits(seed, counter) >> 12) + 0.5) * 0x1p-52;
}

/* Standard normal, by Box and Muller; uses counters 2i and 2i + 1 of the seed. */
static inline double vx_random_normal(uint64_t seed, uint64_t counter) {
  double radius = sqrt(-2 * log(vx_random_uniform(seed, 2 * counter)));
  return radius * cos(6.283185307179586477 * vx_random_uniform(seed, 2 * counter + 1));
}

#endif
