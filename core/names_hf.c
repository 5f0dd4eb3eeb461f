/* Hugging Face naming: ViT, DeiT with one head or two, ViT-MSN, DINOv2 with and without registers, for classification;
   as transformers 4 saves them and as transformers 5 calls their parts. */
#include "core/names.h"

#include <stdio.h>
#include <string.h>

/* ---- names ------------------------------------------------------------------------------------------------------- */

/* A ViT's of transformers 4. */
static const vx_names vit = {
    .cls = "embeddings.cls_token",
    .distillation = "embeddings.distillation_token",
    .registers = "embeddings.register_tokens",
    .position = "embeddings.position_embeddings",
    .patch = "embeddings.patch_embeddings.projection.",
    .norm = "layernorm.",
    .head = "classifier.",
    .norm1 = "layernorm_before.",
    .qkv = {"attention.attention.query.", "attention.attention.key.", "attention.attention.value."},
    .proj = "attention.output.dense.",
    .norm2 = "layernorm_after.",
    .fc1 = "intermediate.dense.",
    .fc2 = "output.dense."};

/* Where the blocks are, of the words in use; ViT-MSN saves its embeddings under "vit." and its blocks under nothing. */
static void find_blocks(const vx_fetch *fetch, vx_names *names) {
  static const char *const words[] = {"encoder.layer.", "layers.", "encoder.layers."};
  for (int i = 0; i < 6; i++) {
    snprintf(names->block, sizeof names->block, "%s%s", i < 3 ? names->stem : "", words[i % 3]);
    if (vx_names_block_has(fetch, names, "norm1.weight", "") ||
        vx_names_block_has(fetch, names, "layernorm_before.weight", ""))
      return;
  }
  snprintf(names->block, sizeof names->block, "%s%s", names->stem, words[0]);
}

static bool is_dinov2(const vx_names *names) {
  return names->scale1 != NULL;
}

static bool recognise(const vx_fetch *fetch, vx_names *names) {
  static const char *const stems[] = {"vit.", "deit.", "dinov2.", "dinov2_with_registers.", ""};
  *names = vit;
  names->no_qkv_bias = !vx_config_switch(fetch->model->config, "qkv_bias", true);
  for (int i = 0; i < 5; i++) {
    snprintf(names->stem, sizeof names->stem, "%s", stems[i]);
    if (!vx_names_has(fetch, names, names->patch, "weight")) continue;
    find_blocks(fetch, names);
    if (vx_names_block_has(fetch, names, "norm1.", "weight")) {
      names->norm1 = "norm1.", names->norm2 = "norm2.";
      names->scale1 = "layer_scale1.lambda1", names->scale2 = "layer_scale2.lambda1";
    }
    if (vx_names_block_has(fetch, names, "attention.q_proj.", "weight")) {
      names->qkv[0] = "attention.q_proj.", names->qkv[1] = "attention.k_proj.", names->qkv[2] = "attention.v_proj.";
      names->proj = "attention.o_proj.";
    }
    if (is_dinov2(names) || vx_names_block_has(fetch, names, "mlp.fc1.", "weight"))
      names->fc1 = "mlp.fc1.", names->fc2 = "mlp.fc2.";
    if (vx_fetch_has(fetch, "distillation_classifier.weight"))
      names->head = "cls_classifier.", names->second = "distillation_classifier.";
    return true;
  }
  return false;
}

/* ---- config ------------------------------------------------------------------------------------------------------ */

static const char *const known[] = {
    /* read below, and held against the tensors */
    "model_type", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "mlp_ratio",
    "hidden_act", "layer_norm_eps", "qkv_bias", "image_size", "patch_size", "num_channels", "num_register_tokens",
    "use_swiglu_ffn", "id2label", "label2id", "num_labels", "problem_type", "pruned_heads",
    /* for training: how weights start and what is dropped; in evaluation nothing is */
    "initializer_range", "hidden_dropout_prob", "attention_probs_dropout_prob", "drop_path_rate", "layerscale_value",
    "gradient_checkpointing", "classifier_dropout", "use_mask_token", "encoder_stride", "finetuning_task",
    /* of parts that classification does not use: the pooler, and DINOv2 as a backbone of other models */
    "pooler_act", "pooler_output_size", "apply_layernorm", "reshape_hidden_states", "out_features", "out_indices",
    "stage_names",
    /* what is given back beside the logits, and how it is computed: the tensors say the values' type */
    "return_dict", "use_return_dict", "output_hidden_states", "output_attentions", "torchscript", "torch_dtype",
    "dtype", "use_bfloat16", "attn_implementation", "_attn_implementation", "_attn_implementation_autoset",
    "_attn_implementation_internal", "chunk_size_feed_forward", "use_cache",
    /* where it comes from */
    "architectures", "_name_or_path", "name_or_path", "_commit_hash", "transformers_version", "tokenizer_class",
    "image_processor_type",
    /* every model has these: TensorFlow, decoders, tied words, generated text; a ViT reads none of them */
    "tf_legacy_loss", "is_encoder_decoder", "is_decoder", "add_cross_attention", "cross_attention_hidden_size",
    "tie_word_embeddings", "tie_encoder_decoder", "prefix", "bos_token_id", "pad_token_id", "eos_token_id",
    "sep_token_id", "decoder_start_token_id", "task_specific_params", "max_length", "min_length", "do_sample",
    "early_stopping", "num_beams", "num_beam_groups", "diversity_penalty", "temperature", "top_k", "top_p", "typical_p",
    "repetition_penalty", "length_penalty", "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "bad_words_ids",
    "num_return_sequences", "output_scores", "return_dict_in_generate", "forced_bos_token_id", "forced_eos_token_id",
    "remove_invalid_values", "exponential_decay_length_penalty", "suppress_tokens", "begin_suppress_tokens", NULL};

static bool model_type(vx_fetch *fetch, const vx_names *names) {
  const json_t *config = fetch->model->config, *value = json_object_get(config, "model_type");
  static const char *const plain[] = {"vit", "deit", "vit_msn"}, *const dino[] = {"dinov2", "dinov2_with_registers"};
  const char *word = json_string_value(value);
  if (!value || json_is_null(value)) return true;
  bool is_dino = is_dinov2(names);
  for (int i = 0; word && i < (is_dino ? 2 : 3); i++)
    if (!strcmp(word, (is_dino ? dino : plain)[i])) return true;
  return vx_config_expected(fetch, config, "", "model_type",
                            is_dino ? "dinov2 or dinov2_with_registers, as the tensors are called"
                                    : "vit, deit or vit_msn, as the tensors are called");
}

/* The library's default is the class' own. */
static bool epsilon(vx_fetch *fetch, const vx_names *names, vx_shape *s) {
  const json_t *config = fetch->model->config, *said = json_object_get(config, "layer_norm_eps");
  const char *type = json_string_value(json_object_get(config, "model_type"));
  if (said && !(json_is_number(said) && json_number_value(said) >= 0))
    return vx_config_fail(fetch, "layer_norm_eps", "is not a number of 0 or above");
  bool wide = is_dinov2(names) || (type && !strcmp(type, "vit_msn"));
  s->epsilon = said ? json_number_value(said) : wide ? 1e-6 : 1e-12;
  return true;
}

/* The classifier reads [CLS]; of DINOv2 also the mean of the patches; with a second one each reads its own token. */
static bool readout(vx_fetch *fetch, const vx_names *names, vx_shape *s) {
  s->readout = is_dinov2(names) ? VX_READ_CLS_AND_PATCHES : names->second ? VX_READ_TWO : VX_READ_CLS;
  if (s->no_cls) return vx_names_missing(fetch, names, names->cls);
  if (s->readout == VX_READ_TWO && !s->distillation) return vx_names_missing(fetch, names, names->distillation);
  return true;
}

static bool shape(vx_fetch *fetch, const vx_names *names, vx_shape *s) {
  static const char *const off[] = {"use_swiglu_ffn", NULL};
  const json_t *config = fetch->model->config, *pruned = json_object_get(config, "pruned_heads");
  const char *key = "num_attention_heads", *labels = "id2label";
  if (!vx_config_only(fetch, config, "", known) || !model_type(fetch, names) ||
      !vx_config_all(fetch, config, "", off, false))
    return false;
  if (json_object_size(pruned) > 0 || json_array_size(pruned) > 0)
    return vx_config_expected(fetch, config, "", "pruned_heads", "{}: layers of unequal heads are not supported");
  if (!vx_fetch_has(fetch, "%sweight", names->head))
    return vx_fetch_no_head(fetch, "classifier.weight", "architectures");
  if (!vx_names_shape(fetch, names, s) || !readout(fetch, names, s) || !epsilon(fetch, names, s)) return false;
  if (!vx_names_place(fetch, names, s, s->registers)) return false; /* registers never have a position */
  if (!vx_config_heads(fetch, key, vx_config_int(fetch, config, key, 0), names, s)) return false;
  if (json_is_null(json_object_get(config, labels)) || !json_object_get(config, labels)) labels = "label2id";
  return vx_config_activation(fetch, config, "", "hidden_act", s) &&
         vx_config_agrees(fetch, config, "hidden_size", s->dim) &&
         vx_config_agrees(fetch, config, "num_hidden_layers", s->layers) &&
         vx_config_agrees(fetch, config, "intermediate_size", s->mlp) &&
         vx_config_agrees_ratio(fetch, config, "mlp_ratio", s) &&
         vx_config_agrees(fetch, config, "patch_size", s->patch) &&
         vx_config_agrees(fetch, config, "image_size", s->image) &&
         vx_config_agrees(fetch, config, "num_channels", 3) &&
         vx_config_agrees_count(fetch, config, "num_register_tokens", s->registers) &&
         vx_config_agrees(fetch, config, "num_labels", s->classes) &&
         vx_config_label_count(fetch, config, labels, s->classes) && vx_config_problem(fetch, config, s);
}

static const char *label(const vx_model *model, int index) {
  const char *name = vx_label_at(json_object_get(model->config, "id2label"), index), *key;
  json_t *value;
  if (name) return name;
  json_object_foreach(json_object_get(model->config, "label2id"), key,
                      value) if (json_is_integer(value) && json_integer_value(value) == index) return key;
  return NULL;
}

const vx_naming vx_naming_hf = {"huggingface", recognise, shape, label};
