#include "harness/config/setting.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- words ------------------------------------------------------------------------------------------------------- */

/* One key: reads its word and prints it as it is kept. */
typedef bool reader(vx_setting *setting, const char *word, char *kept, const char *where, vx_error *error);

static bool keep(char *kept, const char *word) {
  snprintf(kept, VX_SETTING_WORD, "%s", word);
  return true;
}

static bool read_size(vx_setting *s, const char *word, char *kept, const char *where, vx_error *error) {
  char *end;
  long side = strtol(word, &end, 10);
  s->side = 0;
  s->size = strcmp(word, "image") == 0 ? VX_SIZE_IMAGE : VX_SIZE_INPUT;
  if (s->size == VX_SIZE_IMAGE || strcmp(word, "input") == 0) return keep(kept, word);
  if (end == word || *end || side < 1 || side > 16384)
    return vx_fail(error, where, "is '%.60s', expected input, image, or a side from 1 to 16384", word);
  s->size = VX_SIZE_OWN;
  s->side = (int)side;
  snprintf(kept, VX_SETTING_WORD, "%d", s->side);
  return true;
}

static bool read_threshold(vx_setting *s, const char *word, char *kept, const char *where, vx_error *error) {
  if (!vx_threshold_parse(word, &s->scoring.threshold, where, error)) return false;
  if (s->scoring.threshold.kind != VX_THRESHOLD_FIXED) return keep(kept, word);
  vx_real_text(s->scoring.threshold.value, kept, VX_SETTING_WORD);
  return true;
}

static bool read_foreground(vx_setting *s, const char *word, char *kept, const char *where, vx_error *error) {
  if (!vx_truth_foreground(word, &s->truth, where, error)) return false;
  if (s->truth.foreground != VX_FOREGROUND_CLASS) return keep(kept, word);
  snprintf(kept, VX_SETTING_WORD, "class=%d", s->truth.label);
  return true;
}

static bool read_void(vx_setting *s, const char *word, char *kept, const char *where, vx_error *error) {
  return vx_truth_void(word, &s->truth, where, error) && keep(kept, word);
}

static bool read_mask_resize(vx_setting *s, const char *word, char *kept, const char *where, vx_error *error) {
  return vx_truth_resize(word, &s->truth, where, error) && keep(kept, word);
}

static bool read_accuracy(vx_setting *s, const char *word, char *kept, const char *where, vx_error *error) {
  s->scoring.accuracy_is_recall = strcmp(word, "recall") == 0;
  if (!s->scoring.accuracy_is_recall && strcmp(word, "accuracy") != 0)
    return vx_fail(error, where, "is '%.60s', expected accuracy or recall", word);
  return keep(kept, word);
}

/* Of the tables only, so nothing but a word here. */
static bool read_aggregate(vx_setting *s, const char *word, char *kept, const char *where, vx_error *error) {
  (void)s;
  if (strcmp(word, "mean") != 0 && strcmp(word, "pooled") != 0 && strcmp(word, "class") != 0)
    return vx_fail(error, where, "is '%.60s', expected mean, pooled or class", word);
  return keep(kept, word);
}

#define WORD(field) offsetof(vx_scoring_row, field)

static const struct {
  const char *key;
  reader *read;
  size_t word; /* offset in vx_scoring_row */
} keys[VX_SETTING_KEYS] = {{"size", read_size, WORD(size)},
                           {"threshold", read_threshold, WORD(threshold)},
                           {"foreground", read_foreground, WORD(foreground)},
                           {"void", read_void, WORD(void_pixels)},
                           {"mask_resize", read_mask_resize, WORD(mask_resize)},
                           {"pixel_accuracy", read_accuracy, WORD(pixel_accuracy)},
                           {"aggregate", read_aggregate, WORD(aggregate)}};

static int find_key(const char *key) {
  int i = 0;
  while (i < VX_SETTING_KEYS && strcmp(keys[i].key, key) != 0) i++;
  return i;
}

bool vx_setting_set(vx_setting *setting, const char *key, const char *word, const char *where, vx_error *error) {
  int i = find_key(key);
  char own[64];
  if (i == VX_SETTING_KEYS)
    return vx_fail(error, key,
                   "is no key of score; there are size, threshold, foreground, void, mask_resize, pixel_accuracy, "
                   "aggregate (anything else needs a run)");
  snprintf(own, sizeof own, "score.%s", key);
  return keys[i].read(setting, word, setting->word[i], where ? where : own, error);
}

const char *vx_setting_word(const vx_setting *setting, const char *key) {
  int i = find_key(key);
  return i < VX_SETTING_KEYS ? setting->word[i] : "";
}

bool vx_setting_make(const vx_scoring_row *words, vx_setting *setting, vx_error *error) {
  *setting = (vx_setting){.side = 0};
  for (int i = 0; i < VX_SETTING_KEYS; i++) {
    const char *word;
    memcpy(&word, (const char *)words + keys[i].word, sizeof word);
    if (!vx_setting_set(setting, keys[i].key, word, NULL, error)) return false;
  }
  return true;
}

vx_scoring_row vx_setting_words(const vx_setting *setting) {
  vx_scoring_row words = {.name = NULL};
  for (int i = 0; i < VX_SETTING_KEYS; i++) {
    const char *word = setting->word[i];
    memcpy((char *)&words + keys[i].word, &word, sizeof word);
  }
  return words;
}

/* ---- what they mean for an image --------------------------------------------------------------------------------- */

bool vx_setting_geometry(const vx_setting *s, const vx_input_options *input, int width, int height,
                         vx_geometry *geometry, vx_error *error) {
  if (s->size == VX_SIZE_IMAGE) {
    *geometry = vx_geometry_squash(width, height);
    return true;
  }
  vx_input_options at = s->size == VX_SIZE_OWN ? vx_input_at(input, s->side) : *input;
  return vx_input_geometry(&at, width, height, geometry, error);
}

bool vx_setting_truth(const vx_setting *s, const vx_input_options *input, const vx_mask *mask, int width, int height,
                      int predicted_class, vx_truth *truth, vx_error *error) {
  vx_truth_options options = s->truth;
  truth->known = false;
  if (!vx_setting_geometry(s, input, width, height, &truth->geometry, error)) return false;
  if (options.foreground == VX_FOREGROUND_PREDICTED) options.label = predicted_class;
  size_t pixels = (size_t)truth->geometry.width * (size_t)truth->geometry.height;
  if (pixels > truth->room) {
    free(truth->label);
    truth->label = malloc(pixels);
    truth->room = truth->label ? pixels : 0;
    if (!truth->label) return vx_fail(error, "truth", "out of memory for %zu pixels", pixels);
  }
  bool by_class = options.foreground == VX_FOREGROUND_PREDICTED || options.foreground == VX_FOREGROUND_CLASS;
  if (!mask->label || !vx_truth_counts(mask->status) || (by_class && (options.label < 1 || mask->nameless))) {
    memset(truth->label, VX_IGNORED, pixels);
    return true;
  }
  truth->known = vx_truth_make(mask, &options, &truth->geometry, truth->label, error);
  return truth->known;
}

void vx_truth_free(vx_truth *truth) {
  free(truth->label);
  *truth = (vx_truth){.known = false};
}
