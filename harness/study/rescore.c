#include "harness/study/rescore.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "harness/config/config.h"
#include "harness/config/yaml.h"
#include "harness/run/score.h"
#include "harness/store/stored.h"

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static bool out_of_memory(const vx_store *store, vx_error *error) {
  return vx_fail(error, vx_store_path(store), "out of memory");
}

/* The geometry of the run's input, from the text that the store keeps. */
static bool read_input(vx_rescore *r, vx_error *error) {
  r->input = VX_TAKE(r->arena, 1, vx_input_options);
  if (!r->input) return out_of_memory(r->store, error);
  if (vx_input_parse(r->run.input, r->run.input_side, r->input)) return true;
  return vx_fail(error, vx_store_path(r->store), "run %" PRId64 ": input '%s' tells no part of the picture", r->run.id,
                 r->run.input);
}

/* Root and split stand in the run's config. */
static bool open_data(vx_rescore *r, const char *root, vx_error *error) {
  vx_yaml *tree = vx_yaml_parse(r->run.config, strlen(r->run.config), r->run.name, error);
  if (!tree) return false;
  const vx_yaml *data = vx_yaml_find(tree, "data");
  const vx_yaml *own = vx_yaml_find(data, "root"), *split = vx_yaml_find(data, "split");
  vx_voc *voc = VX_TAKE(r->arena, 1, vx_voc);
  bool ok = voc && own && own->text && split && split->text;
  if (!ok) vx_fail(error, vx_store_path(r->store), "run %" PRId64 ": its config has no data.root and split", r->run.id);
  ok = ok && vx_voc_open(root ? root : own->text, split->text, voc, error);
  if (ok) r->voc = voc;
  vx_yaml_free(tree);
  return ok;
}

static bool read_labels(vx_rescore *r, vx_error *error) {
  return vx_query_label_classes(r->store, r->run.id, r->arena, &r->label_class, &r->label_count, error);
}

/* Keeps the methods of the list, in its order. */
static bool choose(vx_rescore *r, const char *list, vx_error *error) {
  vx_method_row *chosen = VX_TAKE(r->arena, r->method_count + 1, vx_method_row);
  int count = 0;
  if (!chosen) return out_of_memory(r->store, error);
  for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
    size_t length = strcspn(at, ",");
    int m = 0;
    while (m < r->method_count && (strlen(r->methods[m].name) != length || strncmp(r->methods[m].name, at, length)))
      m++;
    if (m == r->method_count) return vx_fail(error, "--methods", "the run has no method %.*s", (int)length, at);
    if (count < r->method_count) chosen[count++] = r->methods[m];
  }
  r->methods = chosen;
  r->method_count = count;
  return true;
}

bool vx_rescore_open(vx_rescore *r, vx_store *store, int64_t run, const char *root, const char *methods,
                     vx_error *error) {
  *r = (vx_rescore){.store = store, .arena = vx_arena_new()};
  if (!r->arena) return out_of_memory(store, error);
  bool ok = vx_query_run(store, run, r->arena, &r->run, error) &&
            vx_query_methods(store, r->run.id, r->arena, &r->methods, &r->method_count, error) &&
            (!methods || choose(r, methods, error)) &&
            vx_query_images(store, &r->run, NAN, r->arena, &r->images, error) && read_labels(r, error) &&
            read_input(r, error) && open_data(r, root, error);
  if (!ok) vx_rescore_close(r);
  return ok;
}

void vx_rescore_close(vx_rescore *r) {
  if (r->voc) vx_voc_close(r->voc);
  vx_arena_free(r->arena);
  *r = (vx_rescore){0};
}

/* ---- one image -------------------------------------------------------------------------------------------------- */

enum { LEVELS = 256 };

/* One image's stored maps, and what becomes of them. */
typedef struct job {
  const vx_image_row *image;
  vx_result *stored; /* evaluations with maps; owns what follows */
  bool *made, *flat; /* [evaluations] */
  bool *has_truth;   /* [settings] */
  vx_cut *cuts;      /* [evaluations][settings] */
  double *level_iou; /* [evaluations][256]; NULL unless asked for */
  bool good;
  vx_error error;
} job;

/* What a thread needs. */
typedef struct scratch {
  vx_heat heat;
  vx_levels levels;
  double *map;
  size_t map_room;
  uint8_t **truths; /* [settings] */
  size_t *room;     /* [settings] */
  vx_geometry *geometries;
} scratch;

typedef struct work {
  const vx_rescore *rescore;
  const vx_rescore_setting *settings;
  int setting_count;
  job *jobs;
  int job_count;
  atomic_int next;
} work;

static void scratch_free(scratch *s, int settings) {
  vx_heat_free(&s->heat);
  free(s->map);
  for (int i = 0; s->truths && i < settings; i++) free(s->truths[i]);
  free(s->truths);
  free(s->room);
  free(s->geometries);
}

static bool scratch_make(scratch *s, int settings) {
  memset(s, 0, sizeof *s);
  size_t count = (size_t)settings + 1;
  s->truths = calloc(count, sizeof *s->truths);
  s->room = calloc(count, sizeof *s->room);
  s->geometries = calloc(count, sizeof *s->geometries);
  return s->truths && s->room && s->geometries;
}

/* Is the mask still the one that the run saw? */
static bool check_mask(const vx_rescore *r, const vx_voc_entry *entry, const job *j, const vx_mask *mask,
                       vx_error *error) {
  vx_digest digest;
  char now[VX_DIGEST_SIZE];
  vx_digest_start(&digest);
  vx_digest_bytes(&digest, mask->label, (size_t)mask->width * (size_t)mask->height);
  vx_digest_print(&digest, now);
  const char *then = j->stored->mask_digest;
  if (then && strcmp(then, now) == 0) return true;
  return vx_fail(error, entry->mask, "is not the mask that run %" PRId64 " saw (digest %s, now %s)", r->run.id,
                 then ? then : "none", now);
}

static bool make_truth(const work *w, const job *j, const vx_mask *mask, int k, scratch *s, bool *known,
                       vx_error *error) {
  const vx_rescore_setting *how = &w->settings[k];
  const vx_config sizes = {.size = how->size, .size_pixels = how->size_pixels};
  vx_truth_options options = how->truth;
  *known = false;
  if (!vx_score_geometry(&sizes, w->rescore->input, mask->width, mask->height, &s->geometries[k], error)) return false;
  if (options.foreground == VX_FOREGROUND_PREDICTED) {
    int label = j->image->label;
    options.label = label >= 0 && label < w->rescore->label_count ? w->rescore->label_class[label] : -1;
    if (options.label <= 0) return true;
  }
  size_t pixels = (size_t)s->geometries[k].width * (size_t)s->geometries[k].height;
  if (pixels > s->room[k]) {
    free(s->truths[k]);
    s->truths[k] = malloc(pixels);
    s->room[k] = s->truths[k] ? pixels : 0;
    if (!s->truths[k]) return vx_fail(error, j->image->image_id, "out of memory");
  }
  *known = vx_truth_make(mask, &options, &s->geometries[k], s->truths[k], error);
  return *known;
}

static bool make_truths(const work *w, job *j, scratch *s, vx_error *error) {
  const vx_voc *voc = w->rescore->voc;
  const vx_image_row *image = j->image;
  vx_mask mask;
  if ((size_t)image->position >= voc->count || strcmp(voc->entry[image->position].id, image->image_id) != 0) {
    return vx_fail(error, voc->list, "place %d is not %s, as it was for the run", image->position, image->image_id);
  }
  const vx_voc_entry *entry = &voc->entry[image->position];
  if (!vx_mask_read(entry->mask, &mask, error)) return false;
  bool ok = check_mask(w->rescore, entry, j, &mask, error);
  for (int k = 0; ok && k < w->setting_count; k++) ok = make_truth(w, j, &mask, k, s, &j->has_truth[k], error);
  vx_mask_free(&mask);
  return ok;
}

/* The stored map at the size of a geometry. */
static bool bring_to_size(const vx_map *map, const vx_method_row *method, const vx_geometry *g, scratch *s,
                          vx_error *error) {
  if (map->kind == VX_MAP_PIXEL && !method->is_mask) {
    if (map->width != g->width || map->height != g->height) {
      return vx_fail(error, method->name, "a map of %d x %d, expected %d x %d", map->width, map->height, g->width,
                     g->height);
    }
    return vx_heat_from_bytes(&s->heat, map->levels, map->height, map->width, error);
  }
  size_t cells = (size_t)map->width * (size_t)map->height;
  if (cells > s->map_room) {
    free(s->map);
    s->map = malloc(cells * sizeof *s->map);
    s->map_room = s->map ? cells : 0;
    if (!s->map) return vx_fail(error, method->name, "out of memory");
  }
  for (size_t i = 0; i < cells; i++)
    s->map[i] = map->kind == VX_MAP_PATCH ? (double)map->heat[i] : map->levels[i] / 255.0;
  return method->is_mask ? vx_heat_from_mask(&s->heat, s->map, map->height, map->width, g->height, g->width, error)
                         : vx_heat_from_map(&s->heat, s->map, map->height, map->width, g->height, g->width, error);
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
  vx_metric_input in;
  j->made[index] = evaluation->map.kind != VX_MAP_NONE;
  for (int k = 0; j->made[index] && k < w->setting_count; k++) {
    if (!j->has_truth[k]) continue;
    if (!size || !same_size(size, &s->geometries[k])) {
      size = &s->geometries[k];
      if (!bring_to_size(&evaluation->map, method, size, s, error)) return false;
    }
    if (!vx_metric_prepare(&s->heat, s->truths[k], &w->settings[k].scoring, &s->levels, &in, error)) return false;
    j->cuts[index * w->setting_count + k] = in.cut;
    if (k == 0 && j->level_iou) every_level(&s->levels, j->level_iou + (size_t)index * LEVELS);
    j->flat[index] = s->heat.flat;
  }
  return true;
}

static void score_image(const work *w, job *j, scratch *s) {
  j->good = make_truths(w, j, s, &j->error);
  for (int i = 0; j->good && i < j->stored->evaluation_count; i++) j->good = score_map(w, j, i, s, &j->error);
}

static void *worker(void *user) {
  work *w = user;
  scratch s;
  bool ready = scratch_make(&s, w->setting_count);
  for (int i; (i = atomic_fetch_add(&w->next, 1)) < w->job_count;) {
    job *j = &w->jobs[i];
    if (ready)
      score_image(w, j, &s);
    else
      j->good = vx_fail(&j->error, j->image->image_id, "out of memory");
  }
  scratch_free(&s, w->setting_count);
  return NULL;
}

/* ---- all images: a batch is read, scored by the threads, given away ------------------------------------------------
 */

enum { BATCH = 64, THREADS_MAX = 64 };

static bool read_job(const work *w, const vx_run_method *names, const vx_image_row *image, job *j, vx_error *error) {
  const vx_rescore *r = w->rescore;
  j->image = image;
  j->good = false;
  if (!vx_stored_result(r->store, r->run.id, image->id, names, r->method_count, j->stored, error)) return false;
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

static void run_threads(work *w, int jobs) {
  pthread_t threads[THREADS_MAX];
  int started = 0;
  atomic_store(&w->next, 0);
  while (started < jobs - 1 && started < THREADS_MAX && pthread_create(&threads[started], NULL, worker, w) == 0) {
    started++;
  }
  worker(w); /* this thread works, too */
  for (int i = 0; i < started; i++) pthread_join(threads[i], NULL);
}

static bool give_away(const work *w, const job *j,
                      bool (*take)(void *user, const vx_rescored *rescored, vx_error *error), void *user,
                      vx_error *error) {
  if (!j->good) {
    if (error) *error = j->error;
    return false;
  }
  for (int i = 0; i < j->stored->evaluation_count; i++) {
    const vx_rescored one = {
        .image = j->image,
        .method = &w->rescore->methods[j->stored->evaluations[i].method],
        .made = j->made[i],
        .flat = j->flat[i],
        .target = j->stored->evaluations[i].target,
        .has_truth = j->has_truth,
        .level_iou = j->level_iou && j->made[i] && j->has_truth[0] ? j->level_iou + (size_t)i * LEVELS : NULL,
        .cuts = &j->cuts[i * w->setting_count]};
    if (!take(user, &one, error)) return false;
  }
  return true;
}

static bool score_batches(work *w, const vx_run_method *names, int jobs,
                          bool (*take)(void *user, const vx_rescored *rescored, vx_error *error), void *user,
                          vx_error *error) {
  const vx_image_set *images = &w->rescore->images;
  bool ok = true;
  for (int at = 0; ok && at < images->count; at += BATCH) {
    w->job_count = images->count - at < BATCH ? images->count - at : BATCH;
    for (int i = 0; ok && i < w->job_count; i++) ok = read_job(w, names, &images->rows[at + i], &w->jobs[i], error);
    if (!ok) break;
    /* an image without maps (no mask, nothing evaluated) needs no mask */
    int kept = 0;
    for (int i = 0; i < w->job_count; i++) {
      if (w->jobs[i].stored->evaluation_count == 0) continue;
      job swap = w->jobs[kept];
      w->jobs[kept++] = w->jobs[i];
      w->jobs[i] = swap;
    }
    w->job_count = kept;
    run_threads(w, jobs);
    for (int i = 0; ok && i < w->job_count; i++) ok = give_away(w, &w->jobs[i], take, user, error);
  }
  return ok;
}

bool vx_rescore_all(const vx_rescore *r, const vx_rescore_setting *settings, int setting_count, int jobs,
                    bool (*take)(void *user, const vx_rescored *rescored, vx_error *error), void *user,
                    vx_error *error) {
  work w = {.rescore = r, .settings = settings, .setting_count = setting_count};
  vx_run_method *names = VX_TAKE(r->arena, r->method_count + 1, vx_run_method);
  w.jobs = VX_TAKE(r->arena, BATCH, job);
  if (!names || !w.jobs) return out_of_memory(r->store, error);
  for (int m = 0; m < r->method_count; m++) names[m] = (vx_run_method){.name = r->methods[m].name};
  memset(w.jobs, 0, BATCH * sizeof *w.jobs);
  bool ok = true;
  for (int i = 0; ok && i < BATCH; i++) ok = (w.jobs[i].stored = vx_result_new()) != NULL;
  if (!ok) out_of_memory(r->store, error);
  ok = ok && score_batches(&w, names, jobs, take, user, error);
  for (int i = 0; i < BATCH; i++) vx_result_free(w.jobs[i].stored);
  return ok;
}
