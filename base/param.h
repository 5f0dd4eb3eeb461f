/* Parameters of methods and measures: a table of them, and their values read from text and written to it. */
#ifndef VX_PARAM_H
#define VX_PARAM_H

#include "base/error.h"
#include "base/text.h"

typedef enum vx_param_type {
  VX_PARAM_INT,
  VX_PARAM_REAL,
  VX_PARAM_BOOL,
  VX_PARAM_CHOICE,
  VX_PARAM_LAYER, /* counted from 0; below 0 from the end, -1 the last: vx_param_layer */
  VX_PARAM_TEXT,  /* any text without control characters: a file, a name */
} vx_param_type;

typedef struct vx_param {
  const char *name;
  vx_param_type type;
  double standard;           /* default; for a choice the index of the word */
  const char *standard_text; /* default of a text; NULL: the empty text */
  double low, high;          /* inclusive range of a number */
  const char *choices;       /* "mean|max|min" */
  const char *meaning;       /* one line for help, with the source of the default */
} vx_param;

/* A table of parameters with its length: `.params = VX_PARAMS(params)` in what has them; none: left out. */
typedef struct vx_params {
  const vx_param *param; /* [count] */
  int count;             /* at most VX_PARAMS_MAX */
} vx_params;
#define VX_PARAMS(table)                                                                                               \
  { (table), (int)(sizeof(table) / sizeof *(table)) }

enum { VX_PARAMS_MAX = 8 };

/* Values in the order of the table: a number, a choice's index of its word, a bool's 0 or 1, or a text. */
typedef struct vx_args {
  double value[VX_PARAMS_MAX];
  const char *text[VX_PARAMS_MAX]; /* of a text parameter, else NULL; not owned */
} vx_args;

void vx_args_default(const vx_params *params, vx_args *args);

/* Sets one parameter from its text ("3", "true", "max"). The value of a text parameter is not copied: `text` has to
   live as long as `args`. The error names owner.name and what was expected, or the nearest parameter; `args` is then as
   before. */
bool vx_args_set(const vx_params *params, const char *owner, vx_args *args, const char *name, const char *text,
                 vx_error *error);

/* Checks what only the model can tell: that every layer named is one of its `layers`. */
bool vx_args_check(const vx_params *params, const char *owner, const vx_args *args, int layers, vx_error *error);

bool vx_args_equal(const vx_params *params, const vx_args *a, const vx_args *b);

/* Index of a parameter, or -1. */
int vx_params_find(const vx_params *params, const char *name);

/* Adds the value of parameter `index` as vx_args_set reads it. */
void vx_args_add_value(const vx_params *params, const vx_args *args, int index, vx_text *text);

/* Adds "name=value name=value", all of them, in order; a text in quotes, so that no two arguments say the same. For the
   store and for digests. */
void vx_args_print(const vx_params *params, const vx_args *args, vx_text *text);

/* The layer, of `layers`, that a VX_PARAM_LAYER means; clamped to them, so that what was not checked can be used. */
int vx_param_layer(double value, int layers);

#endif
