/* YAML as a tree whose nodes know their line and column, so that an error can point at what was written. */
#ifndef VX_YAML_H
#define VX_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef enum vx_yaml_kind { VX_YAML_SCALAR, VX_YAML_LIST, VX_YAML_MAP } vx_yaml_kind;

typedef struct vx_yaml {
  vx_yaml_kind kind;
  int line, column; /* counted from 1; line 0: from --set */
  bool quoted;      /* a scalar in quotes is a text, whatever it looks like */
  char *text;       /* of a scalar */
  int count;        /* of a list or map */
  char **keys;      /* of a map; the key's place is its value's unless that begins a new line */
  int *key_lines;
  struct vx_yaml **items; /* values of a map, elements of a list */
} vx_yaml;

/* Reads one document. An empty file is an empty map. NULL on failure: the error names file, line and column. */
vx_yaml *vx_yaml_read(const char *path, vx_error *error);

/* The same from a text of `length` bytes; `name` stands for the file in errors. */
vx_yaml *vx_yaml_parse(const char *text, size_t length, const char *name, vx_error *error);

void vx_yaml_free(vx_yaml *node);

/* The value of a key in a map (or NULL: not there, or not a map). */
const vx_yaml *vx_yaml_find(const vx_yaml *map, const char *key);

/* Sets `dotted` ("score.size") in a tree to `value`; maps on the way are made. A value in [], {}, "" or '' is YAML; any
   other is the text that stands there, "a #3: b" too, and read as a number or choice where the key wants one. */
bool vx_yaml_set(vx_yaml *root, const char *dotted, const char *value, vx_error *error);

/* A scalar as a type. False when it is none of that type (or not a scalar). */
bool vx_yaml_real(const vx_yaml *node, double *value);
bool vx_yaml_int(const vx_yaml *node, long long *value);

/* What a node is, for errors: "a list", "a map", "'half'" … written into `text`. */
const char *vx_yaml_describe(const vx_yaml *node, char *text, size_t size);

#endif
