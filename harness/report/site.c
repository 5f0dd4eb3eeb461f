#include "harness/report/site.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "harness/report/embed.h"
#include "harness/store/query.h"
#include "harness/tables/table.h"

extern const unsigned char vx_asset_report_css[], vx_asset_site_css[], vx_asset_site_html[], vx_asset_site_js[];

typedef struct site {
  const char *folder;
  const vx_report_options *options;
  vx_site_made *made;
  json_t *runs;
} site;

/* What `vitx table --format json` prints of a run; NULL on failure. */
static json_t *table_of(vx_store *store, const vx_report_options *options, int64_t run, vx_error *error) {
  vx_table_options table = vx_table_defaults();
  char *text = NULL;
  size_t size = 0;
  table.run = run;
  table.resamples = options->resamples;
  table.seed = options->seed;
  table.published = options->published;
  table.compare_with = options->compare_with;
  vx_sheet *sheet = vx_table_make(store, &table, error);
  FILE *to = sheet ? open_memstream(&text, &size) : NULL;
  bool good = sheet && (to || vx_fail(error, vx_store_path(store), "out of memory")) &&
              vx_sheet_print(sheet, VX_FORMAT_JSON, to, error);
  if (to) fclose(to);
  json_t *made = good ? json_loadb(text, size, 0, NULL) : NULL;
  if (good && !made) vx_fail(error, vx_store_path(store), "out of memory");
  vx_sheet_free(sheet);
  free(text);
  return made;
}

/* The report's name beside the index: the file's, and the run's number where the file has several; told apart from
   those before it by a number. */
static void name_report(const site *s, const char *path, const vx_run_row *run, bool several, char *name, size_t size) {
  const char *slash = strrchr(path, '/'), *from = slash ? slash + 1 : path;
  size_t length = strlen(from), index;
  json_t *other;
  char base[300];
  if (length > 7 && strcmp(from + length - 7, ".sqlite") == 0) length -= 7;
  if (several)
    snprintf(base, sizeof base, "%.*s-run%" PRId64, (int)(length < 200 ? length : 200), from, run->id);
  else
    snprintf(base, sizeof base, "%.*s", (int)(length < 200 ? length : 200), from);
  for (int again = strcmp(base, "index") == 0 ? 2 : 1;; again++) {
    bool taken = false;
    if (again == 1)
      snprintf(name, size, "%s.html", base);
    else
      snprintf(name, size, "%s-%d.html", base, again);
    json_array_foreach(s->runs, index, other) {
      const char *theirs = json_string_value(json_object_get(other, "report"));
      taken = taken || (theirs && strcmp(theirs, name) == 0);
    }
    if (!taken) return;
  }
}

static bool add_run(site *s, vx_store *store, const vx_run_row *run, bool several, vx_error *error) {
  char name[400];
  vx_report_made made;
  vx_report_options options = *s->options;
  options.run = run->id;
  name_report(s, vx_store_path(store), run, several, name, sizeof name);
  json_t *table = table_of(store, s->options, run->id, error);
  char *path = table ? vx_path_join(s->folder, name, "") : NULL;
  bool good = table && (path || vx_fail(error, s->folder, "out of memory")) &&
              vx_report_write(store, &options, path, &made, error);
  free(path);
  if (!good) return json_decref(table), false;
  s->made->runs++;
  return json_array_append_new(s->runs,
                               json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}", "file",
                                         vx_embed_text(vx_store_path(store)), "report", vx_embed_text(name), "name",
                                         vx_embed_text(run->name), "model", vx_embed_text(run->model), "data",
                                         vx_embed_text(run->data), "protocol", vx_embed_text(run->protocol),
                                         "protocol_sha256", vx_embed_text(run->protocol_digest), "finished",
                                         *run->finished != '\0', "table", table)) == 0 ||
         vx_fail(error, s->folder, "out of memory");
}

static bool add_file(site *s, const char *file, vx_error *error) {
  vx_store *store = vx_store_open(file, VX_STORE_READ, error);
  vx_arena *arena = vx_arena_new();
  vx_run_row *runs;
  int count = 0;
  bool good =
      store && (arena || vx_fail(error, file, "out of memory")) && vx_query_runs(store, arena, &runs, &count, error);
  for (int i = 0; good && i < count; i++) good = add_run(s, store, &runs[i], count > 1, error);
  s->made->files += good;
  vx_arena_free(arena);
  vx_store_close(store);
  return good;
}

/* The template, its marks replaced. Takes `runs`. */
static bool print_index(FILE *to, json_t *runs, vx_error *error) {
  const char *at = (const char *)vx_asset_site_html;
  bool good = true;
  for (const char *mark; (mark = strchr(at, '@')) != NULL; at = strchr(mark + 1, '@') + 1) {
    fwrite(at, 1, (size_t)(mark - at), to);
    if (strncmp(mark, "@style@", 7) == 0)
      fprintf(to, "<style>\n%s%s</style>\n", (const char *)vx_asset_report_css, (const char *)vx_asset_site_css);
    else if (strncmp(mark, "@script@", 8) == 0)
      fprintf(to, "<script>\n%s</script>\n", (const char *)vx_asset_site_js);
    else
      good = vx_embed_write(to, "runs", runs, error);
  }
  fputs(at, to);
  return good;
}

static bool write_index(site *s, vx_error *error) {
  char *path = vx_path_join(s->folder, "index.html", ""), *part = vx_path_join(s->folder, "index.html", ".part");
  FILE *to = path && part ? fopen(part, "wb") : NULL;
  bool good = to || vx_fail(error, part ? part : s->folder, "cannot be written: %s", strerror(errno));
  if (good) good = print_index(to, json_incref(s->runs), error);
  if (to) {
    bool written = !ferror(to);
    if (fclose(to) != 0) written = false;
    if (good && !written) good = vx_fail(error, part, "cannot be written: %s", strerror(errno));
    if (good && rename(part, path) != 0) good = vx_fail(error, path, "cannot be written: %s", strerror(errno));
    if (!good) unlink(part);
  }
  free(path);
  free(part);
  return good;
}

bool vx_site_write(const char *folder, const char *const *files, int count, const vx_report_options *options,
                   vx_site_made *made, vx_error *error) {
  *made = (vx_site_made){0};
  site s = {.folder = folder, .options = options, .made = made};
  if (mkdir(folder, 0777) != 0 && errno != EEXIST) return vx_fail(error, folder, "cannot be made: %s", strerror(errno));
  if (!(s.runs = json_array())) return vx_fail(error, folder, "out of memory");
  bool good = true;
  for (int i = 0; good && i < count; i++) good = add_file(&s, files[i], error);
  good = good && write_index(&s, error);
  json_decref(s.runs);
  return good;
}
