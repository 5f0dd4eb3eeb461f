/* Short digests: they tell two files, settings or maps apart; they do not protect against anybody. */
#ifndef VX_DIGEST_H
#define VX_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* 64 bits in the manner of FNV-1a, a word at a time so that a checkpoint is read at memory speed. Fed piece by piece;
   the digest depends on how the bytes were cut into pieces. */
typedef struct vx_digest {
  uint64_t state;
} vx_digest;

enum { VX_DIGEST_SIZE = 17 }; /* 16 hex digits and the end */

void vx_digest_start(vx_digest *digest);
void vx_digest_bytes(vx_digest *digest, const void *bytes, size_t count);

/* A text and its end, so that "ab", "c" and "a", "bc" differ. NULL counts as a text of its own. */
void vx_digest_text(vx_digest *digest, const char *text);
void vx_digest_real(vx_digest *digest, double value); /* its bits; all NaN alike */
void vx_digest_print(const vx_digest *digest, char text[VX_DIGEST_SIZE]);

#endif
