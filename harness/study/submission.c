#include "harness/study/submission.h"

#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/vx.h"
#include "harness/run/origin.h"
#include "harness/store/dump.h"
#include "harness/store/stored.h"
#include "harness/study/rerun.h"
#include "harness/study/submission_parts.h"

/* ---- findings ------------------------------------------------------------------------------------------------------
 */

static void say_error(const vx_submission *s, vx_verdict bad, const char *what, const vx_error *error) {
  char why[700];
  snprintf(why, sizeof why, "%.250s: %.440s", error->where, error->why);
  vx_submission_say(s, bad, what, why);
}

/* ---- the protocol --------------------------------------------------------------------------------------------------
 */

/* The first column of the file that says another thing than its configuration by the protocol; NULL: none. */
static const char *other_column(const vx_run_row *run, const vx_config *config, vx_arena *arena) {
  const vx_scoring_row *a = &run->scoring, b = vx_setting_words(&config->score);
  const char *output = vx_config_word("output", config->output, arena);
  const struct {
    const char *key, *then, *now;
  } texts[] = {{"target", run->target, config->target},
               {"output", run->output, output ? output : ""},
               {"score.size", a->size, b.size},
               {"score.threshold", a->threshold, b.threshold},
               {"score.foreground", a->foreground, b.foreground},
               {"score.void", a->void_pixels, b.void_pixels},
               {"score.mask_resize", a->mask_resize, b.mask_resize},
               {"score.pixel_accuracy", a->pixel_accuracy, b.pixel_accuracy},
               {"score.aggregate", a->aggregate, b.aggregate}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (strcmp(texts[i].then, texts[i].now) != 0) return texts[i].key;
  if (run->min_confidence != config->min_confidence) return "min_confidence";
  vx_input_options input;
  if (!vx_origin_input(run, &input, NULL)) return "input";
  if (config->resize != VX_AS_CHECKPOINT && (int)input.resize != config->resize) return "input.resize";
  if (config->filter != VX_FILTER_AS_CHECKPOINT && (int)input.filter != config->filter) return "input.filter";
  if ((int)input.arithmetic != config->arithmetic) return "input.arithmetic";
  if (config->normalize == VX_CFG_NORMALIZE_NONE && input.normalize) return "input.normalize";
  return NULL;
}

static void check_keys(const vx_submission *s, const vx_protocol *p) {
  static const char what[] = "the run's keys are the protocol's";
  vx_error why;
  char *set = NULL, text[200];
  if (asprintf(&set, "protocol=%s", p->path) < 0) set = NULL;
  const char *const sets[] = {set};
  vx_config *config = set ? vx_config_parse(s->run.config, strlen(s->run.config), s->run.name, sets, 1, &why) : NULL;
  const char *other = config ? other_column(&s->run, config, s->arena) : NULL;
  snprintf(text, sizeof text, "%s is another one in the file's rows", other ? other : "");
  if (config)
    vx_submission_say(s, VX_FOUND_WRONG, what, other ? text : NULL);
  else
    say_error(s, VX_FOUND_WRONG, what, &why);
  vx_config_free(config);
  free(set);
}

static bool check_list(const vx_submission *s, const vx_protocol *p, vx_error *error) {
  static const char what[] = "the images are the protocol's list";
  int64_t *images;
  int count;
  vx_error why;
  if (!vx_query_image_ids(s->store, s->run.id, s->arena, &images, &count, error)) return false;
  const char **ids = VX_TAKE(s->arena, count + 1, const char *);
  for (int i = 0; ids && i < count; i++) {
    vx_result row;
    if (!vx_image_read(s->store, images[i], s->arena, &row, error)) return false;
    ids[i] = row.id;
  }
  if (!ids) return vx_fail(error, vx_store_path(s->store), "out of memory");
  bool good = vx_protocol_check_list(p, ids, count, "the file", &why);
  if (good)
    vx_submission_say(s, VX_FOUND_WRONG, what, NULL);
  else
    say_error(s, VX_FOUND_WRONG, what, &why);
  return true;
}

static void check_rows(const vx_submission *s, const vx_protocol *p) {
  vx_finding rows = {.what = "rows and measures that the protocol asks for are there"};
  for (int i = 0; i < p->row_count; i++) {
    int k = 0;
    while (k < s->run.method_count && strcmp(s->run.methods[k].explainer, p->rows[i]) != 0) k++;
    vx_finding_count(&rows, p->rows[i], "", k < s->run.method_count ? NULL : "not among the methods");
  }
  for (int i = 0; i < p->measure_count; i++) {
    int k = 0;
    while (k < s->run.metric_count && strcmp(s->run.metrics[k].measure, p->measures[i]) != 0) k++;
    vx_finding_count(&rows, p->measures[i], "", k < s->run.metric_count ? NULL : "not among the measures");
  }
  vx_finding_tell(s, &rows, VX_FOUND_WRONG);
}

static bool check_protocol(const vx_submission *s, vx_error *error) {
  const char *name = s->options->protocol ? s->options->protocol : s->run.protocol;
  vx_error why;
  if (!*name) {
    vx_submission_say(s, VX_FOUND_WARNING, "the run is made by a protocol", "it names none: nothing to compare with");
    return true;
  }
  vx_protocol *p = vx_protocol_read(name, &why);
  if (!p) {
    say_error(s, VX_FOUND_WRONG, "the protocol is known (else --protocol FILE)", &why);
    return true;
  }
  bool named = *s->run.protocol != '\0';
  bool same = strcmp(s->run.protocol, p->name) == 0 && strcmp(s->run.protocol_digest, p->digest) == 0;
  vx_submission_say(s, named ? VX_FOUND_WRONG : VX_FOUND_WARNING, "the run names this protocol and its SHA-256",
                    same               ? NULL
                    : *s->run.protocol ? "another file than this protocol's"
                                       : "it names none");
  check_keys(s, p);
  check_rows(s, p);
  if (p->model)
    vx_submission_say(s, VX_FOUND_WRONG, "the model is the protocol's",
                      strcmp(p->model, s->run.model_digest) == 0 ? NULL : "another digest of its weights");
  bool good = check_list(s, p, error);
  vx_protocol_free(p);
  return good;
}

/* ---- what is to be known -------------------------------------------------------------------------------------------
 */

static bool warn(const vx_submission *s, vx_error *error) {
  vx_store_counts counts;
  if (!vx_store_count(s->store, s->run.id, &counts, error)) return false;
  vx_finding failed = {.what = "no image is listed as failed", .looked_at = s->run.image_count, .wrong = counts.failed};
  if (counts.failed) vx_finding_tell(s, &failed, VX_FOUND_WARNING);
  vx_finding imported = {.what = "imported maps have a digest of what they came from"};
  for (int i = 0; i < s->run.method_count; i++) {
    const vx_method_row *m = &s->run.methods[i];
    if (strcmp(m->explainer, "imported") == 0)
      vx_finding_count(&imported, m->name, "", strstr(m->parameters, "maps=") ? NULL : "has none");
  }
  if (imported.looked_at) vx_finding_tell(s, &imported, VX_FOUND_WARNING);
  if (strcmp(s->run.kernel, vx_blas_kernel()) != 0)
    vx_submission_say(s, VX_FOUND_WARNING, "made with the kernel of OpenBLAS that is here", s->run.kernel);
  return true;
}

static void rerun(const vx_submission *s) {
  vx_rerun_options again = {.images = s->options->rerun,
                            .any = true,
                            .seed = s->options->seed,
                            .set = s->options->set,
                            .set_count = s->options->set_count};
  static const char what[] = "images that are run again come out bit for bit";
  vx_rerun_report report;
  vx_error why;
  if (!vx_rerun(s->store, &s->run, &again, &report, &why)) {
    bool kernel = strcmp(s->run.kernel, vx_blas_kernel()) != 0; /* other bits are no news then */
    say_error(s, kernel ? VX_FOUND_WARNING : VX_FOUND_WRONG, what, &why);
    return;
  }
  vx_finding f = {.what = what, .looked_at = report.images, .wrong = report.wrong};
  snprintf(f.first, sizeof f.first, "%s", report.first);
  vx_finding_tell(s, &f, VX_FOUND_WRONG);
}

/* ---- the whole -----------------------------------------------------------------------------------------------------
 */

static void take_check(const vx_check *check, void *user) {
  vx_finding f = {.what = check->what, .looked_at = check->looked_at, .wrong = check->wrong};
  snprintf(f.first, sizeof f.first, "%s", check->first);
  vx_finding_tell(user, &f, VX_FOUND_WRONG);
}

static bool check(vx_submission *s, int64_t run, vx_error *error) {
  int wrong;
  if (!vx_run_read(s->store, run, s->arena, &s->run, error) ||
      !vx_store_check_whole(s->store, s->run.id, take_check, s, error) ||
      !vx_store_check(s->store, s->run.id, take_check, s, &wrong, error) || !check_protocol(s, error) ||
      !vx_submission_remake(s, error) || !warn(s, error))
    return false;
  if (s->options->rerun > 0) rerun(s);
  return true;
}

bool vx_submission_check(vx_store *store, int64_t run, const vx_submission_options *options, vx_error *error) {
  vx_submission s = {.store = store, .options = options, .arena = vx_arena_new()};
  bool good = s.arena ? check(&s, run, error) : vx_fail(error, vx_store_path(store), "out of memory");
  vx_arena_free(s.arena);
  return good;
}

static ssize_t feed(void *sum, const char *bytes, size_t size) {
  g_checksum_update(sum, (const guchar *)bytes, (gssize)size);
  return (ssize_t)size;
}

bool vx_submission_digest(vx_store *store, int64_t run, char text[VX_SHA256_SIZE], vx_error *error) {
  GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
  FILE *to = fopencookie(sum, "w", (cookie_io_functions_t){.write = feed});
  bool good = to ? vx_store_dump(store, run, to, error) : vx_fail(error, vx_store_path(store), "out of memory");
  if (to && fclose(to) != 0 && good) good = vx_fail(error, vx_store_path(store), "out of memory");
  snprintf(text, VX_SHA256_SIZE, "%s", good ? g_checksum_get_string(sum) : "");
  g_checksum_free(sum);
  return good;
}
