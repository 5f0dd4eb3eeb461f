#include "base/safe_name.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The character at `text` and its bytes; 0 for a byte that begins no UTF-8 character (then *length is 1). */
static uint32_t next_character(const unsigned char *text, size_t *length) {
  static const struct {
    unsigned char mask, lead;
    uint32_t least;
  } forms[] = {{0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
  *length = 1;
  if (*text < 0x80) return *text;
  for (size_t more = 1; more <= 3; more++) {
    if ((*text & forms[more - 1].mask) != forms[more - 1].lead) continue;
    uint32_t character = *text & (0x3fu >> more);
    for (size_t i = 1; i <= more; i++) {
      if ((text[i] & 0xc0) != 0x80) return 0;
      character = character << 6 | (text[i] & 0x3f);
    }
    if (character < forms[more - 1].least || character > 0x10ffff || (character >= 0xd800 && character < 0xe000))
      return 0;
    *length = more + 1;
    return character;
  }
  return 0;
}

static bool is_plain(uint32_t c) {
  if (c < 0x80)
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("._+=,-", (int)c));
  bool control = c < 0xa1, soft_hyphen = c == 0xad;
  bool invisible = (c >= 0x2000 && c <= 0x200f) || (c >= 0x2028 && c <= 0x202f) || (c >= 0x205f && c <= 0x206f);
  bool odd = c == 0x061c || c == 0x180e || c == 0x3000 || c == 0xfeff || c == 0xfffd;
  return !(control || soft_hyphen || invisible || odd);
}

static void make_safe(const char *text, size_t size, char name[VX_SAFE_NAME]) {
  size_t used = 0, length;
  for (size_t i = 0; i < size; i += length) {
    uint32_t c = next_character((const unsigned char *)text + i, &length);
    bool plain = is_plain(c) && i + length <= size;
    if (used == 0 && (!plain || c == '.' || c == '-')) continue;
    if (!plain && name[used - 1] == '-') continue;
    size_t add = plain ? length : 1;
    if (used + add >= VX_SAFE_NAME - 8) break; /* room for -2, -3 … */
    if (plain)
      memcpy(name + used, text + i, length);
    else
      name[used] = '-';
    used += add;
  }
  while (used && (name[used - 1] == '-' || name[used - 1] == '.')) used--;
  name[used] = '\0';
  if (!used) strcpy(name, "unnamed");
}

void vx_safe_name(const char *text, char name[VX_SAFE_NAME]) {
  make_safe(text, strlen(text), name);
}

void vx_safe_stem(const char *path, char name[VX_SAFE_NAME]) {
  size_t end = strlen(path);
  while (end > 0 && path[end - 1] == '/') end--;
  size_t start = end;
  while (start > 0 && path[start - 1] != '/') start--;
  for (size_t i = end; i > start + 1; i--)
    if (path[i - 1] == '.') {
      end = i - 1;
      break;
    }
  make_safe(path + start, end - start, name);
}

void vx_safe_distinct(const char (*before)[VX_SAFE_NAME], size_t count, char name[VX_SAFE_NAME]) {
  char own[VX_SAFE_NAME];
  strcpy(own, name);
  for (unsigned number = 2;; number++) {
    bool taken = false;
    for (size_t i = 0; i < count && !taken; i++) taken = strcasecmp(before[i], name) == 0;
    if (!taken) return;
    snprintf(name, VX_SAFE_NAME, "%.87s-%u", own, number % 1000000);
  }
}
