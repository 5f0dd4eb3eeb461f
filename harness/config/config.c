/* From a tree to a checked configuration. */
#include "harness/config/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "harness/config/keys.h"

bool vx_fail_at(const vx_place *place, const vx_yaml *node, const char *why, ...) {
  char text[900];
  vx_error *error = place->error;
  va_list arguments;
  va_start(arguments, why);
  vsnprintf(text, sizeof text, why, arguments);
  va_end(arguments);
  if (!place->path) return vx_fail(error, place->key, "%s", text);
  if (node && node->line > 0)
    return vx_fail(error, vx_where(error, "%s:%d: %s", place->path, node->line, place->key), "%s", text);
  if (node) return vx_fail(error, vx_where(error, "--set %s", place->key), "%s", text);
  return vx_fail(error, vx_where(error, "%s: %s", place->path, place->key), "%s", text);
}

bool vx_fail_expected(const vx_place *place, const vx_yaml *node, const char *expected, ...) {
  char found[80], text[700];
  va_list arguments;
  va_start(arguments, expected);
  vsnprintf(text, sizeof text, expected, arguments);
  va_end(arguments);
  return vx_fail_at(place, node, "is %s, expected %s", vx_yaml_describe(node, found, sizeof found), text);
}

/* ---- unknown keys --------------------------------------------------------------------------------------------- */

/* The length of the group's name in a dotted key, 0 for none. */
static size_t group_length(const char *name) {
  const char *dot = strchr(name, '.');
  return dot ? (size_t)(dot - name) : 0;
}

static bool is_group(const char *word) {
  for (int i = 0; i < vx_key_count; i++) {
    size_t n = group_length(vx_keys[i].name);
    if (n && strlen(word) == n && strncmp(word, vx_keys[i].name, n) == 0) return true;
  }
  return false;
}

/* The nearest key to `word` in `group` ("" is the top): keys of the group by their last part, groups, and any key of
   another place by its last part, for who forgot the group. */
static const char *nearest_key(const char *group, const char *word) {
  enum { MOST = 64 };
  const char *last[MOST], *whole[MOST];
  int count = 0;
  for (int i = 0; i < vx_key_count && count < MOST; i++) {
    size_t n = group_length(vx_keys[i].name);
    if (strlen(group) != n || strncmp(group, vx_keys[i].name, n) != 0) continue;
    last[count] = vx_keys[i].name + (n ? n + 1 : 0);
    whole[count++] = vx_keys[i].name;
  }
  static const char *const groups[] = {"data", "input", "head", "score"};
  for (int i = 0; i < 4 && !*group && count < MOST; i++) last[count] = whole[count] = groups[i], count++;
  const char *near = vx_nearest(word, VX_WORD_ARRAY(last, count));
  if (!near) {
    count = 0;
    for (int i = 0; i < vx_key_count && count < MOST; i++) {
      size_t n = group_length(vx_keys[i].name);
      last[count] = vx_keys[i].name + (n ? n + 1 : 0);
      whole[count++] = vx_keys[i].name;
    }
    near = vx_nearest(word, VX_WORD_ARRAY(last, count));
  }
  for (int i = 0; near && i < count; i++)
    if (last[i] == near) return whole[i];
  return NULL;
}

static bool fail_unknown(const char *path, const char *group, const char *word, int line, vx_error *error) {
  char key[200];
  snprintf(key, sizeof key, "%s%s%.100s", group, *group ? "." : "", word);
  const char *near = nearest_key(group, word);
  vx_yaml at = {.line = line};
  vx_place place = {path, key, error};
  if (near) return vx_fail_at(&place, &at, "unknown key; did you mean '%s'?", near);
  return vx_fail_at(&place, &at, "unknown key; `vitx help config` lists them");
}

static bool check_keys(const vx_yaml *root, const char *path, vx_error *error) {
  vx_place whole = {path, "configuration", error};
  if (root->kind != VX_YAML_MAP) return vx_fail_expected(&whole, root, "a map of keys");
  for (int i = 0; i < root->count; i++) {
    const char *word = root->keys[i];
    const vx_yaml *value = root->items[i];
    if (!is_group(word)) {
      if (strchr(word, '.') || !vx_key_find(word)) return fail_unknown(path, "", word, root->key_lines[i], error);
      continue;
    }
    vx_place place = {path, word, error};
    if (value->kind != VX_YAML_MAP) return vx_fail_expected(&place, value, "a map");
    for (int j = 0; j < value->count; j++) {
      char dotted[200];
      snprintf(dotted, sizeof dotted, "%s.%.100s", word, value->keys[j]);
      if (!vx_key_find(dotted)) return fail_unknown(path, word, value->keys[j], value->key_lines[j], error);
    }
  }
  return true;
}

/* ---- values --------------------------------------------------------------------------------------------------- */

static bool read_text(vx_config *config, const vx_key *key, const vx_yaml *node, const vx_place *place) {
  if (node->kind != VX_YAML_SCALAR) return vx_fail_expected(place, node, "a text");
  char *copy = NULL;
  bool none = !*node->text || (!node->quoted && (strcmp(node->text, "none") == 0 || strcmp(node->text, "null") == 0 ||
                                                 strcmp(node->text, "~") == 0));
  if (none && !key->standard) return vx_fail_at(place, node, "is empty");
  if (!none) {
    copy = vx_arena_text(config->arena, node->text);
    if (!copy) return vx_fail_at(place, node, "out of memory");
  }
  const char *value = copy;
  memcpy((char *)config + key->offset, &value, sizeof value);
  return true;
}

static bool read_whole(vx_config *config, const vx_key *key, const vx_yaml *node, const vx_place *place) {
  long long value;
  if (!vx_yaml_int(node, &value)) return vx_fail_expected(place, node, "a whole number");
  if ((double)value < key->low || (double)value > key->high)
    return vx_fail_at(place, node, "is %lld, expected %.0f to %.0f", value, key->low, key->high);
  if (key->type == VX_KEY_INT)
    *(int *)(void *)((char *)config + key->offset) = (int)value;
  else
    *(long long *)(void *)((char *)config + key->offset) = value;
  return true;
}

static bool read_real(vx_config *config, const vx_key *key, const vx_yaml *node, const vx_place *place) {
  double value;
  if (!vx_yaml_real(node, &value)) return vx_fail_expected(place, node, "a number");
  if (value < key->low || value > key->high)
    return vx_fail_at(place, node, "is %g, expected %g to %g", value, key->low, key->high);
  *(double *)(void *)((char *)config + key->offset) = value;
  return true;
}

static bool read_choice(vx_config *config, const vx_key *key, const vx_yaml *node, const vx_place *place) {
  int index = node->kind == VX_YAML_SCALAR ? vx_choice_find(key->choices, node->text) : -1;
  if (index >= 0) {
    *(int *)(void *)((char *)config + key->offset) = index;
    return true;
  }
  return vx_fail_expected(place, node, "one of %s", key->choices);
}

static bool read_score(vx_config *config, const vx_key *key, const vx_yaml *node, const vx_place *place) {
  vx_error reason;
  if (node->kind != VX_YAML_SCALAR) return vx_fail_expected(place, node, "a word or a number");
  if (vx_setting_set(&config->score, vx_key_in_score(key), node->text, NULL, &reason)) return true;
  return vx_fail_at(place, node, "%s", reason.why);
}

static bool read_own(vx_config *config, const vx_key *key, const vx_yaml *node, const vx_place *place) {
  return key->read(config, node, place);
}

static bool read_value(vx_config *config, const vx_key *key, const vx_yaml *node, const vx_place *place) {
  static bool (*const read[])(vx_config *, const vx_key *, const vx_yaml *, const vx_place *) = {
      [VX_KEY_TEXT] = read_text,     [VX_KEY_INT] = read_whole,   [VX_KEY_LONG] = read_whole, [VX_KEY_REAL] = read_real,
      [VX_KEY_CHOICE] = read_choice, [VX_KEY_SCORE] = read_score, [VX_KEY_OWN] = read_own};
  return read[key->type](config, key, node, place);
}

const vx_yaml *vx_key_node(const vx_yaml *root, const char *dotted) {
  size_t n = group_length(dotted);
  if (!n) return vx_yaml_find(root, dotted);
  char group[64];
  snprintf(group, sizeof group, "%.*s", (int)n, dotted);
  return vx_yaml_find(vx_yaml_find(root, group), dotted + n + 1);
}

/* Of a key that the protocol fixes; `node`, what the run says of it, may be NULL and has to say the same. */
static bool read_fixed(vx_config *config, const vx_key *key, const vx_yaml *fixed, const vx_yaml *node,
                       const vx_place *place) {
  const vx_protocol *protocol = config->rules;
  vx_place there = {protocol->path, key->name, place->error};
  vx_config own = *config; /* its texts go into the same arena */
  vx_text says = {0}, means = {0};
  if (!read_value(config, key, fixed, &there) || (node && !read_value(&own, key, node, place))) return false;
  vx_key_print(config, key, &says);
  vx_key_print(node ? &own : config, key, &means);
  bool good = says.text && means.text;
  if (!good) vx_fail_at(place, node, "out of memory");
  if (good && strcmp(says.text, means.text) != 0)
    good = vx_fail_at(place, node, "is %s; protocol %s fixes %s: %s", means.text, protocol->name, key->name, says.text);
  free(says.text);
  free(means.text);
  return good;
}

static bool read_key(vx_config *config, const vx_key *key, const vx_yaml *root, vx_error *error) {
  vx_place place = {config->path, key->name, error};
  const vx_yaml *node = vx_key_node(root, key->name);
  const vx_yaml *fixed = config->rules ? vx_key_node(config->rules->keys, key->name) : NULL;
  if (fixed) return read_fixed(config, key, fixed, node, &place);
  if (node) return read_value(config, key, node, &place);
  if (!key->standard) return vx_fail_at(&place, NULL, "is missing; %s", key->meaning);
  if (!*key->standard) return true; /* none: the field is zero already */
  vx_yaml *standard = vx_yaml_parse(key->standard, strlen(key->standard), key->name, error);
  bool good = standard && read_value(config, key, standard, &place);
  vx_yaml_free(standard);
  return good;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static char *copy_text(vx_arena *arena, const char *text, size_t length) {
  char *copy = VX_TAKE(arena, length + 1, char);
  if (copy) memcpy(copy, text, length); /* the arena is fresh: the end is zero */
  return copy;
}

/* The file's name without folder and ending. */
static char *name_of(vx_arena *arena, const char *path) {
  const char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  size_t length = strlen(name);
  const char *dot = strrchr(name, '.');
  if (dot && dot > name && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0)) length = (size_t)(dot - name);
  return copy_text(arena, name, length);
}

static bool apply_set(vx_yaml *root, const char *text, vx_error *error) {
  const char *equals = strchr(text, '=');
  if (!equals) return vx_fail(error, vx_where(error, "--set %s", text), "expected KEY=VALUE");
  char key[200];
  if (equals - text >= (int)sizeof key) return vx_fail(error, "--set", "the key is too long");
  snprintf(key, sizeof key, "%.*s", (int)(equals - text), text);
  return vx_yaml_set(root, key, equals + 1, error);
}

/* The protocol stands before all other keys: it decides how they are read. */
static bool open_protocol(vx_config *config, const vx_yaml *root, vx_error *error) {
  if (!read_key(config, vx_key_find("protocol"), root, error)) return false;
  return !config->protocol || (config->rules = vx_protocol_read(config->protocol, error));
}

static bool check_together(const vx_config *config, vx_error *error) {
  if (config->resize == VX_RESIZE_CROP && config->score.size == VX_SIZE_IMAGE) {
    vx_place place = {config->path, "score.size", error};
    return vx_fail_at(&place, NULL, "is image, but input.resize: crop cuts the picture; expected input or a number");
  }
  return true;
}

vx_config *vx_config_from(vx_yaml *root, const char *path, const char *const *set, int set_count, vx_error *error) {
  for (int i = 0; i < set_count; i++)
    if (!apply_set(root, set[i], error)) return NULL;
  if (!check_keys(root, path, error)) return NULL;
  vx_config *config = calloc(1, sizeof *config);
  vx_arena *arena = vx_arena_new();
  if (config && arena) {
    config->arena = arena;
    config->path = copy_text(arena, path, strlen(path));
    config->name = name_of(arena, path);
  }
  if (!config || !config->path || !config->name) {
    vx_arena_free(arena);
    free(config);
    vx_fail(error, path, "out of memory");
    return NULL;
  }
  bool good = open_protocol(config, root, error);
  for (int i = 0; i < vx_key_count && good; i++) good = read_key(config, &vx_keys[i], root, error);
  if (good && check_together(config, error)) return config;
  vx_config_free(config);
  return NULL;
}

/* Takes the tree, which may be NULL: the error is told by then. */
static vx_config *from_own(vx_yaml *root, const char *path, const char *const *set, int set_count, vx_error *error) {
  vx_config *config = root ? vx_config_from(root, path, set, set_count, error) : NULL;
  vx_yaml_free(root);
  return config;
}

vx_config *vx_config_read(const char *path, const char *const *set, int set_count, vx_error *error) {
  return from_own(vx_yaml_read(path, error), path, set, set_count, error);
}

vx_config *vx_config_parse(const char *text, size_t size, const char *path, const char *const *set, int set_count,
                           vx_error *error) {
  return from_own(vx_yaml_parse(text, size, path, error), path, set, set_count, error);
}

void vx_config_free(vx_config *config) {
  if (!config) return;
  vx_protocol_free(config->rules);
  free(config->methods);
  vx_arena_free(config->arena);
  free(config);
}

int vx_config_find_method(const vx_config *config, const char *name) {
  for (int i = 0; i < config->method_count; i++)
    if (strcmp(config->methods[i].name, name) == 0) return i;
  return -1;
}
