/* Several runs against the first of them: a row a method and run, corrected together. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/tables/compare_data.h"

enum {
  METHOD,
  RUN,
  N,
  MEAN_FIRST,
  MEAN,
  DIFFERENCE,
  LOW,
  HIGH,
  P_WILCOXON,
  P_HOLM,
  WINS,
  TIES,
  LOSSES,
  DIFFERS,
  COLUMNS
};

static const vx_sheet_column many_columns[COLUMNS] = {
    [METHOD] = {"method", "method", 0, true},
    [RUN] = {"run", "run", 0, true},
    [N] = {"n", "n", 0, false},
    [MEAN_FIRST] = {"mean_first", "first", 2, false},
    [MEAN] = {"mean", "mean", 2, false},
    [DIFFERENCE] = {"difference", "difference", 2, false},
    [LOW] = {"low", "95 %", 2, false},
    [HIGH] = {"high", NULL, 2, false},
    [P_WILCOXON] = {"wilcoxon_p", NULL, 4, false},
    [P_HOLM] = {"wilcoxon_holm", "p (Holm)", 4, false},
    [WINS] = {"wins", "win", 0, false},
    [TIES] = {"ties", "tie", 0, false},
    [LOSSES] = {"losses", "loss", 0, false},
    [DIFFERS] = {"differs", "differ", 0, true},
};

/* The first run beside another one. */
typedef struct beside {
  vx_compare_options options;
  vx_compare_data data;
} beside;

static void put_row(const vx_compare_data *d, const char *label, const vx_pair *p, vx_sheet *sheet) {
  int decimals = d->scale == 100 ? 2 : 4;
  vx_sheet_row(sheet);
  vx_sheet_text(sheet, METHOD, "%s", d->names[p->a]);
  vx_sheet_text(sheet, RUN, "%s", label);
  vx_sheet_int(sheet, N, (long long)p->n);
  if (p->n == 0) return;
  const double shown[] = {p->mean_b, p->mean_a, p->difference}; /* a is the other run, b the first */
  for (int i = 0; i < 3; i++) {
    vx_sheet_real(sheet, MEAN_FIRST + i, d->scale * shown[i]);
    vx_sheet_show(sheet, MEAN_FIRST + i, i == 2 ? "%+.*f" : "%.*f", decimals, d->scale * shown[i]);
  }
  vx_sheet_real(sheet, LOW, d->scale * p->low);
  vx_sheet_real(sheet, HIGH, d->scale * p->high);
  vx_sheet_show(sheet, LOW, "[%+.*f, %+.*f]", decimals, d->scale * p->low, decimals, d->scale * p->high);
  vx_sheet_real(sheet, P_WILCOXON, p->wilcoxon_p);
  vx_sheet_real(sheet, P_HOLM, p->wilcoxon_holm);
  if (p->wilcoxon_holm < 0.0001) vx_sheet_show(sheet, P_HOLM, "< 0.0001");
  vx_sheet_int(sheet, WINS, (long long)p->effect.wins);
  vx_sheet_int(sheet, TIES, (long long)p->effect.ties);
  vx_sheet_int(sheet, LOSSES, (long long)p->effect.losses);
  vx_sheet_text(sheet, DIFFERS, vx_pair_differs(p) ? "yes" : "no");
}

/* Each method of the other run against itself in the first. */
static bool pair(const vx_compare_data *d, vx_pair *pairs, vx_error *error) {
  vx_resampling how = {.resamples = (size_t)d->options->resamples, .seed = d->options->seed};
  size_t columns = (size_t)d->columns, images = (size_t)d->images;
  double *a = malloc(2 * (images + 1) * sizeof *a), *b = a + images + 1;
  bool good = a || vx_fail(error, "comparison", "out of memory");
  for (size_t c = 0; good && c < columns; c++) {
    for (size_t k = 0; k < images; k++) {
      a[k] = d->second[k * columns + c];
      b[k] = d->first[k * columns + c];
    }
    good = vx_compare_pair(a, b, images, &how, &pairs[c], error);
    pairs[c].a = pairs[c].b = c;
  }
  free(a);
  return good;
}

static bool gather(const vx_many_run *runs, int count, const vx_compare_options *o, vx_arena *arena, beside *others,
                   int *rows, vx_error *error) {
  *rows = 0;
  for (int i = 1; i < count; i++) {
    beside *b = &others[i];
    b->options = *o;
    b->options.run = runs[0].run;
    b->options.run2 = runs[i].run;
    b->data = (vx_compare_data){.options = &b->options, .arena = arena};
    if (!vx_compare_gather(runs[0].store, runs[i].store, &b->data, error)) return false;
    *rows += b->data.columns;
  }
  return true;
}

static void put_heading(const beside *others, int count, const char *const *labels, vx_sheet *sheet) {
  const vx_compare_data *d = &others[1].data;
  vx_sheet_title(sheet, "%s%s: %d runs less the first, %s", d->title, d->scale == 100 ? ", in percent" : "", count - 1,
                 labels[0]);
  vx_sheet_line(sheet, labels[0], d->heading.title);
  for (int i = 1; i < count; i++) {
    char text[400];
    d = &others[i].data;
    snprintf(text, sizeof text, "%.250s; %d images matched by id, %d only in the first, %d only here",
             d->heading2.title, d->images, d->only_first, d->only_second);
    vx_sheet_line(sheet, labels[i], text);
  }
}

vx_sheet *vx_compare_many(const vx_many_run *runs, int count, const vx_compare_options *options, vx_arena *arena,
                          vx_compare_verdict *verdict, vx_error *error) {
  const char **labels = VX_TAKE(arena, count, const char *);
  beside *others = VX_TAKE(arena, count, beside);
  int rows;
  bool good = (labels && others) || vx_fail(error, "comparison", "out of memory");
  good = good && vx_many_labels(runs, count, arena, labels, error) &&
         gather(runs, count, options, arena, others, &rows, error);
  vx_pair *pairs = good ? VX_TAKE(arena, rows + 1, vx_pair) : NULL, *at = pairs;
  vx_sheet *sheet = pairs ? vx_sheet_new(many_columns, COLUMNS) : NULL;
  if (good && !sheet) good = vx_fail(error, "comparison", "out of memory");
  for (int i = 1; good && i < count; at += others[i++].data.columns) good = pair(&others[i].data, at, error);
  if (!good || !vx_correct_pairs(pairs, (size_t)rows, error)) return vx_sheet_free(sheet), NULL;
  put_heading(others, count, labels, sheet);
  verdict->lowest = NAN;
  at = pairs;
  for (int i = 1; i < count; i++) {
    const vx_compare_data *d = &others[i].data;
    if (i > 1) vx_sheet_rule(sheet);
    for (int c = 0; c < d->columns; c++, at++) {
      put_row(d, labels[i], at, sheet);
      double difference = d->scale * at->difference;
      if (at->n == 0 || difference >= verdict->lowest) continue;
      verdict->lowest = difference;
      snprintf(verdict->what, sizeof verdict->what, "%.60s of %.80s", d->names[c], labels[i]);
    }
  }
  vx_sheet_note(sheet, "difference: a run less the first, paired over the images that both have; 95 %%: bootstrap over "
                       "images (beyond 10,000 the normal interval).");
  vx_sheet_note(sheet, "differ: Wilcoxon's signed-rank test, p below 0.05 after Holm's correction over all %d rows.",
                rows);
  return sheet;
}
