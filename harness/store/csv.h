/* Rows of a run as a table for other programs. */
#ifndef VX_STORE_CSV_H
#define VX_STORE_CSV_H

#include <stdio.h>

#include "harness/store/query.h"

typedef enum vx_csv_what {
  VX_CSV_PREDICTIONS, /* a line an image */
  VX_CSV_SCORES,      /* a line an image and method, a column each measure */
} vx_csv_what;

/* Prints a first line of names and the rows in the order of the list (and of methods [count], of scores); with `ids`
   [id_count] (NULL: all) those of these images. Numbers have all their digits. */
bool vx_csv_print(vx_store *store, vx_csv_what what, const vx_run_row *run, int64_t scoring,
                  const vx_method_row *methods, int count, const char *const *ids, int id_count, FILE *to,
                  vx_error *error);

/* Prints a cell, by RFC 4180: in quotes, and quotes doubled, where it has a comma, a quote or a line end. */
void vx_csv_cell(const char *text, FILE *to);

#endif
