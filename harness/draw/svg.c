#include "harness/draw/svg.h"

#include <stdlib.h>
#include <string.h>

#include <glib.h>

const char *vx_svg_entity(char character) {
  static const char special[] = "&<>\"'";
  static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
  const char *found = character ? strchr(special, character) : NULL;
  return found ? entities[found - special] : NULL;
}

/* Writes text between tags or inside a quoted attribute: & < > " ' become entities; bytes that are not UTF-8 and
   control characters, which XML cannot hold, become U+FFFD. */
static void escape(FILE *to, const char *text) {
  char *valid = g_utf8_make_valid(text, -1);
  for (const char *c = valid; *c; c = g_utf8_next_char(c)) {
    gunichar character = g_utf8_get_char(c);
    bool allowed = character >= 32 && character != 127 && character != 0xfffe && character != 0xffff;
    const char *entity = allowed ? vx_svg_entity(*c) : "\357\277\275";
    if (entity)
      fputs(entity, to);
    else
      fwrite(c, 1, (size_t)(g_utf8_next_char(c) - c), to);
  }
  g_free(valid);
}

bool vx_svg_begin(vx_svg *svg, const char *id, double width, double height, const char *title, const char *description,
                  const char *style, vx_error *error) {
  *svg = (vx_svg){0};
  svg->to = open_memstream(&svg->text, &svg->size);
  if (!svg->to) return vx_fail(error, "drawing", "out of memory");
  fprintf(svg->to,
          "<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"%s\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\""
          " role=\"img\" aria-labelledby=\"%s-title %s-desc\">\n<title id=\"%s-title\">",
          id, width, height, width, height, id, id, id);
  escape(svg->to, title);
  fprintf(svg->to, "</title>\n<desc id=\"%s-desc\">", id);
  escape(svg->to, description);
  fprintf(svg->to, "</desc>\n<style>%s</style>\n", style);
  return true;
}

bool vx_svg_end(vx_svg *svg, vx_bytes *bytes, vx_error *error) {
  *bytes = (vx_bytes){0};
  fputs("</svg>\n", svg->to);
  bool good = !ferror(svg->to);
  good = fclose(svg->to) == 0 && good;
  svg->to = NULL;
  if (!good) {
    free(svg->text);
    return vx_fail(error, "drawing", "out of memory");
  }
  *bytes = (vx_bytes){(uint8_t *)svg->text, svg->size};
  return true;
}

void vx_svg_text(vx_svg *svg, const char *class_name, double x, double y, const char *text) {
  fprintf(svg->to, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class_name, x, y);
  escape(svg->to, text);
  fputs("</text>\n", svg->to);
}

void vx_svg_title(vx_svg *svg, const char *text) {
  fputs("<title>", svg->to);
  escape(svg->to, text);
  fputs("</title>", svg->to);
}

bool vx_svg_image(vx_svg *svg, const vx_image *image, double x, double y, double width, double height, const char *alt,
                  vx_error *error) {
  vx_bytes png;
  if (!vx_png_encode(image, &png, error)) return false;
  char *base64 = g_base64_encode(png.data, png.size);
  free(png.data);
  fprintf(svg->to,
          "<image x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" preserveAspectRatio=\"none\""
          " href=\"data:image/png;base64,%s\">",
          x, y, width, height, base64);
  vx_svg_title(svg, alt);
  fputs("</image>\n", svg->to);
  g_free(base64);
  return true;
}
