/* The methods of a run: ids, ids with parameters, mixes, all mixes of a list. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "harness/config/keys.h"

/* ---- one method ----------------------------------------------------------------------------------------------- */

static bool no_method(const char *id, const char *where, vx_error *error) {
  enum { MOST = 256 };
  const char *ids[MOST];
  int count = vx_explainer_count() < MOST ? vx_explainer_count() : MOST;
  for (int i = 0; i < count; i++) ids[i] = vx_explainer_at(i)->id;
  vx_hint hint = vx_meant(id, VX_WORD_ARRAY(ids, count), "`vitx ls methods` lists them");
  return vx_fail(error, where, "no method '%.60s'%s", id, hint.text);
}

bool vx_method_from_id(const char *id, const char *where, vx_method *method, vx_error *error) {
  const vx_explainer *explainer = vx_explainer_find(id);
  if (!explainer) return no_method(id, where, error);
  *method = (vx_method){.explainer = explainer, .name = explainer->id};
  vx_args_default(&explainer->params, &method->args);
  return true;
}

static bool from_id(const char *id, const vx_yaml *node, const vx_place *place, vx_method *method) {
  vx_error inner;
  if (!vx_method_from_id(id, "", method, &inner)) return vx_fail_at(place, node, "%s", inner.why);
  method->line = node->line;
  return true;
}

static bool is_mix(const vx_yaml *node) {
  const vx_yaml *id = vx_yaml_find(node, "id");
  return vx_yaml_find(node, "mix") || (id && id->kind == VX_YAML_SCALAR && strcmp(id->text, "mix") == 0);
}

/* Keys of an entry that are no parameters. */
static bool is_frame(const char *key) {
  return strcmp(key, "id") == 0 || strcmp(key, "as") == 0 || strcmp(key, "mix") == 0 || strcmp(key, "of") == 0;
}

bool vx_read_params(vx_config *config, const vx_yaml *node, const vx_place *place, const vx_params *params,
                    const char *owner, vx_args *args) {
  for (int i = 0; i < node->count; i++) {
    if (is_frame(node->keys[i])) continue;
    const vx_yaml *value = node->items[i];
    vx_yaml at = {.line = node->key_lines[i]};
    if (value->kind != VX_YAML_SCALAR)
      return vx_fail_at(place, &at, "%s: parameter '%.60s' must be a number or word", owner, node->keys[i]);
    vx_error inner = {.where = "", .why = ""};
    const char *text = vx_arena_text(config->arena, value->text);
    if (!text) return vx_fail_at(place, &at, "out of memory");
    if (!vx_args_set(params, owner, args, node->keys[i], text, &inner))
      return vx_fail_at(place, &at, "%.300s: %.500s", inner.where, inner.why);
  }
  return true;
}

bool vx_read_name(vx_config *config, const vx_yaml *node, const vx_place *place, const char **name) {
  const vx_yaml *as = vx_yaml_find(node, "as");
  if (!as) return true;
  if (as->kind != VX_YAML_SCALAR || !*as->text || strlen(as->text) > 100)
    return vx_fail_at(place, as, "`as` must be a name of 1 to 100 letters");
  if (strchr(as->text, ',') || vx_has_control(as->text))
    return vx_fail_at(place, as, "the name '%.60s' must not hold a comma or control character", as->text);
  *name = vx_arena_text(config->arena, as->text);
  return *name || vx_fail_at(place, as, "out of memory");
}

static bool set_params(vx_config *config, const vx_yaml *node, const vx_place *place, vx_method *method) {
  return vx_read_params(config, node, place, &method->explainer->params, method->explainer->id, &method->args) &&
         vx_read_name(config, node, place, &method->name);
}

/* An entry that is no mix: an id, or {id: …, as: …, parameters}. */
static bool read_entry(vx_config *config, const vx_yaml *node, const vx_place *place, vx_method *method) {
  if (node->kind == VX_YAML_SCALAR) return from_id(node->text, node, place, method);
  const vx_yaml *id = vx_yaml_find(node, "id");
  if (!id || id->kind != VX_YAML_SCALAR) return vx_fail_expected(place, node, "an id or {id: …, as: …, parameters}");
  return from_id(id->text, id, place, method) && set_params(config, node, place, method);
}

static bool add(vx_config *config, const vx_method *method, const vx_yaml *node, const vx_place *place) {
  int twin = vx_config_find_method(config, method->name);
  if (twin >= 0 && config->methods[twin].line > 0)
    return vx_fail_at(place, node, "a method named '%s' stands in line %d already; give one a name with `as`",
                      method->name, config->methods[twin].line);
  if (twin >= 0)
    return vx_fail_at(place, node, "a method named '%s' is there already; give one a name with `as`", method->name);
  if (config->method_count == VX_METHODS_MAX) return vx_fail_at(place, node, "more than %d methods", VX_METHODS_MAX);
  if (config->method_count == config->method_room) {
    int room = config->method_room ? 2 * config->method_room : 64;
    vx_method *larger = realloc(config->methods, (size_t)room * sizeof *larger);
    if (!larger) return vx_fail_at(place, node, "out of memory");
    config->methods = larger;
    config->method_room = room;
  }
  config->methods[config->method_count++] = *method;
  return true;
}

static bool add_all(vx_config *config, const vx_yaml *node, const vx_place *place) {
  for (int i = 0; i < vx_explainer_count(); i++) {
    const vx_explainer *explainer = vx_explainer_at(i);
    vx_method method;
    if (!vx_explainer_in_all(explainer)) continue;
    if (!from_id(explainer->id, node, place, &method)) return false;
    method.of_all = true;
    if (!add(config, &method, node, place)) return false;
  }
  return true;
}

/* ---- mixes ---------------------------------------------------------------------------------------------------- */

static bool same_method(const vx_method *a, const vx_method *b) {
  return a->explainer == b->explainer && a->part_count == b->part_count &&
         vx_args_equal(&a->explainer->params, &a->args, &b->args);
}

/* A name for a part that is not asked for by itself: its id, with its parameters when another has that name. */
static const char *hidden_name(vx_config *config, const vx_method *method) {
  const char *id = method->explainer->id;
  if (vx_config_find_method(config, id) < 0) return id;
  vx_text name = {0};
  vx_text_add(&name, "%s(", id);
  vx_args_print(&method->explainer->params, &method->args, &name);
  vx_text_add(&name, ")");
  for (char *c = name.text; c && *c; c++)
    if (*c == ' ') *c = ';';
  return vx_text_keep(config->arena, &name);
}

/* The index of a part of a mix: the method of that name, or one with the same id and parameters, or else a new one,
   hidden. -1 on failure. */
static int part_index(vx_config *config, const vx_yaml *node, const vx_place *place) {
  vx_method method;
  if (node->kind == VX_YAML_SCALAR) {
    int named = vx_config_find_method(config, node->text);
    if (named >= 0 && config->methods[named].part_count > 0) {
      vx_fail_at(place, node, "'%s' is a mix itself; a mix is made of single methods", node->text);
      return -1;
    }
    if (named >= 0) return named;
  }
  if (!read_entry(config, node, place, &method)) return -1;
  if (strcmp(method.explainer->id, "mix") == 0) {
    vx_fail_at(place, node, "a mix is made of single methods, not of mixes");
    return -1;
  }
  for (int i = 0; i < config->method_count; i++)
    if (same_method(&config->methods[i], &method)) return i;
  if (method.name == method.explainer->id) method.name = hidden_name(config, &method);
  method.hidden = true;
  if (!method.name || !add(config, &method, node, place)) return -1;
  return config->method_count - 1;
}

/* "a+b:sqrt" */
static const char *mix_name(vx_config *config, const vx_method *mix) {
  const vx_params *params = &mix->explainer->params;
  vx_text text = {0};
  for (int i = 0; i < mix->part_count; i++)
    vx_text_add(&text, "%s%s", i ? "+" : "", config->methods[mix->parts[i]].name);
  vx_text_add(&text, ":");
  vx_args_add_value(params, &mix->args, vx_params_find(params, "by"), &text);
  return vx_text_keep(config->arena, &text);
}

static bool add_mix(vx_config *config, vx_method *mix, const int *parts, int count, const vx_yaml *node,
                    const vx_place *place) {
  int *kept = VX_TAKE(config->arena, count, int);
  if (!kept) return vx_fail_at(place, node, "out of memory");
  memcpy(kept, parts, (size_t)count * sizeof *kept);
  mix->parts = kept;
  mix->part_count = count;
  if (!mix->name) mix->name = mix_name(config, mix);
  if (!mix->name) return vx_fail_at(place, node, "out of memory");
  return add(config, mix, node, place);
}

static bool read_mix(vx_config *config, const vx_yaml *node, const vx_place *place) {
  const vx_yaml *list = vx_yaml_find(node, "of");
  if (!list) list = vx_yaml_find(node, "mix");
  vx_method mix;
  if (!from_id("mix", node, place, &mix)) return false;
  mix.name = NULL;
  if (!list || list->kind != VX_YAML_LIST || list->count < 2 || list->count > VX_MIX_PARTS_MAX)
    return vx_fail_at(place, list ? list : node, "a mix wants a list of 2 to %d methods", VX_MIX_PARTS_MAX);
  if (!set_params(config, node, place, &mix)) return false;
  int parts[VX_MIX_PARTS_MAX];
  for (int i = 0; i < list->count; i++) {
    parts[i] = part_index(config, list->items[i], place);
    if (parts[i] < 0) return false;
  }
  return add_mix(config, &mix, parts, list->count, node, place);
}

/* ---- the list ------------------------------------------------------------------------------------------------- */

bool vx_read_methods(vx_config *config, const vx_yaml *node, const vx_place *place) {
  char text[80];
  if (node->kind == VX_YAML_SCALAR && strcmp(node->text, "all") == 0) return add_all(config, node, place);
  if (node->kind != VX_YAML_LIST || node->count == 0)
    return vx_fail_at(place, node, "is %s, expected `all` or a list of methods",
                      node->kind == VX_YAML_LIST ? "empty" : vx_yaml_describe(node, text, sizeof text));
  /* Mixes last: their parts may be named anywhere in the list. */
  for (int i = 0; i < node->count; i++) {
    const vx_yaml *item = node->items[i];
    vx_method method;
    if (item->kind == VX_YAML_SCALAR && strcmp(item->text, "all") == 0) {
      if (!add_all(config, item, place)) return false;
    } else if (!is_mix(item) && (!read_entry(config, item, place, &method) || !add(config, &method, item, place))) {
      return false;
    }
  }
  for (int i = 0; i < node->count; i++)
    if (is_mix(node->items[i]) && !read_mix(config, node->items[i], place)) return false;
  return true;
}

/* ---- all mixes ------------------------------------------------------------------------------------------------ */

/* Every choice of `size` of the `count` parts, in lexical order, from `from` on; chosen[0 .. depth) stands. */
static bool add_choices(vx_config *config, const vx_method *mix, const int *parts, int count, int from, int *chosen,
                        int depth, int size, const vx_yaml *node, const vx_place *place) {
  if (depth == size) {
    vx_method one = *mix;
    return add_mix(config, &one, chosen, size, node, place);
  }
  for (int i = from; i < count; i++) {
    chosen[depth] = parts[i];
    if (!add_choices(config, mix, parts, count, i + 1, chosen, depth + 1, size, node, place)) return false;
  }
  return true;
}

/* The parts that `of` means, into parts [VX_METHODS_MAX]; their count, or -1. */
static int read_of(vx_config *config, const vx_yaml *of, const vx_place *place, int *parts) {
  int count = 0;
  if (of->kind == VX_YAML_SCALAR && strcmp(of->text, "all") == 0) {
    for (int i = 0; i < config->method_count; i++) {
      const vx_method *method = &config->methods[i];
      if (method->part_count == 0 && !method->hidden && method->explainer->family != VX_FAMILY_TRIVIAL)
        parts[count++] = i;
    }
    return count;
  }
  if (of->kind != VX_YAML_LIST || of->count < 2 || of->count > VX_METHODS_MAX) {
    vx_fail_at(place, of, "`of` must be a list of at least 2 methods, or `all`");
    return -1;
  }
  for (int i = 0; i < of->count; i++) {
    parts[count] = part_index(config, of->items[i], place);
    if (parts[count] < 0) return -1;
    count++;
  }
  return count;
}

static bool read_sizes(const vx_yaml *node, const vx_yaml *map, const vx_place *place, int *sizes, int *count) {
  *count = 0;
  if (!node) {
    sizes[(*count)++] = 2;
    return true;
  }
  int items = node->kind == VX_YAML_LIST ? node->count : 1;
  for (int i = 0; i < items && i < VX_MIX_PARTS_MAX; i++) {
    long long size;
    if (!vx_yaml_int(node->kind == VX_YAML_LIST ? node->items[i] : node, &size) || size < 2 || size > VX_MIX_PARTS_MAX)
      return vx_fail_at(place, node, "`sizes` must be whole numbers from 2 to %d", VX_MIX_PARTS_MAX);
    sizes[(*count)++] = (int)size;
  }
  return *count > 0 || vx_fail_at(place, map, "`sizes` is empty");
}

bool vx_read_all_mixes(vx_config *config, const vx_yaml *node, const vx_place *place) {
  const vx_yaml *of = vx_yaml_find(node, "of");
  if (!of) return vx_fail_expected(place, node, "{of: [a, b, c], sizes: [2, 3], by: sqrt}");
  for (int i = 0; i < node->count; i++) {
    const char *key = node->keys[i];
    if (strcmp(key, "of") != 0 && strcmp(key, "sizes") != 0 && strcmp(key, "by") != 0)
      return vx_fail_at(place, node, "unknown key '%.60s', expected of, sizes, by", key);
  }
  vx_method mix;
  if (!from_id("mix", node, place, &mix)) return false;
  mix.name = NULL;
  const vx_yaml *by = vx_yaml_find(node, "by");
  vx_error inner = {.where = "", .why = ""};
  if (by && !vx_args_set(&mix.explainer->params, mix.explainer->id, &mix.args, "by",
                         by->kind == VX_YAML_SCALAR ? by->text : "", &inner))
    return vx_fail_at(place, by, "%.300s: %.500s", inner.where, inner.why);
  int sizes[VX_MIX_PARTS_MAX], size_count, chosen[VX_MIX_PARTS_MAX];
  if (!read_sizes(vx_yaml_find(node, "sizes"), node, place, sizes, &size_count)) return false;
  static const int most = VX_METHODS_MAX;
  int *parts = malloc((size_t)most * sizeof *parts);
  if (!parts) return vx_fail_at(place, node, "out of memory");
  int count = read_of(config, of, place, parts);
  bool good = count >= 0;
  for (int i = 0; i < size_count && good; i++)
    good = add_choices(config, &mix, parts, count, 0, chosen, 0, sizes[i], node, place);
  free(parts);
  return good;
}

/* ---- options of commands --------------------------------------------------------------------------------------- */

static bool lacks(const vx_method *method, unsigned lacking, const vx_shape *shape) {
  vx_needs needs;
  vx_explainer_needs(method->explainer, shape, &method->args, &needs);
  return (needs.data & lacking) != 0;
}

/* An id; one that stood there as a part of a mix only is now asked for by itself. */
static bool list_id(vx_config *config, const char *id, vx_error *error) {
  vx_method method;
  int there = vx_config_find_method(config, id);
  if (there >= 0 && !config->methods[there].hidden)
    return vx_fail(error, "--methods", "'%.60s' stands there twice", id);
  if (there >= 0) {
    config->methods[there].hidden = false;
    return true;
  }
  if (!vx_method_from_id(id, "--methods", &method, error)) return false;
  if (!vx_explainer_in_all(method.explainer))
    return vx_fail(error, "--methods", "'%.60s' is made of other methods: write rollout+lrp-stable:sqrt", id);
  return add(config, &method, NULL, &(vx_place){.key = "--methods", .error = error});
}

static bool list_all(vx_config *config, unsigned lacking, const vx_shape *shape, vx_error *error) {
  for (int i = 0; i < vx_explainer_count(); i++) {
    vx_method method = {.explainer = vx_explainer_at(i)};
    vx_args_default(&method.explainer->params, &method.args);
    if (vx_explainer_in_all(method.explainer) && !lacks(&method, lacking, shape) &&
        vx_explainer_fits(method.explainer, shape, NULL) &&
        !list_id(config, method.explainer->id, error))
      return false;
  }
  return true;
}

/* "rollout+lrp:sqrt"; without `:by` the mix's own default. */
static bool list_mix(vx_config *config, const char *text, vx_error *error) {
  vx_method mix;
  const char **ids;
  int count, parts[VX_MIX_PARTS_MAX];
  char *name = vx_arena_text(config->arena, text), *rest = vx_arena_text(config->arena, text);
  if (!name || !rest) return vx_fail(error, "--methods", "out of memory");
  char *by = strchr(rest, ':');
  if (by) *by++ = '\0';
  if (!vx_split(config->arena, rest, '+', &ids, &count)) return vx_fail(error, "--methods", "out of memory");
  if (count < 2 || count > VX_MIX_PARTS_MAX)
    return vx_fail(error, "--methods", "'%.60s': a mix wants 2 to %d methods", text, VX_MIX_PARTS_MAX);
  if (!vx_method_from_id("mix", "--methods", &mix, error) ||
      (by && !vx_args_set(&mix.explainer->params, "mix", &mix.args, "by", by, error)))
    return false;
  if (vx_config_find_method(config, text) >= 0) return vx_fail(error, "--methods", "'%.60s' stands there twice", text);
  mix.name = name;
  for (int i = 0; i < count; i++) {
    vx_yaml id = {.kind = VX_YAML_SCALAR, .text = (char *)(uintptr_t)ids[i]};
    if ((parts[i] = part_index(config, &id, &(vx_place){.key = "--methods", .error = error})) < 0) return false;
  }
  return add_mix(config, &mix, parts, count, NULL, &(vx_place){.key = "--methods", .error = error});
}

/* METHOD.NAME=VALUE */
static bool list_param(vx_config *config, const char *text, vx_error *error) {
  char *copy = vx_arena_text(config->arena, text);
  if (!copy) return vx_fail(error, "--param", "out of memory");
  char *equals = strchr(copy, '='), *dot = strchr(copy, '.');
  if (!equals || !dot || dot > equals) return vx_fail(error, "--param", "is '%.60s', expected METHOD.NAME=VALUE", text);
  *equals = *dot = '\0';
  int at = vx_config_find_method(config, copy);
  if (at < 0) return vx_fail(error, "--param", "'%.60s' is not among --methods", copy);
  vx_method *method = &config->methods[at];
  return vx_args_set(&method->explainer->params, method->explainer->id, &method->args, dot + 1, equals + 1, error);
}

vx_yaml *vx_read_option_list(const char *list, const char *key, vx_error *error) {
  vx_text text = {0};
  vx_text_add(&text, "[%s]", list);
  if (!text.text) {
    vx_fail(error, key, "out of memory");
    return NULL;
  }
  vx_yaml *node = vx_yaml_parse(text.text, strlen(text.text), key, error);
  free(text.text);
  return node;
}

/* A list with entries {id: …, as: …, parameters}. */
static bool read_entries(vx_config *config, const char *list, vx_error *error) {
  const vx_place place = {NULL, "--methods", error};
  vx_yaml *node = vx_read_option_list(list, place.key, error);
  bool good = node && vx_read_methods(config, node, &place);
  vx_yaml_free(node);
  return good;
}

static bool read_list(vx_config *config, const char *list, unsigned lacking, const vx_shape *shape, vx_error *error) {
  const char **items;
  int count;
  if (!list) return true;
  if (strchr(list, '{')) return read_entries(config, list, error);
  if (!vx_split(config->arena, list, ',', &items, &count)) return vx_fail(error, "--methods", "out of memory");
  for (int i = 0; i < count; i++) {
    bool good = strcmp(items[i], "all") == 0 ? list_all(config, lacking, shape, error)
                : strchr(items[i], '+')      ? list_mix(config, items[i], error)
                                             : list_id(config, items[i], error);
    if (!good) return false;
  }
  return true;
}

static bool check_list(const vx_config *config, unsigned lacking, const vx_shape *shape, vx_error *error) {
  for (int i = 0; i < config->method_count; i++) {
    const vx_method *method = &config->methods[i];
    const vx_explainer *explainer = method->explainer;
    if (lacks(method, lacking, shape))
      return vx_fail(error, "--methods", "'%.60s' needs what is not here: a data set with masks", method->name);
    if (!vx_args_check(&explainer->params, explainer->id, &method->args, shape->layers, error)) return false;
  }
  return true;
}

vx_config *vx_config_methods(const char *list, const char *const *params, int param_count, unsigned lacking,
                             const vx_shape *shape, vx_error *error) {
  vx_config *config = calloc(1, sizeof *config);
  bool good = config && (config->arena = vx_arena_new()) != NULL;
  if (!good) vx_fail(error, "--methods", "out of memory");
  good = good && read_list(config, list, lacking, shape, error);
  for (int i = 0; i < param_count && good; i++) good = list_param(config, params[i], error);
  if (good && check_list(config, lacking, shape, error)) return config;
  vx_config_free(config);
  return NULL;
}

/* ---- printing ------------------------------------------------------------------------------------------------- */

void vx_print_params(const vx_params *params, const vx_args *args, vx_text *text) {
  for (int i = 0; i < params->count; i++) {
    vx_text_add(text, ", %s: ", params->param[i].name);
    if (params->param[i].type == VX_PARAM_TEXT)
      vx_text_add_scalar(text, args->text[i]);
    else
      vx_args_add_value(params, args, i, text);
  }
}

static void print_single(const vx_method *method, bool named, vx_text *text) {
  vx_text_add(text, "{id: %s", method->explainer->id);
  if (named) {
    vx_text_add(text, ", as: ");
    vx_text_add_scalar(text, method->name);
  }
  vx_print_params(&method->explainer->params, &method->args, text);
  vx_text_add(text, "}");
}

void vx_print_methods(const vx_config *config, vx_text *text) {
  for (int i = 0; i < config->method_count; i++) {
    const vx_method *method = &config->methods[i];
    if (method->hidden) continue;
    vx_text_add(text, "\n  - ");
    if (method->part_count == 0) {
      print_single(method, true, text);
      continue;
    }
    vx_text_add(text, "{id: mix, as: ");
    vx_text_add_scalar(text, method->name);
    vx_print_params(&method->explainer->params, &method->args, text);
    vx_text_add(text, ", of: [");
    for (int p = 0; p < method->part_count; p++) {
      const vx_method *part = &config->methods[method->parts[p]];
      if (p) vx_text_add(text, ", ");
      if (part->hidden)
        print_single(part, false, text);
      else
        vx_text_add_scalar(text, part->name);
    }
    vx_text_add(text, "]}");
  }
}
