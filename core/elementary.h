/* exp, the normal distribution and relevance's division without branches, so that loops over them become vector code,
   with the same bits on every instruction set. NaN stays NaN. Included by files compiled for one `real` (real.h). */
#ifndef VX_ELEMENTARY_H
#define VX_ELEMENTARY_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/clones.h"
#include "core/real.h"

#define VX_INLINE static inline __attribute__((always_inline))

/* Sums run in LANES independent parts, always the same ones: vector code, and the same bits everywhere. */
enum { VX_LANES = 16 };

/* Sum over i < count of `term`, an expression in i, as a `type`. */
#define VX_SUM(type, count, i, term)                                                                                   \
  ({                                                                                                                   \
    type vx_lane_[VX_LANES] = {0}, vx_total_ = 0;                                                                      \
    size_t vx_first_ = 0, vx_count_ = (size_t)(count);                                                                 \
    for (; vx_first_ + VX_LANES <= vx_count_; vx_first_ += VX_LANES)                                                   \
      for (size_t vx_k_ = 0; vx_k_ < VX_LANES; vx_k_++) {                                                              \
        size_t i = vx_first_ + vx_k_;                                                                                  \
        vx_lane_[vx_k_] += (term);                                                                                     \
      }                                                                                                                \
    for (size_t vx_k_ = 0; vx_first_ + vx_k_ < vx_count_; vx_k_++) {                                                   \
      size_t i = vx_first_ + vx_k_;                                                                                    \
      vx_lane_[vx_k_] += (term);                                                                                       \
    }                                                                                                                  \
    for (size_t vx_k_ = 0; vx_k_ < VX_LANES; vx_k_++) vx_total_ += vx_lane_[vx_k_];                                    \
    vx_total_;                                                                                                         \
  })

#ifdef VX_REAL_DOUBLE

/* e^x: x = k ln 2 + r, |r| <= 0.347, Taylor to degree 13 (relative error below 3e-16). 0x1.8p52 rounds x / ln 2 to the
   nearest integer and leaves it in the low bits. Arguments beyond ±708 are clamped. */
VX_INLINE double vx_exp(double x) {
  x = x < -708 ? -708 : x;
  x = x > 708 ? 708 : x;
  double shifted = x * 0x1.71547652b82fep0 + 0x1.8p52;
  uint64_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  double k = shifted - 0x1.8p52;
  double r = (x - k * 0x1.62e42feep-1) - k * 0x1.a39ef35793c76p-33;
  double p = 1.0 / 6227020800;
  p = p * r + 1.0 / 479001600;
  p = p * r + 1.0 / 39916800;
  p = p * r + 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r + 1;
  p = p * r + 1;
  bits = (bits + 1023) << 52; /* 2^k: the shift drops all but the exponent */
  double power;
  memcpy(&power, &bits, sizeof power);
  return p * power;
}

/* (u + 3) exp(u²) erfc(u) / 2 for u >= 0 as a polynomial in t = (u - 3) / (u + 3): Chebyshev interpolation, relative
   error below 3e-17, computed for this project with 60 digits. */
VX_INLINE double vx_scaled_tail(double t) {
  double p = 4.0553436482143272504e-10;
  p = p * t + 3.4774711242745861778e-12;
  p = p * t - 4.3468871345822740048e-9;
  p = p * t - 1.784082842906114889e-9;
  p = p * t + 2.559121098521014089e-8;
  p = p * t + 2.4978960830481858738e-8;
  p = p * t - 1.1692684004589969916e-7;
  p = p * t - 2.0584264049570174863e-7;
  p = p * t + 4.9940850714571003266e-7;
  p = p * t + 1.3838744460303061105e-6;
  p = p * t - 2.3745141380518728623e-6;
  p = p * t - 8.7357861114540570674e-6;
  p = p * t + 0.000015199025792863433411;
  p = p * t + 0.000053780885455219256465;
  p = p * t - 0.00013838890701107049178;
  p = p * t - 0.00027415487137424808238;
  p = p * t + 0.0015170309980290691019;
  p = p * t - 0.00060620831091474276865;
  p = p * t - 0.013413617312025707845;
  p = p * t + 0.059763880643499468906;
  p = p * t - 0.15523363095029161126;
  p = p * t + 0.29511417855205398593;
  p = p * t - 0.44169722658494173067;
  return p * t + 0.5370034535441698404;
}

#else

/* As above in single precision: Taylor to degree 7, relative error below 2e-7; clamped at ±87. */
VX_INLINE float vx_exp(float x) {
  x = x < -87 ? -87 : x;
  x = x > 87 ? 87 : x;
  float shifted = x * 0x1.715476p0f + 0x1.8p23f;
  uint32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  float k = shifted - 0x1.8p23f;
  float r = (x - k * 0x1.63p-1f) + k * 0x1.bd0106p-13f;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1;
  p = p * r + 1;
  bits = (bits + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return p * power;
}

/* As above, degree 13, relative error 4e-10 before rounding. */
VX_INLINE float vx_scaled_tail(float t) {
  float p = -1.1964429128226830982e-6f;
  p = p * t - 5.1512393356752826937e-6f;
  p = p * t + 0.000013716394746917661713f;
  p = p * t + 0.000049368535793064520786f;
  p = p * t - 0.00013735226019607191259f;
  p = p * t - 0.00027131072201378822261f;
  p = p * t + 0.0015166285578924781959f;
  p = p * t - 0.00060717085196458502813f;
  p = p * t - 0.013413535652447962095f;
  p = p * t + 0.059764037532309783486f;
  p = p * t - 0.15523363833099093554f;
  p = p * t + 0.29511416889031138054f;
  p = p * t - 0.4416972263907439122f;
  return p * t + 0.53700345364150319994f;
}

#endif

/* The normal distribution's cumulative function and density at x; gelu(x) = x cdf, gelu'(x) = cdf + x density. */
typedef struct vx_normal {
  real cdf, density;
} vx_normal;

VX_INLINE vx_normal vx_normal_at(real x) {
  real size = x < 0 ? -x : x;
  real u = size * (real)0.70710678118654752440;
  real e = vx_exp(-(real)0.5 * x * x);
  real inverse = 1 / (u + 3);
  real tail = vx_scaled_tail((u - 3) * inverse) * inverse * e; /* erfc(u) / 2 */
  return (vx_normal){x < 0 ? tail : 1 - tail, e * (real)0.39894228040143267794};
}

/* safe(a, b) = a / (b + 1e-9), 0 where b = 0; with stabilizer δ: a b / (b² + δ² mean(b²)). `floor` is δ² mean(b²). */
VX_INLINE real vx_safe(real a, real b, real floor) {
  real numerator = floor > 0 ? a * b : a;
  real denominator = floor > 0 ? b * b + floor : b + (real)1e-9;
  real quotient = numerator / denominator; /* in any case: loops over it are vectors then */
  return b == 0 ? 0 : quotient;
}

#endif
