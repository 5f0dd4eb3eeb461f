/* The demo keeps its promises: the trained model knows the held-out scenes and is sure of them, a method finds the
   objects better than maps that never look, and where the planted mark misleads the model, a method shows the mark. */
#include "tests/support/suite.h"
#include "tests/tools/scenes_files.h"

#include <sqlite3.h>

enum { SIDE = 224, PIXELS = SIDE * SIDE, TOP = PIXELS / 20 }; /* top 5 % of the pixels */

/* Class-specific methods that are quick. */
#define METHODS "cam,gradcam,attn-gradcam,ag-cam,attention-gradient,generic-attention,transformer-attribution"

static char folder[64];

static int vitx(const char *config, const char *methods, const char *out) {
  char command[2048];
  const char *program = getenv("VITX_PROGRAM");
  snprintf(command, sizeof command, "'%s' run configs/%s.yaml --quiet --set 'methods=[%s]' --out %s/%s >/dev/null",
           program ? program : "build/release/vitx", config, methods, folder, out);
  int status = system(command);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void run_both(void) {
  new_folder(folder);
  ck_assert_int_eq(vitx("demo", METHODS ",foreground,center", "demo.sqlite"), 0);
  ck_assert_int_eq(vitx("demo-shortcut", METHODS, "shortcut.sqlite"), 0);
}

static void clean_up(void) {
  remove_folder(folder);
}

static sqlite3 *results(const char *name) {
  char path[1024];
  sqlite3 *db;
  path_of(path, "%s/%s", folder, name);
  ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
  return db;
}

static double number(sqlite3 *db, const char *query) {
  sqlite3_stmt *s;
  ck_assert_msg(sqlite3_prepare_v2(db, query, -1, &s, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
  ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
  double value = sqlite3_column_double(s, 0);
  sqlite3_finalize(s);
  return value;
}

START_TEST(the_model_knows_the_scenes_and_is_sure) {
  sqlite3 *db = results("demo.sqlite");
  ck_assert_double_eq(number(db, "SELECT count(*) FROM predictions"), 120);
  ck_assert_double_eq(number(db, "SELECT count(*) FROM failures"), 0);
  ck_assert_double_ge(number(db, "SELECT avg(correct) FROM predictions"), 0.8);
  ck_assert_double_ge(number(db, "SELECT avg(passed) FROM predictions"), 0.6);
  sqlite3_close(db);
}
END_TEST

START_TEST(a_method_beats_maps_that_never_look) {
  sqlite3 *db = results("demo.sqlite");
  double best = number(db, "SELECT max(iou) FROM table1 WHERE NOT trivial");
  double trivial = number(db, "SELECT max(iou) FROM table1 WHERE trivial");
  ck_assert_msg(best > trivial + 5, "best method %.2f, best trivial row %.2f", best, trivial);
  sqlite3_close(db);
}
END_TEST

/* Bilinear, half-pixel centres, borders clamped: from `side` × `side` single-precision values to the input's size. */
static void enlarge(const float *map, int side, double out[PIXELS]) {
  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++) {
      double v = (y + 0.5) * side / SIDE - 0.5, u = (x + 0.5) * side / SIDE - 0.5;
      v = v < 0 ? 0 : v;
      u = u < 0 ? 0 : u;
      int j = (int)v, i = (int)u, jj = j + 1 < side ? j + 1 : j, ii = i + 1 < side ? i + 1 : i;
      double b = v - j, a = u - i;
      double above = map[j * side + i] * (1 - a) + map[j * side + ii] * a;
      double below = map[jj * side + i] * (1 - a) + map[jj * side + ii] * a;
      out[y * SIDE + x] = above * (1 - b) + below * b;
    }
}

static int higher_first(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? 1 : x > y ? -1 : 0;
}

/* The share of the top 5 % of the pixels that lies on the mark; equal pixels at the edge of the 5 % count in part. */
static double share_on_mark(const double map[PIXELS], const annotation *a) {
  static double sorted[PIXELS];
  memcpy(sorted, map, sizeof sorted);
  qsort(sorted, PIXELS, sizeof *sorted, higher_first);
  double edge = sorted[TOP - 1], above = 0, above_on = 0, at = 0, at_on = 0;
  for (int p = 0; p < PIXELS; p++) {
    double x = (p % SIDE + 0.5) * a->width / SIDE + 1, y = (p / SIDE + 0.5) * a->height / SIDE + 1;
    int on = x >= a->mark.x0 && x < a->mark.x1 + 1 && y >= a->mark.y0 && y < a->mark.y1 + 1;
    above += map[p] > edge, above_on += on && map[p] > edge;
    at += map[p] >= edge && map[p] <= edge, at_on += on && map[p] >= edge && map[p] <= edge;
  }
  return (above_on + at_on * (TOP - above) / at) / TOP;
}

/* How many fooled images' maps of `method` lie more than half on the mark. */
static int shown(sqlite3 *db, const char *method) {
  static double big[PIXELS];
  sqlite3_stmt *s;
  const char *query =
      "SELECT i.image_id, m.width, m.bytes FROM maps m JOIN images i ON i.id = m.image JOIN run_methods r "
      "ON r.id = m.method JOIN predictions p ON p.image = i.id JOIN labels l ON l.label = p.label "
      "WHERE r.name = ?1 AND l.name = 'drop' AND m.kind = 'patch'";
  ck_assert_msg(sqlite3_prepare_v2(db, query, -1, &s, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
  sqlite3_bind_text(s, 1, method, -1, SQLITE_STATIC);
  int count = 0;
  while (sqlite3_step(s) == SQLITE_ROW) {
    char path[1024];
    path_of(path, "data/demo/Annotations/%s.xml", (const char *)sqlite3_column_text(s, 0));
    annotation a = read_annotation(path);
    ck_assert_int_eq(a.marks, 1);
    enlarge(sqlite3_column_blob(s, 2), sqlite3_column_int(s, 1), big);
    count += share_on_mark(big, &a) > 0.5;
  }
  sqlite3_finalize(s);
  return count;
}

START_TEST(a_method_shows_what_misled_the_model) {
  static const char methods[] = METHODS;
  sqlite3 *db = results("shortcut.sqlite");
  int fooled = (int)number(db, "SELECT count(*) FROM predictions JOIN labels USING (label) WHERE name = 'drop'");
  ck_assert_msg(fooled > 20, "only %d of 40 scenes fool the model", fooled);
  char names[sizeof methods], *rest = names, *method;
  int best = 0;
  memcpy(names, methods, sizeof names);
  while ((method = strsep(&rest, ","))) {
    int n = shown(db, method);
    printf("%s: on the mark in %d of %d fooled scenes\n", method, n, fooled);
    best = n > best ? n : best;
  }
  ck_assert_msg(2 * best > fooled, "best method shows the mark in %d of %d fooled scenes", best, fooled);
  sqlite3_close(db);
}
END_TEST

int main(void) {
  TCase *c = tcase_create("demo");
  tcase_set_timeout(c, 600);
  tcase_add_unchecked_fixture(c, run_both, clean_up);
  tcase_add_test(c, the_model_knows_the_scenes_and_is_sure);
  tcase_add_test(c, a_method_beats_maps_that_never_look);
  tcase_add_test(c, a_method_shows_what_misled_the_model);
  return run_suite("demo", c);
}
