#include "harness/study/sweep.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "metrics/measure.h"

static bool out_of_memory(vx_error *error) {
  return vx_fail(error, "sweep", "out of memory");
}

const char *vx_sweep_choice_name(vx_sweep_choice choice) {
  static const char *const names[VX_CHOICES] = {"method",      "normalisation",  "threshold", "void",
                                                "mask_resize", "pixel_accuracy", "gate",      "aggregate"};
  return names[choice];
}

/* ---- levels ------------------------------------------------------------------------------------------------------ */

static bool split_levels(vx_sweep *s, vx_sweep_choice choice, const char *list, vx_error *error) {
  const char *where = vx_sweep_choice_name(choice);
  if (!vx_split(s->arena, list, ',', &s->levels[choice], &s->level_count[choice])) return out_of_memory(error);
  for (int i = 0; i < s->level_count[choice]; i++)
    if (!*s->levels[choice][i]) return vx_fail(error, where, "'%s' has an empty word", list);
  if (s->level_count[choice] > VX_SWEEP_LEVELS) return vx_fail(error, where, "more than %d levels", VX_SWEEP_LEVELS);
  return true;
}

static bool read_gates(vx_sweep *s, vx_error *error) {
  for (int i = 0; i < s->level_count[VX_CHOICE_GATE]; i++) {
    const char *text = s->levels[VX_CHOICE_GATE][i];
    char *end;
    s->gates[i] = strtod(text, &end);
    if (end == text || *end || !(s->gates[i] >= 0 && s->gates[i] < 1)) {
      return vx_fail(error, "gate", "'%s' is no probability from 0 to below 1", text);
    }
  }
  return true;
}

bool vx_sweep_start(vx_sweep *s, const vx_sweep_options *o, vx_error *error) {
  memset(s, 0, sizeof *s);
  s->arena = vx_arena_new();
  if (!s->arena) return out_of_memory(error);
  s->levels[VX_CHOICE_INPUT] = VX_TAKE(s->arena, VX_SWEEP_LEVELS, const char *);
  bool ok = s->levels[VX_CHOICE_INPUT] || out_of_memory(error);
  return ok && split_levels(s, VX_CHOICE_THRESHOLD, o->thresholds ? o->thresholds : "otsu,mean,0.5", error) &&
         split_levels(s, VX_CHOICE_VOID, o->voids ? o->voids : "ignore,background,foreground", error) &&
         split_levels(s, VX_CHOICE_MASK_RESIZE, o->mask_resizes ? o->mask_resizes : "pillow,opencv", error) &&
         split_levels(s, VX_CHOICE_PIXEL_ACCURACY, "accuracy,recall", error) &&
         split_levels(s, VX_CHOICE_GATE, o->gates, error) &&
         split_levels(s, VX_CHOICE_AGGREGATE, "mean,pooled,class", error) && read_gates(s, error);
}

void vx_sweep_free(vx_sweep *s) {
  vx_arena_free(s->arena);
  free(s->combinations);
  memset(s, 0, sizeof *s);
}

/* ---- counts ------------------------------------------------------------------------------------------------------ */

/* Counts of one run: [methods][settings][images]; tp -1: not there. */
typedef struct gathered {
  vx_rescore source;
  vx_setting *settings; /* threshold x void x mask resize, last fastest */
  int setting_count;
  vx_counts *counts;
} gathered;

static bool make_settings(const vx_sweep *s, gathered *g, vx_error *error) {
  vx_scoring_row own;
  if (!vx_query_scoring(g->source.store, g->source.run.id, NULL, s->arena, &own, error)) return false;
  g->setting_count =
      s->level_count[VX_CHOICE_THRESHOLD] * s->level_count[VX_CHOICE_VOID] * s->level_count[VX_CHOICE_MASK_RESIZE];
  g->settings = VX_TAKE(s->arena, g->setting_count + 1, vx_setting);
  if (!g->settings) return out_of_memory(error);
  int at = 0;
  for (int t = 0; t < s->level_count[VX_CHOICE_THRESHOLD]; t++) {
    for (int v = 0; v < s->level_count[VX_CHOICE_VOID]; v++) {
      for (int m = 0; m < s->level_count[VX_CHOICE_MASK_RESIZE]; m++) {
        vx_setting *setting = &g->settings[at++];
        if (!vx_setting_make(&own, setting, error) ||
            !vx_setting_set(setting, "threshold", s->levels[VX_CHOICE_THRESHOLD][t], NULL, error) ||
            !vx_setting_set(setting, "void", s->levels[VX_CHOICE_VOID][v], NULL, error) ||
            !vx_setting_set(setting, "mask_resize", s->levels[VX_CHOICE_MASK_RESIZE][m], NULL, error))
          return false;
      }
    }
  }
  return true;
}

static vx_counts *counts_of(const gathered *g, int method, int setting) {
  return g->counts + ((size_t)method * (size_t)g->setting_count + (size_t)setting) * (size_t)g->source.images.count;
}

static bool take_counts(void *user, const vx_rescored *one, vx_error *error) {
  gathered *g = user;
  (void)error;
  int method = (int)(one->method - g->source.methods), image = (int)(one->image - g->source.images.rows);
  for (int k = 0; k < g->setting_count; k++) {
    if (one->made && one->has_truth[k]) counts_of(g, method, k)[image] = one->cuts[k].counts;
  }
  return true;
}

static bool gather(gathered *g, int jobs, vx_error *error) {
  size_t cells = (size_t)g->source.method_count * (size_t)g->setting_count * (size_t)g->source.images.count;
  g->counts = malloc((cells + 1) * sizeof *g->counts);
  if (!g->counts) return out_of_memory(error);
  for (size_t i = 0; i < cells; i++) g->counts[i].tp = -1;
  return vx_rescore_all(&g->source, g->settings, g->setting_count, jobs, take_counts, g, error);
}

/* ---- one combination ------------------------------------------------------------------------------------------------
 */

enum { CLASSES = 256 };

typedef struct sums {
  double iou, f1, accuracy;
  vx_counts counts;
  int n;
} sums;

static double accuracy_of(const vx_counts *counts, bool recall) {
  return recall ? vx_recall(counts) : vx_pixel_accuracy(counts);
}

static void add(sums *to, const vx_counts *c, bool recall) {
  to->iou += vx_iou(c);
  to->f1 += vx_f1(c);
  to->accuracy += accuracy_of(c, recall);
  to->counts.tp += c->tp;
  to->counts.fp += c->fp;
  to->counts.fn += c->fn;
  to->counts.tn += c->tn;
  to->n++;
}

/* The three numbers under an aggregate: "mean", "pooled" or "class". */
static void finish(const sums *all, const sums *classes, const char *aggregate, bool recall, vx_combination *c) {
  c->n = all->n;
  c->iou = c->f1 = c->pixel_accuracy = NAN;
  if (all->n == 0) return;
  if (aggregate[0] == 'p') {
    c->iou = 100 * vx_iou(&all->counts);
    c->f1 = 100 * vx_f1(&all->counts);
    c->pixel_accuracy = 100 * accuracy_of(&all->counts, recall);
    return;
  }
  double iou = all->iou / all->n, f1 = all->f1 / all->n, accuracy = all->accuracy / all->n;
  if (aggregate[0] == 'c') {
    int seen = 0;
    iou = f1 = accuracy = 0;
    for (int k = 0; k < CLASSES; k++) {
      if (!classes[k].n) continue;
      iou += classes[k].iou / classes[k].n;
      f1 += classes[k].f1 / classes[k].n;
      accuracy += classes[k].accuracy / classes[k].n;
      seen++;
    }
    if (seen == 0) return;
    iou /= seen, f1 /= seen, accuracy /= seen;
  }
  c->iou = 100 * iou;
  c->f1 = 100 * f1;
  c->pixel_accuracy = 100 * accuracy;
}

static void sum_images(const gathered *g, const vx_counts *counts, double gate, bool recall, sums *all, sums *classes) {
  memset(all, 0, sizeof *all);
  memset(classes, 0, CLASSES * sizeof *classes);
  for (int i = 0; i < g->source.images.count; i++) {
    const vx_image_row *image = &g->source.images.rows[i];
    if (counts[i].tp < 0 || !(image->probability > gate)) continue;
    add(all, &counts[i], recall);
    if (image->main_class >= 0 && image->main_class < CLASSES) add(&classes[image->main_class], &counts[i], recall);
  }
}

static bool append(vx_sweep *s, const vx_combination *one, vx_error *error) {
  if (s->count == s->room) {
    int room = s->room ? 2 * s->room : 1024;
    vx_combination *wider = realloc(s->combinations, (size_t)room * sizeof *wider);
    if (!wider) return out_of_memory(error);
    s->combinations = wider;
    s->room = room;
  }
  s->combinations[s->count++] = *one;
  return true;
}

/* All combinations of gate, definition and aggregate over the counts of one method under one setting. */
static bool combine(vx_sweep *s, const gathered *g, vx_combination *one, int method, int setting, sums *classes,
                    vx_error *error) {
  sums all;
  const vx_counts *counts = counts_of(g, method, setting);
  for (int a = 0; a < s->level_count[VX_CHOICE_PIXEL_ACCURACY]; a++) {
    for (int gate = 0; gate < s->level_count[VX_CHOICE_GATE]; gate++) {
      if (s->gates[gate] < g->source.run.min_confidence) continue; /* not evaluated in this run */
      sum_images(g, counts, s->gates[gate], a == 1, &all, classes);
      for (int h = 0; h < s->level_count[VX_CHOICE_AGGREGATE]; h++) {
        one->level[VX_CHOICE_PIXEL_ACCURACY] = a;
        one->level[VX_CHOICE_GATE] = gate;
        one->level[VX_CHOICE_AGGREGATE] = h;
        finish(&all, classes, s->levels[VX_CHOICE_AGGREGATE][h], a == 1, one);
        if (!append(s, one, error)) return false;
      }
    }
  }
  return true;
}

static bool combine_all(vx_sweep *s, const gathered *g, int input, vx_error *error) {
  int voids = s->level_count[VX_CHOICE_VOID], resizes = s->level_count[VX_CHOICE_MASK_RESIZE];
  sums *classes = malloc(CLASSES * sizeof *classes);
  bool ok = classes || out_of_memory(error);
  for (int m = 0; ok && m < g->source.method_count; m++) {
    for (int k = 0; ok && k < g->setting_count; k++) {
      vx_combination one = {.level = {[VX_CHOICE_METHOD] = m,
                                      [VX_CHOICE_INPUT] = input,
                                      [VX_CHOICE_THRESHOLD] = k / resizes / voids,
                                      [VX_CHOICE_VOID] = k / resizes % voids,
                                      [VX_CHOICE_MASK_RESIZE] = k % resizes}};
      ok = combine(s, g, &one, m, k, classes, error);
    }
  }
  free(classes);
  return ok;
}

/* ---- measures without a truth --------------------------------------------------------------------------------------
 */

static double *mean_at(const vx_sweep *s, int input, int method, int gate, int measure) {
  size_t at = (size_t)input * (size_t)s->level_count[VX_CHOICE_METHOD] + (size_t)method;
  return &s->means[(at * VX_SWEEP_LEVELS + (size_t)gate) * (size_t)s->measure_count + (size_t)measure];
}

double vx_sweep_mean(const vx_sweep *s, int input, int method, int gate, int measure) {
  return *mean_at(s, input, method, gate, measure);
}

/* Those of the first run. */
static bool name_measures(vx_sweep *s, const gathered *g, vx_error *error) {
  vx_metric_row *rows;
  int count;
  if (!vx_query_run_metrics(g->source.store, g->source.run.id, s->arena, &rows, &count, error)) return false;
  s->measures = VX_TAKE(s->arena, VX_METRICS_MAX * VX_MEASURE_COLUMNS, const char *);
  if (!s->measures) return out_of_memory(error);
  for (int i = 0; i < count; i++) {
    const char **names;
    int name_count;
    if (!*rows[i].columns || strcmp(rows[i].kind, "truth") == 0) continue;
    if (!vx_split(s->arena, rows[i].columns, ',', &names, &name_count)) return out_of_memory(error);
    for (int k = 0; k < name_count && s->measure_count < VX_METRICS_MAX * VX_MEASURE_COLUMNS; k++)
      s->measures[s->measure_count++] = names[k];
  }
  size_t cells = (size_t)s->level_count[VX_CHOICE_METHOD] * VX_SWEEP_LEVELS * VX_SWEEP_LEVELS;
  s->means = vx_arena_take(s->arena, cells * (size_t)s->measure_count + 1, sizeof *s->means);
  if (!s->means) return out_of_memory(error);
  for (size_t i = 0; i < cells * (size_t)s->measure_count; i++) s->means[i] = NAN;
  return true;
}

static bool mean_measures(vx_sweep *s, const gathered *g, int input, vx_error *error) {
  vx_scoring_row own;
  const vx_image_set *images = &g->source.images;
  if (!s->measures && !name_measures(s, g, error)) return false;
  if (!s->measure_count) return true;
  double *values = VX_TAKE(s->arena, images->count + 1, double);
  if (!values) return out_of_memory(error);
  if (!vx_query_scoring(g->source.store, g->source.run.id, NULL, s->arena, &own, error)) return false;
  for (int m = 0; m < g->source.method_count; m++) {
    for (int k = 0; k < s->measure_count; k++) {
      if (!vx_query_values(g->source.store, own.id, g->source.methods[m].id, images, s->measures[k], values, error))
        return false;
      for (int gate = 0; gate < s->level_count[VX_CHOICE_GATE]; gate++) {
        double sum = 0;
        int n = 0;
        for (int i = 0; i < images->count && s->gates[gate] >= g->source.run.min_confidence; i++) {
          if (isnan(values[i]) || !(images->rows[i].probability > s->gates[gate])) continue;
          sum += values[i];
          n++;
        }
        *mean_at(s, input, m, gate, k) = n ? sum / n : (double)NAN;
      }
    }
  }
  return true;
}

/* ---- runs ----------------------------------------------------------------------------------------------------------
 */

static bool name_methods(vx_sweep *s, const gathered *g, vx_error *error) {
  int count = g->source.method_count;
  if (s->levels[VX_CHOICE_METHOD]) {
    bool same = count == s->level_count[VX_CHOICE_METHOD];
    for (int m = 0; same && m < count; m++) {
      same = strcmp(g->source.methods[m].name, s->levels[VX_CHOICE_METHOD][m]) == 0;
    }
    return same || vx_fail(error, g->source.run.name, "run %lld has other methods than the first run of the sweep",
                           (long long)g->source.run.id);
  }
  bool *trivial = VX_TAKE(s->arena, count + 1, bool);
  s->levels[VX_CHOICE_METHOD] = VX_TAKE(s->arena, count + 1, const char *);
  if (!trivial || !s->levels[VX_CHOICE_METHOD]) return out_of_memory(error);
  for (int m = 0; m < count; m++) {
    const char *name = g->source.methods[m].name;
    trivial[m] = g->source.methods[m].trivial;
    s->levels[VX_CHOICE_METHOD][m] = vx_arena_text(s->arena, name);
    if (!s->levels[VX_CHOICE_METHOD][m]) return out_of_memory(error);
  }
  s->level_count[VX_CHOICE_METHOD] = count;
  s->trivial = trivial;
  return true;
}

static bool note_what_is_not_exact(vx_sweep *s, const gathered *g, vx_error *error) {
  for (int k = 0; k < g->setting_count && !*s->note; k++) {
    if (!vx_rescore_check(&g->source, &g->settings[k], s->note, sizeof s->note, error)) return false;
  }
  return true;
}

static bool name_input(vx_sweep *s, const char *input, vx_error *error) {
  if (s->level_count[VX_CHOICE_INPUT] == VX_SWEEP_LEVELS) {
    return vx_fail(error, "sweep", "more than %d runs", VX_SWEEP_LEVELS);
  }
  const char *text = vx_arena_text(s->arena, input);
  if (!text) return out_of_memory(error);
  s->levels[VX_CHOICE_INPUT][s->level_count[VX_CHOICE_INPUT]++] = text;
  return true;
}

bool vx_sweep_add(vx_sweep *s, vx_store *store, int64_t run, const char *input, const vx_sweep_options *o,
                  vx_error *error) {
  gathered g = {0};
  if (!vx_rescore_open(&g.source, store, run, o->root, o->methods, error)) return false;
  bool ok = name_methods(s, &g, error) && name_input(s, input, error) && make_settings(s, &g, error) &&
            note_what_is_not_exact(s, &g, error) && gather(&g, o->jobs, error) &&
            combine_all(s, &g, s->level_count[VX_CHOICE_INPUT] - 1, error) &&
            mean_measures(s, &g, s->level_count[VX_CHOICE_INPUT] - 1, error);
  free(g.counts);
  vx_rescore_close(&g.source);
  return ok;
}

double vx_sweep_distance(const vx_combination *c, const double row[3]) {
  const double numbers[3] = {c->iou, c->f1, c->pixel_accuracy};
  double distance = 0;
  for (int i = 0; i < 3; i++) {
    if (isnan(row[i])) continue;
    if (isnan(numbers[i])) return INFINITY;
    distance = fmax(distance, fabs(numbers[i] - row[i]));
  }
  return distance;
}
