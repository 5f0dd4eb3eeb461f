/* Opening checkpoints: both namings and all dtypes give the same model, and what does not fit is refused by name. */
#include "core/names.h"

#include <math.h>

#include "base/random.h"
#include "tests/core/checkpoint.h"

#define GOLDEN "tests/golden/models/"

static char folder[512];

static void setup(void) {
  make_folder(folder);
}

static void teardown(void) {
  remove_folder(folder);
}

static vx_model *open_model(const char *path) {
  vx_error error = {0};
  vx_model *model = vx_model_open(path, &error);
  ck_assert_msg(model != NULL, "%s: %s", error.where, error.why);
  return model;
}

/* Logits of a picture that depends on nothing but its size; to be freed. */
static double *logits_of(const vx_model *model, vx_precision precision) {
  const vx_shape *s = vx_model_shape(model);
  size_t pixels = 3 * (size_t)s->image * (size_t)s->image, classes = (size_t)s->classes;
  float *x = malloc(pixels * sizeof *x);
  for (size_t i = 0; i < pixels; i++) x[i] = (float)vx_random_normal(5, i);
  vx_error error = {0};
  vx_worker *worker = vx_worker_new(model, &(vx_needs){0}, precision, &error);
  ck_assert_msg(worker && vx_worker_forward(worker, x, &error), "%s: %s", error.where, error.why);
  double *logits = malloc(classes * sizeof *logits);
  memcpy(logits, vx_worker_logits(worker), classes * sizeof *logits);
  vx_worker_free(worker);
  free(x);
  return logits;
}

static void same_floats(const char *what, size_t count, const float *a, const float *b) {
  ck_assert_msg(memcmp(a, b, count * sizeof *a) == 0, "%s differ", what);
}

static void same_linear(const char *what, const vx_linear *a, const vx_linear *b) {
  ck_assert_int_eq(a->in, b->in);
  ck_assert_int_eq(a->out, b->out);
  size_t count = (size_t)a->in * (size_t)a->out;
  same_floats(what, count, a->weight, b->weight);
  same_floats(what, count, a->transposed, b->transposed);
  same_floats(what, (size_t)a->out, a->bias, b->bias);
}

static void same_model(const vx_model *a, const vx_model *b) {
  const vx_shape *s = &a->shape;
  ck_assert(memcmp(s, &b->shape, sizeof *s) == 0);
  size_t d = (size_t)s->dim;
  same_floats("class tokens", d, a->leading, b->leading);
  same_floats("positions", (size_t)s->tokens * d, a->position, b->position);
  same_linear("patch embeddings", &a->patch, &b->patch);
  same_linear("heads", &a->head, &b->head);
  same_floats("norms", d, a->norm.weight, b->norm.weight);
  same_floats("norms", d, a->norm.bias, b->norm.bias);
  for (int l = 0; l < s->layers; l++) {
    const vx_block *p = &a->block[l], *q = &b->block[l];
    same_linear("q, k and v", &p->qkv, &q->qkv);
    same_linear("projections", &p->proj, &q->proj);
    same_linear("first MLP layers", &p->fc1, &q->fc1);
    same_linear("second MLP layers", &p->fc2, &q->fc2);
    same_floats("first norms", d, p->norm1.weight, q->norm1.weight);
    same_floats("first norms", d, p->norm1.bias, q->norm1.bias);
    same_floats("second norms", d, p->norm2.weight, q->norm2.weight);
    same_floats("second norms", d, p->norm2.bias, q->norm2.bias);
  }
  ck_assert_str_eq(vx_model_digest(a), vx_model_digest(b));
  for (int p = VX_SINGLE; p <= VX_DOUBLE; p += VX_DOUBLE - VX_SINGLE) {
    double *x = logits_of(a, (vx_precision)p), *y = logits_of(b, (vx_precision)p);
    ck_assert(memcmp(x, y, (size_t)s->classes * sizeof *x) == 0);
    free(x);
    free(y);
  }
}

/* ---- what is the same ---------------------------------------------------------------------------------------- */

static void both_namings(const char *hf, const char *timm) {
  vx_model *a = open_model(hf), *b = open_model(timm);
  ck_assert_str_eq(vx_model_naming(a), "huggingface");
  ck_assert_str_eq(vx_model_naming(b), "timm");
  same_model(a, b);
  vx_model_close(a);
  vx_model_close(b);
}

START_TEST(test_both_namings) {
  both_namings(GOLDEN "vit-micro", GOLDEN "vit-micro-timm");
}
END_TEST

START_TEST(test_both_namings_real) {
  char hf[1024], timm[1024];
  if (!shared_path("models/vit-tiny-patch16-224", hf) || !shared_path("models/vit-tiny-patch16-224-timm", timm)) return;
  vx_model *a = open_model(hf), *b = open_model(timm);
  ck_assert_double_eq(vx_model_parameters(a), 5717416); /* as published for ViT-Tiny/16 */
  double *x = logits_of(a, VX_DOUBLE), *y = logits_of(b, VX_DOUBLE);
  ck_assert(memcmp(x, y, 1000 * sizeof *x) == 0);
  free(x);
  free(y);
  vx_model_close(a);
  vx_model_close(b);
}
END_TEST

/* nano's weights rounded to bfloat16, which F32 and F64 also hold, and to halves. */
static uint16_t half_bits(float value) { /* of a normal half's range or 0: truncates */
  int exponent;
  double f = frexp(fabs((double)value), &exponent);
  if (value == 0 || exponent < -13) return 0;
  return (uint16_t)((value < 0 ? 0x8000 : 0) | (exponent + 14) << 10 | ((int)(f * 2048) - 1024));
}

static void store_as(checkpoint *c, vx_dtype dtype) {
  for (int i = 0; i < c->count; i++) {
    vx_tensor *t = &c->tensor[i];
    float *values = malloc(t->count * sizeof *values);
    vx_tensor_to_float(t, values);
    void *data = malloc(t->count * sizeof(double));
    for (size_t k = 0; k < t->count; k++) {
      uint32_t bits;
      memcpy(&bits, &values[k], sizeof bits);
      if (dtype == VX_F64) ((double *)data)[k] = (double)values[k];
      if (dtype == VX_F32) ((float *)data)[k] = values[k];
      if (dtype == VX_F16) ((uint16_t *)data)[k] = half_bits(values[k]);
      if (dtype == VX_BF16) ((uint16_t *)data)[k] = (uint16_t)(bits >> 16);
    }
    t->data = c->taken[c->taken_count++] = data;
    t->dtype = dtype;
    free(values);
  }
}

START_TEST(test_dtypes) {
  static const vx_dtype narrow[] = {VX_BF16, VX_F16};
  for (int i = 0; i < 2; i++) {
    checkpoint *c = checkpoint_load(GOLDEN "vit-nano");
    store_as(c, narrow[i]);
    checkpoint_save(c, folder);
    checkpoint_free(c);
    vx_model *short_model = open_model(folder); /* its weights are copies: the file may go */
    for (vx_dtype wide = VX_F64; wide <= VX_F32; wide++) {
      char other[600];
      snprintf(other, sizeof other, "%s/wide", folder);
      mkdir(other, 0700);
      c = checkpoint_load(folder);
      store_as(c, wide);
      checkpoint_save(c, other);
      checkpoint_free(c);
      vx_model *model = open_model(other);
      same_model(short_model, model);
      vx_model_close(model);
    }
    vx_model_close(short_model);
  }
}
END_TEST

START_TEST(test_shape) {
  vx_model *model = open_model(GOLDEN "vit-micro");
  const vx_shape *s = vx_model_shape(model);
  ck_assert_int_eq(s->layers, 3);
  ck_assert_int_eq(s->heads, 4);
  ck_assert_int_eq(s->dim, 48);
  ck_assert_int_eq(s->head_dim, 12);
  ck_assert_int_eq(s->mlp, 160);
  ck_assert_int_eq(s->patch, 16);
  ck_assert_int_eq(s->image, 224);
  ck_assert_int_eq(s->grid, 14);
  ck_assert_int_eq(s->tokens, 197);
  ck_assert_int_eq(s->classes, 20);
  ck_assert_double_eq(s->epsilon, 1e-6);
  double numbers = 0; /* every number of the file is a parameter */
  for (int i = 0; i < vx_tensors_count(model->tensors); i++) numbers += (double)vx_tensors_at(model->tensors, i)->count;
  ck_assert_double_eq(vx_model_parameters(model), numbers);
  vx_model_close(model);
}
END_TEST

/* ---- labels -------------------------------------------------------------------------------------------------- */

START_TEST(test_labels) {
  checkpoint *c = checkpoint_load(GOLDEN "vit-nano");
  json_t *names = json_object_get(c->config, "id2label");
  json_object_set_new(names, "0", json_string("tench, Tinca tinca"));
  json_object_set_new(names, "1", json_string("Great White Shark"));
  json_object_set_new(names, "2", json_string("great white"));
  json_object_set_new(names, "3", json_integer(3)); /* no text: as if it were not named */
  checkpoint_save(c, folder);
  checkpoint_free(c);
  vx_model *model = open_model(folder);
  ck_assert_str_eq(vx_model_label(model, 0), "tench, Tinca tinca");
  ck_assert_str_eq(vx_model_label(model, 3), "class 3");
  ck_assert_str_eq(vx_model_label(model, -1), "no such class");
  ck_assert_str_eq(vx_model_label(model, 7), "no such class");
  ck_assert_int_eq(vx_model_find_label(model, "TENCH"), 0);
  ck_assert_int_eq(vx_model_find_label(model, "tench, tinca TINCA"), 0);
  ck_assert_int_eq(vx_model_find_label(model, "great white shark"), 1);
  ck_assert_int_eq(vx_model_find_label(model, "great white"), 2);
  ck_assert_int_eq(vx_model_find_label(model, "great"), -1);
  ck_assert_int_eq(vx_model_find_label(model, ""), -1);
  vx_model_close(model);

  c = checkpoint_load(GOLDEN "vit-nano-timm");
  json_object_set_new(c->config, "label_names", json_pack("[s,s]", "cat", "dog"));
  checkpoint_save(c, folder);
  checkpoint_free(c);
  model = open_model(folder);
  ck_assert_int_eq(vx_model_find_label(model, "dog"), 1);
  ck_assert_str_eq(vx_model_label(model, 2), "class 2");
  vx_model_close(model);
}
END_TEST

START_TEST(test_random_head) {
  vx_model *model = open_model(GOLDEN "vit-nano");
  char before[32];
  snprintf(before, sizeof before, "%s", vx_model_digest(model));
  vx_error error = {0};
  ck_assert(vx_model_randomise_head(model, 300, 7, &error));
  ck_assert_int_eq(vx_model_shape(model)->classes, 300);
  ck_assert_str_ne(vx_model_digest(model), before);
  double sum = 0, square = 0;
  for (int i = 0; i < 300 * 24; i++) {
    double w = (double)model->head.weight[i];
    sum += w;
    square += w * w;
  }
  ck_assert_double_lt(fabs(sum / 7200), 1e-3);
  ck_assert_double_lt(fabs(sqrt(square / 7200) - 0.02), 1e-3);
  for (int i = 0; i < 300; i++) ck_assert(model->head.bias[i] == 0);
  free(logits_of(model, VX_SINGLE));
  char first[32];
  snprintf(first, sizeof first, "%s", vx_model_digest(model));
  ck_assert(vx_model_randomise_head(model, 300, 8, &error));
  ck_assert_str_ne(vx_model_digest(model), first);
  ck_assert(vx_model_randomise_head(model, 300, 7, &error));
  ck_assert_str_eq(vx_model_digest(model), first);
  ck_assert(!vx_model_randomise_head(model, 0, 7, &error));
  check_error(&error, "head.random", "0 classes");
  vx_model_close(model);
}
END_TEST

/* ---- what is refused ------------------------------------------------------------------------------------------- */

/* Saves the checkpoint, which is then no more, and wants it refused. */
static void refuse(checkpoint *c, const char *file, const char *field, const char *why) {
  checkpoint_save(c, folder);
  checkpoint_free(c);
  vx_error error = {0};
  vx_model *model = vx_model_open(folder, &error);
  ck_assert_msg(model == NULL, "a model was opened that should fail with: %s %s", field, why);
  check_error(&error, file, why);
  check_error(&error, field, why);
  ck_assert_ptr_null(strchr(error.why, '\n'));
}

/* Without it, with a side more, of another rank and of another dtype: every tensor, both namings. */
static void each_tensor(const char *golden) {
  checkpoint *all = checkpoint_load(golden);
  int count = all->count;
  checkpoint_free(all);
  for (int i = 0; i < count; i++) {
    char name[256];
    checkpoint *c = checkpoint_load(golden);
    snprintf(name, sizeof name, "%s", c->tensor[i].name);
    if (strstr(name, ".1.") || strstr(name, ".2.")) { /* the first and the last of four layers stand for all */
      checkpoint_free(c);
      continue;
    }
    checkpoint_drop(c, name);
    checkpoint_save(c, folder);
    vx_error error = {0};
    vx_model *model = vx_model_open(folder, &error);
    ck_assert_msg(model == NULL, "opened without %s", name);
    /* Without the first of a layer's or a naming's tensors, something else is what is noticed. */
    ck_assert_msg(strstr(error.where, folder) != NULL, "%s: %s", error.where, error.why);
    if (strstr(error.why, "tensor is missing")) ck_assert_msg(strstr(error.where, name) != NULL, "%s", error.where);
    checkpoint_free(c);

    c = checkpoint_load(golden);
    vx_tensor *t = checkpoint_find(c, name);
    t->data = c->taken[c->taken_count++] = calloc(2 * t->count, vx_dtype_size(t->dtype));
    t->shape[t->rank - 1] *= 2;
    checkpoint_save(c, folder);
    ck_assert_ptr_null(vx_model_open(folder, &error));
    ck_assert_msg(strstr(error.why, "expected") || strstr(error.why, "say") || strstr(error.why, "square"),
                  "%s doubled: %s: %s", name, error.where, error.why);
    checkpoint_free(c);

    c = checkpoint_load(golden);
    t = checkpoint_find(c, name);
    for (int k = t->rank; k > 0; k--) t->shape[k] = t->shape[k - 1];
    t->shape[0] = 2;
    t->rank++;
    t->data = c->taken[c->taken_count++] = calloc(2 * t->count, vx_dtype_size(t->dtype));
    refuse(c, "model.safetensors", name, "expected");

    c = checkpoint_load(golden);
    t = checkpoint_find(c, name);
    t->dtype = VX_I32;
    refuse(c, "model.safetensors", name, "dtype is not one of F64, F32, F16, BF16");
  }
}

START_TEST(test_each_tensor_hf) {
  each_tensor(GOLDEN "vit-nano");
}
END_TEST

START_TEST(test_each_tensor_timm) {
  each_tensor(GOLDEN "vit-nano-timm");
}
END_TEST

START_TEST(test_tensors) {
  checkpoint *c = checkpoint_load(GOLDEN "vit-nano");
  checkpoint_drop(c, "vit.encoder.layer.2.output.dense.bias");
  refuse(c, "model.safetensors", "vit.encoder.layer.2.output.dense.bias", "tensor is missing");

  c = checkpoint_load(GOLDEN "vit-nano");
  checkpoint_drop(c, "vit.encoder.layer.2.attention.attention.key.bias"); /* the config says that there are biases */
  refuse(c, "model.safetensors", "layer.2.attention.attention.key.bias", "tensor is missing");

  c = checkpoint_load(GOLDEN "odd-no-qkv-bias");
  json_object_set_new(c->config, "qkv_bias", json_true());
  refuse(c, "model.safetensors", "layer.0.attention.attention.query.bias", "tensor is missing");

  c = checkpoint_load(GOLDEN "vit-nano");
  json_object_set_new(c->config, "qkv_bias", json_false());
  refuse(c, "model.safetensors", "bias", "is no tensor of this model under its naming, or one that its config denies");

  c = checkpoint_load(GOLDEN "vit-nano");
  checkpoint_find(c, "vit.encoder.layer.1.intermediate.dense.weight")->shape[0] = 24;
  checkpoint_find(c, "vit.encoder.layer.1.intermediate.dense.weight")->shape[1] = 96;
  refuse(c, "model.safetensors", "layer.1.intermediate.dense.weight", "shape is [24, 96], expected [96, 24]");

  c = checkpoint_load(GOLDEN "vit-nano-timm");
  vx_tensor scale = {
      .name = "blocks.0.ls1.gamma", .dtype = VX_F32, .rank = 1, .shape = {24}, .data = c->tensor[0].data};
  c->tensor[c->count++] = scale; /* half of a layer scale: a result without it would silently be wrong */
  refuse(c, "model.safetensors", "blocks.0.ls2.gamma", "tensor is missing");

  c = checkpoint_load(GOLDEN "vit-nano");
  vx_tensor second = {
      .name = "vit.embeddings.distillation_token", .dtype = VX_F32, .rank = 1, .shape = {24}, .data = scale.data};
  second.data = checkpoint_floats(c, "vit.layernorm.weight");
  c->tensor[c->count++] = second;
  refuse(c, "model.safetensors", "position_embeddings", "does not have 2 + a square number of positions");

  c = checkpoint_load(GOLDEN "vit-nano-timm");
  second.name = "dist_token";
  second.data = checkpoint_floats(c, "norm.weight");
  c->tensor[c->count++] = second;
  refuse(c, "model.safetensors", "pos_embed", "does not have 2 + a square number of positions");

  c = checkpoint_load(GOLDEN "vit-nano");
  for (int i = 0; i < c->count; i++) c->tensor[i].name = c->tensor[i].name + 1;
  refuse(c, "model.safetensors", "model.safetensors", "has neither vit.embeddings.patch_embeddings");
}
END_TEST

/* What training left behind is no part of the model, and nothing reads it. */
START_TEST(test_pooler) {
  checkpoint *c = checkpoint_load(GOLDEN "vit-nano");
  c->tensor[c->count] = *checkpoint_find(c, "vit.layernorm.bias");
  c->tensor[c->count++].name = "vit.pooler.dense.bias";
  checkpoint_save(c, folder);
  checkpoint_free(c);
  vx_model *a = open_model(GOLDEN "vit-nano"), *b = open_model(folder);
  same_model(a, b);
  vx_model_close(a);
  vx_model_close(b);
}
END_TEST

/* Every number in the config that the tensors contradict. */
START_TEST(test_config_contradicts) {
  static const struct {
    const char *key;
    int wrong, right;
  } keys[] = {{"hidden_size", 48, 24}, {"num_hidden_layers", 5, 4}, {"intermediate_size", 97, 96},
              {"patch_size", 8, 16},   {"image_size", 224, 64},     {"num_channels", 1, 3}};
  char why[128];
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    checkpoint *c = checkpoint_load(GOLDEN "vit-nano");
    json_object_set_new(c->config, keys[i].key, json_integer(keys[i].wrong));
    snprintf(why, sizeof why, "is %d, but the tensors in model.safetensors say %d", keys[i].wrong, keys[i].right);
    refuse(c, "config.json", keys[i].key, why);
    c = checkpoint_load(GOLDEN "vit-nano");
    json_object_set_new(c->config, keys[i].key, json_string("many"));
    refuse(c, "config.json", keys[i].key, "is not a whole number from 1 to 1048576");
    c = checkpoint_load(GOLDEN "vit-nano");
    json_object_del(c->config, keys[i].key); /* the tensors tell it */
    checkpoint_save(c, folder);
    checkpoint_free(c);
    vx_model_close(open_model(folder));
  }
  static const struct {
    const char *key;
    int wrong, right;
  } arguments[] = {{"embed_dim", 48, 24}, {"depth", 3, 4}, {"patch_size", 32, 16}, {"img_size", 63, 64}};
  for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++) {
    checkpoint *c = checkpoint_load(GOLDEN "vit-nano-timm");
    json_object_set_new(json_object_get(c->config, "model_args"), arguments[i].key, json_integer(arguments[i].wrong));
    snprintf(why, sizeof why, "is %d, but the tensors in model.safetensors say %d", arguments[i].wrong,
             arguments[i].right);
    refuse(c, "config.json", arguments[i].key, why);
  }
  checkpoint *c = checkpoint_load(GOLDEN "vit-nano-timm");
  json_object_set_new(c->config, "num_classes", json_integer(1000));
  refuse(c, "config.json", "num_classes", "is 1000, but the tensors in model.safetensors say 7");
  c = checkpoint_load(GOLDEN "vit-nano");
  json_object_set_new(json_object_get(c->config, "id2label"), "7", json_string("one too many"));
  refuse(c, "config.json", "id2label", "names 8 classes, but the tensors in model.safetensors say 7");
}
END_TEST

START_TEST(test_config_values) {
  checkpoint *c = checkpoint_load(GOLDEN "vit-nano");
  json_object_set_new(c->config, "num_attention_heads", json_integer(5));
  refuse(c, "config.json", "num_attention_heads", "is 5, which does not divide the width 24");

  c = checkpoint_load(GOLDEN "vit-nano");
  json_object_del(c->config, "num_attention_heads");
  refuse(c, "config.json", "num_attention_heads", "is missing");

  c = checkpoint_load(GOLDEN "vit-nano");
  json_object_set_new(c->config, "num_attention_heads", json_real(3.0));
  refuse(c, "config.json", "num_attention_heads", "is not a whole number");

  c = checkpoint_load(GOLDEN "vit-nano");
  json_object_set_new(c->config, "hidden_act", json_string("silu"));
  refuse(c, "config.json", "hidden_act", "is \"silu\", expected gelu, ");

  c = checkpoint_load(GOLDEN "vit-nano");
  json_object_set_new(c->config, "layer_norm_eps", json_string("1e-6"));
  refuse(c, "config.json", "layer_norm_eps", "is not a number of 0 or above");

  c = checkpoint_load(GOLDEN "vit-nano-timm");
  json_object_set_new(c->config, "global_pool", json_string("avg"));
  refuse(c, "config.json", "global_pool", "is \"avg\", which goes with fc_norm.weight");

  c = checkpoint_load(GOLDEN "vit-nano-timm");
  json_object_set_new(json_object_get(c->config, "model_args"), "act_layer", json_string("silu"));
  refuse(c, "config.json", "model_args.act_layer", "is \"silu\", expected gelu, ");
}
END_TEST

/* timm: the number of heads stands in model_args, in the architecture's name, or in another key; it is never guessed.
 */
START_TEST(test_timm_heads) {
  static const struct {
    const char *architecture, *key;
    int value, heads;
  } cases[] = {{"vit_mine", "num_heads", 4, 4},
               {"vit_mine", "num_attention_heads", 8, 8},
               {"vit_tiny_patch16_224", "num_heads", 6, 6}}; /* the name stands for another width */
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    checkpoint *c = checkpoint_load(GOLDEN "vit-nano-timm");
    json_object_del(json_object_get(c->config, "model_args"), "num_heads");
    json_object_set_new(c->config, "architecture", json_string(cases[i].architecture));
    if (cases[i].key) json_object_set_new(c->config, cases[i].key, json_integer(cases[i].value));
    checkpoint_save(c, folder);
    checkpoint_free(c);
    vx_model *model = open_model(folder);
    ck_assert_int_eq(vx_model_shape(model)->heads, cases[i].heads);
    vx_model_close(model);
  }
  checkpoint *c = checkpoint_load(GOLDEN "vit-nano-timm");
  json_object_del(json_object_get(c->config, "model_args"), "num_heads");
  json_object_set_new(c->config, "architecture", json_string("vit_mine"));
  refuse(c, "config.json", "num_heads", "vit_mine is not one of timm's");
  c = checkpoint_load(GOLDEN "vit-nano-timm");
  json_object_del(json_object_get(c->config, "model_args"), "num_heads");
  json_object_set_new(c->config, "architecture", json_string("vit_large_patch16_224"));
  refuse(c, "config.json", "num_heads", "stands for another width: add it");
}
END_TEST

/* Every name of timm 1.0.31 and what timm builds for it. */
START_TEST(test_timm_names) {
  FILE *f = fopen("tests/golden/processors/timm-names.tsv", "r");
  char line[256], name[64], heads[8], activation[16], pool[16], special[80];
  static const char *const activations[] = {"gelu", "gelu_tanh", "quick_gelu", "relu"};
  int width, bias, cls, registers, names = 0;
  double epsilon;
  ck_assert_ptr_nonnull(f);
  ck_assert_ptr_nonnull(fgets(line, sizeof line, f)); /* the columns' names */
  for (; fscanf(f, "%63s %d %7s", name, &width, heads) == 3; names++) {
    char text[16];
    ck_assert_int_eq(
        fscanf(f, "%15s %15s %15s %d %d %d %79s", text, activation, pool, &bias, &cls, &registers, special), 7);
    vx_timm_name means = vx_timm_meaning(name, width);
    bool other = strcmp(special, "-") != 0 && strcmp(special, "global_pool_map") != 0;
    ck_assert_msg((vx_family_needs(name) != NULL) == other, "%s: %s", name, vx_family_needs(name));
    ck_assert_msg(!strcmp(means.pool, pool), "%s: %s", name, means.pool);
    ck_assert_int_eq(vx_timm_meaning(name, width + 8).heads, -1);
    if (other) continue;
    epsilon = atof(text);
    ck_assert_msg(means.heads == atoi(heads) && means.registers == registers && means.no_cls == !cls &&
                      means.no_qkv_bias == !bias && means.epsilon == epsilon &&
                      !strcmp(activations[means.activation], activation),
                  "%s: %d heads, %d registers, class token %d, bias %d, epsilon %g, %s", name, means.heads,
                  means.registers, !means.no_cls, !means.no_qkv_bias, means.epsilon, activations[means.activation]);
  }
  fclose(f);
  ck_assert_int_gt(names, 170);
  ck_assert_int_eq(vx_timm_meaning("vit_mine", 192).heads, 0);
}
END_TEST

/* The table above is the one that lies with the golden vectors. */
START_TEST(test_timm_names_shared) {
  char path[1024], ours[256], theirs[256], name[64], heads[8], epsilon[16], activation[16], pool[16], rest[160];
  if (!shared_path("golden/variants/timm-architectures.tsv", path)) return;
  FILE *f = fopen("tests/golden/processors/timm-names.tsv", "r"), *g = fopen(path, "r");
  ck_assert(f && g && fgets(ours, sizeof ours, f) && fgets(theirs, sizeof theirs, g));
  while (fgets(theirs, sizeof theirs, g)) {
    ck_assert_ptr_nonnull(fgets(ours, sizeof ours, f));
    ck_assert_int_eq(sscanf(ours, "%63s %*d %7s %15s %15s %15s", name, heads, epsilon, activation, pool), 5);
    snprintf(rest, sizeof rest, "%s\t%s\t%s\t%s\t%s\t", name, heads, epsilon, activation, pool);
    ck_assert_msg(!strncmp(theirs, rest, strlen(rest)), "%sis not %s", rest, theirs);
  }
  ck_assert_ptr_null(fgets(ours, sizeof ours, f));
  fclose(f);
  fclose(g);
}
END_TEST

START_TEST(test_files) {
  vx_error error = {0};
  ck_assert_ptr_null(vx_model_open(folder, &error));
  check_error(&error, "config.json", "No such file");
  char *path = write_text(folder, "config.json", "{\"a\": 1,\n \"b\" 2}\n");
  ck_assert_ptr_null(vx_model_open(folder, &error));
  check_error(&error, "config.json: line 2", "near");
  free(path);
  path = write_text(folder, "config.json", "{\"a\": 1,\n \"a\": 2}\n");
  ck_assert_ptr_null(vx_model_open(folder, &error));
  check_error(&error, "config.json: line 2", "duplicate");
  free(path);
  path = write_text(folder, "config.json", "[1]");
  ck_assert_ptr_null(vx_model_open(folder, &error));
  check_error(&error, "config.json", "is not a JSON object");
  free(path);
  path = write_text(folder, "config.json", "{}");
  ck_assert_ptr_null(vx_model_open(folder, &error));
  check_error(&error, "model.safetensors", "No such file");
  free(path);
  ck_assert_ptr_null(vx_model_open("no/such/folder", &error));
  check_error(&error, "no/such/folder", "No such file");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("model");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_set_timeout(tests, 600);
  tcase_add_test(tests, test_both_namings);
  tcase_add_test(tests, test_both_namings_real);
  tcase_add_test(tests, test_dtypes);
  tcase_add_test(tests, test_shape);
  tcase_add_test(tests, test_labels);
  tcase_add_test(tests, test_random_head);
  tcase_add_test(tests, test_each_tensor_hf);
  tcase_add_test(tests, test_each_tensor_timm);
  tcase_add_test(tests, test_tensors);
  tcase_add_test(tests, test_pooler);
  tcase_add_test(tests, test_config_contradicts);
  tcase_add_test(tests, test_config_values);
  tcase_add_test(tests, test_timm_heads);
  tcase_add_test(tests, test_timm_names);
  tcase_add_test(tests, test_timm_names_shared);
  tcase_add_test(tests, test_files);
  return run_suite("core/model", tests);
}
