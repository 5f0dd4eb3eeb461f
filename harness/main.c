/* vitx: picks a command, prints its error line, returns its exit status. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "harness/cli/cli.h"
#include "harness/config/config.h"

typedef struct command {
  const char *name, *summary;
  int (*run)(int argc, char **argv, vx_error *error);
  const char *help;
} command;

#define COMMAND(name, summary)                                                                                         \
  { #name, summary, vx_cmd_##name, vx_help_##name }

/* One line a command, in the order of `vitx help`. */
static const command commands[] = {
    COMMAND(run, "evaluate methods on a data set: the main job"),
    COMMAND(ls, "what there is: methods, metrics, runs, a model, a data set"),
    COMMAND(noise, "how far single precision, or one ulp of the input, moves each method"),
    COMMAND(validate, "check a run's configuration, print it with all defaults"),
    COMMAND(tensor, "heat maps of one input tensor, as tensors"),
    COMMAND(score, "score one heat map against one mask"),
    COMMAND(explain, "any pictures: overlays, masks, a contact sheet of all methods"),
    COMMAND(figure, "the paper's Figure 3: originals above, heat maps below"),
    COMMAND(attention, "one picture: flow map and parallel coordinates of attention"),
    COMMAND(preprocess, "resize one picture as a run would, write the pixels"),
    COMMAND(table, "the paper's Table 1 from a results file"),
    COMMAND(compare, "which methods really differ; is one run worse than another"),
    COMMAND(report, "a results file as one page to open in a browser"),
    COMMAND(site, "many results files as static pages: a leaderboard and a report each"),
    COMMAND(sweep, "what each open choice of a protocol does to the numbers"),
    COMMAND(measure, "add measures to a finished run, from its stored maps"),
    COMMAND(rescore, "score stored heat maps in another way, without the model"),
    COMMAND(import, "maps of another program beside ours"),
    COMMAND(export, "maps, masks, overlays and tables of a run for other programs"),
    COMMAND(verify, "does a results file agree with itself, and with a second run"),
    {"check-submission", "can others believe a results file; was it made by its protocol", vx_cmd_check_submission,
     vx_help_check_submission},
    COMMAND(dump, "every result row of a results file as text"),
    COMMAND(bench, "how fast the passes and methods are here, and how fast they could be"),
    COMMAND(help, "the page of a command: vitx help run"),
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_overview(FILE *to) {
  fputs("vitx evaluates explanations of Vision Transformers: which of them can be trusted?\n\n"
        "usage: vitx COMMAND [ARGUMENTS]\n\n",
        to);
  for (int i = 0; i < COMMANDS; i++) fprintf(to, "  %-16s %s\n", commands[i].name, commands[i].summary);
  fputs("\n`vitx COMMAND --help` is a whole page on a command, `vitx help config` on the keys of a run,\n"
        "`vitx --version` what this program was built from.\n",
        to);
}

static const command *find(const char *name) {
  for (int i = 0; i < COMMANDS; i++)
    if (strcmp(commands[i].name, name) == 0) return &commands[i];
  return NULL;
}

static int unknown(const char *name, vx_error *error) {
  vx_words names = VX_WORDS(commands, COMMANDS, name);
  vx_fail(error, name, "no such command%s", vx_meant(name, names, "`vitx help` lists them").text);
  return 2;
}

const char vx_help_help[] =
    "NAME\n"
    "  vitx help - what the commands do\n\n"
    "SYNOPSIS\n"
    "  vitx help [COMMAND | config]\n\n"
    "DESCRIPTION\n"
    "  Without COMMAND: one line on each. With COMMAND: its whole page, as `vitx COMMAND --help`.\n"
    "  `vitx help config` is the page on the keys of a run's configuration.\n\n"
    "EXAMPLES\n"
    "  vitx help run\n";

int vx_cmd_help(int argc, char **argv, vx_error *error) {
  if (argc < 2) {
    print_overview(stdout);
    return 0;
  }
  if (strcmp(argv[1], "config") == 0) {
    char *page = vx_config_help();
    if (page) vx_print_page(page);
    free(page);
    return 0;
  }
  const command *wanted = find(argv[1]);
  if (!wanted) return unknown(argv[1], error);
  vx_print_page(wanted->help);
  return 0;
}

static bool wants_help(int argc, char **argv) {
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
  return false;
}

static int run(int argc, char **argv, vx_error *error) {
  const char *name = argv[1];
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) return vx_cmd_help(argc - 1, argv + 1, error);
  if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
    vx_print_version();
    return 0;
  }
  const command *wanted = find(name);
  if (!wanted) return unknown(name, error);
  if (wants_help(argc - 1, argv + 1)) {
    vx_print_page(wanted->help);
    return 0;
  }
  return wanted->run(argc - 1, argv + 1, error);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    print_overview(stderr);
    return 2;
  }
  signal(SIGPIPE, SIG_IGN); /* a reader that leaves must not end a run */
  vx_error error = {.where = "", .why = ""};
  int status = run(argc, argv, &error);
  if (!vx_close_output(status == 0 ? &error : NULL) && status == 0) status = 1;
  if (status != 0 && error.why[0]) {
    if (error.where[0])
      fprintf(stderr, "vitx: %s: %s\n", error.where, error.why);
    else
      fprintf(stderr, "vitx: %s\n", error.why);
  }
  return status;
}
