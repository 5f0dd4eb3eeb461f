/* Parameters of methods: defaults, reading from text, writing to text. */
#include "explainers/explainer.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void vx_args_default(const vx_explainer *explainer, vx_args *args) {
  *args = (vx_args){{0}};
  for (int i = 0; i < explainer->param_count; i++) args->value[i] = explainer->params[i].standard;
}

static int smallest(int a, int b, int c) {
  int ab = a < b ? a : b;
  return ab < c ? ab : c;
}

/* Edit distance of two short words (the second at most 63 letters, longer ones count as far away). */
static int distance(const char *a, const char *b) {
  size_t length = strlen(b);
  if (length > 63) return 64;
  int row[64];
  for (size_t j = 0; j <= length; j++) row[j] = (int)j;
  for (int i = 1; *a; a++, i++) {
    int diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= length; j++) {
      int above = row[j];
      row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (*a != b[j - 1]));
      diagonal = above;
    }
  }
  return row[length];
}

static const char *nearest(const vx_explainer *explainer, const char *name) {
  const char *best = explainer->params[0].name;
  for (int i = 1; i < explainer->param_count; i++)
    if (distance(name, explainer->params[i].name) < distance(name, best)) best = explainer->params[i].name;
  return best;
}

/* The start of the index-th word of "a|b|c" and its length; NULL past the last. */
static const char *word_at(const char *choices, int index, size_t *length) {
  const char *word = choices;
  for (; index > 0 && word; index--) {
    word = strchr(word, '|');
    if (word) word++;
  }
  if (word) *length = strcspn(word, "|");
  return word;
}

static bool read_choice(const char *choices, const char *text, double *value) {
  size_t length;
  const char *word;
  for (int i = 0; (word = word_at(choices, i, &length)) != NULL; i++)
    if (strlen(text) == length && strncmp(word, text, length) == 0) {
      *value = i;
      return true;
    }
  return false;
}

static bool read_bool(const char *text, double *value) {
  *value = strcasecmp(text, "true") == 0;
  return *value != 0 || strcasecmp(text, "false") == 0;
}

static bool read_number(const char *text, double *value) {
  char *end;
  errno = 0;
  *value = strtod(text, &end);
  return end != text && *end == '\0' && isfinite(*value);
}

static bool read_value(const vx_param *param, const char *text, double *value, const char *where, vx_error *error) {
  switch (param->type) {
  case VX_PARAM_CHOICE:
    if (read_choice(param->choices, text, value)) return true;
    return vx_fail(error, where, "is '%s', expected one of %s", text, param->choices);
  case VX_PARAM_BOOL:
    if (read_bool(text, value)) return true;
    return vx_fail(error, where, "is '%s', expected true or false", text);
  case VX_PARAM_INT:
  case VX_PARAM_LAYER:
    if (read_number(text, value) && *value == floor(*value) && *value >= param->low && *value <= param->high)
      return true;
    return vx_fail(error, where, "is '%s', expected a whole number from %g to %g", text, param->low, param->high);
  case VX_PARAM_REAL:
    break;
  }
  if (read_number(text, value) && *value >= param->low && *value <= param->high) return true;
  return vx_fail(error, where, "is '%s', expected a number from %g to %g", text, param->low, param->high);
}

bool vx_args_set(const vx_explainer *explainer, vx_args *args, const char *name, const char *text, vx_error *error) {
  const char *where = vx_where(error, "%s.%s", explainer->id, name);
  for (int i = 0; i < explainer->param_count; i++) {
    if (strcmp(explainer->params[i].name, name) != 0) continue;
    double value = 0;
    if (!read_value(&explainer->params[i], text, &value, where, error)) return false;
    args->value[i] = value;
    return true;
  }
  if (explainer->param_count == 0) return vx_fail(error, where, "%s has no parameters", explainer->id);
  return vx_fail(error, where, "no such parameter; the nearest is '%s'", nearest(explainer, name));
}

int vx_layer_of(const vx_shape *shape, double value) {
  double layer = value < 0 ? value + shape->layers : value;
  if (layer < 0) return 0;
  return layer >= shape->layers ? shape->layers - 1 : (int)layer;
}

bool vx_args_check(const vx_explainer *explainer, const vx_args *args, const vx_shape *shape, vx_error *error) {
  for (int i = 0; i < explainer->param_count; i++) {
    double value = args->value[i];
    if (explainer->params[i].type != VX_PARAM_LAYER) continue;
    if (value < shape->layers && value >= -shape->layers) continue;
    return vx_fail(error, vx_where(error, "%s.%s", explainer->id, explainer->params[i].name),
                   "is %.0f, expected a layer of the model, 0 to %d", value, shape->layers - 1);
  }
  return true;
}

/* A number in the fewest digits that read back as the same double. */
static void print_number(double value, char *text, size_t size) {
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(text, size, "%.*g", digits, value);
    if (strtod(text, NULL) == value) return;
  }
}

static void print_value(const vx_param *param, double value, char *text, size_t size) {
  size_t length = 0;
  const char *word = NULL;
  switch (param->type) {
  case VX_PARAM_CHOICE:
    word = word_at(param->choices, (int)value, &length);
    snprintf(text, size, "%.*s", (int)length, word ? word : "");
    break;
  case VX_PARAM_BOOL:
    snprintf(text, size, "%s", value != 0 ? "true" : "false");
    break;
  case VX_PARAM_INT:
  case VX_PARAM_LAYER:
    snprintf(text, size, "%.0f", value);
    break;
  case VX_PARAM_REAL:
    print_number(value, text, size);
    break;
  }
}

void vx_args_print(const vx_explainer *explainer, const vx_args *args, char *text, size_t size) {
  if (size == 0) return;
  text[0] = '\0';
  size_t used = 0;
  for (int i = 0; i < explainer->param_count && used < size; i++) {
    char value[64];
    print_value(&explainer->params[i], args->value[i], value, sizeof value);
    int wrote = snprintf(text + used, size - used, "%s%s=%s", i ? " " : "", explainer->params[i].name, value);
    if (wrote < 0) return;
    used += (size_t)wrote;
  }
}
