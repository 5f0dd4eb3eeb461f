/* What methods need, as data: the union is what a picture's passes must make. */
#include "core/vx.h"

static int least(int a, int b) {
  return a < b ? a : b;
}

void vx_need_attention(vx_passes *passes, int lowest) {
  passes->attention_lowest = passes->set & VX_PASS_ATTENTION ? least(passes->attention_lowest, lowest) : lowest;
  passes->set |= VX_PASS_ATTENTION;
}

void vx_need_gradient(vx_passes *passes, int lowest) {
  passes->gradient_lowest = passes->set & VX_PASS_GRADIENT ? least(passes->gradient_lowest, lowest) : lowest;
  passes->set |= VX_PASS_GRADIENT;
}

static bool add_relevance(vx_passes *passes, const vx_relevance_need *need) {
  for (int i = 0; i < passes->relevance_count; i++) {
    vx_relevance_need *have = &passes->relevance[i];
    if (have->rules != need->rules || have->stabilizer != need->stabilizer) continue;
    have->lowest = least(have->lowest, need->lowest);
    have->to_pixels = have->to_pixels || need->to_pixels;
    return true;
  }
  if (passes->relevance_count == VX_RELEVANCE_MAX) return false;
  passes->relevance[passes->relevance_count++] = *need;
  return true;
}

void vx_need_relevance(vx_passes *passes, vx_rules rules, double stabilizer, int lowest, bool to_pixels) {
  add_relevance(passes, &(vx_relevance_need){rules, stabilizer, lowest, to_pixels});
}

bool vx_passes_add(vx_passes *into, const vx_passes *more, vx_error *error) {
  if (more->set & VX_PASS_ATTENTION) vx_need_attention(into, more->attention_lowest);
  if (more->set & VX_PASS_GRADIENT) vx_need_gradient(into, more->gradient_lowest);
  into->set |= more->set;
  for (int i = 0; i < more->relevance_count; i++)
    if (!add_relevance(into, &more->relevance[i]))
      return vx_fail(error, "methods", "more than %d different relevance passes are asked for: use fewer stabilizers",
                     VX_RELEVANCE_MAX);
  return true;
}

const vx_relevance *vx_view_relevance(const vx_view *view, vx_rules rules, double stabilizer) {
  for (int i = 0; i < view->relevance_count; i++)
    if (view->relevance[i].need.rules == rules && view->relevance[i].need.stabilizer == stabilizer)
      return &view->relevance[i];
  return NULL;
}
