/* Every method against golden maps of an independent implementation, through the real worker, in the default precision
   and in double. What lies in tests/golden always runs; more models, the stabilised rules' larger maps and real
   pictures run where the optional vectors are. */
#include <check.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/safetensors.h"
#include "explainers/explainer.h"
#include "metrics/answers.h"
#include "tests/explainers/flow_checks.h"
#include "tests/support/files.h"

/* ---- tolerances (spec section 6): share of the golden map's largest magnitude ------------------------------------ */

static bool is_relevance(const char *id) {
  return strstr(id, "lrp") || strstr(id, "transformer-attribution");
}

static double tolerance(const char *id, vx_precision precision, vx_dtype dtype) {
  /* xgrad-cam and grad-cam-plus-plus divide by sums of a LayerNorm's output, which pass near zero: single precision
     moves them by a few ten-thousandths, double (below) not at all. */
  bool loose = strcmp(id, "lrp-stable") == 0 || strcmp(id, "xgrad-cam") == 0 || strcmp(id, "grad-cam-plus-plus") == 0;
  if (precision != VX_DOUBLE) return loose ? 1e-3 : 1e-4;
  if (strcmp(id, "attention-flow") == 0) return 1e-6;
  if (dtype == VX_F32 || is_relevance(id)) return 1e-7;
  return 1e-8;
}

/* ---- one golden file --------------------------------------------------------------------------------------------- */

typedef struct golden {
  const char *model, *path, *stable; /* stable: more maps, under the plain ids, at delta 1e-2; or NULL */
  bool some;                         /* may hold maps of methods that there are not */
} golden;

typedef struct subject {
  vx_tensors *file;
  const vx_explainer *explainer;
  vx_args args;
  const vx_tensor *heat;
} subject;

enum { SUBJECTS_MAX = 64 };

/* The methods whose maps a file holds; `suffix` is what their ids have behind the file's names. With `some` the file
   may hold maps of methods that there are not. */
static int find_subjects(vx_tensors *file, const char *suffix, bool some, subject *subjects) {
  int count = 0;
  for (int i = 0; i < vx_tensors_count(file); i++) {
    const vx_tensor *tensor = vx_tensors_at(file, i);
    char id[128];
    if (strncmp(tensor->name, "heat.", 5) != 0) continue;
    snprintf(id, sizeof id, "%s%s", tensor->name + 5, suffix);
    const vx_explainer *explainer = vx_explainer_find(id);
    if (!explainer && some) continue;
    ck_assert_msg(explainer != NULL, "there is no method %s", id);
    ck_assert_int_lt(count, SUBJECTS_MAX);
    subjects[count] = (subject){.file = file, .explainer = explainer, .heat = tensor};
    vx_args_default(&explainer->params, &subjects[count++].args);
  }
  return count;
}

static float *floats_of(const vx_tensors *file, const char *name) {
  const vx_tensor *tensor = vx_tensors_find(file, name);
  if (!tensor) return NULL;
  float *values = malloc(tensor->count * sizeof *values);
  ck_assert(vx_tensor_to_float(tensor, values));
  return values;
}

static double largest(const double *values, size_t count) {
  double most = 0;
  for (size_t i = 0; i < count; i++) most = fmax(most, fabs(values[i]));
  return most;
}

/* Largest difference as a share of the golden map's largest magnitude; a flat golden map must be met exactly flat. The
   golden flows were made from capacities cut to multiples of 2^-28: that much is their own error (without it they are
   met to 1e-12, see `golden_flows_exactly`). */
static double difference(const char *id, const double *made, const double *wanted, size_t count) {
  double most = 0, scale = largest(wanted, count), own = strcmp(id, "attention-flow") == 0 ? 5e-9 : 0;
  for (size_t i = 0; i < count; i++) most = fmax(most, fabs(made[i] - wanted[i]) - own);
  return scale > 0 ? most / scale : most;
}

static int failures;
static double worst[2][64]; /* by precision (default, double) and method, for the summary */

static void compare(const golden *from, const subject *one, vx_precision precision, const vx_view *view) {
  const char *id = one->explainer->id;
  size_t count = one->heat->count, side = (size_t)vx_explainer_side(one->explainer, view->shape);
  ck_assert_uint_eq(count, side * side);
  double *made = malloc(count * sizeof *made), *wanted = malloc(count * sizeof *wanted);
  vx_error error;
  ck_assert(vx_tensor_to_double(one->heat, wanted));
  bool ran = vx_explainer_run(one->explainer, view, &one->args, made, &error);
  double apart = ran ? difference(id, made, wanted, count) : INFINITY;
  double allowed = tolerance(id, precision, one->heat->dtype);
  if (!ran) printf("%s %s: %s: %s\n", from->path, id, error.where, error.why);
  if (!(apart <= allowed)) {
    printf("%s %s %s: apart by %.3g of the maximum, allowed %.0e\n", from->path,
           precision == VX_DOUBLE ? "double" : "mixed", id, apart, allowed);
    failures++;
  }
  for (int m = 0; m < vx_explainer_count() && m < 64; m++)
    if (vx_explainer_at(m) == one->explainer) {
      double *kept = &worst[precision == VX_DOUBLE][m];
      *kept = fmax(*kept, apart);
    }
  free(made);
  free(wanted);
}

static void check_in(const golden *from, const vx_model *model, vx_tensors *file, vx_precision precision,
                     const subject *subjects, int count) {
  vx_error error = {0};
  vx_needs plan = {0}, needs;
  const vx_shape *shape = vx_model_shape(model);
  for (int i = 0; i < count; i++) {
    vx_explainer_needs(subjects[i].explainer, shape, &subjects[i].args, &needs);
    ck_assert(vx_needs_add(&plan, &needs, &error));
  }
  vx_worker *worker = vx_worker_new(model, &plan, precision, &error);
  ck_assert_msg(worker != NULL, "%s: %s", error.where, error.why);
  float *x = floats_of(file, "x"), *noise = floats_of(file, "noise");
  double target;
  ck_assert(vx_tensor_to_double(vx_tensors_find(file, "target"), &target));
  ck_assert_msg(vx_worker_forward(worker, x, &error), "%s: %s", error.where, error.why);
  vx_view *view = vx_worker_explain(worker, (int)target, VX_LOGIT, &error);
  ck_assert_msg(view != NULL, "%s: %s", error.where, error.why);
  const double black[3] = {0};
  vx_answers *answers = vx_answers_new(shape, black, &error);
  ck_assert_msg(answers != NULL, "%s: %s", error.where, error.why);
  vx_answers_start(answers, (int)target);
  view->answers = answers;
  view->noise = noise;
  view->noise_count = noise ? (int)vx_tensors_find(file, "noise")->shape[0] : 0;
  for (int i = 0; i < count; i++) compare(from, &subjects[i], precision, view);
  vx_answers_free(answers);
  vx_worker_free(worker);
  free(x);
  free(noise);
}

static void check_golden(const golden *from, bool in_double) {
  vx_error error;
  vx_model *model = vx_model_open(from->model, &error);
  ck_assert_msg(model != NULL, "%s: %s", error.where, error.why);
  vx_tensors *file = vx_tensors_open(from->path, &error), *stable = NULL;
  ck_assert_msg(file != NULL, "%s: %s", error.where, error.why);
  subject subjects[SUBJECTS_MAX], more[SUBJECTS_MAX];
  int count = find_subjects(file, "", from->some, subjects), more_count = 0;
  if (from->stable && access(from->stable, R_OK) == 0) {
    stable = vx_tensors_open(from->stable, &error);
    ck_assert_msg(stable != NULL, "%s: %s", error.where, error.why);
    more_count = find_subjects(stable, "-stable", false, more);
  }
  ck_assert_int_gt(count + more_count, 0);
  for (int i = 0; i < more_count; i++) subjects[count++] = more[i];
  check_in(from, model, file, VX_MIXED, subjects, count);
  if (in_double) check_in(from, model, file, VX_DOUBLE, subjects, count);
  vx_tensors_close(stable);
  vx_tensors_close(file);
  vx_model_close(model);
}

/* ---- which files ------------------------------------------------------------------------------------------------- */

/* "vit-nano-0-top.safetensors" -> "vit-nano". */
static void model_name(const char *path, char *name, size_t size) {
  snprintf(name, size, "%s", strrchr(path, '/') + 1);
  for (int dash = 0; dash < 2; dash++) *strrchr(name, '-') = '\0';
}

/* Every file of folder/set (explain, or wider: methods beyond the paper's) with the models of folder/models. `but` (may
   be NULL): not those that are there too. */
static int check_folder(const char *folder, const char *set, const char *but) {
  char pattern[1024];
  glob_t found;
  snprintf(pattern, sizeof pattern, "%s/%s/*-*-*.safetensors", folder, set);
  if (glob(pattern, 0, NULL, &found) != 0) return 0;
  int tried = 0;
  for (size_t i = 0; i < found.gl_pathc; i++) {
    const char *path = found.gl_pathv[i], *base = strrchr(path, '/') + 1;
    char name[256], model[1024], stable[1024], twin[1024];
    snprintf(twin, sizeof twin, "%s/%s/%s", but ? but : "", set, base);
    if (but && access(twin, R_OK) == 0) continue;
    model_name(path, name, sizeof name);
    snprintf(model, sizeof model, "%s/models/%s", folder, name);
    bool wider = strcmp(set, "wider") == 0;
    snprintf(stable, sizeof stable, "%s/stable/%s", folder, base);
    check_golden(&(golden){.model = model, .path = path, .stable = wider ? NULL : stable, .some = wider}, true);
    tried++;
  }
  globfree(&found);
  return tried;
}

/* The golden flows' capacities were cut to multiples of 2^-28. Cut the same way, flows agree to the last digits. Each
   is certified: what lies on the edges is a flow of that value, and a cut has the same capacity. */
static void check_flow(const char *path) {
  vx_error error;
  vx_tensors *file = vx_tensors_open(path, &error);
  ck_assert_msg(file != NULL, "%s: %s", error.where, error.why);
  const vx_tensor *stored = vx_tensors_find(file, "attention"), *heat = vx_tensors_find(file, "heat.attention-flow");
  if (stored && heat) {
    size_t layers = stored->shape[0], heads = stored->shape[1], n = stored->shape[2];
    double *attention = malloc(stored->count * sizeof *attention), *wanted = malloc(heat->count * sizeof *wanted);
    double *capacity = calloc(layers * n * n, sizeof *capacity), sum = 0;
    vx_flow *flows = malloc(n * sizeof *flows);
    vx_arena *scratch = vx_arena_new();
    ck_assert(vx_tensor_to_double(stored, attention) && vx_tensor_to_double(heat, wanted));
    for (size_t l = 0; l < layers; l++)
      for (size_t e = 0; e < n * n; e++) {
        double mean = 0;
        for (size_t h = 0; h < heads; h++) mean += attention[((l * heads) + h) * n * n + e] / (double)heads;
        capacity[l * n * n + e] = floor((mean + (e % (n + 1) == 0)) / 2 * 0x1p28) / 0x1p28;
      }
    vx_flow_graph graph = {.layers = (int)layers, .tokens = (int)n, .source = 0, .capacity = capacity};
    ck_assert(vx_flow_all(&graph, scratch, flows, &error));
    for (size_t j = 0; j < n; j++) sum += flows[j].value;
    for (size_t j = 1; j < n; j++) ck_assert_double_eq_tol(flows[j].value / sum, wanted[j - 1], 1e-12);
    double *edges = malloc(layers * n * n * sizeof *edges);
    for (int j = 0; j < (int)n; j++) {
      vx_flow flow;
      ck_assert(vx_flow_one(&graph, j, scratch, &flow, edges, &error));
      ck_assert(flow.value == flows[j].value);
      ck_assert_double_eq_tol(flow.value, flow.cut, 1e-12);
      check_is_flow(&graph, edges, j, flow.value);
    }
    free(edges);
    vx_arena_free(scratch);
    free(flows);
    free(capacity);
    free(wanted);
    free(attention);
  }
  vx_tensors_close(file);
}

START_TEST(golden_flows_exactly) {
  glob_t found;
  ck_assert_int_eq(glob("tests/golden/explain/*-top.safetensors", 0, NULL, &found), 0);
  for (size_t i = 0; i < found.gl_pathc; i++) check_flow(found.gl_pathv[i]);
  globfree(&found);
}
END_TEST

START_TEST(models_in_the_repository) {
  ck_assert_int_ge(check_folder("tests/golden", "explain", NULL), 5);
  ck_assert_int_ge(check_folder("tests/golden", "wider", NULL), 1);
  ck_assert_int_eq(failures, 0);
}
END_TEST

START_TEST(all_models) {
  char folder[1024];
  if (!shared_path("golden", folder)) return;
  ck_assert_int_gt(check_folder(folder, "explain", "tests/golden"), 0);
  ck_assert_int_gt(check_folder(folder, "wider", "tests/golden"), 0);
  ck_assert_int_eq(failures, 0);
}
END_TEST

/* What the family's models have no map by is refused by name, and the golden files have none. */
static void check_unfit(const char *path, const char *model_path) {
  static const char *const ids[] = {"ag-cam", "cam"};
  vx_error error;
  vx_model *model = vx_model_open(model_path, &error);
  vx_tensors *file = vx_tensors_open(path, &error);
  ck_assert_msg(model && file, "%s: %s", error.where, error.why);
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    char name[32];
    snprintf(name, sizeof name, "heat.%s", ids[i]);
    bool fits = vx_explainer_fits(vx_explainer_find(ids[i]), vx_model_shape(model), &error);
    ck_assert_msg(fits == (vx_tensors_find(file, name) != NULL), "%s %s", path, ids[i]);
    if (!fits) ck_assert_str_eq(error.where, ids[i]);
  }
  vx_tensors_close(file);
  vx_model_close(model);
}

/* Models as timm, transformers and torchvision save them; `but` as above. */
static int check_family(const char *folder, const char *but) {
  char pattern[1024];
  glob_t found;
  snprintf(pattern, sizeof pattern, "%s/explain/*.safetensors", folder);
  if (glob(pattern, 0, NULL, &found) != 0) return 0;
  int tried = 0;
  for (size_t i = 0; i < found.gl_pathc; i++) {
    const char *path = found.gl_pathv[i], *base = strrchr(path, '/') + 1;
    char model[1200], twin[1024];
    snprintf(twin, sizeof twin, "%s/explain/%s", but ? but : "", base);
    if (but && access(twin, R_OK) == 0) continue;
    snprintf(model, sizeof model, "%s/models/%.*s", folder, (int)(strlen(base) - strlen(".safetensors")), base);
    if (access(model, R_OK) != 0) continue; /* logits alone */
    vx_error error;
    vx_tensors *file = vx_tensors_open(path, &error);
    bool maps = file && vx_tensors_find(file, "heat.rollout");
    vx_tensors_close(file);
    if (!maps) continue;
    check_golden(&(golden){.model = model, .path = path}, true);
    check_unfit(path, model);
    tried++;
  }
  globfree(&found);
  return tried;
}

START_TEST(family_in_the_repository) {
  ck_assert_int_ge(check_family("tests/golden/variants", NULL), 5);
  ck_assert_int_eq(failures, 0);
}
END_TEST

START_TEST(family) {
  char folder[1024];
  if (!shared_path("golden/variants", folder)) return;
  ck_assert_int_gt(check_family(folder, "tests/golden/variants"), 0);
  ck_assert_int_eq(failures, 0);
}
END_TEST

START_TEST(real_pictures) {
  char folder[1024], model[1024], pattern[1100];
  if (!shared_path("golden/real", folder) || !shared_path("models/vit-tiny-patch16-224", model)) return;
  glob_t found;
  snprintf(pattern, sizeof pattern, "%s/*.safetensors", folder);
  ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
  for (size_t i = 0; i < found.gl_pathc; i++) {
    char stable[2400];
    snprintf(stable, sizeof stable, "%s/../stable/%s", folder, strrchr(found.gl_pathv[i], '/') + 1);
    check_golden(&(golden){.model = model, .path = found.gl_pathv[i], .stable = stable}, i < 2); /* double is slow */
  }
  globfree(&found);
  ck_assert_int_eq(failures, 0);
}
END_TEST

static void print_worst(void) {
  printf("largest distance from the golden maps, as a share of their maximum (default precision, double):\n");
  for (int m = 0; m < vx_explainer_count(); m++)
    if (worst[0][m] > 0 || worst[1][m] > 0)
      printf("  %-32s %8.1e %8.1e\n", vx_explainer_at(m)->id, worst[0][m], worst[1][m]);
}

int main(void) {
  setbuf(stdout, NULL);
  vx_blas_threads(1);
  Suite *suite = suite_create("golden maps");
  TCase *tests = tcase_create("golden");
  tcase_set_timeout(tests, 600);
  tcase_add_test(tests, golden_flows_exactly);
  tcase_add_test(tests, models_in_the_repository);
  tcase_add_test(tests, all_models);
  tcase_add_test(tests, family_in_the_repository);
  tcase_add_test(tests, family);
  tcase_add_test(tests, real_pictures);
  tcase_add_unchecked_fixture(tests, NULL, print_worst);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_set_fork_status(runner, CK_NOFORK); /* one summary over all files */
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
