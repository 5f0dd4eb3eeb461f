/* docs/models.md: every row of its table opens, or is refused with the words that it shows. */
#include <unistd.h>

#include "core/vx.h"
#include "harness/data/input.h"
#include "tests/core/checkpoint.h"

#define HF "tests/golden/models/vit-nano"
#define TIMM "tests/golden/models/vit-nano-timm"

static char folder[512];

static void set(json_t *object, const char *key, const char *json) {
  ck_assert_int_eq(json_object_set_new(object, key, json_loads(json, JSON_DECODE_ANY, NULL)), 0);
}

static json_t *arguments(checkpoint *c) {
  return json_object_get(c->config, "model_args");
}

static void text_file(const char *name, const char *text) {
  char *path = path_in(folder, name);
  unlink(path);
  free(path);
  free(write_text(folder, name, text));
}

static const char lfs[] = "version https://git-lfs.github.com/spec/v1\noid sha256:0a1b\nsize 346293852\n";

/* Every tensor under `cut` fewer letters, after `before`. */
static void rename_all(checkpoint *c, const char *before, const char *cut) {
  for (int i = 0; i < c->count; i++) {
    const char *name = c->tensor[i].name;
    size_t skip = strncmp(name, cut, strlen(cut)) == 0 ? strlen(cut) : 0;
    char *longer = c->taken[c->taken_count++] = malloc(strlen(name) + strlen(before) + 1);
    sprintf(longer, "%s%s", before, name + skip);
    c->tensor[i].name = longer;
  }
}

/* The first `count` rows of the head stay. */
static void cut_head(checkpoint *c, size_t count) {
  checkpoint_find(c, "classifier.weight")->shape[0] = count;
  checkpoint_find(c, "classifier.bias")->shape[0] = count;
  json_object_del(c->config, "id2label");
  json_object_del(c->config, "label2id");
}

static void add_tensor(checkpoint *c, const char *name) {
  static const float zeros[4096];
  size_t width = checkpoint_find(c, "norm.weight")->shape[0];
  c->tensor[c->count++] = (vx_tensor){.name = name, .dtype = VX_F32, .rank = 3, .shape = {1, 1, width}, .data = zeros};
}

static void save_in_parts(checkpoint *c, bool both) {
  json_t *map = json_object(), *index = json_object();
  vx_error error;
  for (int part = 0; part < 2; part++) {
    char name[64];
    int first = part ? c->count / 2 : 0, count = part ? c->count - first : c->count / 2;
    snprintf(name, sizeof name, "model-%05d-of-00002.safetensors", part + 1);
    for (int i = first; i < first + count; i++) json_object_set_new(map, c->tensor[i].name, json_string(name));
    char *path = path_in(folder, name);
    ck_assert(vx_tensors_write(path, c->tensor + first, count, &error));
    if (part && !both) unlink(path);
    free(path);
  }
  json_object_set_new(index, "weight_map", map);
  char *whole = path_in(folder, "model.safetensors"), *path = path_in(folder, "model.safetensors.index.json");
  unlink(whole);
  ck_assert_int_eq(json_dump_file(index, path, 0), 0);
  json_decref(index);
  free(whole);
  free(path);
}

/* Makes the checkpoint of a row in `folder`; false for a row that it does not know. */
static bool make(const char *row) {
  bool timm = !strstr(row, "transformers") && strstr(row, "timm");
  checkpoint *c = checkpoint_load(timm ? TIMM : HF);
  bool known = true, saved = false;
#define IS(text) (strcmp(row, text) == 0)
  if (IS("transformers' ViTForImageClassification") || IS("timm's vision_transformer with a class token")) {
  } else if (IS("timm's current export: img_size is a pair")) {
    set(arguments(c), "img_size", "[64, 64]");
  } else if (IS("transformers: image_size and patch_size are pairs")) {
    static const char *const keys[] = {"image_size", "patch_size"};
    for (int i = 0; i < 2; i++)
      json_object_set_new(
          c->config, keys[i],
          json_pack("[O, O]", json_object_get(c->config, keys[i]), json_object_get(c->config, keys[i])));
  } else if (strstr(row, "of the weights is missing") || strstr(row, "weights in parts")) {
    checkpoint_save(c, folder);
    save_in_parts(c, strstr(row, "missing") == NULL);
    saved = true;
  } else if (strstr(row, "every tensor's name begins with ")) {
    rename_all(c, row + strlen("every tensor's name begins with "), "");
  } else if (strstr(row, "vit. is missing")) {
    rename_all(c, "", "vit.");
  } else if (IS("labels as a list") || IS("labels only in label2id") || IS("timm: label_names as a map")) {
    size_t classes = checkpoint_find(c, timm ? "head.weight" : "classifier.weight")->shape[0];
    json_t *list = json_array(), *map = json_object(), *back = json_object();
    for (size_t i = 0; i < classes; i++) {
      char name[32], key[32];
      snprintf(name, sizeof name, "bird %zu", i), snprintf(key, sizeof key, "%zu", i);
      json_array_append_new(list, json_string(name));
      json_object_set_new(map, key, json_string(name));
      json_object_set_new(back, name, json_integer((json_int_t)i));
    }
    json_object_del(c->config, "id2label");
    json_object_del(c->config, "label_names");
    json_object_set(c->config,
                    timm                  ? "label_names"
                    : strstr(row, "only") ? "label2id"
                                          : "id2label",
                    timm                  ? map
                    : strstr(row, "only") ? back
                                          : list);
    json_decref(list), json_decref(map), json_decref(back);
  } else if (strstr(row, "global_pool avg in model_args")) {
    set(arguments(c), "global_pool", "\"avg\"");
    set(c->config, "global_pool", "\"token\"");
  } else if (strstr(row, "no num_heads")) {
    json_object_del(arguments(c), "num_heads");
    set(c->config, "architecture", strstr(row, "width") ? "\"vit_tiny_patch16_224\"" : "\"vit_mine\"");
  } else if (strstr(row, "problem_type")) {
    set(c->config, "problem_type",
        strstr(row, "another")      ? "\"ranking\""
        : strstr(row, "regression") ? "\"regression\""
                                    : "\"multi_label_classification\"");
  } else if (IS("one logit")) {
    cut_head(c, 1);
  } else if (strstr(row, "without a head")) {
    checkpoint_drop(c, timm ? "head.weight" : "classifier.weight");
    checkpoint_drop(c, timm ? "head.bias" : "classifier.bias");
  } else if (strstr(row, "a register")) {
    add_tensor(c, "reg_token");
  } else if (strstr(row, "a distillation token")) {
    add_tensor(c, "dist_token");
  } else if (strstr(row, "half of a layer scale")) {
    add_tensor(c, "blocks.0.ls1.gamma");
  } else {
    known = false;
  }
  if (!saved) checkpoint_save(c, folder);
  checkpoint_free(c);
  if (!timm) text_file("preprocessor_config.json", "{\"image_processor_type\": \"ViTImageProcessor\", \"size\": 64}");
  if (IS("only pytorch_model.bin")) {
    char *path = path_in(folder, "model.safetensors");
    unlink(path);
    free(path);
    text_file("pytorch_model.bin", "PK");
  } else if (strstr(row, "Git LFS pointer")) {
    text_file(strstr(row, "weights")      ? "model.safetensors"
              : strncmp(row, "config", 6) ? "preprocessor_config.json"
                                          : "config.json",
              lfs);
  } else if (strstr(row, "class that is not known")) {
    text_file("preprocessor_config.json", "{\"image_processor_type\": \"LevitImageProcessor\", \"size\": 64}");
  } else if (strstr(row, "key that is not understood")) {
    text_file("preprocessor_config.json", "{\"size\": 64, \"do_flip_channel_order\": true}");
  } else if (strstr(row, "of another size")) {
    text_file("preprocessor_config.json", "{\"size\": 40}");
  } else {
    return known;
  }
  return true;
}

/* The logits of one picture, for a checkpoint that is the plain one in another dress. */
static void check_logits(const vx_model *model, const char *plain) {
  vx_error error;
  vx_model *other = vx_model_open(plain, &error);
  const vx_model *pair[] = {model, other};
  const vx_shape *s = vx_model_shape(model);
  float x[3 * 64 * 64];
  double first[64];
  ck_assert(other && s->image <= 64 && s->classes <= 64);
  for (int i = 0; i < 3 * 64 * 64; i++) x[i] = (float)(i * 37 % 101) / 50 - 1;
  for (int m = 0; m < 2; m++) {
    vx_worker *worker = vx_worker_new(pair[m], &(vx_needs){0}, VX_DOUBLE, &error);
    ck_assert(worker && vx_worker_forward(worker, x, &error));
    for (int c = 0; c < s->classes; c++) {
      if (m) ck_assert_double_eq(vx_worker_logits(worker)[c], first[c]);
      first[c] = vx_worker_logits(worker)[c];
    }
    vx_worker_free(worker);
  }
  vx_model_close(other);
}

static void check_row(const char *row, const char *verdict) {
  vx_error error = {"", ""};
  vx_input_options input;
  char all[2048];
  make_folder(folder);
  ck_assert_msg(make(row), "docs/models.md has a row that this test cannot make: %s", row);
  vx_model *model = vx_model_open(folder, &error);
  const vx_shape *s = model ? vx_model_shape(model) : NULL;
  bool opens = model && vx_input_from_checkpoint(folder, s->image, &input, &error);
  snprintf(all, sizeof all, "%s: %s", error.where, error.why);
  if (!strncmp(verdict, "refused: ", 9)) {
    ck_assert_msg(!opens, "'%s' opens", row);
    ck_assert_msg(strstr(all, verdict + 9) != NULL, "'%s' is refused by '%s', not by '%s'", row, all, verdict + 9);
  } else {
    ck_assert_msg(opens, "'%s' is refused: %s", row, all);
    ck_assert_msg(s->problem == (strstr(verdict, "sigmoid")            ? VX_EACH_CLASS
                                 : strstr(verdict, "no probabilities") ? VX_NO_PROBABILITY
                                                                       : VX_ONE_CLASS),
                  "'%s': its head is read as %d", row, s->problem);
    ck_assert(vx_model_has_probability(model, &error) == (s->problem != VX_NO_PROBABILITY));
    if (strstr(row, "labels ") || strstr(row, "label_names")) ck_assert_str_eq(vx_model_label(model, 2), "bird 2");
    if (s->classes > 1) check_logits(model, !strcmp(vx_model_naming(model), "timm") ? TIMM : HF);
  }
  vx_model_close(model);
  remove_folder(folder);
}

START_TEST(every_row_of_the_table) {
  FILE *f = fopen("docs/models.md", "r");
  char line[400];
  int rows = 0;
  ck_assert_ptr_nonnull(f);
  while (fgets(line, sizeof line, f)) {
    char *bar = line[0] == '|' && line[1] == ' ' ? strstr(line + 2, " | ") : NULL;
    if (!bar) continue;
    char *verdict = bar + 3, *end = strstr(verdict, " |");
    ck_assert_ptr_nonnull(end);
    *bar = *end = 0;
    if (!strcmp(verdict, "vitx")) continue; /* the table's head */
    check_row(line + 2, verdict);
    rows++;
  }
  fclose(f);
  ck_assert_int_ge(rows, 33);
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("opens");
  tcase_add_test(tcase, every_row_of_the_table);
  return run_suite("opens", tcase);
}
