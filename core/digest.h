/* A 64-bit digest of bytes, to tell one model, data set or result from another. Not a defence against malice. */
#ifndef VX_DIGEST_H
#define VX_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* Start with 0; feed pieces in order. A digest depends on how the bytes were cut into pieces. */
uint64_t vx_digest(uint64_t digest, const void *bytes, size_t size);

/* 16 hex digits and the closing zero. */
void vx_digest_text(uint64_t digest, char text[17]);

#endif
