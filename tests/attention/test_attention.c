/* `vitx attention`: weights on their way against golden maps and enumeration, drawings as XML with hostile names. */
#include <math.h>

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "harness/attention/attention.h"
#include "harness/data/picture.h"
#include "harness/draw/svg.h"
#include "tests/support/golden.h"
#include "tests/support/program.h"

#define MODEL "tests/golden/models/vit-micro"
#define GOLDEN "tests/golden/explain/vit-nano-0-top.safetensors"

static char folder[512];

static void setup(void) {
  make_folder(folder);
}

static void teardown(void) {
  remove_folder(folder);
}

/* ---- weights ---------------------------------------------------------------------------------------------------- */

typedef struct golden {
  vx_tensors *file;
  vx_shape shape;
  double *attention, *read;
  vx_view view;
  vx_arena *arena;
} golden;

/* `pooled`: as if the head read the mean of the patches. */
static golden *open_golden(golden *into, bool pooled) {
  vx_error error = {"", ""};
  *into = (golden){.file = vx_tensors_open(GOLDEN, &error), .arena = vx_arena_new()};
#define g (*into)
  ck_assert_msg(g.file != NULL, "%s", error.why);
  const vx_tensor *a = vx_tensors_find(g.file, "attention");
  ck_assert(a && a->rank >= 4);
  const size_t *shape = a->shape + a->rank - 4;
  g.shape = (vx_shape){.layers = (int)shape[0], .heads = (int)shape[1], .tokens = (int)shape[2], .leading = 1};
  g.attention = vx_test_doubles(g.file, "attention", NULL);
  g.read = calloc(shape[2], sizeof *g.read);
  for (size_t i = 0; i < shape[2]; i++) g.read[i] = pooled ? (i ? 1 / (double)(shape[2] - 1) : 0) : i == 0;
  g.view = (vx_view){.shape = &g.shape, .read = g.read};
#undef g
  return into;
}

static void close_golden(golden *g) {
  free(g->attention);
  free(g->read);
  vx_arena_free(g->arena);
  vx_tensors_close(g->file);
}

/* A unit at every level; what leaves a node is what came in. */
static void check_conserved(const vx_paths *paths) {
  size_t n = (size_t)paths->tokens;
  for (int l = 0; l <= paths->layers; l++) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += paths->node[(size_t)l * n + i];
    ck_assert_double_lt(fabs(sum - 1), 1e-9);
  }
  for (size_t l = 0; l < (size_t)paths->layers; l++)
    for (size_t i = 0; i < n; i++) {
      double out = 0, in = 0;
      for (size_t j = 0; j < n; j++) {
        ck_assert_double_ge(paths->edge[(l * n + i) * n + j], -1e-12);
        out += paths->edge[(l * n + i) * n + j];
        in += paths->edge[(l * n + j) * n + i];
      }
      ck_assert_double_lt(fabs(out - paths->node[(l + 1) * n + i]), 1e-9);
      ck_assert_double_lt(fabs(in - paths->node[l * n + i]), 1e-9);
    }
}

START_TEST(what_arrives_is_the_golden_map) {
  golden g;
  open_golden(&g, false);
  vx_error error = {"", ""};
  double *matrices = vx_paths_matrices(&g.shape, g.attention, g.arena, &error);
  ck_assert_ptr_nonnull(matrices);
  vx_paths paths;
  size_t count;
  double *rollout = vx_test_doubles(g.file, "heat.rollout", &count);
  double *flow = vx_test_doubles(g.file, "heat.attention-flow", NULL);
  ck_assert(rollout && flow && count == (size_t)g.shape.tokens - 1);
  ck_assert(vx_paths_rollout(&g.view, matrices, g.arena, &paths, &error));
  check_conserved(&paths);
  ck_assert_double_lt(vx_test_difference(count, paths.node + 1, rollout), 1e-6);
  ck_assert(vx_paths_flow(&g.view, matrices, g.arena, &paths, &error));
  check_conserved(&paths);
  ck_assert_double_lt(vx_test_difference(count, paths.node + 1, flow), 1e-6);
  free(rollout);
  free(flow);
  close_golden(&g);
}
END_TEST

START_TEST(attention_by_layer_and_head) {
  golden g;
  open_golden(&g, false);
  size_t n = (size_t)g.shape.tokens, heads = (size_t)g.shape.heads, layers = (size_t)g.shape.layers;
  double *by_layer = malloc(layers * n * sizeof *by_layer), *by_head = malloc(heads * n * sizeof *by_head);
  vx_attention_by_layer(&g.view, g.attention, by_layer);
  for (size_t l = 0; l < layers; l++) {
    vx_attention_by_head(&g.view, g.attention, (int)l, by_head);
    for (size_t j = 0; j + 1 < n; j++) {
      double sum = 0;
      for (size_t h = 0; h < heads; h++) {
        double a = g.attention[((l * heads + h) * n + 0) * n + j + 1];
        ck_assert_double_eq(by_head[h * (n - 1) + j], a);
        sum += a;
      }
      ck_assert_double_lt(fabs(by_layer[l * (n - 1) + j] - sum / (double)heads), 1e-12);
    }
  }
  free(by_layer);
  free(by_head);
  close_golden(&g);
}
END_TEST

/* Where the head reads the mean of the patches: every row of the whole product counts alike, and no flow has a source.
 */
START_TEST(weights_start_where_the_head_reads) {
  golden g;
  open_golden(&g, true);
  size_t n = (size_t)g.shape.tokens, layers = (size_t)g.shape.layers;
  vx_error error = {"", ""};
  double *matrices = vx_paths_matrices(&g.shape, g.attention, g.arena, &error);
  double *row = malloc(n * sizeof *row), *next = malloc(n * sizeof *next);
  double *by_layer = malloc(layers * (n - 1) * sizeof *by_layer), *last = by_layer + (layers - 1) * (n - 1);
  vx_paths paths;
  ck_assert(vx_paths_rollout(&g.view, matrices, g.arena, &paths, &error));
  check_conserved(&paths);
  memcpy(row, g.read, n * sizeof *row);
  for (size_t l = layers; l-- > 0; memcpy(row, next, n * sizeof *row))
    for (size_t j = 0; j < n; j++) {
      next[j] = 0;
      for (size_t i = 0; i < n; i++) next[j] += row[i] * matrices[(l * n + i) * n + j];
    }
  for (size_t j = 0; j < n; j++) ck_assert_double_lt(fabs(paths.node[j] - row[j]), 1e-12);
  vx_attention_by_layer(&g.view, g.attention, by_layer);
  for (size_t j = 1; j < n; j++) {
    double sum = 0, heads = g.shape.heads;
    for (size_t e = 0; e < (size_t)g.shape.heads * (n - 1); e++)
      sum += g.attention[(((layers - 1) * (size_t)g.shape.heads + e / (n - 1)) * n + 1 + e % (n - 1)) * n + j];
    ck_assert_double_lt(fabs(last[j - 1] - sum / heads / (double)(n - 1)), 1e-12);
  }
  int token_of[20], tokens[20];
  ck_assert(vx_paths_main_tokens(&paths, 2, tokens) == 2 && tokens[0] > 0 && tokens[1] > 0);
  ck_assert_double_gt(vx_paths_strongest(&paths, tokens[0], token_of, &error), 0);
  ck_assert_int_gt(token_of[layers], 0); /* the way ends in a patch that is read */
  ck_assert(!vx_paths_flow(&g.view, matrices, g.arena, &paths, &error));
  ck_assert_msg(strstr(error.why, "head reads several"), "%s", error.why);
  free(row);
  free(next);
  free(by_layer);
  close_golden(&g);
}
END_TEST

enum { L = 3, N = 4 };

/* Random matrices with rows that sum to 1. */
static void random_matrices(uint64_t *state, double matrices[L * N * N]) {
  for (int row = 0; row < L * N; row++) {
    double sum = 0;
    for (int j = 0; j < N; j++) sum += matrices[row * N + j] = draw(state) % 5 ? draw_between(state, 1, 1000) : 0;
    for (int j = 0; j < N; j++) matrices[row * N + j] = sum > 0 ? matrices[row * N + j] / sum : 1.0 / N;
  }
}

START_TEST(strongest_ways_by_enumeration) {
  uint64_t state = 11;
  for (int round = 0; round < 50; round++) {
    double matrices[L * N * N];
    vx_arena *arena = vx_arena_new();
    vx_paths paths;
    vx_error error;
    double read[N] = {1};
    vx_shape shape = {.layers = L, .tokens = N, .leading = 1};
    vx_view view = {.shape = &shape, .read = read};
    random_matrices(&state, matrices);
    ck_assert(vx_paths_rollout(&view, matrices, arena, &paths, &error));
    for (int token = 0; token < N; token++) {
      double best = 0, walked = 1;
      int token_of[L + 1];
      for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
          best = fmax(best, matrices[(2 * N + 0) * N + i] * matrices[(1 * N + i) * N + j] * matrices[j * N + token]);
      double found = vx_paths_strongest(&paths, token, token_of, &error);
      ck_assert_double_lt(fabs(found - best), 1e-12);
      if (best == 0) continue;
      ck_assert(token_of[L] == 0 && token_of[0] == token);
      for (int l = 0; l < L; l++) walked *= matrices[(l * N + token_of[l + 1]) * N + token_of[l]];
      ck_assert_double_lt(fabs(walked - best), 1e-12);
    }
    int tokens[N], count = vx_paths_main_tokens(&paths, 9, tokens);
    ck_assert_int_eq(count, N - 1);
    double node[(L + 1) * 3], edge[L * 3 * 3], sum;
    vx_paths_group(&paths, tokens, 1, node, edge);
    for (int l = 0; l <= L; l++) {
      ck_assert_double_lt(fabs(node[l * 3] - paths.node[l * N]), 1e-12);
      ck_assert_double_lt(fabs(node[l * 3 + 1] - paths.node[l * N + tokens[0]]), 1e-12);
      ck_assert_double_lt(fabs(node[l * 3] + node[l * 3 + 1] + node[l * 3 + 2] - 1), 1e-9);
      sum = 0;
      for (int e = 0; l < L && e < 9; e++) sum += edge[l * 9 + e];
      ck_assert(l == L || fabs(sum - 1) < 1e-9);
    }
    vx_arena_free(arena);
  }
}
END_TEST

START_TEST(patches_have_their_most_frequent_label) {
  enum { SIDE = 12, GRID = 3, PATCH = 4 };
  uint64_t state = 5;
  vx_input_options input = vx_input_default(SIDE);
  for (int round = 0; round < 30; round++) {
    uint8_t label[SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) label[i] = (uint8_t)(draw(&state) % 3 ? draw(&state) % 4 : 255);
    if (round == 0) memset(label, 255, sizeof label);
    vx_arena *arena = vx_arena_new();
    vx_attention a = {.grid = GRID, .patches = GRID * GRID, .side = SIDE};
    vx_error error;
    ck_assert(vx_attention_label(&a, &input, label, SIDE, SIDE, arena, &error));
    for (int p = 0; p < GRID * GRID; p++) {
      int best = 255, most = 0;
      for (int k = 0; k < 255; k++) {
        int count = 0;
        for (int i = 0; i < SIDE * SIDE; i++)
          count += label[i] == k && i / SIDE / PATCH == p / GRID && i % SIDE / PATCH == p % GRID;
        if (count > most) most = count, best = k;
      }
      ck_assert_int_eq(a.patch_label[p], best);
    }
    vx_arena_free(arena);
  }
}
END_TEST

/* ---- drawings --------------------------------------------------------------------------------------------------- */

static xmlDoc *parsed(const char *name) {
  char *path = path_in(folder, name);
  xmlDoc *document = xmlReadFile(path, NULL, XML_PARSE_NONET);
  ck_assert_msg(document != NULL, "%s is not XML", name);
  size_t size;
  uint8_t *text = read_bytes(path, &size);
  text[size] = 0;
  ck_assert_msg(!strstr((char *)text, "nan") && !strstr((char *)text, "inf "), "%s has a number that is none", name);
  free(text);
  free(path);
  return document;
}

/* How many nodes an XPath expression finds; prefix s is SVG. */
static int count_nodes(xmlDoc *document, const char *expression) {
  xmlXPathContext *context = xmlXPathNewContext(document);
  xmlXPathRegisterNs(context, BAD_CAST "s", BAD_CAST "http://www.w3.org/2000/svg");
  xmlXPathObject *found = xmlXPathEvalExpression(BAD_CAST expression, context);
  ck_assert_msg(found && found->type == XPATH_NODESET, "%s", expression);
  int count = found->nodesetval ? found->nodesetval->nodeNr : 0;
  xmlXPathFreeObject(found);
  xmlXPathFreeContext(context);
  return count;
}

static char *text_of(xmlDoc *document, const char *expression) {
  xmlXPathContext *context = xmlXPathNewContext(document);
  xmlXPathRegisterNs(context, BAD_CAST "s", BAD_CAST "http://www.w3.org/2000/svg");
  char expanded[300];
  snprintf(expanded, sizeof expanded, "string(%s)", expression);
  xmlXPathObject *found = xmlXPathEvalExpression(BAD_CAST expanded, context);
  char *text = strdup((const char *)found->stringval);
  xmlXPathFreeObject(found);
  xmlXPathFreeContext(context);
  return text;
}

START_TEST(drawings_hold_hostile_names_as_text) {
  static const char *const names[] = {"a \"b\" <script>alert(1)<&amp;]]>.jpg", "\xf0\x9f\x90\x99.jpg",
                                      "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d.jpg"};
  static const char *const drawings[] = {"flow-map", "parallel-layers", "parallel-heads"};
  size_t size;
  uint8_t *bytes = read_bytes("data/smoke/JPEGImages/smoke_0003.jpg", &size);
  free(write_text(folder, "classes.txt",
                  "<b>one</b>\n\"two\" & three\n\xd7\xa9\xd7\x9c\xd7\x95\n4\n5\n6\n7\n8\n9\n10\n"));
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    /* no '/' in a file's name: <script> only opens */
    char arguments[2000], out[100];
    char *path = path_in(folder, names[i]);
    write_bytes(path, bytes, size);
    snprintf(arguments, sizeof arguments,
             "attention '%s' --model " MODEL " --out '%s/out%zu' --mask data/smoke/SegmentationClass/smoke_0003.png"
             " --classes '%s/classes.txt' --patches 5 %s",
             path, folder, i, folder, i == 1 ? "--weights flow" : "");
    ck_assert_int_eq(run_vitx(folder, arguments), 0);
    for (size_t d = 0; d < 3; d++) {
      snprintf(out, sizeof out, "out%zu/%s.svg", i, drawings[d]);
      xmlDoc *document = parsed(out);
      char *title = text_of(document, "/s:svg/s:text[@class='t']"), *named = text_of(document, "/s:svg/s:title");
      ck_assert_str_eq(title, names[i]);
      ck_assert_ptr_nonnull(strstr(named, names[i]));
      ck_assert_int_eq(count_nodes(document, "//s:script"), 0);
      ck_assert_int_eq(count_nodes(document, "//s:b"), 0);
      ck_assert_int_eq(count_nodes(document, "//s:image"), 1);
      ck_assert_int_eq(count_nodes(document, "/s:svg/s:desc"), 1);
      ck_assert_int_gt(count_nodes(document, "//s:text[.='background']"), 0); /* the legend */
      if (d) ck_assert_int_eq(count_nodes(document, "//s:polyline"), 14 * 14);
      if (d == 0) ck_assert_int_gt(count_nodes(document, "//s:path[@class='band']"), 10);
      if (d == 0) ck_assert_int_eq(count_nodes(document, "//s:path[@class='way']"), 3);
      free(title);
      free(named);
      xmlFreeDoc(document);
    }
    free(path);
  }
  free(bytes);
}
END_TEST

/* Whatever the bytes, what is written parses and holds no element of its own. */
START_TEST(any_bytes_can_be_text) {
  uint64_t state = 1;
  for (int round = 0; round < 300; round++) {
    char text[60], style[] = "";
    int length = draw_between(&state, 0, 58);
    for (int i = 0; i < length; i++) text[i] = (char)(1 + draw(&state) % 255);
    for (int i = 0; i + 3 < length; i += 7) memcpy(text + i, "</t", 3);
    text[length] = 0;
    vx_svg svg;
    vx_bytes bytes;
    vx_error error;
    ck_assert(vx_svg_begin(&svg, "x", 10, 10, text, text, style, &error));
    vx_svg_text(&svg, "t", 1, 2, text);
    vx_svg_title(&svg, text);
    ck_assert(vx_svg_end(&svg, &bytes, &error));
    xmlDoc *document = xmlReadMemory((const char *)bytes.data, (int)bytes.size, "x", "UTF-8", XML_PARSE_NONET);
    ck_assert_msg(document != NULL, "round %d: %s", round, bytes.data);
    ck_assert_int_eq(count_nodes(document, "//*"), 6);
    xmlFreeDoc(document);
    free(bytes.data);
  }
}
END_TEST

START_TEST(bad_use_is_named) {
  static const vitx_use known[] = {
      {"attention", "--model", 2},
      {"attention x.jpg --model " MODEL, "x.jpg", 1},
      {"attention x.jpg --model no/model", "no/model", 1},
      {"attention data/smoke/JPEGImages/smoke_0001.jpg --model " MODEL " --layer 99", "--layer", 1},
      {"attention data/smoke/JPEGImages/smoke_0001.jpg --model " MODEL " --patches 0", "--patches", 2},
      {"attention data/smoke/JPEGImages/smoke_0001.jpg --model " MODEL " --weights some", "rollout|flow", 2},
      {"attention data/smoke/JPEGImages/smoke_0001.jpg --model " MODEL " --mask tests/golden/score/6.png",
       "expected the picture's", 1},
      {"attention --help", "EXAMPLES", 0}};
  check_uses(folder, known, sizeof known / sizeof *known);
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("attention");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, what_arrives_is_the_golden_map);
  tcase_add_test(tcase, attention_by_layer_and_head);
  tcase_add_test(tcase, weights_start_where_the_head_reads);
  tcase_add_test(tcase, strongest_ways_by_enumeration);
  tcase_add_test(tcase, patches_have_their_most_frequent_label);
  tcase_add_test(tcase, drawings_hold_hostile_names_as_text);
  tcase_add_test(tcase, any_bytes_can_be_text);
  tcase_add_test(tcase, bad_use_is_named);
  int status = run_suite("attention", tcase);
  xmlCleanupParser();
  return status;
}
