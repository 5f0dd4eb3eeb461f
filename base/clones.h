/* Hot loops for several instruction sets. */
#ifndef VX_CLONES_H
#define VX_CLONES_H

/* The hot loops are compiled for several instruction sets; the program picks at start. With gcc only: clang 14 gives
   the function that picks a name of its own (foo.ifunc), which other files do not find. Not under sanitizers, whose
   runtimes start after the choice is made. Either way the bits are the same, only slower. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&               \
    !defined(__SANITIZE_THREAD__) && !defined(VX_NO_CLONES)
#define VX_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VX_CLONES
#endif

#endif
