/* From a heat map to its heat at the size where it is scored or drawn: the only place that knows patch and pixel maps,
   masks, stored bytes and rounding. What was decided, for whoever scores or draws:

   - A map that is kept as numbers (on the patch grid, or from another program) is rounded to single precision before
     anything is made of it. It is scored as it is stored, so that every later scoring gives the same bits.
   - A method's map at input resolution is kept as the bytes u = floor(255 h) of its heat at evaluation size. The run
     that makes it cuts and measures h itself; whatever comes after reads u, as u / 255. Otsu reads u in both.
   - A mask is a mask at every size: what is above 0.5 when it is there.

   Nothing here is shared: one vx_sized a thread. */
#ifndef VX_TO_SIZE_H
#define VX_TO_SIZE_H

#include "harness/store/result.h"
#include "metrics/heat.h"

/* A heat map as it came: made by a method, mixed, or given from outside. */
typedef struct vx_heatmap {
  int rows, columns;
  bool is_mask;        /* not thresholded, never flat */
  bool as_bytes;       /* kept as the bytes of its heat: a method's map at input resolution */
  const double *value; /* [rows][columns] */
} vx_heatmap;

/* A map at the size asked for. Reusable: start from {0}, end with vx_sized_free. */
typedef struct vx_sized {
  vx_heat heat; /* [height][width] */
  int rows, columns;
  bool as_bytes;
  double *value;  /* [rows][columns] the map as it was taken: rounded, but for a map kept as bytes */
  float *rounded; /* [rows][columns] in single precision */
  size_t room;    /* values that both hold */
} vx_sized;

/* Brings a map to height x width. Fails without memory, on a value that is not finite or beyond single precision, and
   on a side below 1; `name` is what errors call the map. */
bool vx_to_size(vx_sized *sized, const vx_heatmap *map, const char *name, int height, int width, vx_error *error);

/* The same for a map out of a results file; vx_sized_keep of it is not defined. A pixel map at its own size gives the
   bytes that were stored; at another one it is interpolated between u / 255, which is for looking at only. */
bool vx_to_size_stored(vx_sized *sized, const vx_map *map, bool is_mask, const char *name, int height, int width,
                       vx_error *error);

/* Puts the map, in the form in which it is kept, into an evaluation of `result`. False when memory is out. */
bool vx_sized_keep(const vx_sized *sized, vx_result *result, vx_evaluation *evaluation);

void vx_sized_free(vx_sized *sized);

#endif
