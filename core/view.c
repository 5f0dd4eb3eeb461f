#include "core/view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/vx.h"

static bool covers(const vx_want *want, int layer) {
  return want && layer >= want->first && layer <= want->last;
}

/* What is read instead of a tensor that needs() did not name: NaN, which no map survives. */
static const double *refuse(const vx_view *view, const vx_want *want) {
  if (view->refused && !*view->refused) vx_want_text(want, view->refused, VX_REFUSED_SIZE);
  size_t size = vx_site_size(view->shape, want->site, want->rows);
  double *nothing = VX_TAKE(view->scratch, size, double);
  for (size_t i = 0; nothing && i < size; i++) nothing[i] = NAN;
  return nothing;
}

static const double *look(const vx_view *view, const vx_want *want) {
  bool allowed =
      !view->allowed || covers(vx_wants_find(view->allowed, want->site, want->descent, want->rows), want->first);
  for (int i = 0; allowed && i < view->seen_count; i++) {
    const vx_seen *tensor = &view->seen[i];
    const vx_descent *a = &tensor->want.descent, *b = &want->descent;
    if (tensor->want.site == want->site && tensor->want.rows == want->rows && a->rule == b->rule &&
        a->parameter == b->parameter && covers(&tensor->want, want->first))
      return tensor->value +
             (size_t)(want->first - tensor->want.first) * vx_site_size(view->shape, want->site, want->rows);
  }
  return refuse(view, want);
}

const double *vx_at(const vx_view *view, vx_site site, vx_descent descent, int layer) {
  return look(view, &(vx_want){site, descent, false, layer, layer});
}

const double *vx_rows_at(const vx_view *view, vx_site site, vx_descent descent, int layer) {
  return look(view, &(vx_want){site, descent, true, layer, layer});
}

bool vx_view_covers(const vx_view *view, const vx_wants *asked, vx_want *missing) {
  vx_wants made = {.count = view->seen_count};
  for (int i = 0; i < view->seen_count; i++) made.want[i] = view->seen[i].want;
  return vx_wants_cover(&made, asked, missing);
}

const double *vx_read_weights(const vx_view *view) {
  return view->read;
}

int vx_read_token(const vx_view *view) {
  int token = -1;
  for (int i = 0; i < view->shape->tokens; i++) {
    if (view->read[i] == 0) continue;
    if (token >= 0) return -1;
    token = i;
  }
  return token;
}

int vx_patch_count(const vx_view *view) {
  return view->shape->tokens - view->shape->leading;
}

const double *vx_patches(const vx_view *view, const double *row, int width) {
  return row + (size_t)view->shape->leading * (size_t)width;
}

void vx_patches_of_row(const vx_view *view, const double *row, double *heat) {
  memcpy(heat, vx_patches(view, row, 1), (size_t)vx_patch_count(view) * sizeof *heat);
}
