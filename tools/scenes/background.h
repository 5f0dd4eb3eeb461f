/* Backgrounds from value noise, and the colours that everything is painted with. */
#ifndef SCENES_BACKGROUND_H
#define SCENES_BACKGROUND_H

#include "tools/scenes/rng.h"
#include "tools/scenes/scene.h"

typedef struct colour {
  double v[3]; /* red, green, blue, 0 … 255 */
} colour;

colour colour_random(rng *r);
double colour_luma(const colour *c);

/* Fills `rgb` [height][width][3]. */
void background_paint(const scene *s, rng *r, float *rgb);

#endif
