#include "harness/run/plan.h"

static bool add_needs(const vx_method *method, const vx_shape *shape, vx_needs *into, vx_error *error) {
  if (!vx_args_check(&method->explainer->params, method->explainer->id, &method->args, shape->layers, error))
    return false;
  vx_needs own;
  vx_explainer_needs(method->explainer, shape, &method->args, &own);
  return vx_needs_add(into, &own, error);
}

bool vx_plan_make(const vx_method *methods, int count, const vx_shape *shape, vx_plan *plan, vx_error *error) {
  *plan = (vx_plan){.methods = methods, .count = count};
  for (int i = 0; i < count; i++)
    if (!add_needs(&methods[i], shape, &plan->needs, error)) return false;
  return true;
}
