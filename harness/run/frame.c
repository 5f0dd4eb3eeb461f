#include "harness/run/frame.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/data/input.h"

/* The number after `key` in "size=224 resize=crop shorter_side=256 …"; -1: none. */
static int number_of(const char *text, const char *key) {
  const char *at = strstr(text, key);
  int value;
  return at && sscanf(at + strlen(key), "%d", &value) == 1 ? value : -1;
}

bool vx_frame_of_run(const vx_run_row *run, vx_frame *frame, vx_error *error) {
  bool crop = strstr(run->input, "resize=crop") != NULL;
  int size = run->input_side;
  int shorter = crop ? number_of(run->input, "shorter_side=") : 0;
  if (size < 1 || size > 65536 || shorter < 0 || (crop && shorter < size)) {
    return vx_fail(error, "the run's input", "is '%s' with a side of %d, which names no way from a picture to a map",
                   run->input, size);
  }
  *frame = (vx_frame){.size = size, .shorter_side = shorter};
  return true;
}

/* The middle of the picture, side x side, of what was cropped from shorter_side. */
static bool crop_to(const vx_frame *frame, int width, int height, int side, vx_geometry *geometry, vx_error *error) {
  vx_input_options input = vx_input_default(side);
  input.resize = VX_RESIZE_CROP;
  input.shorter_side = (int)lround((double)frame->shorter_side * side / frame->size);
  if (input.shorter_side < side) input.shorter_side = side;
  return vx_input_geometry(&input, width, height, geometry, error);
}

bool vx_frame_to_map(const vx_frame *frame, int width, int height, int map_width, int map_height, vx_geometry *geometry,
                     vx_error *error) {
  if (frame->shorter_side && map_width == map_height) return crop_to(frame, width, height, map_width, geometry, error);
  *geometry = vx_geometry_squash(map_width, map_height);
  return true;
}

bool vx_frame_to_thumbnail(const vx_frame *frame, int width, int height, int side, vx_geometry *geometry,
                           vx_error *error) {
  if (frame->shorter_side) {
    double covered = (width < height ? width : height) * (double)frame->size / frame->shorter_side;
    int own = covered < side ? (int)covered : side;
    return crop_to(frame, width, height, own < 1 ? 1 : own, geometry, error);
  }
  int longer = width > height ? width : height;
  double scale = longer > side ? (double)side / longer : 1;
  int w = (int)lround(width * scale), h = (int)lround(height * scale);
  *geometry = vx_geometry_squash(w < 1 ? 1 : w, h < 1 ? 1 : h);
  return true;
}
