#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/safetensors.h"
#include "core/vx.h"
#include "harness/cli/cli.h"
#include "harness/cli/tensor_measures.h"
#include "harness/config/config.h"
#include "harness/run/subject.h"

const char vx_help_tensor[] =
    "NAME\n"
    "  vitx tensor - heat maps of one input tensor, as tensors: for checks against another framework\n\n"
    "SYNOPSIS\n"
    "  vitx tensor --model DIR --input X.safetensors --out Y.safetensors [OPTIONS]\n\n"
    "DESCRIPTION\n"
    "  Reads tensor `x` [3,S,S], already normalised, and when they are there `noise` [N,3,S,S] (already scaled, in\n"
    "  place of SmoothGrad's own draws), `subsets` [R,T] and `road_noise` [9,3,S,S] in place of the draws of\n"
    "  faithfulness-correlation and road. Writes `logits` [C], `target` [1], `attention` and `attention_grad`\n"
    "  [L,H,n,n], `grad_x` [3,S,S], and `heat.NAME` for each method: [g,g] on the patch grid or [S,S].\n"
    "  With --maps and --measures, of each tensor `map.NAME` of that file, [g,g] or [S,S], what the measures say:\n"
    "  `MEASURE.COLUMN.NAME` [1] and `curve.MEASURE.NAME`. A map of [S,S] is scaled to bytes first, as runs keep "
    "it.\n\n"
    "OPTIONS\n"
    "  --target N                    class explained [the most probable]\n"
    "  --methods a,b|all             ids; `all` leaves out those that need a picture, a mask or a data set [none]\n"
    "                                entries may be {id: ID, as: NAME, parameters}, as in a run's file\n"
    "  --maps FILE                   maps that are given, to be measured\n"
    "  --measures LIST               as `metrics` in a run's file: deletion,{id: saco, groups: 5, as: saco@5}\n"
    "  --param METHOD.NAME=VALUE     sets a parameter of a method asked for; may be repeated\n"
    "  --output logit|probability|loss   what is differentiated [logit]\n"
    "  --precision single|mixed|double   [mixed]\n"
    "  --out FILE                    where to write\n\n"
    "EXAMPLES\n"
    "  vitx tensor --model models/vit --input x.safetensors --methods rollout,ag-cam --out y.safetensors\n"
    "  vitx tensor --model models/vit --input x.safetensors --methods lrp --param lrp.stabilizer=0.01 \\\n"
    "              --precision double --out y.safetensors\n"
    "  vitx tensor --model models/vit --input x.safetensors --maps m.safetensors --measures deletion,saco \\\n"
    "              --out y.safetensors\n\n"
    "EXIT STATUS\n"
    "  0 written, 1 it failed (one line says where and why), 2 bad use\n";

typedef struct request {
  const char *model, *input, *out, *methods, *maps, *measures;
  vx_texts params;
  int target, precision, output;
  vx_config *list; /* its methods and measures */
  vx_given_maps given;
  vx_arena *arena; /* their maps */
} request;

/* ---- which methods ----------------------------------------------------------------------------------------------- */

static bool choose_methods(request *r, const vx_shape *shape, vx_error *error) {
  if (r->methods && strchr(r->methods, '+'))
    return vx_fail(error, "--methods", "'%.60s' is a mix: `vitx explain` makes them", r->methods);
  unsigned lacking = VX_NEED_PICTURE | VX_NEED_PRIOR;
  r->list = vx_config_methods(r->methods, r->params.text, r->params.count, lacking, shape, error);
  return r->list != NULL;
}

/* The measures and the maps that they are of. */
static bool choose_measures(request *r, const vx_shape *shape, vx_error *error) {
  if (!r->measures) return true;
  if (!(r->arena = vx_arena_new())) return vx_fail(error, "--maps", "out of memory");
  return vx_config_metrics(r->list, r->measures, "--measures", error) && vx_given_maps_check(r->list, error) &&
         vx_given_maps_read(r->maps, shape, r->arena, &r->given, error);
}

/* ---- input --------------------------------------------------------------------------------------------------------
 */

typedef struct input {
  float *x, *noise, *road_noise;
  int noise_count, road_noise_count;
  uint8_t *subsets; /* [subset_count][grid²] */
  int subset_count;
} input;

static void shape_text(const vx_tensor *tensor, char *text, size_t size) {
  size_t length = (size_t)snprintf(text, size, "[");
  for (int i = 0; i < tensor->rank && length < size; i++)
    length += (size_t)snprintf(text + length, size - length, "%s%zu", i ? "," : "", tensor->shape[i]);
  if (length < size) snprintf(text + length, size - length, "]");
}

/* A tensor that ends in [3][S][S], with ones before (or, with `many`, a count), as float. NULL on failure. */
static float *read_pictures(const vx_tensors *file, const vx_tensor *tensor, int side, bool many, int *count,
                            vx_error *error) {
  char text[200];
  shape_text(tensor, text, sizeof text);
  const char *where = vx_where(error, "%s: %s", vx_tensors_path(file), tensor->name);
  size_t s = (size_t)side, lead = 1;
  int rank = tensor->rank;
  for (int i = 0; i < rank - 3; i++) lead *= tensor->shape[i];
  bool fits = rank >= 3 && tensor->shape[rank - 1] == s && tensor->shape[rank - 2] == s && tensor->shape[rank - 3] == 3;
  if (!fits || lead < 1 || lead > 4096 || (!many && lead != 1))
    return vx_fail(error, where, "has shape %s, expected [%s3,%d,%d]", text, many ? "N," : "", side, side), NULL;
  float *values = malloc(tensor->count * sizeof *values);
  if (!values)
    vx_fail(error, where, "out of memory");
  else if (!vx_tensor_to_float(tensor, values)) {
    vx_fail(error, where, "is of type %s, expected numbers", vx_dtype_name(tensor->dtype));
    free(values);
    values = NULL;
  }
  *count = (int)lead;
  return values;
}

static bool read_subsets(const char *path, const vx_tensor *tensor, const vx_shape *shape, input *in, vx_error *error) {
  size_t patches = (size_t)shape->grid * (size_t)shape->grid;
  if (tensor->dtype != VX_U8 || tensor->rank != 2 || tensor->shape[1] != patches || tensor->shape[0] < 1 ||
      tensor->shape[0] > 100000)
    return vx_fail(error, path, "its tensor 'subsets' is no U8 [R,%zu]", patches);
  if (!(in->subsets = malloc(tensor->bytes))) return vx_fail(error, path, "out of memory");
  memcpy(in->subsets, tensor->data, tensor->bytes);
  in->subset_count = (int)tensor->shape[0];
  return true;
}

static bool read_input(const char *path, const vx_shape *shape, input *in, vx_error *error) {
  vx_tensors *file = vx_tensors_open(path, error);
  if (!file) return false;
  const vx_tensor *x = vx_tensors_find(file, "x"), *noise = vx_tensors_find(file, "noise");
  const vx_tensor *subsets = vx_tensors_find(file, "subsets"), *road = vx_tensors_find(file, "road_noise");
  int one, side = shape->image;
  bool good = x || vx_fail(error, path, "has no tensor 'x'");
  good = good && (in->x = read_pictures(file, x, side, false, &one, error));
  good = good && (!noise || (in->noise = read_pictures(file, noise, side, true, &in->noise_count, error)));
  good = good && (!road || (in->road_noise = read_pictures(file, road, side, true, &in->road_noise_count, error)));
  good = good && (!subsets || read_subsets(path, subsets, shape, in, error));
  vx_tensors_close(file);
  return good;
}

/* ---- output -------------------------------------------------------------------------------------------------------
 */

enum { FIXED_TENSORS = 5 };

typedef struct output {
  vx_tensor *tensor;
  int count;
  int64_t target;
  vx_arena *arena; /* names and maps */
} output;

static bool add_tensor(output *out, const char *name, const double *data, int rank, const size_t *shape) {
  if (!data) return true;
  vx_tensor *tensor = &out->tensor[out->count++];
  *tensor = (vx_tensor){.name = name, .dtype = VX_F64, .rank = rank, .data = data};
  memcpy(tensor->shape, shape, (size_t)rank * sizeof *shape);
  return true;
}

static void add_fixed(output *out, const vx_view *view) {
  const vx_shape *shape = view->shape;
  size_t n = (size_t)shape->tokens, s = (size_t)shape->image;
  size_t all[4] = {(size_t)shape->layers, (size_t)shape->heads, n, n};
  size_t classes = (size_t)shape->classes, picture[3] = {3, s, s};
  out->target = view->target;
  add_tensor(out, "logits", view->logits, 1, &classes);
  add_tensor(out, "attention", vx_at(view, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0), 4, all); /* layers side by side */
  add_tensor(out, "attention_grad", vx_at(view, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 0), 4, all);
  add_tensor(out, "grad_x", vx_at(view, VX_AT_INPUT, vx_by(VX_GRADIENT), 0), 3, picture);
  out->tensor[out->count++] =
      (vx_tensor){.name = "target", .dtype = VX_I64, .rank = 1, .shape = {1}, .data = &out->target};
}

static bool add_heat(output *out, vx_subject *subject, int method, const char *id, vx_error *error) {
  vx_heatmap map;
  char *name = VX_TAKE(out->arena, strlen(id) + 6, char);
  if (!name) return vx_fail(error, id, "out of memory");
  memcpy(name, "heat.", 5);
  memcpy(name + 5, id, strlen(id));
  if (!vx_subject_map(subject, method, &map, error)) return false;
  return add_tensor(out, name, map.value, 2, (size_t[]){(size_t)map.rows, (size_t)map.columns});
}

static bool write_all(const request *r, vx_subject *subject, const vx_view *view, vx_error *error) {
  const vx_config *list = r->list;
  output out = {.arena = vx_arena_new(),
                .tensor = calloc((size_t)(list->method_count + FIXED_TENSORS + vx_given_tensors(list, &r->given)),
                                 sizeof(vx_tensor))};
  bool good = (out.arena && out.tensor) || vx_fail(error, "tensor", "out of memory");
  if (good) add_fixed(&out, view);
  for (int i = 0; i < list->method_count && good; i++) good = add_heat(&out, subject, i, list->methods[i].name, error);
  good = good && vx_given_measure(list, &r->given, view, out.arena, out.tensor, &out.count, error);
  good = good && vx_tensors_write(r->out, out.tensor, out.count, error);
  vx_arena_free(out.arena);
  free(out.tensor);
  return good;
}

/* ---- the line -----------------------------------------------------------------------------------------------------
 */

static bool explain(const request *r, const vx_model *model, const vx_plan *plan, const input *in, vx_error *error) {
  int side = vx_model_shape(model)->image;
  vx_input_options none = vx_input_default(side); /* x is the input already; but what is a black pixel? */
  if (plan->needs.answer_count + plan->needs.shared_count && !vx_input_from_checkpoint(r->model, side, &none, error))
    return false;
  vx_subject *subject = vx_subject_new(model, plan, &none, (vx_precision)r->precision, error);
  vx_question question = {.target = r->target,
                          .output = (vx_output)r->output,
                          .noise = in->noise,
                          .noise_count = in->noise_count,
                          .subsets = in->subsets,
                          .subset_count = in->subset_count,
                          .road_noise = in->road_noise,
                          .road_noise_count = in->road_noise_count};
  vx_top top[VX_TOP];
  if (subject) vx_subject_show_input(subject, in->x, NULL);
  bool good = subject && vx_subject_predict(subject, error);
  if (good && question.target < 0 && vx_subject_top(subject, top)) question.target = top[0].label;
  const vx_view *view = good ? vx_subject_ask(subject, &question, error) : NULL;
  good = view && write_all(r, subject, view, error);
  vx_subject_free(subject);
  return good;
}

static bool work(request *r, const vx_model *model, vx_error *error) {
  const vx_shape *shape = vx_model_shape(model);
  if (r->target >= shape->classes)
    return vx_fail(error, "--target", "is %d, the model has classes 0 to %d", r->target, shape->classes - 1);
  if (!choose_methods(r, shape, error) || !choose_measures(r, shape, error)) return false;
  vx_plan plan;
  input in = {0};
  if (!vx_plan_make(r->list->methods, r->list->method_count, shape, &plan, error) ||
      !vx_plan_metrics(&plan, r->list->metrics, r->list->metric_count, shape, error))
    return false;
  vx_wants *wants = &plan.needs.wants;
  vx_want_at(wants, VX_AT_INPUT, vx_by(VX_GRADIENT));
  vx_want_layers(wants, VX_AT_ATTENTION, vx_by(VX_FORWARD), 0, shape->layers - 1);
  vx_want_layers(wants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 0, shape->layers - 1);
  bool good = vx_blas_check(shape, NULL, 0, error) && read_input(r->input, shape, &in, error) &&
              explain(r, model, &plan, &in, error);
  free(in.x);
  free(in.noise);
  free(in.road_noise);
  free(in.subsets);
  return good;
}

int vx_cmd_tensor(int argc, char **argv, vx_error *error) {
  request r = {.target = -1};
  const char *precision = "mixed", *output_word = "logit";
  const vx_option options[] = {{"model", VX_OPTION_TEXT, &r.model},       {"input", VX_OPTION_TEXT, &r.input},
                               {"out", VX_OPTION_TEXT, &r.out},           {"methods", VX_OPTION_TEXT, &r.methods},
                               {"maps", VX_OPTION_TEXT, &r.maps},         {"measures", VX_OPTION_TEXT, &r.measures},
                               {"param", VX_OPTION_LIST, &r.params},      {"target", VX_OPTION_INT, &r.target},
                               {"precision", VX_OPTION_TEXT, &precision}, {"output", VX_OPTION_TEXT, &output_word}};
  int operands;
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands != 0 || !r.model || !r.input || !r.out)
    return vx_bad_use(error, "tensor", "wants --model DIR, --input FILE and --out FILE");
  if (!r.maps != !r.measures) return vx_bad_use(error, "tensor", "wants --maps and --measures together");
  if (!vx_choice("tensor", "precision", precision, "single|mixed|double", &r.precision, error) ||
      !vx_choice("tensor", "output", output_word, "logit|probability|loss", &r.output, error))
    return 2;
  vx_model *model = vx_model_open(r.model, error);
  bool good = model && (r.output == VX_LOGIT || vx_model_has_probability(model, error)) && work(&r, model, error);
  vx_config_free(r.list);
  vx_arena_free(r.arena);
  vx_model_close(model);
  return good ? 0 : 1;
}
