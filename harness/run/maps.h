/* The heat maps of one picture: every method of a list made in order, mixes from the maps of their parts. */
#ifndef VX_MAPS_H
#define VX_MAPS_H

#include "base/arena.h"
#include "harness/config/config.h"
#include "harness/run/to_size.h"

typedef struct vx_maps {
  const vx_method *methods; /* [count], the caller's */
  int count;
  const vx_shape *shape;
  double **map; /* [count]: [side][side] each */
  bool *made;   /* [count] */
  vx_part parts[VX_MIX_PARTS_MAX];
} vx_maps;

/* Takes memory for the maps of all methods from `arena`; NULL when it is out. */
vx_maps *vx_maps_new(const vx_method *methods, int count, const vx_shape *shape, vx_arena *arena);

/* Forgets the last picture's maps. */
void vx_maps_clear(vx_maps *maps);

/* Makes one method's map from the view; parts of mixes have to be made before. */
bool vx_maps_make(vx_maps *maps, int index, vx_view *view, vx_error *error);

/* How many values the map has. */
size_t vx_maps_size(const vx_maps *maps, int index);

/* The map that was made. */
vx_heatmap vx_maps_at(const vx_maps *maps, int index);

#endif
