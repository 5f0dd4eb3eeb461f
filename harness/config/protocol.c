/* Protocols: read, and a list of images against one. */
#include "harness/config/protocol.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/nearest.h"
#include "explainers/explainer.h"
#include "harness/config/keys.h"

extern const unsigned char vx_asset_voc2012_seg_v1_yaml[], vx_asset_coporan_table1_v1_yaml[];
extern const size_t vx_asset_voc2012_seg_v1_yaml_size, vx_asset_coporan_table1_v1_yaml_size;

/* Those in protocols/ when the program was built. */
static const struct {
  const char *name;
  const unsigned char *text;
  const size_t *size;
} carried[] = {{"voc2012-seg-v1", vx_asset_voc2012_seg_v1_yaml, &vx_asset_voc2012_seg_v1_yaml_size},
               {"coporan-table1-v1", vx_asset_coporan_table1_v1_yaml, &vx_asset_coporan_table1_v1_yaml_size}};

enum { CARRIED = sizeof carried / sizeof *carried, PROTOCOL_BYTES = 1 << 20 };

const char *vx_protocol_at(int index) {
  return index >= 0 && index < CARRIED ? carried[index].name : NULL;
}

static void hash(const void *bytes, size_t size, char text[VX_SHA256_SIZE]) {
  char *made = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, size);
  snprintf(text, VX_SHA256_SIZE, "%s", made);
  g_free(made);
}

/* ---- what stands in the file ---------------------------------------------------------------------------------------
 */

static bool fail_at(const vx_protocol *p, const vx_yaml *node, const char *key, const char *why, vx_error *error) {
  int line = node ? node->line : p->tree->line;
  return vx_fail(error, vx_where(error, "%s:%d: %s", p->path, line, key), "%s", why);
}

static bool take_text(vx_protocol *p, const vx_yaml *map, const char *key, const char **text, vx_error *error) {
  const vx_yaml *node = vx_yaml_find(map, key);
  if (!node || node->kind != VX_YAML_SCALAR || !*node->text)
    return fail_at(p, node, key, "is missing, expected a text", error);
  *text = vx_arena_text(p->arena, node->text);
  return *text || vx_fail(error, p->path, "out of memory");
}

static bool take_names(vx_protocol *p, const char *key, const char ***names, int *count, vx_error *error) {
  const vx_yaml *list = vx_yaml_find(p->tree, key);
  if (!list) return true;
  if (list->kind != VX_YAML_LIST) return fail_at(p, list, key, "expected a list of names", error);
  *names = VX_TAKE(p->arena, list->count + 1, const char *);
  for (int i = 0; i < list->count; i++) {
    const vx_yaml *node = list->items[i];
    if (node->kind != VX_YAML_SCALAR) return fail_at(p, node, key, "expected a list of names", error);
    if (!*names || !((*names)[i] = vx_arena_text(p->arena, node->text)))
      return vx_fail(error, p->path, "out of memory");
    bool known = strcmp(key, "rows") == 0 ? vx_explainer_find(node->text) != NULL : vx_measure_find(node->text) != NULL;
    if (!known) return fail_at(p, node, key, "names one that this program does not know", error);
  }
  *count = list->count;
  return true;
}

/* The dotted name of each key that is fixed has to be one that a protocol may fix. */
static bool check_key(const vx_protocol *p, const char *name, const vx_yaml *node, vx_error *error) {
  static const char *const free_keys[] = {"protocol", "model",     "data.root", "methods",   "all_mixes",
                                          "metrics",  "precision", "seed",      "head.seed", "compare_with"};
  if (!vx_key_find(name)) return fail_at(p, node, name, "is no key of a configuration", error);
  for (size_t i = 0; i < sizeof free_keys / sizeof *free_keys; i++)
    if (strcmp(name, free_keys[i]) == 0) return fail_at(p, node, name, "is no key that a protocol fixes", error);
  return true;
}

static bool check_keys(const vx_protocol *p, vx_error *error) {
  for (int i = 0; i < p->keys->count; i++) {
    const vx_yaml *node = p->keys->items[i];
    const char *word = p->keys->keys[i];
    bool group = node->kind == VX_YAML_MAP && !vx_key_find(word);
    if (!group && !check_key(p, word, node, error)) return false;
    for (int j = 0; group && j < node->count; j++) {
      char dotted[200];
      snprintf(dotted, sizeof dotted, "%.90s.%.90s", word, node->keys[j]);
      if (!check_key(p, dotted, node->items[j], error)) return false;
    }
  }
  return true;
}

static bool take(vx_protocol *p, vx_error *error) {
  static const char *const known[] = {"name", "title", "data", "model", "keys", "rows", "measures"};
  if (p->tree->kind != VX_YAML_MAP) return fail_at(p, NULL, "protocol", "expected a map", error);
  for (int i = 0; i < p->tree->count; i++) {
    bool good = false;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) good |= strcmp(p->tree->keys[i], known[k]) == 0;
    if (!good) return fail_at(p, p->tree->items[i], p->tree->keys[i], "unknown key of a protocol", error);
  }
  const vx_yaml *data = vx_yaml_find(p->tree, "data"), *count = data ? vx_yaml_find(data, "images") : NULL;
  const vx_yaml *model = vx_yaml_find(p->tree, "model");
  long long images = 0;
  if (!take_text(p, p->tree, "name", &p->name, error) || !take_text(p, p->tree, "title", &p->title, error))
    return false;
  if (!count || !vx_yaml_int(count, &images) || images < 1 || images > 10000000)
    return fail_at(p, data, "data.images", "expected how many images the list has", error);
  p->images = (int)images;
  if (!take_text(p, data, "ids", &p->ids, error)) return false;
  if (model && !take_text(p, model, "digest", &p->model, error)) return false;
  p->keys = vx_yaml_find(p->tree, "keys");
  if (!p->keys || p->keys->kind != VX_YAML_MAP) return fail_at(p, p->keys, "keys", "expected a map of keys", error);
  return check_keys(p, error) && take_names(p, "rows", &p->rows, &p->row_count, error) &&
         take_names(p, "measures", &p->measures, &p->measure_count, error);
}

/* ---- where it stands -----------------------------------------------------------------------------------------------
 */

static vx_protocol *make(const void *bytes, size_t size, const char *path, vx_error *error) {
  vx_protocol *p = calloc(1, sizeof *p);
  vx_arena *arena = vx_arena_new();
  bool good = p && arena;
  if (good) *p = (vx_protocol){.arena = arena, .path = vx_arena_text(arena, path)};
  good = (good && p->path) || vx_fail(error, path, "out of memory");
  good = good && (p->tree = vx_yaml_parse(bytes, size, path, error)) && take(p, error);
  if (good) {
    hash(bytes, size, p->digest);
    return p;
  }
  if (p)
    vx_protocol_free(p);
  else
    vx_arena_free(arena);
  return NULL;
}

vx_protocol *vx_protocol_read(const char *name, vx_error *error) {
  char path[4096];
  bool file = strchr(name, '/') || strstr(name, ".yaml");
  int length = snprintf(path, sizeof path, file ? "%s" : "protocols/%s.yaml", name);
  if (length < (int)sizeof path && (file || vx_file_exists(path))) {
    vx_file bytes = {0};
    if (!vx_file_read(path, PROTOCOL_BYTES, &bytes, error)) return NULL;
    vx_protocol *p = make(bytes.data, bytes.size, path, error);
    vx_file_free(&bytes);
    return p;
  }
  for (int i = 0; i < CARRIED; i++)
    if (strcmp(carried[i].name, name) == 0) return make(carried[i].text, *carried[i].size, name, error);
  vx_words names = VX_WORDS(carried, CARRIED, name);
  vx_hint hint = vx_meant(name, names, "protocols/ has those that there are");
  vx_fail(error, "protocol", "no protocol '%.60s'%s", name, hint.text);
  return NULL;
}

void vx_protocol_free(vx_protocol *protocol) {
  if (!protocol) return;
  vx_yaml_free(protocol->tree);
  vx_arena_free(protocol->arena);
  free(protocol);
}

/* ---- a list of images ----------------------------------------------------------------------------------------------
 */

bool vx_protocol_check_list(const vx_protocol *p, const char *const *ids, int count, const char *where,
                            vx_error *error) {
  if (count != p->images)
    return vx_fail(error, where, "lists %d images; protocol %s has %d", count, p->name, p->images);
  GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
  for (int i = 0; i < count; i++) {
    g_checksum_update(sum, (const guchar *)ids[i], (gssize)strlen(ids[i]));
    g_checksum_update(sum, (const guchar *)"\n", 1);
  }
  bool good = strcmp(g_checksum_get_string(sum), p->ids) == 0 ||
              vx_fail(error, where, "is another list than protocol %s's: SHA-256 of its ids is %.16s…, expected %.16s…",
                      p->name, g_checksum_get_string(sum), p->ids);
  g_checksum_free(sum);
  return good;
}
