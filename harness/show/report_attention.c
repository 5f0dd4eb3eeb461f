/* What parallel coordinates and the flow map of an image are drawn from: the attention of the [CLS] token, layer by
   layer and head by head, and how rollout's weight runs from [CLS] down to the patches. Needs the run's own model. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/vx.h"
#include "harness/config/config.h"
#include "harness/data/picture.h"
#include "harness/run/run.h"
#include "harness/show/report_parts.h"

enum { FLOW_PATCHES = 24, CHOSEN_MAX = 64, CHOSEN_AUTO = 6 };

/* The model, opened for this report. */
typedef struct watching {
  vx_report *report;
  vx_config *config;
  vx_model *model;
  vx_worker *worker;
  vx_input_options input;
  const vx_shape *shape;
  vx_arena *arena; /* of one image */
} watching;

/* ---- rollout's weight, layer by layer --------------------------------------------------------------------------- */

/* M [n][n] of a layer: the mean of its heads plus the identity, rows summing to 1 (Abnar & Zuidema 2020). */
static void mix_heads(const vx_shape *s, const double *attention, int layer, double *m) {
  size_t n = (size_t)s->tokens, heads = (size_t)s->heads;
  const double *a = attention + (size_t)layer * heads * n * n;
  for (size_t i = 0; i < n; i++) {
    double sum = 0;
    for (size_t j = 0; j < n; j++) {
      double mean = i == j;
      for (size_t h = 0; h < heads; h++) mean += a[(h * n + i) * n + j] / (double)heads;
      m[i * n + j] = mean;
      sum += mean;
    }
    for (size_t j = 0; j < n; j++) m[i * n + j] /= sum;
  }
}

/* The patches that receive most of weight [n] at the bottom, in the order of the grid; returns how many. */
static int strongest(const double *weight, int tokens, int *patches) {
  bool taken[FLOW_PATCHES + 1] = {false};
  int count = tokens - 1 < FLOW_PATCHES ? tokens - 1 : FLOW_PATCHES, place[FLOW_PATCHES];
  for (int k = 0; k < count; k++) {
    int best = -1;
    for (int j = 1; j < tokens; j++) {
      bool used = false;
      for (int i = 0; i < k; i++) used = used || place[i] == j;
      if (!used && (best < 0 || weight[j] > weight[best])) best = j;
    }
    place[k] = best;
  }
  for (int k = 0; k < count; k++) { /* by place in the grid */
    int least = -1;
    for (int i = 0; i < count; i++)
      if (!taken[i] && (least < 0 || place[i] < place[least])) least = i;
    taken[least] = true;
    patches[k] = place[least] - 1;
  }
  return count;
}

/* Where a token is drawn: 0 [CLS], 1 … the chosen patches, last all others together. */
static void places_of(const int *patches, int count, int tokens, int *place) {
  for (int j = 0; j < tokens; j++) place[j] = count + 1;
  place[0] = 0;
  for (int k = 0; k < count; k++) place[patches[k] + 1] = k + 1;
}

/* Bands of a layer, [places][places] from upper to lower place; weight [n] goes one layer down. */
static json_t *layer_bands(const vx_shape *s, const double *m, const int *place, int places, double *weight,
                           double *below) {
  int n = s->tokens;
  double bands[FLOW_PATCHES + 2][FLOW_PATCHES + 2] = {{0}};
  memset(below, 0, (size_t)n * sizeof *below);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      double share = weight[i] * m[(size_t)i * (size_t)n + (size_t)j];
      below[j] += share;
      bands[place[i]][place[j]] += share;
    }
  }
  memcpy(weight, below, (size_t)n * sizeof *weight);
  json_t *list = json_array();
  for (int i = 0; list && i < places; i++)
    for (int j = 0; j < places; j++)
      if (bands[i][j] >= 5e-4)
        json_array_append_new(list, json_pack("[i, i, o]", i, j, vx_embed_number(bands[i][j], 4)));
  return list;
}

/* mixed [L][n][n]: all layers' M. Bands from the top layer down. */
static bool add_flow(watching *w, const double *mixed, json_t *into) {
  const vx_shape *s = w->shape;
  size_t n = (size_t)s->tokens;
  double *weight = VX_TAKE(w->arena, n, double), *below = VX_TAKE(w->arena, n, double);
  int *place = VX_TAKE(w->arena, n, int), patches[FLOW_PATCHES];
  if (!weight || !below || !place) return false;
  for (int pass = 0; pass < 2; pass++) { /* first to find the strongest patches, then for their bands */
    int count = pass ? strongest(below, s->tokens, patches) : 0;
    places_of(patches, count, s->tokens, place);
    memset(weight, 0, n * sizeof *weight);
    weight[0] = 1;
    json_t *layers = json_array();
    for (int l = s->layers - 1; l >= 0; l--)
      json_array_append_new(layers, layer_bands(s, mixed + (size_t)l * n * n, place, count + 2, weight, below));
    if (!pass) {
      json_decref(layers);
      continue;
    }
    json_t *list = json_array();
    for (int k = 0; k < count; k++) json_array_append_new(list, json_integer(patches[k]));
    if (json_object_set_new(into, "patches", list) != 0 || json_object_set_new(into, "bands", layers) != 0)
      return false;
  }
  return true;
}

/* ---- what each axis shows --------------------------------------------------------------------------------------- */

/* An axis: values [patches] as bytes of the axis' own highest value. */
static json_t *axis_of(watching *w, const double *values) {
  int count = w->shape->tokens - 1;
  double most = 0;
  uint8_t *bytes = VX_TAKE(w->arena, count, uint8_t);
  if (!bytes) return NULL;
  for (int j = 0; j < count; j++) most = fmax(most, values[j]);
  for (int j = 0; j < count; j++) bytes[j] = most > 0 ? (uint8_t)lround(255 * fmax(0, values[j]) / most) : 0;
  return json_pack("[o, o]", vx_embed_number(most, 5), vx_embed_bytes(bytes, (size_t)count));
}

static bool add_heads(watching *w, const double *attention, json_t *into) {
  const vx_shape *s = w->shape;
  size_t n = (size_t)s->tokens, heads = (size_t)s->heads;
  json_t *all = json_array(), *means = json_array();
  double *mean = VX_TAKE(w->arena, n, double);
  if (!mean || json_object_set_new(into, "heads", all) != 0 || json_object_set_new(into, "layers", means) != 0) {
    return false;
  }
  for (size_t l = 0; l < (size_t)s->layers; l++) {
    json_t *list = json_array();
    memset(mean, 0, n * sizeof *mean);
    for (size_t h = 0; h < heads; h++) {
      const double *row = attention + (l * heads + h) * n * n; /* of [CLS] */
      for (size_t j = 1; j < n; j++) mean[j - 1] += row[j] / (double)heads;
      json_array_append_new(list, axis_of(w, row + 1));
    }
    if (json_array_append_new(all, list) != 0 || json_array_append_new(means, axis_of(w, mean)) != 0) return false;
  }
  return true;
}

/* Rollout as it would stand after each layer: row of [CLS] in M_l … M_0. */
static bool add_rollout(watching *w, const double *mixed, json_t *into) {
  const vx_shape *s = w->shape;
  size_t n = (size_t)s->tokens;
  double *row = VX_TAKE(w->arena, n, double), *next = VX_TAKE(w->arena, n, double);
  json_t *list = json_array();
  if (!row || !next || json_object_set_new(into, "rollout", list) != 0) return false;
  for (int top = 0; top < s->layers; top++) {
    memset(row, 0, n * sizeof *row);
    row[0] = 1;
    for (int l = top; l >= 0; l--) {
      const double *m = mixed + (size_t)l * n * n;
      memset(next, 0, n * sizeof *next);
      for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) next[j] += row[i] * m[i * n + j];
      memcpy(row, next, n * sizeof *row);
    }
    if (json_array_append_new(list, axis_of(w, row + 1)) != 0) return false;
  }
  return true;
}

/* ---- one image -------------------------------------------------------------------------------------------------- */

static const double *attention_of(watching *w, int image, const char *path, vx_error *error) {
  vx_picture picture = {0};
  size_t side = (size_t)w->shape->image;
  float *x = VX_TAKE(w->arena, 3 * side * side, float);
  if (!x) {
    vx_fail(error, "report", "out of memory");
    return NULL;
  }
  vx_view *view = NULL;
  if (vx_picture_read(path, &picture, error) && vx_input_make(&picture, &w->input, x, NULL, error) &&
      vx_worker_forward(w->worker, x, error)) {
    view = vx_worker_explain(w->worker, w->report->images.rows[image].label, VX_LOGIT, error);
  }
  vx_picture_free(&picture);
  return view ? view->attention : NULL;
}

static bool write_attention(watching *w, int image, const char *path, vx_error *error) {
  const vx_shape *s = w->shape;
  size_t n = (size_t)s->tokens;
  vx_error reason;
  const double *attention = attention_of(w, image, path, &reason);
  if (!attention) { /* this image's failure, not the report's */
    if (!*w->report->made->note) {
      snprintf(w->report->made->note, sizeof w->report->made->note, "no attention plots of %s: %s: %s",
               w->report->images.rows[image].image_id, reason.where, reason.why);
    }
    return true;
  }
  double *mixed = vx_arena_take(w->arena, n * n * sizeof *mixed, (size_t)s->layers);
  json_t *into = json_object();
  bool ok = mixed && into;
  for (int l = 0; ok && l < s->layers; l++) mix_heads(s, attention, l, mixed + (size_t)l * n * n);
  ok = ok && add_flow(w, mixed, into) && add_heads(w, attention, into) && add_rollout(w, mixed, into);
  if (!ok) {
    json_decref(into);
    return vx_fail(error, "report", "out of memory");
  }
  char id[40];
  snprintf(id, sizeof id, "attention-%d", image);
  w->report->made->attention++;
  return vx_embed_write(w->report->to, id, into, error);
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
    if (image < 0 || count == CHOSEN_MAX) {
      vx_fail(error, "--attention", image < 0 ? "no image '%.*s' through the gate" : "too many images at '%.*s'",
              (int)length, at);
      return -1;
    }
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
  vx_yaml *tree = vx_yaml_parse(report->run.config, strlen(report->run.config), "the run's configuration", error);
  w->config = tree ? vx_config_from(tree, "the run's configuration", NULL, 0, error) : NULL;
  vx_yaml_free(tree);
  if (!w->config) return false;
  w->model = vx_model_open(w->config->model, error);
  if (!w->model) return false;
  if (w->config->head_classes &&
      !vx_model_randomise_head(w->model, w->config->head_classes, (uint64_t)w->config->head_seed, error)) {
    return false;
  }
  if (strcmp(vx_model_digest(w->model), report->run.model_digest) != 0) {
    return vx_fail(error, w->config->model, "is another model than the run's");
  }
  w->shape = vx_model_shape(w->model);
  vx_passes passes = {0};
  vx_need_attention(&passes, 0);
  if (!vx_run_input(w->config, w->shape->image, &w->input, error)) return false;
  w->worker = vx_worker_new(w->model, &passes, VX_SINGLE, error);
  return w->worker != NULL;
}

static bool write_chosen(watching *w, const int *chosen, int count, vx_error *error) {
  for (int k = 0; k < count; k++) {
    const vx_voc_entry *entry = vx_report_entry(w->report, chosen[k]);
    if (!entry) continue;
    if (!write_attention(w, chosen[k], entry->image, error)) return false;
    vx_arena_reset(w->arena);
  }
  return true;
}

bool vx_report_write_attention(vx_report *report, vx_error *error) {
  const char *names = report->options->attention;
  int chosen[CHOSEN_MAX];
  if (!report->voc.count || (names && strcmp(names, "none") == 0)) return true;
  int count = names ? choose_named(report, names, chosen, error) : choose_some(report, chosen);
  if (count < 0) return false;
  vx_error reason;
  watching w = {.report = report, .arena = vx_arena_new()};
  bool ok = w.arena && open_model(&w, &reason);
  if (!ok && !*report->made->note) { /* the report is whole without it */
    snprintf(report->made->note, sizeof report->made->note, "no attention plots: %s: %s", reason.where, reason.why);
  }
  bool written = !ok || write_chosen(&w, chosen, count, error);
  vx_worker_free(w.worker);
  if (w.model) vx_model_close(w.model);
  if (w.config) vx_config_free(w.config);
  vx_arena_free(w.arena);
  return written;
}
