/* Parameters: defaults, reading from text, writing to text. */
#include "base/param.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"

void vx_args_default(const vx_params *params, vx_args *args) {
  *args = (vx_args){0};
  for (int i = 0; i < params->count; i++) {
    const vx_param *param = &params->param[i];
    args->value[i] = param->standard;
    if (param->type == VX_PARAM_TEXT) args->text[i] = param->standard_text ? param->standard_text : "";
  }
}

int vx_params_find(const vx_params *params, const char *name) {
  for (int i = 0; i < params->count; i++)
    if (strcmp(params->param[i].name, name) == 0) return i;
  return -1;
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
  bool in_range = read_number(text, value) && *value >= param->low && *value <= param->high;
  switch (param->type) {
  case VX_PARAM_CHOICE:
    *value = vx_choice_find(param->choices, text);
    if (*value >= 0) return true;
    return vx_fail(error, where, "is '%s', expected one of %s", text, param->choices);
  case VX_PARAM_BOOL:
    if (read_bool(text, value)) return true;
    return vx_fail(error, where, "is '%s', expected true or false", text);
  case VX_PARAM_INT:
  case VX_PARAM_LAYER:
    if (in_range && *value == floor(*value)) return true;
    return vx_fail(error, where, "is '%s', expected a whole number from %g to %g", text, param->low, param->high);
  case VX_PARAM_TEXT:
    return !vx_has_control(text) || vx_fail(error, where, "is '%s', with a control character", text);
  case VX_PARAM_REAL:
    break;
  }
  return in_range || vx_fail(error, where, "is '%s', expected a number from %g to %g", text, param->low, param->high);
}

bool vx_args_set(const vx_params *params, const char *owner, vx_args *args, const char *name, const char *text,
                 vx_error *error) {
  const char *where = vx_where(error, "%s.%s", owner, name);
  int at = vx_params_find(params, name);
  if (at < 0) {
    vx_words names = VX_WORDS(params->param, params->count, name);
    return vx_fail(error, where, params->count > 0 ? "no such parameter%s" : "there are no parameters%s",
                   vx_meant(name, names, NULL).text);
  }
  double value = 0;
  if (!read_value(&params->param[at], text, &value, where, error)) return false;
  if (params->param[at].type == VX_PARAM_TEXT)
    args->text[at] = text;
  else
    args->value[at] = value;
  return true;
}

int vx_param_layer(double value, int layers) {
  double layer = value < 0 ? value + layers : value;
  if (layer < 0) return 0;
  return layer >= layers ? layers - 1 : (int)layer;
}

bool vx_args_check(const vx_params *params, const char *owner, const vx_args *args, int layers, vx_error *error) {
  for (int i = 0; i < params->count; i++) {
    double value = args->value[i];
    if (params->param[i].type != VX_PARAM_LAYER) continue;
    if (value < layers && value >= -layers) continue;
    return vx_fail(error, vx_where(error, "%s.%s", owner, params->param[i].name),
                   "is %.0f, expected a layer of the model, 0 to %d", value, layers - 1);
  }
  return true;
}

bool vx_args_equal(const vx_params *params, const vx_args *a, const vx_args *b) {
  for (int i = 0; i < params->count; i++) {
    if (a->value[i] < b->value[i] || a->value[i] > b->value[i]) return false;
    if (params->param[i].type == VX_PARAM_TEXT && strcmp(a->text[i], b->text[i]) != 0) return false;
  }
  return true;
}

void vx_args_add_value(const vx_params *params, const vx_args *args, int index, vx_text *text) {
  const vx_param *param = &params->param[index];
  double value = args->value[index];
  size_t length = 0;
  const char *word;
  switch (param->type) {
  case VX_PARAM_CHOICE:
    word = vx_choice_at(param->choices, (int)value, &length);
    vx_text_add(text, "%.*s", (int)length, word ? word : "");
    break;
  case VX_PARAM_BOOL:
    vx_text_add(text, "%s", value != 0 ? "true" : "false");
    break;
  case VX_PARAM_INT:
  case VX_PARAM_LAYER:
    vx_text_add(text, "%.0f", value);
    break;
  case VX_PARAM_REAL:
    vx_text_add_real(text, value);
    break;
  case VX_PARAM_TEXT:
    vx_text_add(text, "%s", args->text[index]);
    break;
  }
}

void vx_args_print(const vx_params *params, const vx_args *args, vx_text *text) {
  for (int i = 0; i < params->count; i++) {
    vx_text_add(text, "%s%s=", i ? " " : "", params->param[i].name);
    if (params->param[i].type == VX_PARAM_TEXT)
      vx_text_add_quoted(text, args->text[i]);
    else
      vx_args_add_value(params, args, i, text);
  }
}
