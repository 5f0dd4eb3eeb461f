/* From the model's classes to the data set's. */
#ifndef VX_CLASS_MAP_H
#define VX_CLASS_MAP_H

#include "harness/data/classes.h"

/* label[model class] is a label of the data set, 1 or more, or -1 for none; `count` is the model's number of classes.
   Empty: {0}. */
typedef struct vx_class_map {
  int count;
  int *label;
} vx_class_map;

/* The model's class names, `count` of them, `name[i]` in one of the forms "tench", "tench, Tinca tinca" or a
   placeholder ("class 3", "LABEL_3", ""); `name` or an entry may be NULL. */
typedef struct vx_labels {
  int count;
  const char *const *name;
} vx_labels;

/* Equal names: the model's whole name or its first synonym (up to a comma) is the data set's, but for case and blanks
   around it. Fails for want of memory only. */
bool vx_class_map_identity(const vx_labels *labels, const vx_classes *classes, vx_class_map *map, vx_error *error);

/* Reads a map: lines of index, model class name, data set class name ("-" or empty for none), parted by tabs; further
   columns, lines that begin with # and empty lines are left out. Every class of the model has exactly one line. The
   index counts; names are there to notice another model's order: where the model has names, at least half of those
   that the file gives must be its own. Fails, naming file and line. */
bool vx_class_map_read(const char *path, const vx_labels *labels, const vx_classes *classes, vx_class_map *map,
                       vx_error *error);
void vx_class_map_free(vx_class_map *map);

/* How many of the model's classes map to `label`. */
int vx_class_map_count(const vx_class_map *map, int label);

#endif
