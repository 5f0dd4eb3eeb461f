#include "base/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libxml/xmlstring.h>

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static size_t put_utf8(uint32_t c, uint8_t *out) {
  if (c < 0x80) return out[0] = (uint8_t)c, 1;
  if (c < 0x800) return out[0] = (uint8_t)(0xc0 | c >> 6), out[1] = (uint8_t)(0x80 | (c & 63)), 2;
  size_t n = c < 0x10000 ? 3 : 4;
  out[0] = (uint8_t)(n == 3 ? 0xe0 | c >> 12 : 0xf0 | c >> 18);
  for (size_t i = 1; i < n; i++) out[i] = (uint8_t)(0x80 | (c >> 6 * (n - 1 - i) & 63));
  return n;
}

/* After the mark; half a pair of surrogates becomes a byte that is no UTF-8, for who reads the lines to find. */
static size_t from_utf16(const uint8_t *in, size_t size, bool big, uint8_t *out) {
  size_t length = 0;
  for (size_t i = 2; i + 1 < size; i += 2) {
    uint32_t c = big ? (uint32_t)in[i] << 8 | in[i + 1] : (uint32_t)in[i + 1] << 8 | in[i];
    if (c >> 10 == 0x36 && i + 3 < size) {
      uint32_t low = big ? (uint32_t)in[i + 2] << 8 | in[i + 3] : (uint32_t)in[i + 3] << 8 | in[i + 2];
      if (low >> 10 == 0x37) c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff)), i += 2;
    }
    if (c >> 11 == 0x1b)
      out[length++] = 0xff;
    else
      length += put_utf8(c, out + length);
  }
  return length;
}

bool vx_text_read(const char *path, vx_file *file, vx_error *error) {
  if (!vx_file_read(path, VX_TEXT_BYTES, file, error)) return false;
  bool little = file->size >= 2 && file->data[0] == 0xff && file->data[1] == 0xfe;
  bool big = file->size >= 2 && file->data[0] == 0xfe && file->data[1] == 0xff;
  if (!little && !big) return true;
  uint8_t *text = malloc(file->size / 2 * 3 + 1); /* a unit of two bytes becomes three at most */
  size_t length = text ? from_utf16(file->data, file->size, big, text) : 0;
  vx_file_free(file);
  if (!text) return vx_fail(error, path, "no memory for its text");
  text[length] = 0;
  *file = (vx_file){.data = text, .size = length};
  return true;
}

bool vx_lines_open(const vx_file *file, const char *path, vx_lines *lines, vx_error *error) {
  if (memchr(file->data, 0, file->size)) return vx_fail(error, path, "has a NUL byte, expected text");
  if (!xmlCheckUTF8(file->data)) return vx_fail(error, path, "is not UTF-8 text");
  *lines = (vx_lines){.at = (char *)file->data};
  if (file->size >= 3 && !memcmp(file->data, "\xef\xbb\xbf", 3)) lines->at += 3;
  return true;
}

char *vx_lines_next(vx_lines *lines) {
  if (!lines->at || !*lines->at) return NULL;
  char *line = strsep(&lines->at, "\n");
  size_t length = strlen(line);
  if (length > 0 && line[length - 1] == '\r') length--;
  line[length] = 0;
  lines->number++;
  return line;
}

static bool is_blank(char c) {
  return isspace((unsigned char)c);
}

/* Moves the start of a text over the blanks there; its length without those at its end. */
static size_t bare(const char **text) {
  while (is_blank(**text)) (*text)++;
  size_t length = strlen(*text);
  while (length > 0 && is_blank((*text)[length - 1])) length--;
  return length;
}

char *vx_trim(char *text) {
  const char *start = text;
  size_t length = bare(&start);
  text += start - text;
  text[length] = 0;
  return text;
}

bool vx_has_control(const char *text) {
  for (; *text; text++)
    if ((unsigned char)*text < ' ' || *text == 127) return true;
  return false;
}

bool vx_same_name(const char *a, const char *b) {
  size_t n = bare(&a), m = bare(&b);
  return n == m && strncasecmp(a, b, n) == 0;
}

/* ---- lists in a word ------------------------------------------------------------------------------------------- */

const char *vx_choice_at(const char *choices, int index, size_t *length) {
  const char *word = choices;
  for (; index > 0 && word; index--) {
    word = strchr(word, '|');
    if (word) word++;
  }
  if (word) *length = strcspn(word, "|");
  return word;
}

int vx_choice_find(const char *choices, const char *word) {
  size_t length;
  const char *at;
  for (int i = 0; (at = vx_choice_at(choices, i, &length)) != NULL; i++)
    if (strlen(word) == length && strncmp(at, word, length) == 0) return i;
  return -1;
}

bool vx_split(vx_arena *arena, const char *list, char mark, const char ***parts, int *count) {
  char *rest = vx_arena_text(arena, list), *part;
  const char mark_text[2] = {mark, 0};
  *parts = VX_TAKE(arena, strlen(list) + 1, const char *);
  *count = 0;
  if (!rest || !*parts) return false;
  while ((part = strsep(&rest, mark_text))) (*parts)[(*count)++] = part;
  return true;
}

/* ---- a growing text ------------------------------------------------------------------------------------------- */

static bool make_room(vx_text *text, size_t more) {
  if (text->broken) return false;
  if (text->length + more + 1 <= text->room) return true;
  size_t room = 2 * (text->length + more + 1);
  char *larger = realloc(text->text, room);
  if (!larger) {
    text->broken = true;
    return false;
  }
  text->text = larger;
  text->room = room;
  return true;
}

void vx_text_add(vx_text *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int need = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (need < 0 || !make_room(text, (size_t)need)) return;
  va_start(arguments, format);
  vsnprintf(text->text + text->length, (size_t)need + 1, format, arguments);
  va_end(arguments);
  text->length += (size_t)need;
}

char *vx_text_end(vx_text *text) {
  if (!text->broken) return text->text;
  free(text->text);
  return NULL;
}

const char *vx_text_keep(vx_arena *arena, vx_text *text) {
  const char *kept = text->broken ? NULL : vx_arena_text(arena, text->text ? text->text : "");
  free(text->text);
  *text = (vx_text){0};
  return kept;
}

void vx_text_add_quoted(vx_text *text, const char *word) {
  vx_text_add(text, "\"");
  for (const unsigned char *c = (const unsigned char *)word; *c; c++) {
    if (*c == '"' || *c == '\\')
      vx_text_add(text, "\\%c", *c);
    else if (*c < 32 || *c == 127)
      vx_text_add(text, "\\x%02X", *c);
    else
      vx_text_add(text, "%c", *c);
  }
  vx_text_add(text, "\"");
}

void vx_real_text(double value, char *text, size_t size) {
  for (int digits = 6; digits <= 17; digits++) {
    snprintf(text, size, "%.*g", digits, value);
    if (strtod(text, NULL) == value) break;
  }
}

void vx_text_add_real(vx_text *text, double value) {
  char number[VX_REAL_TEXT];
  vx_real_text(value, number, sizeof number);
  vx_text_add(text, "%s", number);
}
