/* Which class is explained, as a word says it. */
#ifndef VX_TARGET_H
#define VX_TARGET_H

#include "core/vx.h"

/* In place of a class of the model. */
enum {
  VX_TARGET_TOP = -1,    /* the most probable */
  VX_TARGET_SECOND = -2, /* the second */
  VX_TARGET_TRUTH = -3,  /* the most probable class of those that map to the main object's class */
};

/* Reads top, second, an index or a label of the model; with a data set ground-truth, too. The error's `where` is given.
 */
bool vx_target_read(const char *text, const vx_model *model, bool data_set, const char *where, int *target,
                    vx_error *error);

#endif
