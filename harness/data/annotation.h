/* VOC's annotation files: what is where in a picture. */
#ifndef VX_ANNOTATION_H
#define VX_ANNOTATION_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* An object; what the file leaves out or empty is -1 (yes/no) or NaN (box) or "" (text). */
typedef struct vx_object {
  char *name, *pose;
  int difficult, truncated, occluded; /* 1 yes, 0 no, -1 not said */
  double x_min, y_min, x_max, y_max;  /* as in the file: pixels counted from 1, fractions allowed */
} vx_object;

typedef struct vx_annotation {
  int width, height, depth; /* of the picture; 0 not said */
  int segmented;            /* 1 yes, 0 no, -1 not said */
  size_t count;
  vx_object *object;
  int bad;          /* fields that are not what their element says: taken as not said */
  vx_error trouble; /* where and why, of the first */
} vx_annotation;

/* Reads an annotation file. Elements may stand in any order, be empty or be absent, boxes may be fractional, and
   elements that VOC does not know (parts, attributes, polygons of other tools) are passed over. Nothing is loaded from
   elsewhere and no entity is expanded. A value that is not what its element says costs that field (a
   box whose maxima lie below its minima, the box; an object without a name, the object) and is counted in `bad`. Fails,
   naming file and line, on text that is not XML and a root other than <annotation>; `annotation` is then empty. */
bool vx_annotation_read(const char *path, vx_annotation *annotation, vx_error *error);
void vx_annotation_free(vx_annotation *annotation);

/* The same from bytes in memory; `name` is what errors call them. */
bool vx_annotation_parse(const uint8_t *data, size_t size, const char *name, vx_annotation *annotation,
                         vx_error *error);

#endif
