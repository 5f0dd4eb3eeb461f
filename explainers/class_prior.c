/* class-prior: where objects of the picture's class usually are in this data set.

   heat [S][S] = mean mask of the class over the data set, this picture left out (made by the harness).
   Needs the data set's prior; it never looks at the picture or the model (trivial). */
#include "explainers/explainer.h"

static void ask(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  (void)shape, (void)args;
  needs->data |= VX_NEED_PRIOR;
}

static bool explain(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  (void)args, (void)error;
  size_t pixels = (size_t)view->shape->image * (size_t)view->shape->image;
  for (size_t i = 0; i < pixels; i++) heat[i] = (double)view->prior[i];
  return true;
}

const vx_explainer vx_explainer_class_prior = {
    .id = "class-prior",
    .title = "Class prior",
    .family = VX_FAMILY_TRIVIAL,
    .formula = "mean mask of the class, this picture left out",
    .source = "trivial",
    .cite = "-",
    .grid = VX_GRID_PIXEL,
    .needs = ask,
    .explain = explain,
};
