/* A heat map as a results file keeps it, and what measures that ask the model read of it: values on the patch grid and
   the order of its patches. Pure functions, any thread. */
#ifndef VX_MAP_H
#define VX_MAP_H

#include <stdbool.h>
#include <stdint.h>

typedef enum vx_map_kind {
  VX_MAP_NONE,
  VX_MAP_PATCH, /* F32 heat map on the patch grid, rounded before it was scored: every later scoring is exact */
  VX_MAP_PIXEL, /* U8 map at evaluation size: u = floor(255 h), what Otsu read */
} vx_map_kind;

typedef struct vx_map {
  vx_map_kind kind;
  int width, height;
  const float *heat;     /* [height][width] of a patch map */
  const uint8_t *levels; /* [height][width] of a pixel map */
} vx_map;

/* cells [grid][grid]: a patch map's own values; of a pixel map the sum of its bytes over each patch, divided by 255 and
   the patch's pixels. False when the map's sides do not fit the grid: not the grid itself, not a multiple of it. */
bool vx_map_cells(const vx_map *map, int grid, double *cells);

/* order [count]: the cells' indices from the largest value to the smallest, equal ones by index. */
void vx_map_order(const double *cells, int count, int *order);

#endif
