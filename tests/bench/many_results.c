/* A results file of millions of made-up evaluations, to measure how long tables over it take:

     build/release/bench_many_results /tmp/many.sqlite [images [methods]]     (standard: 100000 x 50)
     time sqlite3 /tmp/many.sqlite 'SELECT * FROM table1'; time vitx table /tmp/many.sqlite */
#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "harness/store/store.h"

enum { CLASSES = 20, SQL_SIZE = 4096 };

/* Filled by SQL, method by method: through vx_store_write, an image at a time, it would take an hour. The triggers see
   every row, as they do in a run. Numbers are made from a multiplicative hash, so that every file is the same. */
static const char fill[] =
    "BEGIN;"
    "WITH RECURSIVE k(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM k WHERE i + 1 < %d)"
    " INSERT INTO images (id, run, position, image_id, width, height, object_pixels, void_pixels, object_share, size,"
    " main_class, mask_digest) SELECT i + 1, 1, i, printf('image_%%07d', i), 224, 224, 14000, 0, 14000.0 / (224 * 224),"
    " 'medium', 1 + i %% %d, '0' FROM k;"
    "INSERT INTO predictions SELECT id, position %% 2, 0.86 + 0.14 * ((position * 48271 %% 65536) / 65536.0), 1,"
    " CASE WHEN main_class = 1 + position %% 2 THEN 1 WHEN main_class <= 2 THEN 0 END FROM images;"
    "INSERT INTO top5 SELECT image, 1, label, probability FROM predictions;"
    "WITH c AS (SELECT m.id AS method, i.id AS image, CAST(14000 * (0.2 + 0.6 * m.place / %d) *"
    " ((i.id * 69621 + m.id * 7919) %% 65537 / 65537.0) AS INTEGER) AS tp, (i.id * 16807 + m.id) %% 9000 AS fp"
    " FROM run_methods m CROSS JOIN images i)"
    " INSERT INTO evaluations SELECT 1, method, image, NULL, 'ok', 100, tp, fp, 14000 - tp, 224 * 224 - 14000 - fp, 0,"
    " 1.0 * tp / (14000 + fp), 2.0 * tp / (14000 + fp + tp), 1.0 * (tp + 224 * 224 - 14000 - fp) / (224 * 224), 1"
    " FROM c ORDER BY method, image;"
    "COMMIT; ANALYZE;";

static bool fill_file(const char *path, const char *sql, vx_error *error) {
  sqlite3 *db = NULL;
  bool ok = (sqlite3_open(path, &db) == SQLITE_OK && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK) ||
            vx_fail(error, path, "%s", sqlite3_errmsg(db));
  sqlite3_close(db);
  return ok;
}

static bool write_all(const char *path, int images, int methods, vx_error *error) {
  static const char *const labels[] = {"one", "two"};
  static const int label_class[] = {1, 2};
  char sql[SQL_SIZE];
  const char *classes[CLASSES + 1];
  char class_names[CLASSES + 1][16];
  vx_method_row *list = calloc((size_t)methods, sizeof *list);
  char(*names)[24] = calloc((size_t)methods, sizeof *names);
  vx_store *store = vx_store_open(path, VX_STORE_WRITE, error);
  bool ok = list && names && store;
  for (int i = 0; i <= CLASSES; i++) {
    snprintf(class_names[i], sizeof class_names[i], "class %d", i);
    classes[i] = class_names[i];
  }
  for (int m = 0; ok && m < methods; m++) {
    snprintf(names[m], sizeof names[m], "method-%d", m);
    list[m] = (vx_method_row){
        .name = names[m], .explainer = "x", .title = "X", .family = "attention", .source = "-", .parameters = ""};
  }
  vx_run_row run = {.name = "many",
                    .config = "",
                    .model = "-",
                    .model_digest = "0",
                    .data = "- -",
                    .data_digest = "0",
                    .input = "size=224 resize=squash",
                    .min_confidence = 0.85,
                    .target = "top",
                    .output = "logit",
                    .precision = "mixed",
                    .input_side = 224,
                    .grid = 14,
                    .image_count = images,
                    .program = "bench",
                    .openblas = "-",
                    .kernel = "-",
                    .host = "-",
                    .scoring = {0, "main", "input", "otsu", "any", "ignore", "pillow", "accuracy", "mean", NULL},
                    .data_classes = classes,
                    .data_class_count = CLASSES + 1,
                    .labels = labels,
                    .label_class = label_class,
                    .label_count = 2,
                    .methods = list,
                    .method_count = methods};
  snprintf(sql, sizeof sql, fill, images, CLASSES, methods);
  ok = ok && vx_store_begin(store, &run, error) && fill_file(path, sql, error) && vx_store_finish(store, error);
  vx_store_close(store);
  free(list);
  free(names);
  return ok;
}

int main(int argc, char **argv) {
  vx_error error = {.why = ""};
  int images = argc > 2 ? atoi(argv[2]) : 100000, methods = argc > 3 ? atoi(argv[3]) : 50;
  if (argc < 2 || images < 1 || methods < 1) {
    fprintf(stderr, "usage: %s FILE.sqlite [IMAGES [METHODS]]\n", argv[0]);
    return 2;
  }
  if (write_all(argv[1], images, methods, &error)) return 0;
  fprintf(stderr, "%s: %s\n", error.where, error.why);
  return 1;
}
