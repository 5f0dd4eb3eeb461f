#include "harness/report/report.h"

#include <math.h>
#include <stdio.h>

#include "harness/cli/cli.h"

const char vx_help_report[] =
    "NAME\n"
    "  vitx report - a results file as one page to open in a browser\n\n"
    "SYNOPSIS\n"
    "  vitx report FILE.sqlite --out report.html [OPTIONS]\n\n"
    "DESCRIPTION\n"
    "  Writes one HTML file with everything in it: Table 1 with intervals, trivial rows and the published row; how "
    "each\n"
    "  measure is distributed; classes; every method against every other; what methods cost; a gallery of pictures,\n"
    "  overlays, masks and ground truth; the wrong decisions and where each method looked. It asks for nothing from a\n"
    "  network, reads on a phone and prints. docs/report.md walks through it.\n"
    "  Pictures come from the data set that the run names; without it the report has all tables, plots and maps.\n\n"
    "OPTIONS\n"
    "  --out FILE           where to write\n"
    "  --run N              this run (`vitx ls runs FILE` lists them); default: the newest\n"
    "  --scoring NAME       a scoring made by `vitx rescore`; default: main\n"
    "  --min-confidence P   only images whose top class has a probability above P; at least the run's own gate\n"
    "  --compare-with ID    a published row or study (configs/published.yaml) instead of the run's own; or none\n"
    "  --published FILE     published numbers from this file\n"
    "  --data DIR           folder of the data set, when it is not where the run had it\n"
    "  --split LIST         its list of images, likewise\n"
    "  --attention ID,...   images for the attention plots, or none; default: the surest wrong decisions and the most\n"
    "                       disputed images, when the run's model is there\n"
    "  --resamples N        of the bootstrap; 0: no intervals and no comparison; default 10000\n"
    "  --seed N             of the bootstrap; default 1\n"
    "  --megabytes N        about how large the file may become: pictures and maps get smaller, then fewer; default "
    "30\n\n"
    "EXAMPLES\n"
    "  vitx report results/demo.sqlite --out demo.html\n"
    "  vitx report results/table1.sqlite --out table1.html --min-confidence 0.9\n\n"
    "EXIT STATUS\n"
    "  0 written; 1 the file cannot be read, holds no such run, or the page cannot be written; 2 bad use\n\n"
    "SEE ALSO\n"
    "  vitx help table, vitx help figure, docs/report.md\n";

static int write_report(const char *path, const char *out, const vx_report_options *options, vx_error *error) {
  vx_report_made made;
  vx_store *store = vx_store_open(path, VX_STORE_READ, error);
  bool ok = store && vx_report_write(store, options, out, &made, error);
  vx_store_close(store);
  if (!ok) return 1;
  printf("%s: %d image%s, %d with picture and maps, %d with attention plots, %.1f MB\n", out, made.images,
         made.images == 1 ? "" : "s", made.pictures, made.attention, (double)made.bytes / 1e6);
  if (*made.note) printf("%s\n", made.note);
  return 0;
}

int vx_cmd_report(int argc, char **argv, vx_error *error) {
  vx_report_options report = vx_report_defaults();
  const char *out = NULL;
  int run = 0, seed = 1, operands;
  const vx_option options[] = {
      {"out", VX_OPTION_TEXT, &out},
      {"run", VX_OPTION_INT, &run},
      {"scoring", VX_OPTION_TEXT, &report.scoring},
      {"min-confidence", VX_OPTION_REAL, &report.min_confidence},
      {"compare-with", VX_OPTION_TEXT, &report.compare_with},
      {"published", VX_OPTION_TEXT, &report.published},
      {"data", VX_OPTION_TEXT, &report.root},
      {"split", VX_OPTION_TEXT, &report.split},
      {"attention", VX_OPTION_TEXT, &report.attention},
      {"resamples", VX_OPTION_INT, &report.resamples},
      {"seed", VX_OPTION_INT, &seed},
      {"megabytes", VX_OPTION_INT, &report.megabytes},
  };
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands != 1) return vx_bad_use(error, "report", "expected one results file");
  if (!out) return vx_bad_use(error, "report", "--out FILE is missing: where shall the page go?");
  if (run < 0 || seed < 0) return vx_bad_use(error, "report", "--run and --seed want numbers from 0 on");
  if (report.resamples < 0 || report.resamples > 1000000) {
    return vx_bad_use(error, "report", "--resamples wants a number from 0 to 1000000");
  }
  if (report.megabytes < 1 || report.megabytes > 2000) {
    return vx_bad_use(error, "report", "--megabytes wants a number from 1 to 2000");
  }
  report.run = run;
  report.seed = (uint64_t)seed;
  return write_report(argv[argc - 1], out, &report, error);
}
