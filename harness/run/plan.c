#include "harness/run/plan.h"

#include <stdlib.h>
#include <string.h>

static bool add_needs(const vx_method *method, const vx_shape *shape, vx_needs *into, vx_error *error) {
  if (!vx_args_check(&method->explainer->params, method->explainer->id, &method->args, shape->layers, error)) return false;
  vx_needs own;
  vx_explainer_needs(method->explainer, shape, &method->args, &own);
  return vx_needs_add(into, &own, error);
}

bool vx_plan_make(const vx_method *methods, int count, const vx_shape *shape, vx_plan *plan, vx_error *error) {
  memset(plan, 0, sizeof *plan);
  plan->order = calloc((size_t)count + 1, sizeof *plan->order);
  if (!plan->order) return vx_fail(error, "plan", "out of memory");
  for (int mixes = 0; mixes < 2; mixes++)
    for (int i = 0; i < count; i++)
      if ((methods[i].part_count > 0) == mixes) plan->order[plan->count++] = i;
  for (int i = 0; i < count; i++)
    if (!add_needs(&methods[i], shape, &plan->needs, error)) {
      vx_plan_free(plan);
      return false;
    }
  return true;
}

void vx_plan_free(vx_plan *plan) {
  free(plan->order);
  memset(plan, 0, sizeof *plan);
}

void vx_plan_needed(const vx_method *methods, int count, const bool *wanted, bool *needed) {
  memcpy(needed, wanted, (size_t)count * sizeof *needed);
  for (int i = 0; i < count; i++) {
    if (!wanted[i]) continue;
    for (int p = 0; p < methods[i].part_count; p++) needed[methods[i].parts[p]] = true;
  }
}
