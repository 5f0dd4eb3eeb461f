/* How a checkpoint wants its pictures: preprocessor_config.json (Hugging Face) or pretrained_cfg (timm). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "harness/data/input.h"

/* A JSON object and what errors call it. */
typedef struct section {
  const json_t *object;
  const char *path, *prefix; /* file, and "" or "pretrained_cfg." */
  vx_error *error;
} section;

static bool fail_key(const section *s, const char *key, const char *expected) {
  const json_t *value = json_object_get(s->object, key);
  char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
  vx_fail(s->error, vx_where(s->error, "%s: %s%s", s->path, s->prefix, key), "is %.100s, expected %s",
          text ? text : "missing", expected);
  free(text);
  return false;
}

/* The readers below leave `*value` as it is when the key is absent or null. */
static bool read_bool(const section *s, const char *key, bool *value) {
  const json_t *found = json_object_get(s->object, key);
  if (!found || json_is_null(found)) return true;
  if (!json_is_boolean(found)) return fail_key(s, key, "true or false");
  *value = json_is_true(found);
  return true;
}

static bool read_number(const section *s, const char *key, double *value) {
  const json_t *found = json_object_get(s->object, key);
  if (!found || json_is_null(found)) return true;
  if (!json_is_number(found)) return fail_key(s, key, "a number");
  *value = json_number_value(found);
  return true;
}

static bool read_three(const section *s, const char *key, double value[3]) {
  const json_t *found = json_object_get(s->object, key);
  if (!found || json_is_null(found)) return true;
  if (!json_is_array(found) || json_array_size(found) != 3) return fail_key(s, key, "three numbers");
  for (size_t c = 0; c < 3; c++) {
    const json_t *item = json_array_get(found, c);
    if (!json_is_number(item)) return fail_key(s, key, "three numbers");
    value[c] = json_number_value(item);
  }
  return true;
}

static bool is_side(const json_t *value) {
  return json_is_integer(value) && json_integer_value(value) >= 1 && json_integer_value(value) <= 1 << 14;
}

/* A side in pixels in any of Hugging Face's forms: a number, {shortest_edge}, {height, width}. `square` asks for equal
   height and width and refuses shortest_edge. */
static bool read_side(const section *s, const char *key, bool square, int *side) {
  const char *expected = square ? "a number of pixels or equal height and width"
                                : "a number of pixels, shortest_edge, or height and width";
  const json_t *value = json_object_get(s->object, key);
  if (!value || json_is_null(value)) return true;
  const json_t *edge = json_object_get(value, "shortest_edge");
  const json_t *height = json_object_get(value, "height"), *width = json_object_get(value, "width");
  if (is_side(value)) {
    *side = (int)json_integer_value(value);
  } else if (is_side(edge) && !square) {
    *side = (int)json_integer_value(edge);
  } else if (is_side(height) && is_side(width)) {
    json_int_t h = json_integer_value(height), w = json_integer_value(width);
    if (square && h != w) return fail_key(s, key, expected);
    *side = (int)(h < w ? h : w);
  } else {
    return fail_key(s, key, expected);
  }
  return true;
}

static bool same_size(const section *s, const char *key, int size, int image_size) {
  if (size == image_size) return true;
  return vx_fail(s->error, vx_where(s->error, "%s: %s%s", s->path, s->prefix, key),
                 "is %d, expected the model's image size %d", size, image_size);
}

static bool hf_size(const section *s, int image_size, vx_input_options *o) {
  bool crop = false, resize = true;
  if (!read_bool(s, "do_resize", &resize) || !read_bool(s, "do_center_crop", &crop)) return false;
  if (!resize) return fail_key(s, "do_resize", "true");
  int size = image_size, cropped = image_size;
  if (!crop) return read_side(s, "size", true, &size) && same_size(s, "size", size, image_size);
  if (!read_side(s, "size", false, &size) || !read_side(s, "crop_size", true, &cropped)) return false;
  o->resize = VX_RESIZE_CROP;
  o->shorter_side = size;
  return same_size(s, "crop_size", cropped, image_size);
}

static bool hf_filter(const section *s, vx_input_options *o) {
  double resample = 2;
  if (!read_number(s, "resample", &resample)) return false;
  if (resample != 2 && resample != 3) return fail_key(s, "resample", "2 (bilinear) or 3 (bicubic)");
  o->filter = resample == 3 ? VX_FILTER_BICUBIC : VX_FILTER_BILINEAR;
  return true;
}

static bool hf_rescale(const section *s) {
  bool rescale = true;
  double factor = 1.0 / 255;
  if (!read_bool(s, "do_rescale", &rescale) || !read_number(s, "rescale_factor", &factor)) return false;
  if (!rescale) return fail_key(s, "do_rescale", "true");
  return fabs(factor * 255 - 1) < 1e-6 || fail_key(s, "rescale_factor", "1/255");
}

static bool from_hugging_face(const section *s, int image_size, vx_input_options *o) {
  return hf_size(s, image_size, o) && hf_filter(s, o) && hf_rescale(s) && read_bool(s, "do_normalize", &o->normalize) &&
         read_three(s, "image_mean", o->mean) && read_three(s, "image_std", o->std) &&
         vx_input_check(o, s->path, s->error);
}

static bool timm_size(const section *s, int image_size, vx_input_options *o) {
  double crop_pct = 0.875, size[3] = {3, image_size, image_size};
  if (!read_number(s, "crop_pct", &crop_pct) || !read_three(s, "input_size", size)) return false;
  if (size[1] != image_size || size[2] != image_size)
    return vx_fail(s->error, vx_where(s->error, "%s: %sinput_size", s->path, s->prefix),
                   "is [%g, %g, %g], expected the model's image size %d", size[0], size[1], size[2], image_size);
  o->resize = VX_RESIZE_CROP;
  o->shorter_side = vx_input_shorter_side(image_size, crop_pct);
  return o->shorter_side > 0 || fail_key(s, "crop_pct", "a number above 0 and at most 1");
}

static bool timm_crop_mode(const section *s, vx_input_options *o) {
  const json_t *mode = json_object_get(s->object, "crop_mode");
  const char *text = !mode || json_is_null(mode) ? "center" : json_string_value(mode);
  if (!text) return fail_key(s, "crop_mode", "center or squash");
  if (!strcmp(text, "center")) return true;
  if (strcmp(text, "squash") != 0 || o->shorter_side != o->size)
    return fail_key(s, "crop_mode", "center, or squash with a crop_pct of 1");
  o->resize = VX_RESIZE_SQUASH;
  return true;
}

static bool timm_filter(const section *s, vx_input_options *o) {
  const json_t *found = json_object_get(s->object, "interpolation");
  const char *text = !found || json_is_null(found) ? "bicubic" : json_string_value(found);
  if (!text || (strcmp(text, "bicubic") != 0 && strcmp(text, "bilinear") != 0))
    return fail_key(s, "interpolation", "bilinear or bicubic");
  o->filter = text[3] == 'u' ? VX_FILTER_BICUBIC : VX_FILTER_BILINEAR;
  return true;
}

/* What is left out has timm's own defaults: ImageNet's mean and std, crop_pct 0.875, bicubic. */
static bool from_timm(const section *s, int image_size, vx_input_options *o) {
  static const double mean[3] = {0.485, 0.456, 0.406}, std[3] = {0.229, 0.224, 0.225};
  memcpy(o->mean, mean, sizeof mean);
  memcpy(o->std, std, sizeof std);
  return timm_size(s, image_size, o) && timm_crop_mode(s, o) && timm_filter(s, o) && read_three(s, "mean", o->mean) &&
         read_three(s, "std", o->std) && vx_input_check(o, s->path, s->error);
}

static json_t *load(const char *path, vx_error *error) {
  vx_file file;
  json_error_t reason;
  if (!vx_file_read(path, VX_TEXT_BYTES, &file, error)) return NULL;
  json_t *root = json_loadb((const char *)file.data, file.size, 0, &reason);
  vx_file_free(&file);
  if (!root) {
    vx_fail(error, vx_where(error, "%s:%d:%d", path, reason.line, reason.column), "not JSON: %s", reason.text);
  } else if (!json_is_object(root)) {
    vx_fail(error, path, "is not a JSON object");
    json_decref(root);
    root = NULL;
  }
  return root;
}

static bool read_preprocessor(const char *path, int image_size, vx_input_options *o, vx_error *error) {
  json_t *root = load(path, error);
  if (!root) return false;
  section s = {root, path, "", error};
  bool ok = from_hugging_face(&s, image_size, o);
  json_decref(root);
  return ok;
}

static bool read_config(const char *path, int image_size, vx_input_options *o, vx_error *error) {
  json_t *root = load(path, error), *nested;
  if (!root) return false;
  bool ok;
  section s = {root, path, "", error};
  if ((nested = json_object_get(root, "pretrained_cfg")) && !json_is_object(nested)) {
    ok = fail_key(&s, "pretrained_cfg", "an object");
  } else if (nested) {
    s.object = nested, s.prefix = "pretrained_cfg.";
    ok = from_timm(&s, image_size, o);
  } else if (json_object_get(root, "mean") && json_object_get(root, "std")) {
    ok = from_timm(&s, image_size, o);
  } else {
    ok = vx_fail(error, path,
                 "has no pretrained_cfg, and there is no preprocessor_config.json beside it: expected one of them to "
                 "say how pictures are resized and normalised");
  }
  json_decref(root);
  return ok;
}

bool vx_input_from_checkpoint(const char *dir, int image_size, vx_input_options *options, vx_error *error) {
  char *preprocessor = vx_path_join(dir, "preprocessor_config.json", NULL);
  char *config = vx_path_join(dir, "config.json", NULL);
  bool ok;
  *options = vx_input_default(image_size);
  if (!preprocessor || !config) {
    ok = vx_fail(error, dir, "no memory for a path");
  } else if (vx_file_exists(preprocessor)) {
    ok = read_preprocessor(preprocessor, image_size, options, error);
  } else {
    ok = read_config(config, image_size, options, error);
  }
  free(preprocessor);
  free(config);
  return ok;
}
