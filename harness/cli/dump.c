#include <stdio.h>

#include "harness/cli/cli.h"
#include "harness/store/dump.h"

const char vx_help_dump[] =
    "NAME\n"
    "  vitx dump - every result row of a results file as text, in a fixed order\n\n"
    "SYNOPSIS\n"
    "  vitx dump FILE.sqlite [--run N]\n\n"
    "DESCRIPTION\n"
    "  Prints one line a row, columns parted by tabs: run, class, label, method, scoring, image, object,\n"
    "  prediction, top, failure, evaluation, score, map. Numbers have all their digits, NULL is -, a heat map is a\n"
    "  digest of its bytes. Times, host, folders and versions are left out: two runs that agree print the same bytes,\n"
    "  whatever the number of jobs, and however often they were stopped.\n\n"
    "OPTIONS\n"
    "  --run N   this run only (`vitx ls runs FILE` lists them); default: all\n\n"
    "EXAMPLES\n"
    "  vitx dump a.sqlite | sha256sum\n"
    "  diff <(vitx dump a.sqlite) <(vitx dump b.sqlite)   # what differs between two machines\n\n"
    "EXIT STATUS\n"
    "  0 printed; 1 the file cannot be read; 2 bad use\n";

int vx_cmd_dump(int argc, char **argv, vx_error *error) {
  int run = 0, operands;
  const vx_option options[] = {{"run", VX_OPTION_INT, &run}};
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands != 1) return vx_bad_use(error, "dump", "expected one results file");
  if (run < 0) return vx_bad_use(error, "dump", "--run wants a run's number");
  vx_store *store = vx_store_open(argv[argc - 1], VX_STORE_READ, error);
  if (!store) return 1;
  bool ok = vx_store_dump(store, run, stdout, error);
  vx_store_close(store);
  return ok ? 0 : 1;
}
