/* What a scoring's texts mean. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/config/config.h"
#include "harness/study/rescore.h"

static bool accuracy_of(const char *text, bool *recall, vx_error *error) {
  *recall = strcmp(text, "recall") == 0;
  if (*recall || strcmp(text, "accuracy") == 0) return true;
  return vx_fail(error, "score.pixel_accuracy", "is '%s', expected accuracy or recall", text);
}

static bool check_aggregate(const char *text, vx_error *error) {
  if (strcmp(text, "mean") == 0 || strcmp(text, "pooled") == 0 || strcmp(text, "class") == 0) return true;
  return vx_fail(error, "score.aggregate", "is '%s', expected mean, pooled or class", text);
}

bool vx_rescore_setting_make(const vx_scoring_info *info, vx_rescore_setting *setting, vx_error *error) {
  memset(setting, 0, sizeof *setting);
  setting->info = *info;
  if (!vx_config_size_parse(info->size, &setting->size, &setting->size_pixels)) {
    return vx_fail(error, "score.size", "is '%s', expected input, image or a number of pixels", info->size);
  }
  return vx_threshold_parse(info->threshold, &setting->scoring.threshold, "score.threshold", error) &&
         accuracy_of(info->pixel_accuracy, &setting->scoring.accuracy_is_recall, error) &&
         check_aggregate(info->aggregate, error) &&
         vx_truth_foreground(info->foreground, &setting->truth, "score.foreground", error) &&
         vx_truth_void(info->void_pixels, &setting->truth, "score.void", error) &&
         vx_truth_resize(info->mask_resize, &setting->truth, "score.mask_resize", error);
}

bool vx_rescore_set(vx_scoring_info *info, const char *key, const char *value, vx_error *error) {
  const struct {
    const char *key, **text;
  } keys[] = {
      {"size", &info->size},          {"threshold", &info->threshold},     {"foreground", &info->foreground},
      {"void", &info->void_pixels},   {"mask_resize", &info->mask_resize}, {"pixel_accuracy", &info->pixel_accuracy},
      {"aggregate", &info->aggregate}};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    if (strcmp(keys[i].key, key) != 0) continue;
    *keys[i].text = value;
    return true;
  }
  return vx_fail(error, key,
                 "is no key of score; there are size, threshold, foreground, void, mask_resize, "
                 "pixel_accuracy, aggregate (anything else needs a run)");
}

/* The size that the run's maps were scored at, as a text of its main scoring. */
bool vx_rescore_check(const vx_rescore *rescore, const vx_rescore_setting *setting, char *note, size_t note_size,
                      vx_error *error) {
  vx_scoring_row main_scoring;
  char marked[300] = "";
  if (note) *note = '\0';
  if (!vx_query_scoring(rescore->store, rescore->run.id, NULL, rescore->arena, &main_scoring, error)) return false;
  char input_side[16];
  snprintf(input_side, sizeof input_side, "%d", rescore->run.input_side);
  const char *was = main_scoring.info.size, *is = setting->info.size;
  bool same = strcmp(was, is) == 0 || (strcmp(was, "input") == 0 && strcmp(is, input_side) == 0) ||
              (strcmp(is, "input") == 0 && strcmp(was, input_side) == 0);
  for (int m = 0; m < rescore->method_count; m++) {
    const vx_method_row *method = &rescore->methods[m];
    if (!method->pixel_map || method->is_mask) continue;
    if (!same) {
      return vx_fail(error, method->name,
                     "its maps are stored as 8-bit maps at size %s: size %s needs a run (or leave it out: --methods)",
                     was, is);
    }
    size_t used = strlen(marked);
    snprintf(marked + used, sizeof marked - used, "%s%s", used ? ", " : "", method->name);
  }
  if (note && *marked && setting->scoring.threshold.kind != VX_THRESHOLD_OTSU) {
    snprintf(note, note_size, "threshold %s is taken as u > 255 t on 8-bit maps of %s", setting->info.threshold,
             marked);
  }
  return true;
}

void vx_rescore_evaluation(const vx_rescored *rescored, int setting, const vx_rescore_setting *how, vx_evaluation *e) {
  const vx_cut *cut = &rescored->cuts[setting];
  *e = (vx_evaluation){.target = rescored->target,
                       .status = VX_STATUS_FAILED,
                       .threshold = NAN,
                       .tp = -1,
                       .fp = -1,
                       .fn = -1,
                       .tn = -1,
                       .void_pixels = -1,
                       .iou = NAN,
                       .f1 = NAN,
                       .pixel_accuracy = NAN,
                       .milliseconds = NAN};
  if (!rescored->made) return;
  e->status = VX_STATUS_UNSCORED;
  if (!rescored->has_truth[setting]) return;
  e->status = rescored->flat ? VX_STATUS_FLAT : VX_STATUS_OK;
  e->threshold = cut->threshold;
  e->tp = cut->counts.tp;
  e->fp = cut->counts.fp;
  e->fn = cut->counts.fn;
  e->tn = cut->counts.tn;
  e->void_pixels = cut->counts.ignored;
  e->iou = vx_iou(&cut->counts);
  e->f1 = vx_f1(&cut->counts);
  e->pixel_accuracy = how->scoring.accuracy_is_recall ? vx_recall(&cut->counts) : vx_pixel_accuracy(&cut->counts);
}
