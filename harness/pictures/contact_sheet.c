#include "harness/pictures/contact_sheet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/draw/canvas.h"
#include "harness/draw/overlay.h"

/* Units of the page. */
enum {
  MARGIN = 28,
  CELL = 172,
  GAP = 6,
  CARD_GAP = 30,
  BAND = 280,
  HEAD = 58,
  CARD_HEAD = 26,
  FOOT = 40,
  LEGEND = 250
};
enum { INK = 0x1b1b1f, FADED = 0x6b6b74, RULE = 0xd9d9de, BAR = 0x4c72b0 };

typedef struct page {
  const vx_contact_sheet *sheet;
  vx_canvas *canvas;
  const vx_colours *signed_colours;
  int shown;             /* methods on the page */
  int columns, pictures; /* cards side by side, pictures in a card */
  double cell_height, card_width, card_height, picture_height, band_height, width, height;
  uint8_t *rgb;     /* [height][width][3] one drawn picture */
  double *contrast; /* [height][width] */
  vx_error *error;
} page;

static const vx_font title_font = {.size = 22, .bold = true, .colour = INK};
static const vx_font head_font = {.size = 14, .bold = true, .colour = INK};
static const vx_font small_font = {.size = 12, .colour = FADED};
static const vx_font small_right = {.size = 12, .colour = FADED, .align = VX_ALIGN_RIGHT};
static const vx_font text_font = {.size = 14, .colour = INK};

static size_t pixels_of(const page *p) {
  return (size_t)p->sheet->explained->width * (size_t)p->sheet->explained->height;
}

static void measure(page *p) {
  const vx_explained *e = p->sheet->explained;
  for (int i = 0; i < p->sheet->method_count; i++) p->shown += !e->drawn[i].method->hidden;
  double ratio = fmin(fmax((double)e->height / e->width, 0.3), 1.8);
  p->pictures = e->against >= 0 ? 5 : 4;
  p->columns = p->shown <= 12 ? 2 : 3;
  p->cell_height = CELL * ratio;
  p->card_width = p->pictures * CELL + (p->pictures - 1) * GAP;
  p->card_height = CARD_HEAD + p->cell_height;
  p->picture_height = fmin(BAND, BAND * ratio);
  p->band_height = fmax(p->picture_height + 24, LEGEND); /* room for classes and legends, however flat the picture */
  p->width = 2 * MARGIN + p->columns * p->card_width + (p->columns - 1) * CARD_GAP;
  int rows = (p->shown + p->columns - 1) / p->columns;
  p->height = MARGIN + HEAD + p->band_height + CARD_GAP + 24 + rows * (p->card_height + CARD_GAP) + FOOT;
}

/* The drawn picture in p->rgb, fitted into a box with its proportions kept. */
static bool put(page *p, double x, double y, double width, double height) {
  const vx_explained *e = p->sheet->explained;
  double scale = fmin(width / e->width, height / e->height);
  double w = e->width * scale, h = e->height * scale;
  return vx_canvas_picture(p->canvas, p->rgb, e->width, e->height, x + (width - w) / 2, y + (height - h) / 2, w, h,
                           true, p->error);
}

/* ---- head ---------------------------------------------------------------------------------------------------- */

static void draw_head(page *p) {
  const vx_explained *e = p->sheet->explained;
  char text[400];
  vx_canvas_text(p->canvas, MARGIN, MARGIN, p->width - 2 * MARGIN, &title_font, p->sheet->title);
  int used = snprintf(text, sizeof text, "explained: %s (%.1f %%)", vx_model_label(p->sheet->model, e->target),
                      100 * e->target_probability);
  if (e->against >= 0 && used > 0 && used < (int)sizeof text)
    snprintf(text + used, sizeof text - (size_t)used, ", against %s (%.1f %%)",
             vx_model_label(p->sheet->model, e->against), 100 * e->against_probability);
  vx_canvas_text(p->canvas, MARGIN, MARGIN + 30, p->width - 2 * MARGIN, &text_font, text);
}

static void draw_top(page *p, double x, double y, double width) {
  const vx_explained *e = p->sheet->explained;
  vx_canvas_text(p->canvas, x, y, width, &head_font, "What the model says");
  for (int k = 0; k < e->top_count; k++) {
    double at = y + 28 + 32 * k, share = e->top[k].probability;
    bool meant = e->top[k].label == e->target;
    char text[40];
    vx_font name = text_font;
    name.bold = meant;
    snprintf(text, sizeof text, "%.1f %%", 100 * share);
    vx_canvas_text(p->canvas, x, at, width - 70, &name, vx_model_label(p->sheet->model, e->top[k].label));
    vx_canvas_text(p->canvas, x + width - 70, at, 70, &small_right, text);
    vx_canvas_fill(p->canvas, x, at + 20, width, 4, 0xececf0);
    vx_canvas_fill(p->canvas, x, at + 20, width * share, 4, meant ? 0xd55e00 : BAR);
  }
}

/* A legend of a colour map: from `low` to `high`. */
static void draw_scale(page *p, const vx_colours *colours, double x, double y, double width, const char *low,
                       const char *high) {
  enum { STEPS = 64 };
  for (int i = 0; i < STEPS; i++) {
    double rgb[3];
    vx_colour_of(colours, (i + 0.5) / STEPS, rgb);
    uint32_t colour = (uint32_t)lround(rgb[0]) << 16 | (uint32_t)lround(rgb[1]) << 8 | (uint32_t)lround(rgb[2]);
    vx_canvas_fill(p->canvas, x + width * i / STEPS, y, width / STEPS + 0.6, 9, colour);
  }
  vx_canvas_text(p->canvas, x, y + 11, width / 2, &small_font, low);
  vx_canvas_text(p->canvas, x + width / 2, y + 11, width / 2, &small_right, high);
}

static bool draw_band(page *p, double y) {
  const vx_contact_sheet *sheet = p->sheet;
  const vx_explained *e = sheet->explained;
  const vx_agreement *a = sheet->agreement;
  size_t pixels = pixels_of(p);
  double x = MARGIN, wide = BAND, high = p->picture_height;
  memcpy(p->rgb, e->rgb, 3 * pixels);
  vx_canvas_text(p->canvas, x, y, wide, &head_font, "What the model sees");
  if (!put(p, x, y + 24, wide, high)) return false;
  x += wide + CARD_GAP;
  if (a->count > 1) {
    char text[100];
    snprintf(text, sizeof text, "Consensus of %d methods", a->count);
    vx_canvas_text(p->canvas, x, y, wide, &head_font, text);
    vx_overlay_blend(e->rgb, a->mean, pixels, sheet->colours, sheet->alpha, p->rgb);
    if (!put(p, x, y + 24, wide, high)) return false;
    x += wide + CARD_GAP;
    vx_canvas_text(p->canvas, x, y, wide, &head_font, "Where they disagree");
    /* Half is the most that numbers in [0,1] can spread: the scale does not depend on the picture. */
    for (size_t i = 0; i < pixels; i++) p->contrast[i] = 2 * a->spread[i];
    vx_overlay_blend(e->rgb, p->contrast, pixels, vx_colours_find(VX_CONTACT_SPREAD), 0.8, p->rgb);
    if (!put(p, x, y + 24, wide, high)) return false;
    x += wide + CARD_GAP;
  }
  draw_top(p, x, y, fmin(p->width - MARGIN - x, 620));
  double at = y + 24 + 32 * e->top_count + 34, w = fmin(p->width - MARGIN - x, 620), third = (w - 40) / 3;
  draw_scale(p, sheet->colours, x, at, third, "0 least", "1 most");
  if (a->count > 1)
    draw_scale(p, vx_colours_find(VX_CONTACT_SPREAD), x + third + 20, at, third, "they agree", "they differ");
  if (e->against >= 0)
    draw_scale(p, p->signed_colours, x + 2 * third + 40, at, third, vx_model_label(sheet->model, e->against),
               vx_model_label(sheet->model, e->target));
  return true;
}

/* ---- cards --------------------------------------------------------------------------------------------------- */

static void card_facts(const page *p, int index, char *text, size_t size) {
  const vx_drawn *drawn = &p->sheet->explained->drawn[index];
  const vx_agreement *a = p->sheet->agreement;
  if (drawn->sized.heat.flat) {
    snprintf(text, size, "flat: no contrast at all");
    return;
  }
  int used = snprintf(text, size, "mask %.0f %%", 100 * drawn->share);
  for (int i = 0; i < a->count; i++)
    if (a->index[i] == index && !isnan(a->typical[i]) && used > 0 && used < (int)size)
      snprintf(text + used, size - (size_t)used, " \302\267 agreement %.2f", a->typical[i]);
}

static bool draw_contrast(page *p, int index, double x, double y) {
  const vx_explained *e = p->sheet->explained;
  const vx_drawn *against = &e->drawn_against[index];
  if (!e->drawn[index].class_specific || !against->made) {
    vx_canvas_fill(p->canvas, x, y, CELL, p->cell_height, 0xf4f4f6);
    vx_font quiet = small_font;
    quiet.align = VX_ALIGN_CENTER;
    vx_canvas_text(p->canvas, x, y + p->cell_height / 2 - 8, CELL, &quiet,
                   e->drawn[index].class_specific ? "could not be made" : "the same for any class");
    return true;
  }
  size_t pixels = pixels_of(p);
  vx_contrast(&e->drawn[index].sized.heat, &against->sized.heat, pixels, p->contrast);
  for (size_t i = 0; i < pixels; i++) p->contrast[i] = 0.5 + 0.5 * p->contrast[i];
  vx_overlay_blend(e->rgb, p->contrast, pixels, p->signed_colours, 0.8, p->rgb);
  return put(p, x, y, CELL, p->cell_height);
}

static bool draw_pictures(page *p, int index, double x, double y) {
  const vx_explained *e = p->sheet->explained;
  const vx_drawn *drawn = &e->drawn[index];
  size_t pixels = pixels_of(p);
  double step = CELL + GAP;
  vx_overlay_blend(e->rgb, drawn->sized.heat.h, pixels, p->sheet->colours, p->sheet->alpha, p->rgb);
  if (!put(p, x, y, CELL, p->cell_height)) return false;
  vx_overlay_product(e->rgb, drawn->sized.heat.h, pixels, p->rgb);
  if (!put(p, x + step, y, CELL, p->cell_height)) return false;
  vx_overlay_masked(e->rgb, drawn->mask, pixels, p->rgb);
  if (!put(p, x + 2 * step, y, CELL, p->cell_height)) return false;
  memcpy(p->rgb, e->rgb, 3 * pixels);
  vx_overlay_outline(p->rgb, drawn->mask, e->width, e->height, 2 * vx_overlay_thickness(e->width, e->height), 0xffd400);
  if (!put(p, x + 3 * step, y, CELL, p->cell_height)) return false;
  return e->against < 0 || draw_contrast(p, index, x + 4 * step, y);
}

static bool draw_card(page *p, int index, double x, double y) {
  const vx_drawn *drawn = &p->sheet->explained->drawn[index];
  const vx_method *method = drawn->method;
  bool own_name = method->name != method->explainer->id;
  char text[200];
  vx_canvas_text(p->canvas, x, y, p->card_width - 300, &head_font, own_name ? method->name : method->explainer->title);
  if (!drawn->made) {
    snprintf(text, sizeof text, "could not be made: %.150s", drawn->error.why);
    vx_canvas_fill(p->canvas, x, y + CARD_HEAD, p->card_width, p->cell_height, 0xf4f4f6);
    vx_canvas_text(p->canvas, x + 12, y + CARD_HEAD + 12, p->card_width - 24, &text_font, text);
    return true;
  }
  card_facts(p, index, text, sizeof text);
  vx_canvas_text(p->canvas, x + p->card_width - 300, y + 1, 300, &small_right, text);
  return draw_pictures(p, index, x, y + CARD_HEAD);
}

/* What the pictures of a card are, once above each column of cards. */
static void draw_captions(page *p, double y) {
  static const char *const captions[] = {"overlay", "V = I\342\212\231A", "V, thresholded by Otsu",
                                         "outline of that mask", "contrast of the classes"};
  for (int c = 0; c < p->columns && c < p->shown; c++)
    for (int k = 0; k < p->pictures; k++)
      vx_canvas_text(p->canvas, MARGIN + c * (p->card_width + CARD_GAP) + k * (CELL + GAP), y, CELL, &small_font,
                     captions[k]);
}

static bool draw_page(page *p) {
  double y = MARGIN + HEAD;
  draw_head(p);
  if (!draw_band(p, y)) return false;
  y += p->band_height + CARD_GAP;
  vx_canvas_line(p->canvas, MARGIN, y - 12, p->width - MARGIN, y - 12, 1, RULE);
  draw_captions(p, y - 4);
  y += 24;
  int place = 0;
  for (int i = 0; i < p->sheet->method_count; i++) {
    if (p->sheet->explained->drawn[i].method->hidden) continue;
    double x = MARGIN + place % p->columns * (p->card_width + CARD_GAP);
    if (!draw_card(p, i, x, y + place / p->columns * (p->card_height + CARD_GAP))) return false;
    place++;
  }
  if (p->sheet->note)
    vx_canvas_text(p->canvas, MARGIN, p->height - FOOT, p->width - 2 * MARGIN, &small_font, p->sheet->note);
  return true;
}

bool vx_contact_sheet_draw(const vx_contact_sheet *sheet, const char *path, vx_error *error) {
  page p = {.sheet = sheet, .signed_colours = vx_colours_find("balance"), .error = error};
  measure(&p);
  size_t pixels = pixels_of(&p);
  p.rgb = malloc(3 * pixels);
  p.contrast = malloc(pixels * sizeof *p.contrast);
  bool good = (p.rgb && p.contrast) || vx_fail(error, path, "out of memory");
  p.canvas = good ? vx_canvas_new(path, ceil(p.width), ceil(p.height), 1, error) : NULL;
  good = p.canvas != NULL && draw_page(&p);
  if (p.canvas && good)
    good = vx_canvas_save(p.canvas, error);
  else
    vx_canvas_free(p.canvas);
  free(p.rgb);
  free(p.contrast);
  return good;
}
