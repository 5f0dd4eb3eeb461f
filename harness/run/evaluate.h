/* The whole line for one image: picture, input, forward, gate, passes, methods, scores. */
#ifndef VX_EVALUATE_H
#define VX_EVALUATE_H

#include "harness/run/run.h"

/* What is to be done for an image, method by method of run->info. */
typedef struct vx_todo {
  bool *make;              /* make the map */
  uint64_t *metrics;       /* of the run's metrics those to be measured, of a map that is made or stored */
  const vx_result *stored; /* rows of the image with the maps that are measured without being made; NULL: none */
} vx_todo;

typedef struct vx_evaluator vx_evaluator;

/* What one thread needs to evaluate images of `run`, one after the other. With `make` (by method, of those that are
   made, or made again by a measure; NULL: all methods and measures) and `model` (measures that ask the model) it can do
   no more than these: then no pass is planned that only others need. Memory for the passes is taken when an image first
   needs the model: not where the results file has all that measures ask. */
vx_evaluator *vx_evaluator_new(const vx_run *run, const bool *make, bool model, vx_error *error);
void vx_evaluator_free(vx_evaluator *evaluator);

/* Evaluates the image at `position` of the list into `result`: what is to be done, NULL: everything. Whatever is wrong
   with the image becomes rows of its failures. False when memory is out, or when stored maps are to be measured and the
   picture or its mask is no longer what the run saw. */
bool vx_evaluate(vx_evaluator *evaluator, int position, const vx_todo *todo, vx_result *result, vx_error *error);

#endif
