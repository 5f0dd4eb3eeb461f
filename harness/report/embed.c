#include "harness/report/embed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/draw/svg.h"

/* Length of the UTF-8 sequence at `s` (1 to 4), 0 when there is none: overlong forms, surrogates and values above
   U+10FFFF are none. */
static size_t sequence(const unsigned char *s) {
  static const unsigned lowest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (*s < 0x80) return 1;
  size_t length = *s >= 0xF0 ? 4 : *s >= 0xE0 ? 3 : *s >= 0xC0 ? 2 : 0;
  if (!length || *s > 0xF4) return 0;
  unsigned code = *s & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; i++) {
    if ((s[i] & 0xC0) != 0x80) return 0;
    code = code << 6 | (s[i] & 0x3F);
  }
  bool good = code >= lowest[length] && code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF);
  return good ? length : 0;
}

json_t *vx_embed_text(const char *text) {
  json_t *json = json_string(text);
  if (json) return json;
  size_t length = strlen(text), used = 0;
  char *clean = malloc(3 * length + 1);
  if (!clean) return NULL;
  for (size_t i = 0; i < length;) {
    size_t n = sequence((const unsigned char *)text + i);
    memcpy(clean + used, n ? text + i : "\xEF\xBF\xBD", n ? n : 3);
    used += n ? n : 3;
    i += n ? n : 1;
  }
  json = json_stringn(clean, used);
  free(clean);
  return json;
}

json_t *vx_embed_number(double value, int digits) {
  char text[40];
  if (!isfinite(value)) return json_null();
  if (value == floor(value) && fabs(value) < 1e15) return json_integer((json_int_t)value);
  snprintf(text, sizeof text, "%.*g", digits, value);
  return json_real(strtod(text, NULL));
}

json_t *vx_embed_bytes(const uint8_t *bytes, size_t size) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char *text = size < SIZE_MAX / 2 ? malloc(4 * ((size + 2) / 3) + 1) : NULL, *at = text;
  if (!text) return NULL;
  for (size_t i = 0; i < size; i += 3) {
    size_t left = size - i;
    unsigned group =
        (unsigned)bytes[i] << 16 | (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
    *at++ = digits[group >> 18];
    *at++ = digits[group >> 12 & 63];
    *at++ = left > 1 ? digits[group >> 6 & 63] : '=';
    *at++ = left > 2 ? digits[group & 63] : '=';
  }
  json_t *json = json_stringn_nocheck(text, (size_t)(at - text));
  free(text);
  return json;
}

/* jansson writes ASCII (JSON_ENSURE_ASCII); '<' stands in texts only and becomes its escape. */
static int write_safely(const char *buffer, size_t size, void *user) {
  FILE *to = user;
  while (size > 0) {
    const char *bracket = memchr(buffer, '<', size);
    size_t plain = bracket ? (size_t)(bracket - buffer) : size;
    fwrite(buffer, 1, plain, to);
    if (bracket) fputs("\\u003c", to);
    buffer += plain + (bracket != NULL);
    size -= plain + (bracket != NULL);
  }
  return 0;
}

bool vx_embed_write(FILE *to, const char *id, json_t *data, vx_error *error) {
  if (!data) return vx_fail(error, "report", "out of memory");
  fprintf(to, "<script type=\"application/json\" id=\"%s\">", id);
  int failed = json_dump_callback(data, write_safely, to, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9));
  fputs("</script>\n", to);
  json_decref(data);
  return !failed || vx_fail(error, "report", "out of memory");
}

void vx_embed_html(FILE *to, const char *text) {
  for (; *text; text++) {
    const char *entity = vx_svg_entity(*text);
    if (entity)
      fputs(entity, to);
    else
      fputc(*text, to);
  }
}
