#include "harness/run/plan.h"

static bool add_needs(const vx_method *method, const vx_shape *shape, vx_needs *into, vx_error *error) {
  if (!vx_args_check(&method->explainer->params, method->explainer->id, &method->args, shape->layers, error))
    return false;
  vx_needs own;
  if (!vx_explainer_fits(method->explainer, shape, error)) return false;
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
    if (measure->kind > VX_MAP_AND_MODEL)
      return vx_fail(error, metrics[i].name, "%s is no measure of a single map: a run cannot make it", measure->id);
    if (!vx_args_check(&measure->params, measure->id, &metrics[i].args, shape->layers, error)) return false;
    if (measure->check && !measure->check(shape, &metrics[i].args, error)) return false;
    if (measure->needs) measure->needs(shape, &metrics[i].args, &own);
    if (!vx_needs_add(&plan->needs, &own, error)) return false;
  }
  return true;
}

static bool left_out(const vx_method *method, const vx_shape *shape) {
  return method->of_all && !vx_explainer_fits(method->explainer, shape, NULL);
}

bool vx_plan_fit(const vx_config *config, const vx_shape *shape, vx_arena *arena, vx_config *fitted, vx_error *error) {
  *fitted = *config;
  fitted->method_count = fitted->method_room = 0;
  fitted->methods = VX_TAKE(arena, config->method_count + 1, vx_method);
  int *place = VX_TAKE(arena, config->method_count + 1, int); /* of each method in the new list; -1: left out */
  if (!fitted->methods || !place) return vx_fail(error, config->path, "out of memory");
  for (int i = 0; i < config->method_count; i++) {
    place[i] = left_out(&config->methods[i], shape) ? -1 : fitted->method_count;
    if (place[i] >= 0) fitted->methods[fitted->method_count++] = config->methods[i];
  }
  for (int i = 0; i < fitted->method_count; i++) {
    vx_method *mix = &fitted->methods[i];
    int *parts = VX_TAKE(arena, mix->part_count + 1, int);
    if (!parts) return vx_fail(error, config->path, "out of memory");
    for (int p = 0; p < mix->part_count; p++) {
      const vx_method *part = &config->methods[mix->parts[p]];
      if ((parts[p] = place[mix->parts[p]]) < 0) return vx_explainer_fits(part->explainer, shape, error);
    }
    mix->parts = parts;
  }
  return true;
}

bool vx_plan_make(const vx_method *methods, int count, const vx_shape *shape, vx_plan *plan, vx_error *error) {
  *plan = (vx_plan){.methods = methods, .count = count};
  for (int i = 0; i < count; i++)
    if (!vx_plan_method(plan, i, shape, error)) return false;
  return true;
}
