#include "harness/tables/scores.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "metrics/chance.h"
#include "statistics/bootstrap.h"

bool vx_aggregate_parse(const char *text, vx_aggregate *aggregate, vx_error *error) {
  int found = vx_choice_find("mean|pooled|class", text);
  *aggregate = found < 0 ? VX_AGGREGATE_MEAN : (vx_aggregate)found;
  return found >= 0 || vx_fail(error, "--aggregate", "'%s' is none of mean, pooled, class", text);
}

const char *vx_aggregate_title(vx_aggregate aggregate) {
  static const char *const titles[] = {"mean over images", "pooled over images (from summed counts)",
                                       "mean over classes of the mean over a class' images"};
  return titles[aggregate];
}

/* All that a bootstrap needs: columns are methods x measures. */
typedef struct gathered {
  size_t images, columns;
  double *numerators, *denominators; /* [images][columns]; denominators NULL: 1 */
  int *group;                        /* [images] main class; NULL: one group */
  int groups;
} gathered;

static bool wanted(const vx_score_request *r, int image) {
  return !r->wanted || r->wanted[image];
}

/* The quotient of one measure for one image: numerator and denominator (1 for means). */
static void quotient(const vx_score_request *r, const vx_score_columns *c, int i, int measure, double *over,
                     double *under) {
  double truth = c->tp[i] + c->fn[i], mask = c->tp[i] + c->fp[i], all = truth + c->fp[i] + c->tn[i];
  double chance = vx_chance_iou(all, truth, mask);
  bool recall = strcmp(r->scoring->pixel_accuracy, "recall") == 0;
  *under = 1;
  if (r->aggregate != VX_AGGREGATE_POOLED) {
    const double means[] = {c->iou[i], c->f1[i], c->pixel_accuracy[i], c->iou[i] - chance};
    *over = means[measure];
    return;
  }
  switch (measure) {
  case VX_SCORE_IOU:
    *over = c->tp[i], *under = c->tp[i] + c->fp[i] + c->fn[i];
    break;
  case VX_SCORE_F1:
    *over = 2 * c->tp[i], *under = truth + mask;
    break;
  case VX_SCORE_PIXEL_ACCURACY:
    *over = recall ? c->tp[i] : c->tp[i] + c->tn[i], *under = recall ? truth : all;
    break;
  default:
    *over = NAN; /* chance is a matter of one image */
  }
}

static void gather_method(const vx_score_request *r, const vx_score_columns *columns, int method, gathered *g) {
  size_t at = 0;
  for (int i = 0; i < r->images->count; i++) {
    if (!wanted(r, i)) continue;
    for (int k = 0; k < VX_SCORE_MEASURES; k++) {
      size_t place = at * g->columns + (size_t)(method * VX_SCORE_MEASURES + k);
      double under;
      quotient(r, columns, i, k, &g->numerators[place], &under);
      if (g->denominators) g->denominators[place] = under;
    }
    at++;
  }
}

/* A further measure that is a quotient of counts is pooled like IoU; the others are means over images all the same.
   Mean IoU is made of two quotients: see pool_mean_iou. */
static bool is_pooled(const char *metric) {
  return strcmp(metric, "background_iou") == 0 || strcmp(metric, "precision") == 0 || strcmp(metric, "recall") == 0;
}

static void pool_more(const vx_score_columns *c, int i, const char *metric, double *over, double *under) {
  if (strcmp(metric, "background_iou") == 0) *over = c->tn[i], *under = c->tn[i] + c->fp[i] + c->fn[i];
  if (strcmp(metric, "precision") == 0) *over = c->tp[i], *under = c->tp[i] + c->fp[i];
  if (strcmp(metric, "recall") == 0) *over = c->tp[i], *under = c->tp[i] + c->fn[i];
}

/* One further measure of one method: numerators (and denominators) of the wanted images, and how many there are. */
static bool gather_more(vx_store *store, const vx_score_request *r, int metric, int method, vx_score_columns *columns,
                        double *values, gathered *g, int *n, vx_error *error) {
  const char *name = r->more[metric];
  bool pooled = r->aggregate == VX_AGGREGATE_POOLED && is_pooled(name);
  size_t at = 0;
  int64_t id = r->methods[method].id;
  if (!vx_query_values(store, r->scoring->id, id, r->images, name, values, error) ||
      (pooled && !vx_query_evaluations(store, r->scoring->id, id, r->images, columns, error)))
    return false;
  *n = 0;
  for (int i = 0; i < r->images->count; i++) {
    if (!wanted(r, i)) continue;
    double over = values[i], under = 1;
    *n += !isnan(over);
    if (pooled) pool_more(columns, i, name, &over, &under);
    g->numerators[at * g->columns + (size_t)method] = over;
    if (g->denominators) g->denominators[at * g->columns + (size_t)method] = under;
    at++;
  }
  return true;
}

/* Pooled mean IoU is the mean of two pooled quotients, foreground's and background's. */
static void pool_mean_iou(const vx_score_request *r, vx_score_row *row) {
  int mean = -1, background = -1;
  for (int k = 0; k < r->more_count; k++) {
    if (strcmp(r->more[k], "miou") == 0) mean = k;
    if (strcmp(r->more[k], "background_iou") == 0) background = k;
  }
  if (mean < 0) return;
  double other = background < 0 ? NAN : row->more[background].estimate;
  row->more[mean] = (vx_score_value){(row->of[VX_SCORE_IOU].estimate + other) / 2, NAN, NAN};
}

/* Counts of the wanted images; the columns' own are over the whole set. */
static void count_method(const vx_score_request *r, const vx_score_columns *c, vx_score_row *row) {
  row->failed = c->failed;
  row->unscored = c->unscored;
  for (int i = 0; i < r->images->count; i++) {
    if (!wanted(r, i)) continue;
    row->n += !isnan(c->iou[i]);
    row->flat += c->flat[i];
  }
}

static bool take_gathered(const vx_score_request *r, int width, gathered *g, vx_arena *arena) {
  for (int i = 0; i < r->images->count; i++) g->images += wanted(r, i);
  g->columns = (size_t)r->method_count * (size_t)width;
  g->numerators = vx_arena_take(arena, g->images * g->columns + 1, sizeof(double));
  if (r->aggregate == VX_AGGREGATE_POOLED) {
    g->denominators = vx_arena_take(arena, g->images * g->columns + 1, sizeof(double));
    if (!g->denominators) return false;
  }
  if (r->aggregate == VX_AGGREGATE_CLASS) {
    g->group = VX_TAKE(arena, g->images + 1, int);
    if (!g->group) return false;
    size_t at = 0;
    for (int i = 0; i < r->images->count; i++) {
      if (!wanted(r, i)) continue;
      g->group[at++] = r->images->rows[i].main_class;
      if (r->images->rows[i].main_class >= g->groups) g->groups = r->images->rows[i].main_class + 1;
    }
  }
  return g->numerators != NULL;
}

/* values [columns] from what was gathered, with intervals where they are wanted. */
static bool estimate(const vx_score_request *r, const gathered *g, vx_arena *arena, vx_score_value *values,
                     vx_error *error) {
  vx_interval *intervals = VX_TAKE(arena, g->columns + 1, vx_interval);
  double *estimates = VX_TAKE(arena, g->columns + 1, double);
  if (!intervals || !estimates) return vx_fail(error, "scores", "out of memory");
  vx_sample sample = {.images = g->images,
                      .columns = g->columns,
                      .numerators = g->numerators,
                      .denominators = g->denominators,
                      .group = g->group,
                      .groups = g->groups};
  vx_resampling how = {.resamples = (size_t)r->resamples, .seed = r->seed};
  bool intervals_too = r->resamples > 0 && g->images > 0;
  if (intervals_too ? !vx_bootstrap_intervals(&sample, &how, 0.95, intervals, error)
                    : !vx_estimate(&sample, estimates, error))
    return false;
  for (size_t k = 0; k < g->columns; k++)
    values[k] = intervals_too ? (vx_score_value){intervals[k].estimate, intervals[k].low, intervals[k].high}
                              : (vx_score_value){estimates[k], NAN, NAN};
  return true;
}

static bool summarise_rows(vx_store *store, const vx_score_request *r, vx_arena *arena, vx_score_row *rows,
                           vx_error *error) {
  gathered g = {0};
  vx_score_columns columns;
  vx_score_value *found = VX_TAKE(arena, r->method_count * VX_SCORE_MEASURES + 1, vx_score_value);
  if (!found || !take_gathered(r, VX_SCORE_MEASURES, &g, arena) ||
      !vx_score_columns_take(&columns, r->images->count, arena))
    return vx_fail(error, vx_store_path(store), "out of memory");
  for (int m = 0; m < r->method_count; m++) {
    if (!vx_query_evaluations(store, r->scoring->id, r->methods[m].id, r->images, &columns, error)) return false;
    gather_method(r, &columns, m, &g);
    count_method(r, &columns, &rows[m]);
  }
  if (!estimate(r, &g, arena, found, error)) return false;
  for (int m = 0; m < r->method_count; m++) memcpy(rows[m].of, found + m * VX_SCORE_MEASURES, sizeof rows[m].of);
  return true;
}

static vx_score_value normal_value(double sum, double squares, int64_t count, bool interval) {
  double n = (double)count, mean = sum / n;
  if (count == 0) return (vx_score_value){NAN, NAN, NAN};
  if (count < 2 || !interval) return (vx_score_value){mean, NAN, NAN};
  double variance = fmax(0, (squares - n * mean * mean) / (n - 1)), half = 1.959963984540054 * sqrt(variance / n);
  return (vx_score_value){mean, mean - half, mean + half};
}

static bool summarise_totals(vx_store *store, const vx_score_request *r, vx_score_row *rows, vx_error *error) {
  for (int m = 0; m < r->method_count; m++) {
    vx_total t;
    if (!vx_query_total(store, r->scoring->id, r->methods[m].id, r->condition, &t, error)) return false;
    rows[m].n = t.n;
    rows[m].flat = t.flat;
    rows[m].of[VX_SCORE_IOU] = normal_value(t.iou, t.iou2, t.n, r->resamples > 0);
    rows[m].of[VX_SCORE_F1] = normal_value(t.f1, t.f1_2, t.n, r->resamples > 0);
    rows[m].of[VX_SCORE_PIXEL_ACCURACY] = normal_value(t.pixel_accuracy, t.pixel_accuracy2, t.n, r->resamples > 0);
    rows[m].of[VX_SCORE_OVER_CHANCE] = (vx_score_value){NAN, NAN, NAN};
  }
  return true;
}

/* A part of very many images: the mean and its normal interval, without resampling. */
static bool summarise_many(vx_store *store, const vx_score_request *r, vx_arena *arena, vx_score_row *rows,
                           vx_error *error) {
  vx_score_columns columns;
  if (!vx_score_columns_take(&columns, r->images->count, arena)) {
    return vx_fail(error, vx_store_path(store), "out of memory");
  }
  for (int m = 0; m < r->method_count; m++) {
    if (!vx_query_evaluations(store, r->scoring->id, r->methods[m].id, r->images, &columns, error)) return false;
    count_method(r, &columns, &rows[m]);
    for (int k = 0; k < VX_SCORE_MEASURES; k++) {
      double sum = 0, squares = 0;
      for (int i = 0; i < r->images->count; i++) {
        double value, under;
        if (!wanted(r, i) || isnan(columns.iou[i])) continue;
        quotient(r, &columns, i, k, &value, &under);
        sum += value;
        squares += value * value;
      }
      rows[m].of[k] = normal_value(sum, squares, rows[m].n, r->resamples > 0);
    }
  }
  return true;
}

/* Beyond VX_BOOTSTRAP_IMAGES: the mean and its normal interval. */
static vx_score_value normal_of(const gathered *g, int method, bool interval) {
  double sum = 0, squares = 0;
  int64_t n = 0;
  for (size_t i = 0; i < g->images; i++) {
    double value = g->numerators[i * g->columns + (size_t)method];
    if (isnan(value)) continue;
    sum += value;
    squares += value * value;
    n++;
  }
  return normal_value(sum, squares, n, interval);
}

/* The further measures, one after the other: draws depend on the seed alone, so that a measure's interval is the same
   whatever stands beside it. */
static bool summarise_more(vx_store *store, const vx_score_request *r, bool many, vx_arena *arena, vx_score_row *rows,
                           vx_error *error) {
  gathered g = {0};
  vx_score_columns columns;
  double *values = VX_TAKE(arena, r->images->count + 1, double);
  vx_score_value *found = VX_TAKE(arena, r->method_count + 1, vx_score_value);
  if (!values || !found || !take_gathered(r, 1, &g, arena) || !vx_score_columns_take(&columns, r->images->count, arena))
    return vx_fail(error, vx_store_path(store), "out of memory");
  for (int k = 0; k < r->more_count; k++) {
    for (int m = 0; m < r->method_count; m++)
      if (!gather_more(store, r, k, m, &columns, values, &g, &rows[m].more_n[k], error)) return false;
    if (!many && !estimate(r, &g, arena, found, error)) return false;
    for (int m = 0; m < r->method_count; m++) rows[m].more[k] = many ? normal_of(&g, m, r->resamples > 0) : found[m];
  }
  for (int m = 0; m < r->method_count && r->aggregate == VX_AGGREGATE_POOLED; m++) pool_mean_iou(r, &rows[m]);
  return true;
}

bool vx_scores_summarise(vx_store *store, const vx_score_request *request, vx_arena *arena, vx_score_row **rows,
                         vx_error *error) {
  *rows = VX_TAKE(arena, request->method_count + 1, vx_score_row);
  if (!*rows) return vx_fail(error, vx_store_path(store), "out of memory");
  memset(*rows, 0, (size_t)request->method_count * sizeof **rows);
  for (int m = 0; m < request->method_count; m++) {
    vx_score_row *row = &(*rows)[m];
    row->method = &request->methods[m];
    row->more = VX_TAKE(arena, request->more_count + 1, vx_score_value);
    row->more_n = VX_TAKE(arena, request->more_count + 1, int);
    if (!row->more || !row->more_n) return vx_fail(error, vx_store_path(store), "out of memory");
  }
  bool many = request->images->count > VX_BOOTSTRAP_IMAGES && request->aggregate == VX_AGGREGATE_MEAN;
  bool sums = many && request->whole && (!request->wanted || request->condition);
  if (sums ? !summarise_totals(store, request, *rows, error)
           : !(many ? summarise_many : summarise_rows)(store, request, arena, *rows, error))
    return false;
  return request->more_count == 0 || summarise_more(store, request, many, arena, *rows, error);
}

/* ---- groups ------------------------------------------------------------------------------------------------- */

static bool group_by_class(vx_store *store, const vx_run_row *run, const vx_image_set *images, vx_arena *arena,
                           vx_image_groups *groups, vx_error *error) {
  vx_class_row *classes;
  int count;
  if (!vx_query_classes(store, run->id, arena, &classes, &count, error)) return false;
  const char **names = VX_TAKE(arena, count + 1, const char *);
  const char **conditions = VX_TAKE(arena, count + 1, const char *);
  if (!names || !conditions) return vx_fail(error, vx_store_path(store), "out of memory");
  for (int c = 0; c < count; c++) {
    bool any = false;
    for (int i = 0; i < images->count; i++) {
      if (images->rows[i].main_class != classes[c].index) continue;
      groups->group[i] = groups->count;
      any = true;
    }
    if (!any) continue;
    char *condition = VX_TAKE(arena, 32, char);
    if (!condition) return vx_fail(error, vx_store_path(store), "out of memory");
    snprintf(condition, 32, "class = %d", classes[c].index);
    conditions[groups->count] = condition;
    names[groups->count++] = classes[c].name;
  }
  groups->names = names;
  groups->conditions = conditions;
  return true;
}

bool vx_image_groups_make(vx_store *store, const vx_run_row *run, const vx_image_set *images, const char *by,
                          vx_arena *arena, vx_image_groups *groups, vx_error *error) {
  static const char *const correct[] = {"wrong", "right", "unknown"};
  static const char *const sizes[] = {"small", "medium", "large", "none"};
  static const char *const of_correct[] = {"correct = 0", "correct = 1", "correct = -1"};
  static const char *const of_size[] = {"size = 'small'", "size = 'medium'", "size = 'large'", "size = 'none'"};
  *groups = (vx_image_groups){.group = VX_TAKE(arena, images->count + 1, int)};
  if (!groups->group) return vx_fail(error, vx_store_path(store), "out of memory");
  for (int i = 0; i < images->count; i++) groups->group[i] = -1;
  if (strcmp(by, "class") == 0) return group_by_class(store, run, images, arena, groups, error);
  bool is_correct = strcmp(by, "correct") == 0;
  if (!is_correct && strcmp(by, "size") != 0) {
    return vx_fail(error, "--by", "'%s' is none of class, correct, size", by);
  }
  groups->names = is_correct ? correct : sizes;
  groups->conditions = is_correct ? of_correct : of_size;
  groups->count = is_correct ? 3 : 4;
  for (int i = 0; i < images->count; i++) {
    vx_answer answer = images->rows[i].correct;
    if (is_correct) groups->group[i] = answer == VX_UNKNOWN ? 2 : (int)answer;
    for (int s = 0; !is_correct && s < 4; s++) {
      if (strcmp(images->rows[i].size, sizes[s]) == 0) groups->group[i] = s;
    }
  }
  return true;
}
