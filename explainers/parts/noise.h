/* Random numbers for methods that draw: counter-based, so that a number depends on (seed, stream, counter) only and on
   nothing drawn before it, whatever thread or order asks. The mixing function is SplitMix64's (Steele, Lea, Flood
   2014), applied to seed, stream and counter in turn. */
#ifndef VX_NOISE_H
#define VX_NOISE_H

#include <stddef.h>
#include <stdint.h>

/* A number for each method (and sample), so that no two methods share their draws. */
typedef enum vx_stream { VX_STREAM_RANDOM = 1, VX_STREAM_SMOOTHGRAD = 1000 } vx_stream;

uint64_t vx_noise_bits(uint64_t seed, uint64_t stream, uint64_t counter);

/* Uniform in [0, 1), 53 bits. */
double vx_noise_uniform(uint64_t seed, uint64_t stream, uint64_t counter);

/* out [count] = standard normal numbers by Box and Muller, numbers 2k and 2k + 1 from counters 2k and 2k + 1. */
void vx_noise_normal(uint64_t seed, uint64_t stream, double *out, size_t count);

#endif
