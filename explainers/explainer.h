/* What an explanation method is. One method = one file + one line in registry.c. */
#ifndef VX_EXPLAINER_H
#define VX_EXPLAINER_H

#include "base/param.h"
#include "core/vx.h"

/* The paper's families, and the rows that never look at the model. */
typedef enum vx_family {
  VX_FAMILY_ATTENTION,
  VX_FAMILY_GRADIENT,
  VX_FAMILY_PROPAGATION,
  VX_FAMILY_HYBRID,
  VX_FAMILY_PERTURBATION,
  VX_FAMILY_TRIVIAL
} vx_family;

/* Streams of random numbers (base/random.h), one a method that draws (and sample): no two share theirs. */
enum { VX_STREAM_RANDOM = 1, VX_STREAM_SMOOTHGRAD = 1000 };

typedef enum vx_grid {
  VX_GRID_PATCH, /* heat is [grid][grid] */
  VX_GRID_PIXEL, /* heat is [S][S] */
} vx_grid;

/* ---- methods ----------------------------------------------------------------------------------------------- */

typedef struct vx_explainer {
  const char *id, *title;
  vx_family family;
  const char *formula; /* one line, plain text */
  const char *source;  /* "Abnar & Zuidema 2020" */
  const char *cite;    /* title, venue, arXiv number */
  bool class_specific;
  bool is_mask;      /* the map is a mask already (> 0.5): not thresholded, never "flat" */
  bool by_name_only; /* not part of `all` */
  vx_grid grid;
  vx_params params;

  /* Why a model of this shape has no such map, from its outline alone; NULL: it has. NULL itself: every model has. */
  const char *(*unfit)(const vx_shape *shape);

  /* Adds to `needs` what explain() reads of the view: one line a tensor. NULL: nothing of the model. */
  void (*needs)(const vx_shape *shape, const vx_args *args, vx_needs *needs);

  /* Writes the heat map. False only when it cannot be computed (the error says why); a map without any positive value
     is a result. */
  bool (*explain)(const vx_view *view, const vx_args *args, double *heat, vx_error *error);
} vx_explainer;

/* The registry: every method there is, in the order of tables. */
int vx_explainer_count(void);
const vx_explainer *vx_explainer_at(int index);
const vx_explainer *vx_explainer_find(const char *id); /* NULL: none of that name */

/* Whether `all` means it too: every method but mixes. Those that need a picture or a data set (VX_NEED_PICTURE,
   VX_NEED_PRIOR in their needs) are left out by the caller where there is none. */
bool vx_explainer_in_all(const vx_explainer *explainer);

/* Whether a model of this shape can be explained by it; else the error says by id why not. */
bool vx_explainer_fits(const vx_explainer *explainer, const vx_shape *shape, vx_error *error);

/* For vx_explainer.unfit, of methods that follow one token. */
const char *vx_unfit_of_several(const vx_shape *shape);

/* What the method needs with these arguments, alone. */
void vx_explainer_needs(const vx_explainer *explainer, const vx_shape *shape, const vx_args *args, vx_needs *needs);

/* Makes the heat map [side][side]: explain(), then a look that every value is finite. Fails, by name, when the view
   lacks something that the method needs, and when the method reads a tensor that its needs() do not name. Forgets the
   view's scratch. */
bool vx_explainer_run(const vx_explainer *explainer, const vx_view *view, const vx_args *args, double *heat,
                      vx_error *error);

/* Side of the heat map: the grid's or the picture's. */
int vx_explainer_side(const vx_explainer *explainer, const vx_shape *shape);

/* The layer that a VX_PARAM_LAYER means; clamped to the model's, so that needs() can use what was not checked. */
static inline int vx_layer_of(const vx_shape *shape, double value) {
  return vx_param_layer(value, shape->layers);
}

const char *vx_family_name(vx_family family);

/* ---- mixes (hybrids of maps already made) ------------------------------------------------------------------- */

/* `mix` is an explainer like the others (in the registry, not part of `all`): it reads view->parts and has the
   parameter `by`: product|sqrt|geometric-mean|mean. */

#endif
