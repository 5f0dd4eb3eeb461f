#include "harness/tables/sweep_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- main effects ------------------------------------------------------------------------------------------------ */

enum { CHOICE, LEVEL, IOU, F1, ACCURACY, RANGE_IOU, RANGE_F1, RANGE_ACCURACY, COMBINATIONS, EFFECT_COLUMNS };

static const vx_sheet_column effect_columns[EFFECT_COLUMNS] = {
    [CHOICE] = {"choice", "choice", 0, true},
    [LEVEL] = {"level", "level", 0, true},
    [IOU] = {"iou", "IoU", 2, false},
    [F1] = {"f1", "F1", 2, false},
    [ACCURACY] = {"pixel_accuracy", "pixel acc.", 2, false},
    [RANGE_IOU] = {"range_iou", "range IoU", 2, false},
    [RANGE_F1] = {"range_f1", "F1", 2, false},
    [RANGE_ACCURACY] = {"range_pixel_accuracy", "pixel acc.", 2, false},
    [COMBINATIONS] = {"combinations", "combinations", 0, false},
};

typedef struct effect {
  double sum[3], mean[3];
  int count;
} effect;

static bool any_looks(const vx_sweep *s) {
  for (int m = 0; m < s->level_count[VX_CHOICE_METHOD]; m++) {
    if (!s->trivial[m]) return true;
  }
  return false;
}

static effect effect_of(const vx_sweep *s, vx_sweep_choice choice, int level) {
  effect e = {0};
  bool leave_out = choice != VX_CHOICE_METHOD && any_looks(s);
  for (int i = 0; i < s->count; i++) {
    const vx_combination *c = &s->combinations[i];
    if (c->level[choice] != level || isnan(c->iou)) continue;
    if (leave_out && s->trivial[c->level[VX_CHOICE_METHOD]]) continue;
    const double numbers[3] = {c->iou, c->f1, c->pixel_accuracy};
    for (int k = 0; k < 3; k++) e.sum[k] += numbers[k];
    e.count++;
  }
  for (int k = 0; k < 3; k++) e.mean[k] = e.count ? e.sum[k] / e.count : NAN;
  return e;
}

static void put_choice(vx_sheet *sheet, const vx_sweep *s, vx_sweep_choice choice) {
  double low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-INFINITY, -INFINITY, -INFINITY};
  for (int l = 0; l < s->level_count[choice]; l++) {
    effect e = effect_of(s, choice, l);
    for (int k = 0; k < 3 && e.count; k++) {
      low[k] = fmin(low[k], e.mean[k]);
      high[k] = fmax(high[k], e.mean[k]);
    }
  }
  for (int l = 0; l < s->level_count[choice]; l++) {
    effect e = effect_of(s, choice, l);
    vx_sheet_row(sheet);
    vx_sheet_text(sheet, CHOICE, "%s", vx_sweep_choice_name(choice));
    if (l) vx_sheet_show(sheet, CHOICE, " ");
    vx_sheet_text(sheet, LEVEL, "%s", s->levels[choice][l]);
    if (choice == VX_CHOICE_METHOD && s->trivial[l]) vx_sheet_show(sheet, LEVEL, "%s *", s->levels[choice][l]);
    for (int k = 0; k < 3; k++) {
      vx_sheet_real(sheet, IOU + k, e.mean[k]);
      vx_sheet_real(sheet, RANGE_IOU + k, high[k] - low[k]);
      if (l) vx_sheet_show(sheet, RANGE_IOU + k, " ");
    }
    vx_sheet_int(sheet, COMBINATIONS, e.count);
  }
}

vx_sheet *vx_sweep_effects(const vx_sweep *s) {
  vx_sheet *sheet = vx_sheet_new(effect_columns, EFFECT_COLUMNS);
  if (!sheet) return NULL;
  vx_sheet_title(sheet, "Main effect of each choice: means over all %d combinations that have the level, in percent",
                 s->count);
  bool first = true;
  for (int choice = 0; choice < VX_CHOICES; choice++) {
    if (s->level_count[choice] < 2) continue;
    if (!first) vx_sheet_rule(sheet);
    first = false;
    put_choice(sheet, s, (vx_sweep_choice)choice);
  }
  vx_sheet_note(sheet, "range: the highest of a choice's levels less the lowest, in points.");
  vx_sheet_note(sheet, "* never looks at the model; left out of the other choices' means.");
  if (*s->note) vx_sheet_note(sheet, "Not exact: %s.", s->note);
  return sheet;
}

/* ---- measures that do not look at the truth ---------------------------------------------------------------------- */

/* The mean over all inputs, methods and gates that have the level. */
static double measure_mean(const vx_sweep *s, vx_sweep_choice choice, int level, int measure) {
  double sum = 0;
  int n = 0;
  bool leave_out = choice != VX_CHOICE_METHOD && any_looks(s);
  for (int i = 0; i < s->level_count[VX_CHOICE_INPUT]; i++)
    for (int m = 0; m < s->level_count[VX_CHOICE_METHOD]; m++)
      for (int g = 0; g < s->level_count[VX_CHOICE_GATE]; g++) {
        int at = choice == VX_CHOICE_INPUT ? i : choice == VX_CHOICE_METHOD ? m : g;
        double mean = vx_sweep_mean(s, i, m, g, measure);
        if (at != level || isnan(mean) || (leave_out && s->trivial[m])) continue;
        sum += mean;
        n++;
      }
  return n ? sum / n : (double)NAN;
}

vx_sheet *vx_sweep_measures(const vx_sweep *s) {
  static const vx_sweep_choice choices[] = {VX_CHOICE_METHOD, VX_CHOICE_INPUT, VX_CHOICE_GATE};
  enum { FIRST_MEASURE = 2 };
  vx_sheet_column *columns = calloc((size_t)s->measure_count + FIRST_MEASURE, sizeof *columns);
  if (!columns) return NULL;
  columns[CHOICE] = effect_columns[CHOICE];
  columns[LEVEL] = effect_columns[LEVEL];
  for (int k = 0; k < s->measure_count; k++)
    columns[FIRST_MEASURE + k] = (vx_sheet_column){s->measures[k], s->measures[k], 3, false};
  vx_sheet *sheet = vx_sheet_new(columns, FIRST_MEASURE + s->measure_count);
  free(columns);
  if (!sheet) return NULL;
  vx_sheet_title(sheet,
                 "Measures that do not look at the truth: of the choices only these touch them; means over images");
  bool any = false;
  for (size_t c = 0; c < sizeof choices / sizeof *choices; c++) {
    if (s->level_count[choices[c]] < 2) continue;
    if (any) vx_sheet_rule(sheet);
    any = true;
    for (int l = 0; l < s->level_count[choices[c]]; l++) {
      vx_sheet_row(sheet);
      vx_sheet_text(sheet, CHOICE, "%s", vx_sweep_choice_name(choices[c]));
      if (l) vx_sheet_show(sheet, CHOICE, " ");
      vx_sheet_text(sheet, LEVEL, "%s", s->levels[choices[c]][l]);
      if (choices[c] == VX_CHOICE_METHOD && s->trivial[l])
        vx_sheet_show(sheet, LEVEL, "%s *", s->levels[choices[c]][l]);
      for (int k = 0; k < s->measure_count; k++)
        vx_sheet_real(sheet, FIRST_MEASURE + k, measure_mean(s, choices[c], l, k));
    }
  }
  vx_sheet_note(sheet, "* never looks at the model; left out of the other choices' means.");
  return sheet;
}

/* ---- nearest ------------------------------------------------------------------------------------------------------
 */

enum {
  RANK,
  DISTANCE,
  TIE,
  FIRST_CHOICE,
  NEAR_IOU = FIRST_CHOICE + VX_CHOICES,
  NEAR_F1,
  NEAR_ACCURACY,
  NEAR_N,
  NEAREST_COLUMNS
};

static const vx_sheet_column nearest_columns[NEAREST_COLUMNS] = {
    [RANK] = {"rank", "rank", 0, false},
    [DISTANCE] = {"distance", "distance", 3, false},
    [TIE] = {"tie", "tie", 0, true},
    [FIRST_CHOICE + VX_CHOICE_METHOD] = {"method", "method", 0, true},
    [FIRST_CHOICE + VX_CHOICE_INPUT] = {"normalisation", "normalisation", 0, true},
    [FIRST_CHOICE + VX_CHOICE_THRESHOLD] = {"threshold", "threshold", 0, true},
    [FIRST_CHOICE + VX_CHOICE_VOID] = {"void", "void", 0, true},
    [FIRST_CHOICE + VX_CHOICE_MASK_RESIZE] = {"mask_resize", "mask", 0, true},
    [FIRST_CHOICE + VX_CHOICE_PIXEL_ACCURACY] = {"pixel_accuracy_is", "pixel acc. is", 0, true},
    [FIRST_CHOICE + VX_CHOICE_GATE] = {"gate", "gate", 0, true},
    [FIRST_CHOICE + VX_CHOICE_AGGREGATE] = {"aggregate", "aggregate", 0, true},
    [NEAR_IOU] = {"iou", "IoU", 2, false},
    [NEAR_F1] = {"f1", "F1", 2, false},
    [NEAR_ACCURACY] = {"pixel_accuracy", "pixel acc.", 2, false},
    [NEAR_N] = {"n", "n", 0, false},
};

typedef struct near {
  double distance;
  int index; /* keeps the order of equal ones */
} near;

static int by_distance(const void *a, const void *b) {
  const near *x = a, *y = b;
  if (x->distance != y->distance) return x->distance < y->distance ? -1 : 1;
  return x->index - y->index;
}

static void put_nearest(vx_sheet *sheet, const vx_sweep *s, const near *one, int rank, bool ties) {
  const vx_combination *c = &s->combinations[one->index];
  vx_sheet_row(sheet);
  vx_sheet_int(sheet, RANK, rank);
  vx_sheet_real(sheet, DISTANCE, one->distance);
  vx_sheet_text(sheet, TIE, ties ? "tie" : "");
  for (int k = 0; k < VX_CHOICES; k++) vx_sheet_text(sheet, FIRST_CHOICE + k, "%s", s->levels[k][c->level[k]]);
  vx_sheet_real(sheet, NEAR_IOU, c->iou);
  vx_sheet_real(sheet, NEAR_F1, c->f1);
  vx_sheet_real(sheet, NEAR_ACCURACY, c->pixel_accuracy);
  vx_sheet_int(sheet, NEAR_N, c->n);
}

vx_sheet *vx_sweep_nearest(const vx_sweep *s, const double row[3], const char *title, int top) {
  static const double alike = 0.005; /* half of the second decimal */
  vx_sheet *sheet = vx_sheet_new(nearest_columns, NEAREST_COLUMNS);
  near *all = malloc(((size_t)s->count + 1) * sizeof *all);
  if (!sheet || !all) {
    vx_sheet_free(sheet);
    free(all);
    return NULL;
  }
  for (int i = 0; i < s->count; i++) all[i] = (near){vx_sweep_distance(&s->combinations[i], row), i};
  qsort(all, (size_t)s->count, sizeof *all, by_distance);
  int ties = 0;
  while (ties < s->count && all[ties].distance <= all[0].distance + alike) ties++;
  vx_sheet_title(sheet, "Nearest to %s: distance is the largest difference of the numbers given, in points", title);
  for (int i = 0; i < s->count && (i < top || i < ties) && isfinite(all[i].distance); i++) {
    if (i == ties && i) vx_sheet_rule(sheet);
    put_nearest(sheet, s, &all[i], i + 1, ties > 1 && i < ties);
  }
  if (ties > 1)
    vx_sheet_note(sheet, "tie: %d combinations that two printed decimals cannot tell apart.", ties);
  else
    vx_sheet_note(sheet, "No other combination ties with the first.");
  free(all);
  return sheet;
}
