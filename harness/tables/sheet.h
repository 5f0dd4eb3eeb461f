/* A sheet: columns, rows, notes; printed as plain text, Markdown, CSV, LaTeX or JSON. Every table that a command prints
   is one, so that all of them can be read by the same eyes and the same scripts. */
#ifndef VX_TABLES_SHEET_H
#define VX_TABLES_SHEET_H

#include <stdio.h>

#include "base/error.h"

typedef enum vx_format { VX_FORMAT_TEXT, VX_FORMAT_MARKDOWN, VX_FORMAT_CSV, VX_FORMAT_LATEX, VX_FORMAT_JSON } vx_format;

/* "text", "markdown", "csv", "latex", "json". */
bool vx_format_parse(const char *text, vx_format *format, vx_error *error);

typedef struct vx_sheet_column {
  const char *key;  /* in CSV and JSON: snake_case */
  const char *head; /* for eyes; NULL: in CSV and JSON only */
  int decimals;     /* of a number for eyes; -1: as short as it is exact; CSV and JSON have all digits */
  bool left;        /* texts */
} vx_sheet_column;

typedef struct vx_sheet vx_sheet;

/* `columns` are copied, their texts are not. NULL when memory is out. */
vx_sheet *vx_sheet_new(const vx_sheet_column *columns, int count);
void vx_sheet_free(vx_sheet *sheet);

/* Another head for a column; NULL: not for eyes. */
void vx_sheet_head(vx_sheet *sheet, int column, const char *head);

/* Another column, whose texts are copied. */
void vx_sheet_column_set(vx_sheet *sheet, int column, const vx_sheet_column *to);

/* What stands above; a line of its own. */
void vx_sheet_title(vx_sheet *sheet, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line between title and table: what was understood of `about`. Left out of CSV. */
void vx_sheet_line(vx_sheet *sheet, const char *about, const char *text);

/* A line below the table; left out of CSV. */
void vx_sheet_note(vx_sheet *sheet, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Begins a row; cells not set stay empty (null in JSON). */
void vx_sheet_row(vx_sheet *sheet);
void vx_sheet_rule(vx_sheet *sheet); /* a line between the rows so far and those to come */

/* Set a cell of the last row. `shown` (may be NULL) replaces the number for eyes: "(12.4)" … */
void vx_sheet_text(vx_sheet *sheet, int column, const char *format, ...) __attribute__((format(printf, 3, 4)));
void vx_sheet_real(vx_sheet *sheet, int column, double value); /* NaN: an empty cell */
void vx_sheet_int(vx_sheet *sheet, int column, long long value);
void vx_sheet_show(vx_sheet *sheet, int column, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* False when memory ran out while it was filled. Write errors are left in `to`. */
bool vx_sheet_print(const vx_sheet *sheet, vx_format format, FILE *to, vx_error *error);

#endif
