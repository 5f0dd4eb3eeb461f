/* A map's cells, patches or pixels, in the order in which measures that ask the model remove them (specification,
   section 10). */
#ifndef VX_CELLS_H
#define VX_CELLS_H

#include "metrics/answers.h"
#include "metrics/measure.h"

typedef struct vx_cells {
  vx_unit unit;
  int count;     /* T: grid² patches or S² pixels */
  double *value; /* [T] of a patch as vx_map_cells has it; of a pixel the map at input size, before it is scaled */
  int *order;    /* [T] from the largest value to the smallest, equal ones by index */
  bool constant; /* all values are equal */
  uint8_t *gone; /* [T] room for vx_cells_without */
} vx_cells;

/* The cells of the case's map, in its view's scratch; order and gone are left out where `ordered` is false. Fails on a
   map whose sides fit neither the grid nor the input, or for want of memory. */
bool vx_cells_of(const vx_case *of, vx_unit unit, bool ordered, vx_cells *cells, vx_error *error);

/* What the model says of the picture without the cells at places first … last - 1 of the order. */
bool vx_cells_without(const vx_case *of, const vx_cells *cells, vx_remove remove, int first, int last, vx_reply *reply,
                      vx_error *error);

/* Mean height of a curve of count + 1 points at equal distances, by trapezoids. */
double vx_trapezoids(const double *curve, int count);

/* Refuses drop with pixels, for vx_measure.check. */
bool vx_remove_check(vx_remove remove, vx_unit unit, vx_error *error);

/* Pearson's correlation of x and y [n]; 0 where either is constant. */
double vx_pearson(const double *x, const double *y, int n);

#endif
