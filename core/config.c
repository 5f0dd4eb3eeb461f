/* What a checkpoint's config.json says, held against its tensors. Nothing of it is guessed, and nothing passed over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/names.h"

/* ---- errors that name a key ------------------------------------------------------------------------------------ */

bool vx_config_fail(vx_fetch *fetch, const char *key, const char *why) {
  if (fetch->ok)
    vx_fail(fetch->error, vx_where(fetch->error, "%s/config.json: %s", fetch->model->folder, key), "%s", why);
  return fetch->ok = false;
}

bool vx_config_expected(vx_fetch *fetch, const json_t *object, const char *section, const char *key,
                        const char *expected) {
  char place[160], why[320];
  char *stated = json_dumps(json_object_get(object, key), JSON_ENCODE_ANY | JSON_COMPACT);
  snprintf(place, sizeof place, "%s%s", section, key);
  snprintf(why, sizeof why, "is %.80s, expected %s", stated ? stated : "missing", expected);
  free(stated);
  return vx_config_fail(fetch, place, why);
}

static const json_t *stated(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  return json_is_null(value) ? NULL : value;
}

bool vx_config_only(vx_fetch *fetch, const json_t *object, const char *section, const char *const *known) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)object, key, value) {
    int i = 0;
    while (known[i] && strcmp(known[i], key) != 0) i++;
    if (!known[i] && !json_is_null(value))
      return vx_config_expected(fetch, object, section, key,
                                "no such key: this program does not know whether it changes what the model computes "
                                "(take it out if it does not)");
  }
  return fetch->ok;
}

bool vx_config_pretrained(vx_fetch *fetch) {
  static const char *const known[] = {
      /* how pictures are made (harness/data/preprocessor.c) */
      "input_size", "min_input_size", "test_input_size", "fixed_input_size", "interpolation", "crop_pct",
      "test_crop_pct", "crop_mode", "mean", "std",
      /* where weights come from and what they are called: here they are read from the folder */
      "url", "file", "state_dict", "hf_hub_id", "hf_hub_filename", "source", "architecture", "tag", "custom_load",
      "first_conv", "classifier",
      /* labels; of the offset only 0 is understood, the number of classes is overruled by the one outside */
      "num_classes", "label_offset", "label_names", "label_descriptions", "labels",
      /* convolutional networks' */
      "pool_size", "test_pool_size",
      /* about it */
      "license", "description", "origin_url", "paper_name", "paper_ids", "notes", NULL};

  const json_t *config = fetch->model->config, *inner = json_object_get(config, "pretrained_cfg");
  const json_t *object = inner ? inner : config, *offset = stated(object, "label_offset");
  const char *section = inner ? "pretrained_cfg." : ""; /* old exports have all of it at the top */
  if (offset && !(json_is_integer(offset) && json_integer_value(offset) == 0))
    return vx_config_expected(fetch, object, section, "label_offset", "0: the head's first rows would be left out");
  return vx_config_only(fetch, inner, section, known);
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

bool vx_config_switch(const json_t *object, const char *key, bool fallback) {
  const json_t *value = json_object_get(object, key);
  return json_is_boolean(value) ? json_is_true(value) : fallback;
}

int vx_config_int(vx_fetch *fetch, const json_t *object, const char *key, int fallback) {
  const json_t *value = stated(object, key);
  if (!value) return fallback;
  if (json_is_array(value) && json_array_size(value) == 2) { /* height and width */
    if (!json_equal(json_array_get(value, 0), json_array_get(value, 1))) {
      vx_config_fail(fetch, key, "is not square: height and width differ");
      return fallback;
    }
    value = json_array_get(value, 0);
  }
  json_int_t number = json_integer_value(value);
  if (!json_is_integer(value) || number < 1 || number > 1 << 20) {
    vx_config_fail(fetch, key, "is not a whole number from 1 to 1048576");
    return fallback;
  }
  return (int)number;
}

bool vx_config_agrees(vx_fetch *fetch, const json_t *object, const char *key, int value) {
  int said = vx_config_int(fetch, object, key, value);
  if (said == value || !fetch->ok) return fetch->ok;
  char why[128];
  snprintf(why, sizeof why, "is %d, but the tensors in model.safetensors say %d", said, value);
  return vx_config_fail(fetch, key, why);
}

bool vx_config_agrees_count(vx_fetch *fetch, const json_t *object, const char *key, int value) {
  const json_t *said = stated(object, key);
  if (!said || (json_is_integer(said) && json_integer_value(said) == value)) return fetch->ok;
  char expected[64];
  snprintf(expected, sizeof expected, "%d, as the tensors say", value);
  return vx_config_expected(fetch, object, "", key, expected);
}

bool vx_config_agrees_bool(vx_fetch *fetch, const json_t *object, const char *key, bool value) {
  const json_t *said = stated(object, key);
  if (!said || (json_is_boolean(said) && json_is_true(said) == value)) return fetch->ok;
  return vx_config_expected(fetch, object, "", key, value ? "true, as the tensors say" : "false, as the tensors say");
}

bool vx_config_agrees_ratio(vx_fetch *fetch, const json_t *object, const char *key, const vx_shape *s) {
  const json_t *said = stated(object, key);
  double width = json_number_value(said) * s->dim; /* both libraries cut off what is behind the point */
  if (!said || (json_is_number(said) && width >= s->mlp && width < s->mlp + 1)) return fetch->ok;
  char expected[96];
  snprintf(expected, sizeof expected, "%g: the tensors say %d of width %d", (double)s->mlp / s->dim, s->mlp, s->dim);
  return vx_config_expected(fetch, object, "", key, expected);
}

bool vx_config_all(vx_fetch *fetch, const json_t *object, const char *section, const char *const *keys, bool value) {
  for (; *keys && fetch->ok; keys++) {
    const json_t *said = stated(object, *keys);
    if (said && !(json_is_boolean(said) && json_is_true(said) == value))
      return vx_config_expected(fetch, object, section, *keys,
                                value ? "true: a model without it is not supported"
                                      : "false: a model with it is not supported");
  }
  return fetch->ok;
}

bool vx_config_heads(vx_fetch *fetch, const char *key, int heads, const vx_names *names, vx_shape *s) {
  char name[160], why[256];
  size_t width[1];
  if (!fetch->ok) return false;
  if (heads == 0) return vx_config_fail(fetch, key, "is missing, and no tensor tells it");
  if (s->dim % heads != 0) {
    snprintf(why, sizeof why, "is %d, which does not divide the width %d", heads, s->dim);
    return vx_config_fail(fetch, key, why);
  }
  s->heads = heads;
  s->head_dim = s->dim / heads;
  if (!s->qk_norm) return true;
  snprintf(name, sizeof name, "%s0.%sweight", names->block, names->q_norm);
  if (!vx_fetch_sides(fetch, name, 1, width)) return false;
  if (width[0] == (size_t)s->head_dim) return true;
  snprintf(why, sizeof why, "is %d, but %s says heads of width %zu", heads, name, width[0]);
  return vx_config_fail(fetch, key, why);
}

bool vx_config_activation(vx_fetch *fetch, const json_t *object, const char *section, const char *key, vx_shape *s) {
  static const struct {
    const char *word;
    vx_activation activation;
  } words[] = {{"gelu", VX_GELU},
               {"gelu_python", VX_GELU},
               {"gelu_tanh", VX_GELU_TANH},
               {"gelu_pytorch_tanh", VX_GELU_TANH},
               {"gelu_new", VX_GELU_TANH},
               {"quick_gelu", VX_QUICK_GELU},
               {"relu", VX_RELU}};
  const json_t *said = stated(object, key);
  const char *word = json_string_value(said);
  if (!said) return fetch->ok;
  for (size_t i = 0; word && i < sizeof words / sizeof *words; i++)
    if (!strcmp(word, words[i].word)) {
      s->activation = words[i].activation;
      return fetch->ok;
    }
  return vx_config_expected(fetch, object, section, key,
                            "gelu, gelu_python, gelu_tanh, gelu_pytorch_tanh, gelu_new, quick_gelu or relu");
}

/* As the library's own pipeline: one logit is a probability of its own, whatever was not said. */
bool vx_config_problem(vx_fetch *fetch, const json_t *config, vx_shape *s) {
  const json_t *value = stated(config, "problem_type");
  const char *word = json_string_value(value);
  s->problem = s->classes > 1 ? VX_ONE_CLASS : VX_EACH_CLASS;
  if (!value || (word && !strcmp(word, "single_label_classification"))) return true;
  if (word && !strcmp(word, "multi_label_classification")) return s->problem = VX_EACH_CLASS, true;
  if (word && !strcmp(word, "regression")) return s->problem = VX_NO_PROBABILITY, true;
  return vx_config_fail(fetch, "problem_type",
                        "is none of single_label_classification, multi_label_classification, regression");
}

/* ---- labels ---------------------------------------------------------------------------------------------------- */

bool vx_config_label_count(vx_fetch *fetch, const json_t *config, const char *key, int classes) {
  const json_t *labels = stated(config, key);
  size_t count = json_is_array(labels) ? json_array_size(labels) : json_object_size(labels);
  if (!labels || count == (size_t)classes) return true;
  char why[128];
  snprintf(why, sizeof why, "names %zu classes, but the tensors in model.safetensors say %d", count, classes);
  return vx_config_fail(fetch, key, why);
}

const char *vx_label_at(const json_t *labels, int index) {
  char key[16];
  snprintf(key, sizeof key, "%d", index);
  return json_string_value(json_is_array(labels) ? json_array_get(labels, (size_t)index)
                                                 : json_object_get(labels, key));
}

/* ---- families that are not held ---------------------------------------------------------------------------------- */

const char *vx_family_needs(const char *name) {
  /* A word is a name's beginning; after '*' it may stand anywhere in it. Names of timm 1.0.31 and model types of
     transformers 5.24. Where a name says all that is needed, the model has no plain block under the plain names: what
     tensors would tell is told by the name first. */
  static const struct {
    const char *word, *needs;
  } families[] = {
      {"clip", "CLIP's image tower, whose classes are texts: a text tower, or a classifier trained on top of it"},
      {"chinese_clip", "a CLIP tower, whose classes are texts: a text tower"},
      {"siglip", "SigLIP's image tower, read by a head that attends: attention pooling and a text tower"},
      {"swin", "Swin: attention in windows that shift, relative positions and patches merged between stages"},
      {"beit_", "BEiT: a table of relative positions in every block"},
      {"beitv2_", "BEiT: a table of relative positions in every block"},
      {"beit\n", "BEiT: a table of relative positions in every block"},
      {"data2vec", "data2vec (BEiT): a table of relative positions in every block"},
      {"eva02", "EVA-02: rotary positions and a SwiGLU MLP"},
      {"eva_giant", "EVA: q and v with biases of their own, k without"},
      {"eva\n", "EVA: rotary positions and a SwiGLU MLP"},
      {"cait", "CaiT: talking heads, and blocks of class attention behind the others"},
      {"vit_hybrid", "a hybrid: a convolutional stem before the patches"},
      {"*_r26_", "a hybrid: a convolutional stem before the patches"},
      {"*_r50_", "a hybrid: a convolutional stem before the patches"},
      {"*_resnet", "a hybrid: a convolutional stem before the patches"},
      {"vit_relpos", "relative positions in every block"},
      {"vit_srelpos", "relative positions in every block"},
      {"*_rope", "rotary positions in every block"},
      {"*dinov3", "DINOv3: rotary positions in every block"},
      {"vit_7b", "DINOv3: rotary positions in every block"},
      {"samvit", "SAM's encoder: attention in windows and relative positions"},
      {"vitdet", "ViTDet: attention in windows and relative positions"},
      {"vit_mae", "a model trained to reconstruct: no classifier"},
      {"ijepa", "I-JEPA: no class token and a head on the mean of all tokens"},
      {"dpt", "DPT: a head that predicts depth"},
      {"yolos", "YOLOS: tokens that detect objects"},
      {"vivit", "ViViT: frames of a video"},
      {"naflex", "NaFlex: pictures of any shape"},
      {"aimv2", "AIMv2: RMS norms and a SwiGLU MLP"},
      {"*giant_patch14_dinov2", "a SwiGLU MLP (its fc1 is two matrices)"},
      {"*giant_patch14_reg", "a SwiGLU MLP (its fc1 is two matrices)"},
      {"*_rpn_", "norms behind attention and MLP (ResPostBlock)"},
      {"*_18x2_", "two attentions side by side in a block (ParallelThingsBlock)"},
      {"*_xp_", "attention and MLP side by side (ParallelScalingBlock)"},
      {"*_pwee_", "attention and MLP side by side (ParallelScalingBlock)"},
      {"*_dpwee_", "differential attention (DiffParallelScalingBlock)"},
      {"*_dwee_", "differential attention"},
      {"*_dlittle_", "differential attention"},
      {"test_vit4", "RMS norms"},
      {"convnext", "ConvNeXt: convolutions, no attention"},
      {"resnet", "a ResNet: convolutions, no attention"},
      {"efficientnet", "convolutions, no attention"},
      {"convit", "ConViT: gated positions in its attention"},
      {"coat_", "CoaT: co-scale attention"},
      {"crossvit", "CrossViT: two branches of patches"},
      {"cvt", "CvT: convolutions in its attention"},
      {"davit", "DaViT: attention over channels"},
      {"focalnet", "FocalNet: focal modulation, no attention"},
      {"hiera", "Hiera: stages with pooled tokens"},
      {"levit", "LeViT: a convolutional stem and attention with biases"},
      {"maxvit", "MaxViT: attention over blocks and grids"},
      {"mobilevit", "MobileViT: convolutions between its blocks"},
      {"mvit", "MViT: pooled attention"},
      {"nest", "NesT: blocks that are merged"},
      {"pit_", "PiT: tokens that are pooled between stages"},
      {"poolformer", "PoolFormer: pooling, no attention"},
      {"pvt", "PVT: attention over reduced keys"},
      {"segformer", "SegFormer: attention over reduced keys"},
      {"tnt_", "TNT: a transformer inside each patch"},
      {"twins", "Twins: local and global attention in turn"},
      {"volo", "VOLO: outlook attention"},
      {"xcit", "XCiT: attention over channels"}};
  for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
    const char *word = families[i].word;
    size_t length = strcspn(word, "\n"); /* the whole name */
    if (word[0] == '*' ? strstr(name, word + 1) != NULL
                       : !strncmp(name, word, length) && (!word[length] || !name[length]))
      return families[i].needs;
  }
  return NULL;
}

bool vx_config_family(vx_fetch *fetch) {
  static const char *const keys[] = {"model_type", "architecture"};
  char why[256];
  for (int i = 0; i < 2 && fetch->ok; i++) {
    const char *name = json_string_value(json_object_get(fetch->model->config, keys[i]));
    const char *needs = name ? vx_family_needs(name) : NULL;
    if (!needs) continue;
    snprintf(why, sizeof why, "%.60s is no plain Vision Transformer and not supported; it needs %s", name, needs);
    return vx_config_fail(fetch, keys[i], why);
  }
  return fetch->ok;
}
