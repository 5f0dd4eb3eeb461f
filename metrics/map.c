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

static bool before(const double *cells, int a, int b) {
  return cells[a] > cells[b] || (!(cells[a] < cells[b]) && a < b);
}

static void sink(const double *cells, int *heap, int count, int at) {
  for (int child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && before(cells, heap[child], heap[child + 1])) child++;
    if (!before(cells, heap[at], heap[child])) return;
    int other = heap[at];
    heap[at] = heap[child];
    heap[child] = other;
  }
}

/* By a heap, without memory: ties are broken by index, so that there is one order only. */
void vx_map_order(const double *cells, int count, int *order) {
  for (int i = 0; i < count; i++) order[i] = i;
  for (int i = count / 2 - 1; i >= 0; i--) sink(cells, order, count, i);
  for (int last = count - 1; last > 0; last--) {
    int first = order[0];
    order[0] = order[last];
    order[last] = first;
    sink(cells, order, last, 0);
  }
}
