#include "harness/tables/compare_data.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "metrics/measure.h"

static bool out_of_memory(vx_store *store, vx_error *error) {
  return vx_fail(error, vx_store_path(store), "out of memory");
}

/* ---- methods ------------------------------------------------------------------------------------------------ */

/* Is `name` in the list "a,b,c"? */
static bool listed(const char *list, const char *name) {
  size_t length = strlen(name);
  for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
    if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0')) return true;
  }
  return false;
}

static const vx_method_row *find_method(const vx_method_row *methods, int count, const char *name, size_t length) {
  for (int i = 0; i < count; i++) {
    if (strlen(methods[i].name) == length && strncmp(methods[i].name, name, length) == 0) return &methods[i];
  }
  return NULL;
}

static bool no_method(vx_store *store, const vx_method_row *methods, int count, const char *name, size_t length,
                      vx_error *error) {
  char wanted[128];
  const char **names = malloc(((size_t)count + 1) * sizeof *names);
  snprintf(wanted, sizeof wanted, "%.*s", (int)length, name);
  for (int i = 0; names && i < count; i++) names[i] = methods[i].name;
  const char *near = names ? vx_nearest(wanted, names, count) : NULL;
  vx_fail(error, vx_store_path(store), "the run has no method %s%s%s", wanted, near ? "; did you mean " : "",
          near ? near : "");
  free(names);
  return false;
}

/* The methods asked for, in the order asked; all without a list. */
static bool choose_methods(vx_store *store, vx_compare_data *d, const vx_method_row *methods, int count,
                           const vx_method_row **chosen, vx_error *error) {
  const char *list = d->options->methods;
  d->columns = 0;
  for (int i = 0; !list && i < count; i++) chosen[d->columns++] = &methods[i];
  for (const char *at = list; at;) {
    size_t length = strcspn(at, ",");
    const vx_method_row *method = find_method(methods, count, at, length);
    if (!method) return no_method(store, methods, count, at, length, error);
    for (int i = 0; i < d->columns; i++) {
      if (chosen[i] == method) return vx_fail(error, "--methods", "%s is there twice", method->name);
    }
    if (d->columns < count) chosen[d->columns++] = method;
    at = at[length] ? at + length + 1 : NULL;
  }
  return true;
}

/* Only methods that the other run has, too. */
static bool keep_common(vx_store *second, vx_compare_data *d, const vx_method_row **chosen, const vx_method_row **other,
                        const vx_method_row *methods, int count, vx_error *error) {
  int kept = 0;
  for (int i = 0; i < d->columns; i++) {
    const vx_method_row *match = find_method(methods, count, chosen[i]->name, strlen(chosen[i]->name));
    if (!match && d->options->methods && listed(d->options->methods, chosen[i]->name)) {
      return no_method(second, methods, count, chosen[i]->name, strlen(chosen[i]->name), error);
    }
    if (!match) continue;
    chosen[kept] = chosen[i];
    other[kept++] = match;
  }
  d->columns = kept;
  return kept > 0 || vx_fail(error, vx_store_path(second), "the two runs have no method in common");
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
static bool read_values(vx_store *store, int64_t scoring, const vx_method_row *const *methods, const vx_image_set *set,
                        const int *place, vx_compare_data *d, double *into, vx_error *error) {
  double *values = VX_TAKE(d->arena, set->count + 1, double);
  if (!values) return out_of_memory(store, error);
  for (int c = 0; c < d->columns; c++) {
    if (!vx_query_values(store, scoring, methods[c]->id, set, d->options->metric, values, error)) return false;
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

typedef struct side {
  vx_store *store;
  vx_image_set set;
  vx_method_row *methods;
  int method_count;
  const vx_method_row **chosen;
} side;

static bool open_side(side *s, int64_t run, const char *scoring_name, vx_compare_data *d, vx_run_row *row,
                      vx_scoring_row *scoring, vx_error *error) {
  double gate = d->options->min_confidence;
  if (!vx_query_run(s->store, run, d->arena, row, error) ||
      !vx_query_scoring(s->store, row->id, scoring_name, d->arena, scoring, error) ||
      !vx_query_check_metric(s->store, scoring->id, d->options->metric, error) ||
      !vx_query_methods(s->store, row->id, d->arena, &s->methods, &s->method_count, error) ||
      !vx_query_images(s->store, row, gate, d->arena, &s->set, error)) {
    return false;
  }
  s->chosen = VX_TAKE(d->arena, s->method_count + 1, const vx_method_row *);
  return s->chosen || out_of_memory(s->store, error);
}

static bool name_columns(const side *s, vx_compare_data *d) {
  bool *trivial = VX_TAKE(d->arena, d->columns + 1, bool);
  d->names = VX_TAKE(d->arena, d->columns + 1, const char *);
  if (!trivial || !d->names) return false;
  for (int c = 0; c < d->columns; c++) {
    d->names[c] = s->chosen[c]->name;
    trivial[c] = s->chosen[c]->trivial;
  }
  d->trivial = trivial;
  return true;
}

static bool gather_two(side *a, side *b, vx_compare_data *d, vx_error *error) {
  int *place = VX_TAKE(d->arena, a->set.count + 1, int), *kept = VX_TAKE(d->arena, a->set.count + 1, int);
  b->chosen = VX_TAKE(d->arena, a->method_count + b->method_count + 1, const vx_method_row *);
  if (!place || !kept || !b->chosen || !match_images(&a->set, &b->set, d->arena, place, d)) {
    return out_of_memory(a->store, error);
  }
  if (!keep_common(b->store, d, a->chosen, b->chosen, b->methods, b->method_count, error)) return false;
  for (int i = 0; i < a->set.count; i++) {
    if (place[i] < 0) continue;
    kept[d->images] = i;
    place[d->images++] = place[i];
  }
  d->first = VX_TAKE(d->arena, (size_t)d->images * (size_t)d->columns + 1, double);
  d->second = VX_TAKE(d->arena, (size_t)d->images * (size_t)d->columns + 1, double);
  if (!d->first || !d->second || !name_columns(a, d)) return out_of_memory(a->store, error);
  return read_values(a->store, d->scoring.id, a->chosen, &a->set, kept, d, d->first, error) &&
         read_values(b->store, d->scoring2.id, b->chosen, &b->set, place, d, d->second, error) &&
         make_groups(a->store, &a->set, kept, d, error);
}

static bool gather_one(side *a, vx_compare_data *d, vx_error *error) {
  int *kept = VX_TAKE(d->arena, a->set.count + 1, int);
  d->images = a->set.count;
  d->first = VX_TAKE(d->arena, (size_t)d->images * (size_t)d->columns + 1, double);
  if (!kept || !d->first || !name_columns(a, d)) return out_of_memory(a->store, error);
  for (int i = 0; i < d->images; i++) kept[i] = i;
  return read_values(a->store, d->scoring.id, a->chosen, &a->set, NULL, d, d->first, error) &&
         make_groups(a->store, &a->set, kept, d, error);
}

bool vx_compare_gather(vx_store *store, vx_store *second, vx_compare_data *d, vx_error *error) {
  const vx_compare_options *o = d->options;
  side a = {.store = store}, b = {.store = second ? second : store};
  d->two_runs = second || o->run2 || o->scoring2;
  choose_scale(d);
  if (!open_side(&a, o->run, o->scoring, d, &d->run, &d->scoring, error) ||
      !choose_methods(store, d, a.methods, a.method_count, a.chosen, error)) {
    return false;
  }
  if (!d->two_runs) return gather_one(&a, d, error);
  int64_t run2 = o->run2 || second ? o->run2 : d->run.id; /* another scoring of the same run */
  return open_side(&b, run2, o->scoring2, d, &d->run2, &d->scoring2, error) && gather_two(&a, &b, d, error);
}
