/* timm naming: vision_transformer checkpoints with a class token and no distillation. */
#include "core/model.h"

#include <stdio.h>
#include <string.h>

static bool recognise(const vx_fetch *fetch) {
  return vx_fetch_has(fetch, "cls_token") && vx_fetch_has(fetch, "blocks.0.attn.qkv.weight");
}

/* No tensor tells the number of heads: model_args says it, else what timm's names mean, else a key of the config. */
static int heads(vx_fetch *fetch, const char **key) {
  static const struct {
    const char *word;
    int heads;
  } sizes[] = {{"_tiny_", 3}, {"_small_", 6}, {"_base_", 12}, {"_large_", 16}, {"_huge_", 16}, {"_giant_", 16}};
  const json_t *config = fetch->model->config;
  int count = vx_config_int(fetch, json_object_get(config, "model_args"), *key = "num_heads", 0);
  if (count) return count;
  const char *architecture = json_string_value(json_object_get(config, "architecture"));
  for (size_t i = 0; architecture && i < sizeof sizes / sizeof *sizes; i++)
    if (strstr(architecture, sizes[i].word)) {
      *key = "architecture: the heads it stands for";
      return sizes[i].heads;
    }
  count = vx_config_int(fetch, config, *key = "num_heads", 0);
  return count ? count : vx_config_int(fetch, config, *key = "num_attention_heads", 0);
}

static bool shape(vx_fetch *fetch, vx_shape *s) {
  const json_t *config = fetch->model->config, *arguments = json_object_get(config, "model_args");
  if (vx_fetch_has(fetch, "dist_token"))
    return vx_config_fail(fetch, "architecture", "a distilled model has two class tokens, which is not supported");
  if (!vx_shape_from_sides(fetch, s, "cls_token", "patch_embed.proj.weight", "pos_embed", "blocks.0.mlp.fc1.weight",
                           "head.weight"))
    return false;
  s->layers = 1;
  while (vx_fetch_has(fetch, "blocks.%d.norm1.weight", s->layers)) s->layers++;
  const char *key = NULL;
  int count = heads(fetch, &key);
  if (fetch->ok && count == 0)
    return vx_config_fail(fetch, "model_args.num_heads",
                          "is missing, no tensor tells it, and the architecture's name is not one of timm's");
  if (!vx_config_heads(fetch, key, count, s)) return false;
  const char *activation = json_string_value(json_object_get(arguments, "act_layer"));
  if (activation && strcmp(activation, "gelu") != 0)
    return vx_config_fail(fetch, "model_args.act_layer", "is not \"gelu\" (the exact one), the only one supported");
  const char *pool = json_string_value(json_object_get(config, "global_pool"));
  if (pool && strcmp(pool, "token") != 0)
    return vx_config_fail(fetch, "global_pool",
                          "is not \"token\": only models that read the class token are supported");
  s->epsilon = 1e-6;
  s->problem = s->classes > 1 ? VX_ONE_CLASS : VX_EACH_CLASS;
  return vx_config_agrees(fetch, arguments, "embed_dim", s->dim) &&
         vx_config_agrees(fetch, arguments, "depth", s->layers) &&
         vx_config_agrees(fetch, arguments, "patch_size", s->patch) &&
         vx_config_agrees(fetch, arguments, "img_size", s->image) &&
         vx_config_agrees(fetch, config, "num_classes", s->classes);
}

static void weights(vx_fetch *fetch) {
  vx_model *m = fetch->model;
  const vx_shape *s = &m->shape;
  size_t d = (size_t)s->dim;
  bool qkv_bias = vx_config_qkv_bias(fetch, json_object_get(m->config, "model_args"), "blocks.0.attn.qkv.bias");
  char name[96];
  m->cls = vx_fetch_floats(fetch, (size_t[]){d, 0}, "cls_token");
  m->position = vx_fetch_floats(fetch, (size_t[]){(size_t)s->tokens, d, 0}, "pos_embed");
  m->patch = vx_fetch_patch(fetch, "patch_embed.proj");
  for (int l = 0; l < s->layers && fetch->ok; l++) {
    vx_block *b = &m->block[l];
    const struct {
      const char *name;
      vx_norm *norm;
    } norms[] = {{"norm1", &b->norm1}, {"norm2", &b->norm2}};
    const struct {
      const char *name;
      int in, out;
      vx_linear *linear;
    } linears[] = {{"attn.qkv", s->dim, 3 * s->dim, &b->qkv},
                   {"attn.proj", s->dim, s->dim, &b->proj},
                   {"mlp.fc1", s->dim, s->mlp, &b->fc1},
                   {"mlp.fc2", s->mlp, s->dim, &b->fc2}};
    for (int i = 0; i < 2; i++) {
      snprintf(name, sizeof name, "blocks.%d.%s", l, norms[i].name);
      *norms[i].norm = vx_fetch_norm(fetch, name);
    }
    for (int i = 0; i < 4; i++) {
      snprintf(name, sizeof name, "blocks.%d.%s", l, linears[i].name);
      *linears[i].linear = vx_fetch_linear(fetch, linears[i].in, linears[i].out, i > 0 || qkv_bias, name);
    }
  }
  m->norm = vx_fetch_norm(fetch, "norm");
  m->head = vx_fetch_linear(fetch, s->dim, s->classes, true, "head");
}

static const char *label(const vx_model *model, int index) {
  json_t *names = json_object_get(json_object_get(model->config, "pretrained_cfg"), "label_names");
  if (!names) names = json_object_get(model->config, "label_names");
  return vx_label_at(names, index);
}

const vx_naming vx_naming_timm = {"timm", recognise, shape, weights, label};
