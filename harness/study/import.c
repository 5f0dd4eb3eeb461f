#include "harness/study/import.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/digest.h"
#include "base/nearest.h"
#include "harness/data/maps.h"
#include "harness/run/origin.h"
#include "harness/run/score.h"
#include "harness/store/detail.h"
#include "harness/store/imported.h"
#include "harness/store/stored.h"

/* ---- what all share ---------------------------------------------------------------------------------------------- */

/* One image through the gate. */
typedef struct wanted {
  int entry;         /* of the maps; -1: none */
  bool readable;     /* it is a map */
  bool bytes;        /* of unsigned 8 bits */
  int rows, columns; /* of the map */
  int width, height; /* of the picture */
  int target;        /* class explained; -1: none */
} wanted;

typedef struct named {
  const char *id;
  int place;
} named;

typedef struct importing {
  vx_store *store;
  const vx_import_options *options;
  vx_import_report *report;
  vx_arena *arena;
  vx_run_row row;
  vx_scoring_row scoring;
  vx_setting setting;
  vx_image_set set;
  vx_label_row *labels;
  int label_count;
  vx_origin origin;
  vx_run run; /* of a run what scoring asks for: settings, input, class map, measures */
  vx_maps *maps;
  wanted *images; /* [set.count] */
  bool whole;     /* a map covers the whole picture, of which the model sees a part */
  int64_t method;
  uint64_t metrics; /* bits of those that are measured */
} importing;

static bool out_of_memory(const importing *m, vx_error *error) {
  return vx_fail(error, vx_store_path(m->store), "out of memory");
}

static void note_name(vx_import_names *names, const char *name) {
  size_t used = strlen(names->first);
  if (names->count++ < 3) snprintf(names->first + used, sizeof names->first - used, "%s%.60s", used ? ", " : "", name);
  if (names->count == 4) strncat(names->first, " …", sizeof names->first - strlen(names->first) - 1);
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static bool fill_run(importing *m, vx_error *error) {
  int *classes = VX_TAKE(m->arena, m->label_count + 1, int);
  if (!classes) return out_of_memory(m, error);
  for (int i = 0; i < m->label_count; i++) classes[i] = m->labels[i].data_class;
  m->run.config = m->origin.config;
  m->run.arena = m->arena;
  m->run.map = (vx_class_map){.count = m->label_count, .label = classes};
  if (!vx_run_fill_metrics(&m->run)) return out_of_memory(m, error);
  for (int i = 0; i < m->run.config->metric_count; i++) {
    if (m->run.config->metrics[i].measure->kind == VX_MAP_AND_TRUTH)
      m->metrics |= UINT64_C(1) << i;
    else
      m->report->unmeasured++;
  }
  return true;
}

static bool open_run(importing *m, vx_error *error) {
  vx_store *s = m->store;
  return vx_query_run(s, m->options->run, m->arena, &m->row, error) &&
         vx_query_scoring(s, m->row.id, NULL, m->arena, &m->scoring, error) &&
         vx_setting_make(&m->scoring, &m->setting, error) &&
         vx_query_images(s, &m->row, NAN, m->arena, &m->set, error) &&
         vx_query_labels(s, m->row.id, m->arena, &m->labels, &m->label_count, error) &&
         vx_origin_input(&m->row, &m->run.input, error) &&
         vx_origin_open(&m->row, m->options->root, NULL, &m->origin, error) && fill_run(m, error);
}

/* The rows' own sides, for maps that are kept as bytes or cover the picture. */
static bool read_sides(importing *m, vx_error *error) {
  vx_arena *arena = vx_arena_new();
  bool good = arena || out_of_memory(m, error);
  for (int i = 0; good && i < m->set.count; i++) {
    vx_result image;
    vx_arena_reset(arena);
    good = vx_image_read(m->store, m->set.rows[i].id, arena, &image, error);
    m->images[i] = (wanted){.entry = -1, .target = -1, .width = image.width, .height = image.height};
  }
  vx_arena_free(arena);
  return good;
}

/* ---- whose map it is --------------------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b) {
  return strcmp(((const named *)a)->id, ((const named *)b)->id);
}

static int find_id(const named *list, int count, const char *name, size_t length) {
  char id[1024];
  if (length == 0 || length >= sizeof id) return -1;
  memcpy(id, name, length);
  id[length] = '\0';
  named key = {id, 0};
  const named *found = bsearch(&key, list, (size_t)count, sizeof *list, by_id);
  return found ? found->place : -1;
}

/* The length of a name without a picture's ending. */
static size_t without_ending(const char *name) {
  static const char *const endings[] = {".jpg", ".jpeg", ".png"};
  size_t length = strlen(name);
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    size_t tail = strlen(endings[i]);
    if (length > tail && strcasecmp(name + length - tail, endings[i]) == 0) return length - tail;
  }
  return length;
}

/* By the whole name or the last part of a path, with or without a picture's ending. */
static int find_image(const named *list, int count, const char *name) {
  const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;
  int place = find_id(list, count, name, strlen(name));
  if (place < 0) place = find_id(list, count, last, strlen(last));
  if (place < 0) place = find_id(list, count, name, without_ending(name));
  if (place < 0) place = find_id(list, count, last, without_ending(last));
  return place;
}

/* Images through the gate, and all of the list, by id. */
static bool sort_ids(importing *m, named **through, named **all, vx_error *error) {
  const vx_voc *voc = &m->origin.voc;
  *through = VX_TAKE(m->arena, m->set.count + 1, named);
  *all = VX_TAKE(m->arena, voc->count + 1, named);
  if (!*through || !*all) return out_of_memory(m, error);
  for (int i = 0; i < m->set.count; i++) (*through)[i] = (named){m->set.rows[i].image_id, i};
  for (size_t i = 0; i < voc->count; i++) (*all)[i] = (named){voc->entry[i].id, (int)i};
  qsort(*through, (size_t)m->set.count, sizeof **through, by_id);
  qsort(*all, voc->count, sizeof **all, by_id);
  return true;
}

static bool match(importing *m, const named *through, const named *all, vx_error *error) {
  vx_import_report *r = m->report;
  r->maps = vx_maps_count(m->maps);
  r->left_out = vx_maps_left_out(m->maps);
  int matched = 0;
  for (int i = 0; i < r->maps; i++) {
    const vx_maps_entry *e = vx_maps_at(m->maps, i);
    int place = find_image(through, m->set.count, e->name);
    bool listed = place >= 0 || find_image(all, (int)m->origin.voc.count, e->name) >= 0;
    if (place < 0) {
      note_name(listed ? &r->outside : &r->unknown, e->name);
      continue;
    }
    if (m->images[place].entry >= 0)
      return vx_fail(error, e->place, "is the second map of image %s, beside %s (%s)", m->set.rows[place].image_id,
                     vx_maps_at(m->maps, m->images[place].entry)->place,
                     vx_maps_at(m->maps, m->images[place].entry)->name);
    m->images[place].entry = i;
    matched++;
  }
  if (matched) return true;
  return vx_fail(error, m->options->maps,
                 "none of its %d maps is of an image that run %" PRId64 " evaluated (%d of them): the first is called "
                 "'%.80s', an image '%.80s'",
                 r->maps, m->row.id, m->set.count, vx_maps_at(m->maps, 0)->name,
                 m->set.count ? m->set.rows[0].image_id : "");
}

/* ---- looking at all of them -------------------------------------------------------------------------------------- */

static bool check_values(const vx_array *map, const char *place, double *low, vx_error *error) {
  size_t cells = (size_t)map->rows * (size_t)map->columns;
  *low = INFINITY;
  for (size_t i = 0; i < cells; i++) {
    double value = map->value[i];
    if (!isfinite((float)value))
      return vx_fail(error, place, "row %zu, column %zu is %g, expected a finite number (of single precision)",
                     i / (size_t)map->columns, i % (size_t)map->columns, value);
    if (value < *low) *low = value;
  }
  return true;
}

static bool read_map(importing *m, int entry, vx_array *map, double *low, vx_error *error) {
  return vx_maps_read(m->maps, entry, map, error) && check_values(map, vx_maps_at(m->maps, entry)->place, low, error);
}

static void digest_map(vx_digest *digest, const vx_maps_entry *e, const vx_array *map) {
  vx_digest_text(digest, e->name);
  vx_digest_text(digest, e->target);
  if (!map) return vx_digest_text(digest, "none");
  vx_digest_bytes(digest, &map->rows, sizeof map->rows);
  vx_digest_bytes(digest, map->value, (size_t)map->rows * (size_t)map->columns * sizeof *map->value);
}

/* Reads every map once: their digest, which are none, and whether any has values below 0. */
static bool look(importing *m, vx_digest *digest, vx_error *error) {
  int *image_of = VX_TAKE(m->arena, m->report->maps + 1, int), readable = 0, negative = 0;
  const char *first_negative = NULL;
  vx_array map = {0};
  if (!image_of) return out_of_memory(m, error);
  for (int i = 0; i < m->report->maps; i++) image_of[i] = -1;
  for (int i = 0; i < m->set.count; i++)
    if (m->images[i].entry >= 0) image_of[m->images[i].entry] = i;
  for (int i = 0; i < m->report->maps; i++) {
    const vx_maps_entry *e = vx_maps_at(m->maps, i);
    vx_error why;
    double low;
    bool good = read_map(m, i, &map, &low, &why);
    digest_map(digest, e, good ? &map : NULL);
    if (image_of[i] < 0) continue;
    wanted *image = &m->images[image_of[i]];
    image->readable = good;
    image->rows = map.rows, image->columns = map.columns, image->bytes = map.bytes;
    readable += good;
    if (good && low < 0 && !negative++) first_negative = e->name;
    if (good) continue;
    if (!m->report->broken.count)
      snprintf(m->report->broken_why, sizeof m->report->broken_why, "%.150s: %.240s", why.where, why.why);
    note_name(&m->report->broken, m->set.rows[image_of[i]].image_id);
  }
  vx_array_free(&map);
  if (!readable)
    return vx_fail(error, m->options->maps, "none of its maps can be read; the first: %s", m->report->broken_why);
  if (negative && !m->options->is_signed && !m->options->is_mask)
    return vx_fail(
        error, m->options->maps,
        "%d of %d maps have values below 0 (%.80s first): --signed if less than nothing is meant (the lowest "
        "value is the least important); else take their absolute value or positive part before",
        negative, readable, first_negative);
  return true;
}

/* ---- what they cover --------------------------------------------------------------------------------------------- */

static bool square(const wanted *image, int side) {
  return image->rows == side && image->columns == side;
}

static bool is_grid(const importing *m, vx_error *error) {
  for (int i = 0; i < m->set.count; i++) {
    const wanted *image = &m->images[i];
    if (image->readable && !square(image, m->row.grid))
      return vx_fail(error, "--geometry", "is grid, but the map of %s has %d x %d values, the patch grid %d x %d",
                     m->set.rows[i].image_id, image->columns, image->rows, m->row.grid, m->row.grid);
  }
  return true;
}

/* By the maps' sides: the input's or the grid's, or the picture's own. */
static bool guess_geometry(const importing *m, const char **word, vx_error *error) {
  bool inputs = true, pictures = true;
  *word = "input";
  if (!vx_input_cuts(&m->run.input)) return true; /* it is the whole picture: nothing to choose */
  for (int i = 0; i < m->set.count; i++) {
    const wanted *image = &m->images[i];
    if (!image->readable) continue;
    inputs = inputs && (square(image, m->row.grid) || square(image, m->row.input_side));
    pictures = pictures && image->rows == image->height && image->columns == image->width;
  }
  if (inputs == pictures)
    return vx_fail(error, "--geometry",
                   "is missing: the model saw a part of each picture, and the maps' sides do not "
                   "tell whether they cover that part (input) or the whole picture (image)");
  *word = inputs ? "input" : "image";
  return true;
}

static bool choose_geometry(importing *m, vx_error *error) {
  const char *word = m->options->geometry;
  if (!word && !guess_geometry(m, &word, error)) return false;
  bool grid = strcmp(word, "grid") == 0, image = strcmp(word, "image") == 0;
  if (!grid && !image && strcmp(word, "input") != 0)
    return vx_fail(error, "--geometry", "'%.40s' is none of grid, input, image", word);
  if (grid && !is_grid(m, error)) return false;
  m->whole = image && vx_input_cuts(&m->run.input);
  snprintf(m->report->geometry, sizeof m->report->geometry, "%s", word);
  return true;
}

/* Whether all maps are bytes at evaluation size: then they are kept as such, as a run keeps its maps at input size. */
static bool choose_bytes(const importing *m, bool *bytes, vx_error *error) {
  *bytes = !m->whole;
  for (int i = 0; *bytes && i < m->set.count; i++) {
    const wanted *image = &m->images[i];
    vx_geometry size;
    if (!image->readable) continue;
    if (!vx_setting_geometry(&m->setting, &m->run.input, image->width, image->height, &size, error)) return false;
    *bytes = image->bytes && image->rows == size.height && image->columns == size.width;
  }
  return true;
}

/* ---- what they explain ------------------------------------------------------------------------------------------- */

/* A class of the model by its index or label, or the image's top class. */
static bool read_class(const importing *m, const char *word, int image, const char *where, int *class,
                       vx_error *error) {
  char *end;
  long index = strtol(word, &end, 10);
  *class = m->set.rows[image].label;
  if (strcmp(word, "top") == 0) return true;
  if (*word && !*end && index >= 0 && index < m->label_count) return *class = (int)index, true;
  for (int i = 0; i < m->label_count; i++) {
    size_t first = strcspn(m->labels[i].name, ","); /* its first synonym will do */
    bool same = strcasecmp(m->labels[i].name, word) == 0 ||
                (strlen(word) == first && strncasecmp(m->labels[i].name, word, first) == 0);
    if (same) return *class = i, true;
  }
  return vx_fail(error, where, "'%.80s' is neither top nor a class of the model (an index below %d, or a label)%s",
                 word, m->label_count, vx_meant(word, VX_WORDS(m->labels, m->label_count, name), NULL).text);
}

/* One class an image from a table of its own. */
static bool read_targets(importing *m, const char *path, const named *through, vx_digest *digest, vx_error *error) {
  vx_maps *table = vx_maps_targets(path, error);
  bool good = table != NULL;
  bool *known = good ? VX_TAKE(m->arena, m->set.count + 1, bool) : NULL;
  if (good && !known) good = out_of_memory(m, error);
  for (int i = 0; good && i < vx_maps_count(table); i++) {
    const vx_maps_entry *e = vx_maps_at(table, i);
    int place = find_image(through, m->set.count, e->name);
    vx_digest_text(digest, e->name);
    vx_digest_text(digest, e->target);
    if (place < 0) continue;
    known[place] = true;
    good = read_class(m, e->target, place, e->place, &m->images[place].target, error);
  }
  for (int i = 0; good && i < m->set.count; i++)
    if (m->images[i].readable && !known[i])
      good = vx_fail(error, path, "has no target of image %s, of which there is a map", m->set.rows[i].image_id);
  vx_maps_close(table);
  return good;
}

static bool is_table(const char *word) {
  const char *dot = strrchr(word, '.');
  return dot && (strcasecmp(dot, ".csv") == 0 || strcasecmp(dot, ".tsv") == 0);
}

/* What each map explains; `word` is what the method's parameters say of it. */
static bool choose_targets(importing *m, const named *through, const char **word, vx_digest *digest, vx_error *error) {
  const char *asked = m->options->target;
  *word = asked ? asked : "each";
  if (asked && strcmp(asked, "none") == 0) return true;
  if (asked && is_table(asked)) return *word = "each", read_targets(m, asked, through, digest, error);
  for (int i = 0; i < m->set.count; i++) {
    wanted *image = &m->images[i];
    const vx_maps_entry *e = image->entry < 0 ? NULL : vx_maps_at(m->maps, image->entry);
    if (!asked && e && (!e->target || !*e->target))
      return vx_fail(error, "--target",
                     "is missing: which class do the maps explain? top (the model's prediction), none (they depend on "
                     "no class), a class of the model, or a table of image and target");
    const char *own = asked ? asked : e ? e->target : NULL;
    if (own && !read_class(m, own, i, asked ? "--target" : e->place, &image->target, error)) return false;
  }
  return true;
}

/* ---- the method -------------------------------------------------------------------------------------------------- */

static bool name_method(importing *m, const char *target, bool bytes, const vx_digest *digest, vx_error *error) {
  const vx_import_options *o = m->options;
  char maps[VX_DIGEST_SIZE], *from = realpath(o->maps, NULL), *parameters = NULL;
  vx_digest_print(digest, maps);
  bool good = asprintf(&parameters, "geometry=%s target=%s signed=%s mask=%s maps=%s", m->report->geometry, target,
                       o->is_signed ? "yes" : "no", o->is_mask ? "yes" : "no", maps) > 0;
  const char *family = o->family ? o->family : "imported";
  if (!good) parameters = NULL;
  m->report->method = (vx_method_row){.name = vx_arena_text(m->arena, o->as),
                                      .explainer = "imported",
                                      .title = vx_arena_text(m->arena, o->as),
                                      .family = vx_arena_text(m->arena, family),
                                      .source = vx_arena_text(m->arena, o->source ? o->source : ""),
                                      .class_specific = strcmp(target, "none") != 0,
                                      .trivial = strcmp(family, "trivial") == 0,
                                      .is_mask = o->is_mask,
                                      .parameters = good ? vx_arena_text(m->arena, parameters) : NULL,
                                      .pixel_map = bytes,
                                      .imported_from = vx_arena_text(m->arena, from ? from : o->maps),
                                      .cite = vx_arena_text(m->arena, o->cite ? o->cite : "")};
  const vx_method_row *row = &m->report->method;
  free(from);
  free(parameters);
  return (row->name && row->title && row->family && row->source && row->parameters && row->imported_from &&
          row->cite) ||
         out_of_memory(m, error);
}

static bool check_name(const vx_import_options *o, vx_error *error) {
  for (const char *c = o->as; *c; c++)
    if (iscntrl((unsigned char)*c) || *c == ',' || *c == '=')
      return vx_fail(error, "--as", "'%.80s': a name has no commas, equals signs or control characters", o->as);
  return true;
}

/* ---- scoring them ------------------------------------------------------------------------------------------------ */

enum { BATCH = 64 }; /* images a transaction */

/* One image on its way. */
typedef struct job {
  vx_result *result;
  vx_array map, cut;
  bool read;
  vx_error why; /* it is not */
} job;

typedef struct work {
  importing *m;
  const int *tasks; /* places in the set */
  int count;
  job *jobs; /* [places] */
  bool open; /* a batch */
  int in_batch;
} work;

static void *open_scorer(void *user, vx_error *error) {
  return vx_scorer_new(&((const work *)user)->m->run, error);
}

static void close_scorer(void *hand) {
  vx_scorer_free(hand);
}

static bool read_job(void *user, int task, int place, vx_error *error) {
  const work *w = user;
  importing *m = w->m;
  job *j = &w->jobs[place];
  int image = w->tasks[task];
  double low;
  vx_arena_reset(j->result->arena);
  j->read = false;
  if (m->images[image].entry < 0)
    vx_fail(&j->why, m->options->maps, "has no map of this image");
  else
    j->read = read_map(m, m->images[image].entry, &j->map, &low, &j->why);
  return vx_image_read(m->store, m->set.rows[image].id, j->result->arena, j->result, error);
}

/* Of a map over the whole picture the part that the model saw, at the input's side. Beyond the picture it is as low as
   its lowest value. */
static bool cut_to_input(const importing *m, job *j, vx_error *error) {
  vx_geometry g;
  if (!vx_input_geometry(&m->run.input, j->result->width, j->result->height, &g, error)) return false;
  size_t cells = (size_t)g.scaled_width * (size_t)g.scaled_height;
  double *whole = malloc(cells * sizeof *whole), low = INFINITY;
  bool good =
      whole ? vx_upsample(j->map.value, j->map.rows, j->map.columns, whole, g.scaled_height, g.scaled_width, error) &&
                  vx_array_take(&j->cut, (uint64_t)g.height, (uint64_t)g.width, m->options->maps, error)
            : out_of_memory(m, error);
  for (size_t i = 0; good && i < cells; i++) low = whole[i] < low ? whole[i] : low;
  for (int y = 0; good && y < g.height; y++) {
    for (int x = 0; x < g.width; x++) {
      int row = y + g.top, column = x + g.left;
      bool inside = row >= 0 && row < g.scaled_height && column >= 0 && column < g.scaled_width;
      j->cut.value[(size_t)y * (size_t)g.width + (size_t)x] =
          inside ? whole[(size_t)row * (size_t)g.scaled_width + (size_t)column] : low;
    }
  }
  free(whole);
  return good;
}

/* The mask, if it is still the one that the run saw. */
static bool read_mask(const importing *m, const vx_image_row *image, const vx_result *result, vx_mask *mask,
                      vx_error *error) {
  const vx_voc *voc = &m->origin.voc;
  const vx_voc_entry *entry = vx_origin_entry(&m->origin, image);
  if (!entry)
    return vx_fail(error, voc->root, "has no image %s, which run %" PRId64 " saw", image->image_id, m->row.id);
  if (!vx_voc_mask(voc, entry, mask, error)) return false;
  if (vx_origin_same_mask(entry, mask, m->row.id, result->mask_digest, error)) return true;
  vx_mask_free(mask);
  return false;
}

/* A class other than the run's own is worth a warning: their scores are of other questions. */
static bool check_class(const importing *m, job *j, int target, vx_error *error) {
  const vx_prediction *p = &j->result->prediction;
  int own = strcmp(m->row.target, "top") == 0                          ? p->top[0].label
            : strcmp(m->row.target, "second") == 0 && p->top_count > 1 ? p->top[1].label
                                                                       : -1;
  if (target < 0 || own < 0 || own == target || own >= m->label_count) return true;
  return vx_result_add_failure(j->result, VX_WARNING, 0, "import", m->options->maps,
                               "explains %s, the run's own maps %s", m->labels[target].name, m->labels[own].name) ||
         out_of_memory(m, error);
}

static bool score(const importing *m, vx_scorer *scorer, job *j, vx_evaluation *e, vx_error *error) {
  const vx_method method = {.name = m->report->method.name};
  vx_score_outcome outcome = VX_SCORE_FAILED;
  if (j->read && (!m->whole || cut_to_input(m, j, &j->why))) {
    const vx_array *a = m->whole ? &j->cut : &j->map;
    const vx_heatmap map = {a->rows, a->columns, m->options->is_mask, m->report->method.pixel_map, a->value};
    outcome = vx_scorer_score(scorer, &method, &map, NULL, m->metrics, j->result, e, &j->why);
  }
  if (outcome == VX_SCORE_DONE) return true;
  if (outcome == VX_SCORE_NO_MEMORY) return out_of_memory(m, error);
  *e = vx_evaluation_unknown;
  e->method = 0;
  e->status = VX_STATUS_FAILED;
  return vx_result_add_failure(j->result, VX_FAILURE, 0, "import", j->why.where, "%s", j->why.why) ||
         out_of_memory(m, error);
}

static bool score_image(void *user, void *hand, int task, int place, vx_error *error) {
  const work *w = user;
  const importing *m = w->m;
  job *j = &w->jobs[place];
  int image = w->tasks[task];
  vx_mask mask;
  if (!j->result->mask_digest) return true; /* nothing to score against, for no method */
  if (j->read) {
    if (!read_mask(m, &m->set.rows[image], j->result, &mask, error)) return false;
    bool good = vx_scorer_truth(hand, &mask, j->result->width, j->result->height, j->result, error);
    vx_mask_free(&mask);
    if (!good) return false;
  }
  vx_evaluation *e = vx_result_add_evaluation(j->result, 0);
  if (!e) return out_of_memory(m, error);
  if (!score(m, hand, j, e, error)) return false;
  e->target = e->status == VX_STATUS_FAILED ? -1 : m->images[image].target;
  return check_class(m, j, e->target, error);
}

static bool end_batch(work *w, bool keep, vx_error *error) {
  bool open = w->open;
  w->open = false;
  w->in_batch = 0;
  return !open || vx_imported_batch_end(w->m->store, keep, error);
}

static bool write_image(void *user, int task, int place, vx_error *error) {
  work *w = user;
  importing *m = w->m;
  const vx_result *r = w->jobs[place].result;
  const vx_image_row *image = &m->set.rows[w->tasks[task]];
  if (!r->evaluation_count) return true;
  if (!w->open && !(w->open = vx_imported_batch(m->store, error))) return false;
  if (!vx_imported_write(m->store, m->scoring.id, m->method, image->id, r, error)) return false;
  bool made = r->evaluations[0].status != VX_STATUS_FAILED;
  m->report->imported += made;
  if (m->images[w->tasks[task]].entry < 0) note_name(&m->report->missing, image->image_id);
  for (int i = 0; i < r->failure_count; i++) m->report->other_class += r->failures[i].severity == VX_WARNING;
  return ++w->in_batch < BATCH || end_batch(w, true, error);
}

static bool score_all(importing *m, vx_error *error) {
  bool *has = VX_TAKE(m->arena, m->set.count + 1, bool);
  int *tasks = VX_TAKE(m->arena, m->set.count + 1, int);
  work w = {.m = m, .tasks = tasks};
  if (!has || !tasks) return out_of_memory(m, error);
  if (!vx_imported_has(m->store, m->scoring.id, m->method, &m->set, has, error)) return false;
  for (int i = 0; i < m->set.count; i++) {
    m->report->before += has[i];
    if (!has[i]) tasks[w.count++] = i;
  }
  int places = vx_crew_places(m->options->jobs, w.count);
  w.jobs = calloc((size_t)places, sizeof *w.jobs);
  bool good = w.jobs != NULL;
  for (int i = 0; good && i < places; i++) good = (w.jobs[i].result = vx_result_new()) != NULL;
  if (!good) out_of_memory(m, error);
  const vx_crew crew = {.jobs = m->options->jobs,
                        .count = w.count,
                        .in_order = true,
                        .user = &w,
                        .open = open_scorer,
                        .close = close_scorer,
                        .prepare = read_job,
                        .work = score_image,
                        .give = write_image};
  good = good && vx_crew_run(&crew, error);
  good = end_batch(&w, good, good ? error : NULL) && good;
  for (int i = 0; w.jobs && i < places; i++) {
    vx_result_free(w.jobs[i].result);
    vx_array_free(&w.jobs[i].map);
    vx_array_free(&w.jobs[i].cut);
  }
  free(w.jobs);
  return good;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static bool import_maps(importing *m, vx_error *error) {
  named *through, *all;
  const char *target;
  bool bytes, there;
  vx_digest digest;
  vx_digest_start(&digest);
  if (!check_name(m->options, error) || !open_run(m, error)) return false;
  m->images = VX_TAKE(m->arena, m->set.count + 1, wanted);
  if (!m->images) return out_of_memory(m, error);
  if (!read_sides(m, error) || !sort_ids(m, &through, &all, error) ||
      !(m->maps = vx_maps_open(m->options->maps, error)) || !match(m, through, all, error) ||
      !look(m, &digest, error) || !choose_geometry(m, error) || !choose_bytes(m, &bytes, error) ||
      !choose_targets(m, through, &target, &digest, error) || !name_method(m, target, bytes, &digest, error))
    return false;
  m->report->run = m->row.id;
  m->method = vx_imported_begin(m->store, m->row.id, &m->report->method, &there, error);
  return m->method && score_all(m, error);
}

bool vx_import(vx_store *store, const vx_import_options *options, vx_arena *arena, vx_import_report *report,
               vx_error *error) {
  *report = (vx_import_report){0};
  importing m = {.store = store, .options = options, .report = report, .arena = arena};
  bool good = import_maps(&m, error);
  vx_maps_close(m.maps);
  vx_origin_close(&m.origin);
  return good;
}
