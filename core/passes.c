/* From what is wanted to the passes that make it. */
#include "core/passes.h"

static int least(int a, int b) {
  return a < b ? a : b;
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

static void lower(vx_passes *passes, unsigned bit, int *lowest, int first) {
  *lowest = passes->set & bit ? least(*lowest, first) : first;
  passes->set |= bit;
}

static bool serve(const vx_want *want, const vx_shape *shape, vx_passes *passes, vx_error *error) {
  char text[VX_REFUSED_SIZE];
  vx_site site = want->site;
  vx_rule rule = want->descent.rule;
  bool relevance = rule == VX_LRP_IMPROVED || rule == VX_LRP_PLAIN; /* of no layer: the passes before it alone */
  bool good = want->first >= 0 && want->first <= want->last + (relevance ? 1 : 0) &&
              want->last < (vx_site_has_layers(site) ? shape->layers : 1) && want->descent.points == 0;
  if (good && relevance) {
    vx_relevance_need need = {rule == VX_LRP_PLAIN ? VX_RULES_PLAIN : VX_RULES_IMPROVED, want->descent.parameter,
                              site == VX_AT_ATTENTION ? want->first : shape->layers, site == VX_AT_INPUT};
    good = site == VX_AT_ATTENTION || site == VX_AT_INPUT;
    if (good && !add_relevance(passes, &need))
      return vx_fail(error, "methods", "more than %d different relevance passes are asked for: use fewer stabilizers",
                     VX_RELEVANCE_MAX);
  } else if (good && site == VX_AT_ATTENTION && rule == VX_FORWARD) {
    lower(passes, VX_PASS_ATTENTION, &passes->attention_lowest, want->first);
  } else if (good && site == VX_AT_ATTENTION && rule == VX_GRADIENT) {
    lower(passes, VX_PASS_GRADIENT, &passes->gradient_lowest, want->first);
  } else if (good && site == VX_AT_ATTENTION && rule == VX_CUT_GRADIENT && want->rows) {
    passes->set |= VX_PASS_CUT_GRADIENT;
  } else if (good && site == VX_AT_SCORES && rule == VX_FORWARD && want->rows) {
    passes->set |= VX_PASS_SCORES;
  } else if (good && site == VX_AT_INPUT && rule == VX_GRADIENT) {
    passes->set |= VX_PASS_INPUT_GRADIENT;
  } else if (good && site == VX_AT_TOKENS && rule == VX_FORWARD && !want->rows) {
    passes->set |= VX_PASS_TOKENS;
  } else if (good && site == VX_AT_NORM1 && (rule == VX_FORWARD || rule == VX_GRADIENT) && !want->rows &&
             want->first == shape->layers - 1) {
    passes->set |= VX_PASS_LAST_NORM;
  } else {
    good = false;
  }
  return good || vx_fail(error, "plan", "no pass makes the %s; the model has layers 0 to %d",
                         vx_want_text(want, text, sizeof text), shape->layers - 1);
}

bool vx_passes_for(const vx_needs *needs, const vx_shape *shape, vx_passes *passes, vx_error *error) {
  *passes = (vx_passes){0};
  if (needs->variant_count > 0) passes->set |= VX_PASS_AGAIN;
  if (needs->wants.count > VX_WANTS_MAX || needs->variants.count > VX_WANTS_MAX)
    return vx_fail(error, "plan", "asks for more than %d different tensors", VX_WANTS_MAX);
  for (int i = 0; i < needs->wants.count; i++)
    if (!serve(&needs->wants.want[i], shape, passes, error)) return false;
  for (int i = 0; i < needs->variants.count; i++) {
    vx_passes own = {0};
    if (!serve(&needs->variants.want[i], shape, &own, error)) return false;
    if (own.set != VX_PASS_INPUT_GRADIENT || own.relevance_count > 0)
      return vx_fail(error, "plan", "of variants only logits and the input's gradient can be had");
  }
  return true;
}
