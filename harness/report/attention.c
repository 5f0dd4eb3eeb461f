/* What parallel coordinates and the flow map of chosen images are drawn from (attention.h, attention_paths.h), made
   small for the page. Needs the run's own model. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/attention/attention.h"
#include "harness/attention/plots.h"
#include "harness/data/picture.h"
#include "harness/report/parts.h"
#include "harness/run/run.h"

enum { CHOSEN_MAX = 64, CHOSEN_AUTO = 6 };

/* The model, opened for this report. */
typedef struct watching {
  vx_report *report;
  vx_model *model;
  vx_subject *subject;
  vx_arena *arena; /* of one image */
} watching;

/* ---- one image -------------------------------------------------------------------------------------------------- */

/* An axis: values [patches] as bytes of the axis' own highest value. */
static json_t *axis_of(watching *w, const double *values, int patches) {
  double most = 0;
  uint8_t *bytes = VX_TAKE(w->arena, patches, uint8_t);
  if (!bytes) return NULL;
  for (int j = 0; j < patches; j++) most = fmax(most, values[j]);
  for (int j = 0; j < patches; j++) bytes[j] = most > 0 ? (uint8_t)lround(255 * fmax(0, values[j]) / most) : 0;
  return json_pack("[o, o]", vx_embed_number(most, 5), vx_embed_bytes(bytes, (size_t)patches));
}

/* layers: the attention of what is read, mean over heads; heads: of each layer; rollout: its weight at each level, the
 * input first.
 */
static void add_axes(watching *w, const vx_attention *a, json_t *into) {
  json_t *layers = vx_report_put_list(w->report, into, "layers"), *heads = vx_report_put_list(w->report, into, "heads");
  json_t *rollout = vx_report_put_list(w->report, into, "rollout");
  size_t patches = (size_t)a->patches;
  for (size_t l = 0; l < (size_t)a->layers; l++) {
    json_t *list = json_array();
    for (size_t h = 0; h < (size_t)a->heads; h++)
      vx_report_push(w->report, list, axis_of(w, a->by_head + (l * (size_t)a->heads + h) * patches, a->patches));
    vx_report_push(w->report, heads, list);
    vx_report_push(w->report, layers, axis_of(w, a->by_layer + l * patches, a->patches));
    vx_report_push(w->report, rollout,
                   axis_of(w, a->paths.node + l * (size_t)a->paths.tokens + (size_t)a->paths.leading, a->patches));
  }
}

static int by_place(const void *a, const void *b) {
  return *(const int *)a - *(const int *)b;
}

/* What each group has at the output (top), and bands [from upper group, to lower group, weight] of each layer from the
   top down; groups are the leading tokens, the main patches in the order of the grid, all others. */
static bool add_flow(watching *w, const vx_attention *a, json_t *into) {
  int tokens[VX_PLOT_PATCHES_MAX], count = vx_paths_main_tokens(&a->paths, VX_PLOT_PATCHES_MAX, tokens);
  size_t groups = (size_t)count + 2, layers = (size_t)a->layers;
  double *node = VX_TAKE(w->arena, (layers + 1) * groups, double);
  double *edge = VX_TAKE(w->arena, layers * groups * groups, double);
  json_t *patches = vx_report_put_list(w->report, into, "patches");
  json_t *bands = vx_report_put_list(w->report, into, "bands"), *top = vx_report_put_list(w->report, into, "top");
  if (!node || !edge) return false;
  qsort(tokens, (size_t)count, sizeof *tokens, by_place);
  vx_paths_group(&a->paths, tokens, count, node, edge);
  for (int k = 0; k < count; k++) vx_report_push(w->report, patches, json_integer(tokens[k] - a->paths.leading));
  for (size_t g = 0; g < groups; g++) vx_report_push(w->report, top, vx_embed_number(node[layers * groups + g], 4));
  for (size_t l = layers; l-- > 0;) {
    json_t *list = json_array();
    for (size_t i = 0; i < groups; i++) {
      for (size_t j = 0; j < groups; j++) {
        double weight = edge[(l * groups + i) * groups + j];
        if (weight >= 5e-4)
          vx_report_push(w->report, list, json_pack("[i, i, o]", (int)i, (int)j, vx_embed_number(weight, 4)));
      }
    }
    vx_report_push(w->report, bands, list);
  }
  return true;
}

static bool take(watching *w, const char *path, vx_attention *attention, vx_error *error) {
  vx_picture picture = {0};
  bool ok = vx_picture_read_as(path, (vx_exif)w->report->origin.config->exif, &picture, error) &&
            vx_attention_take(w->subject, &picture, false, w->arena, attention, error);
  vx_picture_free(&picture);
  return ok;
}

static bool write_attention(watching *w, int image, const char *path, vx_error *error) {
  vx_report *report = w->report;
  vx_attention attention;
  vx_error reason;
  if (!take(w, path, &attention, &reason)) { /* this image's failure, not the report's */
    if (!*report->made->note) {
      snprintf(report->made->note, sizeof report->made->note, "no attention plots of %s: %s: %s",
               report->images.rows[image].image_id, reason.where, reason.why);
    }
    return true;
  }
  json_t *into = json_pack("{s:s, s:s?}", "read", attention.read, "lead", attention.lead);
  if (into) add_axes(w, &attention, into);
  if (!into || !add_flow(w, &attention, into)) {
    json_decref(into);
    return vx_fail(error, "report", "out of memory");
  }
  char id[40];
  snprintf(id, sizeof id, "attention-%d", image);
  report->made->attention++;
  return vx_report_embed(report, id, into, error);
}

/* ---- which images ----------------------------------------------------------------------------------------------- */

static int find_image(const vx_report *report, const char *id, size_t length) {
  for (int i = 0; i < report->images.count; i++) {
    const char *own = report->images.rows[i].image_id;
    if (strlen(own) == length && memcmp(own, id, length) == 0) return i;
  }
  return -1;
}

/* Those named, parted by commas. */
static int choose_named(const vx_report *report, const char *names, int *chosen, vx_error *error) {
  int count = 0;
  for (const char *at = names; *at;) {
    size_t length = strcspn(at, ",");
    int image = find_image(report, at, length);
    if (image < 0 || count == CHOSEN_MAX)
      return vx_fail(error, "--attention", image < 0 ? "no image '%.*s' through the gate" : "too many images at '%.*s'",
                     (int)length, at),
             -1;
    chosen[count++] = image;
    at += length + (at[length] == ',');
  }
  return count;
}

/* The surest wrong decisions, then the most disputed images. */
static int choose_some(const vx_report *report, int *chosen) {
  int count = 0;
  for (int pass = 0; pass < CHOSEN_AUTO; pass++) {
    int best = -1;
    for (int i = 0; i < report->images.count; i++) {
      const vx_image_row *row = &report->images.rows[i], *other = best < 0 ? NULL : &report->images.rows[best];
      bool used = !report->sums[i].shown, wrong_only = pass < CHOSEN_AUTO / 2;
      for (int k = 0; k < count; k++) used = used || chosen[k] == i;
      if (used || (wrong_only && row->correct != VX_NO)) continue;
      bool better = !other || (wrong_only ? row->probability > other->probability
                                          : report->sums[i].dispute > report->sums[best].dispute);
      if (better) best = i;
    }
    if (best >= 0) chosen[count++] = best;
  }
  return count;
}

/* ---- the model -------------------------------------------------------------------------------------------------- */

static bool open_model(watching *w, vx_error *error) {
  vx_report *report = w->report;
  const vx_config *config = report->origin.config;
  vx_input_options input;
  w->model = vx_run_open_model(config, error);
  if (!w->model) return false;
  if (strcmp(vx_model_digest(w->model), report->run.model_digest) != 0) {
    return vx_fail(error, config->model, "is another model than the run's");
  }
  if (!vx_run_input(config, vx_model_shape(w->model)->image, &input, error)) return false;
  w->subject = vx_attention_subject(w->model, &input, error);
  return w->subject != NULL;
}

static bool write_chosen(watching *w, const int *chosen, int count, vx_error *error) {
  for (int k = 0; k < count; k++) {
    const vx_voc_entry *entry = vx_origin_entry(&w->report->origin, &w->report->images.rows[chosen[k]]);
    if (!entry) continue;
    w->arena = vx_arena_new(); /* a new one each: what is taken from it is counted on to be zero */
    bool ok = w->arena ? write_attention(w, chosen[k], entry->image, error) : vx_fail(error, "report", "out of memory");
    vx_arena_free(w->arena);
    if (!ok) return false;
  }
  return true;
}

bool vx_report_write_attention(vx_report *report, vx_error *error) {
  const char *names = report->options->attention;
  int chosen[CHOSEN_MAX];
  if (!report->origin.voc.count || (names && strcmp(names, "none") == 0)) return true;
  int count = names ? choose_named(report, names, chosen, error) : choose_some(report, chosen);
  if (count < 0) return false;
  vx_error reason;
  watching w = {.report = report};
  bool ok = open_model(&w, &reason);
  if (!ok && !*report->made->note) { /* the report is whole without it */
    snprintf(report->made->note, sizeof report->made->note, "no attention plots: %s: %s", reason.where, reason.why);
  }
  bool written = !ok || write_chosen(&w, chosen, count, error);
  vx_subject_free(w.subject);
  vx_model_close(w.model);
  return written;
}
