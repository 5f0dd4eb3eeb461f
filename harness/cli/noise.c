#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/cli/cli.h"
#include "harness/run/workers.h"
#include "harness/study/noise.h"

const char vx_help_noise[] =
    "NAME\n"
    "  vitx noise - two floors under every number: single precision, and one unit in the input's last place\n\n"
    "SYNOPSIS\n"
    "  vitx noise CONFIG.yaml [--set KEY=VALUE]... [--limit N] [--draws K] [--jobs N] [--format text|markdown]\n\n"
    "DESCRIPTION\n"
    "  For every image through the gate and every method of the configuration, compares the map in double precision\n"
    "  with (a) the map in single precision and (b) the double-precision map of an input whose every value was moved\n"
    "  by -1, 0 or 1 units in its last single-precision place, which no picture shows. Printed a method:\n\n"
    "    difference  largest difference, as a share of the double-precision map's maximum: median and largest\n"
    "    spearman    rank correlation of the two maps: smallest\n"
    "    overlap     IoU of the two masks (1: the same): mean and smallest\n"
    "    IoU change  of the score against the truth, in points: mean size and largest\n\n"
    "  A difference between two programs, or two methods, that is smaller than these is none.\n\n"
    "OPTIONS\n"
    "  --set KEY=VALUE          sets a key over the file's; may be repeated\n"
    "  --limit N                only the first N images of the list\n"
    "  --draws K                noisy inputs an image [1]\n"
    "  --jobs N                 pictures at the same time [number of processors]\n"
    "  --format text|markdown   [text]\n"
    "  --quiet                  no progress\n\n"
    "EXAMPLES\n"
    "  vitx noise configs/demo.yaml --limit 20\n"
    "  vitx noise configs/voc-subset-vit-tiny.yaml --set 'methods=[rollout, transformer-attribution,\n"
    "             transformer-attribution-stable]' --draws 3\n\n"
    "EXIT STATUS\n"
    "  0 measured, 1 it could not (one line says where and why), 2 bad use\n";

enum { DIFFERENCE, SPEARMAN, OVERLAP, CHANGE };

static double column_of(const vx_movement *m, int column) {
  return (const double[]){m->difference, m->spearman, m->overlap, 100 * fabs(m->iou_change)}[column];
}

/* The spread of a column over rows [rows][methods] for one method; values [rows] is scratch. */
static vx_spread spread_of(const vx_movement *rows, int count, int methods, int method, int column, double *values) {
  vx_spread spread;
  for (int i = 0; i < count; i++) values[i] = column_of(&rows[(size_t)i * (size_t)methods + (size_t)method], column);
  vx_spread_of(values, count, &spread);
  return spread;
}

static void print_floor(const char *title, const vx_run *run, const vx_movement *rows, int count, bool markdown,
                        double *values) {
  int methods = run->info.method_count;
  printf(markdown ? "\n**%s**\n\n" : "\n%s\n\n", title);
  if (markdown) {
    puts("| method | difference: median | largest | Spearman: smallest | overlap: mean | smallest | IoU change: mean | "
         "largest |");
    puts("|---|---|---|---|---|---|---|---|");
  } else {
    printf("%-32s %9s %9s  %9s  %8s %8s  %8s %8s\n", "", "differ.", "", "spearman", "overlap", "", "IoU chg", "points");
    printf("%-32s %9s %9s  %9s  %8s %8s  %8s %8s\n", "method", "median", "largest", "smallest", "mean", "smallest",
           "mean", "largest");
  }
  for (int m = 0; m < methods; m++) {
    vx_spread s[4];
    for (int c = 0; c < 4; c++) s[c] = spread_of(rows, count, methods, m, c, values);
    printf(markdown ? "| %s | %.1e | %.1e | %.4f | %.4f | %.4f | %.3f | %.2f |\n"
                    : "%-32s %9.1e %9.1e  %9.4f  %8.4f %8.4f  %8.3f %8.2f\n",
           run->info.methods[m].name, s[DIFFERENCE].median, s[DIFFERENCE].high, s[SPEARMAN].low, s[OVERLAP].mean,
           s[OVERLAP].low, s[CHANGE].mean, s[CHANGE].high);
  }
}

static bool print_noise(const vx_run *run, const vx_noise *noise, bool markdown, vx_error *error) {
  int rows = noise->images * noise->draws;
  double *values = malloc(((size_t)rows + (size_t)noise->images + 1) * sizeof *values);
  if (!values) return vx_fail(error, "noise", "out of memory");
  printf("%s on %s: %d images through the gate", run->config->model, run->info.data, noise->images);
  if (noise->failed) printf(", %d could not be measured", noise->failed);
  printf("; OpenBLAS kernel %s\n", run->info.kernel);
  if (noise->images > 0) {
    print_floor("Single precision against double", run, noise->single, noise->images, markdown, values);
    print_floor("One unit in the last place of each input value, in double precision", run, noise->ulp, rows, markdown,
                values);
  }
  free(values);
  return true;
}

typedef struct options {
  vx_texts set;
  int limit, draws, jobs, markdown;
  bool quiet;
} options;

static int measure(const options *o, const vx_config *config, vx_error *error) {
  vx_blas_threads(1);
  vx_run *run = vx_run_open(config, NULL, 0, error);
  bool good = run && vx_run_make_prior(run, error);
  vx_noise noise = {0};
  vx_noise_request request = {.run = run,
                              .jobs = o->jobs,
                              .limit = o->limit,
                              .draws = o->draws,
                              .report = o->quiet ? NULL : stderr,
                              .terminal = vx_is_terminal(2)};
  good = good && vx_noise_measure(&request, &noise, error) && print_noise(run, &noise, o->markdown == 1, error);
  vx_noise_free(&noise);
  vx_run_close(run);
  return good ? 0 : 1;
}

int vx_cmd_noise(int argc, char **argv, vx_error *error) {
  options o = {.draws = 1, .jobs = vx_work_jobs()};
  const char *format = "text";
  const vx_option known[] = {{"set", VX_OPTION_LIST, &o.set},     {"limit", VX_OPTION_INT, &o.limit},
                             {"draws", VX_OPTION_INT, &o.draws},  {"jobs", VX_OPTION_INT, &o.jobs},
                             {"format", VX_OPTION_TEXT, &format}, {"quiet", VX_OPTION_FLAG, &o.quiet}};
  int operands;
  if (!vx_options(argc, argv, known, VX_COUNT(known), &operands, error)) return 2;
  if (operands != 1) return vx_bad_use(error, "noise", "wants one CONFIG.yaml, not %d", operands);
  if (o.draws < 1 || o.draws > 1000) return vx_bad_use(error, "noise", "--draws is %d, expected 1 to 1000", o.draws);
  if (o.jobs < 1 || o.jobs > 1024) return vx_bad_use(error, "noise", "--jobs is %d, expected 1 to 1024", o.jobs);
  if (o.limit < 0) return vx_bad_use(error, "noise", "--limit is %d, expected 1 or more", o.limit);
  if (!vx_choice("noise", "format", format, "text|markdown", &o.markdown, error)) return 2;
  vx_config *config = vx_config_read(argv[argc - 1], o.set.text, o.set.count, error);
  if (!config) return 1;
  int status = measure(&o, config, error);
  vx_config_free(config);
  return status;
}
