/* Runs the program that is tested, and reads what it said. */
#ifndef VX_TEST_PROGRAM_H
#define VX_TEST_PROGRAM_H

#include <sys/wait.h>

#include "tests/support/files.h"

/* Runs vitx with `arguments` (words of a shell); its exit status. What it printed lies in folder/said. */
static inline int run_vitx(const char *folder, const char *arguments) {
  const char *program = getenv("VITX_PROGRAM");
  char *command = NULL;
  ck_assert_int_gt(
      asprintf(&command, "'%s' %s > '%s/said' 2>&1", program ? program : "build/release/vitx", arguments, folder), 0);
  int status = system(command);
  free(command);
  ck_assert(WIFEXITED(status));
  return WEXITSTATUS(status);
}

/* Whether the last run_vitx printed this text anywhere. */
static inline bool vitx_said(const char *folder, const char *text) {
  char *path = path_in(folder, "said");
  size_t size;
  uint8_t *said = read_bytes(path, &size);
  said[size] = 0;
  bool found = strstr((const char *)said, text) != NULL;
  free(said);
  free(path);
  return found;
}

/* One use of the program and what it has to answer. */
typedef struct vitx_use {
  const char *arguments, *says;
  int status;
} vitx_use;

/* Tries each of them; those that end with 1 get --out folder/out, so that nothing is left where the test stands. */
static inline void check_uses(const char *folder, const vitx_use *uses, size_t count) {
  for (size_t i = 0; i < count; i++) {
    char *arguments = NULL;
    bool out = uses[i].status == 1;
    ck_assert_int_gt(asprintf(&arguments, "%s%s%s%s", uses[i].arguments, out ? " --out '" : "", out ? folder : "",
                              out ? "/out'" : ""),
                     0);
    int status = run_vitx(folder, arguments);
    ck_assert_msg(status == uses[i].status, "vitx %s: status %d, expected %d", arguments, status, uses[i].status);
    ck_assert_msg(vitx_said(folder, uses[i].says), "vitx %s: does not say '%s'", arguments, uses[i].says);
    free(arguments);
  }
}

#endif
