#include "harness/pictures/figure_pick.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "harness/store/choose.h"

typedef struct picker {
  vx_store *store;
  const vx_figure_options *options;
  vx_arena *arena;
  vx_figure_choice *choice;
  vx_image_set set;
  double *iou; /* [set.count][method_count] */
  vx_error *error;
} picker;

static bool no_memory(const picker *p) {
  return vx_fail(p->error, "figure", "out of memory");
}

/* ---- methods --------------------------------------------------------------------------------------------------- */

/* Those named, or all but the trivial ones. */
static bool choose_methods(picker *p) {
  vx_figure_choice *c = p->choice;
  const char *list = p->options->methods;
  int count;
  if (!vx_query_methods_named(p->store, c->run.id, list, p->arena, &c->methods, &count, p->error)) return false;
  for (int i = 0; i < count; i++)
    if (list || !c->methods[i].trivial) c->methods[c->method_count++] = c->methods[i];
  return c->method_count > 0 || vx_fail(p->error, vx_store_path(p->store), "the run has no method to draw");
}

static bool read_scores(picker *p) {
  vx_scoring_row scoring;
  size_t images = (size_t)p->set.count, methods = (size_t)p->choice->method_count;
  double *column = VX_TAKE(p->arena, images + 1, double);
  p->iou = VX_TAKE(p->arena, images * methods + 1, double);
  if (!column || !p->iou) return no_memory(p);
  if (!vx_query_scoring(p->store, p->choice->run.id, NULL, p->arena, &scoring, p->error)) return false;
  for (size_t m = 0; m < methods; m++) {
    if (!vx_query_values(p->store, scoring.id, p->choice->methods[m].id, &p->set, "iou", column, p->error))
      return false;
    for (size_t i = 0; i < images; i++) p->iou[i * methods + m] = column[i];
  }
  return true;
}

/* ---- images ---------------------------------------------------------------------------------------------------- */

typedef struct ranked {
  int image;
  double key; /* largest first */
} ranked;

static int by_key(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  if (x->key != y->key) return x->key > y->key ? -1 : 1;
  return (x->image > y->image) - (x->image < y->image);
}

/* What an image is ranked by; NaN: it is not to be shown. */
static double key_of(const picker *p, int image) {
  int methods = p->choice->method_count, scored = 0;
  double sum = 0;
  switch (p->options->pick) {
  case VX_PICK_WRONG:
    return p->set.rows[image].correct == VX_NO ? p->set.rows[image].probability : NAN;
  case VX_PICK_BEST:
  case VX_PICK_WORST:
    for (int m = 0; m < methods; m++) {
      double iou = p->iou[image * methods + m];
      if (!isnan(iou)) sum += iou, scored++;
    }
    if (!scored) return NAN;
    return (p->options->pick == VX_PICK_BEST ? 1 : -1) * sum / scored;
  default:
    return 0; /* in the order of the list */
  }
}

static void take_image(picker *p, int image) {
  vx_figure_choice *c = p->choice;
  size_t methods = (size_t)c->method_count;
  memcpy(c->iou + (size_t)c->image_count * methods, p->iou + (size_t)image * methods, methods * sizeof *c->iou);
  c->images[c->image_count++] = &p->set.rows[image];
}

static bool choose_ranked(picker *p) {
  ranked *order = VX_TAKE(p->arena, p->set.count + 1, ranked);
  int count = 0;
  if (!order) return no_memory(p);
  for (int i = 0; i < p->set.count; i++) {
    double key = key_of(p, i);
    if (!isnan(key)) order[count++] = (ranked){i, key};
  }
  qsort(order, (size_t)count, sizeof *order, by_key);
  for (int i = 0; i < count && i < p->options->count; i++) take_image(p, order[i].image);
  if (p->choice->image_count) return true;
  return vx_fail(p->error, vx_store_path(p->store), "the run has no image to show%s",
                 p->options->pick == VX_PICK_WRONG ? ": no decision is known to be wrong" : "");
}

/* By name; else, for a number, by place in the list. */
static int find_image(const picker *p, const char *id) {
  char *end;
  for (int i = 0; i < p->set.count; i++)
    if (strcmp(p->set.rows[i].image_id, id) == 0) return i;
  long place = strtol(id, &end, 10);
  for (int i = 0; *id && !*end && i < p->set.count; i++)
    if (p->set.rows[i].position == place) return i;
  return -1;
}

static bool choose_ids(picker *p) {
  const char **ids;
  int count;
  if (!vx_split(p->arena, p->options->ids, ',', &ids, &count)) return no_memory(p);
  for (int i = 0; i < count; i++) {
    int image = find_image(p, ids[i]);
    if (image < 0)
      return vx_fail(p->error, "--ids",
                     "the run has evaluated no image '%.80s' (its probability must be above min_confidence, %g)",
                     ids[i], p->choice->run.min_confidence);
    take_image(p, image);
  }
  return true;
}

bool vx_figure_choose(vx_store *store, const vx_figure_options *options, vx_arena *arena, vx_figure_choice *choice,
                      vx_error *error) {
  picker p = {.store = store, .options = options, .arena = arena, .choice = choice, .error = error};
  *choice = (vx_figure_choice){0};
  if (!vx_query_run(store, options->run, arena, &choice->run, error) || !choose_methods(&p) ||
      !vx_query_images(store, &choice->run, NAN, arena, &p.set, error) || !read_scores(&p))
    return false;
  size_t room = options->pick == VX_PICK_IDS ? strlen(options->ids) + 1 : (size_t)p.set.count + 1;
  choice->images = VX_TAKE(arena, room, const vx_image_row *);
  choice->iou = VX_TAKE(arena, room * (size_t)choice->method_count, double);
  if (!choice->images || !choice->iou) return no_memory(&p);
  return options->pick == VX_PICK_IDS ? choose_ids(&p) : choose_ranked(&p);
}
