#include "harness/run/plan.h"

static bool add_needs(const vx_method *method, const vx_shape *shape, vx_needs *into, vx_error *error) {
  if (!vx_args_check(&method->explainer->params, method->explainer->id, &method->args, shape->layers, error))
    return false;
  vx_needs own;
  vx_explainer_needs(method->explainer, shape, &method->args, &own);
  return vx_needs_add(into, &own, error);
}

bool vx_plan_method(vx_plan *plan, int method, const vx_shape *shape, vx_error *error) {
  const vx_method *m = &plan->methods[method];
  bool good = add_needs(m, shape, &plan->needs, error);
  for (int p = 0; good && p < m->part_count; p++) good = vx_plan_method(plan, m->parts[p], shape, error);
  return good;
}

bool vx_plan_metrics(vx_plan *plan, const vx_metric *metrics, int count, const vx_shape *shape, vx_error *error) {
  for (int i = 0; i < count; i++) {
    const vx_measure *measure = metrics[i].measure;
    vx_needs own = {0};
    if (!vx_args_check(&measure->params, measure->id, &metrics[i].args, shape->layers, error)) return false;
    if (measure->check && !measure->check(shape, &metrics[i].args, error)) return false;
    if (measure->needs) measure->needs(shape, &metrics[i].args, &own);
    if (!vx_needs_add(&plan->needs, &own, error)) return false;
  }
  return true;
}

bool vx_plan_make(const vx_method *methods, int count, const vx_shape *shape, vx_plan *plan, vx_error *error) {
  *plan = (vx_plan){.methods = methods, .count = count};
  for (int i = 0; i < count; i++)
    if (!vx_plan_method(plan, i, shape, error)) return false;
  return true;
}
