#include "harness/tables/table.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "harness/tables/column.h"
#include "harness/tables/heading.h"
#include "harness/tables/published.h"
#include "harness/tables/scores.h"
#include "harness/tables/truth_note.h"
#include "statistics/standing.h"

enum { PUBLISHED_MAX = 64, MORE_SHOWN = 3, FAITHFUL_SHOWN = 5 };

/* What a further measure has, from its first column on. */
enum { VALUE, VALUE_LOW, VALUE_HIGH, VALUE_N, VALUE_LEVEL, VALUE_RANK_LOW, VALUE_RANK_HIGH, VALUES };

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
  COLUMNS /* then VALUES a further measure, n and flat */
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
  vx_column *columns; /* of the run: VX_COLUMNS_OWN, then the further ones */
  bool *shown;        /* [columns] for eyes */
  const vx_column *more;
  int more_count;
  const char **names;           /* [more_count] */
  bool *own_n;                  /* [more_count] measured on other images than IoU */
  int *same_n;                  /* [more_count] the n of all rows; -1: they differ; -2: no row yet */
  int n, flat;                  /* columns */
  vx_standing *standings;       /* [groups][methods] by IoU; NULL: not compared */
  vx_standing **more_standings; /* [more_count] likewise */
  int pairs;                    /* that were compared by IoU */
  int untrue;                   /* images that have no truth */
  vx_sheet *sheet;
} making;

static int family_rank(const char *family) {
  int rank = vx_choice_find("attention|gradient|propagation|hybrid|perturbation|imported|trivial", family);
  return rank < 0 ? 5 : rank; /* of another name: with the imported ones */
}

/* What rows are sorted by: an estimate, the better the higher. */
static double sort_value(const making *m, const vx_score_row *row, int column) {
  if (column < VX_COLUMNS_OWN) return row->of[column].estimate;
  double value = row->more[column - VX_COLUMNS_OWN].estimate;
  return m->columns[column].higher ? value : -value;
}

/* Places of the rows: by family, then as in the run or by a column, best first. */
static void sort_rows(const making *m, const vx_score_row *rows, int column, int *order) {
  for (int i = 0; i < m->method_count; i++) {
    int rank = family_rank(rows[i].method->family), at = i;
    for (; at > 0; at--) {
      const vx_score_row *before = &rows[order[at - 1]];
      int other = family_rank(before->method->family);
      bool better = column >= 0 && sort_value(m, &rows[i], column) > sort_value(m, before, column);
      if (!(other > rank || (other == rank && better))) break;
      order[at] = order[at - 1];
    }
    order[at] = i;
  }
}

static bool sort_column(const making *m, int *column, vx_error *error) {
  const char *sort = m->options->sort, **words = VX_TAKE(m->arena, m->more_count + VX_COLUMNS_OWN + 1, const char *);
  *column = -1;
  if (!words) return vx_fail(error, vx_store_path(m->store), "out of memory");
  if (!sort || strcmp(sort, "run") == 0) return true;
  words[0] = "run";
  for (int i = 0; i < VX_COLUMNS_OWN + m->more_count; i++) {
    words[i + 1] = m->columns[i].name;
    if (strcmp(sort, m->columns[i].name) == 0) return *column = i, true;
  }
  vx_words known = VX_WORD_ARRAY(words, m->more_count + VX_COLUMNS_OWN + 1);
  return vx_fail(error, "--sort", "'%.60s' is neither run nor a measure of the run%s", sort,
                 vx_meant(sort, known, NULL).text);
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

/* A further measure of a row. For eyes "=" marks those level with the best, "^" the ceiling row, which is in no
 * ranking. */
static void put_more(making *m, int k, const vx_score_row *row, const vx_standing *standing) {
  const vx_column *c = &m->more[k];
  const vx_score_value *value = &row->more[k];
  int at = COLUMNS + VALUES * k, digits = c->scale == 100 ? 2 : 3;
  bool ceiling = vx_column_has_ceiling(c, row->method), ranked = standing && standing->rank && !ceiling;
  vx_sheet_real(m->sheet, at + VALUE, c->scale * value->estimate);
  vx_sheet_real(m->sheet, at + VALUE_LOW, c->scale * value->low);
  vx_sheet_real(m->sheet, at + VALUE_HIGH, c->scale * value->high);
  vx_sheet_int(m->sheet, at + VALUE_N, row->more_n[k]);
  if (!isnan(value->low))
    vx_sheet_show(m->sheet, at + VALUE_LOW, "[%.*f, %.*f]", digits - 1, c->scale * value->low, digits - 1,
                  c->scale * value->high);
  if (!isnan(value->estimate))
    vx_sheet_show(m->sheet, at + VALUE, "%.*f%s", digits, c->scale * value->estimate,
                  ceiling                     ? "^"
                  : !m->more_standings[k]     ? ""
                  : ranked && standing->level ? "="
                                              : " ");
  if (ceiling) vx_sheet_text(m->sheet, at + VALUE_LEVEL, "ceiling");
  if (!ranked) return;
  vx_sheet_text(m->sheet, at + VALUE_LEVEL, standing->level ? "yes" : "no");
  vx_sheet_int(m->sheet, at + VALUE_RANK_LOW, standing->low);
  if (standing->high > standing->low)
    vx_sheet_show(m->sheet, at + VALUE_RANK_LOW, "%d–%d", standing->low, standing->high);
  vx_sheet_int(m->sheet, at + VALUE_RANK_HIGH, standing->high);
}

/* `place`: of the row among standings. */
static void put_row(making *m, const char *group, const vx_score_row *row, int place) {
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
    put_more(m, k, row, m->more_standings[k] ? &m->more_standings[k][place] : NULL);
    m->own_n[k] = m->own_n[k] || row->more_n[k] != row->n;
    m->same_n[k] = m->same_n[k] == -2 || m->same_n[k] == row->more_n[k] ? row->more_n[k] : -1;
  }
  vx_sheet_int(m->sheet, m->n, row->n);
  vx_sheet_int(m->sheet, m->flat, row->flat);
  if (m->standings) put_standing(m, &m->standings[place]);
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
    double value = vx_published_score_of(theirs, m->names[k]);
    vx_sheet_real(m->sheet, COLUMNS + VALUES * k, m->more[k].scale / 100 * value);
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
    double value = vx_published_score_of(theirs, m->names[k]) / 100;
    vx_sheet_real(m->sheet, COLUMNS + VALUES * k, m->more[k].scale * (ours->more[k].estimate - value));
  }
}

/* Rows of one group of images in their order, published ones under the method that they are about; `first`: the group's
   place among standings. */
static bool put_group(making *m, const char *group, const bool *wanted, const char *condition, int first,
                      vx_error *error) {
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
                              .more = m->names,
                              .more_count = m->more_count};
  vx_score_row *rows;
  int column, *order = VX_TAKE(m->arena, m->method_count + 1, int);
  bool shown[PUBLISHED_MAX] = {false}, apart = false;
  if (!order) return vx_fail(error, vx_store_path(m->store), "out of memory");
  if (!sort_column(m, &column, error)) return false;
  if (!vx_scores_summarise(m->store, &request, m->arena, &rows, error)) return false;
  sort_rows(m, rows, column, order);
  for (int i = 0; i < m->method_count; i++) {
    const vx_score_row *row = &rows[order[i]];
    if (i && !group && strcmp(row->method->family, rows[order[i - 1]].method->family) != 0) vx_sheet_rule(m->sheet);
    put_row(m, group, row, first + order[i]);
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

/* What `vitx compare` decides on every pair by a column, as standings [groups][methods], the ceiling row left out. */
static bool stand_by(making *m, const vx_column *column, const vx_image_groups *groups, int *pairs,
                     vx_standing **standings, vx_error *error) {
  size_t images = (size_t)m->images.count, methods = (size_t)m->method_count, each = vx_pairs(methods);
  size_t count = groups ? (size_t)groups->count : 1;
  const vx_resampling none = {0};
  vx_arena *arena = vx_arena_new();
  double *values = arena ? VX_TAKE(arena, images * methods, double) : NULL;
  double *one = arena ? VX_TAKE(arena, images, double) : NULL;
  vx_pair *list = arena ? VX_TAKE(arena, count * each, vx_pair) : NULL;
  *standings = VX_TAKE(m->arena, count * methods, vx_standing);
  bool ok = (values && one && list && *standings) || vx_fail(error, vx_store_path(m->store), "out of memory");
  for (size_t k = 0; ok && k < methods; k++) {
    bool ceiling = vx_column_has_ceiling(column, &m->methods[k]);
    ok = vx_query_values(m->store, m->scoring.id, m->methods[k].id, &m->images, column->name, one, error);
    for (size_t i = 0; i < images; i++) values[i * methods + k] = ceiling ? (double)NAN : one[i];
  }
  const int *group = groups ? groups->group : NULL;
  ok = ok && vx_compare_groups(values, images, methods, group, count, &none, list, error);
  if (ok) vx_stand(values, images, methods, group, count, list, column->higher, *standings);
  for (size_t i = 0; ok && pairs && i < count * each; i++) *pairs += list[i].n > 0;
  vx_arena_free(arena);
  return ok;
}

/* Of means over images, and where that takes no longer than a table may: by IoU, then by the further measures, those
   for eyes first. */
static bool make_standings(making *m, const vx_image_groups *groups, vx_error *error) {
  enum { MOST = 20000000 }; /* pairs x images: about two seconds */
  size_t images = (size_t)m->images.count, pairs = vx_pairs((size_t)m->method_count);
  if (m->aggregate != VX_AGGREGATE_MEAN || pairs == 0 || images == 0 || images > MOST / pairs) return true;
  if (!stand_by(m, &m->columns[0], groups, &m->pairs, &m->standings, error)) return false;
  size_t left = MOST / pairs / images - 1;
  for (int hidden = 0; hidden < 2; hidden++) {
    for (int k = 0; k < m->more_count && left; k++) {
      if (m->shown[VX_COLUMNS_OWN + k] == hidden) continue;
      if (!stand_by(m, &m->more[k], groups, NULL, &m->more_standings[k], error)) return false;
      left--;
    }
  }
  return true;
}

static bool put_groups(making *m, vx_error *error) {
  if (!m->options->by) {
    return make_standings(m, NULL, error) && put_group(m, NULL, NULL, NULL, 0, error);
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
    if (!put_group(m, groups.names[g], wanted, groups.conditions[g], g * m->method_count, error)) return false;
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

/* Measures that were made on a sample, with its n where all rows have the same. */
static bool put_samples(making *m, vx_error *error) {
  for (int k = 0; k < m->more_count; k++) {
    vx_text titles = {0};
    int n = m->same_n[k];
    if (!m->own_n[k] || n < 0) continue;
    for (int o = k; o < m->more_count; o++) {
      if (!m->own_n[o] || m->same_n[o] != n) continue;
      m->own_n[o] = false; /* said */
      if (m->shown[VX_COLUMNS_OWN + o]) vx_text_add(&titles, "%s%s", titles.length ? ", " : "", m->more[o].title);
    }
    if (titles.text) vx_sheet_note(m->sheet, "On %d images of them: %s.", n, titles.text);
    bool whole = !titles.broken;
    free(titles.text);
    if (!whole) return vx_fail(error, vx_store_path(m->store), "out of memory");
  }
  return true;
}

/* What to know of the further measures for eyes. */
static bool put_more_notes(making *m, vx_error *error) {
  vx_text lower = {0}, faithful = {0};
  int hidden = 0;
  bool ties = false, ceiling = false;
  for (int k = 0; k < m->more_count; k++) {
    const vx_column *c = &m->more[k];
    if (!m->shown[VX_COLUMNS_OWN + k]) {
      hidden++;
      continue;
    }
    ties = ties || m->more_standings[k];
    for (int i = 0; i < m->method_count; i++) ceiling = ceiling || vx_column_has_ceiling(c, &m->methods[i]);
    if (!c->higher) vx_text_add(&lower, "%s%s", lower.length ? ", " : "", c->title);
    if (vx_column_is_faithful(c)) vx_text_add(&faithful, "%s%s", faithful.length ? ", " : "", c->title);
    if (m->own_n[k] && m->same_n[k] < 0) vx_sheet_head(m->sheet, COLUMNS + VALUES * k + VALUE_N, "its n");
  }
  if (faithful.text)
    vx_sheet_note(m->sheet,
                  "%s: what the map has to do with the model; the others: how it lies on the object "
                  "(docs/measures.md).",
                  faithful.text);
  if (lower.text) vx_sheet_note(m->sheet, "Lower is better: %s.", lower.text);
  if (ties) vx_sheet_note(m->sheet, "= level with the best of its column, decided as by IoU.");
  if (ceiling)
    vx_sheet_note(m->sheet, "^ the ceiling, in no ranking: its map is the drops that the measure correlates with.");
  if (hidden) vx_sheet_note(m->sheet, "%d further measures: --metrics all shows them, CSV and JSON have them.", hidden);
  bool whole = !lower.broken && !faithful.broken;
  free(lower.text);
  free(faithful.text);
  if (!whole) return vx_fail(error, vx_store_path(m->store), "out of memory");
  return put_samples(m, error);
}

static bool put_notes(making *m, vx_error *error) {
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
  if (!put_more_notes(m, error)) return false;
  const char *titled = "";
  for (int p = 0; p < m->row_count; p++) {
    if (strcmp(titled, m->rows[p]->title) != 0) {
      vx_sheet_note(m->sheet, "%s: %s (%s).", m->rows[p]->study, m->rows[p]->title, m->rows[p]->source);
    }
    titled = m->rows[p]->title;
  }
  if (*m->scoring.note) vx_sheet_note(m->sheet, "Scoring %s: %s", m->scoring.name, m->scoring.note);
  return true;
}

/* For eyes without --metrics: the overlap, those of a published row, and a few of the rest: all where there are few,
   else the first that say what a map has to do with the model. */
static void show_some(making *m) {
  int faithful = 0;
  for (int i = 0; i < VX_COLUMNS_OWN + m->more_count; i++) {
    bool ours = vx_column_is_faithful(&m->columns[i]);
    m->shown[i] = i < VX_COLUMNS_OWN || m->more_count <= MORE_SHOWN || (ours && faithful < FAITHFUL_SHOWN);
    faithful += ours;
    for (int p = 0; p < m->row_count; p++)
      m->shown[i] = m->shown[i] || !isnan(vx_published_score_of(m->rows[p], m->columns[i].name));
  }
}

static bool choose_columns(making *m, vx_error *error) {
  int count;
  if (!vx_columns_read(m->store, m->run.id, m->scoring.id, m->arena, &m->columns, &count, error)) return false;
  m->more = m->columns + VX_COLUMNS_OWN;
  m->more_count = count - VX_COLUMNS_OWN;
  m->shown = VX_TAKE(m->arena, count + 1, bool);
  m->own_n = VX_TAKE(m->arena, count + 1, bool);
  m->same_n = VX_TAKE(m->arena, count + 1, int);
  m->names = VX_TAKE(m->arena, count + 1, const char *);
  m->more_standings = VX_TAKE(m->arena, count + 1, vx_standing *);
  if (!m->shown || !m->own_n || !m->same_n || !m->names || !m->more_standings)
    return vx_fail(error, vx_store_path(m->store), "out of memory");
  for (int k = 0; k < m->more_count; k++) {
    m->names[k] = m->more[k].name;
    m->own_n[k] = false;
    m->same_n[k] = -2;
    m->more_standings[k] = NULL;
  }
  if (m->options->metrics)
    return vx_columns_choose(m->columns, count, m->options->metrics, "--metrics", m->arena, m->shown, error);
  show_some(m);
  return true;
}

static bool read_run(making *m, vx_error *error) {
  const vx_table_options *o = m->options;
  return vx_query_run(m->store, o->run, m->arena, &m->run, error) &&
         vx_query_scoring(m->store, m->run.id, o->scoring, m->arena, &m->scoring, error) &&
         vx_query_methods(m->store, m->run.id, m->arena, &m->methods, &m->method_count, error) &&
         vx_query_images(m->store, &m->run, o->min_confidence, m->arena, &m->images, error) &&
         vx_aggregate_parse(o->aggregate ? o->aggregate : m->scoring.aggregate, &m->aggregate, error) &&
         choose_published(m, error) && choose_columns(m, error);
}

/* One column of the sheet, its key with an end. */
static void set_column(making *m, int column, const char *name, const char *end, const char *head, int decimals) {
  char key[120];
  snprintf(key, sizeof key, "%s%s", name, end);
  vx_sheet_column set = {key, head, decimals, false};
  vx_sheet_column_set(m->sheet, column, &set);
}

/* Columns of the further measures, by what the registry knows of them; then n and flat. Those that were asked for by
   name have their intervals and ranks for eyes, too. */
static bool make_sheet(making *m, vx_error *error) {
  m->n = COLUMNS + VALUES * m->more_count;
  m->flat = m->n + 1;
  vx_sheet_column *all = VX_TAKE(m->arena, m->flat + 1, vx_sheet_column);
  if (!all) return vx_fail(error, vx_store_path(m->store), "out of memory");
  memset(all, 0, (size_t)(m->flat + 1) * sizeof *all);
  memcpy(all, table_columns, sizeof table_columns);
  all[m->n] = (vx_sheet_column){"n", "n", 0, false};
  all[m->flat] = (vx_sheet_column){"flat", "flat", 0, false};
  m->sheet = vx_sheet_new(all, m->flat + 1);
  if (!m->sheet) return vx_fail(error, vx_store_path(m->store), "out of memory");
  bool named = m->options->metrics && strcmp(m->options->metrics, "all") != 0;
  for (int k = 0; k < m->more_count; k++) {
    const vx_column *c = &m->more[k];
    int at = COLUMNS + VALUES * k;
    bool shown = m->shown[VX_COLUMNS_OWN + k], whole = shown && named && m->options->resamples > 0;
    bool ranks = shown && named && m->aggregate == VX_AGGREGATE_MEAN;
    set_column(m, at + VALUE, c->name, "", shown ? c->title : NULL, c->scale == 100 ? 2 : 3);
    set_column(m, at + VALUE_LOW, c->name, "_low",
               whole || (shown && m->options->intervals && m->options->resamples > 0) ? "95 %" : NULL, 2);
    set_column(m, at + VALUE_HIGH, c->name, "_high", NULL, 2);
    set_column(m, at + VALUE_N, c->name, "_n", NULL, 0);
    set_column(m, at + VALUE_LEVEL, c->name, "_level_with_best", NULL, 0);
    set_column(m, at + VALUE_RANK_LOW, c->name, "_rank_low", ranks ? "ranks" : NULL, 0);
    set_column(m, at + VALUE_RANK_HIGH, c->name, "_rank_high", NULL, 0);
  }
  return true;
}

/* Which of the overlap's columns are for eyes. */
static void show_overlap(making *m) {
  static const int low[] = {IOU_LOW, F1_LOW, PIXEL_ACCURACY_LOW, OVER_CHANCE_LOW};
  static const int value[] = {IOU, F1, PIXEL_ACCURACY, OVER_CHANCE};
  bool pooled = m->aggregate == VX_AGGREGATE_POOLED;
  for (int i = 0; i < 4; i++) {
    bool shown = i < VX_COLUMNS_OWN ? m->shown[i] : m->shown[0] && m->shown[1] && !pooled;
    bool interval = shown && m->options->resamples > 0 && (i == 0 || m->options->intervals);
    if (!shown) vx_sheet_head(m->sheet, value[i], NULL);
    vx_sheet_head(m->sheet, low[i], interval ? "95 %" : NULL);
  }
  if (m->shown[0]) return;
  vx_sheet_head(m->sheet, LEVEL, NULL);
  vx_sheet_head(m->sheet, RANK_LOW, NULL);
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
  show_overlap(m);
  if (!vx_truth_note(m->store, m->run.id, m->arena, m->sheet, &m->untrue, error) || !put_groups(m, error)) return false;
  put_published_notes(m);
  return put_notes(m, error);
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
