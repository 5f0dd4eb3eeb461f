/* A sheet of paper to draw on: cairo for shapes and pictures, Pango for text of any script. One sheet, one file. */
#ifndef VX_DRAW_CANVAS_H
#define VX_DRAW_CANVAS_H

#include <stdint.h>

#include "base/error.h"

typedef struct vx_canvas vx_canvas;

/* A white sheet of width x height units for a file that ends in .png, .svg or .pdf. A unit is a pixel at `scale` 1; a
   PNG has `scale` pixels a unit. NULL for another ending, a sheet too large (30000 pixels a side), or without memory.
 */
vx_canvas *vx_canvas_new(const char *path, double width, double height, double scale, vx_error *error);

/* Writes the file, and frees the canvas either way. */
bool vx_canvas_save(vx_canvas *canvas, vx_error *error);
void vx_canvas_free(vx_canvas *canvas); /* without a file */

/* Colours are 0xRRGGBB. */
void vx_canvas_fill(vx_canvas *canvas, double x, double y, double width, double height, uint32_t colour);
void vx_canvas_line(vx_canvas *canvas, double x1, double y1, double x2, double y2, double thick, uint32_t colour);

/* Scales a picture rgb [rows][columns][3] into the box; smoothly, or each pixel a clean square. */
bool vx_canvas_picture(vx_canvas *canvas, const uint8_t *rgb, int columns, int rows, double x, double y, double width,
                       double height, bool smooth, vx_error *error);

typedef enum vx_align { VX_ALIGN_LEFT, VX_ALIGN_CENTER, VX_ALIGN_RIGHT } vx_align;

typedef struct vx_font {
  double size; /* units */
  bool bold, italic;
  uint32_t colour;
  vx_align align;
} vx_font;

/* One line of text whose top lies at y, in a box of `width` units from x on; what does not fit ends in an ellipsis.
   Bytes that are not UTF-8 and control characters are shown as replacement characters. */
void vx_canvas_text(vx_canvas *canvas, double x, double y, double width, const vx_font *font, const char *text);

/* Turned by a quarter to the left: reads upwards, its middle at (x, y), in at most two lines of `length` units. */
void vx_canvas_text_upwards(vx_canvas *canvas, double x, double y, double length, const vx_font *font,
                            const char *text);

#endif
