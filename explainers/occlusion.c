/* occlusion: what the class' logit loses without each patch.

   heat [grid][grid] = f(x) - f(x without the patch), f the logit of the class explained. The default sets the patch to
   the normalised input's 0; `remove` is the key of the measures (metrics/remove.h), which share these answers: the
   method's single-deletion under the same `remove` is 1, the ceiling row. Runs the model again, forward, once a patch;
   once a picture where a measure asks the same. Source: Zeiler & Fergus 2014, arXiv:1311.2901, one patch a window. */
#include "explainers/explainer.h"
#include "metrics/answers.h"

enum { REMOVE };
static const vx_param params[] = {
    [REMOVE] = {.name = "remove",
                .type = VX_PARAM_CHOICE,
                .standard = VX_REMOVE_MEAN,
                .choices = VX_REMOVE_WORDS,
                .meaning = "what the patch becomes; drop: its token does not enter the model"},
};

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)args;
  needs->shared_count = shape->grid * shape->grid;
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  vx_reply whole, without;
  if (!vx_answers_whole(view, &whole, error)) return false;
  for (int i = 0; i < view->shape->grid * view->shape->grid; i++) {
    vx_shared_key key = {VX_SHARED_CELL, (vx_remove)args->value[REMOVE], 1, i};
    if (!vx_answers_shared(view, &key, &without, error)) return false;
    heat[i] = whole.logit - without.logit;
  }
  return true;
}

const vx_explainer vx_explainer_occlusion = {
    .id = "occlusion",
    .title = "Occlusion",
    .family = VX_FAMILY_PERTURBATION,
    .formula = "f(x) - f(x without the patch)",
    .source = "Zeiler & Fergus 2014",
    .cite = "Zeiler, Fergus: Visualizing and understanding convolutional networks, ECCV 2014, arXiv:1311.2901",
    .class_specific = true,
    .by_name_only = true,
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params),
    .needs = ask,
    .explain = explain,
};
