#include "harness/tables/sheet.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "harness/tables/sheet_cells.h"

bool vx_format_parse(const char *text, vx_format *format, vx_error *error) {
  int found = vx_choice_find("text|markdown|csv|latex|json", text);
  *format = found < 0 ? VX_FORMAT_TEXT : (vx_format)found;
  return found >= 0 || vx_fail(error, "--format", "'%s' is none of text, markdown, csv, latex, json", text);
}

vx_sheet *vx_sheet_new(const vx_sheet_column *columns, int count) {
  vx_sheet *sheet = calloc(1, sizeof *sheet);
  if (!sheet) return NULL;
  sheet->columns = calloc((size_t)count + 1, sizeof *sheet->columns);
  sheet->kept = calloc(2 * (size_t)count + 1, sizeof *sheet->kept);
  if (sheet->columns && sheet->kept) {
    memcpy(sheet->columns, columns, (size_t)count * sizeof *columns);
    sheet->column_count = count;
    return sheet;
  }
  vx_sheet_free(sheet);
  return NULL;
}

void vx_sheet_head(vx_sheet *sheet, int column, const char *head) {
  sheet->columns[column].head = head;
}

void vx_sheet_free(vx_sheet *sheet) {
  if (!sheet) return;
  for (int i = 0; i < sheet->row_count * sheet->column_count; i++) {
    free(sheet->cells[i].text);
    free(sheet->cells[i].shown);
  }
  for (int i = 0; i < sheet->note_count; i++) free(sheet->notes[i]);
  for (int i = 0; i < sheet->line_count; i++) free(sheet->lines[i]);
  free(sheet->lines);
  free(sheet->cells);
  free(sheet->notes);
  free(sheet->rules);
  free(sheet->title);
  for (int i = 0; i < 2 * sheet->column_count; i++) free(sheet->kept[i]);
  free(sheet->kept);
  free(sheet->columns);
  free(sheet);
}

void vx_sheet_column_set(vx_sheet *sheet, int column, const vx_sheet_column *to) {
  char **kept = &sheet->kept[2 * column];
  free(kept[0]);
  free(kept[1]);
  kept[0] = strdup(to->key);
  kept[1] = to->head ? strdup(to->head) : NULL;
  if (!kept[0] || (to->head && !kept[1])) sheet->failed = true;
  sheet->columns[column] = *to;
  sheet->columns[column].key = kept[0] ? kept[0] : "";
  sheet->columns[column].head = kept[1];
}

/* The formatted text, to be freed; NULL when memory is out, which the sheet remembers. */
static char *format_text(vx_sheet *sheet, const char *format, va_list arguments) {
  char *text = NULL;
  if (vasprintf(&text, format, arguments) < 0) text = NULL;
  if (!text) sheet->failed = true;
  return text;
}

void vx_sheet_title(vx_sheet *sheet, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  free(sheet->title);
  sheet->title = format_text(sheet, format, arguments);
  va_end(arguments);
}

static void push(vx_sheet *sheet, char ***list, int *count, char *text) {
  char **wider = text ? realloc(*list, (size_t)(*count + 1) * sizeof *wider) : NULL;
  if (!wider) {
    free(text);
    sheet->failed = true;
    return;
  }
  *list = wider;
  wider[(*count)++] = text;
}

void vx_sheet_note(vx_sheet *sheet, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  push(sheet, &sheet->notes, &sheet->note_count, format_text(sheet, format, arguments));
  va_end(arguments);
}

void vx_sheet_line(vx_sheet *sheet, const char *about, const char *text) {
  char *line;
  if (asprintf(&line, "%s: %s", about, text) < 0) line = NULL;
  push(sheet, &sheet->lines, &sheet->line_count, line);
}

void vx_sheet_row(vx_sheet *sheet) {
  if (sheet->row_count == sheet->row_room) {
    int room = sheet->row_room ? 2 * sheet->row_room : 32;
    cell *wider = realloc(sheet->cells, (size_t)room * (size_t)sheet->column_count * sizeof *wider);
    if (!wider) {
      sheet->failed = true;
      return;
    }
    sheet->cells = wider;
    sheet->row_room = room;
  }
  memset(sheet->cells + sheet->row_count * sheet->column_count, 0, (size_t)sheet->column_count * sizeof(cell));
  sheet->row_count++;
}

void vx_sheet_rule(vx_sheet *sheet) {
  int *wider = realloc(sheet->rules, (size_t)(sheet->rule_count + 1) * sizeof *wider);
  if (!wider) {
    sheet->failed = true;
    return;
  }
  sheet->rules = wider;
  sheet->rules[sheet->rule_count++] = sheet->row_count;
}

/* The cell to set, emptied; NULL when there is none. */
static cell *last_cell(vx_sheet *sheet, int column) {
  if (sheet->failed || sheet->row_count == 0 || column < 0 || column >= sheet->column_count) return NULL;
  cell *c = &sheet->cells[(sheet->row_count - 1) * sheet->column_count + column];
  free(c->text);
  *c = (cell){.shown = c->shown};
  return c;
}

void vx_sheet_text(vx_sheet *sheet, int column, const char *format, ...) {
  cell *c = last_cell(sheet, column);
  if (!c) return;
  va_list arguments;
  va_start(arguments, format);
  c->text = format_text(sheet, format, arguments);
  va_end(arguments);
  if (c->text) c->kind = CELL_TEXT;
}

void vx_sheet_real(vx_sheet *sheet, int column, double value) {
  cell *c = last_cell(sheet, column);
  if (!c || isnan(value)) return;
  c->kind = CELL_REAL;
  c->real = value;
}

void vx_sheet_int(vx_sheet *sheet, int column, long long value) {
  cell *c = last_cell(sheet, column);
  if (!c) return;
  c->kind = CELL_INT;
  c->whole = value;
}

void vx_sheet_show(vx_sheet *sheet, int column, const char *format, ...) {
  if (sheet->failed || sheet->row_count == 0) return;
  cell *c = &sheet->cells[(sheet->row_count - 1) * sheet->column_count + column];
  va_list arguments;
  va_start(arguments, format);
  free(c->shown);
  c->shown = format_text(sheet, format, arguments);
  va_end(arguments);
}
