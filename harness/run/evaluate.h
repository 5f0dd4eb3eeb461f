/* The whole line for one image: picture, input, forward, gate, passes, methods, scores. */
#ifndef VX_EVALUATE_H
#define VX_EVALUATE_H

#include "harness/run/run.h"

typedef struct vx_evaluator vx_evaluator;

/* What one thread needs to evaluate images of `run`, one after the other. */
vx_evaluator *vx_evaluator_new(const vx_run *run, vx_error *error);
void vx_evaluator_free(vx_evaluator *evaluator);

/* Evaluates the image at `position` of the list into `result`: those methods of run->info with wanted[i] (NULL: all).
   Whatever is wrong with the image becomes rows of its failures. False only when memory is out. */
bool vx_evaluate(vx_evaluator *evaluator, int position, const bool *wanted, vx_result *result, vx_error *error);

#endif
