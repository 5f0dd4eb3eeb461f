/* What a setting can be asked of stored maps, and what becomes of their scores. */
#include <stdio.h>
#include <string.h>

#include "harness/run/score.h"
#include "harness/study/rescore.h"

/* The side of an evaluation size; 0: the picture's own. */
static int side_of(const vx_setting *setting, int input_side) {
  return setting->size == VX_SIZE_INPUT ? input_side : setting->side;
}

bool vx_rescore_check(const vx_rescore *rescore, const vx_setting *setting, char *note, size_t note_size,
                      vx_error *error) {
  vx_scoring_row main_scoring;
  vx_setting own;
  char marked[300] = "";
  if (note) *note = '\0';
  if (!vx_query_scoring(rescore->store, rescore->run.id, NULL, rescore->arena, &main_scoring, error) ||
      !vx_setting_make(&main_scoring, &own, error))
    return false;
  bool same = side_of(&own, rescore->input.size) == side_of(setting, rescore->input.size);
  for (int m = 0; m < rescore->method_count; m++) {
    const vx_method_row *method = &rescore->methods[m];
    if (!method->pixel_map || method->is_mask) continue;
    if (!same) {
      return vx_fail(error, method->name,
                     "its maps are stored as 8-bit maps at size %s: size %s needs a run (or leave it out: --methods)",
                     main_scoring.size, vx_setting_word(setting, "size"));
    }
    size_t used = strlen(marked);
    snprintf(marked + used, sizeof marked - used, "%s%s", used ? ", " : "", method->name);
  }
  if (note && *marked && setting->scoring.threshold.kind != VX_THRESHOLD_OTSU) {
    snprintf(note, note_size, "threshold %s is taken as u > 255 t on 8-bit maps of %s",
             vx_setting_word(setting, "threshold"), marked);
  }
  return true;
}

void vx_rescore_evaluation(const vx_rescored *rescored, int setting, const vx_setting *how, vx_evaluation *e) {
  *e = vx_evaluation_unknown;
  e->target = rescored->target;
  e->status = VX_STATUS_FAILED;
  if (!rescored->made) return;
  e->status = VX_STATUS_UNSCORED;
  if (!rescored->has_truth[setting]) return;
  e->status = rescored->flat ? VX_STATUS_FLAT : VX_STATUS_OK;
  vx_score_cut(&rescored->cuts[setting], &how->scoring, e);
}
