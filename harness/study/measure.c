#include "harness/study/measure.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "harness/run/begin.h"
#include "harness/run/cost.h"
#include "harness/run/origin.h"
#include "harness/run/remake.h"
#include "harness/run/subject.h"
#include "harness/store/all_maps.h"
#include "harness/study/rerun.h"

/* ---- which measures ---------------------------------------------------------------------------------------------- */

/* The run's own config with the measures that are asked for and nothing else. */
static vx_config *read_config(const vx_run_row *row, const vx_measure_options *o, vx_error *error) {
  const char **set = calloc((size_t)o->set_count + 1, sizeof *set);
  vx_text text = {0};
  bool bare = !strchr("[{", o->metrics[0]) || o->metrics[0] == '{';
  vx_text_add(&text, bare ? "metrics=[%s]" : "metrics=%s", o->metrics);
  vx_config *config = NULL;
  if (set && text.text && !text.broken) {
    if (o->set_count) memcpy(set, o->set, (size_t)o->set_count * sizeof *set);
    set[o->set_count] = text.text;
    config = vx_origin_config(row, set, o->set_count + 1, error);
  } else {
    vx_fail(error, row->name, "out of memory");
  }
  free(set);
  free(text.text);
  return config;
}

static int find(const vx_metric *metrics, int count, const char *name) {
  int i = 0;
  while (i < count && strcmp(metrics[i].name, name) != 0) i++;
  return i;
}

/* The run's measures, and behind them those that are asked for and new; *asked: the places of all that are asked for.
 */
static bool join(vx_config *config, const vx_run_row *row, uint64_t *asked, vx_error *error) {
  vx_metric all[2 * VX_METRICS_MAX];
  vx_config *own = vx_origin_config(row, NULL, 0, error);
  if (!own) return false;
  int count = own->metric_count;
  memcpy(all, own->metrics, (size_t)count * sizeof *all);
  bool good = true;
  for (int i = 0; good && i < count; i++) good = (all[i].name = vx_arena_text(config->arena, all[i].name)) != NULL;
  if (!good) vx_fail(error, row->name, "out of memory");
  *asked = 0;
  for (int i = 0; good && i < config->metric_count; i++) {
    const vx_metric *m = &config->metrics[i];
    int place = find(all, count, m->name);
    if (place == count)
      all[count++] = *m;
    else if (all[place].measure != m->measure || !vx_args_equal(&m->measure->params, &all[place].args, &m->args))
      good = vx_fail(error, m->name, "is another measure of the run already: give the new one another name (as: …)");
    *asked |= UINT64_C(1) << (place & 63);
  }
  vx_config_free(own);
  if (good && count > VX_METRICS_MAX)
    good = vx_fail(error, row->name, "%d measures together, a run has at most %d", count, VX_METRICS_MAX);
  if (!good) return false;
  memcpy(config->metrics, all, (size_t)count * sizeof *all);
  config->metric_count = count;
  return true;
}

/* ---- which images ------------------------------------------------------------------------------------------------ */

typedef struct drawn {
  uint64_t key;
  int position;
} drawn;

static int by_key(const void *a, const void *b) {
  const drawn *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return (x->position > y->position) - (x->position < y->position);
}

/* Of the images in the file that have maps: those within the limit, and of them the sample, whose keys are the
   smallest. A key depends on the run's seed and the image's id only. */
static bool choose(const vx_run *run, const vx_store *store, const vx_measure_options *o, bool *chosen,
                   vx_error *error) {
  int images = (int)run->voc.count, count = 0;
  drawn *all = calloc((size_t)images + 1, sizeof *all);
  bool *missing = calloc((size_t)run->info.method_count + 1, sizeof *missing);
  bool good = (all && missing) || vx_fail(error, run->config->path, "out of memory");
  if (o->limit > 0 && o->limit < images) images = o->limit;
  for (int i = 0; good && i < images; i++) {
    bool any = false;
    if (vx_store_done(store, i, missing) == VX_DONE_NOTHING || vx_store_settled(store, i)) continue;
    for (int m = 0; m < run->info.method_count; m++) any |= !missing[m];
    uint64_t seed = vx_subject_seed((uint64_t)run->config->seed, run->voc.entry[i].id);
    if (any) all[count++] = (drawn){vx_mix64(seed), i};
  }
  if (good && count == 0) good = vx_fail(error, vx_store_path(store), "has no maps of these images to measure");
  if (good) qsort(all, (size_t)count, sizeof *all, by_key);
  if (o->sample > 0 && o->sample < count) count = o->sample;
  for (int i = 0; good && i < count; i++) chosen[all[i].position] = true;
  free(all);
  free(missing);
  return good;
}

/* ---- how long ---------------------------------------------------------------------------------------------------- */

/* Seconds of one forward pass here and now; 0: not known. */
static double forward_seconds(const vx_run *run) {
  vx_plan nothing = {0};
  size_t values = 3 * (size_t)run->shape->image * (size_t)run->shape->image;
  float *x = calloc(values, sizeof *x);
  vx_subject *subject =
      x ? vx_subject_new(run->model, &nothing, &run->input, (vx_precision)run->config->precision, NULL) : NULL;
  double seconds = 0;
  for (int i = 0; subject && i < 2; i++) { /* the first one warms up */
    double start = vx_seconds();
    vx_subject_show_input(subject, x, NULL);
    if (vx_subject_predict(subject, NULL)) seconds = vx_seconds() - start;
  }
  vx_subject_free(subject);
  free(x);
  return seconds;
}

/* All methods of a picture made once, in forward passes: shared passes once, what each runs again by itself. */
static double cost_of_methods(const vx_run *run) {
  const vx_config *config = run->config;
  vx_plan plan;
  double cost = 0;
  if (!vx_plan_make(config->methods, config->method_count, run->shape, &plan, NULL)) return 0;
  for (int i = 0; i < config->method_count; i++) {
    vx_needs own;
    vx_explainer_needs(config->methods[i].explainer, run->shape, &config->methods[i].args, &own);
    own.wants.count = 0;
    cost += fmax(0, vx_cost(&own, run->shape) - 1);
  }
  plan.needs.variant_count = plan.needs.answer_count = plan.needs.shared_count = 0;
  return cost + vx_cost(&plan.needs, run->shape);
}

/* Forward passes of one picture for one measure, at most; says what they are. */
static double tell_metric(const vx_run *run, int index, FILE *to) {
  const vx_metric *m = &run->config->metrics[index];
  vx_remake list[VX_REMAKES_MAX];
  vx_needs own = {0};
  if (m->measure->kind == VX_METHOD_AND_MODEL) {
    int again = m->measure->remakes(run->shape, &m->args, list);
    double cost = again * cost_of_methods(run);
    fprintf(to, "  %s: all methods made again, %d time%s a picture: %.1f forward passes\n", m->name, again,
            again == 1 ? "" : "s", cost);
    return cost;
  }
  if (m->measure->needs) m->measure->needs(run->shape, &m->args, &own);
  int each = own.answer_count + own.variant_count;
  if (own.shared_count) fprintf(to, "  %s: at most %d variants a picture, for all maps\n", m->name, own.shared_count);
  if (each) fprintf(to, "  %s: at most %d variants a map\n", m->name, each);
  if (!each && !own.shared_count) fprintf(to, "  %s: without the model\n", m->name);
  return own.shared_count + (double)each * run->info.method_count;
}

static void tell(const vx_run *run, const vx_measuring *only, const vx_measure_options *o) {
  int images = 0;
  double passes = 0;
  if (!o->report) return;
  for (size_t i = 0; i < run->voc.count; i++) images += only->images[i];
  fprintf(o->report, "%d image%s, %d method%s:\n", images, images == 1 ? "" : "s", run->info.method_count,
          run->info.method_count == 1 ? "" : "s");
  for (int i = 0; i < run->config->metric_count; i++)
    if (only->metrics >> i & 1) passes += tell_metric(run, i, o->report);
  if (!(passes > 0)) return;
  double seconds = forward_seconds(run);
  char clock[40];
  vx_progress_clock(passes * images * seconds / o->jobs, clock, sizeof clock);
  fprintf(o->report,
          "at most %.0f forward passes of %.1f ms, %d at a time: %s; what is there already is not asked again\n",
          passes * images, 1e3 * seconds, o->jobs, clock);
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

/* Maps are what is measured: all that were scored have to be there. */
static bool check_maps(vx_store *store, const vx_run_row *row, vx_error *error) {
  int64_t without;
  if (!vx_all_maps_missing(store, row->id, &without, error)) return false;
  return without == 0 || vx_fail(error, vx_store_path(store),
                                 "run %" PRId64 ": %" PRId64 " of its maps are not in the file, and measures are taken "
                                 "of stored maps: run it again into another file",
                                 row->id, without);
}

static bool same_run(vx_store *store, const vx_run_row *row, const vx_run *run, vx_error *error) {
  int64_t id;
  if (!vx_rerun_same(store, row, run, "measured", error) || !vx_store_find(store, &run->info, &id, error)) return false;
  return id == row->id || vx_fail(error, vx_store_path(store),
                                  "run %" PRId64 " cannot be measured: with these --set it is another run", row->id);
}

static bool work(vx_run *run, vx_store *store, const vx_run_row *row, uint64_t asked, const vx_measure_options *o,
                 vx_measured *measured, vx_error *error) {
  bool *chosen = calloc(run->voc.count + 1, sizeof *chosen);
  const vx_measuring only = {.metrics = asked, .images = chosen};
  const vx_work all = {.run = run,
                       .store = store,
                       .jobs = o->jobs,
                       .only = &only,
                       .report = o->report,
                       .terminal = o->terminal,
                       .stop = o->stop};
  bool good = chosen || vx_fail(error, row->name, "out of memory");
  good = good && same_run(store, row, run, error) && check_maps(store, row, error) &&
         vx_run_add_imported(run, store, row->id, error) && vx_run_begin(run, store, o->jobs, o->report, error) &&
         vx_run_make_prior(run, error) && choose(run, store, o, chosen, error);
  if (good) tell(run, &only, o);
  good = good && vx_work_all(&all, &measured->worked, error) &&
         (!*row->finished || measured->worked.stopped || vx_store_finish(store, error));
  free(chosen);
  return good;
}

bool vx_measure_run(vx_store *store, const vx_run_row *row, const vx_measure_options *o, vx_measured *measured,
                    vx_error *error) {
  uint64_t asked;
  *measured = (vx_measured){0};
  vx_config *config = read_config(row, o, error);
  if (!config) return false;
  measured->metrics = config->metric_count;
  vx_blas_threads(1); /* as in the run */
  vx_run *run = join(config, row, &asked, error) ? vx_run_open(config, NULL, 0, error) : NULL;
  bool good = run && work(run, store, row, asked, o, measured, error);
  vx_run_close(run);
  vx_config_free(config);
  return good;
}
