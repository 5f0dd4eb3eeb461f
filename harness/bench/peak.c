/* Loops of multiply-adds that never leave the registers. Each has more independent sums than a multiply-add's latency
   times the units that work side by side (4 cycles on 2 units: 8), so that the units are never idle. */
#include "harness/bench/peak.h"

#include "harness/bench/parts.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { TURNS = 20000, PARTS = 5 };

/* Each loop: sums <- sums * factor + term, `turns` times; returns something of the sums, lest the work is left out, and
   tells the operations of one turn. The sums stay near term / (1 - factor). */
typedef float (*loop)(int turns, int *operations);

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static float loop_avx512(int turns, int *operations) {
  enum { SUMS = 20 };
  __m512 sum[SUMS], factor = _mm512_set1_ps(0.5f), term = _mm512_set1_ps(0.25f);
  for (int i = 0; i < SUMS; i++) sum[i] = _mm512_set1_ps((float)i);
  for (int t = 0; t < turns; t++)
#pragma GCC unroll 20
    for (int i = 0; i < SUMS; i++) sum[i] = _mm512_fmadd_ps(sum[i], factor, term);
  for (int i = 1; i < SUMS; i++) sum[0] = _mm512_add_ps(sum[0], sum[i]);
  *operations = SUMS * 16 * 2;
  return _mm512_cvtss_f32(sum[0]);
}

__attribute__((target("avx2,fma"))) static float loop_avx2(int turns, int *operations) {
  enum { SUMS = 12 };
  __m256 sum[SUMS], factor = _mm256_set1_ps(0.5f), term = _mm256_set1_ps(0.25f);
  for (int i = 0; i < SUMS; i++) sum[i] = _mm256_set1_ps((float)i);
  for (int t = 0; t < turns; t++)
#pragma GCC unroll 12
    for (int i = 0; i < SUMS; i++) sum[i] = _mm256_fmadd_ps(sum[i], factor, term);
  for (int i = 1; i < SUMS; i++) sum[0] = _mm256_add_ps(sum[0], sum[i]);
  *operations = SUMS * 8 * 2;
  return _mm256_cvtss_f32(sum[0]);
}

static float loop_sse2(int turns, int *operations) {
  enum { SUMS = 12 };
  __m128 sum[SUMS], factor = _mm_set1_ps(0.5f), term = _mm_set1_ps(0.25f);
  for (int i = 0; i < SUMS; i++) sum[i] = _mm_set1_ps((float)i);
  for (int t = 0; t < turns; t++)
#pragma GCC unroll 12
    for (int i = 0; i < SUMS; i++) sum[i] = _mm_add_ps(_mm_mul_ps(sum[i], factor), term);
  for (int i = 1; i < SUMS; i++) sum[0] = _mm_add_ps(sum[0], sum[i]);
  *operations = SUMS * 4 * 2;
  return _mm_cvtss_f32(sum[0]);
}
#else
static float loop_scalar(int turns, int *operations) {
  enum { SUMS = 16 };
  float sum[SUMS], total = 0;
  for (int i = 0; i < SUMS; i++) sum[i] = (float)i;
  for (int t = 0; t < turns; t++)
    for (int i = 0; i < SUMS; i++) sum[i] = sum[i] * 0.5f + 0.25f;
  for (int i = 0; i < SUMS; i++) total += sum[i];
  *operations = SUMS * 2;
  return total;
}
#endif

static loop choose(const char **name) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) {
    *name = "AVX-512";
    return loop_avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    *name = "AVX2";
    return loop_avx2;
  }
  *name = "SSE2";
  return loop_sse2;
#else
  *name = "scalar";
  return loop_scalar;
#endif
}

const char *vx_peak_vectors(void) {
  const char *name;
  choose(&name);
  return name;
}

double vx_peak_gflops(double seconds) {
  const char *name;
  loop run = choose(&name);
  volatile float keep;
  double best = 0, begin = vx_moment_now().cpu;
  for (int part = 0; part < PARTS || vx_moment_now().cpu - begin < seconds; part++) {
    int operations;
    double start = vx_moment_now().cpu;
    keep = run(TURNS, &operations);
    double rate = 1e-9 * TURNS * operations / (vx_moment_now().cpu - start);
    best = rate > best ? rate : best;
  }
  (void)keep;
  return best;
}
