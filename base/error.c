#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Names from files may hold anything: an error stays one line. */
static void one_line(char *text) {
  for (; *text; text++)
    if ((unsigned char)*text < ' ' || *text == 127) *text = ' ';
}

bool vx_fail(vx_error *error, const char *where, const char *why, ...) {
  if (!error) return false;
  if (where != error->where) snprintf(error->where, sizeof error->where, "%s", where ? where : "");
  one_line(error->where);
  va_list arguments;
  va_start(arguments, why);
  vsnprintf(error->why, sizeof error->why, why, arguments);
  va_end(arguments);
  one_line(error->why);
  return false;
}

const char *vx_where(vx_error *error, const char *format, ...) {
  if (!error) return "";
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->where, sizeof error->where, format, arguments);
  va_end(arguments);
  return error->where;
}
