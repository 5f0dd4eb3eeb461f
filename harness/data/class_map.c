#include "harness/data/class_map.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "base/text.h"

enum { NONE = -1, UNSEEN = -2 };

static bool start(vx_class_map *map, int count, int value) {
  *map = (vx_class_map){.count = count, .label = malloc((size_t)(count > 0 ? count : 1) * sizeof *map->label)};
  for (int i = 0; map->label && i < count; i++) map->label[i] = value;
  return map->label != NULL;
}

static const char *label_name(const vx_labels *labels, int index) {
  const char *name = labels->name ? labels->name[index] : NULL;
  return name ? name : "";
}

/* Whether the model's name says nothing. */
static bool is_placeholder(const char *name) {
  return !*name || !strncasecmp(name, "LABEL_", 6) ||
         (!strncasecmp(name, "class ", 6) && strspn(name + 6, "0123456789"));
}

/* Whether `name` is the model's name or the first of its synonyms. */
static bool is_name_of(const char *name, const char *label) {
  char first[256];
  size_t length = strcspn(label, ",");
  if (vx_same_name(name, label)) return true;
  if (length >= sizeof first) return false;
  memcpy(first, label, length);
  first[length] = 0;
  return vx_same_name(name, first);
}

bool vx_class_map_identity(const vx_labels *labels, const vx_classes *classes, vx_class_map *map, vx_error *error) {
  if (!start(map, labels->count, NONE)) return vx_fail(error, "classes", "no memory for %d classes", labels->count);
  for (int i = 0; i < labels->count; i++)
    for (int label = 1; label < classes->count && map->label[i] < 0; label++)
      if (is_name_of(classes->name[label], label_name(labels, i))) map->label[i] = label;
  return true;
}

/* What is being read, and how well its names fit the model's. */
typedef struct reader {
  const char *path;
  const vx_labels *labels;
  const vx_classes *classes;
  vx_class_map *map;
  vx_error *error;
  int line, compared, equal;
  int odd_line; /* first line whose name is not the model's */
  char odd[128];
} reader;

static const char *here(reader *r) {
  return vx_where(r->error, "%s:%d", r->path, r->line);
}

static bool read_index(reader *r, const char *text, int *index) {
  char *end;
  long value = strtol(text, &end, 10);
  if (end == text || *end || value < 0 || value >= r->map->count)
    return vx_fail(r->error, here(r), "has index \"%.50s\", expected 0 to %d, the model's classes", text,
                   r->map->count - 1);
  *index = (int)value;
  return r->map->label[value] == UNSEEN ||
         vx_fail(r->error, here(r), "gives class %ld a second time, expected one line a class", value);
}

static void compare_name(reader *r, int index, const char *name) {
  const char *label = label_name(r->labels, index);
  if (is_placeholder(label) || !*name) return;
  r->compared++;
  if (is_name_of(name, label)) {
    r->equal++;
  } else if (!r->odd_line) {
    r->odd_line = r->line;
    strncpy(r->odd, name, sizeof r->odd - 1);
  }
}

static bool read_class(reader *r, const char *name, int *label) {
  *label = NONE;
  if (!*name || !strcmp(name, "-")) return true;
  *label = vx_classes_find(r->classes, name);
  if (*label >= 1) return true;
  vx_words known = VX_WORD_ARRAY((const char *const *)r->classes->name, r->classes->count);
  return vx_fail(r->error, here(r), "maps to \"%.50s\", which is no class of the data set%s", name,
                 vx_meant(name, known, NULL).text);
}

static bool read_line(reader *r, char *line) {
  char *at = line, *index = strsep(&at, "\t"), *name = strsep(&at, "\t"), *class = strsep(&at, "\t");
  int i = 0, label = NONE;
  if (!class)
    return vx_fail(r->error, here(r), "has %d columns, expected index, model class and data set class parted by tabs",
                   name ? 2 : 1);
  if (!read_index(r, vx_trim(index), &i) || !read_class(r, vx_trim(class), &label)) return false;
  compare_name(r, i, vx_trim(name));
  r->map->label[i] = label;
  return true;
}

static bool check_all(reader *r) {
  for (int i = 0; i < r->map->count; i++)
    if (r->map->label[i] == UNSEEN)
      return vx_fail(r->error, r->path, "has no line for class %d (%.100s), expected one for each of the model's %d", i,
                     label_name(r->labels, i), r->map->count);
  if (2 * r->equal < r->compared) {
    r->line = r->odd_line;
    return vx_fail(r->error, here(r),
                   "names a class \"%s\" that the model calls otherwise, like %d of %d: the file "
                   "seems to be for another model",
                   r->odd, r->compared - r->equal, r->compared);
  }
  return true;
}

static bool parse(reader *r, const vx_file *file) {
  vx_lines lines;
  if (!start(r->map, r->labels->count, UNSEEN)) return vx_fail(r->error, r->path, "no memory for its classes");
  if (!vx_lines_open(file, r->path, &lines, r->error)) return false;
  for (char *line; (line = vx_lines_next(&lines));) {
    r->line = lines.number;
    if (line[0] != '#' && line[strspn(line, " \t")] && !read_line(r, line)) return false;
  }
  return check_all(r);
}

bool vx_class_map_read(const char *path, const vx_labels *labels, const vx_classes *classes, vx_class_map *map,
                       vx_error *error) {
  vx_file file;
  *map = (vx_class_map){0};
  if (!vx_file_read(path, VX_TEXT_BYTES, &file, error)) return false;
  reader r = {.path = path, .labels = labels, .classes = classes, .map = map, .error = error};
  bool ok = parse(&r, &file);
  vx_file_free(&file);
  if (!ok) vx_class_map_free(map);
  return ok;
}

void vx_class_map_free(vx_class_map *map) {
  free(map->label);
  *map = (vx_class_map){0};
}

int vx_class_map_count(const vx_class_map *map, int label) {
  int count = 0;
  for (int i = 0; i < map->count; i++) count += map->label[i] == label;
  return count;
}
