#include "explainers/parts/fuse.h"

#include "base/clones.h"

#include <string.h>

double *vx_scratch(const vx_view *view, size_t count, vx_error *error) {
  double *memory = VX_TAKE(view->scratch, count, double);
  if (!memory) vx_fail(error, "scratch memory", "%zu numbers: out of memory", count);
  return memory;
}

const double *vx_matrix_at(const vx_view *view, const double *stack, int layer, int head) {
  size_t n = (size_t)view->shape->tokens;
  return stack + ((size_t)layer * (size_t)view->shape->heads + (size_t)head) * n * n;
}

/* entry = value * factor, clamped; `factor` and `clamp` are constants where this is inlined, so that each loop below is
   free of choices and becomes vector code. The comparison keeps NaN. */
static inline double entry_of(const double *value, const double *factor, bool clamp, int j) {
  double entry = factor ? value[j] * factor[j] : value[j];
  return clamp && entry < 0 ? 0 : entry;
}

static inline void fuse_head(vx_fusion fusion, const double *value, const double *factor, bool clamp, int n,
                             double *out) {
  switch (fusion) {
  case VX_FUSE_MAX:
    for (int j = 0; j < n; j++) {
      double entry = entry_of(value, factor, clamp, j);
      out[j] = out[j] > entry ? out[j] : entry;
    }
    break;
  case VX_FUSE_MIN:
    for (int j = 0; j < n; j++) {
      double entry = entry_of(value, factor, clamp, j);
      out[j] = out[j] < entry ? out[j] : entry;
    }
    break;
  default:
    for (int j = 0; j < n; j++) out[j] += entry_of(value, factor, clamp, j);
  }
}

static inline void take_head(const double *value, const double *factor, bool clamp, int n, double *out) {
  for (int j = 0; j < n; j++) out[j] = entry_of(value, factor, clamp, j);
}

VX_CLONES static void fused_row(const vx_view *view, const vx_stack *stack, int layer, int row, double *out) {
  int n = view->shape->tokens, heads = view->shape->heads;
  size_t offset = (size_t)row * (size_t)n;
  for (int h = 0; h < heads; h++) {
    const double *value = vx_matrix_at(view, stack->value, layer, h) + offset;
    const double *factor = stack->factor ? vx_matrix_at(view, stack->factor, layer, h) + offset : NULL;
    if (h == 0)
      take_head(value, factor, stack->clamp, n, out);
    else if (factor && stack->clamp)
      fuse_head(stack->fusion, value, factor, true, n, out);
    else if (factor)
      fuse_head(stack->fusion, value, factor, false, n, out);
    else if (stack->clamp)
      fuse_head(stack->fusion, value, NULL, true, n, out);
    else
      fuse_head(stack->fusion, value, NULL, false, n, out);
  }
  if (stack->fusion == VX_FUSE_MEAN)
    for (int j = 0; j < n; j++) out[j] /= heads;
}

void vx_fused_row(const vx_view *view, const vx_stack *stack, int layer, int row, double *out) {
  fused_row(view, stack, layer, row, out);
}

/* to [n] = from [n] times (fused + I), rows normalised or not; `row` [n] is working space. */
VX_CLONES static void times_layer(const vx_view *view, const vx_stack *stack, int layer, bool normalise,
                                  const double *from, double *row, double *to) {
  int n = view->shape->tokens;
  memset(to, 0, (size_t)n * sizeof *to);
  for (int i = 0; i < n; i++) {
    if (from[i] == 0) continue; /* the top layer has one row that counts */
    fused_row(view, stack, layer, i, row);
    row[i] += 1;
    double weight = from[i];
    if (normalise) {
      double sum = 0;
      for (int j = 0; j < n; j++) sum += row[j];
      weight /= sum;
    }
    for (int j = 0; j < n; j++) to[j] += weight * row[j];
  }
}

bool vx_rollout_row(const vx_view *view, const vx_stack *stack, int start, bool normalise, double *out,
                    vx_error *error) {
  size_t n = (size_t)view->shape->tokens;
  double *from = vx_scratch(view, n, error), *row = vx_scratch(view, n, error);
  if (!from || !row) return false;
  memset(from, 0, n * sizeof *from);
  from[0] = 1;
  for (int layer = view->shape->layers - 1; layer >= start; layer--) {
    times_layer(view, stack, layer, normalise, from, row, out);
    if (layer > start) memcpy(from, out, n * sizeof *from);
  }
  return true;
}

void vx_drop_cls(const vx_view *view, const double *row, double *heat) {
  memcpy(heat, row + 1, (size_t)(view->shape->tokens - 1) * sizeof *heat);
}
