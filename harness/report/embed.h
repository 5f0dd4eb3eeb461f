/* Data inside an HTML page: JSON that no file name can break out of, bytes as base64. */
#ifndef VX_REPORT_EMBED_H
#define VX_REPORT_EMBED_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

/* A text as JSON; bytes that are not UTF-8 become U+FFFD. NULL only when memory is out. */
json_t *vx_embed_text(const char *text);

/* A number with `digits` significant digits at most; NaN and infinity are null. */
json_t *vx_embed_number(double value, int digits);

/* Bytes as base64 in a JSON text. */
json_t *vx_embed_bytes(const uint8_t *bytes, size_t size);

/* Writes <script type="application/json" id="ID">…</script>. The JSON is ASCII and has no '<', so that neither
   "</script" nor "<!--" nor a line separator can stand in it. Takes `data` (NULL: memory was out). */
bool vx_embed_write(FILE *to, const char *id, json_t *data, vx_error *error);

/* A text for HTML: & < > " ' escaped. */
void vx_embed_html(FILE *to, const char *text);

#endif
