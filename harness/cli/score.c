#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/safetensors.h"
#include "harness/cli/cli.h"
#include "harness/config/config.h"
#include "harness/run/to_size.h"

const char vx_help_score[] =
    "NAME\n"
    "  vitx score - score one heat map against one mask\n\n"
    "SYNOPSIS\n"
    "  vitx score --heat H.safetensors[:KEY] --mask M.png [OPTIONS]\n\n"
    "DESCRIPTION\n"
    "  Upsamples the map (tensor KEY, [h][w], of the file; `heat`, or the only tensor, without KEY), makes a mask of\n"
    "  it and compares it with the data set's mask, exactly as a run does. Prints JSON: threshold, iou, f1,\n"
    "  pixel_accuracy (0 to 1), tp, fp, fn, tn (pixels); always numbers. A mask that is not plainly a truth is\n"
    "  said by one key more, `truth`: binary, by-colour, no-object; one that cannot be (all void, interpolated) is\n"
    "  refused. For whoever wants to check this program's scores, or score maps that another one made.\n\n"
    "OPTIONS\n"
    "  --labels LABELS                            what the mask's values mean: data.labels (`vitx help config`)\n"
    "  --mask-encoding ENCODING                   auto, index, colour, rgb-id or binary [auto]\n"
    "  --foreground any|main|class=N              what counts as object [any]\n"
    "  --void ignore|background|foreground        pixels labelled 255 [ignore]\n"
    "  --mask-resize pillow|opencv                nearest neighbour as one or the other takes it [pillow]\n"
    "  --size image|N                             where they meet: the mask's own size, or N x N [image]\n"
    "  --threshold otsu|mean|X                    what makes a mask of the map [otsu]\n"
    "  --pixel-accuracy accuracy|recall           (tp+tn)/all, or tp/(tp+fn) [accuracy]\n\n"
    "EXAMPLES\n"
    "  vitx tensor --model m --input x.safetensors --methods rollout --out y.safetensors\n"
    "  vitx score --heat y.safetensors:heat.rollout --mask mask.png --size 224\n\n"
    "EXIT STATUS\n"
    "  0 scored, 1 a file failed (one line says where and why), 2 bad use\n";

/* Splits "FILE:KEY"; a file of the whole name wins. */
static void split_key(const char *text, char *path, size_t size, const char **key) {
  snprintf(path, size, "%s", text);
  char *colon = strrchr(path, ':');
  FILE *whole = fopen(path, "rb");
  *key = NULL;
  if (whole)
    fclose(whole);
  else if (colon) {
    *key = text + (colon - path) + 1;
    *colon = '\0';
  }
}

static const vx_tensor *find_map(const vx_tensors *file, const char *key, vx_error *error) {
  const vx_tensor *tensor = key ? vx_tensors_find(file, key) : vx_tensors_find(file, "heat");
  if (!tensor && !key && vx_tensors_count(file) == 1) tensor = vx_tensors_at(file, 0);
  if (tensor) return tensor;
  vx_fail(error, vx_tensors_path(file), key ? "has no tensor '%s'" : "has no tensor '%s'; name one with FILE:KEY",
          key ? key : "heat");
  return NULL;
}

static bool copy_map(const vx_tensor *tensor, const char *path, vx_heatmap *out, vx_error *error) {
  int rank = tensor->rank;
  size_t lead = 1;
  for (int i = 0; i < rank - 2; i++) lead *= tensor->shape[i];
  const char *where = vx_where(error, "%s: %s", path, tensor->name);
  if (rank < 2 || lead != 1 || tensor->count == 0 || tensor->shape[rank - 1] > 16384 || tensor->shape[rank - 2] > 16384)
    return vx_fail(error, where, "has rank %d, expected a map [h][w] of at most 16384 a side", rank);
  double *value = malloc(tensor->count * sizeof *value);
  *out = (vx_heatmap){.rows = (int)tensor->shape[rank - 2], .columns = (int)tensor->shape[rank - 1], .value = value};
  if (!value) return vx_fail(error, where, "out of memory");
  if (vx_tensor_to_double(tensor, value)) return true;
  return vx_fail(error, where, "is of type %s, expected numbers", vx_dtype_name(tensor->dtype));
}

static bool read_map(const char *text, vx_heatmap *out, vx_error *error) {
  char path[4096];
  const char *key;
  split_key(text, path, sizeof path, &key);
  vx_tensors *file = vx_tensors_open(path, error);
  if (!file) return false;
  const vx_tensor *tensor = find_map(file, key, error);
  bool good = tensor && copy_map(tensor, path, out, error);
  vx_tensors_close(file);
  return good;
}

static bool print_scores(const vx_case *in, vx_truth_status status, vx_error *error) {
  double column[VX_MEASURE_COLUMNS];
  if (!vx_measure_find("overlap")->measure(in, NULL, column, error)) return false;
  const vx_counts *c = &in->cut.counts;
  json_t *json = json_pack("{s:f, s:f, s:f, s:f, s:I, s:I, s:I, s:I}", "threshold", in->cut.threshold, "iou", column[0],
                           "f1", column[1], "pixel_accuracy", column[2], "tp", (json_int_t)c->tp, "fp",
                           (json_int_t)c->fp, "fn", (json_int_t)c->fn, "tn", (json_int_t)c->tn);
  if (json && status != VX_TRUTH_OK) json_object_set_new(json, "truth", json_string(vx_truth_name(status)));
  bool good = json && (json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) == 0 || ferror(stdout));
  putchar('\n');
  json_decref(json);
  return good || vx_fail(error, "score", "JSON could not be written");
}

/* Any size but the model's, which there is none of: the default input is squashed to a side of its own. */
static bool score(const vx_heatmap *map, const vx_mask *mask, vx_truth_status status, const vx_setting *setting,
                  vx_error *error) {
  vx_input_options input = vx_input_default(224);
  vx_truth truth = {.known = false};
  vx_sized sized = {.rows = 0};
  vx_levels levels;
  vx_case in;
  bool good = vx_setting_truth(setting, &input, mask, mask->width, mask->height, -1, &truth, error) &&
              (truth.known || vx_fail(error, "--foreground", "names a class, which this mask does not")) &&
              vx_to_size(&sized, map, "the map", truth.geometry.height, truth.geometry.width, error) &&
              vx_case_prepare(&sized.heat, truth.label, &setting->scoring, &levels, &in, error) &&
              print_scores(&in, status, error);
  vx_sized_free(&sized);
  vx_truth_free(&truth);
  return good;
}

/* Without a data set there is no list of classes that a label could be foreign to. */
static bool read_mask(const char *path, const char *labels, const char *encoding, vx_mask *mask, vx_error *error) {
  vx_arena *arena = vx_arena_new();
  vx_label_rules rules;
  vx_mask_reading reading = {VX_MASK_AUTO};
  vx_classes classes = {0};
  const char *source;
  bool good = (arena || vx_fail(error, "score", "out of memory")) &&
              vx_config_labels(labels, encoding, arena, &rules, error) &&
              vx_mask_reading_make(NULL, &rules, &reading, &classes, &source, error);
  if (good && classes.count != 2) reading.class_count = 0;
  good = good && vx_mask_read(path, &reading, mask, error);
  vx_mask_reading_free(&reading);
  vx_classes_free(&classes);
  vx_arena_free(arena);
  return good;
}

int vx_cmd_score(int argc, char **argv, vx_error *error) {
  const char *heat = NULL, *mask_path = NULL, *labels = NULL, *encoding = NULL;
  struct {
    const char *option, *key, *word;
  } words[] = {{"foreground", "foreground", "any"},      {"void", "void", "ignore"},
               {"mask-resize", "mask_resize", "pillow"}, {"size", "size", "image"},
               {"threshold", "threshold", "otsu"},       {"pixel-accuracy", "pixel_accuracy", "accuracy"}};
  enum { WORDS = sizeof words / sizeof *words };
  vx_option options[WORDS + 4] = {{"heat", VX_OPTION_TEXT, &heat},
                                  {"mask", VX_OPTION_TEXT, &mask_path},
                                  {"labels", VX_OPTION_TEXT, &labels},
                                  {"mask-encoding", VX_OPTION_TEXT, &encoding}};
  for (int i = 0; i < WORDS; i++) options[i + 4] = (vx_option){words[i].option, VX_OPTION_TEXT, &words[i].word};
  int operands;
  if (!vx_options(argc, argv, options, WORDS + 4, &operands, error)) return 2;
  if (operands != 0 || !heat || !mask_path) return vx_bad_use(error, "score", "wants --heat FILE and --mask FILE");
  vx_setting setting = {.side = 0};
  for (int i = 0; i < WORDS; i++) {
    char where[40];
    snprintf(where, sizeof where, "--%s", words[i].option);
    if (!vx_setting_set(&setting, words[i].key, words[i].word, where, error)) return 2;
  }
  if (setting.size == VX_SIZE_INPUT)
    return vx_bad_use(error, "score", "--size input needs a model: expected image or N");
  if (setting.truth.foreground == VX_FOREGROUND_PREDICTED)
    return vx_bad_use(error, "score", "--foreground predicted needs a model: expected any, main or class=N");
  vx_heatmap map = {.rows = 0};
  vx_mask mask = {0};
  bool good = read_map(heat, &map, error) && read_mask(mask_path, labels, encoding, &mask, error);
  vx_truth_status status = mask.status;
  if (status == VX_TRUTH_NO_OBJECT) mask.status = VX_TRUTH_OK; /* asked for by name: its numbers, and what it is */
  good = good && vx_mask_check(&mask, 0, mask_path, error) && score(&map, &mask, status, &setting, error);
  vx_mask_free(&mask);
  free((double *)map.value);
  return good ? 0 : 1;
}
