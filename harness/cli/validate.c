#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/cli/cli.h"
#include "harness/run/run.h"

const char vx_help_validate[] =
    "NAME\n"
    "  vitx validate - check a run's configuration and print it with every default filled in\n\n"
    "SYNOPSIS\n"
    "  vitx validate CONFIG.yaml [--set KEY=VALUE]... [--quiet]\n\n"
    "DESCRIPTION\n"
    "  Reads the file as `vitx run` would, applies --set, and checks every key, type, method, parameter and\n"
    "  metric. What is printed is the whole effective configuration, itself a valid file. Where the model is\n"
    "  there, methods are checked against it: a layer that it has not, a method that has no map of such a\n"
    "  model. Data are not opened.\n\n"
    "OPTIONS\n"
    "  --set KEY=VALUE   sets a key over the file's (score.size=image); may be repeated\n"
    "  --quiet           says nothing when all is well\n\n"
    "EXAMPLES\n"
    "  vitx validate configs/table1.yaml\n"
    "  vitx validate configs/smoke.yaml --set 'methods=[rollout, ag-cam]'\n\n"
    "EXIT STATUS\n"
    "  0 valid, 1 not valid (one line says where and why), 2 bad use\n";

/* Whether the model has what the methods ask of it; nothing to say where there is no such folder. */
static bool check_plan(const vx_config *config, vx_error *error) {
  vx_config fitted;
  vx_plan plan;
  if (access(config->model, F_OK) != 0) return true;
  vx_model *model = vx_run_open_model(config, error);
  vx_arena *arena = vx_arena_new();
  const vx_shape *shape = model ? vx_model_shape(model) : NULL;
  bool good = model && (arena || vx_fail(error, config->path, "out of memory")) &&
              vx_plan_fit(config, shape, arena, &fitted, error) &&
              vx_plan_make(fitted.methods, fitted.method_count, shape, &plan, error) &&
              vx_plan_metrics(&plan, config->metrics, config->metric_count, shape, error);
  vx_arena_free(arena);
  vx_model_close(model);
  return good;
}

int vx_cmd_validate(int argc, char **argv, vx_error *error) {
  vx_texts set = {0};
  bool quiet = false;
  int operands;
  const vx_option options[] = {{"set", VX_OPTION_LIST, &set}, {"quiet", VX_OPTION_FLAG, &quiet}};
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands != 1) return vx_bad_use(error, "validate", "wants one CONFIG.yaml, not %d", operands);
  vx_config *config = vx_config_read(argv[argc - 1], set.text, set.count, error);
  if (!config) return 1;
  bool good = check_plan(config, error);
  char *text = quiet || !good ? NULL : vx_config_print(config);
  if (text) fputs(text, stdout);
  free(text);
  vx_config_free(config);
  return good ? 0 : 1;
}
