#include "harness/run/begin.h"

#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "harness/store/same.h"

/* ---- the files of images that are there -------------------------------------------------------------------------- */

typedef struct looking {
  const vx_run *run;
  const vx_seen_row *seen;
  const char **changed; /* [images] the first file that is not as it was; NULL: all are */
} looking;

static bool same_file(const char *path, const char *then) {
  char now[VX_DIGEST_SIZE] = "";
  vx_file_digest(path, VX_PICTURE_BYTES, now, NULL); /* without the file "" */
  return strcmp(now, then) == 0;
}

static bool same_mask(const vx_voc *voc, const vx_voc_entry *entry, const char *then) {
  char now[VX_DIGEST_SIZE] = "";
  vx_mask mask;
  if (vx_voc_mask(voc, entry, &mask, NULL)) {
    vx_mask_digest(&mask, now);
    vx_mask_free(&mask);
  }
  return strcmp(now, then) == 0;
}

static bool look(void *user, void *hand, int task, int place, vx_error *error) {
  const looking *l = user;
  const vx_seen_row *seen = &l->seen[task];
  const vx_voc *voc = &l->run->voc;
  (void)hand, (void)place;
  if (seen->position < 0 || (size_t)seen->position >= voc->count)
    return vx_fail(error, voc->list, "has no place %d, where the run has %s", seen->position, seen->image_id);
  const vx_voc_entry *entry = &voc->entry[seen->position];
  if (!same_mask(voc, entry, seen->mask))
    l->changed[task] = entry->mask;
  else if (!same_file(entry->image, seen->picture))
    l->changed[task] = entry->image;
  else if (!same_file(entry->annotation, seen->annotation))
    l->changed[task] = entry->annotation;
  return true;
}

static bool refuse(const looking *l, int count, int64_t id, const vx_store *store, vx_error *error) {
  const char *first = NULL;
  int changed = 0;
  for (int i = 0; i < count; i++) {
    if (!l->changed[i] || l->seen[i].untrue) continue;
    if (!first) first = l->changed[i];
    changed++;
  }
  if (!changed) return true;
  return vx_fail(error, first,
                 "is not the file that run %lld in %s was made from, and so for %d of its %d images: "
                 "write to another file (--out), or give it the data it was made from (data.root)",
                 (long long)id, vx_store_path(store), changed, count);
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static bool out_of_memory(const vx_store *store, vx_error *error) {
  return vx_fail(error, vx_store_path(store), "out of memory");
}

/* Begins what is known to be made from these files. */
static bool begin(const looking *l, int count, vx_store *store, vx_error *error) {
  if (!vx_store_begin(store, &l->run->info, error)) return false;
  for (int i = 0; i < count; i++)
    if (l->changed[i]) vx_store_again(store, l->seen[i].position);
  return true;
}

static bool go_on(const vx_run *run, vx_store *store, int64_t id, int jobs, FILE *report, vx_arena *arena,
                  vx_error *error) {
  vx_run_row then;
  vx_seen_row *seen;
  int count;
  if (!vx_query_run(store, id, arena, &then, error) || !vx_query_seen(store, id, arena, &seen, &count, error))
    return false;
  looking l = {.run = run, .seen = seen, .changed = VX_TAKE(arena, count + 1, const char *)};
  if (!l.changed) return out_of_memory(store, error);
  const vx_crew crew = {.jobs = jobs, .count = count, .user = &l, .work = look};
  if (!vx_crew_run(&crew, error) || !refuse(&l, count, id, store, error) || !begin(&l, count, store, error))
    return false;
  if (report && strcmp(then.data, run->info.data) != 0)
    fprintf(report, "%s: run %lld was made from %s; %s has the same files of its %d images\n", vx_store_path(store),
            (long long)id, then.data, run->info.data, count);
  return true;
}

/* Why it is a run of its own. */
static bool say_new(const vx_run *run, vx_store *store, FILE *report, vx_error *error) {
  int64_t from;
  int keys;
  vx_text text = {0};
  const char **ids = calloc(run->voc.count + 1, sizeof *ids);
  if (!ids) return out_of_memory(store, error);
  for (size_t i = 0; i < run->voc.count; i++) ids[i] = run->voc.entry[i].id;
  bool good = vx_store_differs(store, ids, &from, &keys, &text, error);
  free(ids);
  if (good && from && text.text)
    fprintf(report, "%s: starts run %lld: %s differ%s from run %lld\n", vx_store_path(store),
            (long long)vx_store_run(store), text.text, keys == 1 ? "s" : "", (long long)from);
  free(text.text);
  return good;
}

bool vx_run_begin(const vx_run *run, vx_store *store, int jobs, FILE *report, vx_error *error) {
  int64_t id;
  if (!vx_store_find(store, &run->info, &id, error)) return false;
  if (!id) return vx_store_begin(store, &run->info, error) && (!report || say_new(run, store, report, error));
  vx_arena *arena = vx_arena_new();
  bool good = arena ? go_on(run, store, id, jobs, report, arena, error) : out_of_memory(store, error);
  vx_arena_free(arena);
  return good;
}
