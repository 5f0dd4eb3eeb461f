#include "harness/pictures/figure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/data/picture.h"
#include "harness/draw/canvas.h"
#include "harness/draw/overlay.h"
#include "harness/pictures/figure_pick.h"
#include "harness/run/frame.h"
#include "harness/run/origin.h"
#include "harness/run/to_size.h"
#include "harness/store/stored.h"
#include "metrics/threshold.h"

enum { PAD = 14, GAP = 8, LABEL = 38, SCALE = 2 }; /* units; pixels a unit */
enum { INK = 0x1b1b1f, FADED = 0x6b6b74, EMPTY = 0xf1f1f4 };

typedef struct figure {
  vx_store *store;
  const vx_figure_options *options;
  vx_figure_made *made;
  vx_figure_choice choice;
  vx_input_options input;
  vx_origin origin;
  vx_canvas *canvas;
  vx_arena *arena, *column_arena;
  double *width;  /* [images] of a column */
  bool originals; /* the first row is there */
  vx_sized sized;
  vx_error *error;
} figure;

/* One column while it is drawn. */
typedef struct column {
  int image, columns, rows; /* pixels of a picture */
  double x, width;
  uint8_t *rgb;  /* [rows][columns][3] the original; NULL: not to be had */
  uint8_t *out;  /* the same size, what is drawn */
  uint8_t *mask; /* [rows][columns] */
} column;

vx_figure_options vx_figure_defaults(void) {
  return (vx_figure_options){.pick = VX_PICK_FIRST,
                             .count = 4,
                             .draw = VX_FIGURE_HEAT,
                             .colours = vx_colours_find(VX_COLOUR_DEFAULT),
                             .alpha = 0.6,
                             .height = 150};
}

/* ---- sizes ----------------------------------------------------------------------------------------------------- */

/* Width over height of what a column shows: the picture's own, or 1 when its middle was cut out. */
static bool measure_columns(figure *f) {
  f->width = VX_TAKE(f->arena, f->choice.image_count, double);
  if (!f->width) return vx_fail(f->error, "figure", "out of memory");
  for (int i = 0; i < f->choice.image_count; i++) {
    vx_result detail;
    if (!vx_image_read(f->store, f->choice.images[i]->id, f->arena, &detail, f->error)) return false;
    bool known = detail.width > 0 && detail.height > 0 && !vx_input_cuts(&f->input);
    double ratio = known ? (double)detail.width / detail.height : 1;
    f->width[i] = f->options->height * fmin(fmax(ratio, 0.4), 2.5);
  }
  return true;
}

static double row_height(const figure *f) {
  return f->options->height + (f->options->scores ? 16 : 0) + GAP;
}

static void page_size(const figure *f, double *width, double *height) {
  *width = 2 * PAD + LABEL;
  for (int i = 0; i < f->choice.image_count; i++) *width += f->width[i] + (i ? GAP : 0);
  *height = 2 * PAD + (f->originals ? f->options->height + GAP : 0) + f->choice.method_count * row_height(f) + 34;
}

/* ---- one column ------------------------------------------------------------------------------------------------ */

/* The original at the column's size; false when it is not to be had (the first reason is noted). */
static bool read_original(figure *f, column *c) {
  const vx_image_row *row = f->choice.images[c->image];
  const vx_voc_entry *entry = vx_origin_entry(&f->origin, row);
  vx_picture picture = {0};
  vx_geometry geometry = vx_geometry_squash(c->columns, c->rows);
  vx_error reason = {"", ""};
  if (!entry) {
    vx_fail(&reason, row->image_id, "is not in the data set's list");
  } else if (vx_picture_read_as(entry->image, (vx_exif)f->origin.config->exif, &picture, &reason) &&
             (!vx_input_cuts(&f->input) ||
              vx_frame_to_map(&f->input, picture.width, picture.height, c->columns, c->rows, &geometry, &reason)) &&
             vx_resize_rgb(picture.rgb, picture.width, picture.height, &geometry, VX_FILTER_BICUBIC, c->rgb, &reason)) {
    vx_picture_free(&picture);
    f->made->pictures++;
    return true;
  }
  vx_picture_free(&picture);
  if (!*f->made->note) snprintf(f->made->note, sizeof f->made->note, "%.400s: %.700s", reason.where, reason.why);
  return false;
}

static bool begin_column(figure *f, column *c) {
  size_t pixels;
  c->columns = (int)lround(c->width * SCALE);
  c->rows = (int)lround(f->options->height * SCALE);
  pixels = (size_t)c->columns * (size_t)c->rows;
  c->rgb = VX_TAKE(f->column_arena, 3 * pixels, uint8_t);
  c->out = VX_TAKE(f->column_arena, 3 * pixels, uint8_t);
  c->mask = VX_TAKE(f->column_arena, pixels, uint8_t);
  if (!c->rgb || !c->out || !c->mask) return vx_fail(f->error, "figure", "out of memory");
  if (f->origin.voc.count && read_original(f, c)) return true;
  c->rgb = NULL;
  return true;
}

static void paint(const figure *f, const column *c) {
  static const vx_threshold otsu = {.kind = VX_THRESHOLD_OTSU};
  const vx_figure_options *o = f->options;
  size_t pixels = (size_t)c->columns * (size_t)c->rows;
  vx_figure_draw draw = c->rgb ? o->draw : VX_FIGURE_HEAT;
  if (draw == VX_FIGURE_V_OTSU || draw == VX_FIGURE_OUTLINE)
    vx_threshold_mask(&otsu, &f->sized.heat, vx_threshold_otsu(&f->sized.heat), c->mask);
  switch (draw) {
  case VX_FIGURE_HEAT:
    vx_overlay_blend(NULL, f->sized.heat.h, pixels, o->colours, 1, c->out);
    break;
  case VX_FIGURE_OVERLAY:
    vx_overlay_blend(c->rgb, f->sized.heat.h, pixels, o->colours, o->alpha, c->out);
    break;
  case VX_FIGURE_V:
    vx_overlay_product(c->rgb, f->sized.heat.h, pixels, c->out);
    break;
  case VX_FIGURE_V_OTSU:
    vx_overlay_masked(c->rgb, c->mask, pixels, c->out);
    break;
  case VX_FIGURE_OUTLINE:
    memcpy(c->out, c->rgb, 3 * pixels);
    vx_overlay_outline(c->out, c->mask, c->columns, c->rows, vx_overlay_thickness(c->columns, c->rows), 0xffd400);
  }
}

static bool draw_map(figure *f, column *c, int method, const vx_map_row *maps, int map_count, double y) {
  static const vx_font small = {.size = 11, .colour = FADED, .align = VX_ALIGN_CENTER};
  const vx_method_row *row = &f->choice.methods[method];
  const vx_map *map = NULL;
  double iou = f->choice.iou[c->image * f->choice.method_count + method], height = f->options->height;
  for (int i = 0; i < map_count; i++)
    if (maps[i].method == row->id) map = &maps[i].map;
  if (!map) {
    vx_canvas_fill(f->canvas, c->x, y, c->width, height, EMPTY);
    vx_canvas_text(f->canvas, c->x, y + height / 2 - 8, c->width, &small, "no map");
  } else {
    if (!vx_to_size_stored(&f->sized, map, row->is_mask, row->name, c->rows, c->columns, f->error)) return false;
    paint(f, c);
    if (!vx_canvas_picture(f->canvas, c->out, c->columns, c->rows, c->x, y, c->width, height, true, f->error))
      return false;
  }
  if (f->options->scores && !isnan(iou)) {
    char text[40];
    snprintf(text, sizeof text, "IoU %.1f %%", 100 * iou);
    vx_canvas_text(f->canvas, c->x, y + height + 1, c->width, &small, text);
  }
  return true;
}

static void draw_caption(const figure *f, const column *c, double y) {
  static const vx_font index = {.size = 14, .bold = true, .colour = INK, .align = VX_ALIGN_CENTER};
  static const vx_font name = {.size = 11, .colour = FADED, .align = VX_ALIGN_CENTER};
  const vx_image_row *row = f->choice.images[c->image];
  char text[24];
  snprintf(text, sizeof text, "%d", vx_origin_index(&f->origin, row));
  vx_canvas_text(f->canvas, c->x, y, c->width, &index, text);
  vx_canvas_text(f->canvas, c->x, y + 18, c->width, &name, row->image_id);
}

static bool draw_column(figure *f, int image, double x) {
  column c = {.image = image, .x = x, .width = f->width[image]};
  vx_map_row *maps;
  int map_count;
  double y = PAD, height = f->options->height;
  static const vx_font small = {.size = 11, .colour = FADED, .align = VX_ALIGN_CENTER};
  if (!begin_column(f, &c) ||
      !vx_query_maps(f->store, f->choice.images[image]->id, f->column_arena, &maps, &map_count, f->error))
    return false;
  if (f->originals && c.rgb) {
    if (!vx_canvas_picture(f->canvas, c.rgb, c.columns, c.rows, x, y, c.width, height, true, f->error)) return false;
  } else if (f->originals) {
    vx_canvas_fill(f->canvas, x, y, c.width, height, EMPTY);
    vx_canvas_text(f->canvas, x, y + height / 2 - 8, c.width, &small, "no picture");
  }
  if (f->originals) y += height + GAP;
  for (int m = 0; m < f->choice.method_count; m++, y += row_height(f))
    if (!draw_map(f, &c, m, maps, map_count, y)) return false;
  draw_caption(f, &c, y - 2);
  return true;
}

/* ---- the page -------------------------------------------------------------------------------------------------- */

static void draw_labels(const figure *f) {
  static const vx_font font = {.size = 11, .colour = INK};
  double height = f->options->height, x = PAD + LABEL / 2.0 - 5, y = PAD;
  if (f->originals) {
    vx_canvas_text_upwards(f->canvas, x, y + height / 2, height, &font, "Original");
    y += height + GAP;
  }
  for (int m = 0; m < f->choice.method_count; m++, y += row_height(f)) {
    const vx_method_row *row = &f->choice.methods[m];
    bool own_name = strcmp(row->name, row->explainer) != 0;
    char title[120]; /* without what titles say in brackets */
    snprintf(title, sizeof title, "%.*s", (int)strcspn(row->title, "("), row->title);
    vx_canvas_text_upwards(f->canvas, x, y + height / 2, height, &font, own_name ? row->name : title);
  }
}

static bool draw_page(figure *f) {
  double x = PAD + LABEL;
  draw_labels(f);
  for (int i = 0; i < f->choice.image_count; i++) {
    if (!draw_column(f, i, x)) return false;
    x += f->width[i] + GAP;
    vx_arena_reset(f->column_arena);
  }
  return true;
}

static bool prepare(figure *f) {
  vx_error reason = {"", ""};
  f->arena = vx_arena_new();
  f->column_arena = vx_arena_new();
  if (!f->arena || !f->column_arena) return vx_fail(f->error, "figure", "out of memory");
  if (!vx_figure_choose(f->store, f->options, f->arena, &f->choice, f->error) ||
      !vx_origin_input(&f->choice.run, &f->input, f->error) || !measure_columns(f))
    return false;
  f->made->images = f->choice.image_count;
  f->made->methods = f->choice.method_count;
  f->originals = vx_origin_open(&f->choice.run, f->options->root, f->options->split, &f->origin, &reason);
  vx_origin_open_val(&f->origin);
  if (!f->originals) snprintf(f->made->note, sizeof f->made->note, "%.400s: %.700s", reason.where, reason.why);
  return true;
}

bool vx_figure_draw_file(vx_store *store, const vx_figure_options *options, const char *path, vx_figure_made *made,
                         vx_error *error) {
  *made = (vx_figure_made){0};
  figure f = {.store = store, .options = options, .made = made, .error = error};
  double width = 0, height = 0;
  bool good = prepare(&f);
  if (good) page_size(&f, &width, &height);
  f.canvas = good ? vx_canvas_new(path, ceil(width), ceil(height), SCALE, error) : NULL;
  good = f.canvas && draw_page(&f);
  if (good)
    good = vx_canvas_save(f.canvas, error);
  else
    vx_canvas_free(f.canvas);
  vx_sized_free(&f.sized);
  vx_origin_close(&f.origin);
  vx_arena_free(f.arena);
  vx_arena_free(f.column_arena);
  return good;
}
