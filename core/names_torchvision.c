/* torchvision's VisionTransformer (vit_b_16 …). Its weights come without a config.json: the one beside them holds the
   constructor's own words, or architecture: vit_b_16, and timm's for the pictures. */
#include "core/names.h"

#include <stdio.h>
#include <string.h>

static const vx_names torchvision = {.block = "encoder.layers.encoder_layer_",
                                     .cls = "class_token",
                                     .position = "encoder.pos_embedding",
                                     .patch = "conv_proj.",
                                     .norm = "encoder.ln.",
                                     .head = "heads.head.",
                                     .norm1 = "ln_1.",
                                     .qkv = {"self_attention.in_proj_"},
                                     .proj = "self_attention.out_proj.",
                                     .norm2 = "ln_2.",
                                     .fc1 = "mlp.0.",
                                     .fc2 = "mlp.3."};

static bool recognise(const vx_fetch *fetch, vx_names *names) {
  *names = torchvision;
  if (vx_names_block_has(fetch, names, "mlp.linear_1.", "weight")) /* before 0.13 */
    names->fc1 = "mlp.linear_1.", names->fc2 = "mlp.linear_2.";
  return vx_names_has(fetch, names, names->patch, "weight") && vx_names_block_has(fetch, names, names->norm1, "weight");
}

static const char *const known[] = {
    /* the constructor's, held against the tensors */
    "architecture", "image_size", "patch_size", "num_layers", "num_heads", "hidden_dim", "mlp_dim", "num_classes",
    /* for training: nothing is dropped in evaluation */
    "dropout", "attention_dropout",
    /* labels and what the logits mean */
    "label_names", "id2label", "problem_type",
    /* how pictures are made (harness/data/preprocessor.c) */
    "pretrained_cfg", "input_size", "interpolation", "crop_pct", "crop_mode", "mean", "std", NULL};

static int heads(const char *architecture, int width) {
  static const struct {
    const char *word;
    int width, heads;
  } names[] = {{"vit_b_", 768, 12}, {"vit_l_", 1024, 16}, {"vit_h_", 1280, 16}};
  for (int i = 0; architecture && i < 3; i++)
    if (!strncmp(architecture, names[i].word, 6) && names[i].width == width) return names[i].heads;
  return 0;
}

static bool shape(vx_fetch *fetch, const vx_names *names, vx_shape *s) {
  const json_t *config = fetch->model->config;
  const char *architecture = json_string_value(json_object_get(config, "architecture"));
  if (!vx_config_only(fetch, config, "", known) || !vx_config_pretrained(fetch)) return false;
  if (!vx_fetch_has(fetch, "heads.head.weight")) return vx_fetch_no_head(fetch, "heads.head.weight", "num_classes");
  if (!vx_names_shape(fetch, names, s) || !vx_names_place(fetch, names, s, 0)) return false;
  if (s->no_cls) return vx_names_missing(fetch, names, names->cls);
  s->epsilon = 1e-6;
  int count = vx_config_int(fetch, config, "num_heads", heads(architecture, s->dim));
  return vx_config_heads(fetch, "num_heads", count, names, s) &&
         vx_config_agrees(fetch, config, "hidden_dim", s->dim) &&
         vx_config_agrees(fetch, config, "num_layers", s->layers) &&
         vx_config_agrees(fetch, config, "mlp_dim", s->mlp) &&
         vx_config_agrees(fetch, config, "patch_size", s->patch) &&
         vx_config_agrees(fetch, config, "image_size", s->image) &&
         vx_config_agrees(fetch, config, "num_classes", s->classes) && vx_config_problem(fetch, config, s);
}

static const char *label(const vx_model *model, int index) {
  const char *name = vx_label_at(json_object_get(model->config, "label_names"), index);
  return name ? name : vx_label_at(json_object_get(model->config, "id2label"), index);
}

const vx_naming vx_naming_torchvision = {"torchvision", recognise, shape, label};
