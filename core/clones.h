/* Hot loops for several instruction sets. */
#ifndef VX_CLONES_H
#define VX_CLONES_H

/* The hot loops are compiled for several instruction sets; the program picks at start. Not under sanitizers (gcc tells
   by macros, clang by __has_feature), whose runtimes start after the choice is made, nor where the compiler cannot. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define VX_NO_CLONES
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define VX_NO_CLONES
#endif
#endif
#if defined(__x86_64__) && !defined(VX_NO_CLONES)
#define VX_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VX_CLONES
#endif

#endif
