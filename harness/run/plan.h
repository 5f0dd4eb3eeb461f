/* What a run computes: which passes once a picture. Pure functions. */
#ifndef VX_PLAN_H
#define VX_PLAN_H

#include "core/vx.h"
#include "harness/config/config.h"

typedef struct vx_plan {
  vx_needs needs;           /* union over all methods: each pass runs once a picture */
  const vx_method *methods; /* the caller's */
  int count;
} vx_plan;

/* The config, in `arena` and sharing all texts, without those of `all` that a model of this shape has no map by. Fails
   when a mix is made of one. */
bool vx_plan_fit(const vx_config *config, const vx_shape *shape, vx_arena *arena, vx_config *fitted, vx_error *error);

/* Plans `count` methods for a model of this shape. Fails when the model has no such map, when a method names a layer
   that the model has not, or when more different tensors of the model are asked for than there is room. */
bool vx_plan_make(const vx_method *methods, int count, const vx_shape *shape, vx_plan *plan, vx_error *error);

/* Adds what one of the plan's methods needs, with the parts of a mix; starting from a plan without needs, of some. */
bool vx_plan_method(vx_plan *plan, int method, const vx_shape *shape, vx_error *error);

/* Adds what measures need. Fails on a measure of a kind that no run makes. */
bool vx_plan_metrics(vx_plan *plan, const vx_metric *metrics, int count, const vx_shape *shape, vx_error *error);

#endif
