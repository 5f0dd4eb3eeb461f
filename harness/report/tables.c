/* The measures of a report: for each its mean and interval a method, its value for each image, and every method
   against every other. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/report/parts.h"
#include "harness/tables/across.h"
#include "metrics/chance.h"
#include "statistics/standing.h"

/* Methods beyond this many are not compared pair by pair: the table would have thousands of rows. */
enum { COMPARED_MAX = 64 };

/* One measure at work. */
typedef struct measuring {
  vx_report *report;
  const char *name;
  const vx_column *column; /* NULL: IoU over chance, which no column of the file is */
  double *values;          /* [images][methods] */
  vx_interval *intervals;  /* [methods] */
} measuring;

static size_t values_count(const vx_report *report) {
  return (size_t)report->images.count * (size_t)report->method_count;
}

/* ---- what a measure is ------------------------------------------------------------------------------------------ */

/* The place of the method that is the measure's ceiling; -1: none. */
static int ceiling_of(const measuring *m) {
  for (int k = 0; m->column && k < m->report->method_count; k++)
    if (vx_column_has_ceiling(m->column, &m->report->methods[k])) return k;
  return -1;
}

static const vx_column over_chance = {
    .title = "IoU over chance",
    .meaning = "IoU less the IoU expected of a random mask of as many pixels as the method's.",
    .of = "overlap",
    .parameters = "",
    .scale = 100,
    .higher = true,
};

static json_t *describe(const measuring *m) {
  const vx_column *c = m->column ? m->column : &over_chance;
  double low = !m->column ? -1 : c->about ? c->about->low : NAN, high = c->about ? c->about->high : 1;
  json_t *into = json_pack("{s:o, s:o, s:o, s:b, s:b, s:[o, o]}", "name", vx_embed_text(m->name), "title",
                           vx_embed_text(c->title), "meaning", vx_embed_text(c->meaning), "percent", c->scale == 100,
                           "higher", c->higher, "range", vx_embed_number(low, 6), vx_embed_number(high, 6));
  vx_report_put(m->report, into, "of", vx_embed_text(c->of));
  vx_report_put(m->report, into, "measure", vx_embed_text(c->measure ? c->measure->id : ""));
  vx_report_put(m->report, into, "parameters", vx_embed_text(c->parameters));
  vx_report_put(m->report, into, "faithful", json_boolean(m->column && vx_column_is_faithful(c)));
  vx_report_put(m->report, into, "ceiling", json_integer(ceiling_of(m)));
  return into;
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

static bool read_values(const measuring *m, vx_arena *arena, vx_error *error) {
  vx_report *report = m->report;
  size_t methods = (size_t)report->method_count;
  double *column = VX_TAKE(arena, report->images.count + 1, double);
  if (!column) return vx_fail(error, "report", "out of memory");
  for (size_t k = 0; k < methods; k++) {
    if (!vx_query_values(report->store, report->scoring.id, report->methods[k].id, &report->images, m->name, column,
                         error)) {
      return false;
    }
    for (int i = 0; i < report->images.count; i++) m->values[(size_t)i * methods + k] = column[i];
  }
  return true;
}

static bool read_over_chance(const measuring *m, vx_arena *arena, vx_error *error) {
  vx_report *report = m->report;
  size_t methods = (size_t)report->method_count;
  vx_score_columns c;
  if (!vx_score_columns_take(&c, report->images.count, arena)) return vx_fail(error, "report", "out of memory");
  for (size_t k = 0; k < methods; k++) {
    if (!vx_query_evaluations(report->store, report->scoring.id, report->methods[k].id, &report->images, &c, error)) {
      return false;
    }
    for (int i = 0; i < report->images.count; i++) {
      double truth = c.tp[i] + c.fn[i], mask = c.tp[i] + c.fp[i], all = truth + c.fp[i] + c.tn[i];
      m->values[(size_t)i * methods + k] = c.iou[i] - vx_chance_iou(all, truth, mask);
    }
  }
  return true;
}

static void put_values(const measuring *m, json_t *into) {
  int methods = m->report->method_count, images = m->report->images.count;
  json_t *all = vx_report_put_list(m->report, into, "values");
  for (int k = 0; k < methods; k++) {
    json_t *list = json_array();
    for (int i = 0; i < images; i++)
      vx_report_push(m->report, list, vx_embed_number(m->values[(size_t)i * (size_t)methods + (size_t)k], 5));
    vx_report_push(m->report, all, list);
  }
}

/* ---- means ------------------------------------------------------------------------------------------------------ */

/* Of a further measure; the paper's own and what is over chance come from vx_scores_summarise, as in `vx table`. */
static bool estimate(const measuring *m, vx_error *error) {
  const vx_report *report = m->report;
  const vx_report_options *o = report->options;
  vx_sample sample = {
      .images = (size_t)report->images.count, .columns = (size_t)report->method_count, .numerators = m->values};
  vx_resampling how = {.resamples = (size_t)o->resamples, .seed = o->seed};
  if (o->resamples > 0 && report->images.count <= VX_BOOTSTRAP_IMAGES && report->images.count > 0) {
    return vx_bootstrap_intervals(&sample, &how, 0.95, m->intervals, error);
  }
  double *estimates = malloc((sample.columns + 1) * sizeof *estimates);
  bool ok = estimates ? vx_estimate(&sample, estimates, error) : vx_fail(error, "report", "out of memory");
  for (size_t k = 0; ok && k < sample.columns; k++) m->intervals[k] = (vx_interval){estimates[k], NAN, NAN};
  free(estimates);
  return ok;
}

static void put_rows(const measuring *m, json_t *into) {
  size_t methods = (size_t)m->report->method_count;
  json_t *rows = vx_report_put_list(m->report, into, "rows");
  for (size_t k = 0; k < methods; k++) {
    int n = 0;
    for (int i = 0; i < m->report->images.count; i++) n += !isnan(m->values[(size_t)i * methods + k]);
    const vx_interval *v = &m->intervals[k];
    vx_report_push(m->report, rows,
                   json_pack("[o, o, o, i]", vx_embed_number(v->estimate, 9), vx_embed_number(v->low, 9),
                             vx_embed_number(v->high, 9), n));
  }
}

/* ---- every method against every other --------------------------------------------------------------------------- */

/* A pair as the page has it: a, b, n, difference, low, high, Wilcoxon's p after Holm, the permutation's p and how many
   flips it has (0: exact), wins, ties, losses, whether the two are told apart. */
static json_t *pair_json(const vx_pair *p) {
  return json_pack("[i, i, i, o, o, o, o, o, i, i, i, i, b]", (int)p->a, (int)p->b, (int)p->n,
                   vx_embed_number(p->difference, 6), vx_embed_number(p->low, 6), vx_embed_number(p->high, 6),
                   vx_embed_number(p->wilcoxon_holm, 4), vx_embed_number(p->permutation_p, 5), (int)p->flips,
                   (int)p->effect.wins, (int)p->effect.ties, (int)p->effect.losses, vx_pair_differs(p));
}

static json_t *standing_json(const vx_standing *s) {
  return s->rank ? json_pack("[i, i, i, b]", s->rank, s->low, s->high, s->level) : json_null();
}

static bool put_pairs(const measuring *m, bool higher, json_t *into, vx_error *error) {
  const vx_report *report = m->report;
  size_t methods = (size_t)report->method_count, images = (size_t)report->images.count, count = vx_pairs(methods);
  if (methods < 2 || methods > COMPARED_MAX || images == 0) return true;
  vx_pair *pairs = malloc(count * sizeof *pairs);
  vx_standing *standings = malloc(methods * sizeof *standings);
  vx_resampling how = {.resamples = (size_t)report->options->resamples, .seed = report->options->seed};
  bool ok = pairs && standings ? vx_compare_groups(m->values, images, methods, NULL, 1, &how, pairs, error)
                               : vx_fail(error, "report", "out of memory");
  if (ok) {
    json_t *list = vx_report_put_list(m->report, into, "pairs");
    json_t *places = vx_report_put_list(m->report, into, "standings");
    vx_stand(m->values, images, methods, NULL, 1, pairs, higher, standings);
    for (size_t i = 0; i < count; i++) vx_report_push(m->report, list, pair_json(&pairs[i]));
    for (size_t k = 0; k < methods; k++) vx_report_push(m->report, places, standing_json(&standings[k]));
  }
  free(pairs);
  free(standings);
  return ok;
}

/* ---- one measure ------------------------------------------------------------------------------------------------- */

/* `rows`: the paper's measures, computed already; NULL: from the values. */
static bool add_measure(measuring *m, const vx_score_row *rows, int of, json_t *list, vx_arena *arena,
                        vx_error *error) {
  size_t methods = (size_t)m->report->method_count;
  json_t *into = describe(m);
  bool ok = m->column ? read_values(m, arena, error) : read_over_chance(m, arena, error);
  if (ok && rows) {
    for (size_t k = 0; k < methods; k++)
      m->intervals[k] = (vx_interval){rows[k].of[of].estimate, rows[k].of[of].low, rows[k].of[of].high};
  } else if (ok) {
    ok = estimate(m, error);
  }
  if (ok) {
    put_rows(m, into);
    put_values(m, into);
    int ceiling = ceiling_of(m); /* is in no ranking */
    for (int i = 0; ceiling >= 0 && i < m->report->images.count; i++)
      m->values[(size_t)i * methods + (size_t)ceiling] = NAN;
    ok = put_pairs(m, json_is_true(json_object_get(into, "higher")), into, error);
  }
  vx_report_push(m->report, list, into);
  return ok;
}

/* ---- measures against each other --------------------------------------------------------------------------------- */

/* The names of the measures, how many images have all of them, and for each pair of measures [first, second, Spearman
   and its interval, Kendall, methods]: over the methods that look at the model. */
static bool add_agreement(vx_report *report, json_t *summary, vx_error *error) {
  enum { MOST = 40, RESAMPLES = 1000 }; /* of each of 780 pairs */
  vx_across a;
  vx_resampling how = {.resamples = (size_t)report->options->resamples, .seed = report->options->seed};
  int count = report->column_count < MOST ? report->column_count : MOST;
  bool *looking = VX_TAKE(report->arena, report->method_count + 1, bool);
  json_t *into = vx_report_put_object(report, summary, "agreement");
  json_t *names = vx_report_put_list(report, into, "names"), *pairs = vx_report_put_list(report, into, "pairs");
  if (!looking) return vx_fail(error, "report", "out of memory");
  if (how.resamples > RESAMPLES) how.resamples = RESAMPLES;
  if (report->images.count > VX_BOOTSTRAP_IMAGES) how.resamples = 0;
  for (int m = 0; m < report->method_count; m++) looking[m] = !report->methods[m].trivial;
  if (!vx_across_make(report->store, report->scoring.id, &report->images, report->columns, count, report->methods,
                      looking, report->method_count, &how, false, report->arena, &a, error))
    return false;
  const vx_rank_agreement *g = a.agreements;
  for (int i = 0; a.images && i < count; i++) {
    vx_report_push(report, names, vx_embed_text(report->columns[i].name));
    for (int j = i + 1; j < count; j++, g++)
      vx_report_push(report, pairs,
                     json_pack("[i, i, o, o, o, o, i]", i, j, vx_embed_number(g->spearman, 4),
                               vx_embed_number(g->spearman_low, 4), vx_embed_number(g->spearman_high, 4),
                               vx_embed_number(g->kendall, 4), (int)g->methods));
  }
  vx_report_put(report, into, "images", json_integer(a.images));
  return true;
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static void add_counts(vx_report *report, const vx_score_row *rows, json_t *summary) {
  json_t *list = vx_report_put_list(report, summary, "tallies");
  for (int k = 0; k < report->method_count; k++)
    vx_report_push(report, list,
                   json_pack("{s:I, s:I, s:i, s:i}", "n", (json_int_t)rows[k].n, "flat", (json_int_t)rows[k].flat,
                             "failed", rows[k].failed, "unscored", rows[k].unscored));
}

bool vx_report_add_tables(vx_report *report, json_t *summary, vx_error *error) {
  vx_score_row *rows;
  vx_score_request request = {.run = &report->run,
                              .scoring = &report->scoring,
                              .methods = report->methods,
                              .method_count = report->method_count,
                              .images = &report->images,
                              .whole = isnan(report->options->min_confidence),
                              .resamples = report->options->resamples,
                              .seed = report->options->seed};
  vx_arena *arena = report->arena;
  measuring m = {.report = report,
                 .values = VX_TAKE(arena, values_count(report) + 1, double),
                 .intervals = VX_TAKE(arena, report->method_count + 1, vx_interval)};
  json_t *list = vx_report_put_list(report, summary, "metrics");
  if (!m.values || !m.intervals) return vx_fail(error, "report", "out of memory");
  if (!vx_aggregate_parse(report->scoring.aggregate, &request.aggregate, error) ||
      !vx_scores_summarise(report->store, &request, arena, &rows, error))
    return false;
  for (int k = 0; k < report->column_count + 1; k++) { /* IoU over chance stands after the paper's own */
    int at = k < VX_COLUMNS_OWN ? k : k - 1;
    m.column = k == VX_COLUMNS_OWN ? NULL : &report->columns[at];
    m.name = m.column ? m.column->name : "over_chance";
    if (!add_measure(&m, k <= VX_COLUMNS_OWN ? rows : NULL, k, list, arena, error)) return false;
  }
  add_counts(report, rows, summary);
  return add_agreement(report, summary, error);
}
