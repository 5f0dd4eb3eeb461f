/* What a method costs, in forward passes of one picture: from the passes it asks for. */
#ifndef VX_COST_H
#define VX_COST_H

#include "core/vx.h"
#include "explainers/explainer.h"

/* Beyond the one forward pass that every picture has, if the method stood alone: an estimate from the number of matrix
   products of each pass (`vitx bench` measures). Methods of one run share their passes. */
double vx_cost(const vx_explainer *explainer, const vx_args *args, const vx_shape *shape);

#endif
