#include "base/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include <libxml/xmlstring.h>

bool vx_lines_open(const vx_file *file, const char *path, vx_lines *lines, vx_error *error) {
  if (memchr(file->data, 0, file->size)) return vx_fail(error, path, "has a NUL byte, expected text");
  if (!xmlCheckUTF8(file->data)) return vx_fail(error, path, "is not UTF-8 text");
  *lines = (vx_lines){.at = (char *)file->data};
  if (file->size >= 3 && !memcmp(file->data, "\xef\xbb\xbf", 3)) lines->at += 3;
  return true;
}

char *vx_lines_next(vx_lines *lines) {
  char *line = lines->at;
  if (!line || !*line) return NULL;
  size_t length = strcspn(line, "\n");
  lines->at = line[length] ? line + length + 1 : NULL;
  if (length > 0 && line[length - 1] == '\r') length--;
  line[length] = 0;
  lines->number++;
  return line;
}

char *vx_column_next(char **at) {
  char *column = *at;
  if (!column) return NULL;
  char *tab = strchr(column, '\t');
  *at = tab ? tab + 1 : NULL;
  if (tab) *tab = 0;
  return column;
}

static bool is_blank(char c) {
  return isspace((unsigned char)c);
}

char *vx_trim(char *text) {
  while (is_blank(*text)) text++;
  size_t length = strlen(text);
  while (length > 0 && is_blank(text[length - 1])) length--;
  text[length] = 0;
  return text;
}

static size_t bare(const char **text) {
  while (is_blank(**text)) (*text)++;
  size_t length = strlen(*text);
  while (length > 0 && is_blank((*text)[length - 1])) length--;
  return length;
}

bool vx_same_name(const char *a, const char *b) {
  size_t n = bare(&a), m = bare(&b);
  return n == m && strncasecmp(a, b, n) == 0;
}
