/* A counter-based random generator: every number is a function of (seed, scene, stream, how many were drawn), so that
   a scene looks the same whether it is drawn alone, in any order or by any compiler. */
#ifndef SCENES_RNG_H
#define SCENES_RNG_H

#include <stdint.h>

#include "base/random.h"

typedef struct rng {
  uint64_t key, count;
} rng;

/* Streams keep the parts of a scene apart: a change to the painting never moves a mask. */
enum rng_stream { RNG_LAYOUT = 1, RNG_PAINT = 2, RNG_NOISE = 3 };

static inline rng rng_make(uint64_t seed, uint64_t index, enum rng_stream stream) {
  uint64_t key = vx_mix64(seed + 0x9e3779b97f4a7c15u);
  key = vx_mix64(key ^ (index * 0x9e3779b97f4a7c15u + 0x632be59bd9b4e019u));
  return (rng){vx_mix64(key ^ ((uint64_t)stream << 56)), 0};
}

static inline uint64_t rng_next(rng *r) {
  return vx_mix64(r->key + 0x9e3779b97f4a7c15u * ++r->count);
}

/* Uniform in [0, 1), a multiple of 2^-53. */
static inline double rng_unit(rng *r) {
  return (double)(rng_next(r) >> 11) * (1.0 / 9007199254740992.0);
}

static inline double rng_between(rng *r, double lo, double hi) {
  return lo + (hi - lo) * rng_unit(r);
}

/* Uniform in lo … hi, both included. */
static inline int rng_int(rng *r, int lo, int hi) {
  return lo + (int)((double)(hi - lo + 1) * rng_unit(r));
}

static inline int rng_chance(rng *r, double p) {
  return rng_unit(r) < p;
}

#endif
