#include "harness/cli/methods.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int find(const vx_method_list *list, const char *name) {
  for (int i = 0; i < list->count; i++)
    if (strcmp(list->methods[i].name, name) == 0) return i;
  return -1;
}

static bool lacks(const vx_method *method, unsigned lacking, const vx_shape *shape) {
  vx_needs needs;
  vx_explainer_needs(method->explainer, shape, &method->args, &needs);
  return (needs.data & lacking) != 0;
}

static bool add(vx_method_list *list, const vx_method *method, vx_error *error) {
  if (list->count == VX_METHODS_MAX) return vx_fail(error, "--methods", "names more than %d methods", VX_METHODS_MAX);
  list->methods[list->count++] = *method;
  return true;
}

static bool add_id(vx_method_list *list, const char *id, unsigned lacking, const vx_shape *shape, bool hidden,
                   vx_error *error) {
  vx_method method;
  if (!vx_method_from_id(id, "--methods", &method, error)) return false;
  if (!vx_explainer_in_all(method.explainer))
    return vx_fail(error, "--methods", "'%.60s' is made of other methods: write rollout+lrp-stable:sqrt", id);
  if (lacks(&method, lacking, shape))
    return vx_fail(error, "--methods", "'%.60s' needs what is not here: a data set with masks", id);
  int there = find(list, method.name);
  if (there < 0) {
    method.hidden = hidden;
    return add(list, &method, error);
  }
  if (!hidden && !list->methods[there].hidden) return vx_fail(error, "--methods", "'%.60s' stands there twice", id);
  if (!hidden) list->methods[there].hidden = false;
  return true;
}

static bool add_all(vx_method_list *list, unsigned lacking, const vx_shape *shape, vx_error *error) {
  for (int i = 0; i < vx_explainer_count(); i++) {
    vx_method method;
    if (!vx_explainer_in_all(vx_explainer_at(i))) continue;
    if (!vx_method_from_id(vx_explainer_at(i)->id, "--methods", &method, error)) return false;
    int there = find(list, method.name);
    if (there >= 0)
      list->methods[there].hidden = false;
    else if (!lacks(&method, lacking, shape) && !add(list, &method, error))
      return false;
  }
  return true;
}

/* "rollout+lrp:sqrt"; without `:by` the mix's own default. */
static bool add_mix(vx_method_list *list, const char *text, unsigned lacking, const vx_shape *shape, vx_error *error) {
  vx_method mix;
  char *copy = VX_TAKE(list->arena, strlen(text) + 1, char), *name = VX_TAKE(list->arena, strlen(text) + 1, char);
  int *parts = VX_TAKE(list->arena, VX_MIX_PARTS_MAX, int);
  if (!copy || !name || !parts) return vx_fail(error, "--methods", "out of memory");
  strcpy(copy, text);
  strcpy(name, text);
  if (find(list, name) >= 0) return vx_fail(error, "--methods", "'%.60s' stands there twice", text);
  if (!vx_method_from_id("mix", "--methods", &mix, error)) return false;
  char *by = strchr(copy, ':'), *rest = copy, *id;
  if (by) *by++ = '\0';
  if (by && !vx_args_set(&mix.explainer->params, "mix", &mix.args, "by", by, error)) return false;
  mix.name = name;
  mix.parts = parts;
  while ((id = strsep(&rest, "+"))) {
    if (mix.part_count == VX_MIX_PARTS_MAX)
      return vx_fail(error, "--methods", "'%.60s' has more than %d parts", text, VX_MIX_PARTS_MAX);
    if (!add_id(list, id, lacking, shape, true, error)) return false;
    parts[mix.part_count++] = find(list, id);
  }
  return add(list, &mix, error);
}

/* METHOD.NAME=VALUE */
static bool set_param(vx_method_list *list, const char *text, vx_error *error) {
  char *copy = VX_TAKE(list->arena, strlen(text) + 1, char);
  if (!copy) return vx_fail(error, "--param", "out of memory");
  strcpy(copy, text);
  char *equals = strchr(copy, '='), *dot = strchr(copy, '.');
  if (!equals || !dot || dot > equals) return vx_fail(error, "--param", "is '%.60s', expected METHOD.NAME=VALUE", text);
  *equals = *dot = '\0';
  int at = find(list, copy);
  if (at < 0) return vx_fail(error, "--param", "'%.60s' is not among --methods", copy);
  vx_method *method = &list->methods[at];
  return vx_args_set(&method->explainer->params, method->explainer->id, &method->args, dot + 1, equals + 1, error);
}

static bool read_list(char *text, const vx_texts *params, unsigned lacking, const vx_shape *shape, vx_method_list *list,
                      vx_error *error) {
  char *item;
  while ((item = strsep(&text, ","))) {
    if (!*item) continue;
    bool good = strcmp(item, "all") == 0 ? add_all(list, lacking, shape, error)
                : strchr(item, '+')      ? add_mix(list, item, lacking, shape, error)
                                         : add_id(list, item, lacking, shape, false, error);
    if (!good) return false;
  }
  for (int i = 0; params && i < params->count; i++)
    if (!set_param(list, params->text[i], error)) return false;
  for (int i = 0; i < list->count; i++) {
    const vx_method *method = &list->methods[i];
    if (!vx_args_check(&method->explainer->params, method->explainer->id, &method->args, shape->layers, error))
      return false;
    list->shown += !method->hidden;
  }
  return list->shown > 0 || vx_fail(error, "--methods", "names no method");
}

bool vx_method_list_read(const char *text, const vx_texts *params, unsigned lacking, const vx_shape *shape,
                         vx_method_list *list, vx_error *error) {
  *list = (vx_method_list){.arena = vx_arena_new()};
  char *copy = list->arena ? VX_TAKE(list->arena, strlen(text) + 1, char) : NULL;
  list->methods = copy ? VX_TAKE(list->arena, VX_METHODS_MAX, vx_method) : NULL;
  bool good = list->methods || vx_fail(error, "--methods", "out of memory");
  if (good) good = read_list(strcpy(copy, text), params, lacking, shape, list, error);
  if (!good) vx_method_list_free(list);
  return good;
}

void vx_method_list_free(vx_method_list *list) {
  vx_arena_free(list->arena);
  *list = (vx_method_list){0};
}

bool vx_class_read(const char *text, const char *option, const vx_model *model, int *label, vx_error *error) {
  int classes = vx_model_shape(model)->classes;
  char *end;
  long index = strtol(text, &end, 10);
  if (strcmp(text, "top") == 0)
    *label = -1;
  else if (strcmp(text, "second") == 0)
    *label = -2;
  else if (*text && !*end) {
    if (index < 0 || index >= classes)
      return vx_fail(error, option, "is %ld, the model has classes 0 to %d", index, classes - 1);
    *label = (int)index;
  } else {
    *label = vx_model_find_label(model, text);
    if (*label < 0)
      return vx_fail(error, option, "is '%.80s': neither top, second, an index, nor a label of the model", text);
  }
  if (*label == -2 && classes < 2) return vx_fail(error, option, "is second, but the model has one class");
  return true;
}
