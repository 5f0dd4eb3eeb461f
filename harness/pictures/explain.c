#include "harness/pictures/explain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "harness/run/maps.h"
#include "harness/run/predict.h"
#include "metrics/threshold.h"

struct vx_explain {
  vx_explain_options options;
  const vx_shape *shape;
  vx_input_options input;
  vx_plan plan;
  vx_worker *worker;
  float *x;                     /* [3][S][S] */
  uint8_t *seen;                /* [S][S][3] */
  double *probability;          /* [C] */
  vx_maps *maps, *maps_against; /* their maps are those of out.drawn and out.drawn_against */
  size_t pixels;                /* that the buffers of `out` hold */
  vx_explained out;
  vx_arena *arena; /* owns all of the above that is an array, but for rgb and masks */
};

/* ---- life ---------------------------------------------------------------------------------------------------- */

static vx_drawn *new_drawn(vx_explain *e, vx_maps **maps) {
  const vx_explain_options *o = &e->options;
  vx_drawn *drawn = VX_TAKE(e->arena, o->method_count + 1, vx_drawn);
  *maps = vx_maps_new(o->methods, o->method_count, e->shape, e->arena);
  if (!*maps) return NULL;
  for (int i = 0; drawn && i < o->method_count; i++) {
    const vx_method *method = &o->methods[i];
    drawn[i].method = method;
    drawn[i].side = vx_explainer_side(method->explainer, e->shape);
    drawn[i].class_specific = method->explainer->class_specific;
    for (int p = 0; p < method->part_count; p++)
      drawn[i].class_specific |= o->methods[method->parts[p]].explainer->class_specific;
    drawn[i].map = (*maps)->map[i];
  }
  return drawn;
}

static bool take_memory(vx_explain *e) {
  size_t pixels = (size_t)e->shape->image * (size_t)e->shape->image;
  e->arena = vx_arena_new();
  if (!e->arena) return false;
  e->x = VX_TAKE(e->arena, 3 * pixels, float);
  e->seen = VX_TAKE(e->arena, 3 * pixels, uint8_t);
  e->probability = VX_TAKE(e->arena, e->shape->classes, double);
  e->out.drawn = new_drawn(e, &e->maps);
  e->out.drawn_against = new_drawn(e, &e->maps_against);
  return e->x && e->seen && e->probability && e->out.drawn && e->out.drawn_against;
}

static bool check_methods(const vx_explain *e, vx_error *error) {
  for (int i = 0; i < e->options.method_count; i++) {
    const vx_method *method = &e->options.methods[i];
    vx_passes needs;
    vx_explainer_passes(method->explainer, e->shape, &method->args, &needs);
    if (needs.set & VX_NEED_PRIOR)
      return vx_fail(error, method->name, "needs the masks of a data set, and a single picture has none");
  }
  return true;
}

static bool open_all(vx_explain *e, vx_error *error) {
  const vx_explain_options *o = &e->options;
  e->shape = vx_model_shape(o->model);
  if (!check_methods(e, error) || !vx_input_from_checkpoint(o->folder, e->shape->image, &e->input, error) ||
      !vx_plan_make(o->methods, o->method_count, e->shape, &e->plan, error) || !vx_blas_check(e->shape, NULL, 0, error))
    return false;
  if (o->size == VX_DRAW_IMAGE && vx_input_cuts(&e->input))
    return vx_fail(error, "--size", "is image, but this model sees a part of its pictures: give a number of pixels");
  e->worker = vx_worker_new(o->model, &e->plan.passes, o->precision, error);
  return e->worker && (take_memory(e) || vx_fail(error, o->folder, "out of memory"));
}

vx_explain *vx_explain_open(const vx_explain_options *options, vx_error *error) {
  vx_explain *e = calloc(1, sizeof *e);
  if (!e) {
    vx_fail(error, options->folder, "out of memory");
    return NULL;
  }
  e->options = *options;
  if (open_all(e, error)) return e;
  vx_explain_close(e);
  return NULL;
}

static void free_drawn(vx_drawn *drawn, int count) {
  for (int i = 0; drawn && i < count; i++) {
    vx_heat_free(&drawn[i].heat);
    free(drawn[i].mask);
  }
}

void vx_explain_close(vx_explain *e) {
  if (!e) return;
  free_drawn(e->out.drawn, e->options.method_count);
  free_drawn(e->out.drawn_against, e->options.method_count);
  free(e->out.rgb);
  vx_worker_free(e->worker);
  vx_plan_free(&e->plan);
  vx_arena_free(e->arena);
  free(e);
}

const vx_input_options *vx_explain_input(const vx_explain *e) {
  return &e->input;
}

/* ---- the picture --------------------------------------------------------------------------------------------- */

/* How the picture is scaled and cropped to be drawn: the same cut as the model's input, at another size. */
static bool draw_geometry(const vx_explain *e, const vx_picture *picture, vx_geometry *geometry, vx_error *error) {
  vx_input_options own = e->input;
  switch (e->options.size) {
  case VX_DRAW_IMAGE: {
    int longer = picture->width > picture->height ? picture->width : picture->height;
    double scale = longer > VX_DRAW_LONGEST ? (double)VX_DRAW_LONGEST / longer : 1;
    *geometry =
        vx_geometry_squash((int)fmax(1, round(picture->width * scale)), (int)fmax(1, round(picture->height * scale)));
    return true;
  }
  case VX_DRAW_OWN:
    own = vx_input_at(&own, e->options.side);
    break;
  case VX_DRAW_AUTO:
    if (e->input.size <= 512) own = vx_input_at(&own, 512 / e->input.size * e->input.size);
    break;
  case VX_DRAW_INPUT:
    break;
  }
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
  int classes = e->shape->classes;
  vx_softmax(vx_worker_logits(e->worker), classes, e->probability);
  out->top_count = classes < VX_TOP ? classes : VX_TOP;
  vx_most_probable(e->probability, classes, out->top_count, out->top);
  int second = out->top_count > 1 ? out->top[1].label : out->top[0].label;
  out->target = e->options.target;
  if (out->target == VX_TARGET_MOST_PROBABLE) out->target = out->top[0].label;
  if (out->target == VX_TARGET_SECOND_MOST) out->target = second;
  out->against = e->options.against;
  if (out->against == VX_AGAINST_NEXT) out->against = out->top[0].label == out->target ? second : out->top[0].label;
  if (out->against == out->target) out->against = VX_AGAINST_NONE;
  out->target_probability = e->probability[out->target];
  out->against_probability = out->against >= 0 ? e->probability[out->against] : NAN;
}

/* ---- maps ---------------------------------------------------------------------------------------------------- */

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* A patch map counts in single precision, as a run stores and scores it. */
static bool bring_to_size(const vx_explain *e, vx_drawn *drawn, vx_error *error) {
  const vx_explainer *explainer = drawn->method->explainer;
  size_t cells = (size_t)drawn->side * (size_t)drawn->side;
  for (size_t i = 0; explainer->grid == VX_GRID_PATCH && i < cells; i++) {
    drawn->map[i] = (double)(float)drawn->map[i];
    if (!isfinite(drawn->map[i])) return vx_fail(error, explainer->id, "value %zu is beyond single precision", i);
  }
  const vx_explained *out = &e->out;
  return explainer->is_mask
             ? vx_heat_from_mask(&drawn->heat, drawn->map, drawn->side, drawn->side, out->height, out->width, error)
             : vx_heat_from_map(&drawn->heat, drawn->map, drawn->side, drawn->side, out->height, out->width, error);
}

static void cut(vx_drawn *drawn, size_t pixels) {
  static const vx_threshold otsu = {.kind = VX_THRESHOLD_OTSU};
  drawn->otsu = drawn->heat.flat || drawn->heat.is_mask ? 0 : vx_threshold_otsu(&drawn->heat);
  vx_threshold_mask(&otsu, &drawn->heat, drawn->otsu, drawn->mask);
  size_t inside = 0;
  for (size_t i = 0; i < pixels; i++) inside += drawn->mask[i];
  drawn->share = (double)inside / (double)pixels;
}

static void draw(vx_maps *maps, vx_drawn *all, int index, vx_view *view) {
  vx_drawn *drawn = &all[index];
  double start = now_ms();
  drawn->error = (vx_error){"", ""};
  drawn->made = vx_maps_make(maps, index, view, &drawn->error);
  drawn->milliseconds = now_ms() - start;
}

/* When all are made: a mix reads its parts as they are, unrounded. */
static void finish(vx_explain *e, vx_drawn *all) {
  size_t pixels = (size_t)e->out.width * (size_t)e->out.height;
  for (int i = 0; i < e->options.method_count; i++) {
    if (all[i].made) all[i].made = bring_to_size(e, &all[i], &all[i].error);
    if (all[i].made) cut(&all[i], pixels);
  }
}

static bool explain_class(vx_explain *e, int target, vx_drawn *all, bool class_specific_only, uint64_t seed,
                          vx_error *error) {
  vx_view *view = vx_worker_explain(e->worker, target, VX_LOGIT, error);
  if (!view) return false;
  view->picture = e->seen;
  view->seed = seed;
  view->prior = NULL;
  vx_maps *maps = all == e->out.drawn ? e->maps : e->maps_against;
  vx_maps_clear(maps);
  for (int k = 0; k < e->plan.count; k++) {
    int i = e->plan.order[k];
    all[i].made = false;
    bool part_of_mix = false; /* a mix of a class-specific part needs its other parts too */
    for (int m = 0; m < e->options.method_count; m++)
      for (int p = 0; p < e->options.methods[m].part_count; p++) part_of_mix |= e->options.methods[m].parts[p] == i;
    if (!class_specific_only || all[i].class_specific || part_of_mix) draw(maps, all, i, view);
  }
  finish(e, all);
  return true;
}

/* ---- the whole ----------------------------------------------------------------------------------------------- */

static uint64_t seed_of(const vx_explain *e, const char *name) {
  vx_digest digest;
  vx_digest_start(&digest);
  vx_digest_text(&digest, name);
  return digest.state ^ (e->options.seed * UINT64_C(0x9E3779B97F4A7C15));
}

const vx_explained *vx_explain_pixels(vx_explain *e, const vx_picture *picture, const char *name, vx_error *error) {
  uint64_t seed = seed_of(e, name);
  if (!vx_input_make(picture, &e->input, e->x, e->seen, error) || !show_picture(e, picture, error) ||
      !vx_worker_forward(e->worker, e->x, error))
    return NULL;
  predict(e);
  if (!explain_class(e, e->out.target, e->out.drawn, false, seed, error)) return NULL;
  for (int i = 0; i < e->options.method_count; i++) e->out.drawn_against[i].made = false;
  if (e->out.against >= 0 && !explain_class(e, e->out.against, e->out.drawn_against, true, seed, error)) return NULL;
  return &e->out;
}

const vx_explained *vx_explain_picture(vx_explain *e, const char *path, vx_error *error) {
  vx_picture picture;
  if (!vx_picture_read(path, &picture, error)) return NULL;
  const char *slash = strrchr(path, '/');
  const vx_explained *out = vx_explain_pixels(e, &picture, slash ? slash + 1 : path, error);
  vx_picture_free(&picture);
  return out;
}
