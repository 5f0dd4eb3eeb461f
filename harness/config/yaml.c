#include "harness/config/yaml.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/text.h"

enum { DEPTH_MAX = 32, NODES_MAX = 100000 }; /* against `&a [*a, *a]` and its kind */

void vx_yaml_free(vx_yaml *node) {
  if (!node) return;
  for (int i = 0; i < node->count; i++) {
    if (node->items) vx_yaml_free(node->items[i]);
    if (node->keys) free(node->keys[i]);
  }
  free(node->items);
  free(node->keys);
  free(node->key_lines);
  free(node->text);
  free(node);
}

/* ---- from libyaml's document ---------------------------------------------------------------------------------- */

typedef struct builder {
  yaml_document_t *document;
  const char *name;
  int nodes;
  vx_error *error;
} builder;

static vx_yaml *convert(builder *b, int index, int depth);

static bool fail_at(builder *b, const yaml_mark_t *mark, const char *why) {
  return vx_fail(b->error, vx_where(b->error, "%s:%zu:%zu", b->name, mark->line + 1, mark->column + 1), "%s", why);
}

/* Makes room for `count` items; false when memory is out. */
static bool make_room(vx_yaml *node, size_t count, bool keys) {
  node->items = calloc(count + 1, sizeof *node->items);
  if (keys) {
    node->keys = calloc(count + 1, sizeof *node->keys);
    node->key_lines = calloc(count + 1, sizeof *node->key_lines);
  }
  return node->items && (!keys || (node->keys && node->key_lines));
}

static bool convert_list(builder *b, vx_yaml *node, const yaml_node_t *from, int depth) {
  size_t count = (size_t)(from->data.sequence.items.top - from->data.sequence.items.start);
  if (!make_room(node, count, false)) return fail_at(b, &from->start_mark, "out of memory");
  for (size_t i = 0; i < count; i++) {
    node->items[node->count] = convert(b, from->data.sequence.items.start[i], depth + 1);
    if (!node->items[node->count]) return false;
    node->count++;
  }
  return true;
}

static bool convert_map(builder *b, vx_yaml *node, const yaml_node_t *from, int depth) {
  size_t count = (size_t)(from->data.mapping.pairs.top - from->data.mapping.pairs.start);
  if (!make_room(node, count, true)) return fail_at(b, &from->start_mark, "out of memory");
  for (size_t i = 0; i < count; i++) {
    const yaml_node_pair_t *pair = &from->data.mapping.pairs.start[i];
    const yaml_node_t *key = yaml_document_get_node(b->document, pair->key);
    if (key->type != YAML_SCALAR_NODE) return fail_at(b, &key->start_mark, "a key must be a plain word");
    const char *word = (const char *)key->data.scalar.value;
    if (vx_yaml_find(node, word)) {
      char why[200];
      snprintf(why, sizeof why, "key '%.100s' stands here twice", word);
      return fail_at(b, &key->start_mark, why);
    }
    vx_yaml *value = convert(b, pair->value, depth + 1);
    if (!value) return false;
    char *copy = strdup(word);
    if (!copy) {
      vx_yaml_free(value);
      return fail_at(b, &key->start_mark, "out of memory");
    }
    node->keys[node->count] = copy;
    node->key_lines[node->count] = (int)key->start_mark.line + 1;
    node->items[node->count] = value;
    node->count++;
  }
  return true;
}

static vx_yaml *convert(builder *b, int index, int depth) {
  const yaml_node_t *from = yaml_document_get_node(b->document, index);
  if (depth > DEPTH_MAX || ++b->nodes > NODES_MAX) {
    fail_at(b, &from->start_mark, "nested too deep, or too large, for a configuration");
    return NULL;
  }
  vx_yaml *node = calloc(1, sizeof *node);
  if (!node) {
    fail_at(b, &from->start_mark, "out of memory");
    return NULL;
  }
  node->line = (int)from->start_mark.line + 1;
  node->column = (int)from->start_mark.column + 1;
  bool good = true;
  if (from->type == YAML_SEQUENCE_NODE) {
    node->kind = VX_YAML_LIST;
    good = convert_list(b, node, from, depth);
  } else if (from->type == YAML_MAPPING_NODE) {
    node->kind = VX_YAML_MAP;
    good = convert_map(b, node, from, depth);
  } else {
    node->kind = VX_YAML_SCALAR;
    node->quoted = from->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->text = strndup((const char *)from->data.scalar.value, from->data.scalar.length);
    if (!node->text) good = fail_at(b, &from->start_mark, "out of memory");
  }
  if (good) return node;
  vx_yaml_free(node);
  return NULL;
}

static vx_yaml *empty_map(vx_error *error) {
  vx_yaml *node = calloc(1, sizeof *node);
  if (!node || !make_room(node, 0, true)) {
    vx_yaml_free(node);
    vx_fail(error, "yaml", "out of memory");
    return NULL;
  }
  node->kind = VX_YAML_MAP;
  node->line = node->column = 1;
  return node;
}

vx_yaml *vx_yaml_parse(const char *text, size_t length, const char *name, vx_error *error) {
  yaml_parser_t parser;
  yaml_document_t document;
  if (!yaml_parser_initialize(&parser)) {
    vx_fail(error, name, "out of memory");
    return NULL;
  }
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
  vx_yaml *root = NULL;
  if (!yaml_parser_load(&parser, &document)) {
    const char *problem = parser.problem ? parser.problem : "not YAML";
    vx_fail(error, vx_where(error, "%s:%zu:%zu", name, parser.problem_mark.line + 1, parser.problem_mark.column + 1),
            "%s%s%s", problem, parser.context ? " " : "", parser.context ? parser.context : "");
    yaml_parser_delete(&parser);
    return NULL;
  }
  builder b = {.document = &document, .name = name, .error = error};
  root = yaml_document_get_root_node(&document) ? convert(&b, 1, 0) : empty_map(error);
  yaml_document_delete(&document);
  yaml_parser_delete(&parser);
  return root;
}

static char *read_whole(const char *path, size_t *length, vx_error *error) {
  enum { LARGEST = 4 << 20 };
  FILE *file = fopen(path, "rb");
  if (!file) {
    vx_fail(error, path, "cannot be opened: %s", strerror(errno));
    return NULL;
  }
  char *text = malloc(LARGEST + 1);
  size_t got = text ? fread(text, 1, LARGEST + 1, file) : 0;
  bool broken = ferror(file) != 0;
  int reason = errno;
  fclose(file);
  if (!text)
    vx_fail(error, path, "out of memory");
  else if (broken)
    vx_fail(error, path, "cannot be read: %s", strerror(reason));
  else if (got > LARGEST)
    vx_fail(error, path, "is larger than 4 MB: not a configuration");
  else {
    *length = got;
    return text;
  }
  free(text);
  return NULL;
}

vx_yaml *vx_yaml_read(const char *path, vx_error *error) {
  size_t length = 0;
  char *text = read_whole(path, &length, error);
  if (!text) return NULL;
  vx_yaml *root = vx_yaml_parse(text, length, path, error);
  free(text);
  return root;
}

/* ---- finding and setting -------------------------------------------------------------------------------------- */

const vx_yaml *vx_yaml_find(const vx_yaml *map, const char *key) {
  if (!map || map->kind != VX_YAML_MAP) return NULL;
  for (int i = 0; i < map->count; i++)
    if (strcmp(map->keys[i], key) == 0) return map->items[i];
  return NULL;
}

/* The place of a key's value in a map; the key is added with a NULL value when it is not there. NULL: out of memory. */
static vx_yaml **slot(vx_yaml *map, const char *key) {
  for (int i = 0; i < map->count; i++)
    if (strcmp(map->keys[i], key) == 0) return &map->items[i];
  size_t room = (size_t)map->count + 2;
  char **keys = realloc(map->keys, room * sizeof *keys);
  if (keys) map->keys = keys;
  int *lines = realloc(map->key_lines, room * sizeof *lines);
  if (lines) map->key_lines = lines;
  vx_yaml **items = realloc(map->items, room * sizeof *items);
  if (items) map->items = items;
  if (!keys || !lines || !items) return NULL;
  char *copy = strdup(key);
  if (!copy) return NULL;
  map->keys[map->count] = copy;
  map->key_lines[map->count] = 0;
  map->items[map->count] = NULL;
  return &map->items[map->count++];
}

static void forget_lines(vx_yaml *node) {
  node->line = node->column = 0;
  for (int i = 0; i < node->count; i++) {
    if (node->key_lines) node->key_lines[i] = 0;
    forget_lines(node->items[i]);
  }
}

/* YAML on purpose: a flow list, a flow map, a quoted word. What only begins like one is a text. */
static bool means_yaml(const char *value) {
  static const char opening[] = "[{\"'", closing[] = "]}\"'";
  value += strspn(value, " ");
  size_t length = strlen(value);
  while (length > 0 && value[length - 1] == ' ') length--;
  const char *kind = length > 1 ? strchr(opening, *value) : NULL;
  return kind && value[length - 1] == closing[kind - opening];
}

static vx_yaml *plain_text(const char *value, const char *where, vx_error *error) {
  if (vx_has_control(value)) {
    vx_fail(error, where, "has a control character");
    return NULL;
  }
  vx_yaml *node = calloc(1, sizeof *node);
  if (node) *node = (vx_yaml){.kind = VX_YAML_SCALAR, .text = strdup(value)};
  if (node && node->text) return node;
  vx_yaml_free(node);
  vx_fail(error, where, "out of memory");
  return NULL;
}

bool vx_yaml_set(vx_yaml *root, const char *dotted, const char *value, vx_error *error) {
  char where[200];
  snprintf(where, sizeof where, "--set %.150s", dotted);
  vx_yaml *node =
      means_yaml(value) ? vx_yaml_parse(value, strlen(value), where, error) : plain_text(value, where, error);
  if (!node) return false;
  forget_lines(node);
  char path[256];
  if (snprintf(path, sizeof path, "%s", dotted) >= (int)sizeof path || !*path) {
    vx_yaml_free(node);
    return vx_fail(error, where, "key is empty or too long");
  }
  vx_yaml *map = root;
  char *rest = path;
  for (;;) {
    char *dot = strchr(rest, '.');
    if (dot) *dot = '\0';
    vx_yaml **at = map->kind == VX_YAML_MAP ? slot(map, rest) : NULL;
    if (!at) {
      vx_yaml_free(node);
      return vx_fail(error, where, "'%s' cannot be set inside a list or word", rest);
    }
    if (!dot) {
      vx_yaml_free(*at);
      *at = node;
      return true;
    }
    if (!*at && !(*at = empty_map(error))) { /* the key without a value must not stay */
      free(map->keys[--map->count]);
      vx_yaml_free(node);
      return false;
    }
    map = *at;
    rest = dot + 1;
  }
}

/* ---- types ---------------------------------------------------------------------------------------------------- */

bool vx_yaml_real(const vx_yaml *node, double *value) {
  if (!node || node->kind != VX_YAML_SCALAR || node->quoted || !*node->text) return false;
  char *end;
  double v = strtod(node->text, &end);
  if (*end || !isfinite(v)) return false;
  *value = v;
  return true;
}

bool vx_yaml_int(const vx_yaml *node, long long *value) {
  if (!node || node->kind != VX_YAML_SCALAR || node->quoted || !*node->text) return false;
  char *end;
  errno = 0;
  long long v = strtoll(node->text, &end, 10);
  if (*end || errno) return false;
  *value = v;
  return true;
}

const char *vx_yaml_describe(const vx_yaml *node, char *text, size_t size) {
  if (!node)
    snprintf(text, size, "nothing");
  else if (node->kind == VX_YAML_LIST)
    snprintf(text, size, "a list");
  else if (node->kind == VX_YAML_MAP)
    snprintf(text, size, "a map");
  else
    snprintf(text, size, "'%.60s'", node->text);
  return text;
}
