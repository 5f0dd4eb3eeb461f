#include "metrics/compare.h"

#include <math.h>

#include "core/vx.h"
#include "statistics/rank.h"

bool vx_compare_constant(const double *x, int count) {
  for (int i = 1; i < count; i++)
    if (x[i] < x[0] || x[i] > x[0]) return false;
  return true;
}

bool vx_compare_spearman(const double *x, const double *y, int count, double *rho, vx_error *error) {
  if (!vx_spearman(x, y, (size_t)count, rho, error)) return false;
  if (isnan(*rho)) *rho = 0;
  return true;
}

double *vx_compare_cells(const vx_case *of, const vx_map *map, vx_error *error) {
  int grid = of->view->shape->grid;
  double *cells = VX_TAKE(of->view->scratch, grid * grid, double);
  if (cells && vx_map_cells(map, grid, cells)) return cells;
  vx_fail(error, "map", cells ? "of %d x %d does not fit the %d patches a side" : "out of memory", map->width,
          map->height, grid);
  return NULL;
}

double *vx_compare_heat(const vx_case *of, const vx_map *map, vx_error *error) {
  int side = of->view->shape->image;
  size_t pixels = (size_t)side * (size_t)side, cells = (size_t)map->width * (size_t)map->height;
  double *h = VX_TAKE(of->view->scratch, pixels, double), *value = VX_TAKE(of->view->scratch, cells + 1, double);
  vx_heat heat = {0};
  if (map->kind == VX_MAP_PIXEL && (map->width != side || map->height != side)) {
    vx_fail(error, "map", "is kept at %d x %d, not at the input's %d pixels a side", map->width, map->height, side);
    return NULL;
  }
  bool good = (h && value) || vx_fail(error, "map", "out of memory");
  for (size_t i = 0; good && i < cells; i++)
    value[i] = map->kind == VX_MAP_PATCH ? (double)map->heat[i] : map->levels[i] / 255.0;
  good = good && vx_heat_from_map(&heat, value, map->height, map->width, side, side, error);
  for (size_t i = 0; good && i < pixels; i++) h[i] = heat.h[i];
  vx_heat_free(&heat);
  return good ? h : NULL;
}

double vx_compare_entropy(const double *h, size_t count) {
  enum { BINS = 100 };
  size_t bin[BINS] = {0};
  double entropy = 0;
  for (size_t i = 0; i < count; i++) {
    int at = (int)(h[i] * BINS);
    bin[at < 0 ? 0 : at >= BINS ? BINS - 1 : at]++;
  }
  for (int b = 0; b < BINS; b++) {
    double p = (double)bin[b] / (double)count;
    if (bin[b]) entropy -= p * log(p);
  }
  return entropy;
}

enum { WINDOW = 7, INSIDE = WINDOW * WINDOW };

/* One window, its corner at x and y. */
static double similarity(const double *x, const double *y, int side) {
  const double c1 = 0.01 * 0.01, c2 = 0.03 * 0.03, unbiased = INSIDE / (INSIDE - 1.0);
  double sx = 0, sy = 0, xx = 0, yy = 0, xy = 0;
  for (int i = 0; i < INSIDE; i++) {
    double a = x[i / WINDOW * side + i % WINDOW], b = y[i / WINDOW * side + i % WINDOW];
    sx += a;
    sy += b;
    xx += a * a;
    yy += b * b;
    xy += a * b;
  }
  double mx = sx / INSIDE, my = sy / INSIDE;
  double vx = unbiased * (xx / INSIDE - mx * mx), vy = unbiased * (yy / INSIDE - my * my);
  double both = unbiased * (xy / INSIDE - mx * my);
  return (2 * mx * my + c1) * (2 * both + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2));
}

bool vx_compare_ssim(const double *x, const double *y, int side, double *ssim, vx_error *error) {
  int places = side - WINDOW + 1;
  if (places < 1) return vx_fail(error, "ssim", "a map of %d pixels a side, expected at least %d", side, WINDOW);
  double sum = 0;
  for (int row = 0; row < places; row++)
    for (int column = 0; column < places; column++)
      sum += similarity(x + row * side + column, y + row * side + column, side);
  *ssim = sum / ((double)places * places);
  return true;
}
