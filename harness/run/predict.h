/* From logits to a prediction and to the class that is explained. */
#ifndef VX_PREDICT_H
#define VX_PREDICT_H

#include "harness/run/run.h"

/* probability [classes] = softmax(logits), the largest logit taken off first; where each class stands for itself, their
   sigmoids. */
void vx_probabilities(const double *logits, int classes, vx_problem problem, double *probability);

/* The `count` most probable classes, best first; the smaller index among equals. */
void vx_most_probable(const double *probability, int classes, int count, vx_top *top);

/* Fills result->prediction: the five best, the gate, right or wrong by the class map (needs result->main_class). */
void vx_predict(const vx_run *run, const double *probability, vx_result *result);

/* The class to explain, as the run's target says. False when this image has none (ground-truth without a main object,
   or with one that no class of the model maps to). */
bool vx_choose_target(const vx_run *run, const double *probability, const vx_result *result, int *target,
                      vx_error *error);

#endif
