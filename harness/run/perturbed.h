/* What the model says of a picture without some of its patches, between the answers of a view (metrics/answers.h) and
   the rows of the results file: asked once a picture, whoever scores maps by it later. */
#ifndef VX_PERTURBED_H
#define VX_PERTURBED_H

#include "harness/store/result.h"
#include "metrics/answers.h"

/* Puts what the file has of this picture and the view's class among the view's answers. Nothing happens where there are
   no answers. Fails for want of memory, or on rows that do not fit the model's grid. */
bool vx_perturbed_give(const vx_result *stored, const vx_view *view, vx_error *error);

/* Whether the file has the picture as it is and `count` variants of such a key (whose place is not read). */
bool vx_perturbed_has(const vx_result *stored, const vx_shared_key *key, int count);

/* The view's shared answers as rows of the result. False when memory is out. */
bool vx_perturbed_keep(const vx_view *view, vx_result *result);

#endif
