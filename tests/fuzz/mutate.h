/* Mutations of bytes for fuzz.c: all a function of one number, so that every input can be made again. */
#ifndef VX_FUZZ_MUTATE_H
#define VX_FUZZ_MUTATE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

typedef struct bytes {
  uint8_t *data;
  size_t size;
} bytes;

typedef struct draws {
  uint64_t start, next;
} draws;

static inline size_t fuzz_below(draws *d, size_t n) {
  return n ? (size_t)(vx_random_bits(d->start, d->next++) % n) : 0;
}

static const char *const fuzz_words[] = {"-1",
                                         "0",
                                         "1e999",
                                         "nan",
                                         "99999999999999999999",
                                         "4294967296",
                                         "2147483648",
                                         "1.5",
                                         "\"",
                                         "'",
                                         "{",
                                         "}",
                                         "[",
                                         "]",
                                         ":",
                                         ",",
                                         "\n",
                                         "\n  ",
                                         "- ",
                                         "&a",
                                         "*a",
                                         "!!int ",
                                         "|",
                                         "#",
                                         "---",
                                         "<object>",
                                         "</object>",
                                         "<name/>",
                                         "<!--",
                                         "<![CDATA[",
                                         "<!DOCTYPE a [<!ENTITY b \"c\">]>",
                                         "&b;",
                                         "&#0;",
                                         "\xff",
                                         "\xc3",
                                         "null",
                                         "true",
                                         "\\u0000"};

/* Room for what one mutation adds, beyond a copy of a part of the input. */
enum { FUZZ_GROWTH = 64 };

static inline void fuzz_insert(bytes *b, size_t at, const uint8_t *what, size_t size) {
  uint8_t *grown = malloc(b->size + size + 1);
  memcpy(grown, b->data, at);
  memcpy(grown + at, what, size);
  memcpy(grown + at + size, b->data + at, b->size - at);
  free(b->data);
  b->data = grown;
  b->size += size;
}

static inline void fuzz_remove(bytes *b, size_t at, size_t size) {
  memmove(b->data + at, b->data + at + size, b->size - at - size);
  b->size -= size;
}

static inline void fuzz_mutate_once(bytes *b, draws *d) {
  /* headers and structure stand in front: half of all changes go there */
  size_t reach = fuzz_below(d, 2) && b->size > 4096 ? 4096 : b->size;
  size_t at = fuzz_below(d, reach), rest = b->size - at;
  size_t some = rest ? 1 + fuzz_below(d, rest < FUZZ_GROWTH ? rest : FUZZ_GROWTH) : 0;
  const char *word = fuzz_words[fuzz_below(d, sizeof fuzz_words / sizeof *fuzz_words)];
  switch (b->size ? fuzz_below(d, 8) : 5) {
  case 0:
    b->data[at] = (uint8_t)(b->data[at] ^ 1u << fuzz_below(d, 8));
    break;
  case 1:
    b->data[at] = (uint8_t)fuzz_below(d, 256);
    break;
  case 2:
    memset(b->data + at, fuzz_below(d, 2) ? 255 : 0, some > 8 ? 8 : some);
    break;
  case 3:
    fuzz_remove(b, at, some);
    break;
  case 4: {
    uint8_t copy[FUZZ_GROWTH];
    memcpy(copy, b->data + fuzz_below(d, b->size - some + 1), some);
    fuzz_insert(b, at, copy, some);
    break;
  }
  case 5:
    fuzz_insert(b, at, (const uint8_t *)word, strlen(word));
    break;
  case 6:
    for (size_t i = at; i < b->size; i++) /* the next number becomes another */
      if (b->data[i] >= '0' && b->data[i] <= '9') {
        b->data[i] = (uint8_t)('0' + fuzz_below(d, 10));
        break;
      }
    break;
  default:
    if (fuzz_below(d, 4) == 0) b->size = at; /* cut off */
  }
}

/* `from` with one to six changes; to be freed. The memory has exactly its size: a sanitizer sees one byte too far. */
static inline bytes fuzz_mutate(const bytes *from, uint64_t number) {
  draws d = {vx_random_stream(number, 1), 0};
  bytes b = {malloc(from->size + 1), from->size};
  memcpy(b.data, from->data, from->size);
  size_t times = 1 + fuzz_below(&d, 6);
  for (size_t i = 0; i < times; i++) fuzz_mutate_once(&b, &d);
  uint8_t *exact = malloc(b.size ? b.size : 1);
  memcpy(exact, b.data, b.size);
  free(b.data);
  b.data = exact;
  return b;
}

static inline uint32_t fuzz_crc(const uint8_t *data, size_t size) {
  uint32_t crc = ~0u;
  for (size_t i = 0; i < size; i++) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
  }
  return ~crc;
}

/* Makes the check sums of a PNG's chunks right again, so that a change in one is read and not merely refused. */
static inline void fuzz_mend_png(bytes *b) {
  for (size_t at = 8; at + 12 <= b->size;) {
    size_t length = (size_t)b->data[at] << 24 | (size_t)b->data[at + 1] << 16 | (size_t)b->data[at + 2] << 8 |
                    (size_t)b->data[at + 3];
    if (length > b->size - at - 12) return;
    uint32_t crc = fuzz_crc(b->data + at + 4, length + 4);
    for (int i = 0; i < 4; i++) b->data[at + 8 + length + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
    at += length + 12;
  }
}

#endif
