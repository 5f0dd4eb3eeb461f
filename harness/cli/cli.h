/* The command line: one file a command in this folder, each with

     const char vx_help_NAME[] = "NAME\n  vitx NAME - …";         the whole help page
     int vx_cmd_NAME(int argc, char **argv, vx_error *error);     argv[0] is the command's name

   and one line in the table of main.c. A command returns the exit status: 0; 1 with `error` filled (main.c prints it)
   or with `error` untouched when it has said itself what is wrong; 2 for bad use, with `error` filled (vx_bad_use).
   main.c answers `--help` and `-h` itself. */
#ifndef VX_CLI_H
#define VX_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "core/vx.h"
#include "harness/config/config.h"
#include "harness/store/result.h"
#include "harness/store/store.h"

/* ---- options ------------------------------------------------------------------------------------------------ */

typedef enum vx_option_type {
  VX_OPTION_FLAG, /* bool *: set to true */
  VX_OPTION_TEXT, /* const char ** */
  VX_OPTION_INT,  /* int * */
  VX_OPTION_REAL, /* double * */
  VX_OPTION_LIST, /* vx_texts *: may be given again and again */
} vx_option_type;

typedef struct vx_option {
  const char *name; /* without the dashes */
  vx_option_type type;
  void *into;
} vx_option;

enum { VX_TEXTS_MAX = 256 };
typedef struct vx_texts {
  int count;
  const char *text[VX_TEXTS_MAX];
} vx_texts;

/* Reads the options of a command with getopt_long (options may stand anywhere, `--` ends them). What is left over, the
   operands, is counted in *operands and stands at argv[argc - *operands]. False, for bad use, names the option and the
   nearest known one. */
bool vx_options(int argc, char **argv, const vx_option *options, int count, int *operands, vx_error *error);

/* The index of `text` among "a|b|c" into *index; false, for bad use, lists them. */
bool vx_choice(const char *command, const char *option, const char *text, const char *choices, int *index,
               vx_error *error);

#define VX_COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

/* Bad use of a command: fills `error` and returns 2, the exit status. */
int vx_bad_use(vx_error *error, const char *command, const char *why, ...) __attribute__((format(printf, 3, 4)));

/* ---- output ------------------------------------------------------------------------------------------------- */

/* A text to standard output; when that is a terminal and the text is long, through the reader's pager. */
void vx_print_page(const char *text);

/* A name to `to`: it may hold anything, escape sequences of terminals too, so control characters are shown as '?'. */
void vx_print_name(FILE *to, const char *name);

/* A line a class of `top` [count]: its probability in percent and its name. */
void vx_print_top(const vx_model *model, const vx_top *top, int count);

/* results/<name><ending>.sqlite into path [size], its folder made when it is missing. */
bool vx_default_out(const vx_config *config, const char *ending, char *path, size_t size, vx_error *error);

/* A results file to write into, NULL on failure; a wait for another process is said on standard error. */
vx_store *vx_open_to_write(const char *path, vx_error *error);

/* A results file to read, by FILE or FILE:RUN; *run is 0, the newest, where none is named. NULL on failure. */
vx_store *vx_open_run(const char *operand, int64_t *run, vx_error *error);

/* True when standard output (1) or error (2) is a terminal that may be drawn on. */
bool vx_is_terminal(int descriptor);

/* Closes standard output and says whether all of it could be written ("no space left on device"). */
bool vx_close_output(vx_error *error);

/* ---- version ------------------------------------------------------------------------------------------------ */

/* `vitx --version`: program, compiler, libraries, OpenBLAS kernel. */
void vx_print_version(void);

/* ---- commands ----------------------------------------------------------------------------------------------- */

#define VX_COMMAND(name)                                                                                               \
  extern const char vx_help_##name[];                                                                                  \
  int vx_cmd_##name(int argc, char **argv, vx_error *error);

VX_COMMAND(bench)
VX_COMMAND(table)
VX_COMMAND(dump)
VX_COMMAND(verify)
VX_COMMAND(check_submission)
VX_COMMAND(rescore)
VX_COMMAND(measure)
VX_COMMAND(import)
VX_COMMAND(export)
VX_COMMAND(sweep)
VX_COMMAND(compare)
VX_COMMAND(help)
VX_COMMAND(run)
VX_COMMAND(noise)
VX_COMMAND(ls)
VX_COMMAND(validate)
VX_COMMAND(preprocess)
VX_COMMAND(tensor)
VX_COMMAND(score)
VX_COMMAND(report)
VX_COMMAND(site)
VX_COMMAND(explain)
VX_COMMAND(figure)
VX_COMMAND(attention)

#endif
