#include "harness/tables/sweep_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cli/cli.h"
#include "harness/run/begin.h"
#include "harness/run/workers.h"
#include "harness/tables/published.h"

const char vx_help_sweep[] =
    "NAME\n"
    "  vitx sweep - what each choice that a protocol leaves open does to the numbers\n\n"
    "SYNOPSIS\n"
    "  vitx sweep CONFIG.yaml [OPTIONS]\n"
    "  vitx sweep FILE.sqlite [OPTIONS]\n\n"
    "DESCRIPTION\n"
    "  Computes IoU, F1 and pixel accuracy for all combinations of method, normalisation of the input, threshold, "
    "what\n"
    "  void counts as, resize of the mask, definition of pixel accuracy, gate, and aggregation; prints the main "
    "effect\n"
    "  of each choice on the three numbers (and, for eyes, of method, normalisation and gate on the run's measures "
    "that\n"
    "  do not look at the truth, which the others do not touch), and with --near the combinations whose numbers lie\n"
    "  nearest to a row.\n"
    "  With a config the model runs twice, with the config's normalisation and with the other one (none, or as the\n"
    "  checkpoint says), at the lowest gate; the runs lie in the results file of the sweep, are continued when\n"
    "  stopped, and everything else is computed from the stored maps. With a results file nothing is run: all its "
    "runs\n"
    "  on the same model and data are the levels of the input.\n\n"
    "OPTIONS\n"
    "  --near ROW           a published row (configs/published.yaml), or numbers: "
    "iou=12.43,f1=19.13,pixel_accuracy=65.94\n"
    "  --top N              how many of the nearest; all that tie with the first in any case; default 10\n"
    "  --gates P,P,…        default 0.8,0.85,0.9 and the config's or run's own; not below a run's own\n"
    "  --thresholds LIST    default otsu,mean,0.5\n"
    "  --voids LIST         default ignore,background,foreground\n"
    "  --mask-resizes LIST  default pillow,opencv\n"
    "  --methods a,b,…      these methods of the runs only\n"
    "  --set KEY=VALUE      over the config; for a results file data.root=FOLDER only; may be repeated\n"
    "  --out FILE           results file for a config; default results/NAME-sweep.sqlite\n"
    "  --run N              this run of a results file only\n"
    "  --jobs N             threads; default: number of processors\n"
    "  --format FORMAT      text, markdown, csv, latex, json; default: text\n\n"
    "EXAMPLES\n"
    "  vitx sweep configs/table1.yaml --set model=DIR --set data.root=VOCdevkit/VOC2012 --near coporan-table1\n"
    "  vitx sweep results/demo.sqlite --methods rollout,ag-cam\n\n"
    "EXIT STATUS\n"
    "  0 printed; 1 it cannot be done; 2 bad use\n";

typedef struct request {
  const char *operand, *near, *out;
  vx_sweep_options sweep;
  vx_texts set;
  vx_format format;
  int top, run;
  char gates[200];
} request;

static bool is_results_file(const char *path) {
  char head[16] = "";
  FILE *file = fopen(path, "rb");
  if (!file) return strstr(path, ".sqlite") != NULL;
  size_t size = fread(head, 1, sizeof head, file);
  fclose(file);
  return size == sizeof head && memcmp(head, "SQLite format 3", 16) == 0;
}

/* ---- the row to be near to ----------------------------------------------------------------------------------------
 */

static const char *const number_names[] = {"iou", "f1", "pixel_accuracy"};

static bool read_numbers(const char *text, double row[3], vx_error *error) {
  for (const char *at = text; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
    size_t length = strcspn(at, "=");
    int k = 0;
    while (k < 3 && (strlen(number_names[k]) != length || strncmp(at, number_names[k], length) != 0)) k++;
    char *end = NULL;
    double value = k < 3 && at[length] == '=' ? strtod(at + length + 1, &end) : NAN;
    if (!end || end == at + length + 1 || (*end && *end != ',') || !isfinite(value)) {
      return vx_fail(error, "--near", "'%s': expected iou=…,f1=…,pixel_accuracy=… or a published row", text);
    }
    row[k] = value;
  }
  return true;
}

static bool read_near(const char *text, double row[3], vx_error *error) {
  row[0] = row[1] = row[2] = NAN;
  if (strchr(text, '=')) return read_numbers(text, row, error);
  vx_arena *arena = vx_arena_new();
  vx_published published;
  const vx_published_row *rows[1];
  bool ok = arena && vx_published_read(NULL, arena, &published, error) &&
            vx_published_find(&published, text, rows, 1, error) > 0;
  if (ok) {
    for (int k = 0; k < 3; k++) row[k] = vx_published_score_of(rows[0], number_names[k]);
    ok = !isnan(row[0]) || !isnan(row[1]) || !isnan(row[2]) ||
         vx_fail(error, text, "has neither IoU nor F1 nor pixel accuracy");
  }
  vx_arena_free(arena);
  return ok;
}

/* ---- gates ----------------------------------------------------------------------------------------------------------
 */

/* The standard gates above `own`, and `own`, as "0.8,0.85,0.9"; those given by the user are kept. */
static void choose_gates(request *r, double own) {
  static const double standard[] = {0.8, 0.85, 0.9};
  if (r->sweep.gates) return;
  int length = snprintf(r->gates, sizeof r->gates, "%g", own);
  for (int i = 0; i < 3; i++) {
    if (standard[i] <= own) continue;
    length += snprintf(r->gates + length, sizeof r->gates - (size_t)length, ",%g", standard[i]);
  }
  r->sweep.gates = r->gates;
}

static double lowest_gate(const char *gates) {
  double lowest = 1;
  for (const char *at = gates; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) lowest = fmin(lowest, atof(at));
  return lowest;
}

/* ---- what is swept over
 * ---------------------------------------------------------------------------------------------- */

static const char *normalisation_of(const vx_run_row *run) {
  vx_input_options input;
  return vx_origin_input(run, &input, NULL) && !input.normalize ? "none" : "mean and std";
}

static bool add_run(const request *r, vx_sweep *sweep, vx_store *store, const vx_run_row *run, vx_error *error) {
  char name[64];
  snprintf(name, sizeof name, "%s", normalisation_of(run));
  for (int i = 0; i < sweep->level_count[VX_CHOICE_INPUT]; i++) {
    if (strcmp(sweep->levels[VX_CHOICE_INPUT][i], name) == 0) {
      snprintf(name, sizeof name, "%s (run %lld)", normalisation_of(run), (long long)run->id);
    }
  }
  return vx_sweep_add(sweep, store, run->id, name, &r->sweep, error);
}

static bool print_sheet(vx_sheet *sheet, vx_format format, vx_error *error) {
  bool ok = sheet ? vx_sheet_print(sheet, format, stdout, error) : vx_fail(error, "sweep", "out of memory");
  vx_sheet_free(sheet);
  return ok;
}

static bool print_effects(const request *r, const vx_sweep *sweep, vx_error *error) {
  if (!print_sheet(vx_sweep_effects(sweep), r->format, error)) return false;
  if (!sweep->measure_count) return true;
  putchar('\n');
  return print_sheet(vx_sweep_measures(sweep), r->format, error);
}

static bool print_sweep(const request *r, const vx_sweep *sweep, vx_error *error) {
  double row[3];
  bool for_eyes = r->format == VX_FORMAT_TEXT || r->format == VX_FORMAT_MARKDOWN;
  if (r->near && !read_near(r->near, row, error)) return false;
  /* one table for machines: the one that was asked for */
  if (for_eyes && !print_effects(r, sweep, error)) return false;
  if (!r->near) return for_eyes || print_sheet(vx_sweep_effects(sweep), r->format, error);
  if (for_eyes) putchar('\n');
  return print_sheet(vx_sweep_nearest(sweep, row, r->near, r->top), r->format, error);
}

/* All runs of the file on the newest one's model and data, or the one asked for. */
static bool sweep_file(request *r, vx_store *store, vx_error *error) {
  vx_arena *arena = vx_arena_new();
  vx_run_row *runs, newest;
  vx_sweep sweep = {0};
  int count;
  bool ok = (arena || vx_fail(error, r->operand, "out of memory")) &&
            vx_query_runs(store, arena, &runs, &count, error) && vx_query_run(store, r->run, arena, &newest, error);
  double own = 0;
  for (int i = 0; ok && i < count; i++) {
    bool with = r->run ? runs[i].id == newest.id
                       : strcmp(runs[i].model_digest, newest.model_digest) == 0 &&
                             strcmp(runs[i].data_digest, newest.data_digest) == 0;
    if (with)
      own = fmax(own, runs[i].min_confidence);
    else
      runs[i].id = 0;
  }
  if (ok) choose_gates(r, own);
  ok = ok && vx_sweep_start(&sweep, &r->sweep, error);
  for (int i = 0; ok && i < count; i++) ok = runs[i].id == 0 || add_run(r, &sweep, store, &runs[i], error);
  ok = ok && print_sweep(r, &sweep, error);
  if (sweep.arena) vx_sweep_free(&sweep);
  vx_arena_free(arena);
  return ok;
}

/* ---- running
 * ---------------------------------------------------------------------------------------------------------- */

/* Runs the config, with one more setting, into the store; what is there already is not run again. */
static bool run_one(const request *r, const char *normalize, const char *gate, vx_store *store, vx_error *error) {
  const char *set[VX_TEXTS_MAX + 2];
  int count = 0;
  for (; count < r->set.count; count++) set[count] = r->set.text[count];
  set[count++] = gate;
  if (normalize) set[count++] = normalize;
  vx_config *config = vx_config_read(r->operand, set, count, error);
  if (!config) return false;
  vx_blas_threads(1); /* as `vitx run` does */
  vx_run *run = vx_run_open(config, NULL, 0, error);
  vx_worked worked;
  vx_work work = {.run = run, .store = store, .jobs = r->sweep.jobs, .report = stderr, .terminal = vx_is_terminal(2)};
  bool ok = run && vx_run_begin(run, store, r->sweep.jobs, NULL, error) && vx_run_make_prior(run, error) &&
            vx_work_all(&work, &worked, error) && vx_store_finish(store, error);
  vx_run_close(run);
  vx_config_free(config);
  return ok;
}

static bool sweep_config(request *r, vx_error *error) {
  char path[4096], gate[64];
  vx_config *config = vx_config_read(r->operand, r->set.text, r->set.count, error);
  if (!config) return false;
  bool ok = r->out || vx_default_out(config, "-sweep", path, sizeof path, error);
  bool none = config->normalize == VX_CFG_NORMALIZE_NONE;
  choose_gates(r, fmin(config->min_confidence, 0.8));
  vx_config_free(config);
  if (!ok) return false;
  snprintf(gate, sizeof gate, "min_confidence=%g", lowest_gate(r->sweep.gates));
  vx_store *store = vx_open_to_write(r->out ? r->out : path, error);
  ok = store && run_one(r, none ? "input.normalize=checkpoint" : "input.normalize=none", gate, store, error) &&
       run_one(r, NULL, gate, store, error);
  if (ok) r->operand = vx_store_path(store);
  ok = ok && sweep_file(r, store, error);
  vx_store_close(store);
  return ok;
}

static bool sweep_results(request *r, vx_error *error) {
  static const char key[] = "data.root=";
  for (int i = 0; i < r->set.count; i++) {
    if (strncmp(r->set.text[i], key, sizeof key - 1) != 0) {
      return vx_fail(error, r->set.text[i], "a results file takes --set data.root=FOLDER only");
    }
    r->sweep.root = r->set.text[i] + sizeof key - 1;
  }
  vx_store *store = vx_store_open(r->operand, VX_STORE_READ, error);
  bool ok = store && sweep_file(r, store, error);
  vx_store_close(store);
  return ok;
}

int vx_cmd_sweep(int argc, char **argv, vx_error *error) {
  request r = {.top = 10, .sweep.jobs = vx_work_jobs()};
  const char *format_name = "text";
  int operands;
  const vx_option options[] = {
      {"near", VX_OPTION_TEXT, &r.near},
      {"top", VX_OPTION_INT, &r.top},
      {"gates", VX_OPTION_TEXT, &r.sweep.gates},
      {"thresholds", VX_OPTION_TEXT, &r.sweep.thresholds},
      {"voids", VX_OPTION_TEXT, &r.sweep.voids},
      {"mask-resizes", VX_OPTION_TEXT, &r.sweep.mask_resizes},
      {"methods", VX_OPTION_TEXT, &r.sweep.methods},
      {"set", VX_OPTION_LIST, &r.set},
      {"out", VX_OPTION_TEXT, &r.out},
      {"run", VX_OPTION_INT, &r.run},
      {"jobs", VX_OPTION_INT, &r.sweep.jobs},
      {"format", VX_OPTION_TEXT, &format_name},
  };
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands != 1) return vx_bad_use(error, "sweep", "expected a config or a results file");
  if (r.sweep.jobs < 1 || r.run < 0 || r.top < 1) {
    return vx_bad_use(error, "sweep", "--jobs and --top want 1 or more, --run a run's number");
  }
  if (r.set.count > VX_TEXTS_MAX - 2) return vx_bad_use(error, "sweep", "too many --set");
  if (!vx_format_parse(format_name, &r.format, error)) return 2;
  double row[3];
  if (r.near && !read_near(r.near, row, error)) return 2;
  r.operand = argv[argc - 1];
  return (is_results_file(r.operand) ? sweep_results(&r, error) : sweep_config(&r, error)) ? 0 : 1;
}
