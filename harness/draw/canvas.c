#include "harness/draw/canvas.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>
#include <pango/pangocairo.h>

#include "harness/draw/png.h"

typedef enum file_kind { KIND_PNG, KIND_SVG, KIND_PDF, KIND_OTHER } file_kind;

struct vx_canvas {
  char *path, *part; /* vector files are written to `part`, then renamed */
  file_kind kind;
  cairo_surface_t *surface;
  cairo_t *cairo;
  PangoFontMap *fonts;   /* of its own, so that they go with the canvas */
  PangoContext *context; /* of its texts */
};

static file_kind kind_of(const char *path) {
  const char *dot = strrchr(path, '.');
  if (!dot) return KIND_OTHER;
  if (strcasecmp(dot, ".png") == 0) return KIND_PNG;
  if (strcasecmp(dot, ".svg") == 0) return KIND_SVG;
  return strcasecmp(dot, ".pdf") == 0 ? KIND_PDF : KIND_OTHER;
}

static void make_surface(vx_canvas *canvas, double width, double height, double scale) {
  int columns = (int)(width * scale + 0.5), rows = (int)(height * scale + 0.5);
  canvas->surface = canvas->kind == KIND_SVG   ? cairo_svg_surface_create(canvas->part, width, height)
                    : canvas->kind == KIND_PDF ? cairo_pdf_surface_create(canvas->part, width, height)
                                               : cairo_image_surface_create(CAIRO_FORMAT_RGB24, columns, rows);
  canvas->cairo = cairo_create(canvas->surface);
  if (canvas->kind == KIND_PNG) cairo_scale(canvas->cairo, scale, scale);
}

vx_canvas *vx_canvas_new(const char *path, double width, double height, double scale, vx_error *error) {
  file_kind kind = kind_of(path);
  if (kind == KIND_OTHER)
    return vx_fail(error, path, "is to be a picture, but its name ends in none of .png, .svg, .pdf"), NULL;
  if (!(width >= 1 && height >= 1 && width * scale <= 30000 && height * scale <= 30000))
    return vx_fail(error, path, "would have %.0f x %.0f pixels, at most 30000 a side can be drawn: choose fewer",
                   width * scale, height * scale),
           NULL;
  vx_canvas *canvas = calloc(1, sizeof *canvas);
  if (!canvas) return vx_fail(error, path, "out of memory"), NULL;
  canvas->kind = kind;
  canvas->path = strdup(path);
  if (asprintf(&canvas->part, "%s.part", path) < 0) canvas->part = NULL;
  if (canvas->path && canvas->part) make_surface(canvas, width, height, scale);
  cairo_status_t status = canvas->cairo ? cairo_status(canvas->cairo) : CAIRO_STATUS_NO_MEMORY;
  if (status != CAIRO_STATUS_SUCCESS) {
    vx_fail(error, path, "cannot be drawn: %s", cairo_status_to_string(status));
    vx_canvas_free(canvas);
    return NULL;
  }
  canvas->fonts = pango_cairo_font_map_new();
  canvas->context = pango_font_map_create_context(canvas->fonts);
  vx_canvas_fill(canvas, 0, 0, width, height, 0xffffff);
  return canvas;
}

void vx_canvas_free(vx_canvas *canvas) {
  if (!canvas) return;
  if (canvas->context) g_object_unref(canvas->context);
  if (canvas->fonts) g_object_unref(canvas->fonts);
  if (canvas->cairo) cairo_destroy(canvas->cairo);
  if (canvas->surface) cairo_surface_destroy(canvas->surface);
  if (canvas->part && canvas->kind != KIND_PNG) unlink(canvas->part);
  free(canvas->path);
  free(canvas->part);
  free(canvas);
}

static bool save_png(vx_canvas *canvas, vx_error *error) {
  cairo_surface_flush(canvas->surface);
  int width = cairo_image_surface_get_width(canvas->surface), height = cairo_image_surface_get_height(canvas->surface);
  const unsigned char *data = cairo_image_surface_get_data(canvas->surface);
  size_t stride = (size_t)cairo_image_surface_get_stride(canvas->surface);
  uint8_t *rgb = malloc((size_t)width * (size_t)height * 3), *to = rgb;
  if (!rgb) return vx_fail(error, canvas->path, "out of memory");
  for (size_t y = 0; y < (size_t)height; y++)
    for (size_t x = 0; x < (size_t)width; x++) {
      uint32_t pixel;
      memcpy(&pixel, data + y * stride + 4 * x, sizeof pixel);
      for (int shift = 16; shift >= 0; shift -= 8) *to++ = (uint8_t)(pixel >> shift & 255);
    }
  vx_image image = {width, height, 3, rgb};
  bool good = vx_png_write(canvas->path, &image, error);
  free(rgb);
  return good;
}

static bool save_vectors(vx_canvas *canvas, vx_error *error) {
  cairo_surface_finish(canvas->surface);
  cairo_status_t status = cairo_surface_status(canvas->surface);
  if (status != CAIRO_STATUS_SUCCESS)
    return vx_fail(error, canvas->path, "cannot be written: %s", cairo_status_to_string(status));
  if (rename(canvas->part, canvas->path) != 0) return vx_fail(error, canvas->path, "cannot be written");
  return true;
}

bool vx_canvas_save(vx_canvas *canvas, vx_error *error) {
  cairo_status_t status = cairo_status(canvas->cairo);
  bool good = status == CAIRO_STATUS_SUCCESS ||
              vx_fail(error, canvas->path, "cannot be drawn: %s", cairo_status_to_string(status));
  good = good && (canvas->kind == KIND_PNG ? save_png(canvas, error) : save_vectors(canvas, error));
  vx_canvas_free(canvas);
  return good;
}

/* ---- shapes -------------------------------------------------------------------------------------------------- */

static void set_colour(vx_canvas *canvas, uint32_t colour) {
  cairo_set_source_rgb(canvas->cairo, (colour >> 16 & 255) / 255.0, (colour >> 8 & 255) / 255.0,
                       (colour & 255) / 255.0);
}

void vx_canvas_fill(vx_canvas *canvas, double x, double y, double width, double height, uint32_t colour) {
  set_colour(canvas, colour);
  cairo_rectangle(canvas->cairo, x, y, width, height);
  cairo_fill(canvas->cairo);
}

void vx_canvas_line(vx_canvas *canvas, double x1, double y1, double x2, double y2, double thick, uint32_t colour) {
  set_colour(canvas, colour);
  cairo_set_line_width(canvas->cairo, thick);
  cairo_move_to(canvas->cairo, x1, y1);
  cairo_line_to(canvas->cairo, x2, y2);
  cairo_stroke(canvas->cairo);
}

bool vx_canvas_picture(vx_canvas *canvas, const uint8_t *rgb, int columns, int rows, double x, double y, double width,
                       double height, bool smooth, vx_error *error) {
  cairo_surface_t *picture = cairo_image_surface_create(CAIRO_FORMAT_RGB24, columns, rows);
  if (cairo_surface_status(picture) != CAIRO_STATUS_SUCCESS) {
    cairo_surface_destroy(picture);
    return vx_fail(error, canvas->path, "no memory to draw a picture of %d x %d pixels", columns, rows);
  }
  unsigned char *data = cairo_image_surface_get_data(picture);
  size_t stride = (size_t)cairo_image_surface_get_stride(picture);
  for (size_t v = 0; v < (size_t)rows; v++)
    for (size_t u = 0; u < (size_t)columns; u++, rgb += 3) {
      uint32_t pixel = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
      memcpy(data + v * stride + 4 * u, &pixel, sizeof pixel);
    }
  cairo_surface_mark_dirty(picture);
  cairo_save(canvas->cairo);
  cairo_rectangle(canvas->cairo, x, y, width, height);
  cairo_clip(canvas->cairo);
  cairo_translate(canvas->cairo, x, y);
  cairo_scale(canvas->cairo, width / columns, height / rows);
  cairo_set_source_surface(canvas->cairo, picture, 0, 0);
  cairo_pattern_set_extend(cairo_get_source(canvas->cairo), CAIRO_EXTEND_PAD); /* no pale rim when scaled up */
  cairo_pattern_set_filter(cairo_get_source(canvas->cairo), smooth ? CAIRO_FILTER_GOOD : CAIRO_FILTER_NEAREST);
  cairo_paint(canvas->cairo);
  cairo_restore(canvas->cairo);
  cairo_surface_destroy(picture);
  return true;
}

/* Font libraries keep what they have read until the program ends; a leak checker need not tell. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VX_LEAKS_ARE_CHECKED
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define VX_LEAKS_ARE_CHECKED
#endif
#ifdef VX_LEAKS_ARE_CHECKED
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
  return "leak:libfontconfig\nleak:libpango\n";
}
#endif

/* ---- text ---------------------------------------------------------------------------------------------------- */

/* Valid UTF-8 without control characters; to be freed with g_free. */
static char *presentable(const char *text) {
  char *valid = g_utf8_make_valid(text, -1);
  for (char *c = valid; *c; c++)
    if ((unsigned char)*c < 32 || *c == 127) *c = ' ';
  return valid;
}

static PangoLayout *layout_of(vx_canvas *canvas, const vx_font *font, const char *text) {
  pango_cairo_update_context(canvas->cairo, canvas->context);
  PangoLayout *layout = pango_layout_new(canvas->context);
  PangoFontDescription *description = pango_font_description_new();
  pango_font_description_set_family(description, "DejaVu Sans, Liberation Sans, Noto Sans, sans-serif");
  pango_font_description_set_absolute_size(description, font->size * PANGO_SCALE);
  if (font->bold) pango_font_description_set_weight(description, PANGO_WEIGHT_BOLD);
  if (font->italic) pango_font_description_set_style(description, PANGO_STYLE_ITALIC);
  pango_layout_set_font_description(layout, description);
  pango_font_description_free(description);
  pango_layout_set_single_paragraph_mode(layout, TRUE);
  char *clean = presentable(text);
  pango_layout_set_text(layout, clean, -1);
  g_free(clean);
  return layout;
}

void vx_canvas_text(vx_canvas *canvas, double x, double y, double width, const vx_font *font, const char *text) {
  PangoLayout *layout = layout_of(canvas, font, text);
  int natural;
  pango_layout_get_size(layout, &natural, NULL);
  double wide = (double)natural / PANGO_SCALE;
  if (wide > width) {
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    wide = width;
  }
  double shift = font->align == VX_ALIGN_LEFT ? 0 : (width - wide) / (font->align == VX_ALIGN_CENTER ? 2 : 1);
  set_colour(canvas, font->colour);
  cairo_move_to(canvas->cairo, x + shift, y);
  pango_cairo_show_layout(canvas->cairo, layout);
  g_object_unref(layout);
}

void vx_canvas_text_upwards(vx_canvas *canvas, double x, double y, double length, const vx_font *font,
                            const char *text) {
  PangoLayout *layout = layout_of(canvas, font, text);
  int height;
  pango_layout_set_width(layout, (int)(length * PANGO_SCALE));
  pango_layout_set_alignment(layout, PANGO_ALIGN_CENTER);
  pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_height(layout, -2); /* lines */
  pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
  pango_layout_get_size(layout, NULL, &height);
  cairo_save(canvas->cairo);
  cairo_translate(canvas->cairo, x, y);
  cairo_rotate(canvas->cairo, -1.57079632679489662);
  set_colour(canvas, font->colour);
  pango_cairo_update_layout(canvas->cairo, layout);
  cairo_move_to(canvas->cairo, -length / 2, -0.5 * height / PANGO_SCALE);
  pango_cairo_show_layout(canvas->cairo, layout);
  cairo_restore(canvas->cairo);
  g_object_unref(layout);
}
