/* What a run computes: which passes once a picture, and in which order the methods drink from them. Pure functions. */
#ifndef VX_PLAN_H
#define VX_PLAN_H

#include "core/vx.h"
#include "harness/config/config.h"

typedef struct vx_plan {
  vx_needs needs; /* union over all methods: each pass runs once a picture */
  int count;      /* of methods */
  int *order;     /* [count] method indices: parts of mixes before their mixes */
} vx_plan;

/* Plans `count` methods for a model of this shape. Fails when a method names a layer that the model has not, or when
   more different tensors of the model are asked for than there is room. */
bool vx_plan_make(const vx_method *methods, int count, const vx_shape *shape, vx_plan *plan, vx_error *error);
void vx_plan_free(vx_plan *plan);

/* Marks in needed[count] what has to be made so that all of wanted[count] can be: the wanted methods and the parts of
   the wanted mixes. */
void vx_plan_needed(const vx_method *methods, int count, const bool *wanted, bool *needed);

#endif
