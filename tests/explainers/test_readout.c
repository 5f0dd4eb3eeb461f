/* Heads that read several tokens: where the specification takes the [CLS] row of a matrix M, r M. On a hand-made view,
   against r times the whole matrix; and, where the optional vectors are, against maps of an independent implementation
   from the attention and gradients of pooled, distilled and DINOv2 models. */
#include "core/safetensors.h"
#include "tests/explainers/scene.h"
#include "tests/support/files.h"
#include "tests/support/suite.h"

/* ---- a hand-made view that reads the mean of the patches ---------------------------------------------------- */

static void read_patches(scene *s, vx_shape *pooled) {
  make_scene(s);
  *pooled = shape;
  pooled->readout = VX_READ_PATCHES;
  for (int i = 0; i < N; i++) s->read[i] = i == 0 ? 0 : 1.0 / (N - 1);
  take_all_rows(s);
  s->view.shape = pooled;
}

typedef double matrix[N][N];

/* heat = the patches of r M. */
static void read_of(const scene *s, matrix m, double *heat) {
  for (int j = 1; j < N; j++) {
    heat[j - 1] = 0;
    for (int i = 0; i < N; i++) heat[j - 1] += s->read[i] * m[i][j];
  }
}

START_TEST(maps_are_read_from_whole_matrices) {
  static scene s;
  vx_shape pooled;
  read_patches(&s, &pooled);
  matrix most, products = {{0}}, clamped = {{0}}, weighed = {{0}}, saw = {{0}}, relevance = {{0}};
  double alpha[L] = {0}, total = 0, heat[N - 1], wanted[N - 1];
  for (int e = 0; e < L * H * N * N; e++) alpha[e / (H * N * N)] += fmax(0, (&s.gradient[0][0][0][0])[e]);
  for (int l = 0; l < L; l++) total += alpha[l];
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      most[i][j] = 0;
      for (int h = 0; h < H; h++) {
        most[i][j] = fmax(most[i][j], s.attention[L - 1][h][i][j]);
        relevance[i][j] += fmax(0, s.relevance[L - 1][h][i][j]) / H;
        for (int l = 0; l < L; l++) {
          double a = s.attention[l][h][i][j], g = s.gradient[l][h][i][j];
          products[i][j] += a * g;
          clamped[i][j] += fmax(0, a * g);
          weighed[i][j] += fmax(0, g) / (1 + exp(-s.scores[l][h][i][j]));
          saw[i][j] += alpha[l] / total * fmax(0, g) * a / H;
        }
      }
    }
  const struct {
    const char *id, *name, *value;
    double (*of)[N];
  } cases[] = {{"raw-attention", "heads", "max", most},
               {"attention-gradient", "clamp", "false", products},
               {"attention-gradient", NULL, NULL, clamped},
               {"ag-cam-full", NULL, NULL, weighed},
               {"i-saw", NULL, NULL, saw},
               {"partial-lrp", NULL, NULL, relevance}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    const char *const with[] = {cases[c].name, cases[c].value, NULL};
    run(&s, cases[c].id, with, heat);
    read_of(&s, cases[c].of, wanted);
    same(heat, wanted, N - 1);
  }
  vx_arena_free(s.view.scratch);
}
END_TEST

START_TEST(methods_of_one_token_refuse) {
  static scene s;
  static const char *const ids[] = {"ag-cam", "attention-flow"};
  vx_shape pooled;
  read_patches(&s, &pooled);
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    const vx_explainer *method = vx_explainer_find(ids[i]);
    vx_args args;
    vx_error error;
    double heat[N - 1];
    vx_args_default(&method->params, &args);
    ck_assert(!vx_explainer_run(method, &s.view, &args, heat, &error));
    ck_assert_str_eq(error.where, ids[i]);
    ck_assert_msg(strstr(error.why, "this model's head reads"), "%s", error.why);
  }
  vx_arena_free(s.view.scratch);
}
END_TEST

/* ---- models of the family --------------------------------------------------------------------------------------- */

typedef struct stored {
  double *attention, *gradient, *attention_rows, *gradient_rows, *read;
  vx_shape shape;
} stored;

static double *doubles_of(const vx_tensors *file, const char *name) {
  const vx_tensor *tensor = vx_tensors_find(file, name);
  ck_assert_msg(tensor != NULL, "no %s", name);
  double *values = malloc(tensor->count * sizeof *values);
  ck_assert(vx_tensor_to_double(tensor, values));
  return values;
}

static double *rows_of(const stored *s, const double *matrices) {
  size_t n = (size_t)s->shape.tokens, count = (size_t)(s->shape.layers * s->shape.heads);
  double *rows = calloc(count * n, sizeof *rows);
  for (size_t m = 0; m < count; m++)
    for (size_t e = 0; e < n * n; e++) rows[m * n + e % n] += s->read[e / n] * matrices[m * n * n + e];
  return rows;
}

/* Readout weights: of each leading token, then what all patches share. */
static void open_stored(const vx_tensors *file, const double *leading, double patches, stored *s) {
  const vx_tensor *a = vx_tensors_find(file, "attention"), *map = vx_tensors_find(file, "heat.rollout");
  ck_assert(a && map);
  int grid = (int)map->shape[0], n = (int)a->shape[a->rank - 1], extra = n - grid * grid;
  s->shape = (vx_shape){.layers = (int)a->shape[a->rank - 4],
                        .heads = (int)a->shape[a->rank - 3],
                        .grid = grid,
                        .leading = extra,
                        .tokens = n,
                        .readout = VX_READ_PATCHES};
  s->read = calloc((size_t)n, sizeof *s->read);
  for (int i = 0; i < n; i++) s->read[i] = i < extra ? (i < 2 ? leading[i] : 0) : patches / (grid * grid);
  s->attention = doubles_of(file, "attention");
  s->gradient = doubles_of(file, "attention_grad");
  s->attention_rows = rows_of(s, s->attention);
  s->gradient_rows = rows_of(s, s->gradient);
}

static void check_family(const char *path, const double *leading, double patches) {
  static const char *const ids[] = {"raw-attention", "rollout",           "attention-gradient",
                                    "i-saw",         "generic-attention", "attn-gradcam"};
  vx_error error;
  vx_tensors *file = vx_tensors_open(path, &error);
  ck_assert_msg(file != NULL, "%s: %s", error.where, error.why);
  stored s;
  open_stored(file, leading, patches, &s);
  int last = s.shape.layers - 1;
  const vx_seen seen[] = {{{VX_AT_ATTENTION, vx_by(VX_FORWARD), false, 0, last}, s.attention},
                          {{VX_AT_ATTENTION, vx_by(VX_FORWARD), true, 0, last}, s.attention_rows},
                          {{VX_AT_ATTENTION, vx_by(VX_GRADIENT), false, 0, last}, s.gradient},
                          {{VX_AT_ATTENTION, vx_by(VX_GRADIENT), true, 0, last}, s.gradient_rows}};
  vx_view view = {.shape = &s.shape, .read = s.read, .seen = seen, .seen_count = 4, .scratch = vx_arena_new()};
  size_t count = (size_t)(s.shape.grid * s.shape.grid);
  double *heat = malloc(count * sizeof *heat);
  for (size_t m = 0; m < sizeof ids / sizeof *ids; m++) {
    const vx_explainer *method = vx_explainer_find(ids[m]);
    vx_args args;
    char name[64];
    snprintf(name, sizeof name, "heat.%s", ids[m]);
    double *wanted = doubles_of(file, name), most = 0;
    vx_args_default(&method->params, &args);
    ck_assert_msg(vx_explainer_run(method, &view, &args, heat, &error), "%s: %s", error.where, error.why);
    for (size_t j = 0; j < count; j++) most = fmax(most, fabs(wanted[j]));
    for (size_t j = 0; j < count; j++)
      ck_assert_msg(fabs(heat[j] - wanted[j]) <= 1e-6 * most, "%s %s at %zu: %g, %g", path, ids[m], j, heat[j],
                    wanted[j]);
    free(wanted);
  }
  vx_arena_free(view.scratch);
  free(heat);
  free(s.attention);
  free(s.gradient);
  free(s.attention_rows);
  free(s.gradient_rows);
  free(s.read);
  vx_tensors_close(file);
}

START_TEST(models_of_the_family) {
  static const struct {
    const char *name;
    double leading[2], patches;
  } models[] = {{"timm-gap-norm", {0}, 1},      {"timm-gap-class-norm", {0}, 1}, {"timm-gap-class-fc-norm", {0}, 1},
                {"timm-reg4-gap", {0}, 1},      {"timm-reg1-gap-class", {0}, 1}, {"hf-dinov2", {0.5}, 0.5},
                {"timm-distilled", {.5, .5}, 0}};
  char folder[1024], path[1200];
  if (!shared_path("golden/variants/explain", folder)) return;
  for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
    snprintf(path, sizeof path, "%s/%s.safetensors", folder, models[i].name);
    check_family(path, models[i].leading, models[i].patches);
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("readout");
  tcase_add_test(tests, maps_are_read_from_whole_matrices);
  tcase_add_test(tests, methods_of_one_token_refuse);
  tcase_add_test(tests, models_of_the_family);
  return run_suite("readout", tests);
}
