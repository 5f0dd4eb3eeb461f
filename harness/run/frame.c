#include "harness/run/frame.h"

#include <math.h>

static bool crop_to(const vx_input_options *input, int width, int height, int side, vx_geometry *geometry,
                    vx_error *error) {
  vx_input_options at = vx_input_at(input, side);
  return vx_input_geometry(&at, width, height, geometry, error);
}

bool vx_frame_to_map(const vx_input_options *input, int width, int height, int map_width, int map_height,
                     vx_geometry *geometry, vx_error *error) {
  if (vx_input_cuts(input) && map_width == map_height) return crop_to(input, width, height, map_width, geometry, error);
  *geometry = vx_geometry_squash(map_width, map_height);
  return true;
}

bool vx_frame_to_thumbnail(const vx_input_options *input, int width, int height, int side, vx_geometry *geometry,
                           vx_error *error) {
  if (vx_input_cuts(input)) {
    vx_geometry whole;
    if (!vx_input_geometry(input, width, height, &whole, error)) return false;
    double x = (double)width / whole.scaled_width, y = (double)height / whole.scaled_height;
    double covered = (x < y ? x : y) * input->size;
    int own = covered < side ? (int)covered : side;
    return crop_to(input, width, height, own < 1 ? 1 : own, geometry, error);
  }
  int longer = width > height ? width : height;
  double scale = longer > side ? (double)side / longer : 1;
  int w = (int)lround(width * scale), h = (int)lround(height * scale);
  *geometry = vx_geometry_squash(w < 1 ? 1 : w, h < 1 ? 1 : h);
  return true;
}
