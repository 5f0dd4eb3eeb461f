/* What went wrong, where and why: filled by every function that can fail, printed by main.c alone. */
#ifndef VX_ERROR_H
#define VX_ERROR_H

#include <stdbool.h>

/* `where` names a file and the field, line or byte in it; `why` says what was found and what was expected. */
typedef struct vx_error {
  char where[512];
  char why[1024];
} vx_error;

/* Fills `error` (which may be NULL) and returns false, so that a failing function can end with
   `return vx_fail(error, path, "width is %d, expected %d", got, want);`. Long texts are cut, never overrun; control
   characters in them (names from files) become blanks: an error is one line. */
bool vx_fail(vx_error *error, const char *where, const char *why, ...) __attribute__((format(printf, 3, 4)));

/* The same for a `where` of several parts, made with vx_where: `vx_fail(e, vx_where(e, "%s: tensor %s", ...), ...)`.
   The text lies in `error->where`; with error == NULL an empty string is returned. */
const char *vx_where(vx_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
