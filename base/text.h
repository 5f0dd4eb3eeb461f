/* Lines and columns of small text files, taken apart in place. */
#ifndef VX_TEXT_H
#define VX_TEXT_H

#include "base/file.h"

/* Cuts a file's text into lines (LF or CRLF; a byte order mark is skipped). */
typedef struct vx_lines {
  char *at;
  int number; /* of the line last returned, from 1 */
} vx_lines;

/* Checks that the file is UTF-8 without NUL bytes. */
bool vx_lines_open(const vx_file *file, const char *path, vx_lines *lines, vx_error *error);

/* The next line without its end, or NULL; the file's bytes are written to. */
char *vx_lines_next(vx_lines *lines);

/* The next column of a line up to a tab, or NULL; `*at` starts as the line. */
char *vx_column_next(char **at);

/* Cuts blanks off both ends, in place. */
char *vx_trim(char *text);

/* Whether two names are the same but for case and blanks around them. */
bool vx_same_name(const char *a, const char *b);

#endif
