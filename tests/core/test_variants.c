/* Wrong by one key: each key of each variant's config and each tensor's shape is changed in turn. The checkpoint is
   refused, or gives the very logits that it gave: never others in silence. The variants are as transformers and timm
   save them (golden/variants), and torchvision's. */
#include <dirent.h>
#include <math.h>

#include "core/names.h"
#include "tests/core/checkpoint.h"
#include "tests/support/golden.h"

static char folder[512];
static int opened_equal, refused, legal;

/* Keys whose other values are other models, which the tensors cannot tell apart. */
static const struct {
  const char *key, *reason;
} changes[] = {{"layer_norm_eps", "any epsilon makes a model; left out, it is the class' own"},
               {"hidden_act", "each activation makes a model of the same tensors; left out, it is gelu"},
               {"act_layer", "the same under timm; left out, it is what the name stands for"},
               {"num_attention_heads", "any divisor of the width is a number of heads"},
               {"num_heads", "any divisor of the width is a number of heads"},
               {"architecture", "timm's name alone tells epsilon, activation, and heads where they are not said"},
               {"norm_layer", "the layer's own epsilon instead of the name's"},
               {"global_pool", "with a class token and fc_norm said, the same tensors serve both readouts"},
               {"model_args", "without them timm builds what the name stands for"}};

static bool may_change(const char *key) {
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
    if (!strcmp(key, changes[i].key)) return true;
  return false;
}

/* ---- logits ------------------------------------------------------------------------------------------------------ */

typedef struct answer {
  int image, classes;
  double logits[64];
} answer;

static void ask(const vx_model *model, const vx_tensors *golden, answer *a) {
  const vx_shape *s = vx_model_shape(model);
  size_t pixels = 3 * (size_t)s->image * (size_t)s->image;
  float *x = malloc(pixels * sizeof *x);
  vx_error error = {0};
  for (size_t i = 0; i < pixels; i++) x[i] = (float)(i * 37 % 101) / 50 - 1;
  if (golden) {
    const vx_tensor *t = vx_tensors_find(golden, "x");
    ck_assert_uint_eq(t->count, pixels);
    vx_tensor_to_float(t, x);
  }
  ck_assert_int_le(s->classes, 64);
  *a = (answer){.image = s->image, .classes = s->classes};
  vx_worker *worker = vx_worker_new(model, &(vx_needs){0}, VX_DOUBLE, &error);
  ck_assert_msg(worker && vx_worker_forward(worker, x, &error), "%s: %s", error.where, error.why);
  memcpy(a->logits, vx_worker_logits(worker), (size_t)s->classes * sizeof *a->logits);
  vx_worker_free(worker);
  free(x);
}

static bool same(const answer *a, const answer *b) {
  return a->image == b->image && a->classes == b->classes &&
         !memcmp(a->logits, b->logits, (size_t)a->classes * sizeof *a->logits);
}

/* Opens `folder`; `key`: what was changed, which a refusal must name, or a
   tensor that contradicts it (NULL: a tensor was changed). */
static void try(const answer *right, const char *key, bool must_name, const char *what) {
  vx_error error = {"", ""};
  answer now;
  vx_model *model = vx_model_open(folder, &error);
  if (!model) {
    refused++;
    ck_assert_msg(!must_name || strstr(error.where, key) || strstr(error.why, key) ||
                      strstr(error.where, "model.safetensors"),
                  "%s: refused without naming it: %s: %s", what, error.where, error.why);
    return;
  }
  ask(model, NULL, &now);
  vx_model_close(model);
  if (same(&now, right)) {
    opened_equal++;
    return;
  }
  ck_assert_msg(key && may_change(key), "%s: opens with other logits", what);
  legal++;
}

/* ---- keys -------------------------------------------------------------------------------------------------------- */

static void save_config(const json_t *config) {
  char *path = path_in(folder, "config.json");
  ck_assert_int_eq(json_dump_file(config, path, 0), 0);
  free(path);
}

/* Other values of the kind that stands there, and of another; NULL after the last. */
static json_t *other(const char *key, const json_t *value, int i) {
  static const char *const words[] = {"token",
                                      "avg",
                                      "map",
                                      "",
                                      "gelu",
                                      "gelu_tanh",
                                      "relu",
                                      "silu",
                                      "layernorm",
                                      "rmsnorm",
                                      "none",
                                      "vit_base_patch32_siglip_gap_256",
                                      "vit_base_patch16_rpn_224",
                                      "swin_tiny_patch4_window7_224",
                                      "beit",
                                      "deit",
                                      "dinov2",
                                      "regression"};
  char text[256];
  if (i == 0) return json_is_true(value) ? json_false() : json_true();
  if (i == 1) return json_integer(json_integer_value(value) + 1);
  if (i == 2) return json_integer(json_integer_value(value) * 2);
  if (i == 3) return json_real(json_number_value(value) * 2 + 0.125);
  if (i == 4) return json_integer(0);
  if (i == 5) return json_pack("[i, i]", (int)json_integer_value(value) + 6, (int)json_integer_value(value) + 6);
  if (i == 6) return json_pack("[i, i]", 24, 30);
  if (i == 7) return json_object();
  if (i == 8)
    return snprintf(text, sizeof text, "no-such-%s", json_string_value(value) ? json_string_value(value) : key),
           json_string(text);
  return (size_t)i - 9 < sizeof words / sizeof *words ? json_string(words[i - 9]) : NULL;
}

/* Every key of the object, which is part of the config, is changed and taken out. */
static void each_key(json_t *config, json_t *object, const char *name, const answer *right) {
  json_t *before = json_deep_copy(object), *value, *now;
  const char *key;
  char what[512];
  json_object_foreach(before, key, value) {
    bool names = strstr(key, "label") != NULL || !strcmp(key, "model_args") || !strcmp(key, "pretrained_cfg");
    for (int i = 0; (now = other(key, value, i)); i++) {
      snprintf(what, sizeof what, "%s, %s as other value %d", name, key, i);
      json_object_set_new(object, key, now);
      save_config(config);
      try(right, key, !names, what);
    }
    snprintf(what, sizeof what, "%s without %s", name, key);
    json_object_del(object, key);
    save_config(config);
    try(right, key, false, what);
    json_object_set(object, key, value);
  }
  snprintf(what, sizeof what, "%s with a key more", name);
  json_object_set_new(object, "post_norm", json_true());
  save_config(config);
  vx_error error = {"", ""};
  ck_assert_msg(!vx_model_open(folder, &error), "%s opens", what);
  ck_assert_msg(strstr(error.where, "post_norm") != NULL, "%s: %s: %s", what, error.where, error.why);
  json_object_del(object, "post_norm");
  save_config(config);
  json_decref(before);
}

/* ---- tensors ----------------------------------------------------------------------------------------------------- */

static void each_tensor(const char *name, const char *from, const answer *right) {
  checkpoint *whole = checkpoint_load(from);
  char what[512];
  for (int i = 0; i < whole->count; i++) {
    if (strstr(whole->tensor[i].name, ".1.")) continue; /* the first block and the last stand for all */
    for (int change = 0; change < 5; change++) {
      checkpoint c = *whole; /* shares what lies in memory */
      vx_tensor *t = &c.tensor[i];
      void *zeros = calloc(2 * t->count, vx_dtype_size(t->dtype));
      size_t *last = &t->shape[t->rank - 1];
      snprintf(what, sizeof what, "%s, %s changed in way %d", name, t->name, change);
      if (change == 0) *t = c.tensor[--c.count];
      if (change == 1) *last *= 2, t->data = zeros;
      if (change == 2) *last -= 1;
      if (change == 3) t->shape[0] += 1, t->data = zeros;
      if (change == 4) t->shape[t->rank++] = 2, t->data = zeros;
      checkpoint_save(&c, folder);
      try(right, NULL, false, what);
      free(zeros);
    }
  }
  checkpoint_free(whole);
}

/* ---- the variants ------------------------------------------------------------------------------------------------ */

static void check_variant(const char *root, const char *name) {
  const char *from = vx_test_path(root, "models/%s", name);
  vx_error error;
  answer golden, right;
  vx_model *model = vx_model_open(from, &error);
  ck_assert_msg(model != NULL, "%s: %s", error.where, error.why);
  vx_tensors *vectors = vx_tensors_open(vx_test_path(root, "explain/%s.safetensors", name), &error);
  ck_assert_msg(vectors != NULL, "%s: %s", error.where, error.why);
  size_t count;
  double *logits = vx_test_doubles(vectors, "logits", &count);
  ask(model, vectors, &golden);
  ck_assert_int_eq((int)count, golden.classes);
  ck_assert_msg(vx_test_difference(count, golden.logits, logits) <= 1e-9, "%s: logits are off", name);
  ask(model, NULL, &right);
  free(logits);
  vx_tensors_close(vectors);
  vx_model_close(model);
  if (strstr(name, "sharded")) return; /* but for the parts it is hf-vit */

  checkpoint *c = checkpoint_load(from);
  make_folder(folder);
  checkpoint_save(c, folder);
  each_key(c->config, c->config, name, &right);
  json_t *arguments = json_object_get(c->config, "model_args");
  json_t *pretrained = json_object_get(c->config, "pretrained_cfg");
  if (arguments) each_key(c->config, arguments, name, &right);
  if (pretrained) each_key(c->config, pretrained, name, &right);
  checkpoint_free(c);
  each_tensor(name, from, &right);
  remove_folder(folder);
}

/* A name of VITX_VARIANT is checked alone. */
static int check_folder(const char *root) {
  const char *only = getenv("VITX_VARIANT");
  DIR *models = opendir(vx_test_path(root, "models"));
  int count = 0;
  ck_assert_ptr_nonnull(models);
  for (struct dirent *entry; (entry = readdir(models));) {
    if (entry->d_name[0] == '.' || (only && strcmp(only, entry->d_name) != 0)) continue;
    check_variant(root, entry->d_name);
    count++;
  }
  closedir(models);
  printf("%s: %d variants; of the changes %d were refused, %d changed nothing, %d make another model legally\n", root,
         count, refused, opened_equal, legal);
  return count;
}

START_TEST(test_in_tree) {
  ck_assert_int_ge(check_folder("tests/golden/variants"), 1);
}
END_TEST

START_TEST(test_shared) {
  char root[1024];
  if (!shared_path("golden/variants", root)) return;
  check_folder(root);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("variants");
  tcase_set_timeout(tests, 600);
  tcase_add_test(tests, test_in_tree);
  tcase_add_test(tests, test_shared);
  return run_suite("core/variants", tests);
}
