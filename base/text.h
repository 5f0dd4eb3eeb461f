/* Text: lines and columns of small files, taken apart in place; and a text that grows. */
#ifndef VX_TEXT_H
#define VX_TEXT_H

#include "base/arena.h"
#include "base/file.h"

/* Cuts a file's text into lines (LF or CRLF; a byte order mark is skipped). */
typedef struct vx_lines {
  char *at;
  int number; /* of the line last returned, from 1 */
} vx_lines;

/* Reads a text file; UTF-16 with a byte order mark (what Windows' shells write) becomes UTF-8. */
bool vx_text_read(const char *path, vx_file *file, vx_error *error);

/* Checks that the file is UTF-8 without NUL bytes. */
bool vx_lines_open(const vx_file *file, const char *path, vx_lines *lines, vx_error *error);

/* The next line without its end, or NULL; the file's bytes are written to. */
char *vx_lines_next(vx_lines *lines);

/* Cuts blanks off both ends, in place. */
char *vx_trim(char *text);

/* Whether a control character (below blank, or DEL) is in it. */
bool vx_has_control(const char *text);

/* Whether two names are the same but for case and blanks around them. */
bool vx_same_name(const char *a, const char *b);

/* ---- lists in a word ---- */

/* Of choices "a|b|c": the start and length of the index-th, or NULL past the last; and the index of a word, or -1. */
const char *vx_choice_at(const char *choices, int index, size_t *length);
int vx_choice_find(const char *choices, const char *word);

/* The parts of "a,b,c" (`mark` is ','), copied into the arena; of an empty text one, empty. False when memory is out.
 */
bool vx_split(vx_arena *arena, const char *list, char mark, const char ***parts, int *count);

/* ---- a growing text ---- */

/* Starts as {0}; its owner frees `text`, which is NULL while nothing was added or memory is out. */
typedef struct vx_text {
  char *text;
  size_t length, room;
  bool broken; /* memory ran out: what was added since is missing */
} vx_text;

void vx_text_add(vx_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void vx_text_add_quoted(vx_text *text, const char *word); /* "word", as YAML and C read it */
void vx_text_add_real(vx_text *text, double value);       /* as vx_real_text */

/* Gives the text away: to be freed, NULL when memory was out; or as a copy in the arena, and starts anew. */
char *vx_text_end(vx_text *text);
const char *vx_text_keep(vx_arena *arena, vx_text *text);

/* The fewest digits that read back as the same number, into text [size]. */
enum { VX_REAL_TEXT = 32 };
void vx_real_text(double value, char *text, size_t size);

#endif
