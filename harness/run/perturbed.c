#include "harness/run/perturbed.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/vx.h"

static const char *const kinds[VX_SHARED_KINDS] = {
    [VX_SHARED_WHOLE] = "whole", [VX_SHARED_CELL] = "single-deletion", [VX_SHARED_SUBSET] = "subsets"};
static const char *const removes[VX_REMOVES] = {"drop", "black", "mean", "own-mean", "blur", "impute"};

static int find(const char *const *words, int count, const char *word) {
  int i = 0;
  while (i < count && strcmp(words[i], word) != 0) i++;
  return i;
}

bool vx_perturbed_give(const vx_result *stored, const vx_view *view, vx_error *error) {
  for (int i = 0; view->answers && i < stored->perturbation_count; i++) {
    const vx_perturbation *p = &stored->perturbations[i];
    int kind = find(kinds, VX_SHARED_KINDS, p->kind), remove = find(removes, VX_REMOVES, p->remove);
    if (kind == VX_SHARED_KINDS || remove == VX_REMOVES || p->target != view->target) continue;
    vx_shared shared = {.key = {(vx_shared_kind)kind, (vx_remove)remove, p->cells, p->place},
                        .target = p->target,
                        .second = p->second,
                        .probability = p->probability,
                        .logit = p->logit,
                        .second_logit = p->second_logit};
    if (!vx_answers_add(view, &shared, error)) return false;
  }
  return true;
}

bool vx_perturbed_has(const vx_result *stored, const vx_shared_key *key, int count) {
  bool whole = false;
  int found = 0;
  for (int i = 0; i < stored->perturbation_count; i++) {
    const vx_perturbation *p = &stored->perturbations[i];
    whole |= strcmp(p->kind, kinds[VX_SHARED_WHOLE]) == 0;
    found += strcmp(p->kind, kinds[key->kind]) == 0 && strcmp(p->remove, removes[key->remove]) == 0 &&
             p->cells == key->size && p->place < count;
  }
  return whole && found == count;
}

/* "3,17": the patches of one variant, in the view's scratch. NULL: memory is out. */
static const char *removed(const vx_view *view, const vx_shared_key *key) {
  int patches = view->shape->grid * view->shape->grid;
  size_t room = (size_t)patches * 7 + 1, used = 0;
  uint8_t *gone = VX_TAKE(view->scratch, patches, uint8_t);
  char *text = VX_TAKE(view->scratch, room, char);
  if (!gone || !text || !vx_answers_gone(view, key, gone, NULL)) return NULL;
  text[0] = '\0';
  for (int i = 0; i < patches; i++)
    if (gone[i]) used += (size_t)snprintf(text + used, room - used, "%s%d", used ? "," : "", i);
  return text;
}

bool vx_perturbed_keep(const vx_view *view, vx_result *result) {
  int count = 0;
  const vx_shared *kept = view->answers ? vx_answers_kept(view->answers, &count) : NULL;
  bool good = true;
  for (int i = 0; good && i < count; i++) {
    const vx_shared *s = &kept[i];
    const char *text = removed(view, &s->key);
    vx_perturbation p = {.kind = kinds[s->key.kind],
                         .remove = removes[s->key.remove],
                         .cells = s->key.size,
                         .place = s->key.place,
                         .removed = text,
                         .target = s->target,
                         .second = s->second,
                         .probability = s->probability,
                         .logit = s->logit,
                         .second_logit = s->second < 0 ? (double)NAN : s->second_logit};
    good = text && vx_result_add_perturbation(result, &p);
    vx_arena_reset(view->scratch);
  }
  return good;
}
