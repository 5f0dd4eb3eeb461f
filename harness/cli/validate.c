#include <stdio.h>
#include <stdlib.h>

#include "harness/cli/cli.h"
#include "harness/config/config.h"

const char vx_help_validate[] =
    "NAME\n"
    "  vitx validate - check a run's configuration and print it with every default filled in\n\n"
    "SYNOPSIS\n"
    "  vitx validate CONFIG.yaml [--set KEY=VALUE]... [--quiet]\n\n"
    "DESCRIPTION\n"
    "  Reads the file as `vitx run` would, applies --set, and checks every key, type, method, parameter and\n"
    "  metric. What is printed is the whole effective configuration, itself a valid file. Model and data are\n"
    "  not opened.\n\n"
    "OPTIONS\n"
    "  --set KEY=VALUE   sets a key over the file's (score.size=image); may be repeated\n"
    "  --quiet           says nothing when all is well\n\n"
    "EXAMPLES\n"
    "  vitx validate configs/table1.yaml\n"
    "  vitx validate configs/smoke.yaml --set 'methods=[rollout, ag-cam]'\n\n"
    "EXIT STATUS\n"
    "  0 valid, 1 not valid (one line says where and why), 2 bad use\n";

int vx_cmd_validate(int argc, char **argv, vx_error *error) {
  vx_texts set = {0};
  bool quiet = false;
  int operands;
  const vx_option options[] = {{"set", VX_OPTION_LIST, &set}, {"quiet", VX_OPTION_FLAG, &quiet}};
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands != 1) return vx_bad_use(error, "validate", "wants one CONFIG.yaml, not %d", operands);
  vx_config *config = vx_config_read(argv[argc - 1], set.text, set.count, error);
  if (!config) return 1;
  char *text = quiet ? NULL : vx_config_print(config);
  if (text) fputs(text, stdout);
  free(text);
  vx_config_free(config);
  return 0;
}
