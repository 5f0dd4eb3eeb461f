#include "harness/report/site.h"

#include <stdio.h>

#include "harness/cli/cli.h"

const char vx_help_site[] =
    "NAME\n"
    "  vitx site - many results files as static pages: a leaderboard and a report each\n\n"
    "SYNOPSIS\n"
    "  vitx site FOLDER FILE.sqlite... [OPTIONS]\n\n"
    "DESCRIPTION\n"
    "  Writes FOLDER/index.html, a leaderboard of every method of every run with intervals and who is level with the\n"
    "  best, a table a protocol (docs/protocols.md), published numbers apart from measured ones; and the report of "
    "each\n"
    "  run beside it (`vitx report`). The pages ask for nothing from a network. The folder is made when it is "
    "missing.\n"
    "  Files are shown as they are: `vitx check-submission` is what tells whether to believe them.\n\n"
    "OPTIONS\n"
    "  --data DIR           folder of the data set for the reports, when it is not where the runs had it\n"
    "  --published FILE     published numbers from this file\n"
    "  --resamples N        of the bootstrap; 0: no intervals; default 10000\n"
    "  --seed N             of the bootstrap; default 1\n"
    "  --megabytes N        about how large a report may become; default 30\n\n"
    "EXAMPLES\n"
    "  vitx site public results/demo.sqlite\n"
    "  vitx site public submissions/*.sqlite --data VOCdevkit/VOC2012 --megabytes 5\n\n"
    "EXIT STATUS\n"
    "  0 written; 1 a file cannot be read or a page cannot be written; 2 bad use\n\n"
    "SEE ALSO\n"
    "  vitx help report, vitx help check-submission, docs/protocols.md\n";

int vx_cmd_site(int argc, char **argv, vx_error *error) {
  vx_report_options report = vx_report_defaults();
  vx_site_made made;
  int seed = 1, operands;
  const vx_option options[] = {
      {"data", VX_OPTION_TEXT, &report.root},          {"published", VX_OPTION_TEXT, &report.published},
      {"resamples", VX_OPTION_INT, &report.resamples}, {"seed", VX_OPTION_INT, &seed},
      {"megabytes", VX_OPTION_INT, &report.megabytes},
  };
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands < 2) return vx_bad_use(error, "site", "expected a folder and results files");
  if (seed < 0 || report.resamples < 0 || report.resamples > 1000000)
    return vx_bad_use(error, "site", "--seed wants a number from 0 on, --resamples one from 0 to 1000000");
  if (report.megabytes < 1 || report.megabytes > 2000)
    return vx_bad_use(error, "site", "--megabytes wants a number from 1 to 2000");
  report.seed = (uint64_t)seed;
  const char *folder = argv[argc - operands];
  if (!vx_site_write(folder, (const char *const *)&argv[argc - operands + 1], operands - 1, &report, &made, error))
    return 1;
  printf("%s/index.html: %d run%s of %d file%s\n", folder, made.runs, made.runs == 1 ? "" : "s", made.files,
         made.files == 1 ? "" : "s");
  return 0;
}
