/* The ten shapes as polygons, and a polygon filler whose pixels depend on nothing but the vertices. */
#ifndef SCENES_SHAPE_H
#define SCENES_SHAPE_H

#include <stdint.h>

enum { SHAPE_COUNT = 10, SHAPE_MAX_POINTS = 96 };

typedef struct point {
  double x, y;
} point;

typedef struct outline {
  int count;
  point at[SHAPE_MAX_POINTS];
} outline;

/* The name of shape 0 … SHAPE_COUNT-1, which is also the name of its class. */
const char *shape_name(int shape);

/* The shape's outline around the origin, y down, scaled to an area of one. */
outline shape_outline(int shape);

/* Area enclosed by the outline, without sign. */
double outline_area(const outline *o);

/* Sine and cosine of a full turn's share. Own polynomials: compilers fold calls of libm's with other last bits. */
double sin_turns(double turns);
double cos_turns(double turns);

/* Where an outline lies in the picture: stretched by (sx, sy), turned by `turns`, moved to (x, y). */
typedef struct placement {
  double x, y, sx, sy, turns;
} placement;

outline outline_place(const outline *o, const placement *p);

/* Sets map[y·width + x] = value for every pixel whose centre is inside (non-zero winding of one closed polygon);
   returns how many pixels inside the picture that were. Vertices are first rounded to 1/256 pixel. */
int outline_fill(const outline *o, uint8_t *map, int width, int height, uint8_t value);

#endif
