#include "harness/tables/compare_data.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/store/choose.h"
#include "metrics/measure.h"

static bool out_of_memory(vx_store *store, vx_error *error) {
  return vx_fail(error, vx_store_path(store), "out of memory");
}

/* ---- methods ------------------------------------------------------------------------------------------------ */

typedef struct side {
  vx_store *store;
  vx_image_set set;
  vx_method_row *methods; /* [method_count] those compared */
  int method_count;
} side;

/* Only methods that the other run has, too. */
static bool keep_common(side *a, side *b, vx_compare_data *d, vx_error *error) {
  vx_method_row *other = VX_TAKE(d->arena, a->method_count + 1, vx_method_row);
  int kept = 0;
  if (!other) return out_of_memory(a->store, error);
  for (int i = 0; i < a->method_count; i++) {
    const vx_method_row *match = vx_method_row_find(b->methods, b->method_count, a->methods[i].name);
    if (!match) continue;
    a->methods[kept] = a->methods[i];
    other[kept++] = *match;
  }
  b->methods = other;
  d->columns = a->method_count = b->method_count = kept;
  return kept > 0 || vx_fail(error, vx_store_path(b->store), "the two runs have no method in common");
}

/* ---- images ------------------------------------------------------------------------------------------------- */

typedef struct id_place {
  const char *id;
  int place;
} id_place;

static int by_id(const void *a, const void *b) {
  return strcmp(((const id_place *)a)->id, ((const id_place *)b)->id);
}

/* For every image of the first set its place in the second by id, -1: not there. */
static bool match_images(const vx_image_set *first, const vx_image_set *second, vx_arena *arena, int *place,
                         vx_compare_data *d) {
  id_place *sorted = VX_TAKE(arena, second->count + 1, id_place);
  if (!sorted) return false;
  for (int i = 0; i < second->count; i++) sorted[i] = (id_place){second->rows[i].image_id, i};
  qsort(sorted, (size_t)second->count, sizeof *sorted, by_id);
  int matched = 0;
  for (int i = 0; i < first->count; i++) {
    id_place key = {first->rows[i].image_id, 0};
    const id_place *found = bsearch(&key, sorted, (size_t)second->count, sizeof *sorted, by_id);
    place[i] = found ? found->place : -1;
    matched += found != NULL;
  }
  d->only_first = first->count - matched;
  d->only_second = second->count - matched;
  return true;
}

/* ---- values --------------------------------------------------------------------------------------------------- */

/* Values of one run into `into` [images][columns]: row k is image place[k] of the set (NULL: k). */
static bool read_values(vx_store *store, int64_t scoring, const vx_method_row *methods, const vx_image_set *set,
                        const int *place, vx_compare_data *d, double *into, vx_error *error) {
  double *values = VX_TAKE(d->arena, set->count + 1, double);
  if (!values) return out_of_memory(store, error);
  for (int c = 0; c < d->columns; c++) {
    if (!vx_query_values(store, scoring, methods[c].id, set, d->options->metric, values, error)) return false;
    for (int k = 0; k < d->images; k++) {
      into[(size_t)k * (size_t)d->columns + (size_t)c] = values[place ? place[k] : k];
    }
  }
  return true;
}

static bool make_groups(vx_store *store, const vx_image_set *set, const int *kept, vx_compare_data *d,
                        vx_error *error) {
  static const char *const all[] = {"all"};
  int *group = VX_TAKE(d->arena, d->images + 1, int);
  if (!group) return out_of_memory(store, error);
  if (!d->options->by) {
    for (int k = 0; k < d->images; k++) group[k] = 0;
    d->groups = (vx_image_groups){.count = 1, .names = all, .group = group};
    return true;
  }
  if (!vx_image_groups_make(store, &d->run, set, d->options->by, d->arena, &d->groups, error)) return false;
  for (int k = 0; k < d->images; k++) group[k] = d->groups.group[kept[k]];
  d->groups.group = group;
  return true;
}

static void choose_scale(vx_compare_data *d) {
  int column;
  const vx_measure *metric = vx_measure_with_column(d->options->metric, &column);
  d->scale = metric && metric->columns[column].percent ? 100 : 1;
  d->higher = !metric || metric->columns[column].higher_is_better;
  d->title = metric ? metric->columns[column].title : d->options->metric;
}

static bool open_side(side *s, int64_t run, const char *scoring_name, vx_compare_data *d, vx_run_row *row,
                      vx_scoring_row *scoring, vx_heading *heading, vx_error *error) {
  double gate = d->options->min_confidence;
  const char *list = d->options->methods;
  return vx_query_run(s->store, run, d->arena, row, error) &&
         vx_query_scoring(s->store, row->id, scoring_name, d->arena, scoring, error) &&
         vx_query_check_metric(s->store, scoring->id, d->options->metric, error) &&
         vx_query_methods_named(s->store, row->id, list, d->arena, &s->methods, &s->method_count, error) &&
         vx_query_images(s->store, row, gate, d->arena, &s->set, error) &&
         vx_heading_read(s->store, row, scoring, &s->set, gate, d->arena, heading, error);
}

static bool name_columns(const side *s, vx_compare_data *d) {
  bool *trivial = VX_TAKE(d->arena, d->columns + 1, bool);
  d->names = VX_TAKE(d->arena, d->columns + 1, const char *);
  if (!trivial || !d->names) return false;
  for (int c = 0; c < d->columns; c++) {
    d->names[c] = s->methods[c].name;
    trivial[c] = s->methods[c].trivial;
  }
  d->trivial = trivial;
  return true;
}

static bool gather_two(side *a, side *b, vx_compare_data *d, vx_error *error) {
  int *place = VX_TAKE(d->arena, a->set.count + 1, int), *kept = VX_TAKE(d->arena, a->set.count + 1, int);
  if (!place || !kept || !match_images(&a->set, &b->set, d->arena, place, d)) {
    return out_of_memory(a->store, error);
  }
  if (!keep_common(a, b, d, error)) return false;
  for (int i = 0; i < a->set.count; i++) {
    if (place[i] < 0) continue;
    kept[d->images] = i;
    place[d->images++] = place[i];
  }
  d->first = VX_TAKE(d->arena, (size_t)d->images * (size_t)d->columns + 1, double);
  d->second = VX_TAKE(d->arena, (size_t)d->images * (size_t)d->columns + 1, double);
  if (!d->first || !d->second || !name_columns(a, d)) return out_of_memory(a->store, error);
  return read_values(a->store, d->scoring.id, a->methods, &a->set, kept, d, d->first, error) &&
         read_values(b->store, d->scoring2.id, b->methods, &b->set, place, d, d->second, error) &&
         make_groups(a->store, &a->set, kept, d, error);
}

static bool gather_one(side *a, vx_compare_data *d, vx_error *error) {
  int *kept = VX_TAKE(d->arena, a->set.count + 1, int);
  d->images = a->set.count;
  d->first = VX_TAKE(d->arena, (size_t)d->images * (size_t)d->columns + 1, double);
  if (!kept || !d->first || !name_columns(a, d)) return out_of_memory(a->store, error);
  for (int i = 0; i < d->images; i++) kept[i] = i;
  return read_values(a->store, d->scoring.id, a->methods, &a->set, NULL, d, d->first, error) &&
         make_groups(a->store, &a->set, kept, d, error);
}

bool vx_compare_gather(vx_store *store, vx_store *second, vx_compare_data *d, vx_error *error) {
  const vx_compare_options *o = d->options;
  side a = {.store = store}, b = {.store = second ? second : store};
  d->two_runs = second || o->run2 || o->scoring2;
  choose_scale(d);
  if (!open_side(&a, o->run, o->scoring, d, &d->run, &d->scoring, &d->heading, error)) return false;
  d->columns = a.method_count;
  if (!d->two_runs) return gather_one(&a, d, error);
  int64_t run2 = o->run2 || second ? o->run2 : d->run.id; /* another scoring of the same run */
  return open_side(&b, run2, o->scoring2, d, &d->run2, &d->scoring2, &d->heading2, error) &&
         gather_two(&a, &b, d, error);
}
