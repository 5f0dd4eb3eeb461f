/* The table of measures, in the order in which tables list them. A new measure is one file and one line here. */
#include "metrics/measure.h"

#include <string.h>

#define MEASURES(MEASURE)                                                                                              \
  MEASURE(overlap)                                                                                                     \
  MEASURE(retrieval)                                                                                                   \
  MEASURE(two_class)                                                                                                   \
  MEASURE(oracle)                                                                                                      \
  MEASURE(pointing)                                                                                                    \
  MEASURE(average_precision)                                                                                           \
  MEASURE(focus)                                                                                                       \
  MEASURE(deletion)                                                                                                    \
  MEASURE(insertion)                                                                                                   \
  MEASURE(abpc)                                                                                                        \
  MEASURE(saco)                                                                                                        \
  MEASURE(single_deletion)                                                                                             \
  MEASURE(faithfulness_correlation)                                                                                    \
  MEASURE(road)                                                                                                        \
  MEASURE(perturbation)                                                                                                \
  MEASURE(deletion_published)                                                                                          \
  MEASURE(abpc_published)                                                                                              \
  MEASURE(sparseness)                                                                                                  \
  MEASURE(complexity)                                                                                                  \
  MEASURE(roughness)

#define DECLARE(name) extern const vx_measure vx_measure_##name;
#define ADDRESS(name) &vx_measure_##name,

MEASURES(DECLARE)

static const vx_measure *const measures[] = {MEASURES(ADDRESS)};
enum { COUNT = sizeof measures / sizeof *measures };

const vx_measure *const *vx_measures(int *n) {
  *n = COUNT;
  return measures;
}

const vx_measure *vx_measure_find(const char *id) {
  for (int i = 0; i < COUNT; i++)
    if (strcmp(measures[i]->id, id) == 0) return measures[i];
  return NULL;
}

const char *vx_measure_kind_name(vx_measure_kind kind) {
  static const char *const names[] = {"truth", "map", "model", "method", "maps"};
  return names[kind];
}

/* "id@more" or "id@more.column": */
static const vx_measure *of_a_renamed_one(const char *name, const char *at, int *column) {
  const char *dot = strrchr(at, '.');
  for (int i = 0; i < COUNT; i++) {
    const vx_measure *m = measures[i];
    if (strlen(m->id) != (size_t)(at - name) || strncmp(m->id, name, strlen(m->id)) != 0) continue;
    for (int c = 0; c < m->column_count; c++) {
      *column = c;
      if (m->column_count == 1 || (dot && strcmp(m->columns[c].name, dot + 1) == 0)) return m;
    }
  }
  return NULL;
}

const vx_measure *vx_measure_with_column(const char *name, int *column) {
  const char *at = strchr(name, '@');
  if (at) return of_a_renamed_one(name, at, column);
  for (int i = 0; i < COUNT; i++)
    for (int c = 0; c < measures[i]->column_count; c++)
      if (strcmp(measures[i]->columns[c].name, name) == 0) {
        *column = c;
        return measures[i];
      }
  return NULL;
}

void vx_measure_column_name(const vx_measure *measure, const char *as, int column, vx_text *text) {
  const char *own = measure->columns[column].name;
  if (strcmp(as, measure->id) == 0)
    vx_text_add(text, "%s", own);
  else if (measure->column_count == 1)
    vx_text_add(text, "%s", as);
  else
    vx_text_add(text, "%s.%s", as, own);
}
