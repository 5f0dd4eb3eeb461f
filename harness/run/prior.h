/* The class prior: where objects of a class usually are in this data set. */
#ifndef VX_PRIOR_H
#define VX_PRIOR_H

#include "harness/data/input.h"
#include "harness/data/mask.h"
#include "harness/data/voc.h"

typedef struct vx_prior vx_prior;

/* Reads every mask of the list once. An image counts for the class that covers most of its mask's pixels; images
   without a readable mask or without classes do not count. `input` says how masks get to S x S. */
vx_prior *vx_prior_make(const vx_voc *voc, const vx_input_options *input, vx_mask_resize resize, vx_error *error);
void vx_prior_free(vx_prior *prior);

/* out [S][S]: the share of the other images of this mask's main class that have the class at a pixel; 0 everywhere
   when there is no other. `mask` is the image's own, left out. False when it has no class. */
bool vx_prior_without(const vx_prior *prior, const vx_mask *mask, float *out, vx_error *error);

/* For a question: `out` filled in *given; or NULL there, where no method asked (prior NULL), or the mask is empty or
   has no class. */
bool vx_prior_give(const vx_prior *prior, const vx_mask *mask, float *out, const float **given, vx_error *error);

#endif
