#include "harness/pictures/explain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/run/subject.h"
#include "metrics/threshold.h"

struct vx_explain {
  vx_explain_options options;
  const vx_shape *shape;
  vx_input_options input;
  vx_plan plan;
  vx_subject *subject;
  size_t pixels; /* that the buffers of `out` hold */
  vx_explained out;
  vx_arena *arena; /* owns the lists of `out` */
};

/* ---- life ---------------------------------------------------------------------------------------------------- */

static vx_drawn *new_drawn(vx_explain *e) {
  const vx_explain_options *o = &e->options;
  vx_drawn *drawn = VX_TAKE(e->arena, o->method_count + 1, vx_drawn);
  for (int i = 0; drawn && i < o->method_count; i++) {
    const vx_method *method = &o->methods[i];
    drawn[i].method = method;
    drawn[i].class_specific = method->explainer->class_specific;
    for (int p = 0; p < method->part_count; p++)
      drawn[i].class_specific |= o->methods[method->parts[p]].explainer->class_specific;
  }
  return drawn;
}

static bool take_memory(vx_explain *e) {
  e->arena = vx_arena_new();
  e->out.drawn = e->arena ? new_drawn(e) : NULL;
  e->out.drawn_against = e->out.drawn ? new_drawn(e) : NULL;
  return e->out.drawn_against != NULL;
}

static bool check_methods(const vx_explain *e, vx_error *error) {
  for (int i = 0; i < e->options.method_count; i++) {
    const vx_method *method = &e->options.methods[i];
    vx_needs needs;
    vx_explainer_needs(method->explainer, e->shape, &method->args, &needs);
    if (needs.data & VX_NEED_PRIOR)
      return vx_fail(error, method->name, "needs the masks of a data set, and a single picture has none");
  }
  return true;
}

static bool open_all(vx_explain *e, vx_error *error) {
  const vx_explain_options *o = &e->options;
  e->shape = vx_model_shape(o->model);
  if (!vx_model_has_probability(o->model, error) || !check_methods(e, error) ||
      !vx_input_from_checkpoint(o->folder, e->shape->image, &e->input, error) ||
      !vx_plan_make(o->methods, o->method_count, e->shape, &e->plan, error) || !vx_blas_check(e->shape, NULL, 0, error))
    return false;
  if (o->size == VX_DRAW_IMAGE && vx_input_cuts(&e->input))
    return vx_fail(error, "--size", "is image, but this model sees a part of its pictures: give a number of pixels");
  e->subject = vx_subject_new(o->model, &e->plan, &e->input, o->precision, error);
  return e->subject && (take_memory(e) || vx_fail(error, o->folder, "out of memory"));
}

vx_explain *vx_explain_open(const vx_explain_options *options, vx_error *error) {
  vx_explain *e = calloc(1, sizeof *e);
  if (!e) return vx_fail(error, options->folder, "out of memory"), NULL;
  e->options = *options;
  if (open_all(e, error)) return e;
  vx_explain_close(e);
  return NULL;
}

static void free_drawn(vx_drawn *drawn, int count) {
  for (int i = 0; drawn && i < count; i++) {
    vx_sized_free(&drawn[i].sized);
    free(drawn[i].mask);
  }
}

void vx_explain_close(vx_explain *e) {
  if (!e) return;
  free_drawn(e->out.drawn, e->options.method_count);
  free_drawn(e->out.drawn_against, e->options.method_count);
  free(e->out.rgb);
  vx_subject_free(e->subject);
  vx_arena_free(e->arena);
  free(e);
}

const vx_input_options *vx_explain_input(const vx_explain *e) {
  return &e->input;
}

/* ---- the picture --------------------------------------------------------------------------------------------- */

/* How the picture is scaled and cropped to be drawn: the same cut as the model's input, at another size. */
static bool draw_geometry(const vx_explain *e, const vx_picture *picture, vx_geometry *geometry, vx_error *error) {
  int side = e->input.size;
  switch (e->options.size) {
  case VX_DRAW_IMAGE: {
    int longer = picture->width > picture->height ? picture->width : picture->height;
    double scale = longer > VX_DRAW_LONGEST ? (double)VX_DRAW_LONGEST / longer : 1;
    *geometry =
        vx_geometry_squash((int)fmax(1, round(picture->width * scale)), (int)fmax(1, round(picture->height * scale)));
    return true;
  }
  case VX_DRAW_OWN:
    side = e->options.side;
    break;
  case VX_DRAW_AUTO:
    side = side > 512 ? side : 512 / side * side;
    break;
  case VX_DRAW_INPUT:
    break;
  }
  vx_input_options own = vx_input_at(&e->input, side);
  return vx_input_geometry(&own, picture->width, picture->height, geometry, error);
}

static bool make_room(vx_explain *e, size_t pixels, vx_error *error) {
  if (pixels <= e->pixels) return true;
  bool good = true;
  uint8_t *rgb = realloc(e->out.rgb, 3 * pixels);
  if (rgb) e->out.rgb = rgb;
  good = rgb != NULL;
  for (int i = 0; good && i < 2 * e->options.method_count; i++) {
    vx_drawn *drawn = i % 2 ? &e->out.drawn_against[i / 2] : &e->out.drawn[i / 2];
    uint8_t *mask = realloc(drawn->mask, pixels);
    if (mask) drawn->mask = mask;
    good = mask != NULL;
  }
  if (!good) return vx_fail(error, "picture", "no memory to draw it with %zu pixels", pixels);
  e->pixels = pixels;
  return true;
}

static bool show_picture(vx_explain *e, const vx_picture *picture, vx_error *error) {
  vx_geometry geometry;
  if (!draw_geometry(e, picture, &geometry, error)) return false;
  size_t pixels = (size_t)geometry.width * (size_t)geometry.height;
  if (!make_room(e, pixels, error)) return false;
  e->out.picture_width = picture->width, e->out.picture_height = picture->height;
  e->out.width = geometry.width, e->out.height = geometry.height;
  return vx_resize_rgb(picture->rgb, picture->width, picture->height, &geometry, e->input.filter, e->out.rgb, error);
}

/* ---- prediction ---------------------------------------------------------------------------------------------- */

static void predict(vx_explain *e) {
  vx_explained *out = &e->out;
  const double *probability = vx_subject_probability(e->subject);
  out->top_count = vx_subject_top(e->subject, out->top);
  int second = out->top_count > 1 ? out->top[1].label : out->top[0].label;
  out->target = e->options.target;
  if (out->target == VX_TARGET_TOP) out->target = out->top[0].label;
  if (out->target == VX_TARGET_SECOND) out->target = second;
  out->against = e->options.against;
  if (out->against == VX_AGAINST_NEXT) out->against = out->top[0].label == out->target ? second : out->top[0].label;
  if (out->against == out->target) out->against = VX_AGAINST_NONE;
  out->target_probability = probability[out->target];
  out->against_probability = out->against >= 0 ? probability[out->against] : NAN;
}

/* ---- maps ---------------------------------------------------------------------------------------------------- */

static void cut(vx_drawn *drawn, size_t pixels) {
  static const vx_threshold otsu = {.kind = VX_THRESHOLD_OTSU};
  drawn->otsu = drawn->sized.heat.flat || drawn->sized.heat.is_mask ? 0 : vx_threshold_otsu(&drawn->sized.heat);
  vx_threshold_mask(&otsu, &drawn->sized.heat, drawn->otsu, drawn->mask);
  size_t inside = 0;
  for (size_t i = 0; i < pixels; i++) inside += drawn->mask[i];
  drawn->share = (double)inside / (double)pixels;
}

static bool explain_class(vx_explain *e, int target, vx_drawn *all, bool class_specific_only, uint64_t seed,
                          vx_error *error) {
  size_t pixels = (size_t)e->out.width * (size_t)e->out.height;
  if (!vx_subject_ask(e->subject, &(vx_question){.target = target, .seed = seed}, error)) return false;
  for (int i = 0; i < e->options.method_count; i++) {
    vx_drawn *drawn = &all[i];
    vx_heatmap map;
    drawn->error = (vx_error){"", ""};
    drawn->made = (drawn->class_specific || !class_specific_only) &&
                  vx_subject_map(e->subject, i, &map, &drawn->error) &&
                  vx_to_size(&drawn->sized, &map, drawn->method->name, e->out.height, e->out.width, &drawn->error);
    drawn->milliseconds = vx_subject_milliseconds(e->subject, i);
    if (drawn->made) cut(drawn, pixels);
  }
  return true;
}

/* ---- the whole ----------------------------------------------------------------------------------------------- */

static const vx_explained *explain_pixels(vx_explain *e, const vx_picture *picture, const char *name, vx_error *error) {
  uint64_t seed = vx_subject_seed(e->options.seed, name);
  if (!vx_subject_show(e->subject, picture, error) || !show_picture(e, picture, error) ||
      !vx_subject_predict(e->subject, error))
    return NULL;
  predict(e);
  if (!explain_class(e, e->out.target, e->out.drawn, false, seed, error)) return NULL;
  for (int i = 0; i < e->options.method_count; i++) e->out.drawn_against[i].made = false;
  if (e->out.against >= 0 && !explain_class(e, e->out.against, e->out.drawn_against, true, seed, error)) return NULL;
  return &e->out;
}

const vx_explained *vx_explain_picture(vx_explain *e, const char *path, vx_error *error) {
  vx_picture picture;
  if (!vx_picture_read_as(path, VX_EXIF_APPLY, &picture, error)) return NULL;
  const char *slash = strrchr(path, '/');
  const vx_explained *out = explain_pixels(e, &picture, slash ? slash + 1 : path, error);
  vx_picture_free(&picture);
  return out;
}
