/* Methods made again, for measures that compare a map with what the method says under another class, on a model of
   permuted weights, of a moved input. A way of making again is run once a picture for all methods together.

   One vx_remaker a worker. The model of permuted weights is the run's, made when it is first needed. */
#ifndef VX_REMAKE_H
#define VX_REMAKE_H

#include "harness/run/evaluate.h"
#include "harness/run/score.h"
#include "harness/run/subject.h"

typedef struct vx_remaker vx_remaker;

/* `plan` holds what of the run's methods may be made again; its methods stay the caller's. */
vx_remaker *vx_remaker_new(const vx_run *run, const vx_plan *plan, vx_error *error);
void vx_remaker_free(vx_remaker *remaker);

/* Measures the evaluations of `result`, whose maps are there or in todo->stored, with those of the run's metrics that
   make the method again and that todo asks for (NULL: all). `subject` shows the picture and has predicted; it is asked
   about another class. `question` is the one that the maps answer. What cannot be made is a failure of the picture.
   False when memory is out. */
bool vx_remaker_measure(vx_remaker *remaker, vx_subject *subject, vx_scorer *scorer, const vx_question *question,
                        const vx_todo *todo, vx_result *result);

/* Of the run's metrics those that make methods again; and of them those that need a model of permuted weights. */
uint64_t vx_remake_metrics(const vx_run *run, bool permuted);

#endif
