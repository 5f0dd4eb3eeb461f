/* Scenes as a training program wants them: decoded, resized, with the share of each class in each patch. */
#ifndef SCENES_RAW_H
#define SCENES_RAW_H

#include <stdbool.h>

#include "tools/scenes/scene.h"

enum { RAW_SIDE = 224, RAW_PATCH = 16, RAW_GRID = RAW_SIDE / RAW_PATCH };

/* Writes scenes first … first+count-1 to three files:
     PREFIX.rgb    [count][224][224][3] bytes, as a reader of the JPEG gets them after a bilinear antialiased squash
     PREFIX.patch  [count][14][14][11] bytes, 255 × the patch's share of class 0 … 9 and of none
     PREFIX.label  [count][4] bytes: label, main class, marked, 0
   False if a file cannot be written. */
bool raw_write(const scene_options *options, long first, long count, const char *prefix);

#endif
