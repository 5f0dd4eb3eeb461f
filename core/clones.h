/* Hot loops for several instruction sets. */
#ifndef VX_CLONES_H
#define VX_CLONES_H

/* The hot loops are compiled for several instruction sets; the program picks at start. Not under sanitizers, whose
   runtimes start after the choice is made, nor where the compiler cannot. */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(VX_NO_CLONES)
#define VX_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VX_CLONES
#endif

#endif
