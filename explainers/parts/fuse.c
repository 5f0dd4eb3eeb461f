#include "explainers/parts/fuse.h"

#include "base/clones.h"

#include <string.h>

double *vx_scratch(const vx_view *view, size_t count, vx_error *error) {
  double *memory = VX_TAKE(view->scratch, count, double);
  if (!memory) vx_fail(error, "scratch memory", "%zu numbers: out of memory", count);
  return memory;
}

void vx_want_read(vx_wants *wants, const vx_shape *shape, vx_site site, vx_descent descent, int first, int last) {
  (vx_reads_one(shape) ? vx_want_rows : vx_want_layers)(wants, site, descent, first, last);
}

const double *vx_head_row(const vx_view *view, vx_site site, vx_descent descent, int layer, int head, int token) {
  size_t n = (size_t)view->shape->tokens, h = (size_t)head;
  if (vx_reads_one(view->shape)) return vx_rows_at(view, site, descent, layer) + h * n;
  return vx_at(view, site, descent, layer) + (h * n + (size_t)token) * n;
}

void vx_add_read(double weight, const double *row, bool first, int count, double *sum) {
  for (int j = 0; j < count; j++) sum[j] = first ? weight * row[j] : sum[j] + weight * row[j];
}

void vx_want_stack(vx_wants *wants, const vx_stack *stack, int first, int last) {
  vx_want_layers(wants, VX_AT_ATTENTION, stack->value, first, last);
  if (stack->has_factor) vx_want_layers(wants, VX_AT_ATTENTION, stack->factor, first, last);
}

void vx_want_stack_read(vx_wants *wants, const vx_shape *shape, const vx_stack *stack, int l) {
  vx_want_read(wants, shape, VX_AT_ATTENTION, stack->value, l, l);
  if (stack->has_factor) vx_want_read(wants, shape, VX_AT_ATTENTION, stack->factor, l, l);
}

/* One layer of a stack: [H][n][n], or with `rows` [H][n], the row of the one token that the head reads. */
typedef struct layer {
  const vx_stack *stack;
  const double *value, *factor; /* factor NULL for 1 */
  int n, heads;
  size_t head_stride, row_stride;
} layer;

static layer layer_of(const vx_view *view, const vx_stack *stack, int l, bool rows) {
  const double *(*at)(const vx_view *, vx_site, vx_descent, int) = rows ? vx_rows_at : vx_at;
  size_t n = (size_t)view->shape->tokens;
  return (layer){.stack = stack,
                 .value = at(view, VX_AT_ATTENTION, stack->value, l),
                 .factor = stack->has_factor ? at(view, VX_AT_ATTENTION, stack->factor, l) : NULL,
                 .n = view->shape->tokens,
                 .heads = view->shape->heads,
                 .head_stride = rows ? n : n * n,
                 .row_stride = rows ? 0 : n};
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

VX_CLONES static void fused_row(const layer *of, int row, double *out) {
  const vx_stack *stack = of->stack;
  int n = of->n;
  size_t offset = (size_t)row * of->row_stride;
  for (int h = 0; h < of->heads; h++) {
    const double *value = of->value + (size_t)h * of->head_stride + offset;
    const double *factor = of->factor ? of->factor + (size_t)h * of->head_stride + offset : NULL;
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
    for (int j = 0; j < n; j++) out[j] /= of->heads;
}

void vx_fused_row(const vx_view *view, const vx_stack *stack, int l, int row, double *out) {
  layer of = layer_of(view, stack, l, false);
  fused_row(&of, row, out);
}

bool vx_fused_read(const vx_view *view, const vx_stack *stack, int l, double *heat, vx_error *error) {
  int n = view->shape->tokens;
  const double *read = vx_read_weights(view);
  double *row = vx_scratch(view, (size_t)n, error), *sum = vx_scratch(view, (size_t)n, error);
  if (!row || !sum) return false;
  layer of = layer_of(view, stack, l, vx_reads_one(view->shape));
  bool first = true;
  for (int i = 0; i < n; i++) {
    if (read[i] == 0) continue;
    fused_row(&of, i, row);
    vx_add_read(read[i], row, first, n, sum);
    first = false;
  }
  vx_patches_of_row(view, sum, heat);
  return true;
}

/* to [n] = from [n] times (fused + I), rows normalised or not; `row` [n] is working space. */
VX_CLONES static void times_layer(const layer *of, bool normalise, const double *from, double *row, double *to) {
  int n = of->n;
  memset(to, 0, (size_t)n * sizeof *to);
  for (int i = 0; i < n; i++) {
    if (from[i] == 0) continue; /* in the top layer only what the head reads counts */
    fused_row(of, i, row);
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

bool vx_rollout_row(const vx_view *view, const vx_stack *stack, int start, bool normalise, double *row,
                    vx_error *error) {
  size_t n = (size_t)view->shape->tokens;
  double *fused = vx_scratch(view, n, error), *to = vx_scratch(view, n, error);
  if (!fused || !to) return false;
  memcpy(row, vx_read_weights(view), n * sizeof *row);
  for (int l = view->shape->layers - 1; l >= start; l--) {
    layer of = layer_of(view, stack, l, false);
    times_layer(&of, normalise, row, fused, to);
    memcpy(row, to, n * sizeof *row);
  }
  return true;
}

bool vx_rollout(const vx_view *view, const vx_stack *stack, int start, bool normalise, double *heat, vx_error *error) {
  double *row = vx_scratch(view, (size_t)view->shape->tokens, error);
  if (!row || !vx_rollout_row(view, stack, start, normalise, row, error)) return false;
  vx_patches_of_row(view, row, heat);
  return true;
}
