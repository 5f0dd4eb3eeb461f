/* results/README.md, docs/sql.md and results/metadata.yaml against a real file: every table and column is explained,
   nothing is explained that is not there, every query runs. */
#include <sqlite3.h>

#include "harness/config/yaml.h"
#include "tests/support/store_files.h"
#include "tests/support/suite.h"

static char path[256];
static sqlite3 *db;

static void setup(void) {
  fresh_path(path, "readme");
  vx_run_row run = run_info(IMAGES, METHODS);
  write_images(path, &run, NULL, IMAGES);
  ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
}

static void teardown(void) {
  sqlite3_close(db);
  remove_path(path);
}

static char *read_file(const char *name) {
  FILE *file = fopen(name, "rb");
  if (!file) ck_abort_msg("no %s", name);
  char *text = calloc(1, 1 << 20);
  size_t size = fread(text, 1, (1 << 20) - 1, file);
  fclose(file);
  text[size] = '\0';
  return text;
}

/* The text between the heading "### name" and the next heading, to be freed. */
static char *section_of(const char *text, const char *name) {
  char heading[100];
  snprintf(heading, sizeof heading, "\n### %s\n", name);
  const char *at = strstr(text, heading);
  if (!at) ck_abort_msg("no section ### %s", name);
  at += strlen(heading);
  const char *end = strstr(at, "\n#");
  return end ? strndup(at, (size_t)(end - at)) : strdup(at);
}

static int count_ticks(const char *section) {
  /* names in backquotes in the first column of the section's table */
  int count = 0;
  for (const char *line = section; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
    if (strncmp(line, "| `", 3) != 0) continue;
    int ticks = 0;
    for (const char *c = line + 1; *c && *c != '|'; c++) ticks += *c == '`';
    count += ticks / 2;
  }
  return count;
}

START_TEST(every_table_and_column_is_explained) {
  char *text = read_file("results/README.md");
  sqlite3_stmt *tables, *columns;
  sqlite3_prepare_v2(db, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'",
                     -1, &tables, NULL);
  int seen = 0;
  while (sqlite3_step(tables) == SQLITE_ROW) {
    const char *table = (const char *)sqlite3_column_text(tables, 0);
    char *section = section_of(text, table);
    int count = 0;
    sqlite3_prepare_v2(db, "SELECT name FROM pragma_table_info(?)", -1, &columns, NULL);
    sqlite3_bind_text(columns, 1, table, -1, SQLITE_STATIC);
    while (sqlite3_step(columns) == SQLITE_ROW) {
      char ticked[100];
      snprintf(ticked, sizeof ticked, "`%s`", (const char *)sqlite3_column_text(columns, 0));
      if (!strstr(section, ticked)) ck_abort_msg("%s: column %s is not explained", table, ticked);
      count++;
    }
    if (count_ticks(section) != count) {
      ck_abort_msg("%s has %d columns, README explains %d", table, count, count_ticks(section));
    }
    sqlite3_finalize(columns);
    free(section);
    seen++;
  }
  sqlite3_finalize(tables);
  ck_assert_int_ge(seen, 20);
  free(text);
}
END_TEST

/* Runs every ```sql block of a page; returns how many gave rows. */
static int run_queries(const char *page, int *queries) {
  char *text = read_file(page);
  int with_rows = 0;
  *queries = 0;
  for (char *at = text; (at = strstr(at, "```sql\n"));) {
    at += 7;
    char *end = strstr(at, "```");
    *end = '\0';
    const char *rest = at;
    while (*rest) {
      sqlite3_stmt *query;
      if (sqlite3_prepare_v2(db, rest, -1, &query, &rest) != SQLITE_OK) {
        ck_abort_msg("%s: %s\n%s", page, sqlite3_errmsg(db), at);
      }
      if (!query) break; /* white space */
      int code = sqlite3_step(query);
      if (code != SQLITE_ROW && code != SQLITE_DONE) ck_abort_msg("%s: %s\n%s", page, sqlite3_errmsg(db), at);
      with_rows += code == SQLITE_ROW;
      sqlite3_finalize(query);
      ++*queries;
    }
    at = end + 1;
  }
  free(text);
  return with_rows;
}

START_TEST(ten_queries_run_and_find_something) {
  int queries;
  int with_rows = run_queries("results/README.md", &queries);
  ck_assert_int_eq(queries, 10);
  ck_assert_int_eq(with_rows, 10);
}
END_TEST

START_TEST(the_recipes_run) {
  int queries;
  int with_rows = run_queries("docs/sql.md", &queries);
  ck_assert_int_ge(queries, 12);
  ck_assert_int_ge(with_rows, queries - 3);
}
END_TEST

START_TEST(datasette_knows_every_column_and_no_other) {
  vx_error error;
  vx_yaml *root;
  char *text = read_file("results/metadata.yaml"), *end = strstr(text, "\n  demo-shortcut: *results");
  ck_assert_ptr_nonnull(end); /* from here on the same again, by YAML's aliases */
  OK((root = vx_yaml_parse(text, (size_t)(end - text), "results/metadata.yaml", &error)) != NULL);
  free(text);
  const vx_yaml *databases = vx_yaml_find(root, "databases");
  ck_assert_ptr_nonnull(databases);
  ck_assert_int_ge(databases->count, 1);
  const vx_yaml *tables = vx_yaml_find(databases->items[0], "tables");
  ck_assert_int_ge(tables->count, 20);
  for (int t = 0; t < tables->count; t++) {
    const vx_yaml *columns = vx_yaml_find(tables->items[t], "columns");
    ck_assert(vx_yaml_find(tables->items[t], "description") != NULL);
    sqlite3_stmt *query;
    int count = 0;
    sqlite3_prepare_v2(db, "SELECT name FROM pragma_table_info(?)", -1, &query, NULL);
    sqlite3_bind_text(query, 1, tables->keys[t], -1, SQLITE_STATIC);
    while (sqlite3_step(query) == SQLITE_ROW) {
      const char *name = (const char *)sqlite3_column_text(query, 0);
      if (!vx_yaml_find(columns, name)) ck_abort_msg("metadata.yaml: %s.%s is not described", tables->keys[t], name);
      count++;
    }
    sqlite3_finalize(query);
    ck_assert_int_eq(columns->count, count);
  }
  vx_yaml_free(root);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("readme");
  tcase_add_checked_fixture(cases, setup, teardown);
  tcase_add_test(cases, every_table_and_column_is_explained);
  tcase_add_test(cases, ten_queries_run_and_find_something);
  tcase_add_test(cases, the_recipes_run);
  tcase_add_test(cases, datasette_knows_every_column_and_no_other);
  return run_suite("results README", cases);
}
