/* Feeds broken files to everything that reads files: no crash, no hang, and every refusal is one line with where and
   why. It needs no fuzzing engine; under the asan preset it sees every byte read too far.

     fuzz TARGET ITERATIONS [FIRST]      TARGET: safetensors, model, yaml, config, annotation, mask, picture,
                                         npy, npz, table

   Input i is a function of the target's seeds and of i alone: a crash prints its number, and `fuzz TARGET 1 NUMBER`
   makes it again. Run in the repository. ctest runs a few of each (tests/fuzz in cmake/tests.cmake). */
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#include "core/safetensors.h"
#include "core/vx.h"
#include "harness/config/config.h"
#include "harness/data/annotation.h"
#include "harness/data/maps.h"
#include "harness/data/mask.h"
#include "harness/data/picture.h"
#include "tests/fuzz/mutate.h"

enum { SEEDS_MAX = 8, HANG_SECONDS = 120 };

/* One of the programs under test: true when the input was accepted. */
typedef bool (*attempt)(bytes *input, uint64_t number, vx_error *error);

static char folder[512]; /* of this process, for readers that want a file */

/* ---- readers --------------------------------------------------------------------------------------------------- */

static void put_file(const char *name, const bytes *b) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "wb");
  if (!f || fwrite(b->data, 1, b->size, f) != b->size || fclose(f) != 0) {
    perror(path);
    exit(2);
  }
}

static bool try_safetensors(bytes *input, uint64_t number, vx_error *error) {
  (void)number;
  put_file("model.safetensors", input);
  char path[1024];
  snprintf(path, sizeof path, "%s/model.safetensors", folder);
  vx_tensors *file = vx_tensors_open(path, error);
  for (int i = 0; file && i < vx_tensors_count(file); i++) {
    const vx_tensor *t = vx_tensors_at(file, i);
    double *values = malloc(t->dtype == VX_DTYPE_OTHER ? 1 : t->count * sizeof *values + 1);
    vx_tensor_to_double(t, values);
    free(values);
  }
  vx_tensors_close(file);
  return file != NULL;
}

/* A whole golden model: its config or its tensors are broken; what still opens must run or fail by name. */
static bool try_model(bytes *input, uint64_t number, vx_error *error) {
  (void)number;
  put_file(input->size && input->data[0] == '{' ? "config.json" : "model.safetensors", input);
  vx_model *model = vx_model_open(folder, error);
  if (!model) return false;
  const vx_shape *s = vx_model_shape(model);
  size_t pixels = 3 * (size_t)s->image * (size_t)s->image;
  float *x = calloc(pixels, sizeof *x);
  vx_needs plan = {0};
  vx_want_at(&plan.wants, VX_AT_INPUT, vx_by(VX_GRADIENT));
  vx_want_rows(&plan.wants, VX_AT_ATTENTION, vx_by(VX_CUT_GRADIENT), 0, s->layers - 1);
  vx_want_layers(&plan.wants, VX_AT_ATTENTION, vx_by(VX_LRP_IMPROVED), 0, s->layers - 1);
  vx_worker *worker = vx_worker_new(model, &plan, VX_MIXED, error);
  bool ok = worker && vx_worker_forward(worker, x, error) && vx_worker_explain(worker, 0, VX_LOGIT, error);
  vx_worker_free(worker);
  free(x);
  vx_model_close(model);
  return ok;
}

static bool try_yaml(bytes *input, uint64_t number, vx_error *error) {
  (void)number;
  vx_yaml *tree = vx_yaml_parse((const char *)input->data, input->size, "fuzz.yaml", error);
  vx_yaml_free(tree);
  return tree != NULL;
}

/* What is accepted, printed whole, must be accepted again. */
static bool try_config(bytes *input, uint64_t number, vx_error *error) {
  vx_config *config = vx_config_parse((const char *)input->data, input->size, "fuzz.yaml", NULL, 0, error);
  char *text = config ? vx_config_print(config) : NULL;
  bool accepted = config != NULL;
  vx_config_free(config);
  if (!text) return accepted;
  config = vx_config_parse(text, strlen(text), "printed.yaml", NULL, 0, error);
  if (!config) {
    fprintf(stderr, "input %llu: accepted, but not as printed: %s: %s\n%s", (unsigned long long)number, error->where,
            error->why, text);
    abort();
  }
  vx_config_free(config);
  free(text);
  return true;
}

static bool try_annotation(bytes *input, uint64_t number, vx_error *error) {
  (void)number;
  vx_annotation annotation = {0};
  bool ok = vx_annotation_parse(input->data, input->size, "fuzz.xml", &annotation, error);
  vx_annotation_free(&annotation);
  return ok;
}

static bool try_mask(bytes *input, uint64_t number, vx_error *error) {
  if (number % 2) fuzz_mend_png(input);
  vx_mask mask = {0};
  bool ok = vx_mask_decode(input->data, input->size, "fuzz.png", NULL, &mask, error);
  size_t count[VX_LABELS];
  if (ok) vx_mask_count(&mask, count);
  vx_mask_free(&mask);
  return ok;
}

static bool try_picture(bytes *input, uint64_t number, vx_error *error) {
  if (number % 2) fuzz_mend_png(input);
  vx_picture picture = {0};
  bool ok = vx_picture_decode(input->data, input->size, "fuzz.jpg", &picture, error);
  unsigned sum = 0; /* a sanitizer is to see every pixel read */
  for (size_t i = 0; ok && i < 3 * (size_t)picture.width * (size_t)picture.height; i++) sum += picture.rgb[i];
  vx_picture_free(&picture);
  return ok || sum > 0;
}

static bool try_npy(bytes *input, uint64_t number, vx_error *error) {
  (void)number;
  vx_array array = {0};
  bool ok = vx_npy_decode(input->data, input->size, "fuzz.npy", &array, error);
  vx_array_free(&array);
  return ok;
}

/* All that a file of maps says to hold. */
static bool try_maps(const char *name, bytes *input, vx_error *error) {
  char path[1024];
  vx_array array = {0};
  put_file(name, input);
  snprintf(path, sizeof path, "%s/%s", folder, name);
  vx_maps *maps = vx_maps_open(path, error);
  bool ok = maps != NULL;
  for (int i = 0; ok && i < vx_maps_count(maps); i++) ok = vx_maps_read(maps, i, &array, error);
  vx_maps_close(maps);
  vx_array_free(&array);
  remove(path);
  return ok;
}

static bool try_npz(bytes *input, uint64_t number, vx_error *error) {
  (void)number;
  return try_maps("fuzz.npz", input, error);
}

static bool try_table(bytes *input, uint64_t number, vx_error *error) {
  (void)number;
  return try_maps("fuzz.csv", input, error);
}

static const struct {
  const char *name;
  attempt run;
  const char *seeds[SEEDS_MAX];
} targets[] = {
    {"safetensors",
     try_safetensors,
     {"tests/golden/models/vit-nano/model.safetensors", "tests/golden/score/7.safetensors"}},
    {"model",
     try_model,
     {"tests/golden/models/vit-nano/model.safetensors", "tests/golden/models/vit-nano/config.json"}},
    {"yaml", try_yaml, {"configs/smoke.yaml", "configs/table1.yaml", "configs/figure3.yaml", "configs/published.yaml"}},
    {"config",
     try_config,
     {"configs/smoke.yaml", "configs/table1.yaml", "configs/figure3.yaml", "configs/demo.yaml",
      "configs/final-report.yaml"}},
    {"annotation", try_annotation, {"data/smoke/Annotations/smoke_0001.xml", "data/smoke/Annotations/smoke_0002.xml"}},
    {"mask",
     try_mask,
     {"data/smoke/SegmentationClass/smoke_0001.png", "tests/golden/score/7.png", "tests/golden/score/9.png"}},
    {"picture",
     try_picture,
     {"data/smoke/JPEGImages/smoke_0001.jpg", "tests/golden/preprocess/2.jpg", "tests/golden/preprocess/5.jpg",
      "data/smoke/SegmentationClass/smoke_0002.png"}},
    {"npy",
     try_npy,
     {"tests/golden/maps/little-f4.npy", "tests/golden/maps/big-f2.npy", "tests/golden/maps/by-column.npy",
      "tests/golden/maps/version-2.npy", "tests/golden/maps/odd-objects.npy", "tests/golden/maps/odd-structures.npy"}},
    {"npz", try_npz, {"tests/golden/maps/stored.npz", "tests/golden/maps/deflated.npz", "tests/golden/maps/paths.npz"}},
    {"table", try_table, {"tests/golden/maps/table.csv"}},
};

/* ---- running --------------------------------------------------------------------------------------------------- */

static char now[128]; /* what is being tried, for the handler */

void __asan_on_error(void); /* asan calls it before it ends the program */

static void say_now(void) {
  ssize_t ignored = write(STDERR_FILENO, now, strlen(now));
  (void)ignored;
}

void __asan_on_error(void) {
  say_now();
}

static void caught(int number) {
  say_now();
  signal(number, SIG_DFL);
  raise(number);
}

static bytes read_seed(const char *path) {
  FILE *f = fopen(path, "rb");
  bytes b = {0};
  if (f && fseek(f, 0, SEEK_END) == 0) {
    b.size = (size_t)ftell(f);
    rewind(f);
    b.data = malloc(b.size + 1);
    b.size = fread(b.data, 1, b.size, f);
    fclose(f);
  }
  if (b.size) return b;
  fprintf(stderr, "fuzz: %s cannot be read: run in the repository\n", path);
  exit(2);
}

/* An error has a place and a reason, each one line. */
static bool well_said(const vx_error *error) {
  bool ok = error->where[0] && error->why[0];
  for (const char *c = error->where; *c; c++) ok = ok && *c != '\n';
  for (const char *c = error->why; *c; c++) ok = ok && *c != '\n';
  return ok;
}

static int run(size_t target, uint64_t first, uint64_t count) {
  bytes seeds[SEEDS_MAX];
  size_t seed_count = 0;
  for (; seed_count < SEEDS_MAX && targets[target].seeds[seed_count]; seed_count++)
    seeds[seed_count] = read_seed(targets[target].seeds[seed_count]);
  uint64_t accepted = 0;
  int bad = 0;
  for (uint64_t i = first; i < first + count; i++) {
    snprintf(now, sizeof now, "\nfuzz: this was input %llu; again with: fuzz %s 1 %llu\n", (unsigned long long)i,
             targets[target].name, (unsigned long long)i);
    if (targets[target].run == try_model) /* one of the two files is broken, the other whole */
      for (size_t k = 0; k < seed_count; k++) put_file(k ? "config.json" : "model.safetensors", &seeds[k]);
    bytes input = fuzz_mutate(&seeds[i % seed_count], i);
    vx_error error = {{0}, {0}};
    alarm(HANG_SECONDS);
    bool ok = targets[target].run(&input, i, &error);
    alarm(0);
    if (ok) accepted++;
    if (!ok && !well_said(&error)) {
      fprintf(stderr, "input %llu: refused with \"%s\", \"%s\"\n", (unsigned long long)i, error.where, error.why);
      say_now();
      bad = 1;
    }
    free(input.data);
  }
  for (size_t k = 0; k < seed_count; k++) free(seeds[k].data);
  printf("%s: %llu inputs, %llu accepted\n", targets[target].name, (unsigned long long)count,
         (unsigned long long)accepted);
  return bad;
}

int main(int argc, char **argv) {
  size_t target = 0, known = sizeof targets / sizeof *targets;
  while (argc >= 3 && target < known && strcmp(argv[1], targets[target].name) != 0) target++;
  if (argc < 3 || target == known) {
    fprintf(stderr, "usage: fuzz TARGET ITERATIONS [FIRST]\ntargets:");
    for (size_t i = 0; i < known; i++) fprintf(stderr, " %s", targets[i].name);
    fprintf(stderr, "\n");
    return 2;
  }
  const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGALRM};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) signal(signals[i], caught);
  const char *base = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/vitx-fuzz-XXXXXX", base && *base ? base : "/tmp");
  if (!mkdtemp(folder)) {
    perror(folder);
    return 2;
  }
  int status = run(target, argc > 3 ? strtoull(argv[3], NULL, 10) : 0, strtoull(argv[2], NULL, 10));
  for (int i = 0; i < 2; i++) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, i ? "config.json" : "model.safetensors");
    remove(path);
  }
  rmdir(folder);
  return status;
}
