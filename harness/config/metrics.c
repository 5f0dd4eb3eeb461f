/* The measures of a run: ids, ids with parameters. */
#include <string.h>

#include "base/nearest.h"
#include "harness/config/keys.h"

static bool from_id(const char *id, const vx_yaml *node, const vx_place *place, vx_metric *metric) {
  int known;
  const vx_measure *const *all = vx_measures(&known);
  const vx_measure *measure = vx_measure_find(id);
  if (!measure) {
    const char *ids[64];
    for (int i = 0; i < known && i < 64; i++) ids[i] = all[i]->id;
    vx_hint hint = vx_meant(id, VX_WORD_ARRAY(ids, known < 64 ? known : 64), "`vitx ls metrics` lists them");
    return vx_fail_at(place, node, "no metric '%.60s'%s", id, hint.text);
  }
  *metric = (vx_metric){.measure = measure, .name = measure->id};
  vx_args_default(&measure->params, &metric->args);
  return true;
}

/* An id, or {id: …, as: …, parameters}. */
static bool read_entry(vx_config *config, const vx_yaml *node, const vx_place *place, vx_metric *metric) {
  if (node->kind == VX_YAML_SCALAR) return from_id(node->text, node, place, metric);
  const vx_yaml *id = vx_yaml_find(node, "id");
  if (!id || id->kind != VX_YAML_SCALAR)
    return vx_fail_expected(place, node, "the name of a metric or {id: …, as: …, parameters}");
  return from_id(id->text, id, place, metric) &&
         vx_read_params(config, node, place, &metric->measure->params, metric->measure->id, &metric->args) &&
         vx_read_name(config, node, place, &metric->name);
}

static bool add(vx_config *config, const vx_metric *metric, const vx_yaml *node, const vx_place *place) {
  for (int i = 0; i < config->metric_count; i++)
    if (strcmp(config->metrics[i].name, metric->name) == 0)
      return vx_fail_at(place, node, "'%s' stands here twice; give one a name with `as`", metric->name);
  if (config->metric_count == VX_METRICS_MAX) return vx_fail_at(place, node, "more than %d metrics", VX_METRICS_MAX);
  config->metrics[config->metric_count++] = *metric;
  return true;
}

bool vx_read_metrics(vx_config *config, const vx_yaml *node, const vx_place *place) {
  vx_metric metric;
  if (node->kind == VX_YAML_SCALAR && strcmp(node->text, "all") == 0) {
    int known;
    const vx_measure *const *all = vx_measures(&known);
    for (int i = 0; i < known; i++) {
      if (all[i]->by_name_only) continue;
      if (!from_id(all[i]->id, node, place, &metric) || !add(config, &metric, node, place)) return false;
    }
    return true;
  }
  if (node->kind != VX_YAML_LIST) {
    return vx_fail_expected(place, node, "a list of metrics or `all`");
  }
  for (int i = 0; i < node->count; i++)
    if (!read_entry(config, node->items[i], place, &metric) || !add(config, &metric, node->items[i], place))
      return false;
  return true;
}

bool vx_config_metrics(vx_config *config, const char *list, const char *option, vx_error *error) {
  const vx_place place = {NULL, option, error};
  vx_yaml *node = vx_read_option_list(list, option, error);
  bool good = node && vx_read_metrics(config, node, &place);
  vx_yaml_free(node);
  return good;
}

void vx_print_metrics(const vx_config *config, vx_text *text) {
  vx_text_add(text, "[");
  for (int i = 0; i < config->metric_count; i++) {
    const vx_metric *metric = &config->metrics[i];
    bool plain = metric->measure->params.count == 0 && strcmp(metric->name, metric->measure->id) == 0;
    vx_text_add(text, "%s%s%s", i ? ", " : "", plain ? "" : "{id: ", metric->measure->id);
    if (plain) continue;
    vx_text_add(text, ", as: ");
    vx_text_add_scalar(text, metric->name);
    vx_print_params(&metric->measure->params, &metric->args, text);
    vx_text_add(text, "}");
  }
  vx_text_add(text, "]");
}
