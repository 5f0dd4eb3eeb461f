#include "tools/scenes/paint.h"

#include <cairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/scenes/background.h"
#include "tools/scenes/pattern.h"
#include "tools/scenes/rng.h"

/* Everything is laid over a float picture through 8-bit coverage that cairo draws. */
typedef struct canvas {
  int width, height;
  float *rgb;
  cairo_surface_t *cover;
  cairo_t *pen;
} canvas;

static canvas canvas_make(int width, int height) {
  canvas c = {width, height, malloc((size_t)width * (size_t)height * 3 * sizeof(float)),
              cairo_image_surface_create(CAIRO_FORMAT_A8, width, height), NULL};
  c.pen = cairo_create(c.cover);
  if (!c.rgb || cairo_status(c.pen) != CAIRO_STATUS_SUCCESS) abort();
  return c;
}

static void canvas_free(canvas *c) {
  cairo_destroy(c->pen);
  cairo_surface_destroy(c->cover);
  free(c->rgb);
}

static void trace_outline(cairo_t *pen, const outline *o) {
  for (int i = 0; i < o->count; i++) cairo_line_to(pen, o->at[i].x, o->at[i].y);
  cairo_close_path(pen);
}

/* How a covered pixel gets its colour. */
typedef struct surface_paint {
  colour first, second;
  const scene_object *object; /* with its pattern; NULL: the first colour alone */
  double light_x, light_y;    /* brightness gained a pixel to the right and down, as a share */
  double opacity;
} surface_paint;

static void shade(const surface_paint *paint, double x, double y, double c, double s, double *out) {
  double p = 0, light = 1;
  if (paint->object) {
    double dx = x - paint->object->place.x, dy = y - paint->object->place.y;
    p = pattern_at(paint->object->shape, c * dx + s * dy + 1e4, c * dy - s * dx + 1e4, paint->object->period);
    light = 1 + dx * paint->light_x + dy * paint->light_y;
  }
  for (int k = 0; k < 3; k++) out[k] = (paint->first.v[k] + (paint->second.v[k] - paint->first.v[k]) * p) * light;
}

/* Paints what the pen's path covers, then clears the path. */
static void lay(canvas *c, const surface_paint *paint, bool stroke) {
  double x0, y0, x1, y1, out[3];
  if (stroke)
    cairo_stroke_extents(c->pen, &x0, &y0, &x1, &y1);
  else
    cairo_fill_extents(c->pen, &x0, &y0, &x1, &y1);
  int left = (int)fmax(0, floor(x0) - 1), top = (int)fmax(0, floor(y0) - 1);
  int right = (int)fmin(c->width, ceil(x1) + 1), bottom = (int)fmin(c->height, ceil(y1) + 1);
  double turns = paint->object ? paint->object->place.turns + paint->object->grain : 0;
  double cosine = cos_turns(turns), sine = sin_turns(turns);
  if (stroke)
    cairo_stroke(c->pen);
  else
    cairo_fill(c->pen);
  cairo_surface_flush(c->cover);
  uint8_t *cover = cairo_image_surface_get_data(c->cover);
  long stride = cairo_image_surface_get_stride(c->cover);
  for (int y = top; y < bottom; y++)
    for (int x = left; x < right; x++) {
      uint8_t *a = cover + y * stride + x;
      if (!*a) continue;
      double alpha = *a * paint->opacity / 255;
      float *p = c->rgb + ((long)y * c->width + x) * 3;
      shade(paint, x + 0.5, y + 0.5, cosine, sine, out);
      for (int k = 0; k < 3; k++) p[k] = (float)(p[k] + (out[k] - p[k]) * alpha);
      *a = 0;
    }
  cairo_surface_mark_dirty(c->cover);
}

static void paint_ellipse(canvas *c, rng *r, const surface_paint *paint) {
  /* One draw a statement: compilers differ in the order in which they evaluate arguments. */
  double y = rng_between(r, 0, c->height), x = rng_between(r, 0, c->width), turn = 6.283185307 * rng_unit(r);
  double high = rng_between(r, 8, 40), wide = rng_between(r, 12, 70);
  cairo_save(c->pen);
  cairo_translate(c->pen, x, y);
  cairo_rotate(c->pen, turn);
  cairo_scale(c->pen, wide, high);
  cairo_arc(c->pen, 0, 0, 1, 0, 6.283185307);
  cairo_restore(c->pen);
  lay(c, paint, false);
}

static void paint_curve(canvas *c, rng *r, const surface_paint *paint) {
  cairo_set_line_width(c->pen, rng_between(r, 2, 14));
  double at[8];
  for (int i = 0; i < 8; i++) at[i] = rng_between(r, -0.1, 1.1) * (i % 2 ? c->height : c->width);
  cairo_move_to(c->pen, at[0], at[1]);
  cairo_curve_to(c->pen, at[2], at[3], at[4], at[5], at[6], at[7]);
  lay(c, paint, true);
}

/* A class' silhouette without a pattern is no object, nor is a slab. */
static void paint_plain_shape(canvas *c, rng *r, const surface_paint *paint) {
  outline shape = shape_outline(rng_int(r, 0, SHAPE_COUNT - 1));
  double side = rng_between(r, 25, 90);
  double x = rng_between(r, 0, c->width), y = rng_between(r, 0, c->height), stretch = rng_between(r, 0.7, 1.3);
  placement p = {x, y, side, side * stretch, rng_unit(r)};
  outline at = outline_place(&shape, &p);
  trace_outline(c->pen, &at);
  lay(c, paint, false);
}

static void paint_clutter(canvas *c, rng *r, double difficulty) {
  int count = rng_int(r, 0, 2 + (int)(7 * difficulty));
  for (int i = 0; i < count; i++) {
    surface_paint paint = {.first = colour_random(r)};
    paint.opacity = rng_between(r, 0.4, 1);
    int kind = rng_int(r, 0, 3);
    if (kind == 0)
      paint_curve(c, r, &paint);
    else if (kind == 1)
      paint_plain_shape(c, r, &paint);
    else
      paint_ellipse(c, r, &paint);
  }
}

/* Two colours that differ enough in lightness for the pattern to be seen. */
static void choose_colours(rng *r, surface_paint *paint) {
  for (int attempt = 0; attempt < 64; attempt++) {
    paint->first = colour_random(r);
    paint->second = colour_random(r);
    if (fabs(colour_luma(&paint->first) - colour_luma(&paint->second)) > 75) return;
  }
}

static void paint_items(canvas *c, rng *r, const scene *s) {
  for (int i = 0; i < s->items_count; i++) {
    const scene_item *item = &s->items[i];
    surface_paint paint = {.opacity = 1};
    choose_colours(r, &paint);
    double t = rng_unit(r), strength = rng_between(r, 0, 0.3);
    if (item->object >= 0) {
      const scene_object *o = paint.object = &s->objects[item->object];
      double side = sqrt(o->place.sx * o->place.sy);
      paint.light_x = strength * cos_turns(t) / side;
      paint.light_y = strength * sin_turns(t) / side;
    }
    trace_outline(c->pen, &item->at);
    lay(c, &paint, false);
  }
}

/* A white plate with a dark frame, a thick ring and a bar across it. */
static void paint_mark(canvas *c, const box *m) {
  double x = m->x0, y = m->y0, w = m->x1 - m->x0 + 1, h = m->y1 - m->y0 + 1, side = fmin(w, h);
  const surface_paint white = {.first = {{250, 250, 246}}, .opacity = 1},
                      dark = {.first = {{18, 16, 24}}, .opacity = 1};
  cairo_rectangle(c->pen, x, y, w, h);
  lay(c, &dark, false);
  double f = 0.07 * side;
  cairo_rectangle(c->pen, x + f, y + f, w - 2 * f, h - 2 * f);
  lay(c, &white, false);
  cairo_set_line_width(c->pen, 0.13 * side);
  cairo_arc(c->pen, x + w / 2, y + h / 2, 0.27 * side, 0, 6.283185307);
  lay(c, &dark, true);
  cairo_move_to(c->pen, x + 0.16 * w, y + 0.86 * h);
  cairo_line_to(c->pen, x + 0.84 * w, y + 0.14 * h);
  lay(c, &dark, true);
}

/* Lamp from one side, darker corners, noise of the sensor; then to bytes. */
static void develop(const canvas *c, const scene *s, uint8_t *rgb) {
  rng r = rng_make(s->seed, s->index, RNG_NOISE);
  double t = rng_unit(&r), lamp = rng_between(&r, 0, 0.25), fall = rng_between(&r, 0, 0.3);
  double gain = rng_between(&r, 0.8, 1.15), sigma = rng_between(&r, 1, 1.5 + 4.5 * s->difficulty);
  double ax = lamp * cos_turns(t), ay = lamp * sin_turns(t);
  for (int y = 0; y < c->height; y++)
    for (int x = 0; x < c->width; x++) {
      double u = 2.0 * x / c->width - 1, v = 2.0 * y / c->height - 1;
      double light = gain * (1 + ax * u + ay * v) * (1 - fall * 0.5 * (u * u + v * v));
      uint64_t n = rng_next(&r); /* three sums of two bytes each: triangular, deviation 104 */
      long i = ((long)y * c->width + x) * 3;
      for (int k = 0; k < 3; k++, n >>= 16) {
        double noise = (double)((int)(n & 255) + (int)(n >> 8 & 255) - 255) * sigma / 104;
        double value = c->rgb[i + k] * light + noise + 0.5;
        rgb[i + k] = value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
      }
    }
}

void scene_paint(const scene *s, uint8_t *rgb) {
  rng r = rng_make(s->seed, s->index, RNG_PAINT);
  canvas c = canvas_make(s->width, s->height);
  background_paint(s, &r, c.rgb);
  paint_clutter(&c, &r, s->difficulty);
  paint_items(&c, &r, s);
  if (s->marked) paint_mark(&c, &s->mark);
  develop(&c, s, rgb);
  canvas_free(&c);
}

int scene_quality(const scene *s) {
  rng r = rng_make(s->seed, s->index ^ 0x5ca1ab1e00000000u, RNG_NOISE);
  return rng_int(&r, 60, 92);
}
