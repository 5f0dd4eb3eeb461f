/* Hugging Face naming: ViTForImageClassification and DeiTForImageClassification without distillation. */
#include "core/model.h"

#include <stdio.h>
#include <string.h>

/* "vit." or "deit.", the tensors' prefix; none where somebody saved the parts by themselves. */
static const char *prefix(const vx_fetch *fetch) {
  static const char *const known[] = {"vit.", "deit.", ""};
  for (int i = 0; i < 2; i++)
    if (vx_fetch_has(fetch, "%sembeddings.cls_token", known[i])) return known[i];
  return known[2];
}

static bool recognise(const vx_fetch *fetch) {
  return vx_fetch_has(fetch, "%sembeddings.cls_token", prefix(fetch));
}

/* A list of labels of another length belongs to another head. */
static bool labels_agree(vx_fetch *fetch, const json_t *config, int classes) {
  const json_t *labels = json_object_get(config, "id2label");
  const char *key = labels && !json_is_null(labels) ? "id2label" : "label2id";
  labels = json_object_get(config, key);
  size_t count = json_is_array(labels) ? json_array_size(labels) : json_object_size(labels);
  if (!labels || json_is_null(labels) || count == (size_t)classes) return true;
  char why[128];
  snprintf(why, sizeof why, "names %zu classes, but the tensors in model.safetensors say %d", count, classes);
  return vx_config_fail(fetch, key, why);
}

/* As the library's own pipeline: one logit is a probability of its own, whatever was not said. */
static bool read_problem(vx_fetch *fetch, const json_t *config, vx_shape *s) {
  const json_t *value = json_object_get(config, "problem_type");
  const char *word = json_string_value(value);
  s->problem = s->classes > 1 ? VX_ONE_CLASS : VX_EACH_CLASS;
  if (!value || json_is_null(value) || (word && !strcmp(word, "single_label_classification"))) return true;
  if (word && !strcmp(word, "multi_label_classification")) return s->problem = VX_EACH_CLASS, true;
  if (word && !strcmp(word, "regression")) return s->problem = VX_NO_PROBABILITY, true;
  return vx_config_fail(fetch, "problem_type",
                        "is none of single_label_classification, multi_label_classification, regression");
}

static bool shape(vx_fetch *fetch, vx_shape *s) {
  const json_t *config = fetch->model->config;
  char name[5][96];
  const char *p = prefix(fetch);
  snprintf(name[0], sizeof name[0], "%sembeddings.cls_token", p);
  snprintf(name[1], sizeof name[1], "%sembeddings.patch_embeddings.projection.weight", p);
  snprintf(name[2], sizeof name[2], "%sembeddings.position_embeddings", p);
  snprintf(name[3], sizeof name[3], "%sencoder.layer.0.intermediate.dense.weight", p);
  if (vx_fetch_has(fetch, "%sembeddings.distillation_token", p))
    return vx_config_fail(fetch, "architectures", "a distilled DeiT has two class tokens, which is not supported");
  if (!vx_fetch_has(fetch, "classifier.weight")) return vx_fetch_no_head(fetch, "classifier.weight", "architectures");
  if (vx_fetch_has(fetch, "%sembeddings.register_tokens", p))
    return vx_config_fail(fetch, "num_register_tokens", "this model has registers, which are not supported");
  if (!vx_shape_from_sides(fetch, s, name[0], name[1], name[2], name[3], "classifier.weight")) return false;
  s->layers = 1;
  while (vx_fetch_has(fetch, "%sencoder.layer.%d.layernorm_before.weight", p, s->layers)) s->layers++;

  const char *key = "num_attention_heads";
  if (!vx_config_heads(fetch, key, vx_config_int(fetch, config, key, 0), s)) return false;
  const char *activation = json_string_value(json_object_get(config, "hidden_act"));
  if (activation && strcmp(activation, "gelu") != 0)
    return vx_config_fail(fetch, "hidden_act", "is not \"gelu\" (the exact one), the only one supported");
  json_t *epsilon = json_object_get(config, "layer_norm_eps");
  if (epsilon && !(json_is_number(epsilon) && json_number_value(epsilon) >= 0))
    return vx_config_fail(fetch, "layer_norm_eps", "is not a number of 0 or above");
  s->epsilon = epsilon ? json_number_value(epsilon) : 1e-12; /* the library's default */
  return vx_config_agrees(fetch, config, "hidden_size", s->dim) &&
         vx_config_agrees(fetch, config, "num_hidden_layers", s->layers) &&
         vx_config_agrees(fetch, config, "intermediate_size", s->mlp) &&
         vx_config_agrees(fetch, config, "patch_size", s->patch) &&
         vx_config_agrees(fetch, config, "image_size", s->image) &&
         vx_config_agrees(fetch, config, "num_channels", 3) && labels_agree(fetch, config, s->classes) &&
         read_problem(fetch, config, s);
}

/* Three matrices in the file, one stacked product here. */
static vx_linear stacked(vx_fetch *fetch, int dim, bool bias, const char *layer) {
  const char *part[] = {"query", "key", "value"};
  size_t d = (size_t)dim;
  float *weight = vx_fetch_take(fetch, 3 * d * d, sizeof(float)), *shift = vx_fetch_take(fetch, 3 * d, sizeof(float));
  for (size_t i = 0; i < 3 && weight && shift; i++) {
    char name[192];
    snprintf(name, sizeof name, "%s.attention.attention.%s", layer, part[i]);
    vx_linear one = vx_fetch_linear(fetch, dim, dim, bias, name);
    if (!fetch->ok) break;
    memcpy(weight + i * d * d, one.weight, d * d * sizeof(float));
    memcpy(shift + i * d, one.bias, d * sizeof(float));
  }
  return (vx_linear){.in = dim, .out = 3 * dim, .weight = weight, .bias = shift};
}

static void weights(vx_fetch *fetch) {
  vx_model *m = fetch->model;
  const vx_shape *s = &m->shape;
  const char *p = prefix(fetch);
  size_t d = (size_t)s->dim;
  char name[160], layer[96];
  snprintf(name, sizeof name, "%sencoder.layer.0.attention.attention.query.bias", p);
  bool qkv_bias = vx_config_qkv_bias(fetch, m->config, name);
  m->leading = vx_fetch_floats(fetch, (size_t[]){d, 0}, "%sembeddings.cls_token", p);
  m->position = vx_fetch_floats(fetch, (size_t[]){(size_t)s->tokens, d, 0}, "%sembeddings.position_embeddings", p);
  snprintf(name, sizeof name, "%sembeddings.patch_embeddings.projection", p);
  m->patch = vx_fetch_patch(fetch, name);
  for (int l = 0; l < s->layers && fetch->ok; l++) {
    vx_block *b = &m->block[l];
    snprintf(layer, sizeof layer, "%sencoder.layer.%d", p, l);
    snprintf(name, sizeof name, "%s.layernorm_before", layer);
    b->norm1 = vx_fetch_norm(fetch, name);
    b->qkv = stacked(fetch, s->dim, qkv_bias, layer);
    snprintf(name, sizeof name, "%s.attention.output.dense", layer);
    b->proj = vx_fetch_linear(fetch, s->dim, s->dim, true, name);
    snprintf(name, sizeof name, "%s.layernorm_after", layer);
    b->norm2 = vx_fetch_norm(fetch, name);
    snprintf(name, sizeof name, "%s.intermediate.dense", layer);
    b->fc1 = vx_fetch_linear(fetch, s->dim, s->mlp, true, name);
    snprintf(name, sizeof name, "%s.output.dense", layer);
    b->fc2 = vx_fetch_linear(fetch, s->mlp, s->dim, true, name);
  }
  snprintf(name, sizeof name, "%slayernorm", p);
  m->norm = vx_fetch_norm(fetch, name);
  m->head = vx_fetch_linear(fetch, s->dim, s->classes, true, "classifier");
}

static const char *label(const vx_model *model, int index) {
  const char *name = vx_label_at(json_object_get(model->config, "id2label"), index), *key;
  json_t *value;
  if (name) return name;
  json_object_foreach(json_object_get(model->config, "label2id"), key,
                      value) if (json_is_integer(value) && json_integer_value(value) == index) return key;
  return NULL;
}

const vx_naming vx_naming_hf = {"huggingface", recognise, shape, weights, label};
