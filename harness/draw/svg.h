/* SVG written by hand, for plots whose text, titles and classes a browser shall have: every text is escaped here. */
#ifndef VX_DRAW_SVG_H
#define VX_DRAW_SVG_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "harness/draw/png.h"

typedef struct vx_svg {
  FILE *to; /* shapes are written with fprintf; numbers need the C locale's point */
  char *text;
  size_t size;
} vx_svg;

/* Begins a drawing of width x height with title, description (both read by screen readers) and style. `id` parts its
   names from other drawings on the same page: a word of letters, digits and '-'. False when memory is out. */
bool vx_svg_begin(vx_svg *svg, const char *id, double width, double height, const char *title, const char *description,
                  const char *style, vx_error *error);

/* Ends it: `text` holds the drawing (to be freed), with an XML declaration when it is to be a file of its own. */
bool vx_svg_end(vx_svg *svg, vx_bytes *bytes, vx_error *error);

/* <text class="CLASS" x y>TEXT</text>; <title>TEXT</title>, what a browser shows where the pointer rests. */
void vx_svg_text(vx_svg *svg, const char *class_name, double x, double y, const char *text);
void vx_svg_title(vx_svg *svg, const char *text);

/* What & < > " ' are written as, in HTML too; NULL: as itself. */
const char *vx_svg_entity(char character);

/* A picture inside the drawing. */
bool vx_svg_image(vx_svg *svg, const vx_image *image, double x, double y, double width, double height, const char *alt,
                  vx_error *error);

#endif
