#include "harness/tables/table.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "harness/tables/heading.h"
#include "harness/tables/published.h"
#include "harness/tables/scores.h"
#include "harness/tables/truth_note.h"
#include "metrics/measure.h"
#include "statistics/standing.h"

enum { PUBLISHED_MAX = 64, MORE_MAX = 24, MORE_SHOWN = 3 };

enum {
  GROUP,
  METHOD,
  FAMILY,
  KIND,
  IOU,
  IOU_LOW,
  IOU_HIGH,
  F1,
  F1_LOW,
  F1_HIGH,
  PIXEL_ACCURACY,
  PIXEL_ACCURACY_LOW,
  PIXEL_ACCURACY_HIGH,
  OVER_CHANCE,
  OVER_CHANCE_LOW,
  OVER_CHANCE_HIGH,
  LEVEL,
  RANK_LOW,
  RANK_HIGH,
  COLUMNS /* then three a further measure, n and flat */
};

static const vx_sheet_column table_columns[COLUMNS] = {
    [GROUP] = {"group", NULL, 0, true},
    [METHOD] = {"method", "method", 0, true},
    [FAMILY] = {"family", "family", 0, true},
    [KIND] = {"kind", NULL, 0, true}, /* ours, trivial, published, difference */
    [IOU] = {"iou", "IoU", 2, false},
    [IOU_LOW] = {"iou_low", "95 %", 2, false},
    [IOU_HIGH] = {"iou_high", NULL, 2, false},
    [F1] = {"f1", "F1", 2, false},
    [F1_LOW] = {"f1_low", NULL, 2, false},
    [F1_HIGH] = {"f1_high", NULL, 2, false},
    [PIXEL_ACCURACY] = {"pixel_accuracy", "pixel acc.", 2, false},
    [PIXEL_ACCURACY_LOW] = {"pixel_accuracy_low", NULL, 2, false},
    [PIXEL_ACCURACY_HIGH] = {"pixel_accuracy_high", NULL, 2, false},
    [OVER_CHANCE] = {"iou_over_chance", "over chance", 2, false},
    [OVER_CHANCE_LOW] = {"iou_over_chance_low", NULL, 2, false},
    [OVER_CHANCE_HIGH] = {"iou_over_chance_high", NULL, 2, false},
    [LEVEL] = {"level_with_best", "level", 0, true},
    [RANK_LOW] = {"rank_low", "ranks", 0, false},
    [RANK_HIGH] = {"rank_high", NULL, 0, false},
};

vx_table_options vx_table_defaults(void) {
  return (vx_table_options){.min_confidence = NAN, .resamples = 10000, .seed = 1};
}

/* All that one table is made of. */
typedef struct making {
  vx_store *store;
  const vx_table_options *options;
  vx_arena *arena;
  vx_run_row run;
  vx_scoring_row scoring;
  vx_method_row *methods;
  int method_count;
  vx_image_set images;
  vx_aggregate aggregate;
  vx_published published;
  const vx_published_row *rows[PUBLISHED_MAX]; /* beside ours */
  int row_count;
  const char **more; /* names of further measures */
  int more_count;
  double scale[MORE_MAX]; /* 100 for those in percent */
  int n, flat;            /* columns */
  vx_standing *standings; /* [groups][methods] by IoU; NULL: not compared */
  int pairs;              /* that were compared */
  int untrue;             /* images that have no truth */
  vx_sheet *sheet;
} making;

static int family_rank(const char *family) {
  int rank = vx_choice_find("attention|gradient|propagation|hybrid|imported|trivial", family);
  return rank < 0 ? 4 : rank; /* of another name: with the imported ones */
}

/* Places of the rows: by family, then as in the run or by a measure, best first. */
static void sort_rows(const vx_score_row *rows, int count, int measure, int *order) {
  for (int i = 0; i < count; i++) {
    int rank = family_rank(rows[i].method->family), at = i;
    for (; at > 0; at--) {
      const vx_score_row *before = &rows[order[at - 1]];
      int other = family_rank(before->method->family);
      bool better = measure >= 0 && rows[i].of[measure].estimate > before->of[measure].estimate;
      if (!(other > rank || (other == rank && better))) break;
      order[at] = order[at - 1];
    }
    order[at] = i;
  }
}

static bool sort_measure(const char *sort, int *measure, vx_error *error) {
  int found = sort ? vx_choice_find("run|iou|f1|pixel_accuracy", sort) : 0;
  *measure = found - 1; /* -1: as in the run */
  return found >= 0 || vx_fail(error, "--sort", "'%s' is none of run, iou, f1, pixel_accuracy", sort);
}

/* An estimate and its interval, x 100, in the three columns from `column`. */
static void put_value(vx_sheet *sheet, int column, const vx_score_value *value) {
  vx_sheet_real(sheet, column, 100 * value->estimate);
  vx_sheet_real(sheet, column + 1, 100 * value->low);
  vx_sheet_real(sheet, column + 2, 100 * value->high);
  if (!isnan(value->low)) vx_sheet_show(sheet, column + 1, "[%.1f, %.1f]", 100 * value->low, 100 * value->high);
}

static void put_standing(making *m, const vx_standing *s) {
  if (!s->rank) return;
  vx_sheet_text(m->sheet, LEVEL, s->level ? "yes" : "no");
  vx_sheet_int(m->sheet, RANK_LOW, s->low);
  if (s->high > s->low) vx_sheet_show(m->sheet, RANK_LOW, "%d–%d", s->low, s->high);
  vx_sheet_int(m->sheet, RANK_HIGH, s->high);
}

static void put_row(making *m, const char *group, const vx_score_row *row, const vx_standing *standing) {
  const vx_method_row *method = row->method;
  vx_sheet_row(m->sheet);
  if (group) vx_sheet_text(m->sheet, GROUP, "%s", group);
  vx_sheet_text(m->sheet, METHOD, "%s", method->name);
  if (method->trivial) vx_sheet_show(m->sheet, METHOD, "%s *", method->name);
  vx_sheet_text(m->sheet, FAMILY, "%s", method->family);
  vx_sheet_text(m->sheet, KIND, method->trivial ? "trivial" : "ours");
  put_value(m->sheet, IOU, &row->of[VX_SCORE_IOU]);
  put_value(m->sheet, F1, &row->of[VX_SCORE_F1]);
  put_value(m->sheet, PIXEL_ACCURACY, &row->of[VX_SCORE_PIXEL_ACCURACY]);
  put_value(m->sheet, OVER_CHANCE, &row->of[VX_SCORE_OVER_CHANCE]);
  for (int k = 0; k < m->more_count; k++) {
    vx_sheet_real(m->sheet, COLUMNS + 3 * k, m->scale[k] * row->more[k].estimate);
    vx_sheet_real(m->sheet, COLUMNS + 3 * k + 1, m->scale[k] * row->more[k].low);
    vx_sheet_real(m->sheet, COLUMNS + 3 * k + 2, m->scale[k] * row->more[k].high);
  }
  vx_sheet_int(m->sheet, m->n, row->n);
  vx_sheet_int(m->sheet, m->flat, row->flat);
  if (standing) put_standing(m, standing);
}

/* A published row, and below it ours less theirs when there is ours. */
static void put_published(making *m, const vx_published_row *theirs, const vx_score_row *ours) {
  static const char *const metrics[] = {"iou", "f1", "pixel_accuracy"};
  static const int places[] = {IOU, F1, PIXEL_ACCURACY};
  vx_sheet_row(m->sheet);
  vx_sheet_text(m->sheet, METHOD, "%s", theirs->label);
  vx_sheet_show(m->sheet, METHOD, "  published: %s", theirs->label);
  vx_sheet_text(m->sheet, FAMILY, "%s", theirs->id);
  vx_sheet_text(m->sheet, KIND, "published");
  for (int k = 0; k < 3; k++) vx_sheet_real(m->sheet, places[k], vx_published_score_of(theirs, metrics[k]));
  for (int k = 0; k < m->more_count; k++) {
    double value = vx_published_score_of(theirs, m->more[k]);
    vx_sheet_real(m->sheet, COLUMNS + 3 * k, m->scale[k] / 100 * value);
  }
  if (theirs->images >= 0) vx_sheet_int(m->sheet, m->n, theirs->images);
  if (!ours) return;
  vx_sheet_row(m->sheet);
  vx_sheet_text(m->sheet, METHOD, "%s", ours->method->name);
  vx_sheet_show(m->sheet, METHOD, "  ours less published");
  vx_sheet_text(m->sheet, FAMILY, "%s", theirs->id);
  vx_sheet_show(m->sheet, FAMILY, " ");
  vx_sheet_text(m->sheet, KIND, "difference");
  for (int k = 0; k < 3; k++) {
    double difference = 100 * ours->of[k].estimate - vx_published_score_of(theirs, metrics[k]);
    vx_sheet_real(m->sheet, places[k], difference);
    if (difference > 0) vx_sheet_show(m->sheet, places[k], "+%.2f", difference);
  }
  for (int k = 0; k < m->more_count; k++) {
    double value = vx_published_score_of(theirs, m->more[k]) / 100;
    vx_sheet_real(m->sheet, COLUMNS + 3 * k, m->scale[k] * (ours->more[k].estimate - value));
  }
}

/* Rows of one group of images in their order, published ones under the method that they are about. */
static bool put_group(making *m, const char *group, const bool *wanted, const char *condition,
                      const vx_standing *standings, vx_error *error) {
  vx_score_request request = {.run = &m->run,
                              .scoring = &m->scoring,
                              .methods = m->methods,
                              .method_count = m->method_count,
                              .images = &m->images,
                              .wanted = wanted,
                              .condition = condition,
                              .whole = isnan(m->options->min_confidence),
                              .aggregate = m->aggregate,
                              .resamples = m->options->resamples,
                              .seed = m->options->seed,
                              .more = m->more,
                              .more_count = m->more_count};
  vx_score_row *rows;
  int measure, *order = VX_TAKE(m->arena, m->method_count + 1, int);
  bool shown[PUBLISHED_MAX] = {false}, apart = false;
  if (!order) return vx_fail(error, vx_store_path(m->store), "out of memory");
  if (!sort_measure(m->options->sort, &measure, error)) return false;
  if (!vx_scores_summarise(m->store, &request, m->arena, &rows, error)) return false;
  sort_rows(rows, m->method_count, measure, order);
  for (int i = 0; i < m->method_count; i++) {
    const vx_score_row *row = &rows[order[i]];
    if (i && !group && strcmp(row->method->family, rows[order[i - 1]].method->family) != 0) vx_sheet_rule(m->sheet);
    put_row(m, group, row, standings ? &standings[order[i]] : NULL);
    for (int p = 0; p < m->row_count; p++) {
      if (group || shown[p] || strcmp(m->rows[p]->method, row->method->explainer) != 0) continue;
      put_published(m, m->rows[p], row);
      shown[p] = true;
    }
    if (row->failed || row->unscored > m->untrue) {
      vx_sheet_note(m->sheet, "%s: %d failed, %d without a truth to score against (`SELECT * FROM missing`).",
                    row->method->name, row->failed, row->unscored);
    }
  }
  for (int p = 0; p < m->row_count; p++) {
    if (group || shown[p]) continue;
    if (!apart) vx_sheet_rule(m->sheet);
    apart = true;
    put_published(m, m->rows[p], NULL);
  }
  return true;
}

/* What `vitx compare` decides on every pair by IoU, as standings: of means over images, and where that takes no longer
   than a table may. */
static bool make_standings(making *m, const vx_image_groups *groups, vx_error *error) {
  enum { MOST = 20000000 }; /* pairs x images: about two seconds */
  size_t images = (size_t)m->images.count, methods = (size_t)m->method_count, pairs = vx_pairs(methods);
  size_t count = groups ? (size_t)groups->count : 1;
  if (m->aggregate != VX_AGGREGATE_MEAN || pairs == 0 || images == 0 || images > MOST / pairs) return true;
  const vx_resampling none = {0};
  double *values = VX_TAKE(m->arena, images * methods, double), *column = VX_TAKE(m->arena, images, double);
  vx_pair *list = VX_TAKE(m->arena, count * pairs, vx_pair);
  m->standings = VX_TAKE(m->arena, count * methods, vx_standing);
  if (!values || !column || !list || !m->standings) return vx_fail(error, vx_store_path(m->store), "out of memory");
  for (size_t k = 0; k < methods; k++) {
    if (!vx_query_values(m->store, m->scoring.id, m->methods[k].id, &m->images, "iou", column, error)) return false;
    for (size_t i = 0; i < images; i++) values[i * methods + k] = column[i];
  }
  if (!vx_compare_groups(values, images, methods, groups ? groups->group : NULL, count, &none, list, error)) {
    return false;
  }
  vx_stand(values, images, methods, groups ? groups->group : NULL, count, list, true, m->standings);
  for (size_t i = 0; i < count * pairs; i++) m->pairs += list[i].n > 0;
  return true;
}

static bool put_groups(making *m, vx_error *error) {
  if (!m->options->by) {
    return make_standings(m, NULL, error) && put_group(m, NULL, NULL, NULL, m->standings, error);
  }
  vx_image_groups groups;
  bool *wanted = VX_TAKE(m->arena, m->images.count + 1, bool);
  if (!wanted) return vx_fail(error, vx_store_path(m->store), "out of memory");
  if (!vx_image_groups_make(m->store, &m->run, &m->images, m->options->by, m->arena, &groups, error) ||
      !make_standings(m, &groups, error)) {
    return false;
  }
  vx_sheet_head(m->sheet, GROUP, m->options->by);
  for (int g = 0; g < groups.count; g++) {
    int count = 0;
    for (int i = 0; i < m->images.count; i++) count += wanted[i] = groups.group[i] == g;
    if (!count) continue;
    if (g) vx_sheet_rule(m->sheet);
    const vx_standing *standings = m->standings ? m->standings + g * m->method_count : NULL;
    if (!put_group(m, groups.names[g], wanted, groups.conditions[g], standings, error)) return false;
  }
  return true;
}

static bool choose_published(making *m, vx_error *error) {
  const char *id = m->options->compare_with ? m->options->compare_with : m->run.compare_with;
  if (!*id || strcmp(id, "none") == 0) return true;
  if (!vx_published_read(m->options->published, m->arena, &m->published, error)) return false;
  m->row_count = vx_published_find(&m->published, id, m->rows, PUBLISHED_MAX, error);
  return m->row_count > 0;
}

/* Whether the images are those of the published rows. */
static void put_published_notes(making *m) {
  int64_t sum = 0;
  for (int i = 0; i < m->images.count; i++) sum += m->images.rows[i].position;
  for (int p = 0; p < m->row_count; p++) {
    const vx_published_row *r = m->rows[p];
    if (r->images < 0) continue;
    if (r->index_sum < 0) {
      vx_sheet_note(m->sheet, "%s: %d images.", r->id, r->images);
      continue;
    }
    vx_sheet_note(m->sheet, "%s: %d images, their places sum to %" PRId64 ": %s.", r->id, r->images, r->index_sum,
                  r->images == m->images.count && r->index_sum == sum ? "the same images" : "not these images");
  }
}

static void put_notes(making *m) {
  bool trivial = false;
  for (int i = 0; i < m->method_count; i++) trivial = trivial || m->methods[i].trivial;
  if (m->images.count > VX_BOOTSTRAP_IMAGES && m->aggregate == VX_AGGREGATE_MEAN) {
    vx_sheet_note(m->sheet, "95 %%: normal interval of the mean over images.");
  } else if (m->options->resamples > 0) {
    vx_sheet_note(m->sheet, "95 %%: bootstrap over images, %d resamples, seed %" PRIu64 ".", m->options->resamples,
                  m->options->seed);
  }
  if (m->aggregate != VX_AGGREGATE_POOLED) {
    vx_sheet_note(m->sheet,
                  "over chance: IoU less random-density's, the expected IoU of a random mask of as many pixels as the "
                  "method's.");
  }
  if (m->standings) {
    vx_sheet_note(m->sheet,
                  "level with the best, ranks that cannot be excluded: by IoU, Wilcoxon's signed-rank test, Holm over "
                  "all pairs (%d), level 0.05 (`vitx compare`).",
                  m->pairs);
  } else {
    vx_sheet_head(m->sheet, LEVEL, NULL);
    vx_sheet_head(m->sheet, RANK_LOW, NULL);
  }
  if (trivial) vx_sheet_note(m->sheet, "* never looks at the model.");
  if (m->more_count > MORE_SHOWN && !m->options->metrics) {
    vx_sheet_note(m->sheet, "%d further measures: --metrics all shows them, CSV and JSON have them.", m->more_count);
  }
  const char *titled = "";
  for (int p = 0; p < m->row_count; p++) {
    if (strcmp(titled, m->rows[p]->title) != 0) {
      vx_sheet_note(m->sheet, "%s: %s (%s).", m->rows[p]->study, m->rows[p]->title, m->rows[p]->source);
    }
    titled = m->rows[p]->title;
  }
  if (*m->scoring.note) vx_sheet_note(m->sheet, "Scoring %s: %s", m->scoring.name, m->scoring.note);
}

static bool choose_more(making *m, vx_error *error) {
  if (!vx_query_metrics(m->store, m->scoring.id, m->arena, &m->more, &m->more_count, error)) return false;
  if (m->more_count > MORE_MAX) m->more_count = MORE_MAX;
  return true;
}

static bool read_run(making *m, vx_error *error) {
  const vx_table_options *o = m->options;
  return vx_query_run(m->store, o->run, m->arena, &m->run, error) &&
         vx_query_scoring(m->store, m->run.id, o->scoring, m->arena, &m->scoring, error) &&
         vx_query_methods(m->store, m->run.id, m->arena, &m->methods, &m->method_count, error) &&
         vx_query_images(m->store, &m->run, o->min_confidence, m->arena, &m->images, error) &&
         vx_aggregate_parse(o->aggregate ? o->aggregate : m->scoring.aggregate, &m->aggregate, error) &&
         choose_published(m, error) && choose_more(m, error);
}

/* Is the further measure for eyes? The first few of a run, those asked for, and those of a published row. */
static bool is_shown(const making *m, int k) {
  const char *list = m->options->metrics;
  for (int p = 0; p < m->row_count; p++) {
    if (!isnan(vx_published_score_of(m->rows[p], m->more[k]))) return true;
  }
  if (!list) return m->more_count <= MORE_SHOWN;
  size_t length = strlen(m->more[k]);
  for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
    if (strncmp(at, m->more[k], length) == 0 && (at[length] == ',' || at[length] == '\0')) return true;
  }
  return strcmp(list, "all") == 0;
}

/* Columns of the further measures, by what the registry knows of them; then n and flat. */
static bool make_sheet(making *m, vx_error *error) {
  vx_sheet_column none[COLUMNS + 3 * MORE_MAX + 2] = {{0}};
  memcpy(none, table_columns, sizeof table_columns);
  m->n = COLUMNS + 3 * m->more_count;
  m->flat = m->n + 1;
  none[m->n] = (vx_sheet_column){"n", "n", 0, false};
  none[m->flat] = (vx_sheet_column){"flat", "flat", 0, false};
  m->sheet = vx_sheet_new(none, m->flat + 1);
  if (!m->sheet) return vx_fail(error, vx_store_path(m->store), "out of memory");
  for (int k = 0; k < m->more_count; k++) {
    int column;
    char key[100];
    const vx_measure *metric = vx_measure_with_column(m->more[k], &column);
    const char *title = metric ? metric->columns[column].title : m->more[k];
    m->scale[k] = metric && metric->columns[column].percent ? 100 : 1;
    vx_sheet_column set = {m->more[k], is_shown(m, k) ? title : NULL, m->scale[k] == 100 ? 2 : 3, false};
    vx_sheet_column_set(m->sheet, COLUMNS + 3 * k, &set);
    set = (vx_sheet_column){key, NULL, 2, false};
    snprintf(key, sizeof key, "%s_low", m->more[k]);
    vx_sheet_column_set(m->sheet, COLUMNS + 3 * k + 1, &set);
    snprintf(key, sizeof key, "%s_high", m->more[k]);
    vx_sheet_column_set(m->sheet, COLUMNS + 3 * k + 2, &set);
  }
  return true;
}

static bool fill(making *m, vx_error *error) {
  if (!read_run(m, error) || !make_sheet(m, error)) return false;
  vx_heading heading;
  if (!vx_heading_read(m->store, &m->run, &m->scoring, &m->images, m->options->min_confidence, m->arena, &heading,
                       error)) {
    return false;
  }
  vx_sheet_title(m->sheet, "%s: %s on %s; %s, in percent", heading.title, m->run.model, m->run.data,
                 vx_aggregate_title(m->aggregate));
  vx_heading_put(&heading, NULL, m->sheet);
  if (m->aggregate == VX_AGGREGATE_POOLED) vx_sheet_head(m->sheet, OVER_CHANCE, NULL);
  if (m->options->resamples <= 0) vx_sheet_head(m->sheet, IOU_LOW, NULL);
  if (m->options->intervals && m->options->resamples > 0) {
    static const int others[] = {F1_LOW, PIXEL_ACCURACY_LOW, OVER_CHANCE_LOW};
    for (int i = 0; i < (m->aggregate == VX_AGGREGATE_POOLED ? 2 : 3); i++) vx_sheet_head(m->sheet, others[i], "95 %");
  }
  if (!vx_truth_note(m->store, m->run.id, m->arena, m->sheet, &m->untrue, error) || !put_groups(m, error)) return false;
  put_published_notes(m);
  put_notes(m);
  return true;
}

vx_sheet *vx_table_make(vx_store *store, const vx_table_options *options, vx_error *error) {
  making m = {.store = store, .options = options, .arena = vx_arena_new()};
  if (!m.arena) return vx_fail(error, vx_store_path(store), "out of memory"), NULL;
  bool ok = fill(&m, error);
  vx_arena_free(m.arena);
  if (ok) return m.sheet;
  vx_sheet_free(m.sheet);
  return NULL;
}
