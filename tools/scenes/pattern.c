#include "tools/scenes/pattern.h"

#include <math.h>

#include "tools/scenes/shape.h"

static double part(double x) {
  return x - floor(x);
}

/* Signed distances in pixels, positive inside the second colour; p is the period in pixels. */

static double stripes(double u, double v, double p) {
  (void)v;
  return p / 4 - fabs(part(u / p) - 0.5) * p;
}

static double waves(double u, double v, double p) {
  return stripes(u + 0.42 * p * sin_turns(v / (1.9 * p)), 0, p) * 0.8;
}

static double checks(double u, double v, double p) {
  double a = stripes(u, 0, p), b = stripes(v, 0, p), d = fmin(fabs(a), fabs(b));
  return a * b > 0 ? d : -d;
}

static double distance_in_cell(double u, double v, double p) {
  double x = part(u / p) - 0.5, y = part(v / p) - 0.5;
  return sqrt(x * x + y * y) * p;
}

static double dots(double u, double v, double p) {
  return 0.25 * p - fmin(distance_in_cell(u, v, p), distance_in_cell(u + p / 2, v + p / 2, p));
}

static double rings(double u, double v, double p) {
  return 0.1 * p - fabs(distance_in_cell(u, v, p) - 0.34 * p);
}

/* Thin lines in two directions, 60 degrees apart. */
static double hatch(double u, double v, double p) {
  double a = fabs(part((0.866025403784 * u + 0.5 * v) / p) - 0.5),
         b = fabs(part((0.866025403784 * u - 0.5 * v) / p) - 0.5);
  return (0.12 - fmin(a, b)) * p;
}

static double bricks(double u, double v, double p) {
  double row = floor(v / (p / 2)), across = part(u / p + (part(row / 2) > 0.25 ? 0.5 : 0));
  double to_bed = fabs(part(v / (p / 2)) - 0.5) * p / 2, to_joint = fabs(across - 0.5) * p;
  return fmax(0.075 * p - (p / 4 - to_bed), 0.075 * p - (p / 2 - to_joint));
}

/* Rows of overlapping discs, each row half a period below the last and moved by half a period; the rim shows. */
static double scales(double u, double v, double p) {
  double row = floor(v / (p / 2));
  for (int k = 1; k >= -1; k--) {
    double r = row + k, y = v - r * p / 2, x = (part(u / p + (part(r / 2) > 0.25 ? 0.5 : 0)) - 0.5) * p;
    double d = sqrt(x * x + y * y);
    if (d < 0.56 * p) return d - 0.40 * p;
  }
  return -1;
}

static double dashes(double u, double v, double p) {
  double row = floor(v / (p / 2)), x = fabs(part(u / p + (part(row / 2) > 0.25 ? 0.5 : 0)) - 0.5) * p;
  double y = fabs(part(v / (p / 2)) - 0.5) * p / 2;
  return fmin(0.32 * p - x, 0.1 * p - y);
}

static double triangles(double u, double v, double p) {
  double y = part(v / (0.8 * p)), x = fabs(part(u / p) - 0.5);
  return fmin((y * 0.52 - x) * p * 0.8, (0.94 - y) * p);
}

typedef struct pattern {
  const char *name;
  double period; /* pixels in a picture 500 wide */
  double (*distance)(double u, double v, double p);
} pattern;

/* In the order of the shapes: star, cross, heart, crescent, gear, leaf, shield, drop, arrow, hexagon. */
static const pattern patterns[SHAPE_COUNT] = {
    {"dots", 30, dots},     {"checks", 30, checks},      {"stripes", 18, stripes}, {"waves", 20, waves},
    {"rings", 27, rings},   {"scales", 32, scales},      {"bricks", 42, bricks},   {"cross-hatching", 19, hatch},
    {"dashes", 36, dashes}, {"triangles", 26, triangles}};

const char *pattern_name(int shape) {
  return patterns[shape].name;
}

double pattern_at(int shape, double u, double v, double period) {
  double d = patterns[shape].distance(u, v, period * patterns[shape].period) + 0.5;
  return d < 0 ? 0 : d > 1 ? 1 : d;
}
