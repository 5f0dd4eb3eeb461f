#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cli/cli.h"
#include "harness/run/begin.h"
#include "harness/run/workers.h"
#include "harness/store/store.h"
#include "harness/tables/run_summary.h"

const char vx_help_run[] =
    "NAME\n"
    "  vitx run - evaluate explanation methods on a data set: the main job\n\n"
    "SYNOPSIS\n"
    "  vitx run CONFIG.yaml [--set KEY=VALUE]... [--out FILE.sqlite] [--jobs N] [--limit N] [--strict] [--quiet]\n\n"
    "DESCRIPTION\n"
    "  For every image of the list: picture, input, forward pass; and for those whose top class is more probable\n"
    "  than min_confidence: one explanation a method, its mask, its scores against the data set's mask. Every\n"
    "  image is one transaction in the SQLite file. A run that was stopped, by Ctrl-C or by kill, goes on with the\n"
    "  same command; methods and measures added to the configuration extend the run instead of repeating it:\n"
    "  measures are taken of the maps in the file. Images and methods that failed are tried again.\n\n"
    "  A run is what it was made from: weights, list of images, input, target, scoring. When one of them is another,\n"
    "  a further run is begun in FILE, and a line says which. Before a run goes on, the pictures, masks and\n"
    "  annotations of its images are compared with those it was made from; when any differs the command refuses\n"
    "  and names the first. The folder may be another one if its files are the same.\n\n"
    "  What is wrong with one picture (missing mask, damaged file, values that are not finite) is a row in the\n"
    "  table `failures` and never the end of the run. Results do not depend on --jobs.\n\n"
    "  Before it starts, the command checks that model and data are there and that FILE can be written, and\n"
    "  compares OpenBLAS's matrix product with plain loops.\n\n"
    "OPTIONS\n"
    "  --set KEY=VALUE   sets a key over the file's (`vitx help config` lists them); may be repeated. VALUE is text "
    "as\n"
    "                    it stands ('data.root=/tmp/run #3'); in [], {} or quotes it is YAML\n"
    "  --out FILE        results file [results/<name of the config>.sqlite]\n"
    "  --jobs N          pictures at the same time [number of processors]\n"
    "  --limit N         only the first N images of the list\n"
    "  --strict          any failure ends in exit status 1\n"
    "  --quiet           no progress\n\n"
    "EXAMPLES\n"
    "  vitx run configs/smoke.yaml\n"
    "  vitx run configs/table1.yaml --set model=models/vit-base-patch16-224 --set data.root=VOCdevkit/VOC2012\n"
    "  vitx run configs/demo.yaml --limit 10 --out /tmp/try.sqlite\n\n"
    "EXIT STATUS\n"
    "  0 done; 1 it could not start or go on (one line says where and why), or --strict and there are failures;\n"
    "  2 bad use; 130 stopped by Ctrl-C, with all finished images in the file\n";

typedef struct options {
  const char *config, *out;
  vx_texts set;
  int jobs, limit;
  bool strict, quiet;
} options;

static atomic_bool stop; /* the one thing that a signal may touch */

static void on_interrupt(int number) {
  atomic_store(&stop, true);
  signal(number, SIG_DFL); /* the second one ends the program at once */
}

static bool read_options(int argc, char **argv, options *o, vx_error *error) {
  const vx_option known[] = {{"set", VX_OPTION_LIST, &o->set},       {"out", VX_OPTION_TEXT, &o->out},
                             {"jobs", VX_OPTION_INT, &o->jobs},      {"limit", VX_OPTION_INT, &o->limit},
                             {"strict", VX_OPTION_FLAG, &o->strict}, {"quiet", VX_OPTION_FLAG, &o->quiet}};
  int operands;
  o->jobs = vx_work_jobs();
  if (!vx_options(argc, argv, known, VX_COUNT(known), &operands, error)) return false;
  if (operands != 1) return vx_bad_use(error, "run", "wants one CONFIG.yaml, not %d", operands), false;
  if (o->jobs < 1 || o->jobs > 1024)
    return vx_bad_use(error, "run", "--jobs is %d, expected 1 to 1024", o->jobs), false;
  if (o->limit < 0) return vx_bad_use(error, "run", "--limit is %d, expected 1 or more", o->limit), false;
  o->config = argv[argc - 1];
  return true;
}

static void say_how_to_go_on(int argc, char **argv) {
  fputs("stopped; go on with the same command: vitx", stdout);
  for (int i = 0; i < argc; i++) printf(strpbrk(argv[i], " *?[]{}'\"$&|;<>()") ? " '%s'" : " %s", argv[i]);
  fputs("\n", stdout);
}

/* The work itself, with everything open. */
static int work(const options *o, vx_run *run, vx_store *store, int argc, char **argv, vx_error *error) {
  if (!vx_run_begin(run, store, o->jobs, stderr, error) || !vx_run_make_prior(run, error)) return 1;
  if (vx_store_continues(store) && !o->quiet)
    fprintf(stderr, "%s: going on with the run in it\n", vx_store_path(store));
  char pictures[400];
  vx_input_describe(&run->input, pictures, sizeof pictures);
  if (!o->quiet) fprintf(stderr, "pictures: %s\n", pictures);
  vx_work all = {.run = run,
                 .store = store,
                 .jobs = o->jobs,
                 .limit = o->limit,
                 .report = o->quiet ? NULL : stderr,
                 .terminal = vx_is_terminal(2),
                 .stop = &stop};
  vx_worked worked;
  vx_run_summary summary;
  bool good = vx_work_all(&all, &worked, error);
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  if (!good) return 1;
  if (!worked.stopped && !vx_store_finish(store, error)) return 1;
  if (!vx_run_summary_print(store, run->config->min_confidence, stdout, &summary, error)) return 1;
  printf("%d added in %.1f s; results: %s\n", worked.done, worked.seconds, vx_store_path(store));
  if (worked.stopped) {
    say_how_to_go_on(argc, argv);
    return 130;
  }
  printf("next: vitx table %s\n", vx_store_path(store));
  if (!o->strict || summary.failures == 0) return 0;
  vx_fail(error, vx_store_path(store), "--strict: %d failure%s, as %s", summary.failures,
          summary.failures == 1 ? "" : "s", summary.first);
  return 1;
}

static int open_and_work(const options *o, const vx_config *config, int argc, char **argv, vx_error *error) {
  char path[4096], advice[400];
  if (!o->out && !vx_default_out(config, "", path, sizeof path, error)) return 1;
  vx_blas_threads(1); /* a worker's products are its own; the bits do not depend on how many workers there are */
  vx_run *run = vx_run_open(config, advice, sizeof advice, error);
  if (!run) return 1;
  if (*advice && !o->quiet) fprintf(stderr, "%s\n", advice);
  for (int i = 0; i < config->method_count && !o->quiet; i++) {
    vx_error why;
    if (config->methods[i].of_all && !vx_explainer_fits(config->methods[i].explainer, run->shape, &why))
      fprintf(stderr, "left out: %s %s\n", why.where, why.why);
  }
  vx_store *store = vx_open_to_write(o->out ? o->out : path, error);
  int status = store ? work(o, run, store, argc, argv, error) : 1;
  vx_store_close(store);
  vx_run_close(run);
  return status;
}

int vx_cmd_run(int argc, char **argv, vx_error *error) {
  options o = {0};
  if (!read_options(argc, argv, &o, error)) return 2;
  signal(SIGINT, on_interrupt); /* from here on a run says how it goes on: opening a model can take seconds */
  signal(SIGTERM, on_interrupt);
  vx_config *config = vx_config_read(o.config, o.set.text, o.set.count, error);
  if (!config) return 1;
  int status = open_and_work(&o, config, argc, argv, error);
  vx_config_free(config);
  return status;
}
