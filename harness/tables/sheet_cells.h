/* What a sheet holds. Private to sheet.c and sheet_print.c. */
#ifndef VX_TABLES_SHEET_CELLS_H
#define VX_TABLES_SHEET_CELLS_H

#include "harness/tables/sheet.h"

typedef enum cell_kind { CELL_EMPTY, CELL_TEXT, CELL_REAL, CELL_INT } cell_kind;

typedef struct cell {
  cell_kind kind;
  char *text, *shown; /* shown: for eyes, when it differs */
  double real;
  long long whole;
} cell;

struct vx_sheet {
  vx_sheet_column *columns;
  int column_count, row_count, row_room, note_count, line_count, rule_count;
  cell *cells; /* [row_room][column_count] */
  char *title, **notes, **lines;
  char **kept; /* [2][column_count] texts of columns that were set; NULL */
  int *rules;  /* before which rows */
  bool failed;
};

#endif
