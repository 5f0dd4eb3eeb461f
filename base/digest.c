#include "base/digest.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void vx_digest_start(vx_digest *digest) {
  digest->state = UINT64_C(14695981039346656037);
}

void vx_digest_bytes(vx_digest *digest, const void *bytes, size_t count) {
  const unsigned char *byte = bytes;
  uint64_t state = digest->state, word;
  for (; count >= sizeof word; byte += sizeof word, count -= sizeof word) {
    memcpy(&word, byte, sizeof word);
    state = (state ^ word) * UINT64_C(1099511628211);
    state ^= state >> 29; /* brings the upper half, where the product's change lies, back to the lower */
  }
  for (size_t i = 0; i < count; i++) state = (state ^ byte[i]) * UINT64_C(1099511628211);
  digest->state = state;
}

void vx_digest_text(vx_digest *digest, const char *text) {
  if (text)
    vx_digest_bytes(digest, text, strlen(text) + 1);
  else
    vx_digest_bytes(digest, "\377", 2);
}

void vx_digest_real(vx_digest *digest, double value) {
  if (isnan(value)) value = NAN;
  vx_digest_bytes(digest, &value, sizeof value);
}

void vx_digest_print(const vx_digest *digest, char text[VX_DIGEST_SIZE]) {
  snprintf(text, VX_DIGEST_SIZE, "%016" PRIx64, digest->state);
}
