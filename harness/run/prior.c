#include "harness/run/prior.h"

#include <stdlib.h>
#include <string.h>

struct vx_prior {
  vx_input_options input;
  vx_mask_resize resize;
  size_t pixels;              /* S * S */
  int images[VX_LABELS];      /* that have this main class */
  uint32_t *count[VX_LABELS]; /* [S][S] of them have the class here; NULL: no image */
};

/* The mask at S x S, into out [S][S]. */
static bool to_input(const vx_prior *prior, const vx_mask *mask, uint8_t *out, vx_error *error) {
  vx_geometry geometry;
  return vx_input_geometry(&prior->input, mask->width, mask->height, &geometry, error) &&
         vx_resize_labels(mask->label, mask->width, mask->height, &geometry, prior->resize, out, error);
}

static bool add_mask(vx_prior *prior, const vx_mask *mask, uint8_t *small, vx_error *error) {
  int label = vx_mask_main_class(mask);
  if (label <= 0 || !vx_truth_counts(mask->status)) return true;
  if (!to_input(prior, mask, small, error)) return false;
  if (!prior->count[label]) prior->count[label] = calloc(prior->pixels, sizeof **prior->count);
  uint32_t *count = prior->count[label];
  if (!count) return vx_fail(error, "class prior", "out of memory");
  for (size_t i = 0; i < prior->pixels; i++) count[i] += small[i] == label;
  prior->images[label]++;
  return true;
}

vx_prior *vx_prior_make(const vx_voc *voc, const vx_input_options *input, vx_mask_resize resize, vx_error *error) {
  vx_prior *prior = calloc(1, sizeof *prior);
  size_t pixels = (size_t)input->size * (size_t)input->size;
  uint8_t *small = malloc(pixels);
  bool good = prior && small;
  if (!good) vx_fail(error, "class prior", "out of memory");
  if (good) {
    prior->input = *input;
    prior->resize = resize;
    prior->pixels = pixels;
  }
  for (size_t i = 0; i < voc->count && good; i++) {
    vx_mask mask;
    if (!vx_voc_mask(voc, &voc->entry[i], &mask, NULL)) continue; /* that image's own failure */
    good = add_mask(prior, &mask, small, error);
    vx_mask_free(&mask);
  }
  free(small);
  if (good) return prior;
  vx_prior_free(prior);
  return NULL;
}

void vx_prior_free(vx_prior *prior) {
  if (!prior) return;
  for (int label = 0; label < VX_LABELS; label++) free(prior->count[label]);
  free(prior);
}

bool vx_prior_without(const vx_prior *prior, const vx_mask *mask, float *out, vx_error *error) {
  int label = vx_mask_main_class(mask);
  if (label <= 0) return vx_fail(error, "class prior", "the mask has no class");
  int others = prior->images[label] - 1;
  if (others < 1) {
    memset(out, 0, prior->pixels * sizeof *out);
    return true;
  }
  uint8_t *own = malloc(prior->pixels);
  if (!own) return vx_fail(error, "class prior", "out of memory");
  bool good = to_input(prior, mask, own, error);
  for (size_t i = 0; i < prior->pixels && good; i++)
    out[i] = (float)(prior->count[label][i] - (own[i] == label)) / (float)others;
  free(own);
  return good;
}

bool vx_prior_give(const vx_prior *prior, const vx_mask *mask, float *out, const float **given, vx_error *error) {
  bool there = prior && mask->label && vx_truth_counts(mask->status) && vx_mask_main_class(mask) > 0;
  *given = there ? out : NULL;
  return !there || vx_prior_without(prior, mask, out, error);
}
