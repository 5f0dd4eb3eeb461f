/* Which part of a picture a run's maps cover: all of it when it was squashed to the model's input, its middle when it
   was cut out. Told from the results file alone. */
#ifndef VX_SHOW_FRAME_H
#define VX_SHOW_FRAME_H

#include "harness/data/input.h"
#include "harness/store/query.h"

typedef struct vx_frame {
  int size;               /* S, side of the model's input */
  bool cuts;              /* the maps cover another part than the whole picture, squashed */
  vx_input_options input; /* which part that is */
} vx_frame;

/* Reads the run's `input`. Fails, naming it, when it is not one that this program writes. */
bool vx_frame_of_run(const vx_run_row *run, vx_frame *frame, vx_error *error);

/* How a picture (or its mask) of width x height is brought to a map of map_width x map_height: squashed to it, or, in
   a run that cuts, its middle. */
bool vx_frame_to_map(const vx_frame *frame, int width, int height, int map_width, int map_height, vx_geometry *geometry,
                     vx_error *error);

/* The same part of the picture in its own proportions, the longer side `side` pixels (or fewer: nothing is made larger
   than it is). */
bool vx_frame_to_thumbnail(const vx_frame *frame, int width, int height, int side, vx_geometry *geometry,
                           vx_error *error);

#endif
