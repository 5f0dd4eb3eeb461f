#include "harness/data/classes.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "harness/data/mask.h"

static bool add(vx_classes *classes, const char *name) {
  char *copy = strdup(name);
  if (!copy) return false;
  classes->name[classes->count++] = copy;
  return true;
}

static bool start(vx_classes *classes) {
  *classes = (vx_classes){.name = calloc(VX_LABEL_VOID, sizeof *classes->name)};
  return classes->name && add(classes, "background");
}

bool vx_classes_voc(vx_classes *classes, vx_error *error) {
  static const char *const voc[] = {
      "aeroplane",   "bicycle", "bird",  "boat",      "bottle", "bus",         "car",   "cat",  "chair", "cow",
      "diningtable", "dog",     "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"};
  bool ok = start(classes);
  for (size_t i = 0; ok && i < sizeof voc / sizeof *voc; i++) ok = add(classes, voc[i]);
  if (ok) return true;
  vx_classes_free(classes);
  return vx_fail(error, "classes", "no memory for their names");
}

static bool is_one_of(const char *name, const char *const *words) {
  for (; *words; words++)
    if (vx_same_name(name, *words)) return true;
  return false;
}

bool vx_is_background(const char *name) {
  static const char *const words[] = {"background", "_background_", "__background__", NULL};
  return is_one_of(name, words);
}

bool vx_is_void(const char *name) {
  static const char *const words[] = {"void",   "ignore",    "ignored",    "_ignore_", "__ignore__",
                                      "_void_", "unlabeled", "unlabelled", NULL};
  return is_one_of(name, words);
}

static bool add_line(vx_classes *classes, const char *name, const char *path, int line, vx_error *error) {
  const char *where = vx_where(error, "%s:%d", path, line);
  if (classes->count >= VX_LABEL_VOID)
    return vx_fail(error, where, "is the name of label %d, expected at most %d names", classes->count,
                   VX_LABEL_VOID - 1);
  int twin = vx_classes_find(classes, name);
  if (twin >= 0) return vx_fail(error, where, "names \"%.100s\", already the name of label %d", name, twin);
  return add(classes, name) || vx_fail(error, where, "no memory for the name");
}

bool vx_classes_of(const char *const *names, int count, const char *where, vx_classes *classes, vx_error *error) {
  bool ok = start(classes) || vx_fail(error, where, "no memory for the names");
  for (int i = 0; ok && i < count; i++) ok = add_line(classes, names[i], where, i + 1, error);
  if (!ok) vx_classes_free(classes);
  return ok;
}

static bool parse(const vx_file *file, const char *path, vx_classes *classes, vx_error *error) {
  vx_lines lines;
  int empty = 0;
  if (!start(classes)) return vx_fail(error, path, "no memory for the names");
  if (!vx_lines_open(file, path, &lines, error)) return false;
  for (char *line; (line = vx_lines_next(&lines));) {
    char *name = vx_trim(line);
    if (!*name) {
      if (!empty) empty = lines.number;
      continue;
    }
    if (empty) return vx_fail(error, vx_where(error, "%s:%d", path, empty), "is empty, expected a class name");
    if (classes->count == 1 && (vx_is_background(name) || vx_is_void(name))) continue; /* ahead of the classes */
    if (!add_line(classes, name, path, lines.number, error)) return false;
  }
  return classes->count > 1 || vx_fail(error, path, "names no class, expected one name a line");
}

bool vx_classes_read(const char *path, vx_classes *classes, vx_error *error) {
  vx_file file;
  *classes = (vx_classes){0};
  if (!vx_text_read(path, &file, error)) return false;
  bool ok = parse(&file, path, classes, error);
  vx_file_free(&file);
  if (!ok) vx_classes_free(classes);
  return ok;
}

void vx_classes_free(vx_classes *classes) {
  for (int i = 0; i < classes->count; i++) free(classes->name[i]);
  free(classes->name);
  *classes = (vx_classes){0};
}

int vx_classes_find(const vx_classes *classes, const char *name) {
  for (int i = 0; i < classes->count; i++)
    if (vx_same_name(classes->name[i], name)) return i;
  return -1;
}
