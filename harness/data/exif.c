#include "harness/data/exif.h"

#include <stdbool.h>
#include <string.h>

/* A number of 2 or 4 bytes; 0 beyond the end. */
static uint32_t number(const uint8_t *data, size_t size, size_t at, int bytes, bool big) {
  uint32_t value = 0;
  if (at > size || size - at < (size_t)bytes) return 0;
  for (int i = 0; i < bytes; i++) value = value << 8 | data[at + (size_t)(big ? i : bytes - 1 - i)];
  return value;
}

int vx_exif_orientation(const uint8_t *data, size_t size) {
  enum { TAG = 0x0112, ENTRY = 12, SHORT = 3 };
  bool big = size >= 4 && !memcmp(data, "MM\0*", 4);
  if (!big && (size < 4 || memcmp(data, "II*\0", 4) != 0)) return 1;
  size_t at = number(data, size, 4, 4, big);
  uint32_t count = number(data, size, at, 2, big);
  for (uint32_t i = 0; i < count; i++) {
    size_t entry = at + 2 + (size_t)i * ENTRY;
    if (entry > size) return 1;
    if (number(data, size, entry, 2, big) != TAG) continue;
    bool is_short = number(data, size, entry + 2, 2, big) == SHORT;
    uint32_t value = number(data, size, entry + 8, is_short ? 2 : 4, big);
    return value >= 1 && value <= 8 ? (int)value : 1;
  }
  return 1;
}
