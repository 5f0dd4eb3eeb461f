#include "harness/study/rescore.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/digest.h"
#include "harness/run/to_size.h"
#include "harness/store/choose.h"
#include "harness/store/stored.h"

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static bool out_of_memory(const vx_store *store, vx_error *error) {
  return vx_fail(error, vx_store_path(store), "out of memory");
}

static bool read_labels(vx_rescore *r, vx_error *error) {
  return vx_query_label_classes(r->store, r->run.id, r->arena, &r->label_class, &r->label_count, error);
}

bool vx_rescore_open(vx_rescore *r, vx_store *store, int64_t run, const char *root, const char *methods,
                     vx_error *error) {
  *r = (vx_rescore){.store = store, .arena = vx_arena_new()};
  if (!r->arena) return out_of_memory(store, error);
  bool ok = vx_query_run(store, run, r->arena, &r->run, error) &&
            vx_query_methods_named(store, r->run.id, methods, r->arena, &r->methods, &r->method_count, error) &&
            vx_query_images(store, &r->run, NAN, r->arena, &r->images, error) && read_labels(r, error) &&
            vx_origin_input(&r->run, &r->input, error) && vx_origin_open(&r->run, root, NULL, &r->origin, error);
  if (!ok) vx_rescore_close(r);
  return ok;
}

void vx_rescore_close(vx_rescore *r) {
  vx_origin_close(&r->origin);
  vx_arena_free(r->arena);
  *r = (vx_rescore){0};
}

/* ---- one image -------------------------------------------------------------------------------------------------- */

enum { LEVELS = 256 };

/* One image's stored maps, and what becomes of them. */
typedef struct job {
  vx_result *stored; /* evaluations with maps; owns what follows */
  bool *made, *flat; /* [evaluations] */
  bool *has_truth;   /* [settings] */
  vx_cut *cuts;      /* [evaluations][settings] */
  double *level_iou; /* [evaluations][256]; NULL unless asked for */
} job;

typedef struct work {
  const vx_rescore *rescore;
  const vx_setting *settings;
  int setting_count;
  job *jobs; /* [places] */
  bool (*take)(void *user, const vx_rescored *rescored, vx_error *error);
  void *user;
} work;

/* What a thread needs. */
typedef struct scratch {
  vx_sized sized;
  vx_levels levels;
  int settings;
  vx_truth truths[]; /* [settings] */
} scratch;

static void *open_scratch(void *user, vx_error *error) {
  const work *w = user;
  scratch *s = calloc(1, sizeof *s + (size_t)w->setting_count * sizeof *s->truths);
  if (s)
    s->settings = w->setting_count;
  else
    out_of_memory(w->rescore->store, error);
  return s;
}

static void close_scratch(void *hand) {
  scratch *s = hand;
  vx_sized_free(&s->sized);
  for (int i = 0; i < s->settings; i++) vx_truth_free(&s->truths[i]);
  free(s);
}

static bool make_truths(const work *w, const vx_image_row *image, job *j, scratch *s, vx_error *error) {
  const vx_rescore *r = w->rescore;
  const vx_voc *voc = &r->origin.voc;
  vx_mask mask;
  if ((size_t)image->position >= voc->count || strcmp(voc->entry[image->position].id, image->image_id) != 0) {
    return vx_fail(error, voc->list, "place %d is not %s, as it was for the run", image->position, image->image_id);
  }
  const vx_voc_entry *entry = &voc->entry[image->position];
  int predicted = image->label >= 0 && image->label < r->label_count ? r->label_class[image->label] : -1;
  if (!vx_voc_mask(voc, entry, &mask, error)) return false;
  bool ok = vx_origin_same_mask(entry, &mask, r->run.id, j->stored->mask_digest, error);
  for (int k = 0; ok && k < w->setting_count; k++)
    ok = vx_setting_truth(&w->settings[k], &r->input, &mask, mask.width, mask.height, predicted, &s->truths[k], error);
  for (int k = 0; ok && k < w->setting_count; k++) j->has_truth[k] = s->truths[k].known;
  vx_mask_free(&mask);
  return ok;
}

/* The stored map at the size of a geometry. A pixel map has to be of that size (vx_rescore_check): its bytes are no
   map to interpolate. */
static bool bring_to_size(const vx_map *map, const vx_method_row *method, const vx_geometry *g, scratch *s,
                          vx_error *error) {
  bool fits = map->width == g->width && map->height == g->height;
  if (map->kind == VX_MAP_PIXEL && !method->is_mask && !fits)
    return vx_fail(error, method->name, "a map of %d x %d, expected %d x %d", map->width, map->height, g->width,
                   g->height);
  return vx_to_size_stored(&s->sized, map, method->is_mask, method->name, g->height, g->width, error);
}

static bool same_size(const vx_geometry *a, const vx_geometry *b) {
  return a->width == b->width && a->height == b->height;
}

static void every_level(const vx_levels *levels, double *iou) {
  vx_counts counts[LEVELS];
  vx_levels_all(levels, counts);
  for (int t = 0; t < LEVELS; t++) iou[t] = vx_iou(&counts[t]);
}

static bool score_map(const work *w, job *j, int index, scratch *s, vx_error *error) {
  const vx_evaluation *evaluation = &j->stored->evaluations[index];
  const vx_method_row *method = &w->rescore->methods[evaluation->method];
  const vx_geometry *size = NULL; /* of the heat at hand */
  vx_case in;
  j->made[index] = evaluation->map.kind != VX_MAP_NONE;
  for (int k = 0; j->made[index] && k < w->setting_count; k++) {
    if (!j->has_truth[k]) continue;
    if (!size || !same_size(size, &s->truths[k].geometry)) {
      size = &s->truths[k].geometry;
      if (!bring_to_size(&evaluation->map, method, size, s, error)) return false;
    }
    if (!vx_case_prepare(&s->sized.heat, s->truths[k].label, &w->settings[k].scoring, &s->levels, &in, error))
      return false;
    j->cuts[index * w->setting_count + k] = in.cut;
    if (k == 0 && j->level_iou) every_level(&s->levels, j->level_iou + (size_t)index * LEVELS);
    j->flat[index] = s->sized.heat.flat;
  }
  return true;
}

static bool score_image(void *user, void *hand, int task, int place, vx_error *error) {
  const work *w = user;
  job *j = &w->jobs[place];
  if (j->stored->evaluation_count == 0) return true; /* nothing evaluated: it needs no mask */
  bool good = make_truths(w, &w->rescore->images.rows[task], j, hand, error);
  for (int i = 0; good && i < j->stored->evaluation_count; i++) good = score_map(w, j, i, hand, error);
  return good;
}

/* ---- all images
 * ------------------------------------------------------------------------------------------------------ */

static bool read_job(void *user, int task, int place, vx_error *error) {
  const work *w = user;
  const vx_rescore *r = w->rescore;
  job *j = &w->jobs[place];
  if (!vx_result_read(r->store, r->images.rows[task].id, r->methods, r->method_count, j->stored, error)) return false;
  int count = j->stored->evaluation_count;
  j->made = VX_TAKE(j->stored->arena, count + 1, bool);
  j->flat = VX_TAKE(j->stored->arena, count + 1, bool);
  j->has_truth = VX_TAKE(j->stored->arena, w->setting_count + 1, bool);
  j->cuts = VX_TAKE(j->stored->arena, count * w->setting_count + 1, vx_cut);
  j->level_iou = r->every_level ? VX_TAKE(j->stored->arena, (size_t)count * LEVELS + 1, double) : NULL;
  if (!j->made || !j->flat || !j->has_truth || !j->cuts || (r->every_level && !j->level_iou))
    return out_of_memory(r->store, error);
  memset(j->flat, 0, (size_t)count);
  memset(j->has_truth, 0, (size_t)w->setting_count);
  return true;
}

static bool give_away(void *user, int task, int place, vx_error *error) {
  const work *w = user;
  const job *j = &w->jobs[place];
  for (int i = 0; i < j->stored->evaluation_count; i++) {
    const vx_rescored one = {
        .image = &w->rescore->images.rows[task],
        .method = &w->rescore->methods[j->stored->evaluations[i].method],
        .made = j->made[i],
        .flat = j->flat[i],
        .target = j->stored->evaluations[i].target,
        .has_truth = j->has_truth,
        .level_iou = j->level_iou && j->made[i] && j->has_truth[0] ? j->level_iou + (size_t)i * LEVELS : NULL,
        .cuts = &j->cuts[i * w->setting_count]};
    if (!w->take(w->user, &one, error)) return false;
  }
  return true;
}

bool vx_rescore_all(const vx_rescore *r, const vx_setting *settings, int setting_count, int jobs,
                    bool (*take)(void *user, const vx_rescored *rescored, vx_error *error), void *user,
                    vx_error *error) {
  int places = vx_crew_places(jobs, r->images.count);
  work w = {.rescore = r,
            .settings = settings,
            .setting_count = setting_count,
            .jobs = calloc((size_t)places, sizeof *w.jobs),
            .take = take,
            .user = user};
  bool ok = w.jobs != NULL;
  for (int i = 0; ok && i < places; i++) ok = (w.jobs[i].stored = vx_result_new()) != NULL;
  if (!ok) out_of_memory(r->store, error);
  const vx_crew crew = {.jobs = jobs,
                        .count = r->images.count,
                        .in_order = true,
                        .user = &w,
                        .open = open_scratch,
                        .close = close_scratch,
                        .prepare = read_job,
                        .work = score_image,
                        .give = give_away};
  ok = ok && vx_crew_run(&crew, error);
  for (int i = 0; w.jobs && i < places; i++) vx_result_free(w.jobs[i].stored);
  free(w.jobs);
  return ok;
}
