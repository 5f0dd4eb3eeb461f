#include "harness/tables/heading.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "harness/config/config.h"

static bool add_title(const vx_run_row *run, const char *scoring, vx_text *text, vx_error *error) {
  bool own = strcmp(scoring, "main") == 0;
  char *changed = vx_config_changed(run->config, run->name, own, error);
  if (!changed) return false;
  vx_text_add(text, "%s (run %" PRId64 "%s%s%s%s%s%s)", run->name, run->id, own ? "" : ", scoring ", own ? "" : scoring,
              *run->protocol ? "; protocol " : "", run->protocol, *changed ? "; " : "", changed);
  free(changed);
  return true;
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static bool add_data(vx_store *store, const vx_run_row *run, vx_arena *arena, int *classes, vx_text *text,
                     vx_error *error) {
  vx_class_row *rows;
  int count;
  if (!vx_query_classes(store, run->id, arena, &rows, &count, error)) return false;
  *classes = 0;
  for (int i = 0; i < count; i++) *classes += rows[i].index > 0;
  vx_text_add(text, "%s, %d images listed, %d classes", run->data, run->image_count, *classes);
  return true;
}

/* How many labels of the model stand for a class of the data, and for how many. */
static bool add_labels(vx_store *store, const vx_run_row *run, int classes, vx_arena *arena, int *labels, vx_text *text,
                       vx_error *error) {
  const int *stands_for;
  int mapped = 0, reached = 0;
  bool seen[256] = {false};
  if (!vx_query_label_classes(store, run->id, arena, &stands_for, labels, error)) return false;
  for (int i = 0; i < *labels; i++) {
    int class = stands_for[i];
    if (class < 0) continue;
    mapped++;
    if (class >= 256 || seen[class]) continue;
    seen[class] = true;
    reached++;
  }
  vx_text_add(text, "%s: %d of %d stand for %d of %d classes", *run->class_map ? run->class_map : "by name", mapped,
              *labels, reached, classes);
  return true;
}

static bool add_head(const vx_run_row *run, int labels, vx_text *text, vx_error *error) {
  vx_yaml *config = vx_yaml_parse(run->config, strlen(run->config), run->name, error);
  if (!config) return false;
  const vx_yaml *head = vx_yaml_find(config, "head");
  const vx_yaml *random = head ? vx_yaml_find(head, "random") : NULL, *seed = head ? vx_yaml_find(head, "seed") : NULL;
  long long count = 0, drawn_from = 0;
  if (random) vx_yaml_int(random, &count);
  if (seed) vx_yaml_int(seed, &drawn_from);
  if (count > 0)
    vx_text_add(text, "random, %d labels, seed %lld", labels, drawn_from);
  else
    vx_text_add(text, "the checkpoint's, %d labels", labels);
  vx_text_add(text, "; explained: %s by its %s", run->target, run->output);
  vx_yaml_free(config);
  return true;
}

static void add_scoring(const vx_scoring_row *s, vx_text *text) {
  vx_text_add(text, "size %s, threshold %s, foreground %s, void %s, mask %s%s", s->size, s->threshold, s->foreground,
              s->void_pixels, s->mask_resize,
              strcmp(s->pixel_accuracy, "recall") == 0 ? ", pixel accuracy is recall" : "");
}

static bool add_images(vx_store *store, const vx_run_row *run, const vx_image_set *images, double gate, vx_text *text,
                       vx_error *error) {
  vx_store_counts counts;
  int64_t sum = 0;
  int without = 0;
  if (!vx_store_count(store, run->id, &counts, error)) return false;
  for (int i = 0; i < images->count; i++) {
    sum += images->rows[i].position;
    without += strcmp(images->rows[i].size, "none") == 0;
  }
  vx_text_add(text, "%d of %d above %g; their places in the list sum to %" PRId64, images->count, counts.images,
              isnan(gate) ? run->min_confidence : gate, sum);
  if (without) vx_text_add(text, "; %d without an annotated object", without);
  if (counts.failed) vx_text_add(text, "; %d of all with a failure (`SELECT * FROM missing`)", counts.failed);
  if (counts.done < counts.images) vx_text_add(text, "; not finished, %d done: the same command goes on", counts.done);
  return true;
}

bool vx_heading_read(vx_store *store, const vx_run_row *run, const vx_scoring_row *scoring, const vx_image_set *images,
                     double gate, vx_arena *arena, vx_heading *heading, vx_error *error) {
  static const char *const about[VX_HEADING_LINES] = {"data", "labels", "pictures", "head", "scored", "images"};
  vx_text title = {0}, text[VX_HEADING_LINES] = {{0}};
  int classes = 0, labels = 0;
  bool good = add_title(run, scoring->name, &title, error) && add_data(store, run, arena, &classes, &text[0], error) &&
              add_labels(store, run, classes, arena, &labels, &text[1], error) &&
              add_head(run, labels, &text[3], error) && add_images(store, run, images, gate, &text[5], error);
  vx_text_add(&text[2], "%s", run->input);
  add_scoring(scoring, &text[4]);
  heading->title = vx_text_keep(arena, &title);
  bool kept = heading->title != NULL;
  for (int i = 0; i < VX_HEADING_LINES; i++) {
    heading->line[i] = (vx_heading_line){about[i], vx_text_keep(arena, &text[i])};
    kept = kept && heading->line[i].text;
  }
  return good && (kept || vx_fail(error, vx_store_path(store), "out of memory"));
}

void vx_heading_put(const vx_heading *heading, const vx_heading *second, vx_sheet *sheet) {
  for (int i = 0; i < VX_HEADING_LINES; i++) {
    const vx_heading_line *one = &heading->line[i], *other = second ? &second->line[i] : NULL;
    vx_sheet_line(sheet, one->about, one->text);
    if (other && strcmp(one->text, other->text) != 0) vx_sheet_line(sheet, "  of the second", other->text);
  }
}
