/* timm naming: its VisionTransformer, distilled or not, as timm exports it or transformers' TimmWrapper saves it. */
#include "core/names.h"

#include <stdio.h>
#include <string.h>

static const vx_names timm = {.block = "blocks.",
                              .cls = "cls_token",
                              .distillation = "dist_token",
                              .registers = "reg_token",
                              .position = "pos_embed",
                              .patch = "patch_embed.proj.",
                              .pre_norm = "norm_pre.",
                              .norm = "norm.",
                              .fc_norm = "fc_norm.",
                              .head = "head.",
                              .second = "head_dist.",
                              .norm1 = "norm1.",
                              .qkv = {"attn.qkv."},
                              .proj = "attn.proj.",
                              .scale1 = "ls1.gamma",
                              .norm2 = "norm2.",
                              .fc1 = "mlp.fc1.",
                              .fc2 = "mlp.fc2.",
                              .scale2 = "ls2.gamma",
                              .q_norm = "attn.q_norm.",
                              .k_norm = "attn.k_norm."};

/* ---- what a name of timm's stands for ---------------------------------------------------------------------------- */

static bool in(const char *name, const char *word) {
  return strstr(name, word) != NULL;
}

static int named_heads(const char *architecture, int width) {
  /* The first row whose word the name contains; tests/golden/processors/timm-names.tsv has every name. */
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
    if (in(architecture, names[i].word)) return names[i].width == width ? names[i].heads : -1;
  return 0;
}

/* "_reg4_": 4. */
static int named_registers(const char *architecture) {
  const char *word = strstr(architecture, "_reg");
  if (in(architecture, "_radio_")) return in(architecture, "_v4") ? 9 : 7;
  if (!strncmp(architecture, "test_vit", 8)) return architecture[8] != 0;
  return word && word[4] >= '0' && word[4] <= '9' ? word[4] - '0' : 0;
}

vx_timm_name vx_timm_meaning(const char *a, int width) {
  bool beit3 = !strncmp(a, "beit3_", 6), aimv2 = !strncmp(a, "aimv2_", 6), eva = in(a, "eva_large");
  bool tanh_name = in(a, "patch32_siglip") || (in(a, "_large_patch16_siglip") && in(a, "_512")) ||
                   in(a, "_giantopt_") || in(a, "_so400m_patch16_siglip");
  bool average =
      in(a, "_gap_") || in(a, "_rpn_") || eva || beit3 || aimv2 || !strcmp(a, "test_vit2") || !strcmp(a, "test_vit4");
  bool map = !average && (in(a, "_siglip_") || in(a, "_map_") || !strcmp(a, "test_vit3"));
  return (vx_timm_name){.heads = named_heads(a, width),
                        .registers = named_registers(a),
                        .epsilon = in(a, "_clip_") || beit3 || aimv2 ? 1e-5 : 1e-6,
                        .activation = in(a, "_quickgelu_") ? VX_QUICK_GELU
                                      : tanh_name          ? VX_GELU_TANH
                                                           : VX_GELU,
                        .pool = average ? "avg"
                                : map   ? "map"
                                        : "token",
                        .no_cls = map || (average && !eva && !beit3),
                        .no_qkv_bias = in(a, "_miil") || in(a, "_medium_patch16_gap_") ||
                                       in(a, "_betwixt_patch16_gap_") || in(a, "_so150m2_") || in(a, "_rpn_") || aimv2};
}

static bool recognise(const vx_fetch *fetch, vx_names *names) {
  const json_t *config = fetch->model->config;
  const char *architecture = json_string_value(json_object_get(config, "architecture"));
  bool no_bias = architecture && vx_timm_meaning(architecture, 0).no_qkv_bias;
  *names = timm;
  names->no_qkv_bias = !vx_config_switch(json_object_get(config, "model_args"), "qkv_bias", !no_bias);
  return vx_names_has(fetch, names, names->patch, "weight") &&
         (vx_names_block_has(fetch, names, "norm1.", "weight") ||
          vx_names_block_has(fetch, names, "attn.qkv.", "weight"));
}

/* ---- config ------------------------------------------------------------------------------------------------------ */

static const char *const known[] = {
    /* read below or as labels, and held against the tensors */
    "architecture", "model_args", "pretrained_cfg", "num_classes", "num_features", "global_pool", "num_heads",
    "num_attention_heads", "problem_type", "label_names", "labels", "id2label", "label2id",
    /* TimmWrapper's: where it comes from, how weights start, their type, what a model without a classifier gives */
    "model_type", "architectures", "transformers_version", "initializer_range", "dtype", "torch_dtype", "do_pooling",
    "return_dict", "output_hidden_states", "output_attentions", "_name_or_path", "chunk_size_feed_forward",
    "is_encoder_decoder",
    /* old exports have pretrained_cfg's keys here: see below */
    "tag", "url", "file", "source", "custom_load", "hf_hub_id", "input_size", "min_input_size", "test_input_size",
    "fixed_input_size", "interpolation", "crop_pct", "test_crop_pct", "crop_mode", "mean", "std", "pool_size",
    "test_pool_size", "first_conv", "classifier", "label_offset", "label_descriptions", "license", "description",
    "origin_url", "paper_name", "paper_ids", "notes", NULL};

static const char *const known_arguments[] = {
    /* read below, and held against the tensors */
    "img_size", "patch_size", "in_chans", "num_classes", "global_pool", "embed_dim", "depth", "num_heads", "mlp_ratio",
    "qkv_bias", "qk_norm", "scale_attn_norm", "scale_mlp_norm", "proj_bias", "init_values", "class_token", "pos_embed",
    "no_embed_class", "reg_tokens", "pre_norm", "final_norm", "fc_norm", "pool_include_prefix", "act_layer",
    "norm_layer",
    /* a model of a free size computes at its own as one of a fixed size does */
    "dynamic_img_size", "dynamic_img_pad", "strict_img_size",
    /* for training: how weights start and what is dropped; in evaluation nothing is */
    "drop_rate", "pos_drop_rate", "patch_drop_rate", "proj_drop_rate", "attn_drop_rate", "drop_path_rate",
    "weight_init", "fix_init",
    /* where and in which type it is built */
    "device", "dtype", NULL};

static const json_t *stated(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  return json_is_null(value) ? NULL : value;
}

static bool keys(vx_fetch *fetch, const json_t *config, const json_t *arguments) {
  const json_t *type = stated(config, "model_type");
  static const char *const on[] = {"proj_bias", "final_norm", NULL};
  static const char *const off[] = {"scale_attn_norm", "scale_mlp_norm", "pool_include_prefix", NULL};
  if (type && (!json_is_string(type) || strcmp(json_string_value(type), "timm_wrapper") != 0))
    return vx_config_expected(fetch, config, "", "model_type", "timm_wrapper, as the tensors are called");
  return vx_config_only(fetch, config, "", known) && vx_config_pretrained(fetch) &&
         vx_config_only(fetch, arguments, "model_args.", known_arguments) &&
         vx_config_all(fetch, arguments, "model_args.", on, true) &&
         vx_config_all(fetch, arguments, "model_args.", off, false);
}

/* No tensor tells the number of heads: model_args says it, else a name of timm's whose width it is, else a key of the
   config. Never guessed. */
static int heads(vx_fetch *fetch, const char *architecture, int named, const char **key) {
  const json_t *config = fetch->model->config;
  int count = vx_config_int(fetch, json_object_get(config, "model_args"), *key = "num_heads", 0);
  if (!count && named > 0) count = named;
  if (!count) count = vx_config_int(fetch, config, "num_heads", 0);
  if (!count) count = vx_config_int(fetch, config, *key = "num_attention_heads", 0);
  if (count || !fetch->ok) return count;
  char why[300];
  snprintf(why, sizeof why, "is missing, no tensor tells it, and the architecture's name %.80s %s: add it",
           architecture, named < 0 ? "stands for another width" : "is not one of timm's");
  vx_config_fail(fetch, "model_args.num_heads", why);
  return 0;
}

/* What the head reads, and which norm stands before it. timm builds by model_args, then by what the name stands for;
   what the top level says of global_pool only tells. */
static bool readout(vx_fetch *fetch, const vx_names *names, const char *pool_by_name, vx_shape *s) {
  const json_t *config = fetch->model->config, *arguments = json_object_get(config, "model_args");
  bool inside = stated(arguments, "global_pool") != NULL;
  const json_t *said = inside ? stated(arguments, "global_pool") : stated(config, "global_pool");
  const char *pool = said ? json_string_value(said) : pool_by_name;
  const char *section = inside ? "model_args." : "";
  bool token = pool && !strcmp(pool, "token"), average = pool && !strcmp(pool, "avg");
  bool norm = vx_names_has(fetch, names, names->norm, "weight"),
       fc = vx_names_has(fetch, names, names->fc_norm, "weight");
  if (!token && !average)
    return said ? vx_config_expected(fetch, inside ? arguments : config, section, "global_pool",
                                     "\"token\" or \"avg\", the only ones supported")
                : vx_config_fail(fetch, "global_pool",
                                 "is missing, and the architecture's name stands for \"map\", an "
                                 "attention pooling that is not supported");
  if (token && s->no_cls)
    return vx_config_fail(fetch, "global_pool", "is \"token\", but there is no cls_token to be read");
  if (average && s->distillation)
    return vx_config_fail(fetch, "global_pool", "is \"avg\", but a distilled model (dist_token) reads two tokens");
  if (norm == fc)
    return vx_fetch_fail(fetch, "norm.weight, fc_norm.weight",
                         norm ? "stand side by side: a model with both norms is not supported"
                              : "are both missing: a model without a final_norm is not supported");
  if (!vx_config_agrees_bool(fetch, arguments, "fc_norm", fc)) return false;
  if (!stated(arguments, "fc_norm") && !s->no_cls && average != fc)
    return vx_config_fail(fetch, inside ? "model_args.global_pool" : "global_pool",
                          average
                              ? "is \"avg\", which goes with fc_norm.weight, but the tensors have norm.weight; if "
                                "that is right, model_args needs fc_norm: false"
                              : "is \"token\", which goes with norm.weight, but the tensors have fc_norm.weight; if "
                                "that is right, model_args needs fc_norm: true");
  s->readout = average ? VX_READ_PATCHES : s->distillation ? VX_READ_TWO : VX_READ_CLS;
  s->fc_norm = fc && average;
  return true;
}

/* Either all tokens have a position or the patches alone; where the number of positions allows both, the config tells.
 */
static bool place(vx_fetch *fetch, const vx_names *names, vx_shape *s) {
  const json_t *config = fetch->model->config, *arguments = json_object_get(config, "model_args");
  const json_t *said = stated(arguments, "no_embed_class"), *kind = stated(arguments, "pos_embed");
  const json_t *size = json_object_get(json_object_get(config, "pretrained_cfg"), "input_size");
  const char *learn = json_string_value(kind);
  if (kind && (!learn || strcmp(learn, "learn") != 0))
    return vx_config_expected(fetch, arguments, "model_args.", "pos_embed", "\"learn\", the only one supported");
  int all = vx_names_grid(fetch, names, s, 0), patches = vx_names_grid(fetch, names, s, s->leading);
  if (json_is_boolean(said)) return vx_names_place(fetch, names, s, json_is_true(said) ? s->leading : 0);
  if (said) return vx_config_expected(fetch, arguments, "model_args.", "no_embed_class", "true or false");
  int image = vx_config_int(fetch, arguments, "img_size", (int)json_integer_value(json_array_get(size, 1)));
  if (!fetch->ok) return false;
  if (all && patches && all != patches && image != all * s->patch && image != patches * s->patch)
    return vx_config_fail(fetch, "model_args.no_embed_class",
                          "is missing, positions for all tokens and for the patches alone are both possible, and "
                          "img_size is neither's: add it");
  bool alone = all && patches ? image == patches * s->patch : patches > 0;
  return vx_names_place(fetch, names, s, alone ? s->leading : 0);
}

/* Tokens that nobody reads are missed by nothing else: they are there as model_args say, or the name. */
static bool tokens_agree(vx_fetch *fetch, const json_t *arguments, const vx_timm_name *name, const vx_shape *s) {
  char expected[120];
  bool cls = vx_config_switch(arguments, "class_token", !name->no_cls);
  const json_t *said = stated(arguments, "reg_tokens");
  int registers = said ? (int)json_integer_value(said) : name->registers;
  static const char or_else[] = "as the tensors say; where it is left out the architecture's name tells";
  if (cls == s->no_cls) {
    snprintf(expected, sizeof expected, "%s, %s", s->no_cls ? "false" : "true", or_else);
    return vx_config_expected(fetch, arguments, "model_args.", "class_token", expected);
  }
  snprintf(expected, sizeof expected, "%d, %s", s->registers, or_else);
  return registers == s->registers || vx_config_expected(fetch, arguments, "model_args.", "reg_tokens", expected);
}

static bool parts_agree(vx_fetch *fetch, const json_t *arguments, vx_shape *s) {
  const json_t *scale = stated(arguments, "init_values"), *norm = stated(arguments, "norm_layer");
  const char *word = json_string_value(norm);
  if (scale && (!json_is_number(scale) || (json_number_value(scale) != 0) != s->scaled))
    return vx_config_expected(fetch, arguments, "model_args.", "init_values",
                              s->scaled ? "a number: the tensors have ls1.gamma"
                                        : "none: the tensors have no ls1.gamma");
  if (norm && (!word || strcmp(word, "layernorm") != 0))
    return vx_config_expected(fetch, arguments, "model_args.", "norm_layer", "\"layernorm\", the only one supported");
  if (norm) s->epsilon = 1e-6; /* the layer's own, whatever the name stands for */
  return vx_config_agrees_bool(fetch, arguments, "pre_norm", s->pre_norm) &&
         vx_config_agrees_bool(fetch, arguments, "qk_norm", s->qk_norm) &&
         vx_config_agrees(fetch, arguments, "embed_dim", s->dim) &&
         vx_config_agrees(fetch, arguments, "depth", s->layers) &&
         vx_config_agrees(fetch, arguments, "patch_size", s->patch) &&
         vx_config_agrees(fetch, arguments, "img_size", s->image) &&
         vx_config_agrees(fetch, arguments, "in_chans", 3) &&
         vx_config_agrees_ratio(fetch, arguments, "mlp_ratio", s) &&
         vx_config_activation(fetch, arguments, "model_args.", "act_layer", s);
}

static bool shape(vx_fetch *fetch, const vx_names *names, vx_shape *s) {
  const json_t *config = fetch->model->config, *arguments = json_object_get(config, "model_args");
  const char *architecture = json_string_value(json_object_get(config, "architecture")), *key = NULL;
  if (!architecture)
    return vx_config_expected(fetch, config, "", "architecture", "timm's name: it alone tells epsilon and activation");
  if (!keys(fetch, config, arguments)) return false;
  if (!vx_fetch_has(fetch, "head.weight")) return vx_fetch_no_head(fetch, "head.weight", "num_classes");
  if (!vx_names_shape(fetch, names, s)) return false;
  vx_timm_name name = vx_timm_meaning(architecture, s->dim);
  s->epsilon = name.epsilon;
  s->activation = name.activation;
  if (!readout(fetch, names, name.pool, s) || !place(fetch, names, s)) return false;
  int count = heads(fetch, architecture, name.heads, &key);
  return vx_config_heads(fetch, key, count, names, s) && tokens_agree(fetch, arguments, &name, s) &&
         parts_agree(fetch, arguments, s) &&
         vx_config_agrees(fetch, stated(arguments, "num_classes") ? arguments : config, "num_classes", s->classes) &&
         vx_config_agrees(fetch, config, "num_features", s->dim) && vx_config_problem(fetch, config, s);
}

static const char *label(const vx_model *model, int index) {
  const json_t *config = model->config, *pretrained = json_object_get(config, "pretrained_cfg");
  const json_t *const places[] = {pretrained, config};
  static const char *const words[] = {"label_names", "labels", "id2label"};
  for (int i = 0; i < 6; i++) {
    const json_t *names = stated(places[i % 2], words[i / 2]);
    if (names) return vx_label_at(names, index);
  }
  return NULL;
}

const vx_naming vx_naming_timm = {"timm", recognise, shape, label};
