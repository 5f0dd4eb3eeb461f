/* Which part of a picture a run's maps cover: all of it when it was squashed to the model's input, its middle when it
   was cropped. `input` is the run's (vx_input_parse). */
#ifndef VX_FRAME_H
#define VX_FRAME_H

#include "harness/data/input.h"

/* How a picture (or its mask) of width x height is brought to a map of map_width x map_height: squashed to it, or, in
   a cropped run, its middle. */
bool vx_frame_to_map(const vx_input_options *input, int width, int height, int map_width, int map_height,
                     vx_geometry *geometry, vx_error *error);

/* The same part of the picture in its own proportions, the longer side `side` pixels (or fewer: nothing is made larger
   than it is). */
bool vx_frame_to_thumbnail(const vx_input_options *input, int width, int height, int side, vx_geometry *geometry,
                           vx_error *error);

#endif
