#include "core/digest.h"

#include <stdio.h>
#include <string.h>

#include "core/random.h"

uint64_t vx_digest(uint64_t digest, const void *bytes, size_t size) {
  const uint8_t *p = bytes;
  /* Four lanes, so that the multiplications overlap: large checkpoints are read at memory speed. */
  uint64_t lane[4] = {digest ^ size, digest + 1, digest + 2, digest + 3};
  for (; size >= 32; p += 32, size -= 32) {
    uint64_t word[4];
    memcpy(word, p, sizeof word);
    for (int i = 0; i < 4; i++) {
      lane[i] = (lane[i] ^ word[i]) * 0x9e3779b97f4a7c15u;
      lane[i] ^= lane[i] >> 29;
    }
  }
  uint64_t tail[4] = {0};
  memcpy(tail, p, size);
  for (int i = 0; i < 4; i++) digest = vx_random_mix(digest ^ vx_random_mix(lane[i] ^ tail[i]));
  return digest;
}

void vx_digest_text(uint64_t digest, char text[17]) {
  snprintf(text, 17, "%016llx", (unsigned long long)digest);
}
