#include "harness/run/frame.h"

#include <math.h>

bool vx_frame_of_run(const vx_run_row *run, vx_frame *frame, vx_error *error) {
  frame->size = run->input_side;
  if (vx_input_parse(run->input, run->input_side, &frame->input)) {
    frame->cuts = vx_input_cuts(&frame->input);
    return true;
  }
  return vx_fail(error, "the run's input", "is '%s' with a side of %d, which names no way from a picture to a map",
                 run->input, run->input_side);
}

/* The part of the picture that the model saw, side x side. */
static bool cut_to(const vx_frame *frame, int width, int height, int side, vx_geometry *geometry, vx_error *error) {
  vx_input_options input = vx_input_at(&frame->input, side);
  return vx_input_geometry(&input, width, height, geometry, error);
}

bool vx_frame_to_map(const vx_frame *frame, int width, int height, int map_width, int map_height, vx_geometry *geometry,
                     vx_error *error) {
  if (frame->cuts && map_width == map_height) return cut_to(frame, width, height, map_width, geometry, error);
  *geometry = vx_geometry_squash(map_width, map_height);
  return true;
}

bool vx_frame_to_thumbnail(const vx_frame *frame, int width, int height, int side, vx_geometry *geometry,
                           vx_error *error) {
  if (frame->cuts) {
    vx_geometry whole;
    if (!vx_input_geometry(&frame->input, width, height, &whole, error)) return false;
    double x = (double)width / whole.scaled_width, y = (double)height / whole.scaled_height;
    double covered = (x < y ? x : y) * frame->size;
    int own = covered < side ? (int)covered : side;
    return cut_to(frame, width, height, own < 1 ? 1 : own, geometry, error);
  }
  int longer = width > height ? width : height;
  double scale = longer > side ? (double)side / longer : 1;
  int w = (int)lround(width * scale), h = (int)lround(height * scale);
  *geometry = vx_geometry_squash(w < 1 ? 1 : w, h < 1 ? 1 : h);
  return true;
}
