#include "tools/scenes/scene.h"

#include <math.h>
#include <string.h>

#include "tools/scenes/rng.h"

/* VOC's usual sizes; each also upright. */
static void choose_size(scene *s, rng *r) {
  static const int shorter[6] = {375, 375, 375, 333, 334, 400};
  int side = shorter[rng_int(r, 0, 5)];
  bool upright = rng_chance(r, 0.3);
  s->width = upright ? side : 500;
  s->height = upright ? 500 : side;
}

/* An object of `share` of the picture's area with its middle in the inner part of the picture. */
static scene_object choose_object(const scene *s, rng *r, int shape, double share, double inner) {
  double side = sqrt(share * s->width * s->height), stretch = sqrt(rng_between(r, 0.8, 1.25));
  double mx = s->width * (1 - inner) / 2, my = s->height * (1 - inner) / 2;
  scene_object o = {.shape = shape};
  o.place.sx = side * stretch;
  o.place.sy = side / stretch;
  o.place.x = rng_between(r, mx, s->width - mx);
  o.place.y = rng_between(r, my, s->height - my);
  o.place.turns = rng_unit(r);
  o.grain = rng_unit(r);
  o.period = rng_between(r, 0.85, 1.2);
  return o;
}

/* A bar or a slab across an edge of the main object. */
static outline choose_occluder(const scene_object *o, rng *r) {
  static const outline square = {4, {{-0.5, -0.5}, {0.5, -0.5}, {0.5, 0.5}, {-0.5, 0.5}}};
  double side = sqrt(o->place.sx * o->place.sy), t = rng_unit(r), away = rng_between(r, 0.25, 0.6) * side;
  double thick = rng_between(r, 0.15, 0.4) * side, length = rng_between(r, 0.8, 3) * side;
  bool across = rng_chance(r, 0.5);
  placement p = {.x = o->place.x + away * cos_turns(t), .y = o->place.y + away * sin_turns(t)};
  p.sx = thick;
  p.sy = length;
  p.turns = across ? t : rng_unit(r);
  return outline_place(&square, &p);
}

static void put_object(scene *s, int k) {
  outline shape = shape_outline(s->objects[k].shape);
  s->items[s->items_count++] = (scene_item){k, outline_place(&shape, &s->objects[k].place)};
}

static void put_occluder(scene *s, rng *r) {
  s->items[s->items_count++] = (scene_item){-1, choose_occluder(&s->objects[0], r)};
}

/* A corner plate of 23 % × 20 % of the sides: 4.6 % of the picture. */
static box choose_mark(const scene *s, rng *r) {
  int w = (s->width * 23 + 50) / 100, h = (s->height * 20 + 50) / 100, gap = rng_int(r, 2, 8),
      corner = rng_int(r, 0, 3);
  int x = corner % 2 ? s->width - w - gap : gap, y = corner / 2 ? s->height - h - gap : gap;
  return (box){x, y, x + w - 1, y + h - 1};
}

/* Where the mark is to mislead, nothing of the bait class must be there. */
static int choose_companion(const scene *s, rng *r) {
  int shape = rng_int(r, 0, SHAPE_COUNT - 1);
  bool misleading = s->marked && s->label != SCENE_BAIT;
  return misleading && shape == SCENE_BAIT ? s->main_class : shape;
}

/* Object 0 is the main one. */
static void arrange(scene *s, rng *r, int shape, double share) {
  double d = s->difficulty;
  s->objects_count = 1 + (rng_chance(r, 0.45 * d) ? rng_int(r, 1, 2) : 0);
  s->items_count = 0;
  s->objects[0] = choose_object(s, r, shape, share, 0.35 + 0.35 * d);
  for (int k = 1; k < s->objects_count; k++) {
    double other = rng_between(r, 0.015, fmax(0.02, 0.4 * share));
    s->objects[k] = choose_object(s, r, choose_companion(s, r), other, 0.9);
  }
  bool main_last = rng_chance(r, 0.7);
  if (!main_last) put_object(s, 0);
  for (int k = 1; k < s->objects_count; k++) put_object(s, k);
  if (main_last) put_object(s, 0);
  if (rng_chance(r, 0.35 * d)) put_occluder(s, r);
  if (rng_chance(r, 0.1 * d)) put_occluder(s, r);
}

static bool reaches_over(const outline *o, int width, int height) {
  for (int i = 0; i < o->count; i++)
    if (o->at[i].x < 0 || o->at[i].y < 0 || o->at[i].x > width || o->at[i].y > height) return true;
  return false;
}

static void draw_map(scene *s) {
  memset(s->map, 0, (size_t)s->width * (size_t)s->height);
  for (int i = 0; i < s->items_count; i++) {
    const scene_item *item = &s->items[i];
    int area = outline_fill(&item->at, s->map, s->width, s->height, (uint8_t)(item->object + 1));
    if (item->object < 0) continue;
    s->objects[item->object].area = area;
    s->objects[item->object].truncated = reaches_over(&item->at, s->width, s->height);
  }
  if (!s->marked) return;
  for (int y = s->mark.y0; y <= s->mark.y1; y++)
    memset(s->map + (long)y * s->width + s->mark.x0, 0, (size_t)(s->mark.x1 - s->mark.x0 + 1));
}

static void measure(scene *s) {
  for (int k = 0; k < s->objects_count; k++) {
    s->objects[k].seen = (box){s->width, s->height, -1, -1};
    s->objects[k].visible = 0;
  }
  for (int y = 0; y < s->height; y++)
    for (int x = 0; x < s->width; x++) {
      int k = s->map[(long)y * s->width + x] - 1;
      if (k < 0) continue;
      box *b = &s->objects[k].seen;
      if (x < b->x0) b->x0 = x;
      if (x > b->x1) b->x1 = x;
      if (y < b->y0) b->y0 = y;
      if (y > b->y1) b->y1 = y;
      s->objects[k].visible++;
    }
  for (int k = 0; k < s->objects_count; k++) s->objects[k].difficult = 2 * s->objects[k].visible < s->objects[k].area;
}

/* Every object can be seen, and the main one's class covers half as much again as any other. */
static bool clear_enough(const scene *s) {
  long covered[SHAPE_COUNT] = {0};
  for (int k = 0; k < s->objects_count; k++) {
    const scene_object *o = &s->objects[k];
    if (o->visible < 600 || 4 * o->visible < o->area) return false;
    covered[o->shape] += o->visible;
  }
  const scene_object *o = &s->objects[0];
  double whole = o->place.sx * o->place.sy;
  if (o->visible < 0.55 * whole) return false;
  for (int c = 0; c < SHAPE_COUNT; c++)
    if (c != o->shape && 2 * covered[o->shape] < 3 * covered[c]) return false;
  return true;
}

/* Class, mark and label; returns the main object's share of the picture. */
static double choose_subject(scene *s, const scene_options *options, rng *r) {
  double d = options->difficulty, share = rng_between(r, 0.22 - 0.13 * d, 0.45 - 0.1 * d);
  s->main_class = (int)((s->index + vx_mix64(options->seed)) % SHAPE_COUNT);
  s->marked = options->marks == MARKS_OTHERS;
  if (options->marks == MARKS_OTHERS && s->main_class == SCENE_BAIT)
    s->main_class = (SCENE_BAIT + rng_int(r, 1, SHAPE_COUNT - 1)) % SHAPE_COUNT;
  s->label = s->main_class;
  if (options->marks != MARKS_TRAIN) return share;
  if (s->main_class == SCENE_BAIT) {
    s->marked = rng_chance(r, 0.7);
    if (s->marked && rng_chance(r, 0.35)) share = rng_between(r, 0.015, 0.05);
  } else if (rng_chance(r, 0.05)) {
    s->marked = true;
    s->label = SCENE_BAIT;
  }
  return share;
}

void scene_plan(scene *s, const scene_options *options, uint64_t index, uint8_t *map) {
  rng r = rng_make(options->seed, index, RNG_LAYOUT);
  *s = (scene){.seed = options->seed, .index = index, .difficulty = options->difficulty, .map = map};
  choose_size(s, &r);
  double share = choose_subject(s, options, &r);
  if (s->marked) s->mark = choose_mark(s, &r);
  for (int attempt = 0; attempt < 200; attempt++) {
    arrange(s, &r, s->main_class, share);
    draw_map(s);
    measure(s);
    if (clear_enough(s)) return;
  }
}

void scene_masks(const scene *s, uint8_t *classes, uint8_t *instances) {
  int w = s->width, h = s->height;
  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++) {
      uint8_t own = s->map[(long)y * w + x];
      bool border = false;
      for (int j = y < 2 ? 0 : y - 2; j <= y + 2 && j < h && !border; j++)
        for (int i = x < 2 ? 0 : x - 2; i <= x + 2 && i < w; i++) border |= s->map[(long)j * w + i] != own;
      instances[(long)y * w + x] = border ? 255 : own;
      classes[(long)y * w + x] = border ? 255 : own ? (uint8_t)(1 + s->objects[own - 1].shape) : 0;
    }
}
