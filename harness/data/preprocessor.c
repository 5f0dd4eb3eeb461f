/* How a checkpoint wants its pictures: preprocessor_config.json as transformers' processors read it, or pretrained_cfg
   as timm does (versions 5.24 and 1.0.31, whose pixel values the tests hold). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "base/text.h"
#include "harness/data/input.h"

/* A JSON object and what errors call it. */
typedef struct section {
  const json_t *object;
  const char *path, *prefix; /* file, and "" or "pretrained_cfg." */
  vx_error *error;
} section;

static const char *key_place(const section *s, const char *key) {
  return vx_where(s->error, "%s: %s%s", s->path, s->prefix, key);
}

static bool fail_key(const section *s, const char *key, const char *expected) {
  const json_t *value = json_object_get(s->object, key);
  char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
  vx_fail(s->error, key_place(s, key), "is %.100s, expected %s", text ? text : "missing", expected);
  free(text);
  return false;
}

/* The value, or NULL where it is absent or null: then the readers below leave what is there. */
static const json_t *given(const section *s, const char *key) {
  const json_t *found = json_object_get(s->object, key);
  return found && !json_is_null(found) ? found : NULL;
}

static bool read_bool(const section *s, const char *key, bool *value) {
  const json_t *found = given(s, key);
  if (!found) return true;
  if (!json_is_boolean(found)) return fail_key(s, key, "true or false");
  *value = json_is_true(found);
  return true;
}

static bool read_number(const section *s, const char *key, double *value) {
  const json_t *found = given(s, key);
  if (!found) return true;
  if (!json_is_number(found)) return fail_key(s, key, "a number");
  *value = json_number_value(found);
  return true;
}

/* Three numbers, or one that stands for all. */
static bool read_three(const section *s, const char *key, double value[3]) {
  const json_t *found = given(s, key);
  if (!found) return true;
  for (size_t c = 0; c < 3; c++) {
    const json_t *item = json_is_array(found) && json_array_size(found) == 3 ? json_array_get(found, c) : found;
    if (!json_is_number(item)) return fail_key(s, key, "three numbers");
    value[c] = json_number_value(item);
  }
  return true;
}

/* ---- transformers --------------------------------------------------------------------------------------------------
 */

/* What a class of transformers does where its file is silent. A plain number as `size` means a square for some, the
   shorter side for others. */
typedef struct processor {
  const char *name, *models; /* without "ImageProcessor"; |model_type| of models whose processor it is */
  bool square, center_crop;
  int size, crop; /* crop 0: none is known */
  vx_filter filter;
  const double *mean, *std;
} processor;

static const double half[3] = {0.5, 0.5, 0.5};
static const double imagenet_mean[3] = {0.485, 0.456, 0.406}, imagenet_std[3] = {0.229, 0.224, 0.225};
static const double clip_mean[3] = {0.48145466, 0.4578275, 0.40821073},
                    clip_std[3] = {0.26862954, 0.26130258, 0.27577711};

static const processor processors[] = {
    {"ViT", "|vit|vit_msn|vit_mae|swin|ijepa|", true, false, 224, 0, VX_FILTER_BILINEAR, half, half},
    {"DeiT", "|deit|", true, true, 256, 224, VX_FILTER_BICUBIC, half, half},
    {"Beit", "|beit|data2vec-vision|", true, false, 224, 224, VX_FILTER_BICUBIC, half, half},
    {"CLIP", "|clip|", false, true, 224, 224, VX_FILTER_BICUBIC, clip_mean, clip_std},
    {"Bit", "|dinov2|dinov2_with_registers|", false, true, 224, 224, VX_FILTER_BICUBIC, clip_mean, clip_std},
    {"ConvNext", "|convnext|convnextv2|", false, false, 384, 0, VX_FILTER_BICUBIC, half, half},
    {"Siglip", "|siglip|siglip2|", true, false, 224, 0, VX_FILTER_BICUBIC, half, half},
};

/* "ViTImageProcessorFast", "ViTFeatureExtractor" … : the table's entry, or NULL. */
static const processor *find_processor(const char *type) {
  static const char *const endings[] = {"ImageProcessor", "ImageProcessorFast", "ImageProcessorPil",
                                        "FeatureExtractor"};
  for (size_t i = 0; i < sizeof processors / sizeof *processors; i++) {
    size_t length = strlen(processors[i].name);
    if (strncmp(type, processors[i].name, length) != 0) continue;
    for (size_t e = 0; e < sizeof endings / sizeof *endings; e++)
      if (strcmp(type + length, endings[e]) == 0) return &processors[i];
  }
  return NULL;
}

/* A file without a class is read by the model's: `model` is config.json's model_type, or NULL. */
static const processor *choose_processor(const section *s, const char *model) {
  const char *key = given(s, "image_processor_type") ? "image_processor_type" : "feature_extractor_type";
  if (given(s, key)) {
    const char *type = json_string_value(given(s, key));
    const processor *found = type ? find_processor(type) : NULL;
    if (!found) fail_key(s, key, "a processor of ViT, DeiT, Beit, CLIP, Bit, ConvNext or Siglip");
    return found;
  }
  for (size_t i = 1; model && i < sizeof processors / sizeof *processors; i++) {
    const char *at = strstr(processors[i].models, model);
    if (at && at[-1] == '|' && at[strlen(model)] == '|') return &processors[i];
  }
  return &processors[0];
}

/* A key that nobody here reads may change the input: only those are passed over that are off, or known to change
   nothing. */
static bool check_keys(const section *s) {
  static const char read[] =
      "image_processor_type|feature_extractor_type|size|crop_size|crop_pct|resample|do_resize|do_rescale"
      "|rescale_factor|do_normalize|do_center_crop|image_mean|image_std|do_pad|pad_size|default_to_square"
      "|do_convert_rgb|num_channels";
  static const char harmless[] =
      "processor_class|_processor_class|auto_map|return_tensors|data_format|input_data_format|device"
      "|do_reduce_labels|reduce_labels|disable_grouping|_valid_processor_keys|image_seq_length|name_or_path"
      "|_name_or_path|transformers_version|use_fast|model_input_names|image_processor_class|tokenizer_class"
      "|license";
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)s->object, key, value) {
    bool off = json_is_null(value) || json_is_false(value);
    if (off || vx_choice_find(read, key) >= 0 || vx_choice_find(harmless, key) >= 0) continue;
    return fail_key(s, key,
                    "no such key: this program does not know what it does to the picture (take it out if it "
                    "does nothing)");
  }
  bool pads = false;
  if (!read_bool(s, "do_pad", &pads)) return false;
  return !(pads && given(s, "pad_size")) || fail_key(s, "do_pad", "false: borders are not added");
}

static bool is_side(const json_t *value) {
  return json_is_integer(value) && json_integer_value(value) >= 1 && json_integer_value(value) <= 1 << 14;
}

/* A size in any of transformers' forms: a number (a square, or the shorter side), [height, width], {height, width},
   {shortest_edge}. A shorter side fills `shorter` and leaves 0 in the others, and the other way round. */
static bool read_size(const section *s, const char *key, bool square, int *height, int *width, int *shorter) {
  const json_t *value = given(s, key);
  if (!value) return true;
  const json_t *h = json_object_get(value, "height"), *w = json_object_get(value, "width");
  const json_t *edge = json_object_get(value, "shortest_edge");
  bool right_count = json_object_size(value) == (edge ? 1 : 2);
  if (json_is_array(value) && (right_count = json_array_size(value) == 2))
    h = json_array_get(value, 0), w = json_array_get(value, 1);
  if (is_side(value)) {
    h = w = square ? value : NULL;
    edge = square ? NULL : value;
    right_count = true;
  }
  *height = *width = *shorter = 0;
  if (right_count && is_side(edge)) {
    *shorter = (int)json_integer_value(edge);
  } else if (right_count && is_side(h) && is_side(w)) {
    *height = (int)json_integer_value(h), *width = (int)json_integer_value(w);
  } else {
    return fail_key(s, key, "a number of pixels, [height, width], {height, width} or {shortest_edge}");
  }
  return true;
}

/* The side that the processor makes must be the model's; where that is not known, it becomes it. */
static bool same_size(const section *s, const char *key, int size, int image_size, vx_input_options *o) {
  o->size = size;
  if (image_size == 0 || size == image_size) return true;
  return vx_fail(s->error, key_place(s, key), "is %d, expected the model's image size %d", size, image_size);
}

/* ConvNeXT below 384: the shorter side to size / crop_pct, then the centre; from 384 on squashed. */
static bool convnext_size(const section *s, int shorter, vx_input_options *o) {
  double crop_pct = 224.0 / 256;
  if (!read_number(s, "crop_pct", &crop_pct)) return false;
  if (!(crop_pct > 0 && crop_pct <= 1)) return fail_key(s, "crop_pct", "a number above 0 and at most 1");
  if (shorter == 0) return fail_key(s, "size", "a number or {shortest_edge}");
  o->scaled_width = o->scaled_height = shorter;
  if (shorter >= 384) return true;
  o->resize = VX_RESIZE_CROP;
  o->shorter_side = (int)(shorter / crop_pct);
  return o->shorter_side <= 1 << 20 || fail_key(s, "crop_pct", "a larger number");
}

static bool hf_size(const section *s, const processor *class, int image_size, vx_input_options *o) {
  bool resize = true, crop = class->center_crop, square = class->square, convnext = !strcmp(class->name, "ConvNext");
  int height = class->square ? class->size : 0, width = height, shorter = class->square ? 0 : class->size;
  int crop_height = class->crop, crop_width = class->crop, unused = 0;
  if (!read_bool(s, "do_resize", &resize) || !read_bool(s, "do_center_crop", &crop) ||
      !read_bool(s, "default_to_square", &square) || !read_size(s, "size", square, &height, &width, &shorter) ||
      !read_size(s, "crop_size", true, &crop_height, &crop_width, &unused))
    return false;
  o->floor_offset = true;
  o->cuts = crop;
  if (crop && (crop_height == 0 || crop_height != crop_width))
    return fail_key(s, "crop_size", "a number of pixels or equal height and width (do_center_crop is true)");
  if (!resize) {
    o->resize = VX_RESIZE_NONE;
    if (!crop) o->size = image_size > 0 ? image_size : shorter ? shorter : height;
    return !crop || same_size(s, "crop_size", crop_height, image_size, o);
  }
  if (convnext) {
    if (!convnext_size(s, shorter, o)) return false;
    if (!crop) return same_size(s, "size", shorter, image_size, o);
    if (o->resize == VX_RESIZE_CROP && crop_height != shorter)
      return fail_key(s, "crop_size", "the same as size, at which the class cuts already");
  } else if (shorter > 0) {
    o->resize = VX_RESIZE_CROP;
    o->shorter_side = shorter;
    if (!crop)
      return fail_key(s, "size",
                      "height and width, or do_center_crop: pictures stay oblong, and the model takes squares");
  } else {
    o->scaled_width = width, o->scaled_height = height;
    if (!crop && width != height) return fail_key(s, "size", "equal height and width: the model takes squares");
    if (!crop) return same_size(s, "size", width, image_size, o);
  }
  return same_size(s, "crop_size", crop_height, image_size, o);
}

static bool hf_filter(const section *s, vx_input_options *o) {
  static const vx_filter pillow[] = {VX_FILTER_NEAREST, VX_FILTER_LANCZOS, VX_FILTER_BILINEAR,
                                     VX_FILTER_BICUBIC, VX_FILTER_BOX,     VX_FILTER_HAMMING};
  double resample = -1;
  if (!read_number(s, "resample", &resample)) return false;
  if (!given(s, "resample")) return true;
  for (int i = 0; i < 6; i++)
    if (resample == i) {
      o->filter = pillow[i];
      return true;
    }
  return fail_key(s, "resample", "0 to 5: Pillow's nearest, lanczos, bilinear, bicubic, box, hamming");
}

static bool hf_rescale(const section *s, vx_input_options *o) {
  bool rescale = true;
  double factor = 1.0 / 255;
  if (!read_bool(s, "do_rescale", &rescale) || !read_number(s, "rescale_factor", &factor)) return false;
  if (!(factor > 0 && factor < 1e6)) return fail_key(s, "rescale_factor", "a number above 0");
  o->divisor = !rescale ? 1 : fabs(factor * 255 - 1) < 1e-6 ? 255 : 1 / factor;
  return true;
}

static bool from_hugging_face(const section *s, const char *model, int image_size, vx_input_options *o) {
  const processor *class = choose_processor(s, model);
  if (!class || !check_keys(s)) return false;
  o->filter = class->filter;
  memcpy(o->mean, class->mean, sizeof o->mean);
  memcpy(o->std, class->std, sizeof o->std);
  return hf_size(s, class, image_size, o) && hf_filter(s, o) && hf_rescale(s, o) &&
         read_bool(s, "do_normalize", &o->normalize) && read_three(s, "image_mean", o->mean) &&
         read_three(s, "image_std", o->std) && vx_input_check(o, s->path, s->error);
}

/* ---- timm ---------------------------------------------------------------------------------------------------------
 */

/* `built` is the side that the model was built for, as model_args say (0: they do not): it counts before input_size,
   from which it differs in models of a free size. */
static bool timm_size(const section *s, int image_size, int built, vx_input_options *o) {
  double size[3] = {3, 224, 224};
  if (!read_three(s, "input_size", size)) return false;
  int side = built ? built : (int)size[1];
  if (!built && (size[1] != size[2] || size[1] < 1 || size[1] > 1 << 14))
    return fail_key(s, "input_size", "[3, S, S]: a square of 1 to 16384");
  if (!built && !given(s, "input_size") && image_size) side = image_size;
  if (image_size && side != image_size)
    return vx_fail(s->error, key_place(s, "input_size"), "is [%g, %g, %g], expected the model's image size %d", size[0],
                   size[1], size[2], image_size);
  o->size = side;
  return true;
}

static bool timm_crop(const section *s, vx_input_options *o) {
  double crop_pct = 0.875;
  if (!read_number(s, "crop_pct", &crop_pct)) return false;
  if (crop_pct == 0) crop_pct = 0.875; /* as where it is left out */
  int scaled = crop_pct > 0.01 && crop_pct < 100 ? (int)floor(o->size / crop_pct) : 0;
  if (scaled < 1) return fail_key(s, "crop_pct", "a number from 0.01 to 100");
  const char *text = given(s, "crop_mode") ? json_string_value(given(s, "crop_mode")) : "center";
  if (text && !strcmp(text, "center")) {
    o->resize = VX_RESIZE_CROP;
  } else if (text && !strcmp(text, "squash")) {
    o->resize = VX_RESIZE_SQUASH;
  } else if (text && !strcmp(text, "border")) {
    o->resize = VX_RESIZE_BORDER;
    for (int c = 0; c < 3; c++) o->fill[c] = (uint8_t)fmin(fmax(nearbyint(255 * o->mean[c]), 0), 255);
  } else {
    return fail_key(s, "crop_mode", "center, squash or border");
  }
  o->shorter_side = o->longer_side = o->scaled_width = o->scaled_height = scaled;
  return true;
}

static bool timm_filter(const section *s, vx_input_options *o) {
  const char *text = given(s, "interpolation") ? json_string_value(given(s, "interpolation")) : "bicubic";
  for (int i = 0; text && i < VX_FILTERS; i++)
    if (!strcmp(text, vx_filter_name((vx_filter)i))) {
      o->filter = (vx_filter)i;
      return true;
    }
  return fail_key(s, "interpolation", "bilinear, bicubic, nearest, lanczos, box or hamming");
}

/* What is left out has timm's own defaults: ImageNet's mean and std, crop_pct 0.875, bicubic. */
static bool from_timm(const section *s, int image_size, int built, vx_input_options *o) {
  memcpy(o->mean, imagenet_mean, sizeof o->mean);
  memcpy(o->std, imagenet_std, sizeof o->std);
  return read_three(s, "mean", o->mean) && read_three(s, "std", o->std) && timm_size(s, image_size, built, o) &&
         timm_crop(s, o) && timm_filter(s, o) && vx_input_check(o, s->path, s->error);
}

/* ---- files --------------------------------------------------------------------------------------------------------
 */

static json_t *load(const char *path, vx_error *error) {
  vx_file file;
  json_error_t reason;
  if (!vx_file_read(path, VX_TEXT_BYTES, &file, error)) return NULL;
  json_t *root = json_loadb((const char *)file.data, file.size, 0, &reason);
  bool pointer = vx_is_lfs_pointer(file.data, file.size);
  vx_file_free(&file);
  if (pointer) {
    vx_fail(error, path, VX_LFS_POINTER);
  } else if (!root) {
    vx_fail(error, vx_where(error, "%s:%d:%d", path, reason.line, reason.column), "not JSON: %s", reason.text);
  } else if (!json_is_object(root)) {
    vx_fail(error, path, "is not a JSON object");
    json_decref(root);
    root = NULL;
  }
  return root;
}

/* The side in model_args.img_size: a number or an equal pair; 0: none. */
static int built_side(const json_t *config) {
  const json_t *value = json_object_get(json_object_get(config, "model_args"), "img_size");
  const json_t *first = json_is_array(value) ? json_array_get(value, 0) : value;
  const json_t *last = json_is_array(value) ? json_array_get(value, 1) : value;
  return is_side(first) && is_side(last) && json_equal(first, last) ? (int)json_integer_value(first) : 0;
}

static bool from_config(const json_t *root, const char *path, int image_size, vx_input_options *o, vx_error *error) {
  section s = {root, path, "", error};
  const json_t *nested = json_object_get(root, "pretrained_cfg");
  if (nested && !json_is_object(nested)) return fail_key(&s, "pretrained_cfg", "an object");
  if (nested) {
    s.object = nested, s.prefix = "pretrained_cfg.";
  } else if (!json_object_get(root, "mean") || !json_object_get(root, "std")) {
    return vx_fail(error, path,
                   "has no pretrained_cfg, and there is no preprocessor_config.json beside it: expected one of them to "
                   "say how pictures are resized and normalised");
  }
  return from_timm(&s, image_size, built_side(root), o);
}

bool vx_input_from_checkpoint(const char *dir, int image_size, vx_input_options *options, vx_error *error) {
  char *preprocessor = vx_path_join(dir, "preprocessor_config.json", NULL);
  char *config = vx_path_join(dir, "config.json", NULL);
  *options = vx_input_default(image_size > 0 ? image_size : 224);
  if (!preprocessor || !config) {
    free(preprocessor);
    free(config);
    return vx_fail(error, dir, "no memory for a path");
  }
  bool has_own = vx_file_exists(preprocessor), has_config = vx_file_exists(config) || !has_own;
  json_t *own = has_own ? load(preprocessor, error) : NULL, *model = has_config ? load(config, error) : NULL;
  bool ok = (own || !has_own) && (model || !has_config);
  /* both libraries read pretrained_cfg where there is one, whatever lies beside it */
  bool is_timm = json_is_object(json_object_get(model, "pretrained_cfg"));
  const section s = {own, preprocessor, "", error};
  if (ok)
    ok = own && !is_timm
             ? from_hugging_face(&s, json_string_value(json_object_get(model, "model_type")), image_size, options)
             : from_config(model, config, image_size, options, error);
  json_decref(own);
  json_decref(model);
  free(preprocessor);
  free(config);
  return ok;
}
