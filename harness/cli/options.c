#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/nearest.h"
#include "base/text.h"
#include "harness/cli/cli.h"

enum { OPTIONS_MAX = 64 };

int vx_bad_use(vx_error *error, const char *command, const char *why, ...) {
  char text[800];
  va_list arguments;
  va_start(arguments, why);
  vsnprintf(text, sizeof text, why, arguments);
  va_end(arguments);
  vx_fail(error, command, "%s (see `vitx help %s`)", text, command);
  return 2;
}

static bool unknown_option(const char *command, const char *given, const vx_option *options, int count,
                           vx_error *error) {
  char word[64];
  snprintf(word, sizeof word, "%s", given + strspn(given, "-"));
  word[strcspn(word, "=")] = '\0';
  const char *near = vx_nearest(word, VX_WORDS(options, count, name));
  if (near)
    vx_bad_use(error, command, "unknown option '%s'; did you mean '--%s'?", given, near);
  else
    vx_bad_use(error, command, "unknown option '%s'", given);
  return false;
}

static bool set_number(const char *command, const vx_option *option, const char *text, vx_error *error) {
  char *end;
  errno = 0;
  if (option->type == VX_OPTION_INT) {
    long value = strtol(text, &end, 10);
    if (end == text || *end || errno || value < -2147483647L || value > 2147483647L)
      return vx_bad_use(error, command, "--%s wants a whole number, not '%s'", option->name, text), false;
    *(int *)option->into = (int)value;
  } else {
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value))
      return vx_bad_use(error, command, "--%s wants a number, not '%s'", option->name, text), false;
    *(double *)option->into = value;
  }
  return true;
}

static bool set_option(const char *command, const vx_option *option, const char *text, vx_error *error) {
  switch (option->type) {
  case VX_OPTION_FLAG:
    *(bool *)option->into = true;
    return true;
  case VX_OPTION_TEXT:
    *(const char **)option->into = text;
    return true;
  case VX_OPTION_INT:
  case VX_OPTION_REAL:
    return set_number(command, option, text, error);
  case VX_OPTION_LIST: {
    vx_texts *texts = option->into;
    if (texts->count == VX_TEXTS_MAX)
      return vx_bad_use(error, command, "--%s given more than %d times", option->name, VX_TEXTS_MAX), false;
    texts->text[texts->count++] = text;
    return true;
  }
  }
  return true;
}

bool vx_options(int argc, char **argv, const vx_option *options, int count, int *operands, vx_error *error) {
  struct option known[OPTIONS_MAX + 1];
  memset(known, 0, sizeof known);
  for (int i = 0; i < count && i < OPTIONS_MAX; i++) {
    known[i].name = options[i].name;
    known[i].has_arg = options[i].type == VX_OPTION_FLAG ? no_argument : required_argument;
  }
  const char *command = argv[0];
  optind = 0; /* glibc: start afresh */
  opterr = 0;
  for (;;) {
    int at = optind ? optind : 1, index = -1;
    int c = getopt_long(argc, argv, ":", known, &index);
    if (c == -1) break;
    if (c == ':') return vx_bad_use(error, command, "option '%s' wants a value", argv[optind - 1]), false;
    if (c != 0 || index < 0) {
      /* optopt is set for a short option; a long one is the argument just passed. */
      const char *given = argv[optind > at ? optind - 1 : at];
      return unknown_option(command, given, options, count, error);
    }
    if (!set_option(command, &options[index], optarg, error)) return false;
  }
  *operands = argc - optind;
  return true;
}

bool vx_choice(const char *command, const char *option, const char *text, const char *choices, int *index,
               vx_error *error) {
  int found = vx_choice_find(choices, text);
  if (found >= 0) {
    *index = found;
    return true;
  }
  vx_bad_use(error, command, "--%s is '%s', expected one of %s", option, text, choices);
  return false;
}

/* ---- output ------------------------------------------------------------------------------------------------- */

void vx_print_name(FILE *to, const char *name) {
  for (; *name; name++) putc((unsigned char)*name < 32 || *name == 127 ? '?' : *name, to);
}

void vx_print_top(const vx_model *model, const vx_top *top, int count) {
  for (int k = 0; k < count; k++) {
    printf("  %5.1f %%  ", 100 * top[k].probability);
    vx_print_name(stdout, vx_model_label(model, top[k].label));
    putchar('\n');
  }
}

bool vx_default_out(const vx_config *config, const char *ending, char *path, size_t size, vx_error *error) {
  if (mkdir("results", 0777) != 0 && errno != EEXIST)
    return vx_fail(error, "results", "folder cannot be made: %s", strerror(errno));
  return snprintf(path, size, "results/%s%s.sqlite", config->name, ending) < (int)size ||
         vx_fail(error, config->path, "the name is too long for a results file; give one with --out");
}

static void say_waiting(void *user, const char *path) {
  (void)user;
  fprintf(stderr, "%s: another process holds it; waiting\n", path);
}

vx_store *vx_open_to_write(const char *path, vx_error *error) {
  vx_store *store = vx_store_open(path, VX_STORE_WRITE, error);
  if (store) vx_store_on_wait(store, say_waiting, NULL);
  return store;
}

vx_store *vx_open_run(const char *operand, int64_t *run, vx_error *error) {
  const char *colon = strrchr(operand, ':');
  char *end = NULL;
  *run = colon && colon[1] && access(operand, F_OK) != 0 ? strtol(colon + 1, &end, 10) : 0;
  if (!end || *end || *run < 1) return *run = 0, vx_store_open(operand, VX_STORE_READ, error);
  char *path = strndup(operand, (size_t)(colon - operand));
  vx_store *store = path ? vx_store_open(path, VX_STORE_READ, error) : NULL;
  if (!path) vx_fail(error, operand, "out of memory");
  free(path);
  return store;
}

bool vx_is_terminal(int descriptor) {
  const char *term = getenv("TERM");
  return isatty(descriptor) && term && strcmp(term, "dumb") != 0;
}

static int lines_of(const char *text) {
  int lines = 0;
  for (; *text; text++) lines += *text == '\n';
  return lines;
}

void vx_print_page(const char *text) {
  const char *pager = getenv("PAGER");
  if (vx_is_terminal(1) && lines_of(text) > 40 && pager && *pager) {
    FILE *to = popen(pager, "w");
    if (to) {
      fputs(text, to);
      pclose(to);
      return;
    }
  }
  fputs(text, stdout);
}

bool vx_close_output(vx_error *error) {
  if (fflush(stdout) == 0 && !ferror(stdout)) return true;
  if (errno == EPIPE) return true; /* `vitx dump FILE | head`: who reads has read enough */
  return vx_fail(error, "standard output", "%s", strerror(errno));
}
