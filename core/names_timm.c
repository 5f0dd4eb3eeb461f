/* timm naming: vision_transformer checkpoints with a class token and no distillation. */
#include "core/model.h"

#include <stdio.h>
#include <string.h>

static bool recognise(const vx_fetch *fetch) {
  return vx_fetch_has(fetch, "cls_token") && vx_fetch_has(fetch, "blocks.0.attn.qkv.weight");
}

int vx_timm_heads(const char *architecture, int width) {
  /* timm 1.0.31: the first row whose word the name contains; tests/golden/processors/timm-heads.tsv has every name. */
  static const struct {
    const char *word;
    int width, heads;
  } names[] = {{"test_vit3", 96, 3},
               {"test_vit4", 96, 3},
               {"test_vit", 64, 2},
               {"aimv2_large", 1024, 8},
               {"aimv2_huge", 1536, 12},
               {"aimv2_1b", 2048, 16},
               {"aimv2_3b", 3072, 24},
               {"vit_base_patch16_gap", 768, 16},
               {"_plus_", 896, 14},
               {"giant_patch14_dinov2", 1536, 24},
               {"giant_patch14_reg", 1536, 24},
               {"giant_patch16_radio", 1536, 24},
               {"_tiny", 192, 3},
               {"_xsmall", 256, 4},
               {"_small", 384, 6},
               {"_base", 768, 12},
               {"_large", 1024, 16},
               {"_huge", 1280, 16},
               {"_giantopt", 1536, 16},
               {"_gigantic", 1664, 16},
               {"_giant", 1408, 16},
               {"_medium", 512, 8},
               {"_betwixt", 640, 10},
               {"little", 320, 5},
               {"wee", 256, 4},
               {"_so150m2", 832, 13},
               {"_so150m", 896, 14},
               {"_so400m", 1152, 16},
               {"_intern300m", 1024, 16}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strstr(architecture, names[i].word)) return names[i].width == width ? names[i].heads : -1;
  return 0;
}

/* No tensor tells the number of heads: model_args says it, else a name of timm's whose width it is, else a key of the
   config. Never guessed. */
static int heads(vx_fetch *fetch, int width, const char **key) {
  const json_t *config = fetch->model->config;
  const char *architecture = json_string_value(json_object_get(config, "architecture"));
  int count = vx_config_int(fetch, json_object_get(config, "model_args"), *key = "num_heads", 0);
  int named = architecture ? vx_timm_heads(architecture, width) : 0;
  if (!count && named > 0) count = named;
  if (!count) count = vx_config_int(fetch, config, "num_heads", 0);
  if (!count) count = vx_config_int(fetch, config, *key = "num_attention_heads", 0);
  if (count || !fetch->ok) return count;
  char why[300];
  snprintf(why, sizeof why, "is missing, no tensor tells it, and the architecture's name %.80s %s: add it",
           architecture ? architecture : "(none)", named < 0 ? "stands for another width" : "is not one of timm's");
  vx_config_fail(fetch, "model_args.num_heads", why);
  return 0;
}

static bool shape(vx_fetch *fetch, vx_shape *s) {
  const json_t *config = fetch->model->config, *arguments = json_object_get(config, "model_args");
  if (!vx_fetch_has(fetch, "head.weight")) return vx_fetch_no_head(fetch, "head.weight", "num_classes");
  if (vx_fetch_has(fetch, "reg_token"))
    return vx_config_fail(fetch, "model_args.reg_tokens",
                          "this model has registers (reg_token), which are not supported");
  if (vx_fetch_has(fetch, "dist_token"))
    return vx_config_fail(fetch, "architecture", "a distilled model has two class tokens, which is not supported");
  if (!vx_shape_from_sides(fetch, s, "cls_token", "patch_embed.proj.weight", "pos_embed", "blocks.0.mlp.fc1.weight",
                           "head.weight"))
    return false;
  s->layers = 1;
  while (vx_fetch_has(fetch, "blocks.%d.norm1.weight", s->layers)) s->layers++;
  const char *key = NULL;
  int count = heads(fetch, s->dim, &key);
  if (!vx_config_heads(fetch, key, count, s)) return false;
  const char *activation = json_string_value(json_object_get(arguments, "act_layer"));
  if (activation && strcmp(activation, "gelu") != 0)
    return vx_config_fail(fetch, "model_args.act_layer", "is not \"gelu\" (the exact one), the only one supported");
  const char *pool = json_string_value(json_object_get(arguments, "global_pool")); /* timm builds by model_args */
  if (!pool) pool = json_string_value(json_object_get(config, "global_pool"));
  if (pool && strcmp(pool, "token") != 0)
    return vx_config_fail(fetch, "global_pool",
                          "is not \"token\": only models that read the class token are supported");
  s->epsilon = 1e-6;
  s->problem = s->classes > 1 ? VX_ONE_CLASS : VX_EACH_CLASS;
  return vx_config_agrees(fetch, arguments, "embed_dim", s->dim) &&
         vx_config_agrees(fetch, arguments, "depth", s->layers) &&
         vx_config_agrees(fetch, arguments, "patch_size", s->patch) &&
         vx_config_agrees(fetch, arguments, "img_size", s->image) &&
         vx_config_agrees(fetch, json_object_get(arguments, "num_classes") ? arguments : config, "num_classes",
                          s->classes);
}

static void weights(vx_fetch *fetch) {
  vx_model *m = fetch->model;
  const vx_shape *s = &m->shape;
  size_t d = (size_t)s->dim;
  bool qkv_bias = vx_config_qkv_bias(fetch, json_object_get(m->config, "model_args"), "blocks.0.attn.qkv.bias");
  char name[96];
  m->leading = vx_fetch_floats(fetch, (size_t[]){d, 0}, "cls_token");
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
  if (!names || json_is_null(names)) names = json_object_get(model->config, "label_names");
  return vx_label_at(names, index);
}

const vx_naming vx_naming_timm = {"timm", recognise, shape, weights, label};
