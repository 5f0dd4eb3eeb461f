#include "harness/tables/published.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "harness/config/yaml.h"

extern const unsigned char vx_asset_published_yaml[]; /* configs/published.yaml at build time */
extern const size_t vx_asset_published_yaml_size;

static const char standard_path[] = "configs/published.yaml";

/* Keys of a row that are no scores. */
static const char *const other_keys[] = {"id", "study", "label", "method", "parameters", "images", "index_sum", "note"};

static bool is_score(const char *key) {
  for (size_t i = 0; i < sizeof other_keys / sizeof *other_keys; i++) {
    if (strcmp(key, other_keys[i]) == 0) return false;
  }
  return true;
}

/* A text of a map in the arena; "" when it is not there; NULL when memory is out. */
static const char *text_of(const vx_yaml *map, const char *key, vx_arena *arena) {
  const vx_yaml *node = vx_yaml_find(map, key);
  if (!node || node->kind != VX_YAML_SCALAR) return "";
  size_t size = strlen(node->text) + 1;
  char *copy = vx_arena_take(arena, size, 1);
  if (copy) memcpy(copy, node->text, size);
  return copy;
}

static bool whole_of(const vx_yaml *map, const char *key, int64_t *value, const char *path, vx_error *error) {
  const vx_yaml *node = vx_yaml_find(map, key);
  long long whole;
  *value = -1;
  if (!node) return true;
  if (!vx_yaml_int(node, &whole) || whole < 0) {
    return vx_fail(error, vx_where(error, "%s, line %d: %s", path, node->line, key), "expected a count");
  }
  *value = whole;
  return true;
}

static const vx_yaml *study_of(const vx_yaml *root, const char *id) {
  const vx_yaml *studies = vx_yaml_find(root, "studies");
  for (int i = 0; studies && studies->kind == VX_YAML_LIST && i < studies->count; i++) {
    const vx_yaml *name = vx_yaml_find(studies->items[i], "id");
    if (name && name->kind == VX_YAML_SCALAR && strcmp(name->text, id) == 0) return studies->items[i];
  }
  return NULL;
}

static bool take_scores(const vx_yaml *node, vx_published_row *row, vx_arena *arena, const char *path,
                        vx_error *error) {
  for (int i = 0; i < node->count; i++) {
    if (!is_score(node->keys[i])) continue;
    double value;
    if (!vx_yaml_real(node->items[i], &value)) {
      return vx_fail(error, vx_where(error, "%s, line %d: %s", path, node->items[i]->line, node->keys[i]),
                     "expected a number in percent");
    }
    if (row->score_count == VX_PUBLISHED_SCORES) {
      return vx_fail(error, vx_where(error, "%s, line %d", path, node->line), "more than %d scores",
                     VX_PUBLISHED_SCORES);
    }
    size_t size = strlen(node->keys[i]) + 1;
    char *metric = vx_arena_take(arena, size, 1);
    if (!metric) return vx_fail(error, path, "out of memory");
    memcpy(metric, node->keys[i], size);
    row->scores[row->score_count++] = (vx_published_score){metric, value};
  }
  return true;
}

static bool take_row(const vx_yaml *root, const vx_yaml *node, vx_published_row *row, vx_arena *arena, const char *path,
                     vx_error *error) {
  if (node->kind != VX_YAML_MAP) {
    return vx_fail(error, vx_where(error, "%s, line %d", path, node->line), "expected a row {id: …, study: …, …}");
  }
  *row = (vx_published_row){.id = text_of(node, "id", arena),
                            .study = text_of(node, "study", arena),
                            .label = text_of(node, "label", arena),
                            .method = text_of(node, "method", arena)};
  if (!row->id || !row->study || !row->label || !row->method) return vx_fail(error, path, "out of memory");
  if (!*row->id) return vx_fail(error, vx_where(error, "%s, line %d", path, node->line), "a row without id");
  const vx_yaml *study = study_of(root, row->study);
  row->title = study ? text_of(study, "title", arena) : "";
  row->source = study ? text_of(study, "source", arena) : "";
  if (!row->title || !row->source) return vx_fail(error, path, "out of memory");
  int64_t images;
  if (!whole_of(node, "images", &images, path, error) || !whole_of(node, "index_sum", &row->index_sum, path, error)) {
    return false;
  }
  row->images = (int)images;
  return take_scores(node, row, arena, path, error);
}

static bool take_rows(const vx_yaml *root, vx_arena *arena, const char *path, vx_published *published,
                      vx_error *error) {
  const vx_yaml *rows = vx_yaml_find(root, "rows");
  if (!rows || rows->kind != VX_YAML_LIST) return vx_fail(error, path, "has no list `rows`");
  published->count = rows->count;
  published->rows = VX_TAKE(arena, rows->count + 1, vx_published_row);
  if (!published->rows) return vx_fail(error, path, "out of memory");
  for (int i = 0; i < rows->count; i++) {
    if (!take_row(root, rows->items[i], &published->rows[i], arena, path, error)) return false;
  }
  return true;
}

bool vx_published_read(const char *path, vx_arena *arena, vx_published *published, vx_error *error) {
  bool built_in = !path && access(standard_path, R_OK) != 0;
  if (!path) path = standard_path;
  vx_yaml *root = built_in ? vx_yaml_parse((const char *)vx_asset_published_yaml, vx_asset_published_yaml_size,
                                           "published.yaml (built in)", error)
                           : vx_yaml_read(path, error);
  if (!root) return false;
  bool ok = take_rows(root, arena, path, published, error);
  vx_yaml_free(root);
  return ok;
}

int vx_published_find(const vx_published *published, const char *id, const vx_published_row **rows, int room,
                      vx_error *error) {
  int found = 0;
  for (int i = 0; i < published->count && found < room; i++) {
    const vx_published_row *row = &published->rows[i];
    if (strcmp(row->id, id) == 0 || strcmp(row->study, id) == 0) rows[found++] = row;
  }
  if (found) return found;
  const char **ids = malloc((size_t)(2 * published->count + 1) * sizeof *ids);
  for (int i = 0; ids && i < published->count; i++) {
    ids[2 * i] = published->rows[i].id;
    ids[2 * i + 1] = published->rows[i].study;
  }
  vx_words known = VX_WORD_ARRAY(ids, ids ? 2 * published->count : 0);
  vx_fail(error, id, "no published row or study of that name%s",
          vx_meant(id, known, "configs/published.yaml lists them").text);
  free(ids);
  return 0;
}

double vx_published_score_of(const vx_published_row *row, const char *metric) {
  for (int i = 0; i < row->score_count; i++) {
    if (strcmp(row->scores[i].metric, metric) == 0) return row->scores[i].value;
  }
  return NAN;
}
