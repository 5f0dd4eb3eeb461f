/* How a sheet is drawn in each format. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/store/csv.h"
#include "harness/tables/sheet_cells.h"

enum { CELL_SIZE = 64 };

/* The shortest decimal that reads back as the same double. */
static void exact_text(double value, char text[CELL_SIZE]) {
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(text, CELL_SIZE, "%.*g", digits, value);
    if (strtod(text, NULL) == value) return;
  }
}

/* What the reader sees; `room` is for numbers. */
static const char *eye_text(const vx_sheet *sheet, int row, int column, char room[CELL_SIZE]) {
  const cell *c = &sheet->cells[row * sheet->column_count + column];
  int decimals = sheet->columns[column].decimals;
  if (c->shown) return c->shown;
  switch (c->kind) {
  case CELL_TEXT:
    return c->text;
  case CELL_INT:
    snprintf(room, CELL_SIZE, "%lld", c->whole);
    return room;
  case CELL_REAL:
    if (decimals < 0)
      exact_text(c->real, room);
    else
      snprintf(room, CELL_SIZE, "%.*f", decimals, c->real);
    /* a difference that rounds to nothing has no sign */
    if (room[0] == '-' && strspn(room, "-0.") == strlen(room)) memmove(room, room + 1, strlen(room));
    return room;
  default:
    return "";
  }
}

/* Columns that a terminal shows for a text: characters, not bytes. */
static int width_of(const char *text) {
  int width = 0;
  for (; *text; text++) width += ((unsigned char)*text & 0xC0) != 0x80;
  return width;
}

static void repeat(char character, int count, FILE *to) {
  for (int i = 0; i < count; i++) putc(character, to);
}

static void print_rule(int width, FILE *to) {
  repeat('-', width, to);
  putc('\n', to);
}

static bool rule_before(const vx_sheet *sheet, int row) {
  for (int i = 0; i < sheet->rule_count; i++) {
    if (sheet->rules[i] == row) return true;
  }
  return false;
}

static int column_width(const vx_sheet *sheet, int column) {
  char room[CELL_SIZE];
  int width = width_of(sheet->columns[column].head);
  for (int row = 0; row < sheet->row_count; row++) {
    int wide = width_of(eye_text(sheet, row, column, room));
    if (wide > width) width = wide;
  }
  return width;
}

/* One line of padded cells; row -1: the heads. */
static void print_line(const vx_sheet *sheet, const int *widths, int row, FILE *to) {
  char room[CELL_SIZE];
  bool first = true;
  for (int c = 0; c < sheet->column_count; c++) {
    if (!sheet->columns[c].head) continue;
    const char *text = row < 0 ? sheet->columns[c].head : eye_text(sheet, row, c, room);
    if (!first) fputs("  ", to);
    first = false;
    int pad = widths[c] - width_of(text);
    if (!sheet->columns[c].left) repeat(' ', pad, to);
    fputs(text, to);
    if (sheet->columns[c].left && c < sheet->column_count - 1) repeat(' ', pad, to);
  }
  putc('\n', to);
}

static void print_text(const vx_sheet *sheet, const int *widths, FILE *to) {
  int total = -2;
  for (int c = 0; c < sheet->column_count; c++) total += sheet->columns[c].head ? widths[c] + 2 : 0;
  if (sheet->title) fprintf(to, "%s\n", sheet->title);
  for (int i = 0; i < sheet->line_count; i++) fprintf(to, "  %s\n", sheet->lines[i]);
  if (sheet->title) putc('\n', to);
  for (int row = -1; row < sheet->row_count; row++) {
    if (row > 0 && rule_before(sheet, row)) print_rule(total, to);
    print_line(sheet, widths, row, to);
    if (row < 0) print_rule(total, to);
  }
  if (sheet->note_count) putc('\n', to);
  for (int i = 0; i < sheet->note_count; i++) fprintf(to, "%s\n", sheet->notes[i]);
}

/* Markdown gives a meaning to | * _ < ` and line ends, and to [ where a link follows. */
static void print_marked(const char *text, FILE *to) {
  const char *special = strstr(text, "](") ? "|*_<`\\[" : "|*_<`\\";
  for (; *text; text++) {
    if (strchr(special, *text)) putc('\\', to);
    putc(*text == '\n' ? ' ' : *text, to);
  }
}

static void print_markdown(const vx_sheet *sheet, FILE *to) {
  char room[CELL_SIZE];
  if (sheet->title) {
    fputs("**", to);
    print_marked(sheet->title, to);
    fputs(sheet->line_count ? "**  \n" : "**\n\n", to);
  }
  for (int i = 0; i < sheet->line_count; i++) {
    print_marked(sheet->lines[i], to);
    fputs(i + 1 < sheet->line_count ? "  \n" : "\n\n", to);
  }
  putc('|', to);
  for (int c = 0; c < sheet->column_count; c++) {
    if (sheet->columns[c].head) fprintf(to, " %s |", sheet->columns[c].head);
  }
  fputs("\n|", to);
  for (int c = 0; c < sheet->column_count; c++) {
    if (sheet->columns[c].head) fputs(sheet->columns[c].left ? " :-- |" : " --: |", to);
  }
  putc('\n', to);
  for (int row = 0; row < sheet->row_count; row++) {
    putc('|', to);
    for (int c = 0; c < sheet->column_count; c++) {
      if (!sheet->columns[c].head) continue;
      putc(' ', to);
      print_marked(eye_text(sheet, row, c, room), to);
      fputs(" |", to);
    }
    putc('\n', to);
  }
  for (int i = 0; i < sheet->note_count; i++) {
    fputs(i ? "" : "\n", to);
    print_marked(sheet->notes[i], to);
    fputs(i + 1 < sheet->note_count ? "  \n" : "\n", to);
  }
}

static void print_csv(const vx_sheet *sheet, FILE *to) {
  char room[CELL_SIZE];
  for (int c = 0; c < sheet->column_count; c++) fprintf(to, "%s%s", c ? "," : "", sheet->columns[c].key);
  putc('\n', to);
  for (int row = 0; row < sheet->row_count; row++) {
    for (int c = 0; c < sheet->column_count; c++) {
      const cell *one = &sheet->cells[row * sheet->column_count + c];
      if (c) putc(',', to);
      if (one->kind == CELL_TEXT) vx_csv_cell(one->text, to);
      if (one->kind == CELL_INT) fprintf(to, "%lld", one->whole);
      if (one->kind == CELL_REAL) {
        exact_text(one->real, room);
        fputs(room, to);
      }
    }
    putc('\n', to);
  }
}

static void print_tex(const char *text, FILE *to) {
  static const char special[] = "\\~^<>";
  static const char *const names[] = {"backslash", "asciitilde", "asciicircum", "less", "greater"};
  for (; *text; text++) {
    const char *found = strchr(special, *text);
    if (found) {
      fprintf(to, "\\text%s{}", names[found - special]);
      continue;
    }
    if (strchr("&%$#_{}", *text)) putc('\\', to);
    putc(*text == '\n' ? ' ' : *text, to);
  }
}

static void print_latex(const vx_sheet *sheet, FILE *to) {
  char room[CELL_SIZE];
  fputs("% \\usepackage{booktabs}\n\\begin{table}\n\\centering\n", to);
  if (sheet->title) {
    fputs("\\caption{", to);
    print_tex(sheet->title, to);
    fputs("}\n", to);
  }
  fputs("\\begin{tabular}{", to);
  for (int c = 0; c < sheet->column_count; c++) {
    if (sheet->columns[c].head) putc(sheet->columns[c].left ? 'l' : 'r', to);
  }
  fputs("}\n\\toprule\n", to);
  for (int row = -1; row < sheet->row_count; row++) {
    if (row > 0 && rule_before(sheet, row)) fputs("\\midrule\n", to);
    bool first = true;
    for (int c = 0; c < sheet->column_count; c++) {
      if (!sheet->columns[c].head) continue;
      if (!first) fputs(" & ", to);
      first = false;
      print_tex(row < 0 ? sheet->columns[c].head : eye_text(sheet, row, c, room), to);
    }
    fputs(" \\\\\n", to);
    if (row < 0) fputs("\\midrule\n", to);
  }
  fputs("\\bottomrule\n\\end{tabular}\n", to);
  for (int i = 0; i < sheet->line_count + sheet->note_count; i++) {
    fputs("\\par\\footnotesize ", to);
    print_tex(i < sheet->line_count ? sheet->lines[i] : sheet->notes[i - sheet->line_count], to);
    putc('\n', to);
  }
  fputs("\\end{table}\n", to);
}

static json_t *cell_json(const cell *c) {
  switch (c->kind) {
  case CELL_TEXT:
    return json_string(c->text);
  case CELL_INT:
    return json_integer(c->whole);
  case CELL_REAL:
    return isfinite(c->real) ? json_real(c->real) : json_null();
  default:
    return json_null();
  }
}

static bool print_json(const vx_sheet *sheet, FILE *to) {
  json_t *all = json_object(), *rows = json_array(), *notes = json_array(), *head = json_array();
  bool ok = all && rows && notes && head;
  for (int row = 0; ok && row < sheet->row_count; row++) {
    json_t *object = json_object();
    for (int c = 0; ok && c < sheet->column_count; c++) {
      const cell *value = &sheet->cells[row * sheet->column_count + c];
      ok = json_object_set_new(object, sheet->columns[c].key, cell_json(value)) == 0;
    }
    ok = json_array_append_new(rows, object) == 0 && ok;
  }
  for (int i = 0; ok && i < sheet->note_count; i++)
    ok = json_array_append_new(notes, json_string(sheet->notes[i])) == 0;
  for (int i = 0; ok && i < sheet->line_count; i++) ok = json_array_append_new(head, json_string(sheet->lines[i])) == 0;
  if (ok && sheet->title) ok = json_object_set_new(all, "title", json_string(sheet->title)) == 0;
  if (ok && sheet->line_count) ok = json_object_set(all, "head", head) == 0;
  if (ok) ok = json_object_set(all, "rows", rows) == 0 && json_object_set(all, "notes", notes) == 0;
  /* Not json_dumps: where memory runs out under it, it leaves out a key without a word. What a pipe or disk did not
     take is told when the output is closed. */
  ok = ok && (json_dumpf(all, to, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(17)) == 0 || ferror(to));
  if (ok) fputc('\n', to);
  json_decref(rows);
  json_decref(notes);
  json_decref(head);
  json_decref(all);
  return ok;
}

bool vx_sheet_print(const vx_sheet *sheet, vx_format format, FILE *to, vx_error *error) {
  int *widths = calloc((size_t)sheet->column_count + 1, sizeof *widths);
  bool ok = widths && !sheet->failed;
  for (int c = 0; ok && c < sheet->column_count; c++) {
    widths[c] = sheet->columns[c].head ? column_width(sheet, c) : 0;
  }
  if (ok && format == VX_FORMAT_TEXT) print_text(sheet, widths, to);
  if (ok && format == VX_FORMAT_MARKDOWN) print_markdown(sheet, to);
  if (ok && format == VX_FORMAT_CSV) print_csv(sheet, to);
  if (ok && format == VX_FORMAT_LATEX) print_latex(sheet, to);
  if (ok && format == VX_FORMAT_JSON) ok = print_json(sheet, to);
  free(widths);
  return ok || vx_fail(error, "table", "cannot be printed: out of memory, or a text that is not UTF-8");
}
