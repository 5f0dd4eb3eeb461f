#include "metrics/map.h"

#include <stddef.h>

static double patch_mean(const vx_map *map, int grid, int row, int column) {
  int high = map->height / grid, wide = map->width / grid;
  int64_t sum = 0;
  for (int y = row * high; y < (row + 1) * high; y++)
    for (int x = column * wide; x < (column + 1) * wide; x++)
      sum += map->levels[(size_t)y * (size_t)map->width + (size_t)x];
  return (double)sum / (255.0 * (double)high * (double)wide);
}

bool vx_map_cells(const vx_map *map, int grid, double *cells) {
  bool patch = map->kind == VX_MAP_PATCH, pixel = map->kind == VX_MAP_PIXEL;
  if (grid < 1 || (patch && (map->width != grid || map->height != grid))) return false;
  if (pixel && (map->width % grid || map->height % grid)) return false;
  for (int i = 0; i < grid * grid; i++)
    cells[i] = patch ? (double)map->heat[i] : pixel ? patch_mean(map, grid, i / grid, i % grid) : 0;
  return patch || pixel;
}

/* By insertion: stable, without memory; a grid has some hundred cells. */
void vx_map_order(const double *cells, int count, int *order) {
  for (int i = 0; i < count; i++) {
    int k = i;
    for (; k > 0 && cells[order[k - 1]] < cells[i]; k--) order[k] = order[k - 1];
    order[k] = i;
  }
}
