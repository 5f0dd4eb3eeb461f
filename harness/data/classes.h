/* The names of a data set's classes. */
#ifndef VX_CLASSES_H
#define VX_CLASSES_H

#include "base/error.h"

/* name[label], label 0 is "background"; `count` names in all, at most 255 (label 255 is void). Empty: {0}. */
typedef struct vx_classes {
  int count;
  char **name;
} vx_classes;

/* The twenty classes of Pascal VOC after the background, in the order of its labels. */
bool vx_classes_voc(vx_classes *classes, vx_error *error);

/* The classes of given names, of which the first is label 1. Fails for a name that occurs twice; `where` is their
   source. */
bool vx_classes_of(const char *const *names, int count, const char *where, vx_classes *classes, vx_error *error);

/* "background", "_background_" or "__background__"; "void", "ignore", "__ignore__" …: no class. */
bool vx_is_background(const char *name);
bool vx_is_void(const char *name);

/* Reads a file of names, one a line: the first line is label 1, after lines that name background and void ahead of it.
   Blanks around a name and empty lines at the end are left out. Fails, naming file and line, on an empty line in
   between, a name that occurs twice, or text that is not UTF-8. */
bool vx_classes_read(const char *path, vx_classes *classes, vx_error *error);
void vx_classes_free(vx_classes *classes);

/* The label of a name (case and blanks around it do not count), -1 when there is none. */
int vx_classes_find(const vx_classes *classes, const char *name);

#endif
