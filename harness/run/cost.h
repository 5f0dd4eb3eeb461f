/* What a method costs, in forward passes of one picture: from the passes it asks for. */
#ifndef VX_COST_H
#define VX_COST_H

#include "harness/config/config.h"

/* ViT-B/16's shape: what costs are told for where no model is at hand. They hardly depend on anything but the number of
   blocks, and on that only where a method looks at some of them. */
extern const vx_shape vx_cost_shape;

/* All passes through the model that these needs ask for, if they stood alone: the forward pass, each descent once as
   deep as it is read, the model run again on variants. 0 for what never looks at the model. An estimate from the number
   of matrix products (`vitx bench` measures). What a method computes itself from the passes is not counted. */
double vx_cost(const vx_needs *needs, const vx_shape *shape);

/* The same for a method of a configuration; of a mix, all that its parts need. NaN when that is too much for one plan.
 */
double vx_cost_of_method(const vx_config *config, const vx_method *method, const vx_shape *shape);

#endif
