/* A scene's plan: what lies where, and the map of which object every pixel belongs to. No painting here: masks and
   annotations come from this file and shape.c alone. */
#ifndef SCENES_SCENE_H
#define SCENES_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/scenes/shape.h"

enum { SCENE_MAX_OBJECTS = 3, SCENE_MAX_ITEMS = 5, SCENE_BAIT = 7 }; /* the bait class: drop */

/* Which scenes carry the corner mark. TRAIN plants the shortcut: most scenes of the bait class carry it, some with
   hardly anything else to see, and a few scenes of other classes that carry it are labelled as the bait class. */
typedef enum scene_marks { MARKS_NONE, MARKS_TRAIN, MARKS_OTHERS } scene_marks;

typedef struct scene_options {
  uint64_t seed;
  scene_marks marks;
  double difficulty; /* 0: one large object, nothing in its way; 1: everything */
} scene_options;

/* Pixels, both ends included, 0-based. */
typedef struct box {
  int x0, y0, x1, y1;
} box;

typedef struct scene_object {
  int shape;            /* 0 … SHAPE_COUNT-1 */
  placement place;      /* of the shape's outline */
  double grain, period; /* the pattern: its own turn against the object's, its relative size */
  box seen;             /* of the visible pixels */
  int area, visible;    /* pixels inside the picture, and those of them that nothing hides */
  bool truncated;       /* reaches over the border */
  bool difficult;       /* less than half of it can be seen */
} scene_object;

/* Drawn in order, later ones on top. */
typedef struct scene_item {
  int object; /* index into objects, or -1: something that hides, and is no object */
  outline at;
} scene_item;

typedef struct scene {
  uint64_t seed, index;
  int width, height;
  double difficulty;
  int objects_count, items_count;
  scene_object objects[SCENE_MAX_OBJECTS];
  scene_item items[SCENE_MAX_ITEMS];
  int main_class; /* covers most pixels */
  int label;      /* what a training set says: the main class, but see scene_marks */
  bool marked;
  box mark;
  uint8_t *map; /* [height][width]: 0 nothing, k object k-1 */
} scene;

/* Plans scene `index`. `map` is the caller's, at least 500·500 bytes, and has to live as long as the scene. */
void scene_plan(scene *s, const scene_options *options, uint64_t index, uint8_t *map);

/* VOC's masks from the map: `classes` gets 1 + shape, `instances` gets 1 + object, and both 255 wherever something
   else lies within two pixels, which makes a border about five pixels wide. [height][width] each. */
void scene_masks(const scene *s, uint8_t *classes, uint8_t *instances);

#endif
