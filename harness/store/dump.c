#include "harness/store/dump.h"

#include <inttypes.h>

#include "base/digest.h"
#include "harness/store/list.h"

/* A kind of row and the query that gives its columns, for one run (?1). */
typedef struct section {
  const char *name, *sql;
} section;

/* Left out: ids (they depend on the order of writing), times, host, folders, and the program's and kernel's names. */
static const section of_run[] = {
    {"run",
     "SELECT digest, model_digest, data_digest, input, min_confidence, target, output, precision,"
     " (SELECT group_concat(name || '=' || digest, ' ') FROM (SELECT name, digest FROM run_metrics WHERE run = ?1"
     "  ORDER BY name)), seed, input_side, grid_side, image_count FROM runs WHERE id = ?1"},
    {"protocol", "SELECT protocol, protocol_digest FROM runs WHERE id = ?1 AND protocol IS NOT NULL"},
    {"class", "SELECT class, name FROM classes WHERE run = ?1 ORDER BY class"},
    {"label", "SELECT label, name, class FROM labels WHERE run = ?1 ORDER BY label"},
    {"method", "SELECT name, digest, explainer, family, class_specific, trivial, is_mask, pixel_map, parameters, parts"
               " FROM run_methods WHERE run = ?1 ORDER BY name"},
    {"scoring", "SELECT name, digest, size, threshold, foreground, void, mask_resize, pixel_accuracy, aggregate, note"
                " FROM scorings WHERE run = ?1 ORDER BY name"},
    {"image", "SELECT position, image_id, width, height, object_pixels, void_pixels, object_share, size, main_class,"
              " mask_digest FROM images WHERE run = ?1 ORDER BY position"},
    {"object", "SELECT i.position, number, name, class, x_min, y_min, x_max, y_max, difficult, truncated, occluded,"
               " pixels FROM objects o JOIN images i ON i.id = o.image WHERE i.run = ?1 ORDER BY i.position, number"},
    {"prediction", "SELECT i.position, label, probability, passed, correct FROM predictions p"
                   " JOIN images i ON i.id = p.image WHERE i.run = ?1 ORDER BY i.position"},
    {"top", "SELECT i.position, rank, label, probability FROM top5 t JOIN images i ON i.id = t.image"
            " WHERE i.run = ?1 ORDER BY i.position, rank"},
    {"perturbation",
     "SELECT i.position, p.kind, remove, cells, p.place, removed, target, second, probability, logit, second_logit"
     " FROM perturbations p JOIN images i ON i.id = p.image WHERE i.run = ?1"
     " ORDER BY i.position, p.kind, remove, cells, p.place"},
    {"failure", "SELECT i.position, m.name, severity, stage, f.place, reason FROM failures f"
                " JOIN images i ON i.id = f.image LEFT JOIN run_methods m ON m.id = f.method WHERE i.run = ?1"
                " ORDER BY i.position, m.name, severity, stage, f.place, reason"},
};

/* For one method (?1) under one scoring (?2). */
static const section of_scoring[] = {
    {"evaluation",
     "SELECT s.name, m.name, i.position, e.target, e.status, e.threshold, tp, fp, fn, tn, e.void, iou, f1,"
     " e.pixel_accuracy FROM evaluations e JOIN scorings s ON s.id = e.scoring"
     " JOIN run_methods m ON m.id = e.method JOIN images i ON i.id = e.image"
     " WHERE e.method = ?1 AND e.scoring = ?2 ORDER BY i.position"},
    {"score", "SELECT s.name, m.name, i.position, metric, value FROM scores e JOIN scorings s ON s.id = e.scoring"
              " JOIN run_methods m ON m.id = e.method JOIN images i ON i.id = e.image"
              " WHERE e.method = ?1 AND e.scoring = ?2 ORDER BY i.position, metric"},
    {"curve", "SELECT s.name, m.name, i.position, metric, e.name, e.bytes FROM curves e"
              " JOIN scorings s ON s.id = e.scoring JOIN run_methods m ON m.id = e.method"
              " JOIN images i ON i.id = e.image WHERE e.method = ?1 AND e.scoring = ?2"
              " ORDER BY i.position, metric, e.name"},
};

static const section of_method[] = {
    {"map", "SELECT m.name, i.position, p.kind, p.width, p.height, p.bytes FROM images i"
            " JOIN maps p ON p.image = i.id AND p.method = ?1 JOIN run_methods m ON m.id = p.method"
            " WHERE i.run = m.run ORDER BY i.position"},
};

static void print_text(const char *text, FILE *to) {
  for (; *text; text++) {
    switch (*text) {
    case '\t':
      fputs("\\t", to);
      break;
    case '\n':
      fputs("\\n", to);
      break;
    case '\r':
      fputs("\\r", to);
      break;
    case '\\':
      fputs("\\\\", to);
      break;
    default:
      putc(*text, to);
    }
  }
}

static void print_column(sqlite3_stmt *row, int column, FILE *to) {
  vx_digest digest;
  char text[VX_DIGEST_SIZE];
  switch (sqlite3_column_type(row, column)) {
  case SQLITE_INTEGER:
    fprintf(to, "%" PRId64, (int64_t)sqlite3_column_int64(row, column));
    break;
  case SQLITE_FLOAT:
    fprintf(to, "%.17g", sqlite3_column_double(row, column));
    break;
  case SQLITE_TEXT:
    print_text(vx_sql_text(row, column), to);
    break;
  case SQLITE_BLOB:
    vx_digest_start(&digest);
    vx_digest_bytes(&digest, sqlite3_column_blob(row, column), (size_t)sqlite3_column_bytes(row, column));
    vx_digest_print(&digest, text);
    fputs(text, to);
    break;
  default:
    putc('-', to);
  }
}

static bool print_section(vx_store *store, const section *part, int64_t first, int64_t second, FILE *to,
                          vx_error *error) {
  sqlite3_stmt *read = vx_sql_prepare(store, error, part->sql, "");
  sqlite3_bind_int64(read, 1, first);
  sqlite3_bind_int64(read, 2, second); /* as far as it has them */
  int row;
  while ((row = vx_sql_row(store, read, error)) > 0) {
    fputs(part->name, to);
    for (int i = 0; i < sqlite3_column_count(read); i++) {
      putc('\t', to);
      print_column(read, i, to);
    }
    putc('\n', to);
  }
  sqlite3_finalize(read);
  return row == 0;
}

static bool print_sections(vx_store *store, const section *sections, size_t count, int64_t first, int64_t second,
                           FILE *to, vx_error *error) {
  for (size_t i = 0; i < count; i++) {
    if (!print_section(store, &sections[i], first, second, to, error)) return false;
  }
  return true;
}

#define SECTIONS(list) list, sizeof(list) / sizeof *(list)

static bool dump_methods(vx_store *store, const int64_t *methods, int method_count, const int64_t *scorings,
                         int scoring_count, FILE *to, vx_error *error) {
  for (int m = 0; m < method_count; m++) {
    for (int s = 0; s < scoring_count; s++) {
      if (!print_sections(store, SECTIONS(of_scoring), methods[m], scorings[s], to, error)) return false;
    }
    if (!print_sections(store, SECTIONS(of_method), methods[m], 0, to, error)) return false;
  }
  return true;
}

static bool read_ids(vx_store *store, const char *sql, int64_t bound, vx_arena *arena, int64_t **ids, int *count,
                     vx_error *error) {
  return vx_query_list(store, sql, bound, 0, arena, vx_take_id, sizeof **ids, ids, count, error);
}

static bool dump_run(vx_store *store, int64_t run, vx_arena *arena, FILE *to, vx_error *error) {
  int method_count, scoring_count;
  int64_t *methods, *scorings;
  return print_sections(store, SECTIONS(of_run), run, 0, to, error) &&
         read_ids(store, "SELECT id FROM run_methods WHERE run = ?1 ORDER BY name", run, arena, &methods, &method_count,
                  error) &&
         read_ids(store, "SELECT id FROM scorings WHERE run = ?1 ORDER BY name", run, arena, &scorings, &scoring_count,
                  error) &&
         dump_methods(store, methods, method_count, scorings, scoring_count, to, error);
}

bool vx_store_dump(vx_store *store, int64_t run, FILE *to, vx_error *error) {
  int count;
  int64_t *runs;
  const char *all = "SELECT id FROM runs ORDER BY digest", *one = "SELECT id FROM runs WHERE id = ?1";
  vx_arena *arena = vx_arena_new();
  if (!arena) return vx_fail(error, store->path, "out of memory");
  bool begun = vx_sql_exec(store, "BEGIN", error); /* one moment's view, whoever writes meanwhile */
  bool ok = begun && read_ids(store, run ? one : all, run, arena, &runs, &count, error) &&
            (count > 0 || run == 0 || vx_fail(error, store->path, "has no run %" PRId64, run));
  for (int i = 0; ok && i < count; i++) ok = dump_run(store, runs[i], arena, to, error);
  if (begun) sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
  vx_arena_free(arena);
  return ok;
}
