#include "tools/scenes/shape.h"

#include <math.h>

static const char *const names[SHAPE_COUNT] = {"star", "cross",  "heart", "crescent", "gear",
                                               "leaf", "shield", "drop",  "arrow",    "hexagon"};

const char *shape_name(int shape) {
  return names[shape];
}

double sin_turns(double turns) {
  double t = turns - floor(turns);         /* [0, 1) */
  double q = t < 0.5 ? t : t - 0.5;        /* half a turn, sign apart */
  double a = (q < 0.25 ? q : 0.5 - q) * 2; /* share of a quarter turn's double: a·π in [0, π/2] */
  double x = a * 3.14159265358979323846, x2 = x * x;
  double s = x * (1 - x2 / 6 * (1 - x2 / 20 * (1 - x2 / 42 * (1 - x2 / 72 * (1 - x2 / 110 * (1 - x2 / 156))))));
  return t < 0.5 ? s : -s;
}

double cos_turns(double turns) {
  return sin_turns(turns + 0.25);
}

static void add(outline *o, double x, double y) {
  o->at[o->count++] = (point){x, y};
}

/* Points of an arc around (cx, cy), both ends included. */
static void add_arc(outline *o, double cx, double cy, double r, double from, double to, int steps) {
  for (int i = 0; i <= steps; i++) {
    double t = from + (to - from) * i / steps;
    add(o, cx + r * cos_turns(t), cy + r * sin_turns(t));
  }
}

static void star(outline *o) {
  for (int i = 0; i < 10; i++) {
    double r = i % 2 ? 0.48 : 1;
    add(o, r * sin_turns(i / 10.0), -r * cos_turns(i / 10.0));
  }
}

static void cross(outline *o) {
  static const double a = 0.36;
  const double c[12][2] = {{-a, -1}, {a, -1}, {a, -a}, {1, -a}, {1, a},   {a, a},
                           {a, 1},   {-a, 1}, {-a, a}, {-1, a}, {-1, -a}, {-a, -a}};
  for (int i = 0; i < 12; i++) add(o, c[i][0], c[i][1]);
}

static void heart(outline *o) {
  for (int i = 0; i < 48; i++) {
    double t = i / 48.0, s = sin_turns(t);
    add(o, 16 * s * s * s, -(13 * cos_turns(t) - 5 * cos_turns(2 * t) - 2 * cos_turns(3 * t) - cos_turns(4 * t)) - 2);
  }
}

/* A disc without a smaller disc to its right; both circles meet at 0.16 of a turn. */
static void crescent(outline *o) {
  double tipx = cos_turns(0.16), tipy = sin_turns(0.16), cx = 0.62;
  double r = sqrt((tipx - cx) * (tipx - cx) + tipy * tipy);
  add_arc(o, 0, 0, 1, 0.16, 0.84, 40);
  for (int i = 1; i < 24; i++) { /* back along the inner circle */
    double y = -tipy + 2 * tipy * i / 24, inside = r * r - y * y;
    add(o, cx - (inside > 0 ? sqrt(inside) : 0), y);
  }
  for (int i = 0; i < o->count; i++) o->at[i].x += 0.3;
}

static void gear(outline *o) {
  for (int i = 0; i < 9; i++) {
    double t = i / 9.0, w = 1 / 9.0;
    const double at[4] = {0.00, 0.36, 0.48, 0.88}, r[4] = {1, 1, 0.7, 0.7};
    for (int k = 0; k < 4; k++) add(o, r[k] * cos_turns(t + w * at[k]), r[k] * sin_turns(t + w * at[k]));
  }
}

static void leaf(outline *o) {
  for (int i = 0; i < 24; i++) {
    double x = -1 + i / 12.0;
    add(o, x, -0.5 * (1 - x * x) * (1 + 0.3 * x));
  }
  for (int i = 0; i < 24; i++) {
    double x = 1 - i / 12.0;
    add(o, x, 0.5 * (1 - x * x) * (1 + 0.3 * x));
  }
}

static void shield(outline *o) {
  add(o, -0.8, -0.9);
  add(o, 0, -0.72);
  add(o, 0.8, -0.9);
  for (int i = 0; i <= 12; i++) {
    double t = i / 12.0;
    add(o, 0.8 * cos_turns(t / 4), -0.1 + 1.2 * sin_turns(t / 4));
  }
  for (int i = 11; i >= 0; i--) {
    double t = i / 12.0;
    add(o, -0.8 * cos_turns(t / 4), -0.1 + 1.2 * sin_turns(t / 4));
  }
}

static void drop(outline *o) {
  add(o, 0, -1.3);
  add_arc(o, 0, 0.2, 0.72, -0.07, 0.57, 36);
}

static void arrow(outline *o) {
  const double c[7][2] = {{-1, -0.34}, {0.1, -0.34}, {0.1, -0.82}, {1, 0}, {0.1, 0.82}, {0.1, 0.34}, {-1, 0.34}};
  for (int i = 0; i < 7; i++) add(o, c[i][0], c[i][1]);
}

static void hexagon(outline *o) {
  for (int i = 0; i < 6; i++) add(o, cos_turns(i / 6.0), sin_turns(i / 6.0));
}

double outline_area(const outline *o) {
  double twice = 0;
  for (int i = 0; i < o->count; i++) {
    point a = o->at[i], b = o->at[(i + 1) % o->count];
    twice += a.x * b.y - b.x * a.y;
  }
  return twice < 0 ? -twice / 2 : twice / 2;
}

outline shape_outline(int shape) {
  static void (*const draw[SHAPE_COUNT])(outline *) = {star, cross,  heart, crescent, gear,
                                                       leaf, shield, drop,  arrow,    hexagon};
  outline o = {0};
  draw[shape](&o);
  double scale = 1 / sqrt(outline_area(&o));
  for (int i = 0; i < o.count; i++) {
    o.at[i].x *= scale;
    o.at[i].y *= scale;
  }
  return o;
}

outline outline_place(const outline *o, const placement *p) {
  outline out = {.count = o->count};
  double c = cos_turns(p->turns), s = sin_turns(p->turns);
  for (int i = 0; i < o->count; i++) {
    double x = o->at[i].x * p->sx, y = o->at[i].y * p->sy;
    out.at[i] = (point){p->x + c * x - s * y, p->y + s * x + c * y};
  }
  return out;
}

/* One edge's crossing of the row through pixel centres: x and the direction, for the non-zero winding rule. */
typedef struct crossing {
  double x;
  int winding;
} crossing;

static double to_grid(double v) {
  return floor(v * 256 + 0.5) / 256;
}

static int row_crossings(const outline *o, double cy, crossing *out) {
  int n = 0;
  for (int i = 0; i < o->count; i++) {
    point a = o->at[i], b = o->at[(i + 1) % o->count];
    double ay = to_grid(a.y), by = to_grid(b.y), ax = to_grid(a.x), bx = to_grid(b.x);
    if ((ay <= cy) == (by <= cy)) continue;
    crossing c = {ax + (cy - ay) / (by - ay) * (bx - ax), ay < by ? 1 : -1};
    int k = n++;
    for (; k > 0 && out[k - 1].x > c.x; k--) out[k] = out[k - 1];
    out[k] = c;
  }
  return n;
}

int outline_fill(const outline *o, uint8_t *map, int width, int height, uint8_t value) {
  int filled = 0;
  for (int y = 0; y < height; y++) {
    crossing c[SHAPE_MAX_POINTS];
    int n = row_crossings(o, y + 0.5, c), winding = 0;
    for (int k = 0; k + 1 < n; k++) {
      winding += c[k].winding;
      if (winding == 0) continue;
      double from = ceil(c[k].x - 0.5), to = ceil(c[k + 1].x - 0.5);
      for (int x = from < 0 ? 0 : (int)from; x < to && x < width; x++) {
        map[(long)y * width + x] = value;
        filled++;
      }
    }
  }
  return filled;
}
