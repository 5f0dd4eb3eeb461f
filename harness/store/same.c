#include "harness/store/same.h"

#include <stdlib.h>
#include <string.h>

#include "harness/store/list.h"
#include "harness/store/stored.h"

/* ---- files ------------------------------------------------------------------------------------------------------- */

static bool take_seen(vx_arena *arena, sqlite3_stmt *row, void *element) {
  vx_seen_row *seen = element;
  const char **const texts[] = {&seen->image_id, &seen->picture, &seen->mask, &seen->annotation};
  seen->position = sqlite3_column_int(row, 4);
  seen->untrue = sqlite3_column_int(row, 5) != 0;
  return vx_query_texts(arena, row, 0, texts, 4);
}

bool vx_query_seen(vx_store *store, int64_t run, vx_arena *arena, vx_seen_row **rows, int *count, vx_error *error) {
  return vx_query_list(store,
                       "SELECT image_id, picture_digest, mask_digest, annotation_digest, position,"
                       " ifnull(max(f.stage = 'truth'), 0) FROM images i LEFT JOIN failures f ON f.image = i.id"
                       " AND f.method IS NULL AND f.severity = 'failure' WHERE i.run = ?"
                       " GROUP BY i.id HAVING ifnull(min(f.stage = 'truth'), 1) ORDER BY position",
                       run, 0, arena, take_seen, sizeof **rows, rows, count, error);
}

/* ---- keys -------------------------------------------------------------------------------------------------------- */

typedef struct difference {
  vx_text text;
  int keys;
} difference;

static void add(difference *d, const char *key) {
  vx_text_add(&d->text, "%s%s", d->keys++ ? ", " : "", key);
}

static void add_texts(difference *d, const char *key, const char *then, const char *now) {
  if (strcmp(then, now) == 0) return;
  add(d, key);
  vx_text_add(&d->text, " (%s, now %s)", then, now);
}

static void add_reals(difference *d, const char *key, double then, double now) {
  char before[VX_REAL_TEXT], after[VX_REAL_TEXT];
  vx_real_text(then, before, sizeof before);
  vx_real_text(now, after, sizeof after);
  add_texts(d, key, before, after);
}

/* The line of a printed configuration with this key, "" without it; its length. */
static const char *line_of(const char *config, const char *key, size_t *length) {
  const char *at = strstr(config, key);
  *length = at ? strcspn(at, "\n") : 0;
  return at ? at : "";
}

static bool same_line(const vx_run_row *a, const vx_run_row *b, const char *key) {
  size_t first, second;
  const char *one = line_of(a->config, key, &first), *two = line_of(b->config, key, &second);
  return first == second && strncmp(one, two, first) == 0;
}

static bool same_classes(const vx_run_row *a, const vx_run_row *b) {
  bool same = a->data_class_count == b->data_class_count;
  for (int i = 0; same && i < a->data_class_count; i++) {
    const char *one = a->data_classes[i], *two = b->data_classes[i];
    same = one && two ? strcmp(one, two) == 0 : one == two;
  }
  return same;
}

static bool applies_exif(const vx_run_row *run) {
  return strstr(run->config, "\n  exif: apply") != NULL;
}

/* The digest of the data is over the list, the classes' names and how pictures and masks are read. `listed`: all images
   that the other run has stand at the same places. */
static void add_data(difference *d, const vx_run_row *then, const vx_run_row *now, bool listed) {
  if (strcmp(then->data_digest, now->data_digest) == 0) return;
  int keys = d->keys;
  if (!same_classes(then, now)) add(d, "the list of classes");
  if (!same_line(then, now, "  labels:")) add(d, "data.labels");
  if (!same_line(then, now, "  mask_encoding:")) add(d, "data.mask_encoding");
  if (applies_exif(then) != applies_exif(now)) add(d, "input.exif");
  if (then->image_count != now->image_count) {
    add(d, "the list of images");
    vx_text_add(&d->text, " (%d, now %d)", then->image_count, now->image_count);
  } else if (!listed) {
    add(d, "the list of images");
  } else if (keys == d->keys) {
    add(d, "the list of images or how its masks are read");
  }
}

/* Of "name=value name=value" the names whose values differ. */
static void add_input(difference *d, const char *then, const char *now) {
  for (const char *at = now; *at; at += strspn(at, " ")) {
    size_t length = strcspn(at, " "), name = strcspn(at, "=");
    const char *other = then;
    while (*other && strncmp(other, at, name + 1) != 0) other += strcspn(other, " "), other += strspn(other, " ");
    if (strcspn(other, " ") != length || strncmp(other, at, length) != 0) {
      add(d, "input.");
      vx_text_add(&d->text, "%.*s", (int)(name < length ? name : length), at);
    }
    at += length;
  }
}

static bool same_map(const vx_run_row *a, const vx_run_row *b) {
  bool same = a->label_count == b->label_count;
  for (int i = 0; same && i < a->label_count; i++) same = a->label_class[i] == b->label_class[i];
  return same;
}

static void compare(difference *d, const vx_run_row *then, const vx_run_row *now, bool listed) {
  const vx_scoring_row *a = &then->scoring, *b = &now->scoring;
  if (strcmp(then->model_digest, now->model_digest) != 0) {
    add(d, "model");
    if (strcmp(then->model, now->model) != 0)
      vx_text_add(&d->text, " (%s, now %s)", then->model, now->model);
    else
      vx_text_add(&d->text, " (other weights or head)");
  }
  add_data(d, then, now, listed);
  if (strcmp(then->input, now->input) != 0) add_input(d, then->input, now->input);
  add_reals(d, "min_confidence", then->min_confidence, now->min_confidence);
  add_texts(d, "target", then->target, now->target);
  add_texts(d, "output", then->output, now->output);
  add_texts(d, "precision", then->precision, now->precision);
  add_reals(d, "seed", (double)then->seed, (double)now->seed);
  add_texts(d, "score.size", a->size, b->size);
  add_texts(d, "score.threshold", a->threshold, b->threshold);
  add_texts(d, "score.foreground", a->foreground, b->foreground);
  add_texts(d, "score.void", a->void_pixels, b->void_pixels);
  add_texts(d, "score.mask_resize", a->mask_resize, b->mask_resize);
  add_texts(d, "score.pixel_accuracy", a->pixel_accuracy, b->pixel_accuracy);
  add_texts(d, "score.aggregate", a->aggregate, b->aggregate);
  if (!same_map(then, now)) add(d, "the map from the model's classes to the data set's");
}

/* Whether the images that a run has stand at the same places among `count` ids. */
static bool check_listed(vx_store *store, int64_t run, const char *const *ids, int count, bool *listed,
                         vx_error *error) {
  sqlite3_stmt *read = vx_sql_prepare(store, error, "SELECT position, image_id FROM images WHERE run = ?", "l", run);
  int row;
  *listed = true;
  while ((row = vx_sql_row(store, read, error)) > 0) {
    int position = sqlite3_column_int(read, 0);
    *listed &= position >= 0 && position < count && strcmp(ids[position], vx_sql_text(read, 1)) == 0;
  }
  sqlite3_finalize(read);
  return row == 0;
}

bool vx_store_differs(vx_store *store, const char *const *ids, int64_t *from, int *keys, vx_text *text,
                      vx_error *error) {
  vx_arena *arena = vx_arena_new();
  vx_run_row *rows, then, now;
  int count;
  *from = 0;
  *keys = 0;
  bool good = arena ? vx_query_runs(store, arena, &rows, &count, error) &&
                          vx_run_read(store, vx_store_run(store), arena, &now, error)
                    : vx_fail(error, vx_store_path(store), "out of memory");
  for (int i = good ? count - 1 : -1; good && i >= 0; i--) { /* the newest first */
    if (rows[i].id == now.id || strcmp(rows[i].name, now.name) != 0) continue;
    difference d = {0};
    bool listed;
    good = vx_run_read(store, rows[i].id, arena, &then, error) &&
           check_listed(store, then.id, ids, now.image_count, &listed, error);
    if (!good) break;
    compare(&d, &then, &now, listed);
    if (*from && d.keys >= *keys) {
      free(d.text.text);
      continue;
    }
    free(text->text);
    *text = d.text;
    *from = then.id;
    *keys = d.keys;
  }
  vx_arena_free(arena);
  return good;
}
