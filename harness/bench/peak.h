/* How many floating-point operations a core can do at best: what the passes are measured against. */
#ifndef VX_PEAK_H
#define VX_PEAK_H

/* The widest vectors of this processor that the loop knows: "AVX-512", "AVX2", "SSE2" or "scalar". */
const char *vx_peak_vectors(void);

/* GFLOP/s of one core in single precision: fused multiply-adds (two operations each) between registers alone, for
   about `seconds` of this thread's processor time; the best of several parts. Double precision does half of it: its
   vectors hold half as many numbers. */
double vx_peak_gflops(double seconds);

#endif
