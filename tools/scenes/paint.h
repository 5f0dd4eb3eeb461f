/* Paints a planned scene: textured background, clutter, lit objects with their patterns, mark, sensor noise. */
#ifndef SCENES_PAINT_H
#define SCENES_PAINT_H

#include <stdint.h>

#include "tools/scenes/scene.h"

/* `rgb` [height][width][3] is the caller's. */
void scene_paint(const scene *s, uint8_t *rgb);

/* JPEG quality for this scene, 60 … 92. */
int scene_quality(const scene *s);

#endif
