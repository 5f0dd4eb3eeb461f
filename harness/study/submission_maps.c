/* What needs no model, made again: the data's digests, every score out of the stored maps, every trivial row. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "harness/data/picture.h"
#include "harness/run/prior.h"
#include "harness/run/subject.h"
#include "harness/run/to_size.h"
#include "harness/store/stored.h"
#include "harness/study/rerun.h"
#include "harness/study/submission_parts.h"

static bool out_of_memory(const vx_submission *s, vx_error *error) {
  return vx_fail(error, vx_store_path(s->store), "out of memory");
}

static const char *last_of(const vx_error *error, vx_arena *arena) {
  vx_text text = {0};
  vx_text_add(&text, "%s: %s", error->where, error->why);
  const char *kept = vx_text_keep(arena, &text);
  return kept ? kept : "out of memory";
}

/* ---- the data ------------------------------------------------------------------------------------------------------
 */

static bool same_text(const char *a, const char *b) {
  return strcmp(a ? a : "", b ? b : "") == 0;
}

/* What the image's rows say that its files do not; NULL: nothing. */
static const char *look_at_image(const vx_voc *voc, const vx_result *row) {
  char now[VX_DIGEST_SIZE] = "";
  if ((size_t)row->position >= voc->count || strcmp(voc->entry[row->position].id, row->id) != 0)
    return "not at this place of the list";
  const vx_voc_entry *entry = &voc->entry[row->position];
  vx_file_digest(entry->image, VX_PICTURE_BYTES, now, NULL); /* without the file "" */
  if (!same_text(row->picture_digest, now)) return "another picture than the run saw";
  vx_mask mask;
  if (!vx_voc_mask(voc, entry, &mask, NULL)) return same_text(row->mask_digest, "") ? NULL : "its mask is not there";
  vx_mask_digest(&mask, now);
  size_t count[VX_LABELS], pixels = (size_t)mask.width * (size_t)mask.height;
  vx_mask_count(&mask, count);
  int main_class = vx_mask_main_class(&mask);
  bool none = same_text(row->mask_digest, "");
  const char *wrong = NULL;
  if (none ? row->width == mask.width && row->height == mask.height : strcmp(row->mask_digest, now) != 0)
    wrong = "another mask than the run saw";
  else if (!none && row->void_pixels != (int64_t)count[VX_LABEL_VOID])
    wrong = "another number of void pixels";
  else if (!none && row->object_pixels != (int64_t)(pixels - count[VX_LABEL_BACKGROUND] - count[VX_LABEL_VOID]))
    wrong = "another number of object pixels";
  else if (!none && main_class > 0 && !mask.nameless && row->main_class != main_class)
    wrong = "another main class";
  vx_mask_free(&mask);
  return wrong;
}

static bool check_data(const vx_submission *s, const vx_voc *voc, vx_error *error) {
  vx_finding f = {.what = "pictures and masks are those that the run saw"};
  int64_t *ids;
  int count;
  if (!vx_query_image_ids(s->store, s->run.id, s->arena, &ids, &count, error)) return false;
  for (int i = 0; i < count; i++) {
    vx_result row;
    if (!vx_image_read(s->store, ids[i], s->arena, &row, error)) return false;
    vx_finding_count(&f, row.id, "", look_at_image(voc, &row));
  }
  vx_finding_tell(s, &f, VX_FOUND_WRONG);
  return true;
}

/* ---- scores out of maps --------------------------------------------------------------------------------------------
 */

typedef struct comparing {
  const vx_submission *s;
  const vx_rescore *rescore;
  const vx_scoring_row *scorings; /* [count] */
  const vx_setting *settings;
  const bool *inexact; /* [count] a fixed threshold: not of maps in 8 bits */
  vx_result **stored;  /* [count] of the image at hand */
  int count;
  int64_t image, left_out;
  vx_finding f;
} comparing;

static bool read_stored(comparing *c, const vx_image_row *image, vx_error *error) {
  for (int k = 0; k < c->count; k++)
    if (!vx_result_reset(c->stored[k], image->position, image->image_id) ||
        !vx_evaluations_read(c->s->store, c->scorings[k].id, image->id, c->rescore->methods, c->rescore->method_count,
                             c->stored[k], error))
      return false;
  c->image = image->id;
  return true;
}

static bool compare_one(void *user, const vx_rescored *one, vx_error *error) {
  comparing *c = user;
  if (c->image != one->image->id && !read_stored(c, one->image, error)) return false;
  int method = (int)(one->method - c->rescore->methods);
  for (int k = 0; k < c->count; k++) {
    const vx_evaluation *then = NULL;
    for (int i = 0; i < c->stored[k]->evaluation_count && !then; i++)
      if (c->stored[k]->evaluations[i].method == method) then = &c->stored[k]->evaluations[i];
    if (!then) continue; /* a scoring of some methods; what main lacks is another check's */
    if (c->inexact[k] && one->method->pixel_map && !one->method->is_mask) {
      c->left_out++;
      continue;
    }
    vx_evaluation now, was = *then;
    vx_rescore_evaluation(one, k, &c->settings[k], &now);
    was.map = now.map;
    vx_finding_count(&c->f, one->image->image_id, one->method->name, vx_evaluation_difference(&was, &now));
  }
  return true;
}

static bool check_scores(const vx_submission *s, const vx_rescore *r, vx_error *error) {
  comparing c = {.s = s, .rescore = r, .f = {.what = "every score comes out of its stored map and its mask"}};
  vx_scoring_row *scorings;
  vx_error why = {.why = ""};
  if (!vx_query_scorings(s->store, s->run.id, s->arena, &scorings, &c.count, error)) return false;
  vx_setting *settings = VX_TAKE(s->arena, c.count + 1, vx_setting);
  bool *inexact = VX_TAKE(s->arena, c.count + 1, bool);
  c.stored = VX_TAKE(s->arena, c.count + 1, vx_result *);
  bool good = (settings && inexact && c.stored) || out_of_memory(s, error);
  for (int k = 0; good && k < c.count; k++) {
    good = vx_setting_make(&scorings[k], &settings[k], error);
    inexact[k] = good && settings[k].scoring.threshold.kind != VX_THRESHOLD_OTSU;
    good = good && ((c.stored[k] = vx_result_new()) != NULL || out_of_memory(s, error));
  }
  c.scorings = scorings;
  c.settings = settings;
  c.inexact = inexact;
  if (good && !vx_rescore_all(r, settings, c.count, s->options->jobs, compare_one, &c, &why))
    vx_finding_count(&c.f, "stopped", "", last_of(&why, s->arena));
  for (int k = 0; c.stored && k < c.count; k++) vx_result_free(c.stored[k]);
  if (!good) return false;
  vx_finding_tell(s, &c.f, VX_FOUND_WRONG);
  vx_finding left = {.what = "scores at a fixed threshold of maps kept in 8 bits, which only --rerun makes again",
                     .looked_at = c.left_out,
                     .wrong = c.left_out};
  if (c.left_out) vx_finding_tell(s, &left, VX_FOUND_WARNING);
  return true;
}

/* ---- trivial rows --------------------------------------------------------------------------------------------------
 */

typedef struct making {
  const vx_submission *s;
  const vx_rescore *r;
  vx_method_row *rows; /* [count] trivial methods of the run */
  vx_args *args;       /* [count] */
  int count;
  vx_setting main;
  vx_shape shape;
  vx_prior *prior;
  double *heat;     /* [S][S] */
  float *mean;      /* [S][S] of the prior */
  uint8_t *picture; /* [S][S][3] */
  unsigned data;    /* what they need */
  vx_truth truth;
  vx_sized sized;
  vx_levels levels;
  vx_arena *scratch;
  vx_finding f;
} making;

/* The arguments that give the parameters of the row: the defaults, or what the run's configuration says. */
static bool find_args(const making *m, const vx_explainer *explainer, const vx_method_row *row, vx_args *args) {
  const vx_config *config = m->r->origin.config;
  int at = vx_config_find_method(config, row->name);
  bool same = false;
  for (int from = 0; from < 2 && !same; from++) {
    vx_text text = {0};
    if (from && (at < 0 || config->methods[at].explainer != explainer)) break;
    if (from)
      *args = config->methods[at].args;
    else
      vx_args_default(&explainer->params, args);
    vx_args_print(&explainer->params, args, &text);
    same = strcmp(text.text ? text.text : "", row->parameters) == 0;
    free(text.text);
  }
  return same;
}

static void choose_rows(making *m) {
  for (int i = 0; i < m->s->run.method_count; i++) {
    const vx_method_row *row = &m->s->run.methods[i];
    const vx_explainer *e = vx_explainer_find(row->explainer);
    vx_needs needs;
    if (!e || e->family != VX_FAMILY_TRIVIAL) {
      if (row->trivial) vx_finding_count(&m->f, row->name, "", "says that it never looks at the model, and is none");
      continue;
    }
    bool as_known = row->trivial && row->is_mask == e->is_mask && row->pixel_map == (e->grid == VX_GRID_PIXEL);
    if (!as_known || !find_args(m, e, row, &m->args[m->count])) {
      vx_finding_count(&m->f, row->name, "",
                       as_known ? "has parameters that the run's configuration does not say"
                                : "is not what the program knows under this name");
      continue;
    }
    vx_explainer_needs(e, &m->shape, &m->args[m->count], &needs);
    m->data |= needs.data;
    m->rows[m->count++] = *row;
  }
}

/* The row of the picture that a view has, made again into `result`. */
static bool make_row(making *m, int index, const vx_view *view, const vx_image_row *image, vx_result *result,
                     vx_evaluation *now, vx_error *error) {
  const vx_explainer *e = vx_explainer_find(m->rows[index].explainer);
  const vx_geometry *size = &m->truth.geometry;
  vx_case of = {0};
  vx_error why;
  *now = vx_evaluation_unknown;
  now->status = VX_STATUS_FAILED;
  if (!vx_explainer_run(e, view, &m->args[index], m->heat, &why)) return true; /* as in the run: a failure */
  int side = vx_explainer_side(e, &m->shape);
  vx_heatmap map = {side, side, e->is_mask, e->grid == VX_GRID_PIXEL, m->heat};
  if (!vx_to_size(&m->sized, &map, m->rows[index].name, size->height, size->width, error) ||
      (m->truth.known && !vx_case_prepare(&m->sized.heat, m->truth.label, &m->main.scoring, &m->levels, &of, error)))
    return false;
  const vx_rescored one = {.image = image,
                           .method = &m->rows[index],
                           .made = true,
                           .flat = m->sized.heat.flat,
                           .target = -1,
                           .has_truth = &m->truth.known,
                           .cuts = &of.cut};
  vx_rescore_evaluation(&one, 0, &m->main, now);
  return vx_sized_keep(&m->sized, result, now) || out_of_memory(m->s, error);
}

static bool make_image(making *m, const vx_image_row *image, vx_result *then, vx_result *now, vx_error *error) {
  const vx_voc *voc = &m->r->origin.voc;
  if ((size_t)image->position >= voc->count) return true; /* another check's */
  const vx_voc_entry *entry = &voc->entry[image->position];
  vx_mask mask = {0};
  vx_picture picture;
  vx_view view = {.shape = &m->shape, .scratch = m->scratch};
  view.seed = vx_subject_seed(m->s->run.seed, image->image_id);
  if ((m->data & VX_NEED_PICTURE) &&
      vx_picture_read_as(entry->image, (vx_exif)m->r->origin.config->exif, &picture, NULL)) {
    if (vx_input_make(&picture, &m->r->input, NULL, m->picture, NULL)) view.picture = m->picture;
    vx_picture_free(&picture);
  }
  if (!vx_result_read(m->s->store, image->id, m->rows, m->count, then, error) ||
      !vx_result_reset(now, image->position, image->image_id))
    return false;
  if (!vx_voc_mask(voc, entry, &mask, NULL)) mask = (vx_mask){0};
  int predicted = image->label >= 0 && image->label < m->r->label_count ? m->r->label_class[image->label] : -1;
  bool good = vx_setting_truth(&m->main, &m->r->input, &mask, then->width, then->height, predicted, &m->truth, error) &&
              vx_prior_give(m->prior, &mask, m->mean, &view.prior, error);
  for (int i = 0; good && i < then->evaluation_count; i++) {
    const vx_evaluation *old = &then->evaluations[i];
    vx_evaluation new;
    good = make_row(m, old->method, &view, image, now, &new, error);
    if (good) vx_finding_count(&m->f, image->image_id, m->rows[old->method].name, vx_evaluation_difference(old, &new));
  }
  vx_mask_free(&mask);
  return good;
}

static bool make_all(making *m, vx_error *error) {
  vx_scoring_row scoring = m->s->run.scoring;
  size_t pixels = (size_t)m->shape.image * (size_t)m->shape.image;
  vx_result *then = vx_result_new(), *now = vx_result_new();
  m->heat = malloc(pixels * sizeof *m->heat);
  m->mean = malloc(pixels * sizeof *m->mean);
  m->picture = malloc(3 * pixels);
  m->scratch = vx_arena_new();
  bool good = (then && now && m->heat && m->mean && m->picture && m->scratch) || out_of_memory(m->s, error);
  good = good && vx_setting_make(&scoring, &m->main, error);
  if (good && (m->data & VX_NEED_PRIOR))
    good = (m->prior = vx_prior_make(&m->r->origin.voc, &m->r->input, m->main.truth.resize, error)) != NULL;
  for (int i = 0; good && i < m->r->images.count; i++) good = make_image(m, &m->r->images.rows[i], then, now, error);
  vx_result_free(then);
  vx_result_free(now);
  vx_prior_free(m->prior);
  free(m->heat);
  free(m->mean);
  free(m->picture);
  vx_arena_free(m->scratch);
  vx_truth_free(&m->truth);
  vx_sized_free(&m->sized);
  return good;
}

static bool check_trivial(const vx_submission *s, const vx_rescore *r, vx_error *error) {
  int grid = s->run.grid, methods = s->run.method_count + 1;
  making m = {.s = s,
              .r = r,
              .rows = VX_TAKE(s->arena, methods, vx_method_row),
              .args = VX_TAKE(s->arena, methods, vx_args),
              .shape = {.image = s->run.input_side, .grid = grid, .tokens = grid * grid},
              .f = {.what = "trivial rows made again from the masks are the file's"}};
  vx_error why;
  if (!m.rows || !m.args) return out_of_memory(s, error);
  choose_rows(&m);
  if (m.count && !make_all(&m, &why)) vx_finding_count(&m.f, "stopped", "", last_of(&why, s->arena));
  vx_finding_tell(s, &m.f, VX_FOUND_WRONG);
  return true;
}

/* ---- the whole -----------------------------------------------------------------------------------------------------
 */

bool vx_submission_remake(vx_submission *s, vx_error *error) {
  vx_rescore r;
  vx_error why;
  if (!vx_rescore_open(&r, s->store, s->run.id, s->options->root, NULL, &why)) {
    vx_submission_say(s, VX_FOUND_WRONG, "scores can be made again from the data (--set data.root=…)",
                      last_of(&why, s->arena));
    return true;
  }
  bool good = check_data(s, &r.origin.voc, error) && check_scores(s, &r, error) && check_trivial(s, &r, error);
  vx_rescore_close(&r);
  return good;
}
