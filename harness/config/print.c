/* Configurations as text: the whole effective one, and the help on all keys. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/config/keys.h"

/* True when a word stands for itself in YAML, in flow lists too, and is not taken for another type by anyone. */
static bool is_plain(const char *word) {
  if (!*word || !(isalpha((unsigned char)*word) || *word == '/' || *word == '.')) return false;
  static const char *const taken[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
    if (strcasecmp(word, taken[i]) == 0) return false;
  for (const char *c = word; *c; c++)
    if (!isalnum((unsigned char)*c) && !strchr("/._-+=", *c)) return false;
  char *end;
  strtod(word, &end);
  return *end != '\0';
}

void vx_text_add_scalar(vx_text *text, const char *word) {
  if (is_plain(word))
    vx_text_add(text, "%s", word);
  else
    vx_text_add_quoted(text, word);
}

/* ---- choices -------------------------------------------------------------------------------------------------- */

const char *vx_config_word(const char *key, int value, vx_arena *arena) {
  const vx_key *of = vx_key_find(key);
  size_t length = 0;
  const char *word = of && of->choices ? vx_choice_at(of->choices, value, &length) : NULL;
  char *copy = VX_TAKE(arena, length + 1, char); /* zeroed */
  if (copy && word) memcpy(copy, word, length);
  return copy;
}

/* ---- the whole configuration ---------------------------------------------------------------------------------- */

void vx_key_print(const vx_config *config, const vx_key *key, vx_text *text) {
  const char *field = (const char *)config + key->offset;
  const char *word;
  size_t length = 0;
  switch (key->type) {
  case VX_KEY_TEXT: {
    const char *value;
    memcpy(&value, field, sizeof value);
    vx_text_add_scalar(text, value ? value : "");
    return;
  }
  case VX_KEY_INT:
    vx_text_add(text, "%d", *(const int *)(const void *)field);
    return;
  case VX_KEY_LONG:
    vx_text_add(text, "%lld", *(const long long *)(const void *)field);
    return;
  case VX_KEY_REAL:
    vx_text_add_real(text, *(const double *)(const void *)field);
    return;
  case VX_KEY_CHOICE:
    word = vx_choice_at(key->choices, *(const int *)(const void *)field, &length);
    vx_text_add(text, "%.*s", (int)length, word ? word : "");
    return;
  case VX_KEY_SCORE:
    vx_text_add(text, "%s", vx_setting_word(&config->score, vx_key_in_score(key)));
    return;
  case VX_KEY_OWN:
    key->print(config, text);
    return;
  }
}

char *vx_config_print(const vx_config *config) {
  vx_text text = {0};
  char group[64] = "";
  for (int i = 0; i < vx_key_count; i++) {
    const vx_key *key = &vx_keys[i];
    if (key->type == VX_KEY_OWN && !key->print) continue; /* all_mixes: its mixes stand among the methods */
    const char *dot = strchr(key->name, '.');
    if (!dot)
      vx_text_add(&text, "%s: ", key->name);
    else {
      size_t length = (size_t)(dot - key->name);
      if (strlen(group) != length || strncmp(group, key->name, length) != 0) {
        snprintf(group, sizeof group, "%.*s", (int)length, key->name);
        vx_text_add(&text, "%s:\n", group);
      }
      vx_text_add(&text, "  %s: ", dot + 1);
    }
    vx_key_print(config, key, &text);
    vx_text_add(&text, "\n");
  }
  return vx_text_end(&text);
}

/* ---- help ----------------------------------------------------------------------------------------------------- */

/* Adds a paragraph, broken between words at column 100 and indented. */
static void add_paragraph(vx_text *text, const char *words, int indent) {
  int column = 0;
  while (*words) {
    int length = (int)strcspn(words, " ");
    if (column == 0 || column + 1 + length > 100) {
      vx_text_add(text, "%s%*s%.*s", column ? "\n" : "", indent, "", length, words);
      column = indent + length;
    } else {
      vx_text_add(text, " %.*s", length, words);
      column += 1 + length;
    }
    words += length;
    words += strspn(words, " ");
  }
  vx_text_add(text, "\n");
}

static void add_key(vx_text *text, const vx_key *key) {
  vx_text_add(text, "\n  %s", key->name);
  if (key->choices) vx_text_add(text, ": %s", key->choices);
  if (!key->standard)
    vx_text_add(text, "  (has to be given)");
  else if (*key->standard)
    vx_text_add(text, "  [%s]", key->standard);
  else
    vx_text_add(text, "  [none]");
  vx_text_add(text, "\n");
  add_paragraph(text, key->meaning, 6);
}

char *vx_config_help(void) {
  vx_text text = {0};
  vx_text_add(&text, "NAME\n  config - the keys of a run's configuration, a YAML file\n\n"
                     "DESCRIPTION\n"
                     "  A dotted key stands in a map of its first part: score.size is `score: {size: …}`. Any of them\n"
                     "  can be set on the command line: --set score.size=image. Relative paths are relative to the\n"
                     "  working directory. An unknown key or a wrong type is an error with file, line and the nearest\n"
                     "  known key. `vitx validate FILE` checks a file and prints it with all defaults filled in.\n\n"
                     "KEYS  (in brackets: the default)\n");
  for (int i = 0; i < vx_key_count; i++) add_key(&text, &vx_keys[i]);
  vx_text_add(&text, "\nEXAMPLE\n"
                     "  model: models/vit-base-patch16-224\n"
                     "  data: {root: VOCdevkit/VOC2012, split: val}\n"
                     "  methods: [rollout, {id: rollout, start_layer: 1, as: rollout-1}, foreground, center,\n"
                     "            {mix: [rollout, transformer-attribution], by: sqrt}]\n"
                     "  score: {void: foreground}\n");
  return vx_text_end(&text);
}
