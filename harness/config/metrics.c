/* The measures of a run: ids, ids with parameters. */
#include <string.h>

#include "base/nearest.h"
#include "harness/config/keys.h"

static bool from_id(const char *id, const vx_yaml *node, const vx_place *place, vx_metric *metric, vx_error *error) {
  int known;
  const vx_measure *const *all = vx_measures(&known);
  const vx_measure *measure = vx_measure_find(id);
  if (!measure) {
    const char *ids[64];
    for (int i = 0; i < known && i < 64; i++) ids[i] = all[i]->id;
    vx_hint hint = vx_meant(id, VX_WORD_ARRAY(ids, known < 64 ? known : 64), "`vitx ls metrics` lists them");
    return vx_fail_at(place, node, error, "no metric '%.60s'%s", id, hint.text);
  }
  *metric = (vx_metric){.measure = measure, .name = measure->id};
  vx_args_default(&measure->params, &metric->args);
  return true;
}

/* An id, or {id: …, as: …, parameters}. */
static bool read_entry(vx_config *config, const vx_yaml *node, const vx_place *place, vx_metric *metric,
                       vx_error *error) {
  char text[80];
  if (node->kind == VX_YAML_SCALAR) return from_id(node->text, node, place, metric, error);
  const vx_yaml *id = vx_yaml_find(node, "id");
  if (!id || id->kind != VX_YAML_SCALAR)
    return vx_fail_at(place, node, error, "is %s, expected the name of a metric or {id: …, as: …, parameters}",
                      vx_yaml_describe(node, text, sizeof text));
  return from_id(id->text, id, place, metric, error) &&
         vx_read_params(config, node, place, &metric->measure->params, metric->measure->id, &metric->args, error) &&
         vx_read_name(config, node, place, &metric->name, error);
}

static bool same(const vx_metric *a, const vx_metric *b) {
  bool is = a->measure == b->measure;
  for (int i = 0; is && i < a->measure->params.count; i++) is = a->args.value[i] == b->args.value[i];
  return is;
}

/* `twice`: an entry that stands there already is no mistake. */
static bool add(vx_config *config, const vx_metric *metric, bool twice, const vx_yaml *node, const vx_place *place,
                vx_error *error) {
  for (int i = 0; i < config->metric_count; i++)
    if (strcmp(config->metrics[i].name, metric->name) == 0)
      return (twice && same(&config->metrics[i], metric)) ||
             vx_fail_at(place, node, error, "'%s' stands here twice; give one a name with `as`", metric->name);
  if (config->metric_count == VX_METRICS_MAX)
    return vx_fail_at(place, node, error, "more than %d metrics", VX_METRICS_MAX);
  config->metrics[config->metric_count++] = *metric;
  return true;
}

/* What `all` means: each by its id, but those that are asked for by name only. */
static bool add_all(vx_config *config, const vx_yaml *node, const vx_place *place, vx_error *error) {
  vx_metric metric;
  int known;
  const vx_measure *const *all = vx_measures(&known);
  for (int i = 0; i < known; i++)
    if (!all[i]->by_name_only &&
        (!from_id(all[i]->id, node, place, &metric, error) || !add(config, &metric, true, node, place, error)))
      return false;
  return true;
}

static bool is_word(const vx_yaml *node, const char *word) {
  return node->kind == VX_YAML_SCALAR && strcmp(node->text, word) == 0;
}

static bool read_list(vx_config *config, const vx_yaml *list, const vx_place *place, vx_error *error);

/* What `default` means: does the map find objects, and does it say what the model used? */
static bool add_default(vx_config *config, const vx_place *place, vx_error *error) {
  vx_yaml *list = vx_yaml_parse(VX_METRICS_DEFAULT, sizeof VX_METRICS_DEFAULT - 1, "metrics", error);
  bool good = list && read_list(config, list, place, error);
  vx_yaml_free(list);
  return good;
}

static bool read_list(vx_config *config, const vx_yaml *list, const vx_place *place, vx_error *error) {
  vx_metric metric;
  bool words = false, good = true;
  for (int i = 0; i < list->count; i++) words |= is_word(list->items[i], "default") || is_word(list->items[i], "all");
  for (int i = 0; good && i < list->count; i++) {
    const vx_yaml *node = list->items[i];
    if (is_word(node, "default"))
      good = add_default(config, place, error);
    else if (is_word(node, "all"))
      good = add_all(config, node, place, error);
    else
      good = read_entry(config, node, place, &metric, error) && add(config, &metric, words, node, place, error);
  }
  return good;
}

bool vx_read_metrics(vx_config *config, const vx_yaml *node, const vx_place *place, vx_error *error) {
  if (is_word(node, "all")) return add_all(config, node, place, error);
  if (is_word(node, "default")) return add_default(config, place, error);
  if (node->kind == VX_YAML_LIST) return read_list(config, node, place, error);
  char text[80];
  return vx_fail_at(place, node, error, "is %s, expected a list of metrics, `default` or `all`",
                    vx_yaml_describe(node, text, sizeof text));
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
