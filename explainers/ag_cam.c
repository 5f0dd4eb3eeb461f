/* ag-cam and ag-cam-full: gradients of the attention weigh the sigmoid of the scores before the softmax.

   heat = r sum_l sum_h relu(G'_lh) * sigmoid(S_lh), r the readout ([CLS]'s row), patch columns, S the scaled scores.
   ag-cam's G' is not the gradient G: its authors let no gradient pass into an attention block's input, so it reaches
   layer l only along the residual stream and the MLPs of the [CLS] token (a pass of core, one token wide).
   ag-cam-full takes the true G and is a variant of ours.
   Needs the scores and the cut gradient (or the gradient) that the head reads, layers first_layer … last_layer. The cut
   gradient is one token's: where the head reads several, ag-cam is refused.
   Source: Leem & Seo, AAAI 2024, arXiv 2402.04563; sums over heads and layers are their defaults. */
#include "explainers/parts/params.h"

#include <math.h>

enum { FIRST, LAST, HEADS, LAYERS };
#define FUSIONS "sum|mean|max"
enum { SUM, MEAN, MAX };

static const vx_param params[] = {
    [FIRST] = VX_LAYER_PARAM("first_layer", 0, "lowest layer that counts"),
    [LAST] = VX_LAYER_PARAM("last_layer", -1, "highest layer that counts; -1 is the model's last"),
    [HEADS] = {.name = "heads", .type = VX_PARAM_CHOICE, .choices = FUSIONS, .meaning = "how heads are fused"},
    [LAYERS] = {.name = "layers", .type = VX_PARAM_CHOICE, .choices = FUSIONS, .meaning = "how layers are fused"},
};

/* into [count] fused with the index-th of `of` maps; the mean is divided at the last. */
static void fuse(int fusion, int index, int of, const double *more, double *into, int count) {
  for (int j = 0; j < count; j++) {
    if (index == 0)
      into[j] = more[j];
    else if (fusion == MAX)
      into[j] = fmax(into[j], more[j]);
    else
      into[j] += more[j];
    if (fusion == MEAN && index == of - 1) into[j] /= of;
  }
}

/* out [patches] = relu(gradient) * sigmoid(scores), of the patches. */
static void weigh(const double *gradient, const double *scores, double *out, int patches) {
  for (int j = 0; j < patches; j++) out[j] = gradient[j] < 0 ? 0 : gradient[j] / (1 + exp(-scores[j]));
}

static void ask_with(vx_rule rule, const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  int first = vx_layer_of(shape, args->value[FIRST]), last = vx_layer_of(shape, args->value[LAST]);
  if (first > last) return; /* explain() says so */
  vx_want_read(&needs->wants, shape, VX_AT_SCORES, vx_by(VX_FORWARD), first, last);
  vx_want_read(&needs->wants, shape, VX_AT_ATTENTION, vx_by(rule), first, last);
}

/* map [patches] of one token's row; `one`, `layer` [patches] are working space. */
static void map_of(int token, vx_rule rule, const vx_view *view, const vx_args *args, double *one, double *layer,
                   double *map) {
  int patches = vx_patch_count(view), heads = view->shape->heads;
  int first = vx_layer_of(view->shape, args->value[FIRST]), last = vx_layer_of(view->shape, args->value[LAST]);
  for (int l = first; l <= last; l++) {
    for (int h = 0; h < heads; h++) {
      const double *gradient = vx_head_row(view, VX_AT_ATTENTION, vx_by(rule), l, h, token);
      const double *scores = vx_head_row(view, VX_AT_SCORES, vx_by(VX_FORWARD), l, h, token);
      weigh(vx_patches(view, gradient, 1), vx_patches(view, scores, 1), one, patches);
      fuse((int)args->value[HEADS], h, heads, one, layer, patches);
    }
    fuse((int)args->value[LAYERS], l - first, last - first + 1, layer, map, patches);
  }
}

static bool explain_with(vx_rule rule, const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  size_t patches = (size_t)vx_patch_count(view);
  int first = vx_layer_of(view->shape, args->value[FIRST]), last = vx_layer_of(view->shape, args->value[LAST]);
  if (first > last) return vx_fail(error, "first_layer", "is %d, expected at most last_layer, %d", first, last);
  double *one = vx_scratch(view, patches, error), *layer = vx_scratch(view, patches, error);
  double *map = vx_scratch(view, patches, error);
  if (!one || !layer || !map) return false;
  bool none = true;
  for (int i = 0; i < view->shape->tokens; i++) {
    double weight = vx_read_weights(view)[i];
    if (weight == 0) continue;
    map_of(i, rule, view, args, one, layer, map);
    vx_add_read(weight, map, none, (int)patches, heat);
    none = false;
  }
  return true;
}

static bool explain_cut(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  return explain_with(VX_CUT_GRADIENT, view, args, heat, error);
}

static bool explain_full(const vx_view *view, const vx_args *args, double *heat, vx_error *error) {
  return explain_with(VX_GRADIENT, view, args, heat, error);
}

static void ask_cut(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  ask_with(VX_CUT_GRADIENT, shape, args, needs);
}

static void ask_full(const vx_shape *shape, const vx_args *args, vx_needs *needs) {
  ask_with(VX_GRADIENT, shape, args, needs);
}

const vx_explainer vx_explainer_ag_cam = {
    .id = "ag-cam",
    .title = "AG-CAM",
    .family = VX_FAMILY_HYBRID,
    .formula = "sum_l sum_h relu(G'_lh) * sigmoid(S_lh), the row read; G' the gradient cut at the attention blocks",
    .source = "Leem & Seo 2024",
    .cite = "Leem, Seo: Attention Guided CAM: Visual Explanations of Vision Transformer Guided by Self-Attention, AAAI "
            "2024, arXiv:2402.04563",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params),
    .unfit = vx_unfit_of_several,
    .needs = ask_cut,
    .explain = explain_cut,
};

const vx_explainer vx_explainer_ag_cam_full = {
    .id = "ag-cam-full",
    .title = "AG-CAM with the full gradient",
    .family = VX_FAMILY_HYBRID,
    .formula = "sum_l sum_h relu(G_lh) * sigmoid(S_lh), the row read",
    .source = "variant of Leem & Seo 2024",
    .cite = "Leem, Seo: Attention Guided CAM: Visual Explanations of Vision Transformer Guided by Self-Attention, AAAI "
            "2024, arXiv:2402.04563",
    .class_specific = true,
    .grid = VX_GRID_PATCH,
    .params = VX_PARAMS(params),
    .needs = ask_full,
    .explain = explain_full,
};
