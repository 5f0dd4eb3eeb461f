#include "tools/scenes/background.h"

#include <math.h>

static double mix(double a, double b, double t) {
  return a + (b - a) * t;
}

colour colour_random(rng *r) {
  colour c;
  for (int k = 0; k < 3; k++) c.v[k] = rng_between(r, 10, 245);
  return c;
}

double colour_luma(const colour *c) {
  return 0.299 * c->v[0] + 0.587 * c->v[1] + 0.114 * c->v[2];
}

enum { GRID = 64 };

/* A lattice of random values, stretched over the picture and turned: one octave of value noise. */
typedef struct octave {
  double cos, sin, sx, sy, weight;
  float at[GRID][GRID];
} octave;

static octave octave_make(rng *r, double turns, double cell_x, double cell_y, double weight) {
  octave o = {cos_turns(turns), sin_turns(turns), 1 / cell_x, 1 / cell_y, weight, {{0}}};
  for (int j = 0; j < GRID; j++)
    for (int i = 0; i < GRID; i++) o.at[j][i] = (float)rng_unit(r);
  return o;
}

static double octave_at(const octave *o, double x, double y) {
  double u = (o->cos * x + o->sin * y) * o->sx + 4096, v = (o->cos * y - o->sin * x) * o->sy + 4096;
  int i = (int)u, j = (int)v;
  double a = u - i, b = v - j;
  a = a * a * (3 - 2 * a);
  b = b * b * (3 - 2 * b);
  const float *p = o->at[j % GRID], *q = o->at[(j + 1) % GRID];
  int k = i % GRID, l = (i + 1) % GRID;
  return o->weight * mix(mix(p[k], p[l], a), mix(q[k], q[l], a), b);
}

void background_paint(const scene *s, rng *r, float *rgb) {
  colour low = colour_random(r), high = colour_random(r), far = colour_random(r);
  double contrast = rng_between(r, 0.15, 0.4 + 0.5 * s->difficulty);
  for (int c = 0; c < 3; c++) high.v[c] = mix(low.v[c], high.v[c], contrast);
  /* Streaks (wood, grass, water) or clouds (stone, cloth, foliage), coarse to fine. */
  double turns = rng_unit(r), streak = rng_chance(r, 0.4) ? rng_between(r, 2, 6) : 1;
  double cell = rng_between(r, 25, 90);
  octave o[3];
  o[0] = octave_make(r, turns, cell * streak, cell, 0.5);
  o[1] = octave_make(r, turns, cell * streak / 3, cell / 3, 0.3);
  o[2] = octave_make(r, turns, cell * streak / 8, cell / 8, 0.2);
  /* Above the horizon, if there is one, lies something farther away. */
  bool horizon = rng_chance(r, 0.35);
  double level = rng_between(r, 0.2, 0.7) * s->height, slope = rng_between(r, -0.2, 0.2);
  for (int y = 0; y < s->height; y++)
    for (int x = 0; x < s->width; x++) {
      double n = octave_at(&o[0], x, y) + octave_at(&o[1], x, y) + octave_at(&o[2], x, y);
      bool above = horizon && y < level + slope * (x - s->width * 0.5);
      float *p = rgb + ((long)y * s->width + x) * 3;
      for (int c = 0; c < 3; c++)
        p[c] = (float)(above ? mix(far.v[c], high.v[c], n * 0.5) : mix(low.v[c], high.v[c], n));
    }
}
