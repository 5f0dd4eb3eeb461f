/* Keys that are more than a number, a text or one of a few words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/config/keys.h"

static bool expect_scalar(const vx_yaml *node, const vx_place *place, const char *expected) {
  if (node->kind == VX_YAML_SCALAR && *node->text) return true;
  return vx_fail_expected(place, node, "%s", expected);
}

/* ---- input.normalize ------------------------------------------------------------------------------------------ */

static bool read_triple(const vx_yaml *map, const char *key, const vx_place *place, double low, vx_cfg_triple *out) {
  const vx_yaml *node = vx_yaml_find(map, key);
  bool good = node && node->kind == VX_YAML_LIST && node->count == 3;
  for (int c = 0; c < 3 && good; c++) good = vx_yaml_real(node->items[c], &out->value[c]) && out->value[c] > low;
  if (good) return true;
  return vx_fail_at(place, node ? node : map, "%s must be a list of three %snumbers, one a channel", key,
                    low == 0 ? "positive " : "");
}

bool vx_read_normalize(vx_config *config, const vx_yaml *node, const vx_place *place) {
  if (node->kind == VX_YAML_MAP) {
    for (int i = 0; i < node->count; i++)
      if (strcmp(node->keys[i], "mean") != 0 && strcmp(node->keys[i], "std") != 0)
        return vx_fail_at(place, node, "unknown key '%.60s', expected mean and std", node->keys[i]);
    config->normalize = VX_CFG_NORMALIZE_OWN;
    return read_triple(node, "mean", place, -1e6, &config->mean) && read_triple(node, "std", place, 0, &config->std);
  }
  if (!expect_scalar(node, place, "checkpoint, none or {mean: …, std: …}")) return false;
  if (strcmp(node->text, "checkpoint") == 0)
    config->normalize = VX_CFG_NORMALIZE_CHECKPOINT;
  else if (strcmp(node->text, "none") == 0)
    config->normalize = VX_CFG_NORMALIZE_NONE;
  else
    return vx_fail_at(place, node, "is '%.60s', expected checkpoint, none or {mean: [r, g, b], std: [r, g, b]}",
                      node->text);
  return true;
}

static void print_triple(vx_text *text, const vx_cfg_triple *triple) {
  for (int c = 0; c < 3; c++) {
    vx_text_add(text, c ? ", " : "[");
    vx_text_add_real(text, triple->value[c]);
  }
  vx_text_add(text, "]");
}

void vx_print_normalize(const vx_config *config, vx_text *text) {
  if (config->normalize != VX_CFG_NORMALIZE_OWN) {
    vx_text_add(text, config->normalize == VX_CFG_NORMALIZE_NONE ? "none" : "checkpoint");
    return;
  }
  vx_text_add(text, "{mean: ");
  print_triple(text, &config->mean);
  vx_text_add(text, ", std: ");
  print_triple(text, &config->std);
  vx_text_add(text, "}");
}

/* ---- data.labels ---------------------------------------------------------------------------------------------- */

static bool read_preset(vx_config *config, const vx_yaml *node, const vx_place *place) {
  if (!*node->text || (!node->quoted && strcmp(node->text, "none") == 0)) return true;
  if (vx_choice_find(vx_mask_presets, node->text) < 0)
    return vx_fail_at(place, node, "is '%.60s', expected one of %s or {VALUE: CLASS}", node->text, vx_mask_presets);
  config->labels.preset = vx_arena_text(config->arena, node->text);
  return config->labels.preset || vx_fail_at(place, node, "out of memory");
}

bool vx_read_labels(vx_config *config, const vx_yaml *node, const vx_place *place) {
  char text[80];
  if (node->kind == VX_YAML_SCALAR) return read_preset(config, node, place);
  if (node->kind != VX_YAML_MAP || node->count == 0)
    return vx_fail_expected(place, node, "one of %s or {VALUE: CLASS}", vx_mask_presets);
  const char **from = VX_TAKE(config->arena, node->count, const char *);
  const char **to = VX_TAKE(config->arena, node->count, const char *);
  for (int i = 0; i < node->count; i++) {
    const vx_yaml *item = node->items[i];
    if (item->kind != VX_YAML_SCALAR || !*item->text || !*node->keys[i])
      return vx_fail_at(place, item, "'%.60s' is %s, expected a class", node->keys[i],
                        vx_yaml_describe(item, text, sizeof text));
    if (from && to) from[i] = vx_arena_text(config->arena, node->keys[i]);
    if (from && to) to[i] = vx_arena_text(config->arena, item->text);
    if (!from || !to || !from[i] || !to[i]) return vx_fail_at(place, node, "out of memory");
  }
  config->labels.from = from;
  config->labels.to = to;
  config->labels.count = node->count;
  return true;
}

void vx_print_labels(const vx_config *config, vx_text *text) {
  const vx_label_rules *rules = &config->labels;
  if (rules->count == 0) vx_text_add_scalar(text, rules->preset ? rules->preset : "");
  for (int i = 0; i < rules->count; i++) {
    vx_text_add(text, i ? ", " : "{");
    vx_text_add_quoted(text, rules->from[i]);
    vx_text_add(text, ": ");
    vx_text_add_quoted(text, rules->to[i]);
  }
  if (rules->count) vx_text_add(text, "}");
}

bool vx_config_labels(const char *labels, const char *encoding, vx_arena *arena, vx_label_rules *rules,
                      vx_error *error) {
  vx_config own = {.arena = arena};
  vx_place place = {"command line", "data.labels", error};
  vx_yaml *node = labels ? vx_yaml_parse(labels, strlen(labels), "--labels", error) : NULL;
  bool good = !labels || (node && vx_read_labels(&own, node, &place));
  vx_yaml_free(node);
  *rules = own.labels;
  int index = encoding ? vx_choice_find(vx_key_find("data.mask_encoding")->choices, encoding) : 0;
  rules->encoding = (vx_mask_encoding)index;
  return good && (index >= 0 || vx_fail(error, "--mask-encoding", "is '%.60s', expected one of %s", encoding,
                                        vx_key_find("data.mask_encoding")->choices));
}

/* ---- target --------------------------------------------------------------------------------------------------- */

bool vx_read_target(vx_config *config, const vx_yaml *node, const vx_place *place) {
  if (!expect_scalar(node, place, "top, second, ground-truth, an index or a label")) return false;
  config->target = vx_arena_text(config->arena, node->text);
  return config->target || vx_fail_at(place, node, "out of memory");
}

void vx_print_target(const vx_config *config, vx_text *text) {
  char *end;
  long index = strtol(config->target, &end, 10);
  if (*config->target && !*end)
    vx_text_add(text, "%ld", index);
  else
    vx_text_add_scalar(text, config->target);
}
