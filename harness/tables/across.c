#include "harness/tables/across.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/store/choose.h"
#include "harness/tables/heading.h"
#include "harness/tables/truth_note.h"

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

static bool no_memory(vx_store *store, vx_error *error) {
  return vx_fail(error, vx_store_path(store), "out of memory");
}

/* values [images][count][methods] of the images that have every column for some method; how many those are in *kept. */
static bool read_values(vx_store *store, int64_t scoring, const vx_image_set *images, const vx_across *a,
                        double *values, int *kept, vx_arena *arena, vx_error *error) {
  size_t methods = (size_t)a->method_count, width = (size_t)a->count * methods, count = (size_t)images->count;
  double *one = VX_TAKE(arena, count + 1, double);
  if (!one) return no_memory(store, error);
  for (size_t c = 0; c < (size_t)a->count; c++) {
    for (size_t m = 0; m < methods; m++) {
      if (!vx_query_values(store, scoring, a->methods[m].id, images, a->columns[c].name, one, error)) return false;
      for (size_t i = 0; i < count; i++) values[i * width + c * methods + m] = one[i];
    }
  }
  *kept = 0;
  for (size_t i = 0; i < count; i++) {
    bool all = true;
    for (size_t c = 0; all && c < (size_t)a->count; c++) {
      bool any = false;
      for (size_t m = 0; m < methods; m++) any = any || !isnan(values[i * width + c * methods + m]);
      all = any;
    }
    if (all) memmove(values + (size_t)(*kept)++ * width, values + i * width, width * sizeof *values);
  }
  for (size_t i = 0; i < (size_t)*kept; i++)
    for (size_t c = 0; c < (size_t)a->count; c++)
      for (size_t m = 0; m < methods; m++)
        if (vx_column_has_ceiling(&a->columns[c], &a->methods[m])) values[i * width + c * methods + m] = NAN;
  return true;
}

static void rank_methods(const double *means, bool higher, int count, int *ranks) {
  for (int m = 0; m < count; m++) {
    ranks[m] = !isnan(means[m]);
    for (int o = 0; ranks[m] && o < count; o++) ranks[m] += higher ? means[o] > means[m] : means[o] < means[m];
  }
}

/* Correlations over the agreeing methods: the others' means are hidden from them. */
static bool correlate(const vx_across *a, const vx_sample *sample, const bool *agreeing, const vx_resampling *how,
                      bool kendall_interval, vx_error *error) {
  size_t width = sample->columns, room = width * how->resamples;
  double *replicates = malloc((room + 1) * sizeof *replicates), *means = malloc((width + 1) * sizeof *means);
  bool *higher = malloc((size_t)a->count + 1);
  bool ok = (replicates && means && higher) || vx_fail(error, "comparison", "out of memory");
  for (int c = 0; ok && c < a->count; c++) {
    higher[c] = a->columns[c].higher;
    for (int m = 0; m < a->method_count; m++) {
      int at = c * a->method_count + m;
      means[at] = agreeing[m] ? a->means[at] : (double)NAN;
    }
  }
  ok = ok && (!how->resamples || vx_bootstrap(sample, how, replicates, error)) &&
       vx_ranks_agree(means, replicates, higher, (size_t)a->count, (size_t)a->method_count, how->resamples,
                      kendall_interval, a->agreements, error);
  free(replicates);
  free(means);
  free(higher);
  return ok;
}

bool vx_across_make(vx_store *store, int64_t scoring, const vx_image_set *images, const vx_column *columns, int count,
                    const vx_method_row *methods, const bool *agreeing, int method_count, const vx_resampling *how,
                    bool kendall_interval, vx_arena *arena, vx_across *a, vx_error *error) {
  size_t width = (size_t)count * (size_t)method_count;
  *a = (vx_across){.columns = columns, .methods = methods, .count = count, .method_count = method_count};
  double *values = vx_arena_take(arena, (size_t)images->count * width + 1, sizeof *values);
  a->means = VX_TAKE(arena, width + 1, double);
  a->ranks = VX_TAKE(arena, width + 1, int);
  a->agreements = VX_TAKE(arena, vx_pairs((size_t)count) + 1, vx_rank_agreement);
  if (!values || !a->means || !a->ranks || !a->agreements) return no_memory(store, error);
  if (!read_values(store, scoring, images, a, values, &a->images, arena, error)) return false;
  if (!a->images) return true;
  vx_sample sample = {.images = (size_t)a->images, .columns = width, .numerators = values};
  if (!vx_estimate(&sample, a->means, error)) return false;
  for (int c = 0; c < count; c++)
    rank_methods(a->means + c * method_count, columns[c].higher, method_count, a->ranks + c * method_count);
  return correlate(a, &sample, agreeing, how, kendall_interval, error);
}

/* ---- pairs of measures --------------------------------------------------------------------------------------------
 */

enum { FIRST, SECOND, METHODS, IMAGES, RHO, RHO_LOW, RHO_HIGH, TAU, TAU_LOW, TAU_HIGH, PAIR_COLUMNS };

static const vx_sheet_column pair_columns[PAIR_COLUMNS] = {
    [FIRST] = {"first", "first", 0, true},          [SECOND] = {"second", "second", 0, true},
    [METHODS] = {"methods", "methods", 0, false},   [IMAGES] = {"n", "n", 0, false},
    [RHO] = {"spearman", "Spearman", 2, false},     [RHO_LOW] = {"spearman_low", "95 %", 2, false},
    [RHO_HIGH] = {"spearman_high", NULL, 2, false}, [TAU] = {"kendall", "Kendall", 2, false},
    [TAU_LOW] = {"kendall_low", "95 %", 2, false},  [TAU_HIGH] = {"kendall_high", NULL, 2, false},
};

static void put_correlation(vx_sheet *sheet, int column, double value, double low, double high) {
  vx_sheet_real(sheet, column, value);
  if (!isnan(value)) vx_sheet_show(sheet, column, "%+.2f", value);
  vx_sheet_real(sheet, column + 1, low);
  vx_sheet_real(sheet, column + 2, high);
  if (!isnan(low)) vx_sheet_show(sheet, column + 1, "[%+.2f, %+.2f]", low, high);
}

static vx_sheet *pair_sheet(const vx_across *a) {
  vx_sheet *sheet = vx_sheet_new(pair_columns, PAIR_COLUMNS);
  const vx_rank_agreement *g = a->agreements;
  for (int i = 0; sheet && i < a->count; i++) {
    if (i && i + 1 < a->count) vx_sheet_rule(sheet);
    for (int j = i + 1; j < a->count; j++, g++) {
      vx_sheet_row(sheet);
      vx_sheet_text(sheet, FIRST, "%s", a->columns[i].name);
      vx_sheet_text(sheet, SECOND, "%s", a->columns[j].name);
      vx_sheet_int(sheet, METHODS, (long long)g->methods);
      vx_sheet_int(sheet, IMAGES, a->images);
      put_correlation(sheet, RHO, g->spearman, g->spearman_low, g->spearman_high);
      put_correlation(sheet, TAU, g->kendall, g->kendall_low, g->kendall_high);
    }
  }
  return sheet;
}

/* ---- ranks of methods ---------------------------------------------------------------------------------------------
 */

enum { METHOD, FAMILY, MOVES, RANK_COLUMNS /* then mean and rank of each measure */ };

/* How far apart a method's ranks are. */
static int moves_of(const vx_across *a, int method) {
  int low = a->method_count + 1, high = 0;
  for (int c = 0; c < a->count; c++) {
    int rank = a->ranks[c * a->method_count + method];
    if (!rank) continue;
    low = rank < low ? rank : low;
    high = rank > high ? rank : high;
  }
  return high > low ? high - low : 0;
}

static void put_ranks(const vx_across *a, vx_sheet *sheet, int m) {
  vx_sheet_row(sheet);
  vx_sheet_text(sheet, METHOD, "%s", a->methods[m].name);
  if (a->methods[m].trivial) vx_sheet_show(sheet, METHOD, "%s *", a->methods[m].name);
  vx_sheet_text(sheet, FAMILY, "%s", a->methods[m].family);
  vx_sheet_int(sheet, MOVES, moves_of(a, m));
  for (int c = 0; c < a->count; c++) {
    const vx_column *column = &a->columns[c];
    int at = c * a->method_count + m, place = RANK_COLUMNS + 2 * c;
    vx_sheet_real(sheet, place, column->scale * a->means[at]);
    if (a->ranks[at]) vx_sheet_int(sheet, place + 1, a->ranks[at]);
    if (vx_column_has_ceiling(column, &a->methods[m])) vx_sheet_show(sheet, place, "ceiling");
  }
}

/* Methods in the order of the first measure. */
static vx_sheet *rank_sheet(const vx_across *a, vx_arena *arena) {
  vx_sheet_column *columns = VX_TAKE(arena, RANK_COLUMNS + 2 * a->count, vx_sheet_column);
  if (!columns) return NULL;
  columns[METHOD] = (vx_sheet_column){"method", "method", 0, true};
  columns[FAMILY] = (vx_sheet_column){"family", "family", 0, true};
  columns[MOVES] = (vx_sheet_column){"moves", "moves", 0, false};
  for (int i = RANK_COLUMNS; i < RANK_COLUMNS + 2 * a->count; i++) columns[i] = (vx_sheet_column){"", NULL, 0, false};
  vx_sheet *sheet = vx_sheet_new(columns, RANK_COLUMNS + 2 * a->count);
  if (!sheet) return NULL;
  for (int c = 0; c < a->count; c++) {
    char key[120];
    const vx_column *column = &a->columns[c];
    vx_sheet_column mean = {column->name, column->title, column->scale == 100 ? 2 : 3, false};
    vx_sheet_column rank = {key, "rank", 0, false};
    snprintf(key, sizeof key, "%s_rank", column->name);
    vx_sheet_column_set(sheet, RANK_COLUMNS + 2 * c, &mean);
    vx_sheet_column_set(sheet, RANK_COLUMNS + 2 * c + 1, &rank);
  }
  for (int rank = 1; rank <= a->method_count + 1; rank++)
    for (int m = 0; m < a->method_count; m++)
      if (a->ranks[m] == (rank <= a->method_count ? rank : 0)) put_ranks(a, sheet, m);
  vx_sheet_note(sheet, "moves: the method's lowest rank less its highest. * never looks at the model.");
  return sheet;
}

/* ---- the whole ----------------------------------------------------------------------------------------------------
 */

typedef struct asking {
  vx_run_row run;
  vx_scoring_row scoring;
  vx_heading heading;
  vx_image_set images;
  vx_method_row *methods;
  bool *agreeing;
  int method_count, column_count;
  vx_column *columns; /* those asked for */
} asking;

static bool choose_columns(vx_store *store, const char *list, asking *q, vx_arena *arena, vx_error *error) {
  int count;
  vx_column *all;
  if (!vx_columns_read(store, q->run.id, q->scoring.id, arena, &all, &count, error)) return false;
  bool *chosen = VX_TAKE(arena, count + 1, bool);
  q->columns = VX_TAKE(arena, count + 1, vx_column);
  if (!chosen || !q->columns) return no_memory(store, error);
  if (!vx_columns_choose(all, count, list, "--metrics", arena, chosen, error)) return false;
  for (int i = 0; i < count; i++)
    if (chosen[i]) q->columns[q->column_count++] = all[i];
  return q->column_count > 1 ||
         vx_fail(error, "--metrics",
                 "one measure alone has nothing to be compared with; --metric ranks methods by one");
}

static bool ask(vx_store *store, const vx_compare_options *o, asking *q, vx_arena *arena, vx_error *error) {
  if (!vx_query_run(store, o->run, arena, &q->run, error) ||
      !vx_query_scoring(store, q->run.id, o->scoring, arena, &q->scoring, error) ||
      !vx_query_methods_named(store, q->run.id, o->methods, arena, &q->methods, &q->method_count, error) ||
      !vx_query_images(store, &q->run, o->min_confidence, arena, &q->images, error) ||
      !vx_heading_read(store, &q->run, &q->scoring, &q->images, o->min_confidence, arena, &q->heading, error) ||
      !choose_columns(store, o->metrics, q, arena, error))
    return false;
  q->agreeing = VX_TAKE(arena, q->method_count + 1, bool);
  if (!q->agreeing) return no_memory(store, error);
  for (int m = 0; m < q->method_count; m++) q->agreeing[m] = o->methods || !q->methods[m].trivial;
  return true;
}

static bool put_notes(vx_store *store, const vx_compare_options *o, const asking *q, const vx_across *a,
                      vx_sheet *sheet, vx_arena *arena, vx_error *error) {
  int untrue;
  vx_sheet_title(sheet, "%s: %d images that have all of these measures", q->heading.title, a->images);
  vx_heading_put(&q->heading, NULL, sheet);
  if (!vx_truth_note(store, q->run.id, arena, sheet, &untrue, error)) return false;
  const vx_rank_agreement *g = a->agreements;
  for (int i = 0; o->ranks && i < a->count; i++)
    for (int j = i + 1; j < a->count; j++, g++)
      if (i == 0)
        vx_sheet_note(sheet, "%s and %s: Spearman %+.2f [%+.2f, %+.2f], Kendall %+.2f over %zu methods.",
                      a->columns[i].title, a->columns[j].title, g->spearman, g->spearman_low, g->spearman_high,
                      g->kendall, g->methods);
  vx_sheet_note(sheet,
                "Rank correlation of methods' means, each measure turned so that more is better: +1 the same order, 0 "
                "none, -1 reversed. %s; a measure's ceiling row (occlusion under single-deletion) is in neither.",
                o->methods ? "Over the methods named" : "Over the methods that look at the model");
  vx_sheet_note(sheet, "95 %%: bootstrap over images, %d resamples, seed %llu, the same draws for both measures.",
                o->resamples, (unsigned long long)o->seed);
  return true;
}

static vx_sheet *make(vx_store *store, const vx_compare_options *o, vx_arena *arena, vx_error *error) {
  asking q = {.column_count = 0};
  vx_across a;
  vx_resampling how = {.resamples = (size_t)o->resamples, .seed = o->seed};
  if (!ask(store, o, &q, arena, error) ||
      !vx_across_make(store, q.scoring.id, &q.images, q.columns, q.column_count, q.methods, q.agreeing, q.method_count,
                      &how, !o->ranks, arena, &a, error))
    return NULL;
  if (!a.images) {
    vx_fail(error, vx_store_path(store), "no image has all of these measures");
    return NULL;
  }
  vx_sheet *sheet = o->ranks ? rank_sheet(&a, arena) : pair_sheet(&a);
  if (sheet && put_notes(store, o, &q, &a, sheet, arena, error)) return sheet;
  if (!sheet) no_memory(store, error);
  vx_sheet_free(sheet);
  return NULL;
}

vx_sheet *vx_across_sheet(vx_store *store, const vx_compare_options *options, vx_error *error) {
  vx_arena *arena = vx_arena_new();
  if (!arena) {
    no_memory(store, error);
    return NULL;
  }
  vx_sheet *sheet = make(store, options, arena, error);
  vx_arena_free(arena);
  return sheet;
}
