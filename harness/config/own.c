/* Keys that are more than a number, a text or one of a few words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/config/keys.h"

static bool expect_scalar(const vx_yaml *node, const vx_place *place, const char *expected, vx_error *error) {
  char text[80];
  if (node->kind == VX_YAML_SCALAR && *node->text) return true;
  return vx_fail_at(place, node, error, "is %s, expected %s", vx_yaml_describe(node, text, sizeof text), expected);
}

/* ---- input.normalize ------------------------------------------------------------------------------------------ */

static bool read_triple(const vx_yaml *map, const char *key, const vx_place *place, double low, vx_cfg_triple *out,
                        vx_error *error) {
  const vx_yaml *node = vx_yaml_find(map, key);
  bool good = node && node->kind == VX_YAML_LIST && node->count == 3;
  for (int c = 0; c < 3 && good; c++) good = vx_yaml_real(node->items[c], &out->value[c]) && out->value[c] > low;
  if (good) return true;
  return vx_fail_at(place, node ? node : map, error, "%s must be a list of three %snumbers, one a channel", key,
                    low == 0 ? "positive " : "");
}

bool vx_read_normalize(vx_config *config, const vx_yaml *node, const vx_place *place, vx_error *error) {
  if (node->kind == VX_YAML_MAP) {
    for (int i = 0; i < node->count; i++)
      if (strcmp(node->keys[i], "mean") != 0 && strcmp(node->keys[i], "std") != 0)
        return vx_fail_at(place, node, error, "unknown key '%.60s', expected mean and std", node->keys[i]);
    config->normalize = VX_CFG_NORMALIZE_OWN;
    return read_triple(node, "mean", place, -1e6, &config->mean, error) &&
           read_triple(node, "std", place, 0, &config->std, error);
  }
  if (!expect_scalar(node, place, "checkpoint, none or {mean: …, std: …}", error)) return false;
  if (strcmp(node->text, "checkpoint") == 0)
    config->normalize = VX_CFG_NORMALIZE_CHECKPOINT;
  else if (strcmp(node->text, "none") == 0)
    config->normalize = VX_CFG_NORMALIZE_NONE;
  else
    return vx_fail_at(place, node, error, "is '%.60s', expected checkpoint, none or {mean: [r, g, b], std: [r, g, b]}",
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

/* ---- target --------------------------------------------------------------------------------------------------- */

bool vx_read_target(vx_config *config, const vx_yaml *node, const vx_place *place, vx_error *error) {
  if (!expect_scalar(node, place, "top, second, ground-truth, an index or a label", error)) return false;
  config->target = vx_arena_text(config->arena, node->text);
  return config->target || vx_fail_at(place, node, error, "out of memory");
}

void vx_print_target(const vx_config *config, vx_text *text) {
  char *end;
  long index = strtol(config->target, &end, 10);
  if (*config->target && !*end)
    vx_text_add(text, "%ld", index);
  else
    vx_text_add_scalar(text, config->target);
}
