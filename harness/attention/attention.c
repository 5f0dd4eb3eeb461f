#include "harness/attention/attention.h"

#include <string.h>

vx_subject *vx_attention_subject(const vx_model *model, const vx_input_options *input, vx_error *error) {
  vx_plan plan = {.count = 0};
  vx_want_layers(&plan.needs.wants, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0, vx_model_shape(model)->layers - 1);
  return vx_subject_new(model, &plan, input, VX_SINGLE, error);
}

static const char *words_of(vx_readout readout) {
  static const char *const words[] = {[VX_READ_CLS] = "[CLS]",
                                      [VX_READ_PATCHES] = "the mean of the patches",
                                      [VX_READ_TWO] = "[CLS] and the distillation token",
                                      [VX_READ_CLS_AND_PATCHES] = "[CLS] and the mean of the patches"};
  return words[readout];
}

static bool take_arrays(const vx_shape *shape, vx_arena *arena, vx_attention *a, vx_error *error) {
  *a = (vx_attention){.layers = shape->layers,
                      .heads = shape->heads,
                      .grid = shape->grid,
                      .patches = shape->tokens - shape->leading,
                      .read = words_of(shape->readout),
                      .lead = !shape->leading                         ? NULL
                              : shape->leading == 1 && !shape->no_cls ? "[CLS]"
                                                                      : "leading tokens",
                      .side = shape->image};
  size_t rows = (size_t)a->layers * (size_t)a->patches, pixels = (size_t)a->side * (size_t)a->side;
  a->by_layer = VX_TAKE(arena, rows, double);
  a->by_head = VX_TAKE(arena, rows * (size_t)a->heads, double);
  a->rgb = VX_TAKE(arena, 3 * pixels, uint8_t);
  return (a->by_layer && a->by_head && a->rgb) || vx_fail(error, "attention", "out of memory");
}

bool vx_attention_take(vx_subject *subject, const vx_picture *picture, bool flow, vx_arena *arena, vx_attention *a,
                       vx_error *error) {
  const vx_shape *shape = vx_subject_shape(subject);
  if (!take_arrays(shape, arena, a, error) || !vx_subject_show(subject, picture, error) ||
      !vx_subject_predict(subject, error))
    return false;
  memcpy(a->rgb, vx_subject_rgb(subject), 3 * (size_t)a->side * (size_t)a->side);
  a->top_count = vx_subject_top(subject, a->top);
  const vx_view *view = vx_subject_ask(subject, &(vx_question){.target = a->top[0].label}, error);
  const double *attention = view ? vx_at(view, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0) : NULL; /* layers side by side */
  double *matrices = attention ? vx_paths_matrices(shape, attention, arena, error) : NULL;
  if (!matrices) return false;
  vx_attention_by_layer(view, attention, a->by_layer);
  for (int l = 0; l < a->layers; l++)
    vx_attention_by_head(view, attention, l, a->by_head + (size_t)l * (size_t)a->heads * (size_t)a->patches);
  a->is_flow = flow;
  return (flow ? vx_paths_flow : vx_paths_rollout)(view, matrices, arena, &a->paths, error);
}

/* The most frequent label in the square of `patch` x `patch` pixels at (x, y) of [side][side]. */
static int most_frequent(const uint8_t *label, int side, int x, int y, int patch) {
  int count[256] = {0}, best = -1;
  for (int v = y; v < y + patch; v++)
    for (int u = x; u < x + patch; u++) count[label[v * side + u]]++;
  for (int k = 0; k < 255; k++)
    if (count[k] > 0 && (best < 0 || count[k] > count[best])) best = k;
  return best < 0 ? 255 : best;
}

bool vx_attention_label(vx_attention *a, const vx_input_options *input, const uint8_t *label, int width, int height,
                        vx_arena *arena, vx_error *error) {
  vx_geometry geometry;
  uint8_t *cut = VX_TAKE(arena, (size_t)a->side * (size_t)a->side, uint8_t);
  a->patch_label = VX_TAKE(arena, a->patches, int);
  if (!cut || !a->patch_label) return vx_fail(error, "mask", "out of memory");
  if (!vx_input_geometry(input, width, height, &geometry, error) ||
      !vx_resize_labels(label, width, height, &geometry, VX_MASK_PILLOW, cut, error))
    return false;
  int patch = a->side / a->grid;
  for (int p = 0; p < a->patches; p++)
    a->patch_label[p] = most_frequent(cut, a->side, p % a->grid * patch, p / a->grid * patch, patch);
  return true;
}
