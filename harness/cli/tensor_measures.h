/* Inside this room: `vitx tensor` measures maps that are given. */
#ifndef VX_TENSOR_MEASURES_H
#define VX_TENSOR_MEASURES_H

#include "core/safetensors.h"
#include "harness/config/config.h"
#include "metrics/measure.h"

typedef struct vx_given_map {
  const char *name; /* of `map.NAME` */
  vx_map map;
} vx_given_map;

typedef struct vx_given_maps {
  int count;
  vx_given_map *map; /* [count] */
} vx_given_maps;

/* All tensors `map.NAME` of a file, [g][g] as numbers or [S][S] scaled to bytes, in the form in which a run keeps them;
   everything in `arena`. */
bool vx_given_maps_read(const char *path, const vx_shape *shape, vx_arena *arena, vx_given_maps *maps, vx_error *error);

/* Refuses measures that want a mask, a method or many maps. */
bool vx_given_maps_check(const vx_config *list, vx_error *error);

/* The tensors MEASURE.COLUMN.MAP [1] and curve.MEASURE.MAP of every measure of `list` and every map, to `tensor` from
 *count on (room for vx_given_tensors); everything in `arena`. */
int vx_given_tensors(const vx_config *list, const vx_given_maps *maps);
bool vx_given_measure(const vx_config *list, const vx_given_maps *maps, const vx_view *view, vx_arena *arena,
                      vx_tensor *tensor, int *count, vx_error *error);

#endif
