#include "core/needs.h"

#include <stdio.h>

#include "core/vx.h"

static bool same_descent(const vx_descent *a, const vx_descent *b) {
  return a->rule == b->rule && a->parameter == b->parameter;
}

const vx_want *vx_wants_find(const vx_wants *wants, vx_site site, vx_descent descent, bool rows) {
  for (int i = 0; i < wants->count && i < VX_WANTS_MAX; i++) {
    const vx_want *want = &wants->want[i];
    if (want->site == site && want->rows == rows && same_descent(&want->descent, &descent)) return want;
  }
  return NULL;
}

static void add(vx_wants *wants, const vx_want *more) {
  vx_want *have = (vx_want *)vx_wants_find(wants, more->site, more->descent, more->rows);
  if (have) {
    if (more->first < have->first) have->first = more->first;
    if (more->last > have->last) have->last = more->last;
    return;
  }
  if (wants->count < VX_WANTS_MAX) wants->want[wants->count] = *more;
  if (wants->count <= VX_WANTS_MAX) wants->count++;
}

void vx_want_at(vx_wants *wants, vx_site site, vx_descent descent) {
  add(wants, &(vx_want){site, descent, false, 0, 0});
}

void vx_want_layers(vx_wants *wants, vx_site site, vx_descent descent, int first, int last) {
  add(wants, &(vx_want){site, descent, false, first, last});
}

void vx_want_rows(vx_wants *wants, vx_site site, vx_descent descent, int first, int last) {
  add(wants, &(vx_want){site, descent, true, first, last});
}

static bool add_all(vx_wants *into, const vx_wants *more, vx_error *error) {
  for (int i = 0; i < more->count && i < VX_WANTS_MAX; i++) add(into, &more->want[i]);
  return (more->count <= VX_WANTS_MAX && into->count <= VX_WANTS_MAX) ||
         vx_fail(error, "methods", "ask for more than %d different tensors of the model: use fewer stabilizers at once",
                 VX_WANTS_MAX);
}

bool vx_needs_add(vx_needs *into, const vx_needs *more, vx_error *error) {
  into->data |= more->data;
  if (more->variant_count > into->variant_count) into->variant_count = more->variant_count;
  if (more->answer_count > into->answer_count) into->answer_count = more->answer_count;
  if (more->shared_count > into->shared_count) into->shared_count = more->shared_count;
  return add_all(&into->wants, &more->wants, error) && add_all(&into->variants, &more->variants, error);
}

bool vx_wants_cover(const vx_wants *made, const vx_wants *asked, vx_want *missing) {
  for (int i = 0; i < asked->count && i < VX_WANTS_MAX; i++) {
    const vx_want *want = &asked->want[i], *have = vx_wants_find(made, want->site, want->descent, want->rows);
    if (have && have->first <= want->first && have->last >= want->last) continue;
    if (missing) *missing = *want;
    return false;
  }
  return true;
}

bool vx_wants_descend(const vx_wants *wants) {
  for (int i = 0; i < wants->count && i < VX_WANTS_MAX; i++)
    if (wants->want[i].descent.rule != VX_FORWARD) return true;
  return false;
}

bool vx_site_has_layers(vx_site site) {
  return site != VX_AT_INPUT && site != VX_AT_TOKENS;
}

size_t vx_site_size(const vx_shape *s, vx_site site, bool rows) {
  size_t n = (size_t)s->tokens, d = (size_t)s->dim, heads = (size_t)s->heads, side = (size_t)s->image;
  if (site == VX_AT_INPUT) return 3 * side * side;
  if (site == VX_AT_SCORES || site == VX_AT_ATTENTION) return heads * n * (rows ? 1 : n);
  return (rows ? 1 : n) * d;
}

const char *vx_want_text(const vx_want *want, char *text, size_t size) {
  static const char *const sites[] = {"the input",     "the stream", "LN1",         "the scores",
                                      "the attention", "the values", "the context", "the last norm"};
#define VX_DESCENT_NAME(id, name) #name,
  static const char *const rules[] = {"value", VX_DESCENTS(VX_DESCENT_NAME)};
#undef VX_DESCENT_NAME
  int used =
      snprintf(text, size, "%s of %s%s", rules[want->descent.rule], sites[want->site], want->rows ? ", rows read" : "");
  if (used > 0 && (size_t)used < size && vx_site_has_layers(want->site))
    snprintf(text + used, size - (size_t)used, ", layers %d to %d", want->first, want->last);
  return text;
}
