#include "metrics/answers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/random.h"

/* Streams of random numbers (base/random.h), beyond those of methods. */
enum { STREAM_SUBSETS = 1 << 20, STREAM_NOISE = 1 << 21 };

/* What a variant is, as bytes that are equal where it is the same: how cells are removed, and a bit for each cell. */
typedef struct variant {
  double noise;
  int32_t remove, unit, draw, bytes;
  uint8_t *bits;
  uint64_t digest;
} variant;

typedef struct entry {
  variant key;
  const double *logits; /* [C]; NULL: only what `told` says is known */
  int told;             /* among the shared; -1: it is not */
  struct entry *next;   /* of the same bucket */
} entry;

enum { BUCKETS = 4096 };

struct vx_answers {
  const vx_shape *shape;
  double black[3];
  int target;              /* the class explained */
  vx_arena *fixed, *arena; /* for good; of this picture */
  entry *bucket[BUCKETS];
  vx_shared *shared;
  int shared_count, shared_room;
  double *x, *room;    /* [3][S][S] a variant; [S][S] */
  uint8_t *keep, *all; /* [grid²]; [S²] pixels gone */
  uint8_t *patches;    /* [grid²] of a shared question */
  double *blurred;     /* [3][S][S] of the picture; NULL: not yet made */
  double own[3];
  bool own_known;
};

static bool no_memory(vx_error *error) {
  return vx_fail(error, "answers", "out of memory");
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

vx_answers *vx_answers_new(const vx_shape *shape, const double black[3], vx_error *error) {
  vx_answers *a = calloc(1, sizeof *a);
  size_t pixels = (size_t)shape->image * (size_t)shape->image, cells = (size_t)shape->grid * (size_t)shape->grid;
  if (a) {
    a->shape = shape;
    memcpy(a->black, black, sizeof a->black);
    a->fixed = vx_arena_new();
    a->arena = vx_arena_new();
    if (a->fixed && a->arena) {
      a->x = VX_TAKE(a->fixed, 3 * pixels, double);
      a->room = VX_TAKE(a->fixed, pixels, double);
      a->all = VX_TAKE(a->fixed, pixels, uint8_t);
      a->keep = VX_TAKE(a->fixed, cells, uint8_t);
      a->patches = VX_TAKE(a->fixed, cells, uint8_t);
    }
    if (a->x && a->room && a->all && a->keep && a->patches) return a;
  }
  vx_answers_free(a);
  no_memory(error);
  return NULL;
}

void vx_answers_free(vx_answers *a) {
  if (!a) return;
  vx_arena_free(a->fixed);
  vx_arena_free(a->arena);
  free(a->shared);
  free(a);
}

void vx_answers_start(vx_answers *a, int target) {
  a->target = target;
  memset(a->bucket, 0, sizeof a->bucket);
  vx_arena_reset(a->arena);
  a->shared_count = 0;
  a->blurred = NULL;
  a->own_known = false;
}

size_t vx_answers_bytes(const vx_answers *a) {
  return sizeof *a + vx_arena_bytes(a->fixed) + vx_arena_bytes(a->arena) + (size_t)a->shared_room * sizeof *a->shared;
}

/* ---- the memo ---------------------------------------------------------------------------------------------------- */

static int cells_of(const vx_shape *s, vx_unit unit) {
  return unit == VX_UNIT_PATCH ? s->grid * s->grid : s->image * s->image;
}

/* Where nothing is removed, it does not matter how. */
static variant key_of(const vx_shape *s, const vx_removal *removal, uint8_t *bits) {
  int cells = cells_of(s, removal->unit), gone = 0;
  variant k = {.bytes = (cells + 7) / 8, .bits = bits};
  memset(bits, 0, (size_t)k.bytes);
  for (int i = 0; i < cells; i++)
    if (removal->gone[i]) {
      bits[i / 8] |= (uint8_t)(1 << i % 8);
      gone++;
    }
  if (gone == 0)
    k.bytes = 0;
  else {
    k.remove = removal->remove;
    k.unit = removal->unit;
    k.noise = removal->noise;
    k.draw = removal->noise > 0 ? removal->draw : 0;
  }
  vx_digest digest;
  vx_digest_start(&digest);
  vx_digest_bytes(&digest, bits, (size_t)k.bytes);
  int32_t how[3] = {k.remove, k.unit, k.draw};
  vx_digest_bytes(&digest, how, sizeof how);
  vx_digest_real(&digest, k.noise);
  k.digest = vx_mix64(digest.state);
  return k;
}

static bool same_key(const variant *a, const variant *b) {
  return a->digest == b->digest && a->remove == b->remove && a->unit == b->unit && a->draw == b->draw &&
         a->noise >= b->noise && a->noise <= b->noise && a->bytes == b->bytes &&
         memcmp(a->bits, b->bits, (size_t)a->bytes) == 0;
}

/* The entry of a variant, made where there is none. NULL: out of memory. */
static entry *entry_of(vx_answers *a, const vx_removal *removal) {
  uint8_t *bits = a->all; /* its room, for a moment */
  variant k = key_of(a->shape, removal, bits);
  entry **bucket = &a->bucket[k.digest % BUCKETS];
  for (entry *e = *bucket; e; e = e->next)
    if (same_key(&e->key, &k)) return e;
  entry *e = VX_TAKE(a->arena, 1, entry);
  if (!e) return NULL;
  *e = (entry){.key = k, .told = -1, .next = *bucket};
  if (!(e->key.bits = VX_TAKE(a->arena, k.bytes + 1, uint8_t))) return NULL;
  memcpy(e->key.bits, bits, (size_t)k.bytes);
  *bucket = e;
  return e;
}

/* ---- a variant --------------------------------------------------------------------------------------------------- */

static bool prepare(vx_answers *a, vx_remove remove, vx_error *error) {
  size_t pixels = (size_t)a->shape->image * (size_t)a->shape->image;
  if (remove == VX_REMOVE_OWN_MEAN && !a->own_known) {
    vx_remove_own_mean(a->x, a->shape->image, a->own);
    a->own_known = true;
  }
  if (remove != VX_REMOVE_BLUR || a->blurred) return true;
  if (!(a->blurred = VX_TAKE(a->arena, 3 * pixels, double))) return no_memory(error);
  vx_remove_blur(a->x, a->shape->image, a->blurred, a->room);
  return true;
}

/* all [S²]: the pixels gone. */
static void spread(const vx_shape *s, const vx_removal *removal, uint8_t *all) {
  int side = s->image;
  for (int y = 0; y < side; y++)
    for (int x = 0; x < side; x++)
      all[y * side + x] = removal->unit == VX_UNIT_PIXEL ? removal->gone[y * side + x]
                                                         : removal->gone[y / s->patch * s->grid + x / s->patch];
}

/* ROAD's noise on what was removed: the picture's and the draw's own, the same for every map. */
static void add_noise(const vx_view *view, const vx_removal *removal, const uint8_t *all, double *x) {
  size_t pixels = (size_t)view->shape->image * (size_t)view->shape->image;
  const float *given = view->road_noise && removal->draw < view->road_noise_count
                           ? view->road_noise + (size_t)removal->draw * 3 * pixels
                           : NULL;
  uint64_t start = vx_random_stream(view->seed, STREAM_NOISE + (uint64_t)removal->draw);
  for (size_t i = 0; i < 3 * pixels; i++)
    if (all[i % pixels]) x[i] += given ? (double)given[i] : removal->noise * vx_random_normal(start, i);
}

/* The variant into a->x. */
static bool make(vx_answers *a, const vx_view *view, const vx_removal *removal, vx_error *error) {
  size_t pixels = (size_t)a->shape->image * (size_t)a->shape->image;
  for (size_t i = 0; i < 3 * pixels; i++) a->x[i] = (double)view->input[i];
  if (!prepare(a, removal->remove, error)) return false;
  spread(a->shape, removal, a->all);
  if (removal->remove == VX_REMOVE_IMPUTE) {
    if (!vx_remove_impute(a->x, a->shape->image, a->all, error)) return false;
  } else {
    for (size_t i = 0; i < 3 * pixels; i++) {
      if (!a->all[i % pixels]) continue;
      size_t c = i / pixels;
      a->x[i] = removal->remove == VX_REMOVE_BLACK      ? a->black[c]
                : removal->remove == VX_REMOVE_OWN_MEAN ? a->own[c]
                : removal->remove == VX_REMOVE_BLUR     ? a->blurred[i]
                                                        : 0;
    }
  }
  if (removal->noise > 0) add_noise(view, removal, a->all, a->x);
  return true;
}

static bool run(vx_answers *a, const vx_view *view, const vx_removal *removal, double *logits, vx_error *error) {
  const vx_again *again = view->again;
  if (!again || !view->input) return vx_fail(error, "answers", "of the model were not planned");
  if (removal->remove != VX_REMOVE_DROP)
    return make(a, view, removal, error) && again->ask(again, a->x, NULL, logits, error);
  int cells = cells_of(a->shape, VX_UNIT_PATCH);
  for (int i = 0; i < cells; i++) a->keep[i] = !removal->gone[i];
  return again->ask(again, NULL, a->keep, logits, error);
}

double vx_probability_of(const vx_shape *shape, const double *logits, int target) {
  double largest = logits[0], sum = 0;
  if (shape->problem == VX_EACH_CLASS) return 1 / (1 + exp(-logits[target]));
  for (int c = 1; c < shape->classes; c++) largest = fmax(largest, logits[c]);
  for (int c = 0; c < shape->classes; c++) sum += exp(logits[c] - largest);
  return exp(logits[target] - largest) / sum;
}

/* ---- one question ------------------------------------------------------------------------------------------------ */

static bool refuse(const vx_view *view, const vx_removal *removal, vx_error *error) {
  if (!view->answers) return vx_fail(error, "answers", "of the model were not planned");
  if (removal->remove == VX_REMOVE_DROP && removal->unit == VX_UNIT_PIXEL)
    return vx_fail(error, "remove", "drop leaves out patches: with pixels say black, mean, own-mean, blur or impute");
  return true;
}

static const double *logits_of(const vx_view *view, const vx_removal *removal, entry *e, vx_error *error) {
  vx_answers *a = view->answers;
  if (e->logits) return e->logits;
  if (e->key.bytes == 0 && view->logits) return view->logits;
  double *logits = VX_TAKE(a->arena, a->shape->classes, double);
  if (!logits) {
    no_memory(error);
    return NULL;
  }
  return run(a, view, removal, logits, error) ? e->logits = logits : NULL;
}

const double *vx_answers_logits(const vx_view *view, const vx_removal *removal, vx_error *error) {
  if (!refuse(view, removal, error)) return NULL;
  entry *e = entry_of(view->answers, removal);
  if (!e) no_memory(error);
  return e ? logits_of(view, removal, e, error) : NULL;
}

/* What the file told, of the target or (its logit only) of the second class. */
static bool told(const vx_answers *a, const entry *e, int target, vx_reply *reply) {
  if (e->told < 0) return false;
  const vx_shared *s = &a->shared[e->told];
  *reply = s->target == target ? (vx_reply){s->probability, s->logit} : (vx_reply){(double)NAN, s->second_logit};
  return s->target == target || s->second == target;
}

static bool ask(const vx_view *view, const vx_removal *removal, entry *e, vx_reply *reply, vx_error *error) {
  if (told(view->answers, e, view->target, reply) && !isnan(reply->probability)) return true;
  const double *logits = logits_of(view, removal, e, error);
  if (!logits) return false;
  *reply = (vx_reply){vx_probability_of(view->shape, logits, view->target), logits[view->target]};
  return true;
}

bool vx_answers_ask(const vx_view *view, const vx_removal *removal, vx_reply *reply, vx_error *error) {
  if (!refuse(view, removal, error)) return false;
  entry *e = entry_of(view->answers, removal);
  return e ? ask(view, removal, e, reply, error) : no_memory(error);
}

bool vx_answers_whole(const vx_view *view, vx_reply *reply, vx_error *error) {
  return vx_answers_shared(view, &(vx_shared_key){.kind = VX_SHARED_WHOLE}, reply, error);
}

/* ---- shared questions -------------------------------------------------------------------------------------------- */

/* The first `size` of a shuffled row of patches (Fisher and Yates). */
static bool draw_subset(const vx_view *view, const vx_shared_key *key, uint8_t *gone, vx_error *error) {
  int cells = cells_of(view->shape, VX_UNIT_PATCH);
  int *row = VX_TAKE(view->scratch, cells, int);
  if (!row) return no_memory(error);
  uint64_t start = vx_random_stream(view->seed, STREAM_SUBSETS + (uint64_t)key->place);
  for (int i = 0; i < cells; i++) row[i] = i;
  for (int i = 0; i < key->size; i++) {
    int k = i + (int)vx_random_below(vx_random_bits(start, (uint64_t)i), (uint32_t)(cells - i)), other = row[k];
    row[k] = row[i];
    row[i] = other;
    gone[other] = 1;
  }
  return true;
}

bool vx_answers_gone(const vx_view *view, const vx_shared_key *key, uint8_t *gone, vx_error *error) {
  int grid = view->shape->grid, cells = grid * grid, size = key->size, place = key->place;
  memset(gone, 0, (size_t)cells);
  if (key->kind == VX_SHARED_WHOLE) return true;
  if (key->kind == VX_SHARED_CELL) {
    if (size < 1 || grid % size || place < 0 || place >= grid / size * (grid / size))
      return vx_fail(error, "cells", "of %d patches a side do not tile a grid of %d (cell %d)", size, grid, place);
    int row = place / (grid / size) * size, column = place % (grid / size) * size;
    for (int i = 0; i < size * size; i++) gone[(row + i / size) * grid + column + i % size] = 1;
    return true;
  }
  if (key->kind != VX_SHARED_SUBSET || size < 1 || size > cells || place < 0)
    return vx_fail(error, "subsets", "of %d patches: the picture has %d", size, cells);
  if (!view->subsets) return draw_subset(view, key, gone, error);
  if (place >= view->subset_count)
    return vx_fail(error, "subsets", "%d are given, number %d is asked for", view->subset_count, place);
  memcpy(gone, view->subsets + (size_t)place * (size_t)cells, (size_t)cells);
  return true;
}

/* Its place among the shared; -1: out of memory. */
static int keep(vx_answers *a, const vx_shared *shared) {
  if (a->shared_count == a->shared_room) {
    int room = a->shared_room ? 2 * a->shared_room : 256;
    vx_shared *more = realloc(a->shared, (size_t)room * sizeof *more);
    if (!more) return -1;
    a->shared = more;
    a->shared_room = room;
  }
  a->shared[a->shared_count] = *shared;
  return a->shared_count++;
}

static bool same_shared(const vx_shared_key *a, const vx_shared_key *b) {
  return a->kind == b->kind && a->remove == b->remove && a->size == b->size && a->place == b->place;
}

/* A variant may be shared under two names (a subset of one patch is a cell): both are kept. */
static bool keep_told(vx_answers *a, entry *e, const vx_shared *shared, vx_error *error) {
  for (int i = e->told; i >= 0 && i < a->shared_count; i++)
    if (same_shared(&a->shared[i].key, &shared->key)) return true;
  int place = keep(a, shared);
  if (place < 0) return no_memory(error);
  if (e->told < 0) e->told = place;
  return true;
}

static entry *shared_entry(const vx_view *view, const vx_shared_key *key, vx_removal *removal, vx_error *error) {
  vx_answers *a = view->answers;
  *removal = (vx_removal){.remove = key->remove, .gone = a ? a->patches : NULL};
  if (!refuse(view, removal, error) || !vx_answers_gone(view, key, a->patches, error)) return NULL;
  entry *e = entry_of(a, removal);
  if (!e) no_memory(error);
  return e;
}

bool vx_answers_add(const vx_view *view, const vx_shared *shared, vx_error *error) {
  vx_removal removal;
  entry *e = shared_entry(view, &shared->key, &removal, error);
  return e && keep_told(view->answers, e, shared, error);
}

static int second_of(const vx_view *view) {
  int best = -1;
  for (int c = 0; view->logits && c < view->shape->classes; c++)
    if (c != view->answers->target && (best < 0 || view->logits[c] > view->logits[best])) best = c;
  return best;
}

bool vx_answers_shared(const vx_view *view, const vx_shared_key *key, vx_reply *reply, vx_error *error) {
  vx_removal removal;
  entry *e = shared_entry(view, key, &removal, error);
  if (!e) return false;
  vx_answers *a = view->answers;
  if (told(a, e, view->target, reply)) {
    vx_shared again = a->shared[e->told];
    again.key = *key;
    return keep_told(a, e, &again, error);
  }
  if (!ask(view, &removal, e, reply, error)) return false;
  const double *logits = logits_of(view, &removal, e, error);
  int second = second_of(view);
  vx_shared shared = {.key = *key,
                      .target = a->target,
                      .second = second,
                      .probability = vx_probability_of(a->shape, logits, a->target),
                      .logit = logits[a->target],
                      .second_logit = second < 0 ? 0 : logits[second]};
  return keep_told(a, e, &shared, error);
}

const vx_shared *vx_answers_kept(const vx_answers *a, int *count) {
  *count = a->shared_count;
  return a->shared;
}
