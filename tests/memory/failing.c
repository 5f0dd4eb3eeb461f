/* Linked in front of malloc, calloc, realloc, strdup, strndup, asprintf and vasprintf as the program's own objects call
   them (-Wl,--wrap; libraries keep theirs), and of all that jansson takes: `vitx_failing` is vitx of which one
   allocation finds no memory.

   VITX_FAIL_AT=N    the N-th allocation of the process fails, counted from 1; 0: none
   VITX_FAIL_NOTE=F  F gets the call stack of the one that failed; with N = 0 a line for each allocation: a number that
                     stands for its call stack
   VITX_FAIL_JSON=1  jansson's allocations count too */
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
int __real_vasprintf(char **text, const char *format, va_list values);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
int __wrap_vasprintf(char **text, const char *format, va_list values);
int __wrap_asprintf(char **text, const char *format, ...);

static long fail_at;
static int note = -1;
static atomic_long asked;

enum { DEPTH = 12, OWN = 2 }; /* frames; those of this file */

/* Without allocating: this is done when memory is "out". */
static void write_note(void) {
  void *caller[DEPTH];
  int depth = backtrace(caller, DEPTH);
  uintptr_t stack = 0;
  for (int i = OWN; i < depth; i++) stack = 31 * stack + (uintptr_t)caller[i];
  if (fail_at)
    backtrace_symbols_fd(caller + OWN, depth - OWN, note);
  else
    dprintf(note, "%zx\n", (size_t)stack);
}

static bool fails(void) {
  long count = atomic_fetch_add(&asked, 1) + 1;
  if (note >= 0 && (fail_at == 0 || count == fail_at)) write_note();
  if (count != fail_at) return false;
  errno = ENOMEM;
  return true;
}

static void *json_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}

__attribute__((constructor)) static void begin(void) {
  const char *at = getenv("VITX_FAIL_AT"), *path = getenv("VITX_FAIL_NOTE");
  void *caller[1];
  backtrace(caller, 1); /* loads what it needs now */
  fail_at = at ? atol(at) : 0;
  if (path) note = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (getenv("VITX_FAIL_JSON")) json_set_alloc_funcs(json_malloc, free);
}

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size) {
  return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text) {
  return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t size) {
  return fails() ? NULL : __real_strndup(text, size);
}

int __wrap_vasprintf(char **text, const char *format, va_list values) {
  return fails() ? -1 : __real_vasprintf(text, format, values);
}

int __wrap_asprintf(char **text, const char *format, ...) {
  va_list values;
  va_start(values, format);
  int written = __wrap_vasprintf(text, format, values);
  va_end(values);
  return written;
}
