/* What a configuration has that is not the default, from its text: also one of another version is told as it stands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/config/keys.h"

/* As it would stand in one line. */
static void add_value(vx_text *text, const vx_yaml *node) {
  if (node->kind == VX_YAML_SCALAR) {
    vx_text_add(text, "%s", node->text);
    return;
  }
  vx_text_add(text, node->kind == VX_YAML_MAP ? "{" : "[");
  for (int i = 0; i < node->count; i++) {
    vx_text_add(text, "%s%s%s", i ? ", " : "", node->kind == VX_YAML_MAP ? node->keys[i] : "",
                node->kind == VX_YAML_MAP ? ": " : "");
    add_value(text, node->items[i]);
  }
  vx_text_add(text, node->kind == VX_YAML_MAP ? "}" : "]");
}

static bool is_standard(const vx_yaml *node, const char *standard) {
  if (node->kind != VX_YAML_SCALAR) return false;
  char *end;
  double number = strtod(standard, &end), value;
  if (strcmp(node->text, standard) == 0) return true;
  return *standard && !*end && vx_yaml_real(node, &value) && value == number;
}

static bool is_group(const char *name) {
  size_t length = strlen(name);
  for (int i = 0; i < vx_key_count; i++)
    if (strncmp(vx_keys[i].name, name, length) == 0 && vx_keys[i].name[length] == '.') return true;
  return false;
}

/* Of what decides a run by itself, or stands apart in every table. */
static bool is_elsewhere(const char *name, bool score) {
  static const char *const names[] = {"model",     "data.root", "data.split",   "classes", "methods",
                                      "all_mixes", "metrics",   "compare_with", "protocol"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i]) == 0) return true;
  return !score && strncmp(name, "score.", 6) == 0;
}

/* Who is told of keys, and of which. */
typedef struct telling {
  bool (*take)(void *user, const char *key, const char *value);
  void *user;
  bool score, standard; /* those of score; those whose value is the default */
  const vx_yaml *fixed; /* what the run's protocol says already is not told; NULL: all is */
} telling;

/* False when memory is out, or when whoever is told says so. */
static bool walk(const vx_yaml *map, const char *group, const telling *to) {
  for (int i = 0; map->kind == VX_YAML_MAP && i < map->count; i++) {
    char name[128];
    const vx_yaml *node = map->items[i];
    snprintf(name, sizeof name, "%s%s%s", group, *group ? "." : "", map->keys[i]);
    if (!*group && is_group(name)) {
      if (!walk(node, name, to)) return false;
      continue;
    }
    const vx_key *key = vx_key_find(name);
    if (is_elsewhere(name, to->score) || (to->fixed && vx_key_node(to->fixed, name))) continue;
    if (!to->standard && key && key->standard && is_standard(node, key->standard)) continue;
    vx_text value = {0};
    vx_text_add(&value, "%s", "");
    add_value(&value, node);
    bool good = !value.broken && to->take(to->user, name, value.text);
    free(value.text);
    if (!good) return false;
  }
  return true;
}

static bool add_key(void *user, const char *key, const char *value) {
  vx_text *text = user;
  vx_text_add(text, "%s%s=%s", text->length ? ", " : "", key, value);
  return !text->broken;
}

bool vx_config_each(const char *config, const char *name, bool (*take)(void *user, const char *key, const char *value),
                    void *user, vx_error *error) {
  vx_yaml *tree = vx_yaml_parse(config, strlen(config), name, error);
  if (!tree) return false;
  bool good = walk(tree, "", &(telling){take, user, true, true, NULL});
  vx_yaml_free(tree);
  return good || vx_fail(error, name, "out of memory");
}

char *vx_config_changed(const char *config, const char *name, bool score, vx_error *error) {
  vx_text text = {0};
  vx_yaml *tree = vx_yaml_parse(config, strlen(config), name, error);
  if (!tree) return NULL;
  const vx_yaml *by = vx_yaml_find(tree, "protocol");
  vx_protocol *protocol = by && by->kind == VX_YAML_SCALAR && *by->text ? vx_protocol_read(by->text, NULL) : NULL;
  vx_text_add(&text, "%s", "");
  if (!walk(tree, "", &(telling){add_key, &text, score, false, protocol ? protocol->keys : NULL})) text.broken = true;
  vx_protocol_free(protocol);
  vx_yaml_free(tree);
  char *changed = vx_text_end(&text);
  if (!changed) vx_fail(error, name, "out of memory");
  return changed;
}
