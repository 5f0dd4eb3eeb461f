/* The table of methods, in the order in which tables list them. A new method is one file and one line here. */
#include "explainers/explainer.h"

#include <math.h>
#include <string.h>

#define METHODS(METHOD)                                                                                                \
  METHOD(raw_attention)                                                                                                \
  METHOD(rollout)                                                                                                      \
  METHOD(rollout_vit_explain)                                                                                          \
  METHOD(attention_flow)                                                                                               \
  METHOD(saliency)                                                                                                     \
  METHOD(gradient_x_input)                                                                                             \
  METHOD(smoothgrad)                                                                                                   \
  METHOD(integrated_gradients)                                                                                         \
  METHOD(cam)                                                                                                          \
  METHOD(gradcam)                                                                                                      \
  METHOD(grad_cam_plus_plus)                                                                                           \
  METHOD(xgrad_cam)                                                                                                    \
  METHOD(hires_cam)                                                                                                    \
  METHOD(layer_cam)                                                                                                    \
  METHOD(eigen_cam)                                                                                                    \
  METHOD(attn_gradcam)                                                                                                 \
  METHOD(ag_cam)                                                                                                       \
  METHOD(ag_cam_full)                                                                                                  \
  METHOD(attention_gradient)                                                                                           \
  METHOD(i_saw)                                                                                                        \
  METHOD(generic_attention)                                                                                            \
  METHOD(grad_rollout)                                                                                                 \
  METHOD(grad_rollout_vit_explain)                                                                                     \
  METHOD(transformer_attribution)                                                                                      \
  METHOD(transformer_attribution_stable)                                                                               \
  METHOD(lrp_rollout)                                                                                                  \
  METHOD(lrp_rollout_stable)                                                                                           \
  METHOD(partial_lrp)                                                                                                  \
  METHOD(partial_lrp_stable)                                                                                           \
  METHOD(lrp)                                                                                                          \
  METHOD(lrp_stable)                                                                                                   \
  METHOD(occlusion)                                                                                                    \
  METHOD(mix)                                                                                                          \
  METHOD(foreground)                                                                                                   \
  METHOD(background)                                                                                                   \
  METHOD(center)                                                                                                       \
  METHOD(random)                                                                                                       \
  METHOD(class_prior)                                                                                                  \
  METHOD(edges)

#define DECLARE(name) extern const vx_explainer vx_explainer_##name;
#define ADDRESS(name) &vx_explainer_##name,

METHODS(DECLARE)

static const vx_explainer *const methods[] = {METHODS(ADDRESS)};

int vx_explainer_count(void) {
  return (int)(sizeof methods / sizeof methods[0]);
}

const vx_explainer *vx_explainer_at(int index) {
  return index >= 0 && index < vx_explainer_count() ? methods[index] : NULL;
}

const vx_explainer *vx_explainer_find(const char *id) {
  for (int i = 0; i < vx_explainer_count(); i++)
    if (strcmp(methods[i]->id, id) == 0) return methods[i];
  return NULL;
}

bool vx_explainer_in_all(const vx_explainer *explainer) {
  return !explainer->by_name_only;
}

bool vx_explainer_fits(const vx_explainer *explainer, const vx_shape *shape, vx_error *error) {
  const char *why = explainer->unfit ? explainer->unfit(shape) : NULL;
  return !why || vx_fail(error, explainer->id, "%s", why);
}

const char *vx_unfit_of_several(const vx_shape *shape) {
  return vx_reads_one(shape) ? NULL : "follows the one token that is read, but this model's head reads several";
}

void vx_explainer_needs(const vx_explainer *explainer, const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  *needs = (vx_needs){0};
  if (explainer->needs) explainer->needs(shape, args, needs);
}

int vx_explainer_side(const vx_explainer *explainer, const vx_shape *shape) {
  return explainer->grid == VX_GRID_PATCH ? shape->grid : shape->image;
}

/* What the method needs and the view has not. */
static bool check_view(const vx_explainer *explainer, const vx_needs *needs, const vx_view *view, vx_error *error) {
  char text[VX_REFUSED_SIZE];
  vx_want missing;
  if (!vx_view_covers(view, &needs->wants, &missing))
    return vx_fail(error, explainer->id, "needs the %s, which no pass of this picture has made",
                   vx_want_text(&missing, text, sizeof text));
  if (needs->variant_count + needs->answer_count + needs->shared_count > 0 && !view->again)
    return vx_fail(error, explainer->id, "runs the model again, which was not planned");
  if ((needs->data & VX_NEED_PICTURE) && !view->picture)
    return vx_fail(error, explainer->id, "needs the picture's bytes");
  if ((needs->data & VX_NEED_PRIOR) && !view->prior)
    return vx_fail(error, explainer->id, "there is no other mask of the picture's class");
  return true;
}

bool vx_explainer_run(const vx_explainer *explainer, const vx_view *view, const vx_args *args, double *heat,
                      vx_error *error) {
  vx_needs needs;
  char refused[VX_REFUSED_SIZE] = "";
  vx_view own = *view;
  vx_again again = view->again ? *view->again : (vx_again){0};
  vx_explainer_needs(explainer, view->shape, args, &needs);
  if (!vx_explainer_fits(explainer, view->shape, error)) return false;
  if (!check_view(explainer, &needs, view, error)) return false;
  own.allowed = &needs.wants;
  again.allowed = &needs.variants;
  own.refused = again.refused = refused;
  if (view->again) own.again = &again;
  bool made = explainer->explain(&own, args, heat, error);
  vx_arena_reset(view->scratch);
  if (*refused) return vx_fail(error, explainer->id, "reads the %s, which its needs() do not name", refused);
  if (!made) return false;
  size_t side = (size_t)vx_explainer_side(explainer, view->shape);
  for (size_t i = 0; i < side * side; i++)
    if (!isfinite(heat[i]))
      return vx_fail(error, explainer->id, "value %zu of the heat map is %g, expected a finite number", i, heat[i]);
  return true;
}

const char *vx_family_name(vx_family family) {
  static const char *const names[] = {"attention", "gradient", "propagation", "hybrid", "perturbation", "trivial"};
  return names[family];
}
